// SPDX-License-Identifier: Apache-2.0
#include "core/aws/signin.h"

#include <utility>

#include "core/encoding.h"
#include "core/es256.h"
#include "core/random.h"

namespace iamodbc {
namespace {

constexpr const char* token_path = "/v1/token";

AwsFault broken(std::string message, int status) {
  return AwsFault{Error{State::invalid_authorization, std::move(message), 0}, "", status};
}

}  // namespace

std::optional<std::string> dpop_token(const Secret& key, const std::string& url, Time now, const std::string& id) {
  const auto point = es256_public_key(key);
  if (!point) return std::nullopt;
  Json jwk;
  jwk.set("kty", "EC");
  jwk.set("crv", "P-256");
  jwk.set("x", base64url(point->x));
  jwk.set("y", base64url(point->y));
  Json header;
  header.set("typ", "dpop+jwt");
  header.set("alg", "ES256");
  header.set("jwk", std::move(jwk));
  Json payload;
  payload.set("htm", "POST");
  payload.set("htu", url);
  payload.set("iat", std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  payload.set("jti", id);
  const std::string text = base64url(header.write()) + '.' + base64url(payload.write());
  const auto signature = es256_signature(key, text);
  if (!signature) return std::nullopt;
  return text + '.' + base64url(*signature);
}

namespace {

AwsResult ask_for_token(const AwsClient& client, const std::string& client_id, const Secret& refresh_token,
                        const Secret& dpop_key) {
  const auto base = endpoint_url(client, signin_service, client.region);
  if (!base) return AwsFault{base.error(), "", 0};
  auto proof = dpop_token(dpop_key, base.value() + token_path, aws_now(client.system), random_uuid());
  if (!proof) return broken("The dpopKey of the session is not a P-256 key.", 0);

  Json members;
  members.set("clientId", client_id);
  members.set("refreshToken", refresh_token);
  members.set("grantType", "refresh_token");
  std::string body = members.write();
  AwsCall request{signin_service, "CreateOAuth2Token"};
  request.region = client.region;
  request.path = token_path;
  request.headers = {{"Content-Type", "application/json"}, {"DPoP", *std::move(proof)}};
  request.body = Secret::taken_from(body);
  request.secrets = {refresh_token.reveal()};
  AwsResult result = call(client, request);
  wipe(request.headers);
  return result;
}

}  // namespace

std::variant<Json, AwsFault> refresh_login_session(const AwsClient& client, const std::string& client_id,
                                                   const Secret& refresh_token, const Secret& dpop_key) {
  const auto offset = clock_offset();
  AwsResult result = ask_for_token(client, client_id, refresh_token, dpop_key);
  // The proof carries the time: what refuses it may have told the right one.
  if (std::holds_alternative<AwsFault>(result) && clock_offset() != offset)
    result = ask_for_token(client, client_id, refresh_token, dpop_key);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  auto answer = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  if (!answer) return unreadable_answer(signin_service, "CreateOAuth2Token");
  return *std::move(answer);
}

}  // namespace iamodbc
