// assumed_role: what all that takes a role has in common: the session's name, what decides which keys come, and the
// keys themselves.
// Thread rule: values.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "core/aws/sts.h"
#include "core/credentials/cache.h"
#include "core/credentials/provider.h"

namespace iamodbc {

// `given`, else "iamodbc-" and the name of this computer's user, of letters that STS takes.
std::string role_session_name(const std::string& given, const System& system);

// The STS that is asked, as a part of what decides.
CredentialKey& add_sts(CredentialKey& key, const AwsClient& client);

// `stays_in_process`: a person gave a part of what it takes. `what` for a failure: "Profile ops: role arn:... could not be assumed with key AKIA...MPLE from ...". `source` of the credentials.
Answer assumed(std::variant<RoleKeys, AwsFault> result, const std::string& what, std::string source,
               bool stays_in_process);

// The text between the colons of an ARN, the first of index 0; empty when there are not so many.
std::string arn_field(const std::string& arn, int index);

}  // namespace iamodbc
