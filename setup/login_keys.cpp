// SPDX-License-Identifier: Apache-2.0
#include "setup/login_keys.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "core/credentials/keyring.h"
#include "core/text.h"
#include "setup/command.h"
#include "setup/input.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

constexpr std::chrono::minutes patience{2};

Result<Json> keys_of_input() {
  auto input = standard_input("AWS keys as JSON");
  if (!input) return input.error();
  std::string text = std::move(input).value();
  auto object = Json::parse(text);
  wipe(text);
  if (object) {
    const Credentials credentials = credentials_of(*object, "SessionToken");
    if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty()) return *std::move(object);
  }
  return Error{State::general_error,
               "Standard input holds no AWS keys. It should hold what `aws configure export-credentials --format "
               "process` prints: {\"Version\": 1, \"AccessKeyId\": ..., \"SecretAccessKey\": ...}. In a terminal, the "
               "keys are asked for.",
               0};
}

Result<Json> keys_of_person(const Context& context, const std::string& name) {
  Answer answer = ask_for_keys(name, "The keys of profile " + name + " are asked for on the terminal", context);
  if (const auto* const error = std::get_if<Error>(&answer)) return *error;
  const Credentials& credentials = *std::get<SharedCredentials>(answer);
  Json object;
  object.set("Version", 1LL);
  object.set("AccessKeyId", credentials.access_key_id);
  object.set("SecretAccessKey", credentials.secret_access_key);
  if (!credentials.session_token.empty()) object.set("SessionToken", credentials.session_token);
  return object;
}

int done(const std::optional<Error>& error, const std::string& text) {
  if (error) {
    complain(*error);
    return Exit::failed;
  }
  print(shown(text));
  return Exit::ok;
}

}  // namespace

int login_keys(const CredentialSettings& settings, bool remove) {
  const std::string name = keyring_name(settings);
  const auto deadline = [] { return std::chrono::steady_clock::now() + patience; };
  if (remove)
    return done(remove_from_keyring(name, deadline()), "the keyring holds no keys of profile " + name + " any more");

  const System system;
  const AwsFiles files = AwsFiles::read(system);
  const Log log;
  const auto keys = isatty(STDIN_FILENO) != 0 ? keys_of_person(Context{system, files, settings, log, no_deadline}, name)
                                              : keys_of_input();
  if (!keys) {
    complain(keys.error());
    return Exit::failed;
  }
  std::string text = keys.value().write();
  const Secret json = Secret::taken_from(text);
  return done(store_in_keyring(name, json, deadline()),
              "the keyring holds the keys of profile " + name + "; Credentials=Keyring" +
                  (settings.profile.empty() ? "" : " with Profile=" + name) + " uses them");
}

}  // namespace iamodbc
