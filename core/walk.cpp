// SPDX-License-Identifier: Apache-2.0
#include "core/walk.h"

#include <unistd.h>

#include <array>
#include <utility>

namespace iamodbc {

std::string data_directory(const std::string& own_folder) {
  // From <prefix>/lib/odbc, <prefix>/lib/<multiarch>/odbc, <prefix>/bin or a build tree to the share folder beside it.
  constexpr std::array ways{"/../share/iamodbc", "/../../share/iamodbc", "/../../../share/iamodbc"};
  for (const char* way : ways) {
    std::string folder = own_folder + way;
    if (!own_folder.empty() && access((folder + "/rds-ca.pem").c_str(), R_OK) == 0) return folder;
  }
  return IAMODBC_DATADIR;
}

std::optional<Error> prepare_login(PreparedLogin& prepared, const Given& given, const Settings& settings,
                                   const BaseDriverProfile& profile, const System& system, const Log& log,
                                   const std::string& data_directory, Deadline deadline) {
  if (settings.asks_for_tls) {
    auto tls = plan_tls(settings, given, profile, system, data_directory);
    if (!tls) return tls.error();
    prepared.tls = std::move(tls).value();
  }
  if (!brings_login(settings.auth_type)) return std::nullopt;
  if (settings.auth_type != AuthType::iam) {
    return cannot_connect(std::string("AuthType=") + text(settings.auth_type) + " is not there yet. Use AuthType=IAM.");
  }

  if (settings.ignored_password) {
    log.info(std::string("a password was given and is not used: AuthType=") + text(settings.auth_type) +
             (signs_token(settings.auth_type) ? " signs a token" : " fetches a login"));
  }
  const AwsFiles files = AwsFiles::read(system);
  for (const std::string& problem : files.problems()) log.warning(problem);
  auto endpoint = signed_endpoint(settings, system, files, log, deadline);
  if (!endpoint) return endpoint.error();
  prepared.endpoint = std::move(endpoint).value();
  if (!prepared.endpoint->region.warning.empty()) log.warning(prepared.endpoint->region.warning);
  if (auto error = missing_root(*prepared.tls, prepared.endpoint->endpoint)) return error;

  const Context context{system, files, settings.credentials, log, deadline, prepared.endpoint->endpoint.region};
  auto found = find_credentials(context, &prepared.attempts);
  if (!found) return found.error();
  prepared.attempts = std::move(found.value().attempts);
  prepared.credentials = std::move(found.value().credentials);
  if (auto error = passed(deadline, "AWS credentials were looked for")) return error;
  auto login =
      token_login(LoginCache::of_process(), settings, *prepared.endpoint, *prepared.credentials, system, deadline);
  if (!login) return login.error();
  prepared.login = std::move(login).value();
  return std::nullopt;
}

Result<PreparedLogin> prepare_login(const Given& given, const Settings& settings, const BaseDriverProfile& profile,
                                    const System& system, const Log& log, const std::string& data_directory,
                                    Deadline deadline) {
  PreparedLogin prepared;
  if (auto error = prepare_login(prepared, given, settings, profile, system, log, data_directory, deadline))
    return *error;
  return prepared;
}

std::string refusal_advice(const Settings& settings, const Login& login, const BaseDriverProfile& profile, Time now) {
  // unixODBC cuts a message of a failed connect at 511 bytes, so every word counts, and what is special to this login comes first.
  const Endpoint& endpoint = login.signed_endpoint;
  std::string grant = profile.grant_advice;
  if (const auto at = grant.find("<user>"); at != std::string::npos)
    grant.replace(at, std::string_view("<user>").size(), settings.user);
  std::string clock = "that clock";
  if (const auto offset = clock_offset().count(); offset != 0) {
    clock = "this computer's clock, which is " + std::to_string(offset < 0 ? -offset : offset) + " s " +
            (offset < 0 ? "ahead of" : "behind") + " AWS's (that moment is AWS's)";
  }
  std::string advice = "The token was signed for " + endpoint.host + ":" + std::to_string(endpoint.port) + ", region " +
                       endpoint.region + " (" + login.region_why + "), by " + login.identity + ", at " +
                       extended_time(now) + ". Check: " + clock + "; " + grant +
                       "; IAM policy allows rds-db:connect; IAM authentication is on; that host and port are the RDS "
                       "endpoint's (else set TokenHost, "
                       "TokenPort). `iamodbc check` shows each step.";
  if (!login.region_warning.empty()) advice += " " + login.region_warning;
  return advice;
}

}  // namespace iamodbc
