// SPDX-License-Identifier: Apache-2.0
#include "core/login/fetched_login.h"

#include <array>
#include <cmath>
#include <utility>

#include "core/aws/instance_metadata.h"
#include "core/json.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr const char* redshift_port = "5439";

// Engines as Secrets Manager writes them, each with the value of our Engine.
struct EngineName {
  std::string_view name;
  const char* engine;
};
constexpr std::array engine_names{EngineName{"postgres", "postgresql"},
                                  EngineName{"postgresql", "postgresql"},
                                  EngineName{"aurora-postgresql", "postgresql"},
                                  EngineName{"redshift", "postgresql"},
                                  EngineName{"mysql", "mysql"},
                                  EngineName{"aurora", "mysql"},
                                  EngineName{"aurora-mysql", "mysql"},
                                  EngineName{"mariadb", "mariadb"}};

Error unfit(const std::string& source, const std::string& what) {
  return cannot_connect("The " + source + " " + what);
}

// A number or a text, as secrets have their port; empty: there is none.
std::string number_or_text(const Json& json, std::string_view key) {
  if (!json.has(key)) return {};
  if (auto text = json.text(key)) return std::string(trimmed(*text));
  const auto number = json.number(key);
  constexpr double most = 1e9;
  if (!number || !(std::fabs(*number) < most) || std::floor(*number) != *number) return json.written(key);
  return std::to_string(static_cast<long long>(*number));
}

std::string plain_text(const Json& json, std::string_view key) {
  return std::string(trimmed(json.text(key).value_or("")));
}

std::optional<Error> add_engine(std::vector<Told>& told, const std::string& engine, const std::string& source) {
  if (engine.empty()) return std::nullopt;
  for (const EngineName& one : engine_names) {
    if (!same_name(one.name, engine)) continue;
    told.push_back(Told{"Engine", one.engine, "the " + source});
    return std::nullopt;
  }
  return unfit(source, "is for a database of the engine " + on_one_line(engine, 40) +
                           ", which iamodbc does not reach: it reaches PostgreSQL, MySQL, MariaDB and Redshift.");
}

std::string missing_key(const std::string& key, const char* attribute, const char* what) {
  return "has no text under the key " + key + ", where the " + what + " is looked for. " + attribute +
         " names another key.";
}

LoginKey key_of(const FetchSettings& settings, const std::string& source, const RegionChoice& region,
                const Credentials& credentials) {
  LoginKey key = login_key(Endpoint{settings.server, 0, region.region}, settings.user, credentials);
  // With lengths, so that no two lists read the same.
  const auto add = [&](const std::string& part) { key.what += std::to_string(part.size()) + ':' + part; };
  add(text(settings.auth_type));
  add(source);
  if (settings.auth_type == AuthType::secrets_manager) {
    // One secret serves many users and databases.
    key.host.clear();
    key.user.clear();
    add(std::to_string(settings.secret_lifetime.count()));
    return key;
  }
  add(settings.database);
  add(settings.creates_user ? "creates" : "");
  add(settings.is_federated ? "federated" : "");
  add(std::to_string(settings.duration.value_or(0)));
  for (const std::string& group : settings.groups) add(group);
  return key;
}

}  // namespace

Result<RegionChoice> fetch_region(const FetchSettings& settings, const System& system, const AwsFiles& files,
                                  const Log& log, Deadline deadline) {
  const std::string profile = chosen_profile(system, settings.credentials.profile).name;
  std::string given = settings.region;
  std::string why;
  std::string host = settings.token_host;
  if (settings.auth_type == AuthType::secrets_manager) {
    const std::string of_arn = lower(region_of_arn(settings.secret_id));
    if (!of_arn.empty() && !settings.secret_region.empty() && of_arn != settings.secret_region) {
      return Error{State::invalid_attribute_value,
                   "SecretRegion=" + settings.secret_region + ", and SecretID is the ARN of a secret in " + of_arn +
                       ". Remove SecretRegion, or give the ARN of the replica there.",
                   0};
    }
    if (!of_arn.empty()) why = "the ARN in SecretID";
    if (of_arn.empty() && !settings.secret_region.empty()) why = "SecretRegion=";
    if (!why.empty()) {
      given = of_arn.empty() ? settings.secret_region : of_arn;
      host.clear();  // a secret may be elsewhere than its database
    }
  }
  auto region = choose_region(given, host, system, files, profile, [&] {
    return region_of_instance(AwsClient{system, files, profile, "", log, deadline});
  });
  if (region && !why.empty()) region.value().why = why;
  return region;
}

Result<std::string> fetch_source(const FetchSettings& settings) {
  if (settings.auth_type == AuthType::secrets_manager) return "secret " + settings.secret_id;
  const auto target = redshift_target(settings);
  if (!target) return target.error();
  return (target.value().is_serverless ? "workgroup " : "cluster ") + target.value().name;
}

Result<FetchedLogin> login_of(const FetchSettings& settings, const Secret& json, const std::string& source) {
  const auto document = Json::parse(json.reveal());
  if (!document) {
    return unfit(source,
                 "is no JSON object. A database's secret is one, as Secrets Manager writes it: "
                 R"({"username": "...", "password": "..."}.)");
  }
  const bool is_secret = settings.auth_type == AuthType::secrets_manager;
  FetchedLogin fetched;
  fetched.login.kind = settings.auth_type;
  fetched.login.source = "the " + source;
  fetched.login.user = document->text(is_secret ? settings.username_key : "username").value_or("");
  if (fetched.login.user.empty())
    return unfit(source, missing_key(settings.username_key, "SecretUsernameKey", "database user"));
  auto password = document->secret(is_secret ? settings.password_key : "password");
  if (!password || password->empty())
    return unfit(source, missing_key(settings.password_key, "SecretPasswordKey", "password"));
  fetched.login.secret = *std::move(password);

  const std::string where = "the " + source;
  if (auto error = add_engine(fetched.told, plain_text(*document, "engine"), source)) return *error;
  const bool is_redshift = same_name(plain_text(*document, "engine"), "redshift");
  std::string port = number_or_text(*document, "port");
  if (port.empty() && is_redshift) port = redshift_port;
  fetched.told.push_back(Told{"UID", fetched.login.user, where});
  for (auto& [name, value] : {std::pair<const char*, std::string>{"Server", plain_text(*document, "host")},
                              {"Port", port},
                              {"Database", plain_text(*document, "dbname")}}) {
    if (!value.empty()) fetched.told.push_back(Told{name, value, where});
  }
  // The base driver's connection string would end there, and with it what stands behind: TLS.
  for (const Told& one : fetched.told) {
    if (one.value.find('\0') != std::string::npos)
      return unfit(source, "holds a NUL in what it tells for " + one.name + ", which ends every text. Correct it.");
  }
  return fetched;
}

Result<FetchedLogin> fetch_login(LoginCache& cache, const FetchSettings& settings, const AwsClient& client,
                                 const RegionChoice& region, const SharedCredentials& credentials) {
  const auto source = fetch_source(settings);
  if (!source) return source.error();
  const SigningKeys keys{credentials->access_key_id, credentials->secret_access_key, credentials->session_token};
  LoginKey key = key_of(settings, source.value(), region, *credentials);
  const auto fetch = [&](Time now) -> Result<Token> {
    auto document = settings.auth_type == AuthType::secrets_manager ? fetch_secret(settings, client, keys, now)
                                                                    : fetch_redshift_login(settings, client, keys);
    if (!document) return document.error();
    client.log.info("fetched the " + source.value() + ", region " + region.region);
    return Token{std::move(document.value().json), now, document.value().end, false, document.value().margin};
  };
  const bool is_short_lived = settings.auth_type == AuthType::secrets_manager && settings.secret_lifetime.count() == 0;
  const bool is_kept = settings.credentials.login_cache != CacheReach::off && !is_short_lived;
  auto token = is_kept ? cache.get(key, client.system, client.deadline, fetch)
                       : fetch(std::chrono::floor<std::chrono::seconds>(aws_now(client.system)));
  if (!token) return token.error();
  auto fetched = login_of(settings, token.value().secret, source.value());
  if (!fetched) {
    cache.drop(key, token.value().signed_at);  // whoever corrects the secret is not to wait
    return fetched;
  }
  Login& login = fetched.value().login;
  login.signed_endpoint.region = region.region;
  login.region_why = region.why;
  login.region_warning = region.warning;
  login.identity = masked_key_id(credentials->access_key_id) + " from " + credentials->source;
  login.end = token.value().end;
  login.key = std::move(key);
  login.signed_at = token.value().signed_at;
  login.is_from_cache = token.value().is_from_cache;
  return fetched;
}

}  // namespace iamodbc
