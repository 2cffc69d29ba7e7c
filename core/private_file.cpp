// SPDX-License-Identifier: Apache-2.0
#include "core/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/not_cancelled.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_bytes = std::size_t{1} << 20U;
constexpr std::chrono::milliseconds between_tries{25};

Error cannot_write(const std::string& path, int error) {
  return Error{State::general_error, path + " cannot be written: " + std::generic_category().message(error) + ".", 0};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// 0, or the errno of the failure.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

bool is_ours_alone(const std::string& folder) {
  struct stat status {};
  return lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
         (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

bool is_same_file(int descriptor, const std::string& path) {
  struct stat ours {};
  struct stat there {};
  return fstat(descriptor, &ours) == 0 && stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path, std::size_t most_bytes) {
  const auto wrong = [](const std::string& what) { return Error{State::general_error, what, 0}; };
  const auto unreadable = [&](int reason) {
    return wrong("cannot be read: " + std::generic_category().message(reason));
  };
  const NotCancelled held;                                                       // the file would stay open
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // never waits for a writer of a pipe
  if (descriptor < 0) return unreadable(errno);
  Secret bytes;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  do {
    count = read(descriptor, buffer.data(), buffer.size());
    if (count > 0) bytes.append({buffer.data(), static_cast<std::size_t>(count)});
  } while ((count > 0 && bytes.size() <= most_bytes) || (count < 0 && errno == EINTR));
  const int reason = errno;
  wipe(buffer.data(), buffer.size());
  close(descriptor);
  if (count < 0) return unreadable(reason);
  if (bytes.size() > most_bytes) return wrong("is larger than " + std::to_string(most_bytes) + " bytes");
  return bytes;
}

std::string open_to_others(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
    return {};
  const unsigned mode = status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
  std::string octal = "0";
  for (const unsigned shift : {6U, 3U, 0U}) octal += static_cast<char>('0' + ((mode >> shift) & 7U));
  return path + " (mode " + octal + ")";
}

std::optional<Secret> read_private_file(const std::string& path) {
  auto bytes = read_secret_file(path, max_bytes);
  if (!bytes) return std::nullopt;
  return std::move(bytes).value();
}

std::optional<Error> make_private_folder(const std::string& folder) {
  for (std::size_t at = 1; at != std::string::npos;) {
    at = folder.find('/', at);
    const std::string one = folder.substr(0, at);
    if (mkdir(one.c_str(), 0700) != 0 && errno != EEXIST && errno != EISDIR && errno != EROFS)
      return cannot_write(one, errno);
    if (at != std::string::npos) ++at;
  }
  return std::nullopt;
}

std::optional<Error> write_private_file(const std::string& path, std::string_view bytes) {
  if (auto error = make_private_folder(folder_of(path))) return error;
  const NotCancelled held;  // the file would stay open, and half of it beside the old one
  std::string beside = path + ".XXXXXX";
  const int descriptor = mkostemp(beside.data(), O_CLOEXEC);  // mode 0600
  if (descriptor < 0) return cannot_write(path, errno);
  int error = write_all(descriptor, bytes);
  if (error == 0 && fsync(descriptor) != 0) error = errno;
  if (close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0 && rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return std::nullopt;
  unlink(beside.c_str());
  return cannot_write(path, error);
}

Result<std::string> lock_folder(const System& system) {
  const std::string uid = std::to_string(geteuid());
  std::vector<std::string> parents{"/run/user/" + uid};
  if (auto given = system.set_variable("XDG_RUNTIME_DIR")) parents.insert(parents.begin(), *std::move(given));
  for (const std::string& parent : parents) {
    // Another user's, for a program that changed its user: what it would make there might stand in that user's way.
    if (!is_ours_alone(parent)) continue;
    const std::string folder = parent + "/iamodbc";
    if ((mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) && is_ours_alone(folder)) return folder;
  }
  const std::string folder = system.set_variable("TMPDIR").value_or("/tmp") + "/iamodbc-" + uid;
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot_write(folder, errno);
  if (is_ours_alone(folder)) return folder;
  return Error{State::general_error, folder + " is not a folder for this user alone (mode 0700).", 0};
}

FileLock::FileLock(const std::string& path, Deadline deadline, Missing missing) {
  const int flags = missing == Missing::is_made ? O_RDWR | O_CREAT | O_NOFOLLOW : O_RDONLY;
  while (true) {
    descriptor_ = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR);
    if (descriptor_ < 0) return;
    while (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      is_busy_ = errno == EWOULDBLOCK && std::chrono::steady_clock::now() >= deadline;
      if ((errno != EWOULDBLOCK && errno != EINTR) || is_busy_) {
        close(descriptor_);
        descriptor_ = -1;
        return;
      }
      try {
        std::this_thread::sleep_for(between_tries);
      } catch (...) {  // a thread that is cancelled: it never had the lock, and nobody destroys it
        const NotCancelled held;
        close(descriptor_);
        throw;
      }
    }
    // Whoever had it may have put another file in its place, and that one is to be held.
    if (is_same_file(descriptor_, path)) return;
    close(descriptor_);
    descriptor_ = -1;
  }
}

FileLock::~FileLock() {
  const NotCancelled held;
  if (descriptor_ < 0) return;
  flock(descriptor_, LOCK_UN);  // also for a copy of the process that was made meanwhile
  close(descriptor_);
}

}  // namespace iamodbc
