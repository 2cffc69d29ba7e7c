// http: one HTTP exchange through libcurl; http.cpp is the only file that sees it.
// Shape: a request as data, an answer of limited length (1 MB unless told otherwise) as data. Redirects are not followed. What is not asked for in the request is not used: no proxy or netrc from
// the environment, no cookies, no connection kept. http and https only; TLS 1.2 at least, certificate and name checked.
// Errors: an HttpFailure with the reason in words; a status of 400 and more is an answer, not a failure. Messages never hold headers, bodies, or what stands before the
// @ of a URL or a proxy.
// Thread rule: any thread, no lock held. SIGPIPE is held back. A name is looked up in a thread that libcurl starts and ends; one that is still looking when the time is
// over is left to end by itself. Otherwise no thread is started.
// Source: https://curl.se/libcurl/c/
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/deadline.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

inline constexpr std::size_t usual_answer_bytes = std::size_t{1} << 20U;

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;  // may hold secrets

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  Secret body;
  std::string proxy;                                     // a URL; empty: none
  std::string ca_file;                                   // PEM; empty: libcurl's own
  bool (*may_dial)(std::string_view address) = nullptr;  // a numeric address; nullptr: any may be dialled
  std::size_t max_answer_bytes = usual_answer_bytes;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds timeout{30000};  // for all of it; the deadline may come earlier
};

struct HttpAnswer {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  Secret body;

  // The first header of the name (in lower case), or empty.
  [[nodiscard]] std::string header(std::string_view name) const;
};

struct HttpFailure {
  enum class Kind {
    unknown_name,    // the host has no address, or nobody tells it
    cannot_connect,  // nobody was reached, for want of time too
    closed,          // reached, and gone before the answer was whole
    timed_out,       // reached, and too slow
    not_allowed,     // HttpRequest::may_dial said no
    proxy_refused,   // reached the proxy, which lets nobody through to the server
    tls,
    deadline,
    other
  };
  Kind kind = Kind::other;
  std::string reason;  // "Could not connect to the endpoint URL: \"...\": Connection refused"
};

using HttpResult = std::variant<HttpAnswer, HttpFailure>;

HttpResult http_send(const HttpRequest& request, Deadline deadline);

// A URL as messages may show it: without query, user and password.
std::string shown_url(std::string_view url);

// The moment that a Date header names (RFC 9110, section 5.6.7); nothing for what is no date of the years 1970 to 2255.
std::optional<Time> http_date(const std::string& text);

}  // namespace iamodbc
