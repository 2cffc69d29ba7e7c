// default_chain: the one page that names the order in which AWS credentials are looked for.
// What the user chose (by Credentials, or by keys, a process, a profile ... in the DSN) is used or is an error; only when
// nothing was chosen is the chain asked, cheapest first: fast local sources; then what needs the network only if it is
// configured; then what always asks the network. Then RoleArn of the DSN is assumed with what was found, and at the end
// ExpectedAccountID has to agree. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/credentials/provider.h"
#include "core/result.h"

namespace iamodbc {

// One provider asked, and why it passed. The one whose credentials are used says "used"; RoleArn ("used") and
// ExpectedAccountID ("agrees") come behind it.
struct Attempt {
  std::string provider;
  std::string outcome;
};

struct FoundCredentials {
  SharedCredentials credentials;
  std::vector<Attempt> attempts;
};

// Fails with 28000 (HY024 for settings that contradict each other); the message lists every provider asked, in order,
// and why each passed.
// Past their end, credentials are an error too.
// `attempts`, if given, receives the attempts on failure as well.
Result<FoundCredentials> find_credentials(const Context& context, std::vector<Attempt>* attempts = nullptr);

}  // namespace iamodbc
