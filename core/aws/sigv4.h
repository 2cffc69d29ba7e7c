// sigv4: AWS Signature Version 4 as pure functions, one a stage; the time is an argument.
// The request signed here is the one behind a database token: GET / of one host, an empty body, nothing signed but the
// host header. All text is ASCII, percent-encoded as encoding.h says. A query and a canonical request hold the session
// token: wipe them after use.
// Errors: none of ours (sha256.h throws when OpenSSL fails).
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/secret.h"
#include "core/sha256.h"

namespace iamodbc {

struct SigningScope {
  std::string day;  // YYYYMMDD
  std::string region;
  std::string service;
  [[nodiscard]] std::string text() const;  // day/region/service/aws4_request
};

using QueryPairs = std::vector<std::pair<std::string, std::string>>;  // already percent-encoded names and values

// `action`, then X-Amz-Algorithm, -Credential, -Date, -Expires, -SignedHeaders and, unless empty, -Security-Token.
QueryPairs presigned_query(QueryPairs action, const std::string& access_key_id, const Secret& session_token,
                           std::string_view amz_date, const SigningScope& scope, std::chrono::seconds expires);
// "host:port" in lower case; without the port where it is 443, the one that https implies.
std::string host_header(std::string_view host, int port);
// Sorts a view of the query; the order given does not matter.
std::string canonical_request(const QueryPairs& query, std::string_view host_header);
std::string string_to_sign(std::string_view amz_date, const SigningScope& scope, std::string_view canonical_request);
// The four-step HMAC chain. The key signs for a day: wipe it after use.
Sha256 signing_key(const Secret& secret_access_key, const SigningScope& scope);
std::string signature(const Sha256& key, std::string_view string_to_sign);  // 64 hex digits

void wipe(QueryPairs& query) noexcept;

// All of that at once: "AUTHORITY/?action&X-Amz-...&X-Amz-Signature=hex", the shape of a database token. `authority` as it is written, `host_header` as it is signed.
Secret presigned_text(std::string_view authority, std::string_view host_header, QueryPairs action,
                      const std::string& access_key_id, const Secret& secret_access_key, const Secret& session_token,
                      std::string_view amz_date, const SigningScope& scope, std::chrono::seconds expires);

// ---- a request that is signed in its headers ----

struct SigningKeys {
  const std::string& access_key_id;
  const Secret& secret_access_key;
  const Secret& session_token;
};

struct RequestToSign {
  std::string_view method;
  std::string_view host;  // as it goes into the Host header: lower case, the port only where it is not the scheme's
  std::string_view
      path;  // as it goes out, percent-encoded; encoded once more for the signature, as every service but S3 wants it
  std::string_view query;                                           // as it goes out, without `?`
  const std::vector<std::pair<std::string, std::string>>& headers;  // all of them are signed, besides host
  std::string_view body;
};

// The headers that the signature adds: X-Amz-Date, X-Amz-Security-Token unless it is empty, Authorization.
std::vector<std::pair<std::string, std::string>> signature_headers(const RequestToSign& request,
                                                                   const SigningKeys& keys, std::string_view amz_date,
                                                                   const SigningScope& scope);
std::string canonical_request(const RequestToSign& request,
                              const std::vector<std::pair<std::string, std::string>>& signed_headers);

}  // namespace iamodbc
