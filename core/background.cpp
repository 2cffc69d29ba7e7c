// SPDX-License-Identifier: Apache-2.0
#include "core/background.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "core/not_cancelled.h"
#include "core/program.h"
#include "core/secret.h"

namespace iamodbc {
namespace {

constexpr int longest_obedience = 2000;  // milliseconds from SIGTERM to SIGKILL
constexpr int longest_death = 1000;      // ... from SIGKILL to giving up
constexpr int longest_farewell = 300;    // ... that its children have when it has ended
constexpr off_t max_kept_output = off_t{64} << 10U;
constexpr off_t max_output = off_t{16} << 20U;

// Not 0, 1 or 2 even where the host has closed those.
int above_standard_files(int file) {
  if (file < 0 || file > STDERR_FILENO) return file;
  const int higher = fcntl(file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(file);
  return higher;
}

void nap(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace

Background::~Background() {
  const NotCancelled held;
  end();
}

Background::Descriptor::~Descriptor() {
  const NotCancelled held;
  reset();
}

void Background::Descriptor::reset(int number) {
  // Forgotten first: a fork in between may lose the number, but never closes it twice.
  const int old = std::exchange(number_, number);
  if (old >= 0) close(old);
}

bool Background::open_files() {
  output_.reset(above_standard_files(memfd_create("iamodbc-output", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  if (output_.get() < 0) return false;
  // Nobody reads while nobody connects: what is written beyond is refused by the kernel, without a wait. A file of its whole size has no memory where nothing was written.
  if (ftruncate(output_.get(), max_output) != 0 || fcntl(output_.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0)
    return false;
  int ends[2];  // NOLINT(modernize-avoid-c-arrays)
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
  tie_.reset(above_standard_files(ends[0]));
  other_tie_.reset(above_standard_files(ends[1]));
  return tie_.get() >= 0 && other_tie_.get() >= 0;
}

// When this process ends, one of the two is closed first, whichever, and the other one is still there to send the signal.
void Background::tie() {
  for (const int end : {tie_.get(), other_tie_.get()}) {
    fcntl(end, F_SETOWN, -pid_);
    fcntl(end, F_SETSIG, SIGTERM);
    fcntl(end, F_SETFL, O_ASYNC);
  }
}

Result<std::unique_ptr<Background>> Background::start(const std::vector<std::string>& words, const std::string& what) {
  auto program = std::make_unique<Background>();
  if (!program->open_files()) return not_started(words, what, errno);
  const ProgramFiles files{-1, program->output_.get(), program->output_.get()};
  if (const int error = spawn_program(words, files, true, program->pid_); error != 0)
    return not_started(words, what, error);
  program->tie();
  return program;
}

bool Background::has_ended() {
  if (pid_ <= 0 || has_ended_) return true;
  siginfo_t info{};
  // It stays a zombie until end(), so that its number, which is its process group's too, remains its own.
  const int result = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  if (result != 0 && errno == ECHILD) {
    has_ended_ = true;
    is_reaped_ = true;
  } else if (result == 0 && info.si_pid == pid_) {
    has_ended_ = true;
    status_ = info.si_code == CLD_EXITED ? info.si_status << 8U : info.si_status;
  }
  return has_ended_;
}

std::string Background::last_output(std::size_t max_bytes) {
  std::string text = end_of_output(max_bytes);
  // The program writes on where its file stands, and that is ours too: the end of it goes to the beginning.
  if (output_.get() >= 0 && lseek(output_.get(), 0, SEEK_CUR) > 2 * max_kept_output) {
    std::string kept = end_of_output(max_kept_output);
    const ssize_t moved = pwrite(output_.get(), kept.data(), kept.size(), 0);
    wipe(kept);
    if (moved < 0) return text;
    lseek(output_.get(), moved, SEEK_SET);
    fallocate(output_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, moved, max_output - moved);
  }
  return text;
}

std::string Background::end_of_output(std::size_t max_bytes) const {
  const off_t end = output_.get() < 0 ? -1 : lseek(output_.get(), 0, SEEK_CUR);
  if (end < 0) return {};
  std::string text(std::min(max_bytes, static_cast<std::size_t>(end)), '\0');
  const ssize_t count = pread(output_.get(), text.data(), text.size(), end - static_cast<off_t>(text.size()));
  text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return text;
}

void Background::wait_until_ended(int milliseconds) {
  for (int waited = 0; waited < milliseconds && !has_ended();) {
    const int now = waited < 20 ? 2 : 20;
    nap(now);
    waited += now;
  }
}

void Background::reap() {
  int status = 0;
  if (is_reaped_ || waitpid(pid_, &status, WNOHANG) != pid_) return;
  is_reaped_ = true;
  // What it has started itself may need a moment to say good-bye.
  for (int waited = 0; waited < longest_farewell && kill(-pid_, 0) == 0; waited += 10) nap(10);
  kill(-pid_, SIGKILL);
}

void Background::end() {
  if (pid_ > 0) {
    // A number that the host has reaped may be another program's by now.
    has_ended();
    if (!is_reaped_) kill(-pid_, SIGTERM);
    tie_.reset();
    wait_until_ended(longest_obedience);
    if (!has_ended_) {
      kill(-pid_, SIGKILL);
      wait_until_ended(longest_death);
    }
    reap();
  }
  disown();
}

void Background::disown() {
  pid_ = -1;
  // Closing in a child tells nobody: the parent's are still open.
  tie_.reset();
  other_tie_.reset();
  output_.reset();
}

}  // namespace iamodbc
