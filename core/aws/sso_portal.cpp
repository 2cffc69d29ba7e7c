// SPDX-License-Identifier: Apache-2.0
#include "core/aws/sso_portal.h"

#include <cmath>

#include "core/encoding.h"
#include "core/json.h"

namespace iamodbc {
namespace {

constexpr double last_moment = 9e12;  // milliseconds, in the year 2255: within what the clock can hold

std::optional<RoleKeys> keys_of(const HttpAnswer& answer) {
  const auto json = Json::parse(answer.body.reveal());
  const auto keys = json ? json->object("roleCredentials") : std::nullopt;
  if (!keys) return std::nullopt;
  auto id = keys->text("accessKeyId");
  auto secret = keys->secret("secretAccessKey");
  auto token = keys->secret("sessionToken");
  const auto milliseconds = keys->number("expiration");
  if (!id || !secret || !token || !milliseconds || id->empty() || secret->empty() || token->empty())
    return std::nullopt;
  if (!(*milliseconds >= 0 && *milliseconds <= last_moment)) return std::nullopt;
  RoleKeys found;
  found.access_key_id = *std::move(id);
  found.secret_access_key = *std::move(secret);
  found.session_token = *std::move(token);
  found.expiration = Time(std::chrono::milliseconds(std::llround(*milliseconds)));
  return found;
}

}  // namespace

std::variant<RoleKeys, AwsFault> get_role_credentials(const AwsClient& client, const std::string& region,
                                                      const std::string& account_id, const std::string& role_name,
                                                      const Secret& access_token) {
  AwsCall request{sso_service, "GetRoleCredentials"};
  request.region = region;
  request.method = "GET";
  request.path =
      "/federation/credentials?role_name=" + percent_encoded(role_name) + "&account_id=" + percent_encoded(account_id);
  request.headers.emplace_back("x-amz-sso_bearer_token", access_token.reveal());
  const AwsResult result = call(client, request);
  wipe(request.headers);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  auto keys = keys_of(std::get<HttpAnswer>(result));
  if (keys) return *std::move(keys);
  return unreadable_answer(sso_service, "GetRoleCredentials");
}

}  // namespace iamodbc
