// SPDX-License-Identifier: Apache-2.0
#include "core/walk.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "core/credentials/cache.h"
#include "core/login/dsql_token.h"
#include "core/login/fetched_login.h"
#include "core/login/names.h"
#include "core/text.h"

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

namespace {

constexpr std::string_view signed_advice = "The token was signed for ";
constexpr std::string_view fetched_advice = "The password was fetched from ";

// The secret or the cluster says which engine it is of; what the DSN says of it counts more.
std::optional<Error> unfit_base_driver(const Given& given, const Settings& settings, const BaseDriverProfile& profile) {
  if (settings.auth_type == AuthType::redshift && profile.kind != BaseKind::psqlodbc) {
    return cannot_connect(std::string("AuthType=Redshift needs psqlODBC as BaseDriver: ") + profile.title +
                          " does not speak to Redshift.");
  }
  const auto engine = given.find(AttributeId::engine, profile);
  if (!engine || engine->origin != Origin::aws) return std::nullopt;
  const bool is_postgresql = same_name(engine->value, "postgresql");
  if (is_postgresql == (profile.kind == BaseKind::psqlodbc)) return std::nullopt;
  std::string source = engine->where;
  if (source.starts_with('t')) source.front() = 'T';
  return cannot_connect(source + " is for a database of the engine " + std::string(engine->value) + ", and " +
                        profile.title +
                        " does not speak to that. Remove BaseDriver from the DSN, or give another SecretID; Engine in "
                        "the DSN counts more than the secret's.");
}

std::string fetched_refusal_advice(const Login& login) {
  std::string advice = std::string(fetched_advice) + login.source + " (region " + login.signed_endpoint.region + ", " +
                       login.region_why + "), by " + login.identity + ", at " + extended_time(login.signed_at) + ". ";
  if (login.kind == AuthType::redshift) {
    advice += "Check: the database has the user " + login.user +
              " (AutoCreate=yes makes it), and it may connect to this database.";
  } else {
    advice += "Check: the secret is the one of this database, and its rotation is done; the database has the user " +
              login.user + " with that password.";
  }
  return advice + " `iamodbc check` shows each step.";
}

// On failure too, who was asked.
std::optional<Error> look_for_credentials(PreparedLogin& prepared, const Context& context) {
  auto found = find_credentials(context, &prepared.attempts);
  if (!found) return found.error();
  prepared.attempts = std::move(found.value().attempts);
  prepared.credentials = std::move(found.value().credentials);
  return passed(context.deadline, "AWS credentials were looked for");
}

// What AWS gives to log in with, by credentials that are looked for first.
std::optional<Error> fetch_with_credentials(PreparedLogin& prepared, Given& given, const FetchSettings& settings,
                                            const System& system, const Log& log, Deadline deadline) {
  const AwsFiles files = AwsFiles::read(system);
  for (const std::string& problem : files.problems()) log.warning(problem);
  auto region = fetch_region(settings, system, files, log, deadline);
  if (!region) return region.error();
  prepared.fetch_region = std::move(region).value();
  if (!prepared.fetch_region->warning.empty()) log.warning(prepared.fetch_region->warning);

  const Context context{system, files, settings.credentials, log, deadline, prepared.fetch_region->region};
  if (auto error = look_for_credentials(prepared, context)) return error;
  const std::string aws_profile = chosen_profile(system, settings.credentials.profile).name;
  auto fetched = fetch_login(LoginCache::of_process(), settings, aws_client(context, aws_profile),
                             *prepared.fetch_region, prepared.credentials);
  if (!fetched) return fetched.error();
  prepared.login = std::move(fetched.value().login);
  given.learn(std::move(fetched.value().told));
  return std::nullopt;
}

// Once more where keys that were kept may be those of a session that was revoked: `walk` looks for credentials and asks AWS with them. A person who was
// asked for keys is not asked again by the same connect.
template <class Walk>
std::optional<Error> with_newer_keys(const Walk& walk, const CredentialSettings& settings, const System& system,
                                     const Log& log, Deadline deadline) {
  auto error = walk();
  if (!error || passed(deadline, "asking AWS")) return error;
  if (!CredentialCache::of_process().doubt_if_old(error->refused_key, system)) return error;
  if (!settings.key_prompt.empty()) return error;
  log.warning("AWS refused keys that were kept: one try with new ones (" + error->message + ")");
  return walk();
}

}  // namespace

std::optional<Error> fetch_login(PreparedLogin& prepared, Given& given, const System& system, const Log& log,
                                 Deadline deadline, bool may_prompt) {
  auto read = read_fetch_settings(given, may_prompt);
  if (!read) return read.error();
  const FetchSettings& settings = read.value();
  if (!fetches_login(settings.auth_type)) return std::nullopt;
  return with_newer_keys([&] { return fetch_with_credentials(prepared, given, settings, system, log, deadline); },
                         settings.credentials, system, log, deadline);
}

std::optional<Error> prepare_login(PreparedLogin& prepared, const Given& given, const Settings& settings,
                                   const BaseDriverProfile& profile, const System& system, const Log& log,
                                   const std::string& data_directory, Deadline deadline) {
  if (settings.asks_for_tls) {
    auto tls = plan_tls(settings, given, profile, system, data_directory);
    if (!tls) return tls.error();
    prepared.tls = std::move(tls).value();
  }
  if (!brings_login(settings.auth_type)) return open_files_error(settings.credentials, log);

  if (settings.ignored_password) {
    log.info(std::string("a password was given and is not used: AuthType=") + text(settings.auth_type) +
             (signs_token(settings.auth_type) ? " signs a token" : " fetches a login"));
  }
  if (fetches_login(settings.auth_type)) {
    if (auto error = missing_root(*prepared.tls, prepared.tls->checked_host)) return error;
    return unfit_base_driver(given, settings, profile);
  }
  const AwsFiles files = AwsFiles::read(system);
  for (const std::string& problem : files.problems()) log.warning(problem);
  auto endpoint = signed_endpoint(settings, system, files, log, deadline);
  if (!endpoint) return endpoint.error();
  prepared.endpoint = std::move(endpoint).value();
  if (!prepared.endpoint->region.warning.empty()) log.warning(prepared.endpoint->region.warning);
  if (auto error = missing_root(*prepared.tls, prepared.endpoint->endpoint.host)) return error;

  const Context context{system, files, settings.credentials, log, deadline, prepared.endpoint->asked_region};
  const std::string aws_profile = chosen_profile(system, settings.credentials.profile).name;
  const auto look_and_settle = [&]() -> std::optional<Error> {
    if (auto error = look_for_credentials(prepared, context)) return error;
    return settle_region(*prepared.endpoint, aws_client(context, aws_profile), *prepared.credentials);
  };
  if (auto error = with_newer_keys(look_and_settle, settings.credentials, system, log, deadline)) return error;
  if (prepared.endpoint->writer_is_to_be_asked && !prepared.endpoint->region.warning.empty())
    log.warning(prepared.endpoint->region.warning);
  if (settings.credentials.login_cache == CacheReach::off) {
    const Time now = std::chrono::floor<std::chrono::seconds>(aws_now(system));
    prepared.login = token_login(settings, *prepared.endpoint, *prepared.credentials, now);
    return std::nullopt;
  }
  auto login =
      token_login(LoginCache::of_process(), settings, *prepared.endpoint, *prepared.credentials, system, deadline);
  if (!login) return login.error();
  prepared.login = std::move(login).value();
  return std::nullopt;
}

namespace {

std::string with_user(std::string text, const std::string& user) {
  if (const auto at = text.find("<user>"); at != std::string::npos)
    text.replace(at, std::string_view("<user>").size(), user);
  return text;
}

std::string clock_to_check() {
  const auto offset = clock_offset().count();
  if (offset == 0) return "that clock";
  return "this computer's clock, which is " + std::to_string(offset < 0 ? -offset : offset) + " s " +
         (offset < 0 ? "ahead of" : "behind") + " AWS's (that moment is AWS's)";
}

// What lets a user in.
std::string rights_to_check(const Settings& settings, const BaseDriverProfile& profile) {
  if (settings.auth_type != AuthType::dsql) {
    return with_user(profile.grant_advice, settings.user) +
           "; IAM policy allows rds-db:connect; IAM authentication is on; that host and port are the RDS endpoint's "
           "(else set TokenHost, TokenPort)";
  }
  const std::string action = dsql_action(settings.user);
  return (action == "DbConnectAdmin" ? "" : "AWS IAM GRANT " + settings.user + " TO '<ARN of the role>' was run; ") +
         "IAM policy allows dsql:" + action + "; that host is the cluster's endpoint (else set TokenHost)";
}

}  // namespace

std::string refusal_advice(const Settings& settings, const Login& login, const BaseDriverProfile& profile, Time now,
                           const std::string& endpoint_behind) {
  if (fetches_login(login.kind)) return fetched_refusal_advice(login);
  // unixODBC cuts a message of a failed connect at 511 bytes, so every word counts, and what is special to this login comes first.
  const Endpoint& endpoint = login.signed_endpoint;
  const std::string port = settings.auth_type == AuthType::dsql ? "" : ":" + std::to_string(endpoint.port);
  const std::string alias = endpoint_behind.empty()
                                ? ""
                                : ", which DNS says is an alias: write " + line_for_endpoint(endpoint_behind, profile) +
                                      " (or ResolveCNAME=yes) into the DSN. It was";
  const std::string warning = login.region_warning.empty() ? "" : ". " + login.region_warning;
  return std::string(signed_advice) + endpoint.host + port + alias + (alias.empty() ? ", " : " for ") + "region " +
         endpoint.region + " (" + login.region_why + "), by " + login.identity + ", at " + extended_time(now) +
         warning + ". Check: " + clock_to_check() + "; " + rights_to_check(settings, profile) +
         ". `iamodbc check` shows each step.";
}

bool is_refusal_advice(std::string_view message) {
  constexpr std::string_view ours = "[iamodbc] ";
  if (message.starts_with(ours)) message.remove_prefix(ours.size());
  return message.starts_with(signed_advice) || message.starts_with(fetched_advice);
}

}  // namespace iamodbc
