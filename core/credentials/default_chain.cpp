// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/default_chain.h"

#include "core/credentials/cache.h"
#include "core/credentials/caller.h"
#include "core/credentials/container.h"
#include "core/credentials/environment.h"
#include "core/credentials/instance.h"
#include "core/credentials/keyring.h"
#include "core/credentials/keys.h"
#include "core/credentials/process.h"
#include "core/credentials/profile.h"
#include "core/credentials/role.h"
#include "core/credentials/sso.h"
#include "core/credentials/web_identity.h"

namespace iamodbc {
namespace {

using Providers = std::vector<std::unique_ptr<Provider>>;

// THE order, in two steps. First: what the DSN names by `Credentials`, or by what else it gives, stands alone.
CredentialSource chosen_source(const CredentialSettings& settings) {
  if (settings.source) return *settings.source;
  if (!settings.access_key_id.empty() || !settings.secret_access_key.empty() || !settings.session_token.empty())
    return CredentialSource::keys;
  if (!settings.credential_process.empty()) return CredentialSource::process;
  if (!settings.key_prompt.empty()) return CredentialSource::keyring;
  if (!settings.web_identity_token_file.empty()) return CredentialSource::web_identity;
  if (names_sso(settings)) return CredentialSource::sso;
  if (!settings.profile.empty()) return CredentialSource::profile;
  return CredentialSource::default_chain;
}

// Second: when nothing is named, all that is usual on this computer, cheapest first. Whoever adds a source adds a line.
Providers default_chain() {
  Providers chain;
  // Fast local sources.
  chain.push_back(environment_provider());

  // A network call only if the configuration asks for one: the profile's plan says which (profile_plan.h; the variables
  // of a web identity are a part of it), static keys and credential_process need none.
  chain.push_back(profile_provider());

  // Always a network call, unless switched off. A container that is configured answers or fails: then the instance is
  // not asked.
  chain.push_back(container_provider());
  chain.push_back(instance_provider());

  return chain;
}

Providers providers_for(CredentialSource source) {
  Providers alone;
  switch (source) {
    case CredentialSource::default_chain:
      return default_chain();
    case CredentialSource::keys:
      alone.push_back(keys_provider());
      break;
    case CredentialSource::profile:
      alone.push_back(profile_provider());
      break;
    case CredentialSource::environment:
      alone.push_back(environment_provider());
      break;
    case CredentialSource::web_identity:
      alone.push_back(web_identity_provider());
      break;
    case CredentialSource::process:
      alone.push_back(process_provider());
      break;
    case CredentialSource::sso:
      alone.push_back(sso_provider());
      break;
    case CredentialSource::container:
      alone.push_back(container_provider());
      break;
    case CredentialSource::instance:
      alone.push_back(instance_provider());
      break;
    case CredentialSource::keyring:
      alone.push_back(key_prompt_provider());
      alone.push_back(keyring_provider());
      break;
  }
  return alone;
}

std::string listed(const std::vector<Attempt>& attempts) {
  std::string text;
  for (const Attempt& attempt : attempts)
    text += (text.empty() ? "" : "; ") + attempt.provider + ": " + attempt.outcome;
  return text;
}

Error nothing_found(const std::vector<Attempt>& attempts) {
  return Error{State::invalid_authorization,
               "Unable to locate credentials. Asked, in this order: " + listed(attempts) +
                   ". Give the DSN a Profile, run `aws configure` or `aws configure sso`, or set AWS_ACCESS_KEY_ID and "
                   "AWS_SECRET_ACCESS_KEY.",
               0};
}

std::optional<Error> ended(const Credentials& credentials, Time now) {
  if (!credentials.expiration || *credentials.expiration > now) return std::nullopt;
  return Error{State::invalid_authorization,
               "The credentials from " + credentials.source + " are expired: they ended at " +
                   extended_time(*credentials.expiration) + "; it is " + extended_time(now) +
                   ". Get new ones where these came from.",
               0};
}

// What was chosen stands alone and is not there: nothing stands in for it.
Error not_there(const std::vector<Attempt>& attempts) {
  if (attempts.empty()) {
    return Error{State::invalid_authorization,
                 "What Credentials names is not known to this version. Choose another value, or remove it.", 0};
  }
  return Error{State::invalid_authorization,
               "Unable to locate credentials: the DSN or connection string chooses " + attempts.back().provider +
                   ", and nothing else is asked in its place: " + attempts.back().outcome + ".",
               0};
}

// An error is the last attempt: whoever shows the walk shows where it ended.
Error stopped(std::vector<Attempt>& attempts, std::string provider, Error error) {
  std::string outcome = error.message;
  for (const char* const end : {": ", " "}) {  // some begin with the name that stands before them
    if (outcome.starts_with(provider + end)) outcome.erase(0, provider.size() + std::string_view(end).size());
  }
  attempts.push_back({std::move(provider), std::move(outcome)});
  return error;
}

// What was kept may end between the look at it and now; what is asked for then is new. What is new and has ended is an error.
Answer ask_one(const Provider& provider, const Context& context) {
  for (bool is_second = false;; is_second = true) {
    Answer answer = provider.provide(context);
    const auto* const found = std::get_if<SharedCredentials>(&answer);
    if (found == nullptr) return answer;
    auto error = ended(**found, aws_now(context.system));
    if (!error) return answer;
    if (is_second) return *std::move(error);
  }
}

Result<SharedCredentials> ask_in_order(const Context& context, std::vector<Attempt>& attempts) {
  const CredentialSource source = chosen_source(context.settings);
  const Providers chain = providers_for(source);
  if (source == CredentialSource::default_chain) {
    // A typing error in AWS_PROFILE is told even where keys of the environment would do, as the AWS CLI does.
    if (auto error = missing_profile(context)) return stopped(attempts, "profile", *std::move(error));
  }
  for (const auto& provider : chain) {
    Answer answer = ask_one(*provider, context);
    if (auto* const passed = std::get_if<NotConfigured>(&answer)) {
      context.log.debug("credentials: " + provider->name() + ": " + passed->reason);
      attempts.push_back({provider->name(), passed->reason});
      continue;
    }
    if (auto* const error = std::get_if<Error>(&answer)) return stopped(attempts, provider->name(), std::move(*error));
    attempts.push_back({provider->name(), "used"});
    return std::get<SharedCredentials>(std::move(answer));
  }
  return source == CredentialSource::default_chain ? nothing_found(attempts) : not_there(attempts);
}

// Attributes that say something about RoleArn, without it.
std::optional<Error> without_role(const CredentialSettings& settings) {
  const bool is_web_identity = chosen_source(settings) == CredentialSource::web_identity;
  const bool has_role = !settings.role_arn.empty() && !is_web_identity;
  const bool may_have_session = has_role || is_web_identity;
  std::string name;
  if (!settings.external_id.empty() && !has_role) name = "ExternalId";
  if (!settings.mfa_serial.empty() && !has_role) name = "MFASerial";
  if (!settings.role_session_name.empty() && !may_have_session) name = "RoleSessionName";
  if (settings.role_duration && !may_have_session) name = "RoleDuration";
  if (name.empty()) return std::nullopt;
  return Error{State::invalid_attribute_value,
               name + (is_web_identity ? " is for a role that is assumed with keys; a web identity has none. Remove it."
                                       : " belongs to RoleArn, which is not given. Add RoleArn, or remove " + name +
                                             "; what a profile's role needs stands in the profile."),
               0};
}

// RoleArn of the DSN, with what was found. A web identity has taken it already.
Result<SharedCredentials> with_role(SharedCredentials found, const Context& context, const std::string& profile,
                                    std::vector<Attempt>& attempts) {
  if (context.settings.role_arn.empty() || chosen_source(context.settings) == CredentialSource::web_identity)
    return found;
  const auto role = full_role_arn(*found, context, profile);
  Answer answer = role ? assume_role_of_dsn(found, role.value(), context, profile) : Answer(role.error());
  if (auto* const error = std::get_if<Error>(&answer)) return stopped(attempts, "RoleArn", std::move(*error));
  attempts.push_back({"RoleArn", "used"});
  return std::get<SharedCredentials>(std::move(answer));
}

Result<SharedCredentials> find(const Context& context, std::vector<Attempt>& attempts) {
  const CredentialSettings& settings = context.settings;
  if (auto error = without_role(settings)) return stopped(attempts, "RoleArn", *std::move(error));
  if (auto error = wrong_account_id(settings.expected_account_id))
    return stopped(attempts, "ExpectedAccountID", *std::move(error));
  if (auto error = open_files_error(settings, context.log))
    return stopped(attempts, "StrictPermissions", *std::move(error));
  if (auto error = changeable_files_error(context.files, settings, context.log))
    return stopped(attempts, "StrictPermissions", *std::move(error));
  auto found = ask_in_order(context, attempts);
  if (!found) return found;
  const std::string profile = chosen_profile(context.system, settings.profile).name;
  found = with_role(std::move(found).value(), context, profile, attempts);
  if (!found) return found;
  const Credentials& credentials = *found.value();
  if (auto error = unexpected_account(credentials, context, profile))
    return stopped(attempts, "ExpectedAccountID", *std::move(error));
  if (!settings.expected_account_id.empty()) attempts.push_back({"ExpectedAccountID", "agrees"});
  context.log.info("credentials: " + credentials.source + ", key " + masked_key_id(credentials.access_key_id));
  return found;
}

}  // namespace

Result<FoundCredentials> find_credentials(const Context& context, std::vector<Attempt>* attempts) {
  std::vector<Attempt> made;
  auto found = find(context, made);
  // Keys that were kept may be those of a session that was revoked. A person who was asked is not asked again.
  if (!found && !passed(context.deadline, "asking AWS") &&
      CredentialCache::of_process().doubt_if_old(found.error().refused_key, context.system) &&
      context.settings.key_prompt.empty()) {
    context.log.warning("AWS refused keys that were kept: one try with new ones (" + found.error().message + ")");
    made.clear();
    found = find(context, made);
    if (!found) {
      Error error = found.error();
      error.refused_key.clear();  // that try was the one for whoever asked us as well
      found = std::move(error);
    }
  }
  if (attempts != nullptr) *attempts = made;
  if (!found) return found.error();
  return FoundCredentials{std::move(found).value(), std::move(made)};
}

}  // namespace iamodbc
