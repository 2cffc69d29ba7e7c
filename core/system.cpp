// SPDX-License-Identifier: Apache-2.0
#include "core/system.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "core/not_cancelled.h"
#include "core/text.h"

namespace iamodbc {
namespace {

const char* process_variable(const char* name) {
#if defined(__linux__)
  return secure_getenv(name);
#else
  return getuid() == geteuid() && getgid() == getegid() ? std::getenv(name) : nullptr;
#endif
}

// A text of the user's passwd entry; empty when there is none.
std::string of_passwd(char* passwd::*field) {
  std::vector<char> buffer(1024);
  passwd entry{};
  passwd* found = nullptr;
  const NotCancelled held;  // the C library's socket to its cache of names would stay behind
  while (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == ERANGE && buffer.size() < (1U << 20)) {
    buffer.resize(buffer.size() * 2);
  }
  return found != nullptr && found->*field != nullptr ? found->*field : "";
}

// "%04d%02d%02dT%02d%02d%02dZ" or a pattern like it. printf's integers do not depend on the locale.
std::string time_text(const char* pattern, Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  std::array<char, 64> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), pattern, static_cast<int>(date.year()),
                                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                                  static_cast<int>(clock.seconds().count())));
  return text.data();
}

// Reads a text from its front; once a step fails, all later ones do.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
        failed_ = true;
        return 0;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { failed_ = !take(c) || failed_; }
  // Digits of a fraction, counted in nanoseconds; what is finer is cut.
  std::chrono::nanoseconds fraction() {
    std::chrono::nanoseconds value{0};
    std::chrono::nanoseconds unit{100'000'000};
    failed_ = failed_ || rest_.empty() || rest_.front() < '0' || rest_.front() > '9';
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      value += (rest_.front() - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// "Z", "UTC", "+02:00", "-0330", "+02".
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  text = trimmed(text);
  if (same_name(text, "Z") || same_name(text, "UTC")) return std::chrono::minutes{0};
  Reader reader(text);
  const bool is_west = reader.take('-');
  if (!is_west) reader.expect('+');
  const int hours = reader.number(2);
  int minutes = 0;
  if (!reader.rest().empty()) {
    reader.take(':');
    minutes = reader.number(2);
  }
  if (reader.failed() || !reader.rest().empty() || hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{hours * 60 + minutes};
  return is_west ? -offset : offset;
}

}  // namespace

System::System() : clock_([] { return std::chrono::system_clock::now(); }) {}

System::System(std::map<std::string, std::string> variables, std::function<Time()> clock)
    : variables_(std::move(variables)), clock_(std::move(clock)) {}

std::optional<std::string> System::variable(std::string_view name) const {
  const std::string key(name);
  if (variables_) {
    const auto found = variables_->find(key);
    return found == variables_->end() ? std::nullopt : std::optional<std::string>(found->second);
  }
  const char* const value = process_variable(key.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> System::set_variable(std::string_view name) const {
  std::optional<std::string> value = variable(name);
  if (value && value->empty()) value.reset();
  return value;
}

std::optional<std::string> System::set_for_libraries(std::string_view name) const {
  if (variables_) return set_variable(name);
  const char* const value = std::getenv(std::string(name).c_str());
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::string System::home() const {
  if (auto home = set_variable("HOME")) return *std::move(home);
  return variables_ ? std::string() : of_passwd(&passwd::pw_dir);
}

std::string System::account_home() const {
  return variables_ ? home() : of_passwd(&passwd::pw_dir);
}

std::string System::user_name() const {
  return variables_ ? set_variable("USER").value_or("") : of_passwd(&passwd::pw_name);
}

std::string basic_time(Time time) {
  return time_text("%04d%02u%02uT%02d%02d%02dZ", time);
}
std::string extended_time(Time time) {
  return time_text("%04d-%02u-%02uT%02d:%02d:%02dZ", time);
}

std::optional<Time> parse_time(std::string_view text) {
  Reader reader(text);
  const std::chrono::year year{reader.number(4)};
  reader.expect('-');
  const std::chrono::month month{static_cast<unsigned>(reader.number(2))};
  reader.expect('-');
  const std::chrono::day day{static_cast<unsigned>(reader.number(2))};
  if (!reader.take('T') && !reader.take('t')) reader.expect(' ');
  const std::chrono::hours hours{reader.number(2)};
  reader.expect(':');
  const std::chrono::minutes minutes{reader.number(2)};
  reader.expect(':');
  const std::chrono::seconds seconds{reader.number(2)};
  std::chrono::nanoseconds fraction{0};
  if (reader.take('.')) fraction = reader.fraction();
  const std::chrono::year_month_day date = year / month / day;
  const auto offset = parse_offset(reader.rest());
  if (reader.failed() || !offset || !date.ok() || hours.count() > 23 || minutes.count() > 59 || seconds.count() > 59) {
    return std::nullopt;
  }
  // Counted in seconds first: "9999-12-31T23:59:59Z" means "never ends" and is beyond a clock that counts nanoseconds.
  const std::chrono::sys_seconds moment = std::chrono::sys_days(date) + hours + minutes + seconds - *offset;
  const auto earliest = std::chrono::ceil<std::chrono::seconds>(Time::min());
  const auto latest = std::chrono::floor<std::chrono::seconds>(Time::max());
  if (moment < earliest || moment >= latest) return moment < earliest ? Time(earliest) : Time(latest);
  return Time(moment) + std::chrono::duration_cast<Time::duration>(fraction);
}

}  // namespace iamodbc
