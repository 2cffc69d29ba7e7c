// rds_token: the password that Amazon RDS and Aurora accept for IAM login.
// Shape: "host:port/?Action=connect&DBUser=...&X-Amz-...&X-Amz-Signature=hex", without a scheme, of any length: the
// session token is part of it. ASCII if the host is. The order of the parameters is botocore's. Host in lower case;
// `:443` is in the text but not in the signed host header. The `/` before `?` is needed: clusters with an internet
// access gateway refuse a token without it.
// Valid for 15 minutes from `now`, and never longer than the credentials that signed it.
// Errors: none of ours (sha256.h throws when OpenSSL fails). Thread rule: pure functions.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "core/credentials/credentials.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

struct Endpoint {
  std::string host;  // as signed: a name, or an address (IPv6 in brackets); no port in it
  int port = 0;
  std::string region;  // signed in lower case
};

inline constexpr std::chrono::seconds rds_token_lifetime{900};

Secret rds_token(const Credentials& credentials, const Endpoint& endpoint, const std::string& user, Time now);

// When a token ends that is signed `now`: after `lifetime`, or with the credentials, whichever is earlier.
Time token_end(const Credentials& credentials, Time now, std::chrono::seconds lifetime);

}  // namespace iamodbc
