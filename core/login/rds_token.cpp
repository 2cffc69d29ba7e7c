// SPDX-License-Identifier: Apache-2.0
#include "core/login/rds_token.h"

#include <algorithm>

#include "core/aws/sigv4.h"
#include "core/encoding.h"
#include "core/text.h"

namespace iamodbc {

Secret rds_token(const Credentials& credentials, const Endpoint& endpoint, const std::string& user, Time now) {
  const std::string amz_date = basic_time(now);
  const SigningScope scope{amz_date.substr(0, 8), lower(endpoint.region), "rds-db"};

  QueryPairs query =
      presigned_query({{"Action", "connect"}, {"DBUser", percent_encoded(user)}}, credentials.access_key_id,
                      credentials.session_token, amz_date, scope, rds_token_lifetime);
  std::string request = canonical_request(query, host_header(endpoint.host, endpoint.port));
  Sha256 key = signing_key(credentials.secret_access_key, scope);
  const std::string signed_hash = signature(key, string_to_sign(amz_date, scope, request));

  Secret token(lower(endpoint.host) + ':' + std::to_string(endpoint.port) + "/?");
  for (const auto& [name, value] : query) {
    token.append(name);
    token.append("=");
    token.append(value);
    token.append("&");
  }
  token.append("X-Amz-Signature=");
  token.append(signed_hash);

  wipe(query);
  wipe(request);
  wipe(key);
  return token;
}

Time rds_token_end(const Credentials& credentials, Time now) {
  const Time end = now + rds_token_lifetime;
  return credentials.expiration ? std::min(end, *credentials.expiration) : end;
}

}  // namespace iamodbc
