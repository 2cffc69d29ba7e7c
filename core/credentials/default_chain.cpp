// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/default_chain.h"

#include "core/credentials/environment.h"
#include "core/credentials/keys.h"
#include "core/credentials/process.h"
#include "core/credentials/profile.h"

namespace iamodbc {
namespace {

using Providers = std::vector<std::unique_ptr<Provider>>;

// THE order. What the DSN names stands alone: keys, else a process, else a profile (which beside keys or a process
// still tells the region). Whoever adds a source adds a line here.
Providers providers_for(const CredentialSettings& settings) {
  Providers chain;
  if (!settings.access_key_id.empty() || !settings.secret_access_key.empty() || !settings.session_token.empty()) {
    chain.push_back(keys_provider());
    return chain;
  }
  if (!settings.credential_process.empty()) {
    chain.push_back(process_provider());
    return chain;
  }
  if (!settings.profile.empty()) {
    chain.push_back(profile_provider());
    return chain;
  }

  // Fast local sources.
  chain.push_back(environment_provider());

  // A network call only if the configuration asks for one: the profile's plan says which (profile_plan.h), static keys
  // and credential_process need none.
  chain.push_back(profile_provider());

  // Always a network call, unless switched off: container, then instance metadata. None yet.

  return chain;
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
                   ". Give the DSN a Profile, run `aws configure`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
                   "where the program starts. Roles of containers and instances are not asked by this version; "
                   "CredentialProcess=aws configure export-credentials --format process asks them.",
               0};
}

std::optional<Error> ended(const Credentials& credentials, Time now) {
  if (!credentials.expiration || *credentials.expiration > now) return std::nullopt;
  return Error{State::invalid_authorization,
               "The credentials from " + credentials.source + " are expired: they ended at " +
                   extended_time(*credentials.expiration) + "; it is " + extended_time(now) +
                   " by this computer's clock. Get new ones where these came from.",
               0};
}

Result<FoundCredentials> ask_in_order(const Context& context, std::vector<Attempt>& attempts) {
  const Providers chain = providers_for(context.settings);
  if (chain.size() > 1) {
    // A typing error in AWS_PROFILE is told even where keys of the environment would do, as the AWS CLI does.
    if (auto error = missing_profile(context)) return *std::move(error);
  }
  for (const auto& provider : chain) {
    Answer answer = provider->provide(context);
    if (auto* const passed = std::get_if<NotConfigured>(&answer)) {
      context.log.debug("credentials: " + provider->name() + ": " + passed->reason);
      attempts.push_back({provider->name(), passed->reason});
      continue;
    }
    if (auto* const error = std::get_if<Error>(&answer)) {
      attempts.push_back({provider->name(), error->message});
      return std::move(*error);
    }
    auto& credentials = std::get<SharedCredentials>(answer);
    if (auto error = ended(*credentials, context.system.now())) {
      attempts.push_back({provider->name(), error->message});
      return *std::move(error);
    }
    attempts.push_back({provider->name(), "used"});
    context.log.info("credentials: " + credentials->source + ", key " + masked_key_id(credentials->access_key_id));
    return FoundCredentials{std::move(credentials), attempts};
  }
  return nothing_found(attempts);
}

}  // namespace

Result<FoundCredentials> find_credentials(const Context& context, std::vector<Attempt>* attempts) {
  std::vector<Attempt> made;
  auto found = ask_in_order(context, made);
  if (attempts != nullptr) *attempts = std::move(made);
  return found;
}

}  // namespace iamodbc
