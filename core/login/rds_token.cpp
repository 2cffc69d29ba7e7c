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

  return presigned_text(lower(endpoint.host) + ':' + std::to_string(endpoint.port),
                        host_header(endpoint.host, endpoint.port),
                        {{"Action", "connect"}, {"DBUser", percent_encoded(user)}}, credentials.access_key_id,
                        credentials.secret_access_key, credentials.session_token, amz_date, scope, rds_token_lifetime);
}

Time token_end(const Credentials& credentials, Time now, std::chrono::seconds lifetime) {
  const Time end = now + lifetime;
  return credentials.expiration ? std::min(end, *credentials.expiration) : end;
}

}  // namespace iamodbc
