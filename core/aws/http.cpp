// SPDX-License-Identifier: Apache-2.0
#include "core/aws/http.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <mutex>
#include <new>

#include <curl/curl.h>

#include "core/not_cancelled.h"
#include "core/sigpipe.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_header_bytes = std::size_t{64} << 10U;

// Once, at the first use of the network; libcurl is never cleaned up, because others in the process may use it.
void start_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

struct Reading {
  const HttpRequest& request;
  HttpAnswer answer{};
  std::size_t header_bytes = 0;
  bool is_too_big = false;
  bool was_not_allowed = false;
  bool is_out_of_memory = false;
  // Known when it has failed.
  bool is_connected = false;
  long proxy_status = 0;  // of the answer to CONNECT
};

// libcurl hands over 16 kB at most; no exception may pass through it.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) noexcept {
  auto& reading = *static_cast<Reading*>(context);
  const std::size_t bytes = size * count;
  if (reading.answer.body.size() + bytes > reading.request.max_answer_bytes) {
    reading.is_too_big = true;
    return 0;
  }
  try {
    reading.answer.body.append({data, bytes});
  } catch (...) {
    reading.is_out_of_memory = true;
    return 0;
  }
  return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context) noexcept {
  auto& reading = *static_cast<Reading*>(context);
  const std::size_t bytes = size * count;
  reading.header_bytes += bytes;
  if (reading.header_bytes > max_header_bytes) {
    reading.is_too_big = true;
    return 0;
  }
  try {
    const std::string_view line(data, bytes);
    if (line.starts_with("HTTP/")) {
      reading.answer.headers.clear();  // after "100 Continue", or a proxy's answer
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      reading.answer.headers.emplace_back(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
    }
  } catch (...) {
    reading.is_out_of_memory = true;
    return 0;
  }
  return bytes;
}

// The address that is about to be dialled, after the look-up of the name, so that nothing can change in between.
curl_socket_t open_socket(void* context, curlsocktype /*purpose*/, curl_sockaddr* to) noexcept {
  auto& reading = *static_cast<Reading*>(context);
  if (reading.request.may_dial != nullptr) {
    std::array<char, NI_MAXHOST> text{};
    const bool is_known =
        getnameinfo(&to->addr, to->addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0;
    if (!is_known || !reading.request.may_dial(text.data())) {
      reading.was_not_allowed = true;
      return CURL_SOCKET_BAD;
    }
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

// libcurl counts whole milliseconds and may end a little before the time that it was given.
constexpr std::chrono::milliseconds too_short{10};

std::chrono::milliseconds left_of(Deadline deadline, std::chrono::milliseconds most) {
  if (deadline == no_deadline) return most;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), most);
}

HttpFailure failure(CURLcode code, const char* detail, const Reading& reading) {
  using Kind = HttpFailure::Kind;
  const HttpRequest& request = reading.request;
  constexpr long first_refusal = 300;
  constexpr long first_inability = 500;  // it would, and reaches nobody itself
  const std::string quoted = " \"" + shown_url(request.url) + "\"";
  std::string why = std::string(": ") + (*detail != '\0' ? detail : curl_easy_strerror(code));
  hide(why, request.proxy);  // libcurl repeats one that it does not understand, password included
  hide(why, request.url);
  if (reading.is_too_big) {
    return {Kind::other,
            "The answer from" + quoted + " is longer than " + std::to_string(request.max_answer_bytes >> 20U) + " MB"};
  }
  if (reading.was_not_allowed) return {Kind::not_allowed, "The address of" + quoted + " is not one that may be asked"};
  if (reading.proxy_status >= first_refusal) {
    const Kind kind = reading.proxy_status >= first_inability ? Kind::cannot_connect : Kind::proxy_refused;
    return {kind, "The proxy does not let through to" + quoted + why};
  }
  const bool is_proxy_missing = code == CURLE_COULDNT_RESOLVE_PROXY ||
                                (code == CURLE_COULDNT_CONNECT && !request.proxy.empty() && !reading.is_connected);
  if (is_proxy_missing) return {Kind::cannot_connect, "Failed to connect to the proxy for" + quoted + why};
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      if (!reading.is_connected) return {Kind::cannot_connect, "Connect timeout on endpoint URL:" + quoted + why};
      return {Kind::timed_out, "Read timeout on endpoint URL:" + quoted + why};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Kind::unknown_name, "Could not connect to the endpoint URL:" + quoted + why};
    case CURLE_COULDNT_CONNECT:
      return {Kind::cannot_connect, "Could not connect to the endpoint URL:" + quoted + why};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return {Kind::closed, "Connection was closed before a valid answer from endpoint URL:" + quoted + why};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return {Kind::tls, "SSL validation failed for" + quoted + why};
    default:
      return {Kind::other, "No answer from endpoint URL:" + quoted + why};
  }
}

using Slist = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

Slist written_headers(const HttpHeaders& headers) {
  Slist list(nullptr, curl_slist_free_all);
  for (const auto& [name, value] : headers) {
    WipedText line;
    line.reserve(name.size() + value.size() + 2);
    line.append(name).append(value.empty() ? ";" : ": ").append(value);  // libcurl's way to send an empty one
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& one) { return one.first == name; });
  return found == headers.end() ? "" : found->second;
}

HttpResult http_send(const HttpRequest& request, Deadline deadline) {
  using Kind = HttpFailure::Kind;
  for (const auto& [name, value] : request.headers) {
    if (name.find_first_of("\r\n") != std::string::npos || value.find_first_of("\r\n") != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return HttpFailure{Kind::other, "The header " + name + " would hold a line break"};
    }
  }
  const auto time = left_of(deadline, request.timeout);
  if (time.count() == 0) return HttpFailure{Kind::deadline, "The login time-out passed"};

  const NotCancelled held;  // libcurl cannot be left in the middle
  start_libcurl();
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  if (!handle) return HttpFailure{Kind::other, "libcurl cannot be used: no handle"};
  CURL* const curl = handle.get();
  Reading reading{request};
  std::array<char, CURL_ERROR_SIZE> detail{};
  const Slist headers = written_headers(request.headers);

  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // else the end of this call waits for name servers that are silent
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));  // one exchange needs no more
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_PROXY, request.proxy.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "");  // who asks has decided already
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "iamodbc");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(time.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(time, request.connect_timeout).count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reading);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reading);
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // ours are not for a proxy
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &reading);
  if (!request.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_PROXY_CAINFO, request.ca_file.c_str());
  }
  if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.reveal().data());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  CURLcode code = CURLE_OK;
  {
    const SigpipeHeld pipe;
    code = curl_easy_perform(curl);
  }
  if (reading.is_out_of_memory) throw std::bad_alloc();  // which could not pass through libcurl
  if (code != CURLE_OK) {
    curl_off_t connected = 0;  // when, in microseconds
    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &reading.proxy_status);
    reading.is_connected = connected > 0;
    HttpFailure failed = failure(code, detail.data(), reading);
    if (code == CURLE_OPERATION_TIMEDOUT && left_of(deadline, request.timeout) < too_short)
      return HttpFailure{Kind::deadline, "The login time-out passed: " + failed.reason};
    return failed;
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reading.answer.status = static_cast<int>(status);
  return std::move(reading.answer);
}

std::string shown_url(std::string_view url) {
  std::string shown(url.substr(0, url.find('?')));
  const auto scheme = shown.find("://");
  const auto start = scheme == std::string::npos ? 0 : scheme + 3;
  const auto at = shown.rfind('@', shown.find('/', start));
  if (at != std::string::npos && at >= start) shown.erase(start, at + 1 - start);
  return shown;
}

std::optional<Time> http_date(const std::string& text) {
  constexpr std::time_t last_moment = 9'000'000'000;  // in the year 2255: within what the clock can hold
  const std::time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0 || seconds > last_moment) return std::nullopt;
  return std::chrono::system_clock::from_time_t(seconds);
}

}  // namespace iamodbc
