// timestamps: moments as text are read as a second reader, made of a pattern and timegm(), reads them, and come back from what is written.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <ctime>
#include <optional>
#include <regex>
#include <string>

#include "core/aws/http.h"
#include "core/system.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_timestamps {

// Seconds since 1970; nothing for what is no moment.
std::optional<long long> seconds_in(const std::string& text) {
  static const std::regex shape(
      "(\\d{4})-(\\d{2})-(\\d{2})[Tt ](\\d{2}):(\\d{2}):(\\d{2})(?:\\.\\d+)?[ \\t\\r\\n]*"
      "(?:[zZ]|[uU][tT][cC]|([+-])(\\d{2})(?::?(\\d{2}))?)[ \\t\\r\\n]*",
      std::regex::ECMAScript | std::regex::optimize);
  std::smatch found;
  if (!std::regex_match(text, found, shape)) return std::nullopt;
  const auto number = [&](std::size_t i) { return found[i].matched ? std::stoi(found[i].str()) : 0; };
  std::tm moment{};
  moment.tm_year = number(1) - 1900;
  moment.tm_mon = number(2) - 1;
  moment.tm_mday = number(3);
  const std::tm asked = moment;
  const std::time_t day = timegm(&moment);
  // The thirtieth of February is another day by now.
  if (moment.tm_mon != asked.tm_mon || moment.tm_mday != asked.tm_mday || number(2) == 0) return std::nullopt;
  if (number(4) > 23 || number(5) > 59 || number(6) > 59 || number(8) > 23 || number(9) > 59) return std::nullopt;
  const long long offset = (number(8) * 60LL + number(9)) * (found[7] == "-" ? -60 : 60);
  return day + number(4) * 3600LL + number(5) * 60LL + number(6) - offset;
}

void run(std::string_view input) {
  const auto date = http_date(std::string(input));
  const auto ends = Time(std::chrono::hours(24) * 365 * 286);  // an hour or a day later the clock has to hold it still
  require(!date || (*date >= Time() && *date < ends), "a date that the clock cannot hold");
  const auto read = parse_time(input);
  if (input.size() > 80) return;  // the pattern's matcher calls itself for each character
  const auto expected = seconds_in(std::string(input));
  require(read.has_value() == expected.has_value(), read ? "is a moment for us alone" : "is a moment, but not for us");
  if (!read) return;
  const auto whole = std::chrono::floor<std::chrono::seconds>(*read);
  const auto earliest = std::chrono::ceil<std::chrono::seconds>(Time::min()).time_since_epoch().count();
  const auto latest = std::chrono::floor<std::chrono::seconds>(Time::max()).time_since_epoch().count();
  const long long nearest = *expected < earliest ? earliest : *expected >= latest ? latest : *expected;
  require(whole.time_since_epoch().count() == nearest, "is another moment: ", whole.time_since_epoch().count(),
          " and not ", nearest);
  const std::string written = extended_time(*read);
  require(written.size() == 20 && parse_time(written) == Time(whole), "does not come back from ", written);
  std::string without;
  for (const char c : written) {
    if (c != '-' && c != ':') without += c;
  }
  require(basic_time(*read) == without, "is written in two ways: ", basic_time(*read));
}

const Registration registered("timestamps", run);

}  // namespace of_timestamps
}  // namespace iamodbc::fuzz
