// caller: whom AWS takes credentials for (GetCallerIdentity), and what hangs on it: ExpectedAccountID, and the account
// of a role that the DSN names without it.
// The answer is kept for the process, for as long as the credentials live, half a day at most.
// Errors: 28000; of STS. Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/credentials/provider.h"
#include "core/result.h"

namespace iamodbc {

struct Caller {
  std::string account;  // twelve digits
  std::string arn;
};

// `profile`: whose settings count for the call.
Result<Caller> caller_of(const Credentials& credentials, const Context& context, const std::string& profile);

// Not twelve digits where twelve digits are wanted; asks nobody.
std::optional<Error> wrong_account_id(const std::string& expected_account_id);

// The credentials are not of ExpectedAccountID, or AWS does not tell. Nothing when none is expected.
std::optional<Error> unexpected_account(const Credentials& credentials, const Context& context,
                                        const std::string& profile);

// RoleArn in full. A bare name (with its path, if it has one) is of ExpectedAccountID; nothing where that is not given.
std::optional<std::string> role_arn_without_asking(const Context& context);

// The same, with the caller's account where no other is given.
Result<std::string> full_role_arn(const Credentials& credentials, const Context& context, const std::string& profile);

}  // namespace iamodbc
