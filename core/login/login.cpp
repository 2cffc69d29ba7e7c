// SPDX-License-Identifier: Apache-2.0
#include "core/login/login.h"

#include <utility>

namespace iamodbc {

Result<SignedEndpoint> signed_endpoint(const Settings& settings, const System& system, const AwsFiles& files) {
  const std::string profile = chosen_profile(system, settings.credentials.profile).name;
  auto region = choose_region(settings.region, settings.token_host, system, files, profile);
  if (!region) return region.error();
  SignedEndpoint signed_one;
  const bool is_bare_ipv6 = settings.token_host.find(':') != std::string::npos && settings.token_host.front() != '[';
  signed_one.endpoint = Endpoint{is_bare_ipv6 ? "[" + settings.token_host + "]" : settings.token_host,
                                 settings.token_port, region.value().region};
  signed_one.region = std::move(region).value();
  return signed_one;
}

Login token_login(const Settings& settings, SignedEndpoint endpoint, const Credentials& credentials, Time now) {
  Login login;
  login.is_token = true;
  login.secret = rds_token(credentials, endpoint.endpoint, settings.user, now);
  login.end = rds_token_end(credentials, now);
  login.identity = masked_key_id(credentials.access_key_id) + " from " + credentials.source;
  login.signed_endpoint = std::move(endpoint.endpoint);
  login.region_why = std::move(endpoint.region.why);
  login.region_warning = std::move(endpoint.region.warning);
  return login;
}

}  // namespace iamodbc
