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

Secret presigned_text(std::string_view authority, std::string_view host_header, QueryPairs action,
                      const std::string& access_key_id, const Secret& secret_access_key, const Secret& session_token,
                      std::string_view amz_date, const SigningScope& scope, std::chrono::seconds expires) {
  QueryPairs query = presigned_query(std::move(action), access_key_id, session_token, amz_date, scope, expires);
  std::string request = canonical_request(query, host_header);
  Sha256 key = signing_key(secret_access_key, scope);
  const std::string signed_hash = signature(key, string_to_sign(amz_date, scope, request));

  Secret text(authority);
  text.append("/?");
  for (const auto& [name, value] : query) {
    text.append(name);
    text.append("=");
    text.append(value);
    text.append("&");
  }
  text.append("X-Amz-Signature=");
  text.append(signed_hash);

  wipe(query);
  wipe(request);
  wipe(key);
  return text;
}

namespace {

// Dot segments and empty ones away, each segment encoded once more.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool ends_with_slash = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::string text;
  for (const std::string_view segment : segments) text += '/' + percent_encoded(segment);
  if (text.empty() || ends_with_slash) text += '/';
  return text;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) pairs.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += '&';
    text.append(name).append(1, '=').append(value);
  }
  return text;
}

// Blanks at both ends away, runs of them one blank.
std::string canonical_value(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (const char c : trimmed(value)) {
    const bool is_blank = c == ' ' || c == '\t';
    if (!is_blank) text += c;
    if (is_blank && !text.ends_with(' ')) text += ' ';
  }
  return text;
}

std::string names_of(const std::vector<std::pair<std::string, std::string>>& sorted_headers) {
  std::string names;
  for (const auto& [name, value] : sorted_headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

}  // namespace

std::string canonical_request(const RequestToSign& request,
                              const std::vector<std::pair<std::string, std::string>>& signed_headers) {
  const std::string target = canonical_path(request.path) + '\n' + canonical_query(request.query) + '\n';
  const std::string rest = '\n' + names_of(signed_headers) + '\n' + hex(view(sha256(request.body)));
  std::size_t size = request.method.size() + 1 + target.size() + rest.size();
  for (const auto& [name, value] : signed_headers) size += name.size() + value.size() + 2;
  std::string text;
  text.reserve(size);  // so that no outgrown copy of a session token stays behind
  text.append(request.method).append(1, '\n').append(target);
  for (const auto& [name, value] : signed_headers) text.append(name).append(1, ':').append(value).append(1, '\n');
  text.append(rest);
  return text;
}

std::vector<std::pair<std::string, std::string>> signature_headers(const RequestToSign& request,
                                                                   const SigningKeys& keys, std::string_view amz_date,
                                                                   const SigningScope& scope) {
  std::vector<std::pair<std::string, std::string>> added{{"X-Amz-Date", std::string(amz_date)}};
  if (!keys.session_token.empty()) added.emplace_back("X-Amz-Security-Token", keys.session_token.reveal());

  std::vector<std::pair<std::string, std::string>> all{{"host", std::string(request.host)}};
  for (const auto* headers : {&request.headers, static_cast<const decltype(added)*>(&added)}) {
    for (const auto& [name, value] : *headers) all.emplace_back(lower(name), canonical_value(value));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

  std::string canonical = canonical_request(request, all);
  Sha256 key = signing_key(keys.secret_access_key, scope);
  added.emplace_back("Authorization", std::string(algorithm) + " Credential=" + keys.access_key_id + '/' +
                                          scope.text() + ", SignedHeaders=" + names_of(all) +
                                          ", Signature=" + signature(key, string_to_sign(amz_date, scope, canonical)));
  wipe(key);
  wipe(canonical);
  wipe(all);
  return added;
}

void wipe(QueryPairs& query) noexcept {
  for (auto& pair : query) wipe(pair.second);
  query.clear();
}

}  // namespace iamodbc
