// SPDX-License-Identifier: Apache-2.0
#include "core/aws/sigv4.h"

#include <algorithm>

#include "core/encoding.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view hash_of_empty_body = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace

std::string SigningScope::text() const {
  return day + '/' + region + '/' + service + "/aws4_request";
}

QueryPairs presigned_query(QueryPairs action, const std::string& access_key_id, const Secret& session_token,
                           std::string_view amz_date, const SigningScope& scope, std::chrono::seconds expires) {
  QueryPairs query = std::move(action);
  query.reserve(query.size() + 6);
  query.emplace_back("X-Amz-Algorithm", algorithm);
  query.emplace_back("X-Amz-Credential", percent_encoded(access_key_id + '/' + scope.text()));
  query.emplace_back("X-Amz-Date", amz_date);
  query.emplace_back("X-Amz-Expires", std::to_string(expires.count()));
  query.emplace_back("X-Amz-SignedHeaders", "host");
  if (!session_token.empty()) {
    query.emplace_back("X-Amz-Security-Token", percent_encoded(session_token.reveal()));
  }
  return query;
}

std::string host_header(std::string_view host, int port) {
  return port == 443 ? lower(host) : lower(host) + ':' + std::to_string(port);
}

std::string canonical_request(const QueryPairs& query, std::string_view host_header) {
  std::vector<const QueryPairs::value_type*> sorted;
  sorted.reserve(query.size());
  std::size_t size =
      128 + host_header.size();  // all that is not the query, so that the text is never moved while it grows
  for (const auto& pair : query) {
    sorted.push_back(&pair);
    size += pair.first.size() + pair.second.size() + 2;
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return *a < *b; });

  std::string request;
  request.reserve(size);
  request += "GET\n/\n";
  for (const auto* pair : sorted) {
    if (pair != sorted.front()) request += '&';
    request.append(pair->first).append(1, '=').append(pair->second);
  }
  request.append("\nhost:").append(host_header).append("\n\nhost\n").append(hash_of_empty_body);
  return request;
}

std::string string_to_sign(std::string_view amz_date, const SigningScope& scope, std::string_view canonical_request) {
  std::string text(algorithm);
  text.append(1, '\n').append(amz_date).append(1, '\n').append(scope.text()).append(1, '\n');
  return text + hex(view(sha256(canonical_request)));
}

Sha256 signing_key(const Secret& secret_access_key, const SigningScope& scope) {
  Secret start("AWS4");
  start.append(secret_access_key.reveal());
  Sha256 key = hmac_sha256(start.reveal(), scope.day);
  for (const std::string_view step :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = hmac_sha256(view(key), step);
  }
  return key;
}

std::string signature(const Sha256& key, std::string_view string_to_sign) {
  return hex(view(hmac_sha256(view(key), string_to_sign)));
}

void wipe(QueryPairs& query) noexcept {
  for (auto& pair : query) wipe(pair.second);
  query.clear();
}

}  // namespace iamodbc
