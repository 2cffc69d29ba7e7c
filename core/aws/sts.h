// sts: AWS Security Token Service: who am I, and the roles that one may take.
// Without a region its global host is asked, signed for us-east-1, as the AWS CLI does.
// Errors: AwsFault (client.h). Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/aws/client.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

struct CallerIdentity {
  std::string account;  // twelve digits
  std::string arn;
  std::string user_id;
};
std::variant<CallerIdentity, AwsFault> get_caller_identity(const AwsClient& client, const SigningKeys& keys);

// Keys of a role, for a while.
struct RoleKeys {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;
  Time expiration;
  std::string assumed_role_arn;
};

// Empty texts are not sent.
struct RoleRequest {
  std::string role_arn;
  std::string session_name;
  std::string external_id;
  std::string mfa_serial;
  Secret mfa_code;  // six digits
  std::optional<int> duration_seconds;
};
std::variant<RoleKeys, AwsFault> assume_role(const AwsClient& client, const SigningKeys& keys, const RoleRequest& role);

// Not signed: the token speaks for itself. It is sent as it is, a line end at its end included.
std::variant<RoleKeys, AwsFault> assume_role_with_web_identity(const AwsClient& client, const RoleRequest& role,
                                                               const Secret& token);

}  // namespace iamodbc
