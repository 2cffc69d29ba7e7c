// aliases: a host (first part) and what DNS answers, one answer after the other (the parts behind it): the name in the question, then lines with an alias and what it
// stands for; or behind an exclamation mark the bytes of a message. The names on the way are those of the answers, the way has an end, and where it leads is a host.
// What is here stands in the place of c-ares's ares_query() and ares_search(), so that no name server stands between the fuzzer and the reader.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/addresses.h"
#include "core/login/names.h"
#include "core/settings.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_aliases {

constexpr std::size_t header_bytes = 12;
using Message = std::vector<unsigned char>;

struct Dns {
  std::vector<std::string_view> answers;
  std::size_t asked = 0;
};
Dns& dns() {
  static Dns now;
  return now;
}

void add_name(Message& message, std::string_view name) {
  constexpr std::size_t most_label_bytes = 63;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('.'), name.size());
    const std::string_view label = name.substr(0, std::min(end, most_label_bytes));
    if (!label.empty()) {
      message.push_back(static_cast<unsigned char>(label.size()));
      message.insert(message.end(), label.begin(), label.end());
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  message.push_back(0);
}

void add_number(Message& message, std::size_t number) {
  message.push_back(static_cast<unsigned char>(number >> 8U));
  message.push_back(static_cast<unsigned char>(number));
}

struct Record {
  std::string_view name;
  std::string_view target;
};

// The name in the question of an answer in lines, and its records.
std::pair<std::string_view, std::vector<Record>> lines_of(std::string_view answer) {
  const std::size_t first = std::min(answer.find('\n'), answer.size());
  std::pair<std::string_view, std::vector<Record>> read{answer.substr(0, first), {}};
  answer.remove_prefix(std::min(first + 1, answer.size()));
  while (!answer.empty()) {
    const std::string_view line = answer.substr(0, std::min(answer.find('\n'), answer.size()));
    const std::size_t blank = std::min(line.find(' '), line.size());
    read.second.push_back({line.substr(0, blank), line.substr(std::min(blank + 1, line.size()))});
    answer.remove_prefix(std::min(line.size() + 1, answer.size()));
  }
  return read;
}

Message message_of(std::string_view answer) {
  if (answer.starts_with('!')) return {answer.begin() + 1, answer.end()};
  const auto [question, records] = lines_of(answer);
  Message message(header_bytes);
  message[5] = 1;
  message[6] = static_cast<unsigned char>(records.size() >> 8U);
  message[7] = static_cast<unsigned char>(records.size());
  add_name(message, question);
  add_number(message, 1);
  add_number(message, 1);
  for (const Record& record : records) {
    Message data;
    add_name(data, record.target);
    add_name(message, record.name);
    add_number(message, record.target.empty() ? 1 : 5);  // without a target an address, and a broken one
    add_number(message, 1);
    add_number(message, 0);
    add_number(message, 60);
    add_number(message, data.size());
    message.insert(message.end(), data.begin(), data.end());
  }
  return message;
}

// As c-ares writes a name: in lower case by us, and with backslashes where a character is not one of names.
bool is_plain(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.size() < 60 && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}
std::string compared(std::string_view name) {
  return lower(name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0)));
}

// Each step is one of an answer, where those can be read letter by letter.
void is_the_way_of_the_answers(const std::string& host, const std::vector<std::string>& names) {
  std::set<std::pair<std::string, std::string>> steps;
  std::string asked;
  for (const std::string_view answer : dns().answers) {
    if (answer.starts_with('!')) return;
    const auto [question, records] = lines_of(answer);
    if (!is_plain(question)) return;
    if (asked.empty()) asked = compared(question);  // with a domain of the search list
    for (const Record& record : records) {
      if (!is_plain(record.name) || (!record.target.empty() && !is_plain(record.target))) return;
      steps.emplace(compared(record.name), compared(record.target));
    }
  }
  std::string before = compared(host);
  for (const std::string& name : names) {
    const bool is_searched = before == compared(host) && name == asked;
    require(is_searched || steps.count({before, name}) != 0, "no answer leads from ", before, " to ", name);
    before = name;
  }
}

void is_a_way(const std::string& host, const NameTrail& trail) {
  std::set<std::string> met{compared(host)};
  require(trail.names.size() <= most_aliases, "a way without an end");
  for (const std::string& name : trail.names) {
    require(!name.empty() && name == lower(name), "not as names are compared: ", name);
    require(is_one_printable_line(name), "a name of two lines");
    require(met.insert(name).second, "in a circle: ", name);
    require(&name == &trail.names.back() || !is_database_endpoint(name), "past the endpoint ", name);
  }
  if (trail.endpoint.empty()) return;
  require(!trail.names.empty() && trail.endpoint == trail.names.back(), "an endpoint that is not the end");
  require(is_database_endpoint(trail.endpoint), "an endpoint that is none");
  require(!not_one_host("Server", trail.endpoint), "an endpoint that is no host: ", trail.endpoint);
}

void run(std::string_view input) {
  constexpr std::size_t most_answers = 20;
  auto parts = parts_of(input, most_answers + 1);
  while (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  const std::string host(parts[0]);
  if (host.find('\0') != std::string::npos || not_one_host("Server", host)) return;

  dns() = Dns{{parts.begin() + 1, parts.end()}, 0};
  const auto trail = follow_name(host, no_deadline);
  require(dns().asked <= most_answers + 2, "asked without end");
  if (trail) {
    is_a_way(host, trail.value());
    is_the_way_of_the_answers(host, trail.value().names);
  } else {
    require(trail.error().sqlstate == "08001" && is_one_printable_line(trail.error().message),
            "a failure says nothing");
  }

  dns().asked = 0;
  Settings settings;
  settings.server = settings.token_host = host;
  settings.resolves_cname = true;
  const auto resolved = with_resolved_server(std::move(settings), Log(), no_deadline);
  if (!resolved) {
    require(resolved.error().sqlstate == "08001" && is_one_printable_line(resolved.error().message),
            "a failure says nothing");
    return;
  }
  const Settings& now = resolved.value();
  require(now.server == now.token_host, "signed is ", now.token_host, ", dialled is ", now.server);
  require(!not_one_host("Server", now.server), "DNS led to what is no host: ", now.server);
  require(is_database_endpoint(now.server), "DNS led to what is no endpoint: ", now.server);
  require(now.server == host || (trail && now.server == trail.value().endpoint), "another end of the way");
}

const Registration registered("aliases", run);

}  // namespace of_aliases
}  // namespace iamodbc::fuzz

// As ares.h has them, without which this is built.
extern "C" {
using AresCallback = void (*)(void* context, int status, int timeouts, unsigned char* answer, int length);

void ares_query(void*, const char*, int, int, AresCallback callback, void* context) {
  constexpr int no_data = 1;
  constexpr int server_failed = 3;
  constexpr int not_found = 4;
  constexpr int timed_out = 12;
  auto& dns = iamodbc::fuzz::of_aliases::dns();
  if (dns.asked >= dns.answers.size()) {
    ++dns.asked;
    callback(context, not_found, 0, nullptr, 0);
    return;
  }
  auto message = iamodbc::fuzz::of_aliases::message_of(dns.answers[dns.asked++]);
  // It reads the header itself, and drops what has none.
  if (message.size() < iamodbc::fuzz::of_aliases::header_bytes) return callback(context, timed_out, 1, nullptr, 0);
  const int code = message[3] & 15;
  const bool is_empty = message[6] == 0 && message[7] == 0;
  const int status = code == 0 ? (is_empty ? no_data : 0) : code == 3 ? not_found : server_failed;
  callback(context, status, 0, message.data(), static_cast<int>(message.size()));
}

void ares_search(void* channel, const char* name, int of_class, int type, AresCallback callback, void* context) {
  ares_query(channel, name, of_class, type, callback, context);
}
}
