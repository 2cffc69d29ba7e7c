// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/aws_login.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/aws/signin.h"
#include "core/credentials/cache.h"
#include "core/encoding.h"
#include "core/json.h"
#include "core/private_file.h"
#include "core/sha256.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::chrono::minutes refresh_window{5};
constexpr std::chrono::seconds patience{5};  // for a refresh of keys that are still good

Error broken(const std::string& why, const AwsLogin& login) {
  return Error{State::invalid_authorization,
               "Error loading login session token: " + why + " Please reauthenticate with: aws login --profile " +
                   login.profile + ".",
               0};
}

// The session as its file has it.
struct Session {
  Json file;
  Json keys;  // accessToken
  Time end;
};

std::optional<Session> read_session(const std::string& path) {
  const auto bytes = read_private_file(path);
  auto file = bytes ? Json::parse(bytes->reveal()) : std::nullopt;
  auto keys = file ? file->object("accessToken") : std::nullopt;
  if (!keys || !file->text("refreshToken") || !file->text("dpopKey") || !file->text("clientId")) return std::nullopt;
  const auto end = parse_time(keys->text("expiresAt").value_or(""));
  if (!end || !keys->text("accessKeyId") || !keys->text("secretAccessKey")) return std::nullopt;
  return Session{*std::move(file), *std::move(keys), *end};
}

Error unusable(const std::string& path, const AwsLogin& login) {
  return broken(login.session + " has no session, or an incomplete one, in " + path + '.', login);
}

// What AWS answered goes over what was there.
std::optional<AwsFault> refresh(const AwsClient& client, const std::string& path, Session& session) {
  auto result =
      refresh_login_session(client, session.file.text("clientId").value(), session.file.secret("refreshToken").value(),
                            session.file.secret("dpopKey").value());
  if (auto* const fault = std::get_if<AwsFault>(&result)) return std::move(*fault);
  const auto& answer = std::get<Json>(result);
  const auto keys = answer.object("accessToken");
  const auto seconds = answer.number("expiresIn");
  bool is_whole = keys && seconds && *seconds > 0 && *seconds < 1e8;
  for (const char* const key : {"accessKeyId", "secretAccessKey", "sessionToken"}) {
    const auto value = keys ? keys->secret(key) : std::nullopt;
    is_whole = is_whole && value && !value->empty();
    if (is_whole) session.keys.set(key, *value);
  }
  if (!is_whole) {
    return AwsFault{Error{State::invalid_authorization, "The answer to CreateOAuth2Token holds no keys.", 0}, "", 200};
  }
  session.end = client.system.now() + std::chrono::seconds(static_cast<long long>(*seconds));
  session.keys.set("expiresAt", extended_time(session.end));
  if (const auto token = answer.secret("refreshToken")) session.file.set("refreshToken", *token);
  if (const auto type = answer.text("tokenType")) session.file.set("tokenType", *type);
  session.file.set("accessToken", std::move(session.keys));
  std::string text = session.file.write();
  if (const auto error = write_private_file(path, text))
    client.log.warning("the refreshed session cannot be kept: " + error->message);
  wipe(text);
  session.keys = session.file.object("accessToken").value();
  return std::nullopt;
}

SharedCredentials credentials_of(const Session& session, const AwsLogin& login) {
  auto credentials = std::make_shared<Credentials>();
  credentials->access_key_id = session.keys.text("accessKeyId").value();
  credentials->secret_access_key = session.keys.secret("secretAccessKey").value();
  if (auto token = session.keys.secret("sessionToken")) credentials->session_token = *std::move(token);
  credentials->account_id = session.keys.text("accountId").value_or("");
  credentials->expiration =
      session.end + clock_offset();  // the file goes by this computer's clock, as the AWS CLI does
  credentials->source = "login_session of profile " + login.profile;
  return credentials;
}

Error refusal(const AwsFault& fault, const AwsLogin& login) {
  if (fault.status == 0) return fault.error;
  if (fault.detail == "INSUFFICIENT_PERMISSIONS") {
    return broken("the session may not be refreshed, because its user lacks the permission signin:CreateOAuth2Token.",
                  login);
  }
  return broken("Your session has expired or credentials have changed. (" + fault.error.message + ")", login);
}

Answer fetch(const AwsClient& client, const std::string& path, const AwsLogin& login) {
  const auto left = [&](const Session& session) { return session.end - client.system.now(); };
  auto session = read_session(path);
  if (!session) return unusable(path, login);
  if (left(*session) > refresh_window) return credentials_of(*session, login);

  AwsClient patient = client;
  if (left(*session).count() > 0)
    patient.deadline = std::min(client.deadline, std::chrono::steady_clock::now() + patience);
  const FileLock lock(path, patient.deadline);
  session = read_session(path);  // somebody may have refreshed it meanwhile
  if (!session) return unusable(path, login);
  if (left(*session) > refresh_window) return credentials_of(*session, login);
  if (lock.is_busy() && left(*session).count() <= 0) {
    return Error{State::login_timeout,
                 "The login time-out passed while another program refreshed the session " + login.session + '.', 0};
  }
  if (!lock.is_busy()) {
    if (const auto fault = refresh(patient, path, *session)) {
      client.log.warning("the session " + login.session + " was not refreshed: " + fault->error.message);
      if (left(*session).count() <= 0) return refusal(*fault, login);
    }
  }
  return credentials_of(*session, login);
}

}  // namespace

std::string login_session_file(const System& system, const std::string& session) {
  const auto given = system.set_variable("AWS_LOGIN_CACHE_DIRECTORY");
  const std::string folder = given ? expanded_path(system, *given) : system.home() + "/.aws/login/cache";
  return folder + '/' + hex(view(sha256(session))) + ".json";
}

Answer aws_login_credentials(const Context& context, const AwsLogin& login) {
  AwsClient client = aws_client(context, login.profile);
  if (const auto section = context.files.profile(login.profile)) {  // the session's region, not the database's
    const auto found = section->find("region");
    if (found != section->end() && !found->second.value.empty()) client.region = lower(found->second.value);
  }
  const auto url = endpoint_url(client, signin_service, client.region);
  if (!url) return url.error();
  const std::string path = login_session_file(context.system, login.session);
  CredentialKey key("aws login");
  key.add(path).add(url.value());
  const RefreshWindows windows{refresh_window, std::chrono::minutes(1)};
  return CredentialCache::of_process().get(
      key, context,
      [&](const Context& own) {
        if (auto error = open_to_others_error(path, own.settings, own.log)) return Answer(*std::move(error));
        AwsClient timely = client;
        timely.deadline = own.deadline;
        return fetch(timely, path, login);
      },
      windows, Sharing{false});  // the session's file is for all processes
}

}  // namespace iamodbc
