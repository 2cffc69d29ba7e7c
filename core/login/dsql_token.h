// dsql_token: the password that Amazon Aurora DSQL accepts.
// Shape: "host/?Action=DbConnect&X-Amz-...&X-Amz-Signature=hex", without scheme, port and user, of any length; the rest as in rds_token.h. The user named `admin`
// needs the action DbConnectAdmin, every other one DbConnect.
// Valid for `lifetime` from `now`, and never longer than the credentials that signed it. It opens a session; it does not end it.
// Errors: none of ours (sha256.h throws when OpenSSL fails). Thread rule: pure functions.
// Source: https://docs.aws.amazon.com/aurora-dsql/latest/userguide/SECTION_authentication-token.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "core/credentials/credentials.h"
#include "core/login/rds_token.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

// `endpoint`: its port is not signed.
Secret dsql_token(const Credentials& credentials, const Endpoint& endpoint, const std::string& user, Time now,
                  std::chrono::seconds lifetime);

// "DbConnectAdmin" or "DbConnect": what the policy of the identity has to allow.
std::string dsql_action(const std::string& user);

}  // namespace iamodbc
