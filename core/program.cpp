// SPDX-License-Identifier: Apache-2.0
#include "core/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <thread>

#include "core/not_cancelled.h"

extern char** environ;

namespace iamodbc {
namespace {

constexpr std::size_t max_output_bytes = std::size_t{1} << 20U;
constexpr std::size_t max_input_bytes = std::size_t{32} << 10U;  // within what any pipe holds
constexpr std::chrono::milliseconds poll_interval{20};           // between looks at a program that is silent
constexpr std::chrono::milliseconds exit_interval{2};  // ... and at one that has closed its pipes and is about to end

Error broken(std::string message, const char* state = State::invalid_authorization) {
  return Error{state, std::move(message), 0};
}

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

// ---- A child process ----

class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    const NotCancelled held;
    reset();
  }

  [[nodiscard]] int get() const { return number_; }
  void reset(int number = -1) {
    if (number_ >= 0) close(number_);
    number_ = number;
  }

 private:
  int number_ = -1;
};

// A pipe whose ends are closed in every program that is started, and are not 0, 1 or 2 even where the host has closed
// those.
bool open_pipe(Descriptor& read_end, Descriptor& write_end) {
  int ends[2];  // NOLINT(modernize-avoid-c-arrays)
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  for (Descriptor* const end : {&read_end, &write_end}) {
    if (end->get() <= STDERR_FILENO) end->reset(fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (end->get() < 0) return false;
  }
  return fcntl(read_end.get(), F_SETFL, O_NONBLOCK) == 0;
}

// Started, and gone for good when this object goes: no zombie stays, whatever happens in between.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    const NotCancelled held;
    if (pid_ <= 0 || has_ended()) return;
    kill(pid_, SIGKILL);
    for (int i = 0; i < 1000 && !has_ended(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  // Gives 0, or the errno of the failure.
  int start(const std::vector<std::string>& words, const ProgramFiles& files) {
    return spawn_program(words, files, false, pid_);
  }

  bool has_ended() {
    if (ended_) return true;
    int status = 0;
    const pid_t result = waitpid(pid_, &status, WNOHANG);
    if (result == pid_) status_ = status;
    ended_ = result == pid_ || (result < 0 && errno == ECHILD);  // ECHILD: the host reaped it, its status is lost
    return ended_;
  }

  // Absent while it runs, and when the host took the status.
  [[nodiscard]] std::optional<int> status() const { return status_; }

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
  std::optional<int> status_;
};

// ---- Running it ----

// Takes what is there; false at the end of the stream. Beyond `max_bytes` it reads on and drops.
bool drain(int file, std::string& text, std::size_t max_bytes) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count == 0) return false;
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    const std::size_t room = max_bytes - std::min(max_bytes, text.size());
    text.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
    wipe(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() == max_bytes) return true;  // let the caller look at the clock
  }
}

// The program and our ends of its pipes.
struct Running {
  Descriptor output;
  Descriptor complaints;
  Child child;
};

// A pipe that holds all of the input from the start: nobody has to write while the program runs.
bool open_input(const Secret& input, Descriptor& read_end) {
  Descriptor write_end;
  if (!open_pipe(read_end, write_end)) return false;
  errno = EFBIG;
  if (input.size() > max_input_bytes || fcntl(read_end.get(), F_SETFL, 0) != 0) return false;
  return write(write_end.get(), input.reveal().data(), input.size()) == static_cast<ssize_t>(input.size());
}

std::optional<Error> start(const std::vector<std::string>& words, const std::string& what, const Secret* input,
                           Running& running) {
  Descriptor input_end;
  Descriptor output_end;
  Descriptor complaints_end;
  if (!open_pipe(running.output, output_end) || !open_pipe(running.complaints, complaints_end) ||
      (input != nullptr && !open_input(*input, input_end))) {
    return broken(what + " cannot be started: " + reason_of(errno) + ".");
  }
  const int error = running.child.start(words, {input_end.get(), output_end.get(), complaints_end.get()});
  if (error == 0) return std::nullopt;
  return not_started(words, what, error);
}

Error too_late(const std::string& what) {
  return broken(what +
                    " did not finish within the login time-out and was ended (what it started itself may still run). "
                    "Run it in a terminal to see what it "
                    "waits for, or allow the login more time.",
                State::login_timeout);
}

}  // namespace

std::optional<Error> run_program(const std::vector<std::string>& words, const std::string& what, Deadline deadline,
                                 Printed& printed, const Secret* input) {
  if (std::chrono::steady_clock::now() >= deadline) return too_late(what);
  Running running;
  if (auto error = start(words, what, input, running)) return error;

  printed.output.reserve(16384);  // so that keys do not stay behind in buffers that it grew out of
  bool output_is_open = true;
  bool complaints_are_open = true;
  for (bool has_ended = false; !has_ended;) {
    // A program may leave another behind that keeps the pipes open; what counts is its own end, and all that it wrote.
    has_ended = running.child.has_ended();
    if (!has_ended) {
      std::array<pollfd, 2> files = {pollfd{output_is_open ? running.output.get() : -1, POLLIN, 0},
                                     pollfd{complaints_are_open ? running.complaints.get() : -1, POLLIN, 0}};
      const auto wait = output_is_open || complaints_are_open ? poll_interval : exit_interval;
      poll(files.data(), files.size(), static_cast<int>(wait.count()));
    }
    output_is_open = output_is_open && drain(running.output.get(), printed.output, max_output_bytes + 1);
    complaints_are_open =
        complaints_are_open && drain(running.complaints.get(), printed.complaints, max_kept_complaint_bytes);
    if (printed.output.size() > max_output_bytes) {
      return broken(what + " printed more than 1 MB.");
    }
    if (!has_ended && std::chrono::steady_clock::now() >= deadline) return too_late(what);
  }
  printed.status = running.child.status();
  return std::nullopt;
}

int spawn_program(const std::vector<std::string>& words, const ProgramFiles& files, bool own_session, pid_t& pid) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));  // NOLINT: exec's type
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (const int error = posix_spawn_file_actions_init(&actions); error != 0) return error;
  if (const int error = posix_spawnattr_init(&attributes); error != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return error;
  }
  if (files.input >= 0) posix_spawn_file_actions_adddup2(&actions, files.input, STDIN_FILENO);
  if (files.input < 0 && own_session)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, files.output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, files.complaints, STDERR_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  // the host's sockets and files are not the program's business
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
  // What the host blocks or ignores for itself must not reach the program; a hang-up that nohup ignores stays
  // ignored.
  sigset_t none;
  sigset_t to_default;
  sigemptyset(&none);
  sigemptyset(&to_default);
  for (const int signal : {SIGPIPE, SIGCHLD, SIGXFSZ}) sigaddset(&to_default, signal);
  if (own_session) {
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGIO}) sigaddset(&to_default, signal);
  }
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &to_default);
  const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (own_session ? POSIX_SPAWN_SETSID : 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));

  const int error = posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  if (error != 0) pid = -1;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

Error not_started(const std::vector<std::string>& words, const std::string& what, int error) {
  const bool looks_like_shell = words[0].starts_with('~') || words[0].find('$') != std::string::npos;
  return broken(what + " cannot be started: " + reason_of(error) + ". " +
                (looks_like_shell ? "It is run without a shell, so ~ and $VAR are not expanded; write the whole path."
                                  : "Check that it is installed and in PATH, or write its whole path."));
}

std::string how_it_ended(int status) {
  return WIFSIGNALED(status) ? "was ended by signal " + std::to_string(WTERMSIG(status))
                             : "failed with exit status " + std::to_string(WEXITSTATUS(status));
}

Result<std::vector<std::string>> split_command_line(std::string_view command_line) {
  std::vector<std::string> words;
  bool is_in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < command_line.size(); ++i) {
    const char c = command_line[i];
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (quote == '\0' && is_blank) {
      is_in_word = false;
      continue;
    }
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    std::string& word = words.back();
    const char next = i + 1 < command_line.size() ? command_line[i + 1] : '\0';
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && (quote == '\0' || (quote == '"' && (next == '"' || next == '\\')))) {
      if (i + 1 == command_line.size()) return Error{State::general_error, "it ends with a backslash", 0};
      word += next;
      ++i;
    } else {
      word += c;
    }
  }
  if (quote != '\0') return Error{State::general_error, std::string("a ") + quote + " is not closed", 0};
  return words;
}

Secret what_programs_inherit() {
  std::error_code unknown;
  Secret text(std::filesystem::current_path(unknown).native());
  text.append(std::string_view("\0", 1));
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    text.append(*variable);
    text.append(std::string_view("\0", 1));
  }
  return text;
}

}  // namespace iamodbc
