// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/provider.h"

#include <algorithm>
#include <utility>

#include "core/private_file.h"
#include "core/text.h"

namespace iamodbc {

namespace {

std::optional<Error> refused(const std::string& path, Holds holds, const CredentialSettings& settings, const Log& log) {
  if (!settings.are_permissions_strict && !log.logs(LogLevel::warning)) return std::nullopt;  // nobody asks
  const auto exposure = exposure_of(path, holds);
  if (!exposure) return std::nullopt;
  std::string what = exposure->what + (holds == Holds::secrets ? ", which holds secrets" : ", which may name programs");
  if (!settings.are_permissions_strict) {
    log.warning(what + ": " + exposure->remedy);
    return std::nullopt;
  }
  what.front() = what.front() == 'o' ? 'O' : 'U';  // others, user
  return Error{State::invalid_authorization,
               what + ", and StrictPermissions=yes. Take their rights away: " + exposure->remedy, 0};
}

}  // namespace

std::optional<Error> open_to_others_error(const std::string& path, const CredentialSettings& settings, const Log& log) {
  return refused(path, Holds::secrets, settings, log);
}

std::optional<Error> open_files_error(const CredentialSettings& settings, const Log& log) {
  for (const std::string& path : settings.files_of_secrets) {
    if (auto error = refused(path, Holds::secrets, settings, log)) return error;
  }
  for (const std::string& path : settings.files_of_dsn) {
    const auto& judged = settings.files_of_secrets;
    if (std::find(judged.begin(), judged.end(), path) != judged.end()) continue;
    if (auto error = refused(path, Holds::settings, settings, log)) return error;
  }
  return std::nullopt;
}

std::optional<Error> changeable_files_error(const AwsFiles& files, const CredentialSettings& settings, const Log& log) {
  for (const std::string& path : {files.config_path(), files.credentials_path()}) {
    if (auto error = refused(path, Holds::settings, settings, log)) return error;
  }
  return std::nullopt;
}

AwsClient aws_client(const Context& context, const std::string& profile) {
  std::string region = context.region;
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (region.empty()) region = context.system.set_variable(variable).value_or("");
  }
  if (region.empty()) {
    if (const auto section = context.files.profile(profile)) {
      if (const auto found = section->find("region"); found != section->end()) region = found->second.value;
    }
  }
  return AwsClient{context.system, context.files, profile, lower(region), context.log, context.deadline};
}

}  // namespace iamodbc
