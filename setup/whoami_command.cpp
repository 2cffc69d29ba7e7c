// Who AWS takes the credentials of a DSN or of this environment for.
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/aws/sts.h"
#include "core/credentials/default_chain.h"
#include "setup/command.h"
#include "setup/output.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  std::string profile;
};

void row(const std::string& name, const std::string& value) {
  constexpr std::size_t width = 9;
  print(shown(name + std::string(width - name.size(), ' ') + value));
}

int run(const Options& options) {
  const System system;
  const auto asked = credential_question_of(options.source, options.profile, system);
  if (!asked) {
    complain(asked.error());
    return Exit::failed;
  }
  const AwsFiles files = AwsFiles::read(system);
  const Log log;
  const Context context{system, files, asked.value().settings, log, no_deadline, asked.value().region};
  const auto found = find_credentials(context);
  if (!found) {
    complain(found.error());
    return Exit::failed;
  }
  const Credentials& credentials = *found.value().credentials;
  const SigningKeys keys{credentials.access_key_id, credentials.secret_access_key, credentials.session_token};
  const std::string profile = chosen_profile(system, asked.value().settings.profile).name;
  const auto caller = get_caller_identity(aws_client(context, profile), keys);
  if (const auto* const fault = std::get_if<AwsFault>(&caller)) {
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
  return Exit::ok;
}

}  // namespace

Run whoami_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DSN", options->source, source_help)->type_name("");
  app.add_option("--profile", options->profile, "A profile of the AWS files, whatever the DSN says")
      ->type_name("PROFILE");
  return [options] { return run(*options); };
}

}  // namespace iamodbc
