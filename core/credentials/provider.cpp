// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/provider.h"

#include "core/private_file.h"
#include "core/text.h"

namespace iamodbc {

std::optional<Error> open_to_others_error(const std::string& path, const CredentialSettings& settings, const Log& log) {
  const std::string open = open_to_others(path);
  if (open.empty()) return std::nullopt;
  if (!settings.are_permissions_strict) {
    log.warning("others can read or change " + open + ", which holds secrets: chmod 600 " + path);
    return std::nullopt;
  }
  return Error{State::invalid_authorization,
               "Others can read or change " + open +
                   ", which holds secrets, and StrictPermissions=yes. Take their rights away: chmod 600 " + path,
               0};
}

std::optional<Error> open_files_error(const CredentialSettings& settings, const Log& log) {
  for (const std::string& path : settings.files_of_secrets) {
    if (auto error = open_to_others_error(path, settings, log)) return error;
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
