// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "core/not_cancelled.h"
#include "core/program.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::chrono::milliseconds poll_interval{100};
constexpr std::size_t max_answer_bytes = 4096;
constexpr std::chrono::minutes patience{2};  // with a person; then others need not wait either

Error broken(std::string message, const char* sqlstate = State::invalid_authorization) {
  return Error{sqlstate, std::move(message), 0};
}

Error too_late(const Question& question, const Context& context) {
  if (std::chrono::steady_clock::now() < context.deadline)
    return broken(question.why + ", and nobody answered within two minutes.");
  return broken(question.why + ", and nobody answered within the login time-out. Give the application a longer one.",
                State::login_timeout);
}

Result<Secret> answered(std::string text, const Question& question, const std::string& by) {
  Secret answer(trimmed(text));
  wipe(text);
  if (!answer.empty()) return answer;
  return broken(question.why + ", and " + by + " gave no answer.");
}

Result<Secret> ask_program(const Question& question, Deadline deadline) {
  auto words = split_command_line(question.command_line);
  if (!words) return broken(question.attribute + " is not a command line: " + words.error().message + ".");
  if (words.value().empty() || words.value().front().empty()) return broken(question.attribute + " names no program.");
  const std::string& program = words.value().front();
  const std::string what = question.attribute + " (" + program.substr(program.rfind('/') + 1) + ")";
  Printed printed;
  if (auto error = run_program(words.value(), what, deadline, printed)) return *std::move(error);
  if (printed.status && *printed.status != 0) {
    const int status = *printed.status;
    return broken(question.why + ", and " + what +
                  (WIFSIGNALED(status) ? " was ended by signal " + std::to_string(WTERMSIG(status))
                                       : " failed with exit status " + std::to_string(WEXITSTATUS(status))) +
                  ". Run it in a terminal; it should print the answer.");
  }
  return answered(std::move(printed.output), question, what);
}

// The terminal of the process, while it stands in its foreground: reading from behind would stop the whole process.
class Terminal {
 public:
  Terminal() : file_(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {}
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    const NotCancelled held;
    if (is_quiet_) tcsetattr(file_, TCSAFLUSH, &before_);
    if (locked_ >= 0) {
      flock(locked_, LOCK_UN);  // also for a copy of the process that was made meanwhile
      close(locked_);
    }
    if (file_ >= 0) close(file_);
  }

  [[nodiscard]] bool is_ours() const { return file_ >= 0 && tcgetpgrp(file_) == getpgrp(); }

  // One question at a time; where the terminal cannot be locked, all ask.
  bool is_free() {
    if (locked_ < 0) locked_ = open(name().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return locked_ < 0 || flock(locked_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  }

  bool quiet() {
    if (tcgetattr(file_, &before_) != 0) return false;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    is_quiet_ = tcsetattr(file_, TCSAFLUSH, &quiet) == 0;
    return is_quiet_;
  }

  bool show(std::string_view text) const {
    return write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }

  enum class Key { none, typed, gone };
  Key next(char& key) const {
    pollfd waiting{file_, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(poll_interval.count()));
    if (ready == 0 || (ready < 0 && errno == EINTR)) return Key::none;
    return ready > 0 && read(file_, &key, 1) == 1 ? Key::typed : Key::gone;
  }

 private:
  // /dev/tty is one file for all terminals of the computer, whose locks would hold up other users: the name of this
  // one, where it is a pseudo-terminal; else empty.
  [[nodiscard]] std::string name() const {
    constexpr unsigned pseudo_terminals = 136;
    unsigned device = 0;
    if (ioctl(file_, TIOCGDEV, &device) != 0 || major(device) != pseudo_terminals) return {};
    return "/dev/pts/" + std::to_string(minor(device));
  }

  int file_;
  int locked_ = -1;
  termios before_{};
  bool is_quiet_ = false;
};

constexpr char ctrl_c = '\x03';
constexpr char ctrl_d = '\x04';
constexpr char ctrl_u = '\x15';

// One line as it is typed; nothing when Ctrl-C or Ctrl-D was, or the terminal has gone.
bool read_line(const Terminal& terminal, Deadline deadline, std::string& line, bool& is_late) {
  line.reserve(max_answer_bytes);  // so that the answer does not stay behind in buffers that it grew out of
  while (true) {
    is_late = std::chrono::steady_clock::now() >= deadline;
    char key = '\0';
    const auto read = is_late ? Terminal::Key::gone : terminal.next(key);
    if (read == Terminal::Key::gone || (read == Terminal::Key::typed && (key == ctrl_c || key == ctrl_d))) return false;
    if (read == Terminal::Key::none) continue;
    if (key == '\n' || key == '\r') return true;
    if (key == ctrl_u) {
      line.clear();
    } else if (key == '\b' || key == '\x7f') {
      if (!line.empty()) line.pop_back();
    } else if (line.size() < max_answer_bytes) {
      line += key;
    }
  }
}

Result<Secret> ask_terminal(const Question& question, const Context& context) {
  if (!context.settings.may_prompt) {
    return broken(question.why + ", and the program that connects forbids to ask (SQL_DRIVER_NOPROMPT). Name in " +
                  question.attribute + " (in the DSN's section of odbc.ini) a program that prints the answer.");
  }
  Terminal terminal;
  if (!terminal.is_ours()) {
    return broken(question.why +
                  ", and there is no terminal to ask on. Start the program from a terminal, or name in " +
                  question.attribute +
                  " (in the DSN's section of odbc.ini) a program that prints the answer, or let the AWS CLI ask: "
                  "CredentialProcess=aws configure export-credentials --format process");
  }
  const Deadline deadline = std::min(context.deadline, std::chrono::steady_clock::now() + patience);
  while (!terminal.is_free()) {
    if (std::chrono::steady_clock::now() >= deadline) return too_late(question, context);
    std::this_thread::sleep_for(poll_interval);
  }
  if (!terminal.quiet() || !terminal.show(question.text)) {
    return broken(question.why + ", and its terminal cannot be asked. Name in " + question.attribute +
                  " (in the DSN's section of odbc.ini) a program that prints the answer.");
  }
  std::string line;
  bool is_late = false;
  const bool is_read = read_line(terminal, deadline, line, is_late);
  static_cast<void>(terminal.show("\n"));
  if (is_read) return answered(std::move(line), question, "the terminal");
  wipe(line);
  if (is_late) return too_late(question, context);
  return broken(question.why + ", and the question was left unanswered.");
}

}  // namespace

Result<Secret> ask_person(const Question& question, const Context& context) {
  if (!question.command_line.empty()) return ask_program(question, context.deadline);
  return ask_terminal(question, context);
}

}  // namespace iamodbc
