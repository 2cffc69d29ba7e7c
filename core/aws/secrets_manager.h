// secrets_manager: AWS Secrets Manager: the value of a secret.
// Errors: AwsFault (client.h). Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "core/aws/client.h"
#include "core/secret.h"

namespace iamodbc {

struct SecretValue {
  Secret text;       // SecretString, else the bytes of SecretBinary
  std::string arn;   // empty: not told
  std::string name;  // likewise
};

// The current version. `id`: name or ARN.
std::variant<SecretValue, AwsFault> get_secret_value(const AwsClient& client, const SigningKeys& keys,
                                                     const std::string& id);

}  // namespace iamodbc
