// Who AWS takes the credentials of a DSN or of this environment for.
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/aws/sts.h"
#include "setup/command.h"
#include "setup/credential_search.h"
#include "setup/output.h"
#include "setup/progress.h"

namespace iamodbc {
namespace {

struct Options {
  CredentialArguments arguments;
  bool json = false;
};

void row(const std::string& name, const std::string& value) {
  constexpr std::size_t width = 9;
  print(name + std::string(width - name.size(), ' ') + shown(value));
}

void show_who_was_asked(const std::vector<Attempt>& attempts) {
  std::string name = "asked";
  for (const Attempt& attempt : attempts) row(std::exchange(name, ""), attempt.provider + ": " + attempt.outcome);
}

std::string json_of(const std::vector<Attempt>& attempts) {
  std::vector<std::string> asked;
  asked.reserve(attempts.size());
  for (const Attempt& attempt : attempts) {
    asked.push_back("{\"provider\": " + json_string(attempt.provider) +
                    ", \"outcome\": " + json_string(attempt.outcome) + "}");
  }
  return "\"asked\": " + json_list(asked);
}

int failed(const Options& options, const std::vector<Attempt>& attempts, const Error& error) {
  if (options.json) {
    print("{\"ok\": false, \"error\": " + json_of(error) + ", " + json_of(attempts) + "}");
  } else {
    show_who_was_asked(attempts);
  }
  complain(error);
  return Exit::failed;
}

std::string json_of(const CallerIdentity& identity, const Credentials& credentials,
                    const std::vector<Attempt>& attempts) {
  const std::string expiry =
      credentials.expiration ? json_string(extended_time(*credentials.expiration)) : std::string("null");
  return "{\"ok\": true, \"account\": " + json_string(identity.account) + ", \"arn\": " + json_string(identity.arn) +
         ", \"user_id\": " + json_string(identity.user_id) +
         ", \"key\": " + json_string(masked_key_id(credentials.access_key_id)) + ", \"expiry\": " + expiry +
         ", \"source\": " + json_string(credentials.source) + ", " + json_of(attempts) + "}";
}

int run(const Options& options) {
  CredentialSearch search;
  if (const auto error = search_credentials(search, options.arguments)) return failed(options, search.attempts, *error);
  const Credentials& credentials = *search.credentials;
  const SigningKeys keys{credentials.access_key_id, credentials.secret_access_key, credentials.session_token};
  const std::string profile = chosen_profile(search.system, search.question.settings.profile).name;
  const auto caller =
      waited("asking AWS STS", [&] { return get_caller_identity(aws_client(search.context(), profile), keys); });
  if (const auto* const fault = std::get_if<AwsFault>(&caller)) {
    return failed(options, search.attempts,
                  Error{fault->error.sqlstate,
                        "AWS does not say whose key " + masked_key_id(credentials.access_key_id) + " from " +
                            credentials.source + " is: " + fault->error.message,
                        0});
  }
  const auto& identity = std::get<CallerIdentity>(caller);
  if (options.json) {
    print(json_of(identity, credentials, search.attempts));
    return Exit::ok;
  }
  row("account", identity.account);
  row("arn", identity.arn);
  row("user id", identity.user_id);
  row("key", masked_key_id(credentials.access_key_id) +
                 (credentials.expiration ? ", until " + extended_time(*credentials.expiration) : ""));
  row("source", credentials.source);
  show_who_was_asked(search.attempts);
  return Exit::ok;
}

}  // namespace

Run whoami_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_credential_arguments(app, options->arguments);
  app.add_flag("--json", options->json, "As one JSON object");
  return [options] { return run(*options); };
}

}  // namespace iamodbc
