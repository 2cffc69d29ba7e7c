// SPDX-License-Identifier: Apache-2.0
#include "core/login/login.h"

#include <utility>

#include "core/aws/instance_metadata.h"
#include "core/login/dsql_token.h"
#include "core/login/shared_tokens.h"
#include "core/login/writer_region.h"

namespace iamodbc {

Result<SignedEndpoint> signed_endpoint(const Settings& settings, const System& system, const AwsFiles& files,
                                       const Log& log, Deadline deadline) {
  const std::string profile = chosen_profile(system, settings.credentials.profile).name;
  auto region = choose_region(settings.region, settings.token_host, system, files, profile, [&] {
    return region_of_instance(AwsClient{system, files, profile, "", log, deadline});
  });
  SignedEndpoint signed_one;
  signed_one.writer_is_to_be_asked =
      settings.region.empty() && read_host_name(settings.token_host).kind == HostKind::rds_global;
  if (!region && !signed_one.writer_is_to_be_asked) return region.error();
  if (!region) region = RegionChoice{"", "Amazon RDS is to be asked where the global database writes", ""};
  const bool is_bare_ipv6 = settings.token_host.find(':') != std::string::npos && settings.token_host.front() != '[';
  signed_one.endpoint = Endpoint{is_bare_ipv6 ? "[" + settings.token_host + "]" : settings.token_host,
                                 settings.token_port, region.value().region};
  signed_one.region = std::move(region).value();
  signed_one.asked_region = signed_one.endpoint.region;
  if (signed_one.asked_region.empty()) signed_one.asked_region = region_of_partition(settings.token_host);
  return signed_one;
}

std::optional<Error> settle_region(SignedEndpoint& endpoint, const AwsClient& client, const Credentials& credentials) {
  if (!endpoint.writer_is_to_be_asked) return std::nullopt;
  const std::string& host = endpoint.endpoint.host;
  auto writer = writer_region(client, credentials, host);
  if (writer) {
    endpoint.region =
        RegionChoice{std::move(writer).value(), "where the global database writes, as Amazon RDS says", ""};
    endpoint.endpoint.region = endpoint.region.region;
    return std::nullopt;
  }
  const Error& error = writer.error();
  if (error.sqlstate == State::login_timeout) return error;
  const std::string what = "The region in which the global database " + host + " writes was not told: " + error.message;
  if (endpoint.region.region.empty()) {
    return Error{error.sqlstate,
                 what +
                     " Let the identity call rds:DescribeGlobalClusters, or write the writer's region into the DSN, "
                     "for example Region=us-east-1.",
                 0, error.refused_key};
  }
  endpoint.region.warning = what + " Signed is " + endpoint.region.region + " (" + endpoint.region.why + ")";
  return std::nullopt;
}

namespace {

Token signed_token(const Settings& settings, const Endpoint& endpoint, const Credentials& credentials, Time now) {
  if (settings.auth_type == AuthType::dsql) {
    return Token{dsql_token(credentials, endpoint, settings.user, now, settings.token_lifetime), now,
                 token_end(credentials, now, settings.token_lifetime)};
  }
  return Token{rds_token(credentials, endpoint, settings.user, now), now,
               token_end(credentials, now, rds_token_lifetime)};
}

Login login_with(const Settings& settings, Token token, SignedEndpoint endpoint, const Credentials& credentials) {
  Login login;
  login.kind = settings.auth_type;
  login.user = settings.user;
  login.secret = std::move(token.secret);
  login.signed_at = token.signed_at;
  login.end = token.end;
  login.is_from_cache = token.is_from_cache;
  login.identity = masked_key_id(credentials.access_key_id) + " from " + credentials.source;
  login.signed_endpoint = std::move(endpoint.endpoint);
  login.region_why = std::move(endpoint.region.why);
  login.region_warning = std::move(endpoint.region.warning);
  return login;
}

}  // namespace

Login token_login(const Settings& settings, SignedEndpoint endpoint, const Credentials& credentials, Time now) {
  Token token = signed_token(settings, endpoint.endpoint, credentials, now);
  return login_with(settings, std::move(token), std::move(endpoint), credentials);
}

Result<Login> token_login(LoginCache& cache, const Settings& settings, SignedEndpoint endpoint,
                          const Credentials& credentials, const System& system, Deadline deadline) {
  const bool is_dsql = settings.auth_type == AuthType::dsql;
  LoginKey key = login_key(endpoint.endpoint, settings.user, credentials,
                           is_dsql ? settings.token_lifetime : std::chrono::seconds(0));
  const bool may_be_shared = shares_tokens(settings, credentials);
  auto token = cache.get(key, system, deadline, [&](Time now) -> Result<Token> {
    auto shared = may_be_shared ? find_shared_token(key, credentials,
                                                    is_dsql ? settings.token_lifetime : rds_token_lifetime, system)
                                : std::nullopt;
    if (shared) return *std::move(shared);
    return signed_token(settings, endpoint.endpoint, credentials, now);
  });
  if (!token) return token.error();
  Login login = login_with(settings, std::move(token).value(), std::move(endpoint), credentials);
  login.key = std::move(key);
  login.may_be_shared = may_be_shared;
  return login;
}

}  // namespace iamodbc
