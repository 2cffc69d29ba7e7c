// SPDX-License-Identifier: Apache-2.0
#include "core/login/login.h"

#include <utility>

#include "core/aws/instance_metadata.h"
#include "core/login/dsql_token.h"

namespace iamodbc {

Result<SignedEndpoint> signed_endpoint(const Settings& settings, const System& system, const AwsFiles& files,
                                       const Log& log, Deadline deadline) {
  const std::string profile = chosen_profile(system, settings.credentials.profile).name;
  auto region = choose_region(settings.region, settings.token_host, system, files, profile, [&] {
    return region_of_instance(AwsClient{system, files, profile, "", log, deadline});
  });
  SignedEndpoint signed_one;
  if (!region) return region.error();
  const bool is_bare_ipv6 = settings.token_host.find(':') != std::string::npos && settings.token_host.front() != '[';
  signed_one.endpoint = Endpoint{is_bare_ipv6 ? "[" + settings.token_host + "]" : settings.token_host,
                                 settings.token_port, region.value().region};
  signed_one.region = std::move(region).value();
  return signed_one;
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
  auto token = cache.get(key, system, deadline,
                         [&](Time now) { return signed_token(settings, endpoint.endpoint, credentials, now); });
  if (!token) return token.error();
  Login login = login_with(settings, std::move(token).value(), std::move(endpoint), credentials);
  login.key = std::move(key);
  return login;
}

}  // namespace iamodbc
