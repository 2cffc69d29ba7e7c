// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/profile.h"

#include "core/credentials/process.h"
#include "core/credentials/profile_plan.h"

namespace iamodbc {
namespace {

Error broken(std::string message) {
  return Error{State::invalid_authorization, std::move(message), 0};
}

std::string_view value_of(const AwsSection& section, std::string_view key) {
  const auto found = section.find(key);
  return found == section.end() ? std::string_view() : found->second.value;
}

SharedCredentials keys_of(const FileKeys& keys, const AwsFiles& files) {
  const AwsSection& section =
      keys.are_in_credentials_file ? *files.credentials_profile(keys.profile) : *files.config_profile(keys.profile);
  auto credentials = std::make_shared<Credentials>();
  credentials->access_key_id = value_of(section, "aws_access_key_id");
  credentials->secret_access_key = Secret(value_of(section, "aws_secret_access_key"));
  credentials->session_token = Secret(value_of(section, "aws_security_token"));
  if (credentials->session_token.empty()) {
    credentials->session_token = Secret(value_of(section, "aws_session_token"));
  }
  credentials->account_id = value_of(section, "aws_account_id");
  credentials->source = described({keys, {}}, files);
  return credentials;
}

// What this version cannot do by itself, and the program that can.
Error not_yet(const std::string& profile, const std::string& what) {
  const bool needs_quotes = profile.find_first_of(" \t'\"\\") != std::string::npos;
  const std::string option = profile.empty() ? "" : " --profile " + (needs_quotes ? '"' + profile + '"' : profile);
  return broken(
      what +
      ", which this version does not follow by itself. Let the AWS CLI do it: add to the DSN in odbc.ini the line "
      "CredentialProcess=aws configure export-credentials" +
      option + " --format process");
}

// The first step of a plan; each kind of base has its seat here.
struct Execute {
  const Context& context;
  const std::string& profile;

  Answer operator()(const FileKeys& keys) const { return keys_of(keys, context.files); }
  Answer operator()(const ProcessCommand& command) const {
    auto result =
        run_credential_process(command.command_line, "credential_process of profile " + command.profile, context);
    if (!result) return result.error();
    return std::move(result).value();
  }
  Answer operator()(const WebIdentity& identity) const {
    return not_yet(context.files.profile(profile) ? profile : "",
                   "A web identity is configured (token file " + identity.token_file + ")");
  }
  Answer operator()(const SsoLogin& login) const {
    return not_yet(profile, "Profile " + login.profile + " uses IAM Identity Center (sso_account_id, sso_role_name)");
  }
  Answer operator()(const AwsLogin& login) const {
    return not_yet(profile, "Profile " + login.profile + " uses login_session");
  }
  Answer operator()(const NamedSource& source) const {
    return not_yet(profile, "Profile " + profile + " uses credential_source = " + source.name);
  }
};

class Profile : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "profile"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const AwsFiles& files = context.files;
    const ProfileChoice choice = chosen_profile(context.system, context.settings.profile);
    const bool is_chosen_in_dsn = !context.settings.profile.empty();

    if (!files.problems().empty()) {
      std::string message = "Unable to parse the AWS files, which profile " + choice.name + " is read from.";
      for (const std::string& problem : files.problems()) message += " " + problem;
      return broken(std::move(message));
    }
    if (auto error = missing_profile(context)) return *std::move(error);

    WebIdentity variables;
    if (!is_chosen_in_dsn) {
      variables = {context.system.set_variable("AWS_WEB_IDENTITY_TOKEN_FILE").value_or(""),
                   context.system.set_variable("AWS_ROLE_ARN").value_or(""),
                   context.system.set_variable("AWS_ROLE_SESSION_NAME").value_or("")};
    }
    PlanAnswer answer = plan_profile(files, choice.name, variables);
    if (auto* const error = std::get_if<Error>(&answer)) return std::move(*error);
    if (std::holds_alternative<NotConfigured>(answer)) return without_credentials(context, choice, is_chosen_in_dsn);

    const auto& plan = std::get<ProfilePlan>(answer);
    context.log.debug("plan: " + described(plan, files));
    if (!plan.roles.empty()) return not_yet(choice.name, "Profile " + plan.roles.back().profile + " uses role_arn");
    return std::visit(Execute{context, choice.name}, plan.base);
  }

 private:
  static Answer without_credentials(const Context& context, const ProfileChoice& choice, bool is_chosen_in_dsn) {
    const AwsFiles& files = context.files;
    const std::string places = files.config_path() + " and " + files.credentials_path();
    if (!files.profile(choice.name)) {
      const std::string hint = files.hint(choice.name);
      return NotConfigured{"there is no profile " + choice.name + " in " + places + (hint.empty() ? "" : "; " + hint)};
    }
    const std::string reason = "profile " + choice.name + " holds no credentials in " + places;
    if (!is_chosen_in_dsn) return NotConfigured{reason};
    return broken(
        "Unable to locate credentials: the " + reason +
        ". Add aws_access_key_id and aws_secret_access_key, or credential_process, or choose another Profile.");
  }
};

}  // namespace

std::unique_ptr<Provider> profile_provider() {
  return std::make_unique<Profile>();
}

std::optional<Error> missing_profile(const Context& context) {
  const AwsFiles& files = context.files;
  const ProfileChoice choice = chosen_profile(context.system, context.settings.profile);
  const bool is_named = !context.settings.profile.empty() || context.system.set_variable("AWS_PROFILE") ||
                        context.system.set_variable("AWS_DEFAULT_PROFILE");
  // "default" named is as good as not named: it need not exist.
  if (!is_named || choice.name == "default" || !files.problems().empty() || files.profile(choice.name))
    return std::nullopt;
  std::string names;
  for (const std::string& name : files.profile_names()) names += (names.empty() ? "" : ", ") + name;
  const std::string hint = files.hint(choice.name);
  return broken("The config profile (" + choice.name + ") could not be found. " + choice.why + " names it; read were " +
                files.config_path() + " and " + files.credentials_path() + ", with " +
                (names.empty() ? "no profile at all" : "the profiles " + names) + "." +
                (hint.empty() ? "" : " " + hint));
}

}  // namespace iamodbc
