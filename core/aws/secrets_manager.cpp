// SPDX-License-Identifier: Apache-2.0
#include "core/aws/secrets_manager.h"

#include <optional>
#include <utility>

#include "core/encoding.h"
#include "core/json.h"

namespace iamodbc {

std::variant<SecretValue, AwsFault> get_secret_value(const AwsClient& client, const SigningKeys& keys,
                                                     const std::string& id) {
  Json members;
  members.set("SecretId", id);
  AwsCall request{secrets_manager_service, "GetSecretValue"};
  request.region = client.region;
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "secretsmanager.GetSecretValue"}};
  std::string body = members.write();
  request.body = Secret::taken_from(body);
  request.keys = &keys;
  const AwsResult result = call(client, request);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;

  const auto json = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  if (!json) return unreadable_answer(secrets_manager_service, "GetSecretValue");
  SecretValue value;
  value.arn = json->text("ARN").value_or("");
  value.name = json->text("Name").value_or("");
  if (auto text = json->secret("SecretString")) {
    value.text = *std::move(text);
    return value;
  }
  const auto encoded = json->secret("SecretBinary");
  auto bytes = encoded ? base64_decoded(encoded->reveal()) : std::nullopt;
  if (!bytes) return unreadable_answer(secrets_manager_service, "GetSecretValue");
  value.text = Secret::taken_from(*bytes);
  return value;
}

}  // namespace iamodbc
