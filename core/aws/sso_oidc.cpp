// SPDX-License-Identifier: Apache-2.0
#include "core/aws/sso_oidc.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/encoding.h"
#include "core/json.h"
#include "core/sha256.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr const char* client_name = "iamodbc";
constexpr const char* registered_redirect = "http://127.0.0.1/oauth/callback";  // any port will do
constexpr long long longest = 400LL * 24 * 3600;  // seconds; what is said to last longer is taken for that long
constexpr std::chrono::seconds default_interval{5};

AwsResult oidc_call(const AwsClient& client, const std::string& region, const char* operation, const char* path,
                    const Json& members, std::vector<std::string_view> secrets) {
  AwsCall request{sso_oidc_service, operation};
  request.region = region;
  request.path = path;
  request.headers.emplace_back("Content-Type", "application/json");
  std::string body = members.write();
  request.body = Secret::taken_from(body);
  request.secrets = std::move(secrets);
  return call(client, request);
}

std::optional<std::chrono::seconds> seconds_of(const Json& json, const char* key) {
  const auto number = json.number(key);
  if (!number || !(*number >= 0)) return std::nullopt;
  return std::chrono::seconds(static_cast<long long>(std::min(*number, static_cast<double>(longest))));
}

std::variant<OidcToken, AwsFault> create_token(const AwsClient& client, const std::string& region,
                                               const OidcClient& program, const char* grant, Json members,
                                               std::vector<std::string_view> secrets) {
  members.set("grantType", grant);
  members.set("clientId", program.id);
  members.set("clientSecret", program.secret);
  secrets.push_back(program.secret.reveal());
  const AwsResult result = oidc_call(client, region, "CreateToken", "/token", members, std::move(secrets));
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto json = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  auto access = json ? json->secret("accessToken") : std::nullopt;
  const auto expires_in = json ? seconds_of(*json, "expiresIn") : std::nullopt;
  if (!access || access->empty() || !expires_in) return unreadable_answer(sso_oidc_service, "CreateToken");
  OidcToken token{*std::move(access), {}, *expires_in};
  if (auto refresh = json->secret("refreshToken")) token.refresh_token = *std::move(refresh);
  return token;
}

}  // namespace

std::variant<OidcClient, AwsFault> register_oidc_client(const AwsClient& client, const std::string& region,
                                                        const std::vector<std::string>& scopes, bool in_browser,
                                                        const std::string& start_url) {
  Json members;
  members.set("clientName", client_name);
  members.set("clientType", "public");
  if (!scopes.empty()) members.set("scopes", scopes);
  if (in_browser) {
    members.set("grantTypes", std::vector<std::string>{"authorization_code", "refresh_token"});
    members.set("redirectUris", std::vector<std::string>{registered_redirect});
    members.set("issuerUrl", start_url);
  }
  const AwsResult result = oidc_call(client, region, "RegisterClient", "/client/register", members, {});
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto json = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  auto id = json ? json->text("clientId") : std::nullopt;
  auto secret = json ? json->secret("clientSecret") : std::nullopt;
  const auto end = json ? json->number("clientSecretExpiresAt") : std::nullopt;
  constexpr double last_moment = 9e9;  // seconds, in the year 2255
  if (!id || id->empty() || !secret || !end || !(*end >= 0))
    return unreadable_answer(sso_oidc_service, "RegisterClient");
  const auto end_seconds = static_cast<long long>(std::min(*end, last_moment));
  return OidcClient{*std::move(id), *std::move(secret), Time(std::chrono::seconds(end_seconds))};
}

std::variant<DeviceAuthorization, AwsFault> start_device_authorization(const AwsClient& client,
                                                                       const std::string& region,
                                                                       const OidcClient& program,
                                                                       const std::string& start_url) {
  Json members;
  members.set("clientId", program.id);
  members.set("clientSecret", program.secret);
  members.set("startUrl", start_url);
  const AwsResult result = oidc_call(client, region, "StartDeviceAuthorization", "/device_authorization", members,
                                     {program.secret.reveal()});
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto json = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  auto device_code = json ? json->secret("deviceCode") : std::nullopt;
  const auto expires_in = json ? seconds_of(*json, "expiresIn") : std::nullopt;
  if (!device_code || !expires_in) return unreadable_answer(sso_oidc_service, "StartDeviceAuthorization");
  DeviceAuthorization started{*std::move(device_code),
                              json->text("userCode").value_or(""),
                              json->text("verificationUri").value_or(""),
                              json->text("verificationUriComplete").value_or(""),
                              *expires_in,
                              seconds_of(*json, "interval").value_or(default_interval)};
  if (started.interval < std::chrono::seconds(1)) started.interval = default_interval;
  if (started.user_code.empty() || started.verification_uri.empty())
    return unreadable_answer(sso_oidc_service, "StartDeviceAuthorization");
  return started;
}

std::variant<OidcToken, AwsFault> token_by_device_code(const AwsClient& client, const std::string& region,
                                                       const OidcClient& program, const Secret& device_code) {
  Json members;
  members.set("deviceCode", device_code);
  return create_token(client, region, program, "urn:ietf:params:oauth:grant-type:device_code", std::move(members),
                      {device_code.reveal()});
}

std::variant<OidcToken, AwsFault> token_by_code(const AwsClient& client, const std::string& region,
                                                const OidcClient& program, const Secret& code,
                                                const std::string& redirect_uri, const Secret& verifier) {
  Json members;
  members.set("code", code);
  members.set("redirectUri", redirect_uri);
  members.set("codeVerifier", verifier);
  return create_token(client, region, program, "authorization_code", std::move(members),
                      {code.reveal(), verifier.reveal()});
}

std::variant<OidcToken, AwsFault> token_by_refresh(const AwsClient& client, const std::string& region,
                                                   const OidcClient& program, const Secret& refresh_token) {
  Json members;
  members.set("refreshToken", refresh_token);
  return create_token(client, region, program, "refresh_token", std::move(members), {refresh_token.reveal()});
}

std::string oidc_code(const AwsFault& fault) {
  if (!fault.detail.empty()) return fault.detail;
  std::string_view name = fault.code;
  if (name.ends_with("Exception")) name.remove_suffix(std::string_view("Exception").size());
  std::string code;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && !code.empty()) code += '_';
    code += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return code;
}

std::string pkce_challenge(const Secret& verifier) {
  return base64url(view(sha256(verifier.reveal())));
}

std::string authorize_url(const std::string& base, const std::string& client_id, const std::string& redirect_uri,
                          const std::string& state, const std::string& challenge,
                          const std::vector<std::string>& scopes) {
  std::string joined;
  for (const std::string& scope : scopes) joined += (joined.empty() ? "" : " ") + scope;
  return base + "/authorize?response_type=code&client_id=" + percent_encoded(client_id) +
         "&redirect_uri=" + percent_encoded(redirect_uri) + "&state=" + percent_encoded(state) +
         "&code_challenge_method=S256&scopes=" + percent_encoded(joined) + "&code_challenge=" + challenge;
}

}  // namespace iamodbc
