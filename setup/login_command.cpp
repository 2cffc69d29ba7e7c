// Signs in to IAM Identity Center for the AWS CLI and us alike. What a person has to see goes to standard error.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "core/credentials/sso.h"
#include "core/credentials/sso_sign_in.h"
#include "core/credentials/sso_token.h"
#include "setup/command.h"
#include "setup/login_keys.h"
#include "setup/output.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  std::string profile;
  std::string session;
  std::string start_url;
  std::string sso_region;
  bool device = false;
  bool keys = false;    // into the keyring, and no sign-in
  bool remove = false;  // of these
  int timeout = 0;      // seconds; 0: as the DSN says
};

Error not_sso(const std::string& profile, const std::string& how) {
  return Error{State::invalid_authorization, "Profile " + profile + " does not use IAM Identity Center: " + how, 0};
}

// The sign-in that a profile comes to, also by way of its source_profile.
Result<SsoLogin> sso_login_of_profile(const Context& context) {
  const std::string name = chosen_profile(context.system, context.settings.profile).name;
  if (!context.files.problems().empty())
    return Error{State::invalid_authorization, context.files.problems().front(), 0};
  const PlanAnswer answer = plan_profile(context.files, name, {});
  if (const auto* const plan = std::get_if<ProfilePlan>(&answer)) {
    if (const auto* const login = std::get_if<SsoLogin>(&plan->base)) return *login;
    if (std::holds_alternative<AwsLogin>(plan->base))
      return not_sso(name, "it has login_session. Run: aws login --profile " + name);
    return not_sso(name,
                   "its credentials are " + described(*plan, context.files) + ". There is nothing to sign in to.");
  }
  if (const auto* const error = std::get_if<Error>(&answer)) return *error;
  const auto section = context.files.profile(name);
  if (!section) {
    return not_sso(
        name, "it is neither in " + context.files.config_path() + " nor in " + context.files.credentials_path() + '.');
  }
  if (!section->contains("sso_session") && !section->contains("sso_start_url"))
    return not_sso(name, "it has neither sso_session nor sso_start_url. `aws configure sso` writes them.");
  return plan_sso(context.files, name, {}, false);
}

// On one line that the next takes the place of; only where somebody looks.
void show_progress(const std::string& line) {
  std::cerr << "\r\x1b[K" << shown(line) << std::flush;
}

int run(const Options& options) {
  const System system;
  auto asked = credential_question_of(options.source, options.profile, system);
  if (!asked) {
    complain(asked.error());
    return Exit::failed;
  }
  CredentialSettings& settings = asked.value().settings;
  if (options.keys) return login_keys(settings, options.remove);
  if (options.source.empty()) {
    settings.sso_session = options.session;
    settings.sso_start_url = options.start_url;
    settings.sso_region = options.sso_region;
  }
  const AwsFiles files = AwsFiles::read(system);
  const Log log;
  const int seconds = options.timeout > 0 ? options.timeout : settings.sso_login_timeout;
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  const Context context{system, files, settings, log, deadline};
  const bool is_of_dsn = names_sso(settings) || settings.source == CredentialSource::sso;
  const auto login = is_of_dsn ? sso_login_of_dsn(context, false) : sso_login_of_profile(context);
  if (!login) {
    complain(login.error());
    return Exit::failed;
  }

  SignInScreen screen;
  screen.say = [](const std::string& line) { std::cerr << shown(line) << std::endl; };  // NOLINT: seen at once
  if (isatty(STDERR_FILENO) != 0) screen.progress = show_progress;
  const auto way = options.device ? SignInWay::device : SignInWay::browser;
  if (const auto error = sso_sign_in(aws_client(context, login.value().profile), login.value(), way, screen)) {
    complain(*error);
    return Exit::failed;
  }
  const auto token = kept_token(system, login.value());
  print("signed in to " + shown(login.value().start_url) + (token ? ", until " + extended_time(token->end) : "") +
        "; kept in " + shown(token_file(system, login.value())));
  return Exit::ok;
}

}  // namespace

Run login_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::Option* const source = app.add_option("DSN", options->source, source_help)->type_name("");
  const auto own = [&](const char* name, auto& value, const char* help, const char* type) {
    return app.add_option(name, value, help)->type_name(type)->excludes(source);
  };
  own("--profile", options->profile, "A profile of the AWS files", "PROFILE");
  own("--sso-session", options->session, "A sso-session section of the AWS files", "NAME");
  CLI::Option* const url = own("--start-url", options->start_url, "The start page, where no file names it", "URL");
  CLI::Option* const region =
      own("--sso-region", options->sso_region, "The region of IAM Identity Center, beside --start-url", "REGION");
  url->needs(region);
  region->needs(url);
  CLI::Option* const keys =
      app.add_flag("--keys", options->keys, "Keep AWS keys in the keyring of the desktop instead");
  app.add_flag("--remove", options->remove, "Take them out again")->needs(keys);
  app.add_flag("--device", options->device, "Show an address and a code for a browser on any computer");
  app.add_option("--timeout", options->timeout, "How long to wait, in seconds (120, or SSOLoginTimeout of the DSN)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600));
  return [options] { return run(*options); };
}

}  // namespace iamodbc
