// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/profile_plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_roles = 100;  // far beyond what is of use, and within the stack of any thread

Error broken(std::string message) {
  return Error{State::invalid_authorization, std::move(message), 0};
}

// The value of a key; empty when the key is absent or empty, which count alike.
std::string value_of(const AwsSection& section, std::string_view key) {
  const auto found = section.find(key);
  return found == section.end() ? "" : found->second.value;
}

// Without a copy of what may be a secret.
bool has(const AwsSection& section, std::string_view key) {
  const auto found = section.find(key);
  return found != section.end() && !found->second.value.empty();
}

// Where in the files `key` of the profile stands: "FILE, line N".
std::string place_of(const AwsSection& section, std::string_view key) {
  const auto found = section.find(key);
  return found == section.end() ? "" : found->second.file + ", line " + std::to_string(found->second.line);
}

// A key id in a file stands for the keys of this file; its secret has to be beside it.
PlanAnswer plan_of_keys(const AwsSection* section, std::string_view profile, bool is_credentials_file) {
  if (section == nullptr || !has(*section, "aws_access_key_id")) return NotConfigured{};
  if (!has(*section, "aws_secret_access_key")) {
    return broken(
        "Partial credentials found in " + std::string(is_credentials_file ? "shared-credentials-file" : "config-file") +
        ", missing: aws_secret_access_key. Profile " + std::string(profile) + " has aws_access_key_id at " +
        place_of(*section, "aws_access_key_id") +
        "; the secret belongs into the same section of the same file, on a line of its own that is not indented.");
  }
  return ProfilePlan{FileKeys{std::string(profile), is_credentials_file}, {}};
}

PlanAnswer plan_of_web_identity(const AwsSection& profile, const WebIdentity& environment) {
  const auto either = [&](const std::string& variable, std::string_view key) {
    return variable.empty() ? value_of(profile, key) : variable;
  };
  WebIdentity identity{either(environment.token_file, "web_identity_token_file"),
                       either(environment.role_arn, "role_arn"), either(environment.session_name, "role_session_name")};
  if (identity.token_file.empty()) return NotConfigured{};
  if (identity.role_arn.empty()) {
    return broken("A web identity token file is given (" + identity.token_file +
                  ") but no role. Set AWS_ROLE_ARN, or role_arn beside web_identity_token_file in the profile.");
  }
  return ProfilePlan{std::move(identity), {}};
}

// Both may say a thing, if they say the same.
std::optional<Error> inconsistency(const AwsSection& profile, const AwsSection& session) {
  for (const auto& [key, property] : session) {
    const auto found = profile.find(key);
    if (found == profile.end() || property.value.empty() || found->second.value.empty()) continue;
    if (found->second.value == property.value) continue;
    return broken("The value for " + key + " is inconsistent between profile (" + found->second.value +
                  ") and sso-session (" + property.value + "). Remove it from the profile (" + place_of(profile, key) +
                  ").");
  }
  return std::nullopt;
}

std::optional<Error> missing_part(const SsoLogin& login, bool needs_role) {
  struct Part {
    const char* key;
    const char* attribute;
    const std::string& value;
    bool is_needed;
  };
  std::string keys;
  std::string attributes;
  for (const Part& part : {Part{"sso_start_url", "SSOStartURL", login.start_url, true},
                           Part{"sso_region", "SSORegion", login.region, true},
                           Part{"sso_account_id", "SSOAccountID", login.account_id, needs_role},
                           Part{"sso_role_name", "SSORoleName", login.role_name, needs_role}}) {
    if (!part.is_needed || !part.value.empty()) continue;
    keys += (keys.empty() ? "" : ", ") + std::string(part.key);
    attributes += (attributes.empty() ? "" : ", ") + std::string(part.attribute);
  }
  if (keys.empty()) return std::nullopt;
  if (login.profile.empty())
    return broken("SSO is configured but is missing required configuration: " + attributes + ".");
  return broken("The profile \"" + login.profile +
                "\" is configured to use SSO but is missing required configuration: " + keys +
                ". Add it there, or to the DSN: " + attributes + ".");
}

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto part = trimmed(text.substr(0, comma)); !part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

class Planner {
 public:
  Planner(const AwsFiles& files, const WebIdentity& environment) : files_(files), environment_(environment) {}

  PlanAnswer plan(const std::string& name) {
    visited_.push_back(name);
    const AwsSection profile = files_.profile(name).value_or(AwsSection());
    if (has(profile, "role_arn") && !has(profile, "web_identity_token_file")) return plan_of_role(name, profile);
    return plan_without_role(name, profile, environment_);
  }

 private:
  PlanAnswer plan_without_role(const std::string& name, const AwsSection& profile,
                               const WebIdentity& environment) const {
    PlanAnswer answer = plan_of_web_identity(profile, environment);
    if (!std::holds_alternative<NotConfigured>(answer)) return answer;
    if (has(profile, "sso_account_id") || has(profile, "sso_role_name")) {
      auto login = plan_sso(files_, name, {}, true);
      if (!login) return login.error();
      return ProfilePlan{std::move(login).value(), {}};
    }
    answer = plan_of_keys(files_.credentials_profile(name), name, true);
    if (!std::holds_alternative<NotConfigured>(answer)) return answer;
    if (has(profile, "login_session")) return ProfilePlan{AwsLogin{name, value_of(profile, "login_session")}, {}};
    if (has(profile, "credential_process")) {
      return ProfilePlan{ProcessCommand{name, value_of(profile, "credential_process")}, {}};
    }
    answer = plan_of_keys(files_.config_profile(name), name, false);
    if (!std::holds_alternative<NotConfigured>(answer)) return answer;
    return NotConfigured{"profile " + name + " holds no credentials"};
  }

  PlanAnswer plan_of_role(const std::string& name, const AwsSection& profile) {
    const std::string source_profile = value_of(profile, "source_profile");
    const std::string credential_source = value_of(profile, "credential_source");
    if (!source_profile.empty() && !credential_source.empty()) {
      return broken("The profile \"" + name +
                    "\" contains both source_profile and credential_source. Remove one of them (" +
                    place_of(profile, "credential_source") + ").");
    }
    if (source_profile.empty() && credential_source.empty()) {
      return broken("Partial credentials found in assume-role, missing: source_profile or credential_source. Profile " +
                    name + " has role_arn at " + place_of(profile, "role_arn") +
                    "; say beside it whose credentials assume the role.");
    }
    PlanAnswer answer = source_profile.empty() ? plan_of_named_source(name, profile, credential_source)
                                               : plan_of_source_profile(name, profile, source_profile);
    if (auto* const plan = std::get_if<ProfilePlan>(&answer)) plan->roles.push_back(role_step(name, profile));
    return answer;
  }

  static RoleStep role_step(const std::string& name, const AwsSection& profile) {
    RoleStep step{name,
                  value_of(profile, "role_arn"),
                  value_of(profile, "external_id"),
                  value_of(profile, "mfa_serial"),
                  value_of(profile, "role_session_name"),
                  {}};
    const auto seconds = parse_integer(value_of(profile, "duration_seconds"));
    constexpr int week = 7 * 24 * 3600;  // beyond all that the service takes; it says so itself
    if (seconds) step.duration_seconds = static_cast<int>(std::clamp<long long>(*seconds, -week, week));
    return step;
  }

  static PlanAnswer plan_of_named_source(const std::string& name, const AwsSection& profile,
                                         const std::string& source) {
    constexpr std::array<std::string_view, 3> known = {"Environment", "Ec2InstanceMetadata", "EcsContainer"};
    if (std::find(known.begin(), known.end(), source) == known.end()) {
      return broken("The credential source \"" + source + "\" referenced in profile \"" + name + "\" is not valid (" +
                    place_of(profile, "credential_source") +
                    "). Allowed, in these letters: Environment, Ec2InstanceMetadata, EcsContainer.");
    }
    return ProfilePlan{NamedSource{source}, {}};
  }

  PlanAnswer plan_of_source_profile(const std::string& name, const AwsSection& profile,
                                    const std::string& source_name) {
    const auto source = files_.profile(source_name);
    if (!source) {
      return broken("The source_profile \"" + source_name + "\" referenced in the profile \"" + name +
                    "\" does not exist (" + place_of(profile, "source_profile") + "). " + files_.hint(source_name));
    }
    const bool has_keys = has(*source, "aws_access_key_id") || has(*source, "aws_secret_access_key");
    if (visited_.size() > max_roles) {
      return broken("More than " + std::to_string(max_roles) +
                    " profiles follow each other by source_profile, the last one " + name + ". Shorten the chain.");
    }
    const bool was_visited = std::find(visited_.begin(), visited_.end(), source_name) != visited_.end();
    if (was_visited && !(source_name == name && has_keys)) return broken(loop_message(source_name));

    PlanAnswer answer = NotConfigured{};
    if (has_keys || !has(*source, "role_arn") || has(*source, "web_identity_token_file")) {
      answer = plan_without_role(source_name, *source, {});  // variables do not reach into a source profile
    } else {
      visited_.push_back(source_name);
      answer = plan_of_role(source_name, *source);
    }
    if (std::holds_alternative<NotConfigured>(answer)) {
      return broken("The source profile \"" + source_name + "\" must have credentials. Profile \"" + name +
                    "\" names it (" + place_of(profile, "source_profile") + ").");
    }
    return answer;
  }

  [[nodiscard]] std::string loop_message(const std::string& again) const {
    std::string names;
    for (const std::string& name : visited_) names += (names.empty() ? "'" : ", '") + name + "'";
    return "Infinite loop in credential configuration detected. Attempting to load from profile " + again +
           " which has already been visited. Visited profiles: [" + names + "]. Change source_profile in one of them.";
  }

  const AwsFiles& files_;
  const WebIdentity& environment_;
  std::vector<std::string> visited_;
};

struct Describe {
  const AwsFiles& files;
  std::string operator()(const FileKeys& keys) const {
    return "profile " + keys.profile + " in " +
           (keys.are_in_credentials_file ? files.credentials_path() : files.config_path());
  }
  std::string operator()(const ProcessCommand& command) const {
    return "credential_process of profile " + command.profile;
  }
  std::string operator()(const WebIdentity& identity) const {
    return "web identity " + identity.token_file + " -> role " + identity.role_arn;
  }
  std::string operator()(const SsoLogin& login) const {
    return "SSO " + (login.session.empty() ? login.start_url : "session " + login.session) + ", role " +
           login.role_name + " of " + login.account_id + (login.profile.empty() ? "" : ", of profile " + login.profile);
  }
  std::string operator()(const AwsLogin& login) const { return "login_session of profile " + login.profile; }
  std::string operator()(const NamedSource& source) const { return "credential_source " + source.name; }
};

}  // namespace

Result<SsoLogin> plan_sso(const AwsFiles& files, std::string_view profile, const SsoLogin& given, bool needs_role) {
  const auto found = files.profile(profile);
  const AwsSection own = found.value_or(AwsSection());
  const auto either = [](const std::string& first, const AwsSection& section, std::string_view key) {
    return first.empty() ? value_of(section, key) : first;
  };
  const bool is_sign_in_given = !given.session.empty() || !given.start_url.empty();
  SsoLogin login = given;
  login.profile = found ? profile : "";
  login.account_id = either(given.account_id, own, "sso_account_id");
  login.role_name = either(given.role_name, own, "sso_role_name");
  if (!is_sign_in_given) login.session = value_of(own, "sso_session");

  const AwsSection* const session = login.session.empty() ? nullptr : files.sso_session(login.session);
  if (session != nullptr) {
    if (!is_sign_in_given) {
      if (auto error = inconsistency(own, *session)) return *std::move(error);
    }
    login.start_url = either(given.start_url, *session, "sso_start_url");
    login.region = either(given.region, *session, "sso_region");
    login.scopes = comma_list(value_of(*session, "sso_registration_scopes"));
  } else if (!login.session.empty()) {
    if (given.start_url.empty() || given.region.empty()) {
      return broken("The specified sso-session does not exist: \"" + login.session + "\". Add a section [sso-session " +
                    login.session + "] with sso_start_url and sso_region to " + files.config_path() +
                    ", or SSOStartURL and SSORegion to the DSN.");
    }
  } else {
    login.start_url = either(given.start_url, own, "sso_start_url");
    login.region = either(given.region, own, "sso_region");
  }
  login.region = lower(login.region);
  if (auto error = missing_part(login, needs_role)) return *std::move(error);
  return login;
}

PlanAnswer plan_profile(const AwsFiles& files, std::string_view profile, const WebIdentity& environment) {
  return Planner(files, environment).plan(std::string(profile));
}

std::string described(const ProfilePlan& plan, const AwsFiles& files) {
  std::string result = std::visit(Describe{files}, plan.base);
  for (const RoleStep& role : plan.roles) result += " -> role " + role.role_arn + " of profile " + role.profile;
  return result;
}

}  // namespace iamodbc
