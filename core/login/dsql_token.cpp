// SPDX-License-Identifier: Apache-2.0
#include "core/login/dsql_token.h"

#include "core/aws/sigv4.h"
#include "core/text.h"

namespace iamodbc {

Secret dsql_token(const Credentials& credentials, const Endpoint& endpoint, const std::string& user, Time now,
                  std::chrono::seconds lifetime) {
  constexpr int port_of_https = 443;  // which no host header names
  const std::string amz_date = basic_time(now);
  const SigningScope scope{amz_date.substr(0, 8), lower(endpoint.region), "dsql"};
  return presigned_text(lower(endpoint.host), host_header(endpoint.host, port_of_https),
                        {{"Action", dsql_action(user)}}, credentials.access_key_id, credentials.secret_access_key,
                        credentials.session_token, amz_date, scope, lifetime);
}

std::string dsql_action(const std::string& user) {
  return user == "admin" ? "DbConnectAdmin" : "DbConnect";
}

}  // namespace iamodbc
