// lookup: the policy of one DSN, with what AWS tells about its database.
// What may not be asked, or is not there, is a placeholder and a remark that says so; nothing here fails for want of rights.
// Thread rule: one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/aws/client.h"
#include "core/result.h"
#include "setup/policy/policy.h"
#include "setup/source.h"

namespace iamodbc {

// Whom to ask. Without keys, nobody.
struct PolicyAsker {
  AwsClient client;                   // its region is the database's, or unknown_region
  const SigningKeys* keys = nullptr;  // of the DSN
  std::string why_not;                // nobody is asked; a sentence
};

// Of a DSN that signs a token.
AccessPolicy token_policy(const Source& source, const PolicyAsker& asker);
// Of a DSN whose login is fetched, from Secrets Manager or Redshift. Fails when it does not say what is fetched.
Result<AccessPolicy> fetched_policy(const FetchSettings& settings, const PolicyAsker& asker);

}  // namespace iamodbc
