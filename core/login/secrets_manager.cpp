// AuthType=SecretsManager: the secret, as it is.
// SPDX-License-Identifier: Apache-2.0
#include "core/aws/secrets_manager.h"

#include <utility>
#include <variant>

#include "core/credentials/assumed_role.h"
#include "core/login/fetched_login.h"

namespace iamodbc {
namespace {

// What AWS's code means for who wrote the DSN.
std::string advice_for(const std::string& code) {
  if (code == "ResourceNotFoundException") return " Check SecretID, and the region (SecretRegion).";
  if (code == "AccessDeniedException")
    return " The identity needs secretsmanager:GetSecretValue on it, and kms:Decrypt where it has a key of its own.";
  if (code == "InvalidRequestException") return " A secret that is marked for deletion is not given out.";
  return "";
}

}  // namespace

std::string region_of_arn(std::string_view arn) {
  constexpr int region_field = 3;
  return arn.starts_with("arn:") ? arn_field(std::string(arn), region_field) : "";
}

Result<FetchedDocument> fetch_secret(const FetchSettings& settings, const AwsClient& client, const SigningKeys& keys,
                                     Time now) {
  auto result = get_secret_value(client, keys, settings.secret_id);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) {
    return Error{fault->error.sqlstate,
                 "The secret " + settings.secret_id + " was not given (region " + client.region +
                     "): " + fault->error.message + advice_for(fault->code),
                 0, fault->error.refused_key};
  }
  return FetchedDocument{std::move(std::get<SecretValue>(result).text), now + settings.secret_lifetime};
}

}  // namespace iamodbc
