// browser: what comes to the address that waits for the end of a sign-in (first part) and the state that was sent out (second): only a GET to this very address is let in,
// the code is taken with the right state alone, and neither the page nor the terminal is led by what somebody else wrote.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>

#include "core/credentials/sso_sign_in.h"
#include "core/loopback.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_browser {

constexpr std::string_view address = "127.0.0.1:40123";

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// As a second reader sees it: the first line that is called Host.
bool is_sent_to_us(std::string_view head) {
  next_line(head);
  while (!head.empty()) {
    const std::string_view line = next_line(head);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && lower(line.substr(0, colon)) == "host")
      return trimmed(line.substr(colon + 1)) == address;
  }
  return false;
}

void is_let_in_rightly(std::string_view head, const Asked& asked) {
  if (!asked.refusal.empty()) {
    require(asked.path.empty() && asked.query.empty(), "refused, and let in");
    require(asked.refusal.starts_with('4') && is_one_printable_line(asked.refusal), "no refusal: ", asked.refusal);
    return;
  }
  require(is_sent_to_us(head), "let in, but sent to somebody else");
  const std::string_view line = trimmed(head.substr(0, head.find('\n')));
  const std::string query = asked.query.empty() ? "" : "?" + std::string(asked.query);
  const std::string start = "GET " + std::string(asked.path) + query;
  require(line.starts_with(start), "a path or a query that did not come: ", asked.path);
  const std::string_view rest = line.substr(start.size());
  require(rest.starts_with(" HTTP/1.") || rest.starts_with("? HTTP/1."), "the end is cut");
  require(asked.path.find('?') == std::string_view::npos, "a query in the path");
}

// Decoded once more, letter by letter.
std::string decoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto digit = [&](char c) { return digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c); };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_coded = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) != std::string_view::npos &&
                          digit(text[i + 2]) != std::string_view::npos;
    if (is_coded) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool has_pair(std::string_view query, std::string_view name, std::string_view value) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name && decoded(pair.substr(std::min(equals + 1, pair.size()))) == value) return true;
  }
  return false;
}

void comes_back_rightly(std::string_view query, std::string_view state) {
  const Callback callback = read_callback(query, state);
  require(!callback.is_ours || has_pair(query, "state", state), "taken with another state");
  require(callback.code.empty() || has_pair(query, "code", callback.code.reveal()), "a code that did not come");
  require(!callback.code.empty() || !callback.error.empty(), "neither a code nor why there is none");
  require(callback.error.size() <= 300 && is_one_printable_line(callback.error), "not for a terminal");
  const std::string page = final_page(callback.error);
  for (const char* const mark : {"<", ">", "\""})
    require(occurrences(page, mark) == occurrences(final_page(callback.error.empty() ? "" : "x"), mark),
            "the page has more of ", mark);
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 2);
  const Asked asked = read_request(parts[0], address);
  is_let_in_rightly(parts[0], asked);
  comes_back_rightly(asked.refusal.empty() ? asked.query : parts[0], parts[1]);
}

const Registration registered("browser", run);

}  // namespace of_browser
}  // namespace iamodbc::fuzz
