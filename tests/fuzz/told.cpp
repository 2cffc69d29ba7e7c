// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/told.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tests/fuzz/fuzz.h"

namespace iamodbc {
namespace fuzz {
namespace {

bool holds(const HttpRequest& request, std::string_view secret) {
  return request.url.find(secret) != std::string::npos ||
         request.body.reveal().find(secret) != std::string_view::npos ||
         std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return header.second.find(secret) != std::string::npos; });
}

bool is_signed(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [](const auto& header) { return header.second.starts_with("AWS4-") || header.first == "DPoP"; });
}

bool is_told(std::string_view text) {
  const Answers& told = told_answers();
  const auto has = [&](std::string_view whole) { return whole.find(text) != std::string_view::npos; };
  return std::any_of(told.bodies.begin(), told.bodies.end(), has) ||
         std::any_of(told.headers.begin(), told.headers.end(), [&](const auto& header) { return has(header.second); });
}

}  // namespace

Answers& told_answers() {
  static Answers answers;
  return answers;
}

int status_in(std::string_view part) {
  int number = 0;
  for (const char c : part) {
    if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
    if (number > 999) return 599;
  }
  return number == 0 ? 200 : number;
}

void shows_nothing(const Error& error) {
  require(error.sqlstate.size() == 5 && !error.message.empty(), "a failure says nothing");
  require(is_one_printable_line(error.message), "a message is not one line");
  const Answers& told = told_answers();
  for (const auto& [secret, was_known] : {std::pair(sent_key, told.knew_key), std::pair(sent_token, told.knew_token)}) {
    require(error.message.find(secret) == std::string::npos || (!was_known && is_told(secret)),
            "a secret that was sent is in ", error.message);
  }
}

}  // namespace fuzz

HttpResult http_send(const HttpRequest& request, Deadline) {
  // Whatever an answer said of the next question, it is one question.
  fuzz::require(fuzz::is_one_printable_line(request.url) && request.url.find(' ') == std::string::npos,
                "a URL of several words: ", request.url);
  for (const auto& [name, value] : request.headers) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return HttpFailure{HttpFailure::Kind::other, "The header " + name + " would hold a line break"};
  }
  auto& told = fuzz::told_answers();
  told.knew_key |= fuzz::is_signed(request) || fuzz::holds(request, fuzz::sent_key);
  told.knew_token |= fuzz::is_signed(request) || fuzz::holds(request, fuzz::sent_token);
  if (told.bodies.empty() || told.status == 599)
    return HttpFailure{HttpFailure::Kind::cannot_connect, "nobody is at " + shown_url(request.url)};
  const std::string_view body = told.bodies[std::min(told.asked++, told.bodies.size() - 1)];
  return HttpAnswer{told.status, told.headers, Secret(body)};
}

}  // namespace iamodbc
