// system: what the outside tells us, in one small bag: the clock, the process environment, the home directory.
// The only seam for tests: everything else is real files, processes and servers. Nothing else in core/, driver/ or
// setup/ asks the clock or the environment.
// Thread rule: const after construction; the process's own environment is read with getenv, as every library does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace iamodbc {

using Time = std::chrono::system_clock::time_point;  // UTC

class System {
 public:
  // The real process. Under setuid or setgid every variable counts as unset (secure_getenv).
  System();
  // A closed world for tests: these variables and no others, this time.
  System(std::map<std::string, std::string> variables, std::function<Time()> clock);

  [[nodiscard]] Time now() const { return clock_(); }
  // Set, possibly to an empty text; nullopt when unset.
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const;
  // As variable(), but empty counts as unset: AWS's rule for nearly all of its variables.
  [[nodiscard]] std::optional<std::string> set_variable(std::string_view name) const;
  // As set_variable(), but what the process's environment says under setuid too: for variables that another library reads without that care.
  [[nodiscard]] std::optional<std::string> set_for_libraries(std::string_view name) const;
  // HOME, else the passwd entry of the user (not in a closed world); empty when there is neither.
  [[nodiscard]] std::string home() const;
  // The home of the user's passwd entry, whatever HOME says: where libodbcinst looks for .odbc.ini. In a closed world
  // as home().
  [[nodiscard]] std::string account_home() const;
  // The user's name in the passwd entry, empty when there is none; in a closed world USER.
  [[nodiscard]] std::string user_name() const;

 private:
  std::optional<std::map<std::string, std::string>> variables_;  // absent: the process's own
  std::function<Time()> clock_;
};

// Moments as text, UTC. basic: 20240102T030405Z (SigV4); extended: 2024-01-02T03:04:05Z (ISO 8601).
std::string basic_time(Time time);
std::string extended_time(Time time);
// ISO 8601 with `Z`, an offset such as +02:00, -0330 or +02, or the word UTC; `T` or a blank before the clock,
// fractions of a second taken. nullopt for anything else. What the clock cannot hold (the year 9999 as "never") becomes
// the nearest moment that it can.
std::optional<Time> parse_time(std::string_view text);

}  // namespace iamodbc
