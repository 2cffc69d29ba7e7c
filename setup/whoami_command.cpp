// Who AWS takes the credentials of a DSN or of this environment for.
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/aws/sts.h"
#include "setup/command.h"
#include "setup/credential_search.h"
#include "setup/output.h"
#include "setup/progress.h"

namespace iamodbc {
namespace {

void row(const std::string& name, const std::string& value) {
  constexpr std::size_t width = 9;
  print(name + std::string(width - name.size(), ' ') + shown(value));
}

void show_who_was_asked(const std::vector<Attempt>& attempts) {
  std::string name = "asked";
  for (const Attempt& attempt : attempts) row(std::exchange(name, ""), attempt.provider + ": " + attempt.outcome);
}

int run(const CredentialArguments& arguments) {
  CredentialSearch search;
  if (const auto error = search_credentials(search, arguments)) {
    show_who_was_asked(search.attempts);
    complain(*error);
    return Exit::failed;
  }
  const Credentials& credentials = *search.credentials;
  const SigningKeys keys{credentials.access_key_id, credentials.secret_access_key, credentials.session_token};
  const std::string profile = chosen_profile(search.system, search.question.settings.profile).name;
  const auto caller = [&] {
    const Progress progress("asking AWS STS");
    return get_caller_identity(aws_client(search.context(), profile), keys);
  }();
  if (const auto* const fault = std::get_if<AwsFault>(&caller)) {
    show_who_was_asked(search.attempts);
    complain(Error{fault->error.sqlstate,
                   "AWS does not say whose key " + masked_key_id(credentials.access_key_id) + " from " +
                       credentials.source + " is: " + fault->error.message,
                   0});
    return Exit::failed;
  }
  const auto& identity = std::get<CallerIdentity>(caller);
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
  auto arguments = std::make_shared<CredentialArguments>();
  add_credential_arguments(app, *arguments);
  return [arguments] { return run(*arguments); };
}

}  // namespace iamodbc
