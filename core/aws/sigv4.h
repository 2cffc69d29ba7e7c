// sigv4: AWS Signature Version 4 as pure functions; the time is an argument.
// Shape of a presigned query: "a=b&c=d" in the order given, then the X-Amz-Signature pair last. All text ASCII, percent-encoded as encoding.h says.
// Never fails.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/credentials/credentials.h"
#include "core/secret.h"
#include "core/sha256.h"
#include "core/system.h"

namespace iamodbc {

struct SigningScope {
  std::string day;  // YYYYMMDD
  std::string region;
  std::string service;
  [[nodiscard]] std::string text() const;  // day/region/service/aws4_request
};

using QueryPairs = std::vector<std::pair<std::string, std::string>>;  // already percent-encoded names and values

// GET / with only the host header signed and an empty body: the request behind a database token.
std::string canonical_request(const QueryPairs& query, std::string_view host_header);
std::string string_to_sign(std::string_view amz_date, const SigningScope& scope, std::string_view canonical_request);
// The four-step HMAC chain.
Sha256 signing_key(const Secret& secret_access_key, const SigningScope& scope);
std::string signature(const Sha256& key, std::string_view string_to_sign);  // 64 hex digits

}  // namespace iamodbc
