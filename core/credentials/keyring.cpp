// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/keyring.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/credentials/prompt.h"
#include "core/program.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr const char* program = "secret-tool";
constexpr const char* what = "the keyring (secret-tool)";
constexpr std::chrono::minutes patience{2};  // with a person who unlocks the keyring
constexpr std::size_t max_shown_bytes = 300;

Error broken(std::string message) {
  return Error{State::invalid_authorization, std::move(message), 0};
}

// secret-tool COMMAND [OPTION] application iamodbc profile NAME
std::vector<std::string> words_for(const char* command, const std::string& name, const std::string& option = {}) {
  std::vector<std::string> words{program, command};
  if (!option.empty()) words.push_back(option);
  words.insert(words.end(), {"application", "iamodbc", "profile", name});
  return words;
}

// Why secret-tool ended with a failure; empty: it had nothing to say, because there is no such item.
std::string complaint_of(const Printed& printed) {
  return on_one_line(without_keys(printed.complaints), max_shown_bytes);
}

Error not_reached(const std::string& why) {
  return broken("The keyring cannot be reached: " + why +
                ". It needs secret-tool (Debian: libsecret-tools), a running Secret Service (gnome-keyring, KWallet, "
                "KeePassXC) and the D-Bus session of the desktop.");
}

std::optional<Error> run_secret_tool(const std::vector<std::string>& words, Deadline deadline, Printed& printed,
                                     const Secret* input = nullptr) {
  auto error = run_program(words, what, deadline, printed, input);
  if (!error || error->sqlstate == State::login_timeout) return error;
  while (error->message.ends_with('.')) error->message.pop_back();
  return not_reached(error->message);
}

// One line on the terminal, nothing shown.
Result<Secret> asked(const std::string& label, const std::string& why, const Context& context) {
  static const std::string no_program;
  return ask_person(Question{label + ": ", why, "KeyPrompt", no_program}, context);
}

class Keyring : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "keyring"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const Deadline deadline = std::min(context.deadline, std::chrono::steady_clock::now() + patience);
    const std::string name = keyring_name(context.settings);
    Printed printed;
    std::string why;
    if (auto error = run_secret_tool(words_for("lookup", name), deadline, printed)) {
      if (error->sqlstate == State::login_timeout) return *std::move(error);
      why = error->message;
    } else if (printed.status.value_or(0) == 0 && !printed.output.empty()) {
      return credentials_in(printed.output, name);
    } else if (const std::string complaint = complaint_of(printed); !complaint.empty()) {
      why = not_reached(complaint).message;
    } else {
      why = "The keyring holds no keys of profile " + name + " (`iamodbc login --keys` puts them there)";
    }
    context.log.debug("credentials: keyring: " + why);
    while (why.ends_with('.')) why.pop_back();
    return ask_for_keys(name, why, context);
  }

 private:
  static Answer credentials_in(std::string_view json, const std::string& name) {
    const auto object = Json::parse(json);
    auto credentials = std::make_shared<Credentials>();
    if (object) *credentials = credentials_of(*object, "SessionToken");
    if (credentials->access_key_id.empty() || credentials->secret_access_key.empty()) {
      return broken("What the keyring holds for profile " + name +
                    " are no AWS keys. Put them there anew with `iamodbc login --keys`.");
    }
    credentials->source = "the keyring, profile " + name;
    credentials->stays_in_process = true;
    return SharedCredentials(std::move(credentials));
  }
};

}  // namespace

std::unique_ptr<Provider> keyring_provider() {
  return std::make_unique<Keyring>();
}

std::string keyring_name(const CredentialSettings& settings) {
  return settings.profile.empty() ? "default" : settings.profile;
}

Answer ask_for_keys(const std::string& name, const std::string& why, const Context& context) {
  auto key_id = asked("AWS access key id of " + name + " (not shown)", why, context);
  if (!key_id) return key_id.error();
  auto secret = asked("AWS secret access key (not shown)", why, context);
  if (!secret) return secret.error();
  auto credentials = std::make_shared<Credentials>();
  credentials->access_key_id = key_id.value().reveal();
  credentials->secret_access_key = std::move(secret).value();
  if (credentials->access_key_id.starts_with("ASIA")) {  // keys of a session, which are nothing without its token
    auto token = asked("AWS session token (not shown)", why, context);
    if (!token) return token.error();
    credentials->session_token = std::move(token).value();
  }
  credentials->source = "the terminal";
  credentials->stays_in_process = true;
  return SharedCredentials(std::move(credentials));
}

std::optional<Error> store_in_keyring(const std::string& name, const Secret& json, Deadline deadline) {
  Printed printed;
  const auto words = words_for("store", name, "--label=AWS keys of profile " + name + " for iamodbc");
  if (auto error = run_secret_tool(words, deadline, printed, &json)) return error;
  if (printed.status.value_or(0) == 0) return std::nullopt;
  const std::string complaint = complaint_of(printed);
  return not_reached(complaint.empty() ? "secret-tool gives no reason" : complaint);
}

std::optional<Error> remove_from_keyring(const std::string& name, Deadline deadline) {
  Printed printed;
  if (auto error = run_secret_tool(words_for("clear", name), deadline, printed)) return error;
  const std::string complaint = complaint_of(printed);
  if (printed.status.value_or(0) == 0 || complaint.empty()) return std::nullopt;
  return not_reached(complaint);
}

}  // namespace iamodbc
