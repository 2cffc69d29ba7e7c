// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/profile.h"

#include "core/credentials/aws_login.h"
#include "core/credentials/cache.h"
#include "core/credentials/container.h"
#include "core/credentials/environment.h"
#include "core/credentials/instance.h"
#include "core/credentials/process.h"
#include "core/credentials/profile_plan.h"
#include "core/credentials/role.h"
#include "core/credentials/sso.h"
#include "core/credentials/sso_token.h"
#include "core/credentials/web_identity.h"
#include "core/program.h"

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

// The first step of a plan: whose keys stand first. Each kind of base has its seat here.
struct Execute {
  const Context& context;
  const std::string& profile;

  Answer operator()(const FileKeys& keys) const {
    const AwsFiles& files = context.files;
    const std::string& path = keys.are_in_credentials_file ? files.credentials_path() : files.config_path();
    if (auto error = open_to_others_error(path, context.settings, context.log)) return *std::move(error);
    return keys_of(keys, files);
  }
  Answer operator()(const ProcessCommand& command) const {
    return kept_credential_process(command.command_line, "credential_process of profile " + command.profile, context);
  }
  Answer operator()(const WebIdentity& identity) const { return take_web_identity(identity, context, profile); }
  Answer operator()(const SsoLogin& login) const { return sso_credentials(context, login); }
  Answer operator()(const AwsLogin& login) const { return aws_login_credentials(context, login); }
  Answer operator()(const NamedSource& source) const {
    const auto provider = source.name == "Environment"    ? environment_provider()
                          : source.name == "EcsContainer" ? container_provider()
                                                          : instance_provider();
    Answer answer = provider->provide(context);
    const auto* const passed = std::get_if<NotConfigured>(&answer);
    if (passed == nullptr) return answer;
    return broken("Error when retrieving credentials from " + source.name +
                  ": No credentials found in credential_source referenced in profile " + profile + " (" +
                  passed->reason + ").");
  }
};

// All that decides which keys a base gives: its profile as it stands in the files, and what it takes from elsewhere.
struct AddBase {
  CredentialKey& key;
  const Context& context;

  void operator()(const FileKeys& keys) const {
    add(keys.profile);
    key.add(keys.are_in_credentials_file ? "credentials" : "config");
  }
  void operator()(const ProcessCommand& command) const {
    key.add(command.profile).add(command.command_line).add(what_programs_inherit().reveal());
  }
  void operator()(const WebIdentity& identity) const {
    key.add(identity.token_file).add(identity.role_arn).add(identity.session_name);
  }
  void operator()(const SsoLogin& login) const { add(login.profile); }
  void operator()(const AwsLogin& login) const { add(login.profile); }
  void operator()(const NamedSource& source) const {
    for (const char* const variable : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN",
                                       "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                       "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_EC2_METADATA_SERVICE_ENDPOINT"})
      key.add(context.system.variable(variable).value_or(""));
    key.add(source.name);
  }

 private:
  void add(const std::string& profile) const {
    key.add(profile);
    for (const AwsSection* const section :
         {context.files.config_profile(profile), context.files.credentials_profile(profile)}) {
      key.add(section == nullptr ? "" : std::to_string(section->size()));
      if (section == nullptr) continue;
      for (const auto& [name, property] : *section) key.add(name).add(property.value);
    }
    const auto merged = context.files.profile(profile);
    const AwsSection* const session = merged ? context.files.sso_session(value_of(*merged, "sso_session")) : nullptr;
    if (session == nullptr) return;
    for (const auto& [name, property] : *session) key.add(name).add(property.value);
  }
};

// What of that stands in files, for other processes.
struct AddContents {
  CredentialKey& key;
  const Context& context;

  void operator()(const WebIdentity& identity) const { add_token(key, identity); }
  void operator()(const SsoLogin& login) const { add_token(key, context.system, login); }
  void operator()(const NamedSource& source) const {
    if (source.name == "EcsContainer") add_container_token(key, context.system);
  }
  template <class Base>
  void operator()(const Base& /*base*/) const {}
};

// Base and roles, one after the other. The keys at the end are kept, so the base is asked again only when they end.
Answer walk_roles(const ProfilePlan& plan, const Context& context, const std::string& profile) {
  CredentialKey key("profile");
  key.add(std::to_string(plan.base.index()));
  std::visit(AddBase{key, context}, plan.base);
  add_roles(key, plan.roles, context, profile);
  return CredentialCache::of_process().get(
      key, context,
      [&](const Context& limited) -> Answer {
        Answer base = std::visit(Execute{limited, profile}, plan.base);
        auto* const credentials = std::get_if<SharedCredentials>(&base);
        return credentials == nullptr ? std::move(base) : assume_roles(*credentials, plan.roles, limited, profile);
      },
      refresh_windows(plan.roles),
      // A session of `aws login` may become another person's at any moment.
      Sharing{!std::holds_alternative<AwsLogin>(plan.base), [&](CredentialKey& own) {
                std::visit(AddContents{own, context}, plan.base);
              }});
}

class Profile : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "profile"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const AwsFiles& files = context.files;
    const ProfileChoice choice = chosen_profile(context.system, context.settings.profile);
    const bool is_chosen_in_dsn =
        !context.settings.profile.empty() || context.settings.source == CredentialSource::profile;

    if (!files.problems().empty()) {
      std::string message = "Unable to parse the AWS files, which profile " + choice.name + " is read from.";
      for (const std::string& problem : files.problems()) message += " " + problem;
      return broken(std::move(message));
    }
    if (auto error = missing_profile(context)) return *std::move(error);

    WebIdentity variables;
    if (!is_chosen_in_dsn) variables = web_identity_of_environment(context.system);
    PlanAnswer answer = plan_profile(files, choice.name, variables);
    if (auto* const error = std::get_if<Error>(&answer)) return std::move(*error);
    if (std::holds_alternative<NotConfigured>(answer)) return without_credentials(context, choice, is_chosen_in_dsn);

    const auto& plan = std::get<ProfilePlan>(answer);
    context.log.debug("plan: " + described(plan, files));
    if (!plan.roles.empty()) return walk_roles(plan, context, choice.name);
    return std::visit(Execute{context, choice.name}, plan.base);
  }

 private:
  static Answer without_credentials(const Context& context, const ProfileChoice& choice, bool is_chosen_in_dsn) {
    const AwsFiles& files = context.files;
    const std::string places = files.config_path() + " and " + files.credentials_path();
    const std::string no_web_identity = is_chosen_in_dsn ? "" : "; AWS_WEB_IDENTITY_TOKEN_FILE is not set";
    if (!files.profile(choice.name)) {
      const std::string hint = files.hint(choice.name);
      return NotConfigured{"there is no profile " + choice.name + " in " + places + (hint.empty() ? "" : "; " + hint) +
                           no_web_identity};
    }
    const std::string reason = "profile " + choice.name + " holds no credentials in " + places;
    if (!is_chosen_in_dsn) return NotConfigured{reason + no_web_identity};
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
