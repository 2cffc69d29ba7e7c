// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/encoding.h"
#include "core/not_cancelled.h"
#include "core/sigpipe.h"
#include "core/system.h"

namespace iamodbc {
namespace {

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error  ";
    case LogLevel::warning:
      return "warning";
    case LogLevel::info:
      return "info   ";
    case LogLevel::debug:
      return "debug  ";
    case LogLevel::off:
      break;
  }
  return "off    ";
}

// A line stays a line, and nothing in it speaks to a terminal.
std::string with_control_characters_escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '\n') {
      result += "\\n";
    } else if (value < 0x20 || value == 0x7F) {
      result += "\\x" + hex({&c, 1});
    } else {
      result.push_back(c);
    }
  }
  return result;
}

// The file, ready to be appended to; -1 when it cannot or must not be. Not through a symbolic link, and not waiting for
// the reader of a FIFO. A regular file that others can read is narrowed when it is ours, and left alone when it is
// somebody else's.
int open_log(const std::string& file) {
  const int fd = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
                      S_IRUSR | S_IWUSR);
  if (fd < 0) return -1;
  struct stat status {};
  bool is_usable = fstat(fd, &status) == 0;
  if (is_usable && S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    is_usable = status.st_uid == geteuid() && fchmod(fd, S_IRUSR | S_IWUSR) == 0;
  }
  if (is_usable) return fd;
  close(fd);
  return -1;
}

void write_line(int fd, const std::string& line) {
  const SigpipeHeld held;
  ssize_t written = 0;
  do {
    written = write(fd, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
}

}  // namespace

void Log::write(LogLevel level, std::string_view text) const {
  if (!logs(level)) return;
  const int errno_of_caller = errno;
  const std::string line = extended_time(System().now()) + ' ' + std::to_string(getpid()) + ' ' + level_name(level) +
                           ' ' + with_control_characters_escaped(text) + '\n';
  if (file_.empty()) {
    write_line(STDERR_FILENO, line);
  } else {
    const NotCancelled held;  // the file would stay open
    const int fd = open_log(file_);
    if (fd >= 0) write_line(fd, line);
    if (fd >= 0) close(fd);
  }
  errno = errno_of_caller;
}

}  // namespace iamodbc
