// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/sso_token.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/encoding.h"
#include "core/json.h"
#include "core/private_file.h"
#include "core/sha1.h"

namespace iamodbc {
namespace {

constexpr std::chrono::minutes refresh_window{15};
constexpr std::chrono::minutes least_registration{15};
// A token that is still good is not worth a long wait.
constexpr std::chrono::seconds patience{5};

constexpr const char* browser_grant = "authorization_code";

const std::string& name_of(const SsoLogin& login) {
  return login.session.empty() ? login.start_url : login.session;
}

std::optional<Json> read_json(const std::string& path) {
  const auto bytes = read_private_file(path);
  return bytes ? Json::parse(bytes->reveal()) : std::nullopt;
}

std::optional<Error> write_json(const std::string& path, const Json& json) {
  std::string text = json.write();
  auto error = write_private_file(path, text);
  wipe(text);
  return error;
}

std::optional<Time> time_of(const Json& json, const char* key) {
  const auto text = json.text(key);
  return text ? parse_time(*text) : std::nullopt;
}

std::optional<KeptToken> token_of(const Json& file) {
  auto token = file.secret("accessToken");
  const auto end = time_of(file, "expiresAt");
  if (!token || token->empty() || !end) return std::nullopt;
  return KeptToken{*std::move(token), *end};
}

// Whether the file has all that a refresh takes, and the program's registration is still good.
bool is_refreshable(const SsoLogin& login, const Json& file, Time now) {
  if (login.session.empty()) return false;
  const auto registration_end = time_of(file, "registrationExpiresAt");
  return file.text("clientId") && file.text("clientSecret") && file.text("refreshToken") && registration_end &&
         *registration_end > now;
}

// What the file says, refreshed; what it said before is lost but for members that we do not know.
std::variant<KeptToken, AwsFault> refresh(const AwsClient& client, const SsoLogin& login, Json file) {
  const OidcClient program{file.text("clientId").value(), file.secret("clientSecret").value(), Time()};
  auto result = token_by_refresh(client, login.region, program, file.secret("refreshToken").value());
  if (auto* const fault = std::get_if<AwsFault>(&result)) return std::move(*fault);
  auto& token = std::get<OidcToken>(result);
  const Time end = client.system.now() + token.expires_in;
  file.set("accessToken", token.access_token);
  file.set("expiresAt", extended_time(end));
  file.remove("refreshToken");
  if (!token.refresh_token.empty()) file.set("refreshToken", token.refresh_token);
  if (const auto error = write_json(token_file(client.system, login), file))
    client.log.warning("the refreshed sign-in cannot be kept: " + error->message);
  client.log.info("the sign-in to " + name_of(login) + " was refreshed, until " + extended_time(end));
  return KeptToken{std::move(token.access_token), end};
}

SignInNeeded missing(const AwsClient& client, const SsoLogin& login) {
  const std::string path = token_file(client.system, login);
  const bool exists = access(path.c_str(), F_OK) == 0;
  return SignInNeeded{"Error loading SSO Token: Token for " + name_of(login) +
                      (exists ? " is invalid" : " does not exist") + " (" + path + ")."};
}

}  // namespace

std::string sso_cache_folder(const System& system) {
  return system.home() + "/.aws/sso/cache";
}

std::string token_file(const System& system, const SsoLogin& login) {
  return sso_cache_folder(system) + '/' + hex(sha1(name_of(login))) + ".json";
}

std::string registration_key(const SsoLogin& login) {
  std::string scopes;
  for (const std::string& scope : login.scopes) scopes += (scopes.empty() ? "" : ", ") + json_quoted(scope);
  return "{\"region\": " + json_quoted(login.region) +
         ", \"scopes\": " + (login.scopes.empty() ? "null" : '[' + scopes + ']') +
         ", \"session_name\": " + (login.session.empty() ? "null" : json_quoted(login.session)) +
         ", \"startUrl\": " + json_quoted(login.start_url) + ", \"tool\": \"botocore\"}";
}

std::string registration_file(const System& system, const SsoLogin& login) {
  return sso_cache_folder(system) + '/' + hex(sha1(registration_key(login))) + ".json";
}

std::variant<Secret, SignInNeeded, Error> sso_access_token(const AwsClient& client, const SsoLogin& login) {
  const std::string path = token_file(client.system, login);
  const auto is_due = [&](const KeptToken& token) { return token.end - client.system.now() < refresh_window; };
  const auto is_good = [&](const KeptToken& token) { return token.end > client.system.now(); };

  auto file = read_json(path);
  auto token = file ? token_of(*file) : std::nullopt;
  if (!token) return missing(client, login);
  if (is_good(*token) && (login.session.empty() || !is_due(*token))) return std::move(token->access_token);
  if (login.session.empty()) {
    return SignInNeeded{
        "The SSO session associated with this profile has expired or is otherwise invalid (it ended at " +
        extended_time(token->end) + ")."};
  }

  AwsClient patient = client;
  if (is_good(*token)) patient.deadline = std::min(client.deadline, std::chrono::steady_clock::now() + patience);
  const FileLock lock(path, patient.deadline);
  file = read_json(path);  // somebody may have refreshed it meanwhile
  if (auto newer = file ? token_of(*file) : std::nullopt) token = std::move(newer);
  if (!is_due(*token)) return std::move(token->access_token);
  std::string why = "there is no refresh token, or its registration has ended.";
  if (lock.is_busy()) {
    why = "another program is at it and does not end.";
  } else if (file && is_refreshable(login, *file, client.system.now())) {
    auto refreshed = refresh(patient, login, *std::move(file));
    if (auto* const fresh = std::get_if<KeptToken>(&refreshed)) return std::move(fresh->access_token);
    const auto& fault = std::get<AwsFault>(refreshed);
    // Nobody answered: a sign-in would fare no better.
    if (!is_good(*token) && fault.status == 0) return fault.error;
    why = fault.error.message;
  }
  client.log.warning("the sign-in to " + name_of(login) + " was not refreshed: " + why);
  if (is_good(*token)) return std::move(token->access_token);
  if (lock.is_busy()) {
    return Error{State::login_timeout,
                 "The login time-out passed while another program refreshed the sign-in to " + name_of(login) + " (" +
                     path + ").",
                 0};
  }
  return SignInNeeded{"Error when retrieving token from sso: Token has expired and refresh failed: it ended at " +
                      extended_time(token->end) + "; " + why};
}

void add_token(CredentialKey& key, const System& system, const SsoLogin& login) {
  const auto kept = kept_token(system, login);
  key.add(token_file(system, login)).add(kept ? kept->access_token.reveal() : std::string_view());
}

std::optional<KeptToken> kept_token(const System& system, const SsoLogin& login) {
  const auto file = read_json(token_file(system, login));
  return file ? token_of(*file) : std::nullopt;
}

std::optional<OidcClient> kept_registration(const System& system, const SsoLogin& login, bool in_browser) {
  const auto file = read_json(registration_file(system, login));
  if (!file) return std::nullopt;
  auto id = file->text("clientId");
  auto secret = file->secret("clientSecret");
  const auto end = time_of(*file, "expiresAt");
  const auto grants = file->texts("grantTypes");
  const bool is_for_browser = std::find(grants.begin(), grants.end(), browser_grant) != grants.end();
  if (!id || !secret || !end || *end - system.now() < least_registration || is_for_browser != in_browser)
    return std::nullopt;
  return OidcClient{*std::move(id), *std::move(secret), *end};
}

std::optional<Error> keep_registration(const System& system, const SsoLogin& login, const OidcClient& program,
                                       bool in_browser) {
  Json file;
  file.set("clientId", program.id);
  file.set("clientSecret", program.secret);
  file.set("expiresAt", extended_time(program.end));
  const std::vector<std::string> scopes = scopes_to_register(login, in_browser);
  if (!scopes.empty()) file.set("scopes", scopes);
  if (in_browser) file.set("grantTypes", std::vector<std::string>{browser_grant, "refresh_token"});
  return write_json(registration_file(system, login), file);
}

std::optional<Error> keep_token(const System& system, const SsoLogin& login, const OidcClient& program,
                                const OidcToken& token) {
  Json file;
  file.set("startUrl", login.start_url);
  file.set("region", login.region);
  file.set("accessToken", token.access_token);
  file.set("expiresAt", extended_time(system.now() + token.expires_in));
  file.set("clientId", program.id);
  file.set("clientSecret", program.secret);
  file.set("registrationExpiresAt", extended_time(program.end));
  if (!token.refresh_token.empty()) file.set("refreshToken", token.refresh_token);
  return write_json(token_file(system, login), file);
}

std::vector<std::string> scopes_to_register(const SsoLogin& login, bool in_browser) {
  if (!login.scopes.empty() || !in_browser) return login.scopes;
  return {"sso:account:access"};
}

}  // namespace iamodbc
