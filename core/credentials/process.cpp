// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/process.h"

#include <optional>
#include <utility>

#include "core/credentials/cache.h"
#include "core/json.h"
#include "core/program.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_shown_complaint_bytes = 500;

Error broken(std::string message) {
  return Error{State::invalid_authorization, std::move(message), 0};
}

// ---- Reading what it printed ----

std::string shown_version(const Json& object) {
  const std::string version = object.written("Version");
  if (version.empty()) return "<Version key not provided>";
  return version.front() == '{' || version.front() == '[' ? "<not a number>" : version.substr(0, 40);
}

Result<Credentials> parsed(const std::string& output, const std::string& what) {
  const std::string start = "Error when retrieving credentials from custom-process: ";
  const auto object = Json::parse(output);
  if (!object) {
    const std::string fault =
        trimmed(output).empty() ? " printed nothing" : " printed something that is not a JSON object";
    return broken(
        start + what + fault +
        R"(. Run it in a terminal; it should print {"Version": 1, "AccessKeyId": ..., "SecretAccessKey": ...}.)");
  }
  if (object->number("Version") != 1) {
    return broken(start + "Unsupported version '" + shown_version(*object) +
                  "' for credential process provider, supported versions: 1 (" + what + ").");
  }
  Credentials credentials = credentials_of(*object, "SessionToken");
  const bool has_key_id = !credentials.access_key_id.empty();
  if (!has_key_id || credentials.secret_access_key.empty()) {
    return broken(start + "Missing required key in response: '" + (has_key_id ? "SecretAccessKey" : "AccessKeyId") +
                  "' (" + what + "; letter case counts).");
  }
  if (object->has("Expiration") && !credentials.expiration) {
    return broken(start + "its Expiration is not a time as in 2024-01-02T03:04:05Z (" + what + ").");
  }
  return credentials;
}

// The beginning of what it wrote to standard error, without what is a key or looks like one.
std::string shown_complaints(const Printed& printed, const Context& context) {
  std::string text = printed.complaints;
  // it was cut here, perhaps inside a key
  if (text.size() == max_kept_complaint_bytes) text.resize(text.find_last_of(" \t\r\n\"':,") + 1);
  if (const auto object = Json::parse(printed.output)) {
    for (const char* const key : {"SecretAccessKey", "SessionToken"}) {
      if (const auto secret = object->secret(key)) hide(text, secret->reveal());
    }
  }
  for (const char* const name : {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}) {
    if (const auto value = context.system.set_variable(name)) hide(text, *value);
  }
  std::string result = on_one_line(without_keys(text), max_shown_complaint_bytes);
  wipe(text);
  return result;
}

std::optional<Error> failure(const Printed& printed, const std::string& what, const Context& context) {
  if (!printed.status || *printed.status == 0) return std::nullopt;
  const std::string how = how_it_ended(*printed.status);
  const std::string complaints = shown_complaints(printed, context);
  return broken("Error when retrieving credentials from custom-process: " + what + " " + how +
                (complaints.empty() ? " and said nothing. Run it in a terminal." : ": " + complaints));
}

Answer answer_of(Result<SharedCredentials> result) {
  if (!result) return result.error();
  return std::move(result).value();
}

class Process : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "CredentialProcess"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const std::string& command_line = context.settings.credential_process;
    if (command_line.empty()) return NotConfigured{name() + " is not given"};
    return kept_credential_process(command_line, name(), context);
  }
};

SharedCredentials of_a_person(const SharedCredentials& found) {
  auto credentials = std::make_shared<Credentials>();
  credentials->access_key_id = found->access_key_id;
  credentials->secret_access_key = found->secret_access_key.clone();
  credentials->session_token = found->session_token.clone();
  credentials->expiration = found->expiration;
  credentials->account_id = found->account_id;
  credentials->source = found->source;
  credentials->stays_in_process = true;
  return credentials;
}

// A program that has asked a person is not run again.
Result<SharedCredentials> run_for_keys(std::string_view command_line, const std::string& source, const Context& context,
                                       bool asks_a_person) {
  auto words = split_command_line(command_line);
  if (!words) return broken(source + " is not a command line: " + words.error().message + ".");
  if (words.value().empty() || words.value().front().empty()) return broken(source + " names no program.");
  // Only the program's name is for messages: arguments may be secrets.
  const std::string& program = words.value().front();
  const std::string what = source + " (" + program.substr(program.rfind('/') + 1) + ")";

  for (bool is_second_run = false;; is_second_run = true) {
    Printed printed;
    if (auto error = run_program(words.value(), what, context.deadline, printed)) return *std::move(error);
    if (auto error = failure(printed, what, context)) return *std::move(error);
    auto credentials = parsed(printed.output, what);
    if (!credentials) return credentials.error();
    Credentials& value = credentials.value();
    value.source = what;
    const bool has_ended = value.expiration && *value.expiration <= aws_now(context.system);
    if (!has_ended) return SharedCredentials(std::make_shared<Credentials>(std::move(value)));
    if (is_second_run || asks_a_person) {
      const std::string which =
          is_second_run ? "Credentials were refreshed, but the refreshed credentials are still" : "The credentials are";
      return broken(which + " expired: " + what + " gives keys that ended at " + extended_time(*value.expiration) +
                    "; it is " + extended_time(aws_now(context.system)) + ". Sign in anew with that program.");
    }
    context.log.debug(what + " gave credentials that have ended; it is run once more");
  }
}

class KeyPrompt : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "KeyPrompt"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const std::string& command_line = context.settings.key_prompt;
    if (command_line.empty()) return NotConfigured{name() + " is not given"};
    const auto credentials = run_for_keys(command_line, name(), context, true);
    if (!credentials) return credentials.error();
    return of_a_person(credentials.value());
  }
};

}  // namespace

Result<SharedCredentials> run_credential_process(std::string_view command_line, const std::string& source,
                                                 const Context& context) {
  return run_for_keys(command_line, source, context, false);
}

Answer kept_credential_process(std::string_view command_line, const std::string& source, const Context& context) {
  CredentialKey key("credential_process");
  // The program may be one that asks AWS_PROFILE, and the host one that sets it anew; likewise for a relative path.
  key.add(source).add(command_line).add(what_programs_inherit().reveal());
  return CredentialCache::of_process().get(key, context, [&](const Context& limited) {
    return answer_of(run_credential_process(command_line, source, limited));
  });
}

std::unique_ptr<Provider> process_provider() {
  return std::make_unique<Process>();
}

std::unique_ptr<Provider> key_prompt_provider() {
  return std::make_unique<KeyPrompt>();
}

}  // namespace iamodbc
