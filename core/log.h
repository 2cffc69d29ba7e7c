// log: lines for the person who looks for a fault; off unless LogLevel asks for it.
//
// Shape: "2024-01-02T03:04:05Z PID info    text\n" (the level padded to seven), control characters of the text written
// \n or \xHH, appended to LogFile or, without LogFile, to standard error. One write(2) a line, so lines of several
// threads and processes do not mix.
// LogFile is created 0600 and never wider: a wider file of ours is narrowed, a wider one of somebody else and a
// symbolic link are not written to. A FIFO, a terminal or /dev/null will do.
//
// A log that cannot be written is silent: logging never fails a connect, never waits for a reader, raises no SIGPIPE
// and leaves errno as it was. Callers pass no secret: only redacted() texts, names, lengths.
// Thread rule: const after construction, safe from any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace iamodbc {

enum class LogLevel { off, error, warning, info, debug };

class Log {
 public:
  Log() = default;  // off
  Log(LogLevel level, std::string file) : level_(level), file_(std::move(file)) {}

  [[nodiscard]] bool logs(LogLevel level) const { return level != LogLevel::off && level <= level_; }
  void error(std::string_view text) const { write(LogLevel::error, text); }
  void warning(std::string_view text) const { write(LogLevel::warning, text); }
  void info(std::string_view text) const { write(LogLevel::info, text); }
  void debug(std::string_view text) const { write(LogLevel::debug, text); }

 private:
  void write(LogLevel level, std::string_view text) const;

  LogLevel level_ = LogLevel::off;
  std::string file_;
};

}  // namespace iamodbc
