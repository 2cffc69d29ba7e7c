// SPDX-License-Identifier: Apache-2.0
#include "core/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/not_cancelled.h"
#include "core/text.h"

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

// A folder, a link or the file itself, on the way to a file.
struct Step {
  std::string path;
  struct stat status {};
};

// The kernel follows no more of them.
constexpr int most_links = 40;

// As the kernel goes, from the root on, through each link; up to where it cannot be followed.
std::vector<Step> way_to(const std::string& path) {
  std::error_code ignored;
  std::string rest = path.front() == '/' ? path : std::filesystem::current_path(ignored).string() + "/" + path;
  std::string at;  // without a link in it; empty for the root
  std::vector<Step> way(1, Step{"/"});
  if (lstat("/", &way.back().status) != 0) return {};
  for (int links = 0; !rest.empty() && links <= most_links;) {
    const std::string name = rest.substr(0, rest.find('/'));
    rest.erase(0, name.size() + 1);
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      at.resize(at.empty() ? 0 : at.rfind('/'));
      continue;
    }
    Step step{at + "/" + name};
    if (lstat(step.path.c_str(), &step.status) != 0) break;
    if (S_ISLNK(step.status.st_mode)) {
      const std::string target = std::filesystem::read_symlink(step.path, ignored).string();
      if (target.empty()) break;
      if (target.front() == '/') at.clear();
      rest.insert(0, target + "/");
      ++links;
    } else {
      at = step.path;
    }
    way.push_back(std::move(step));
  }
  return way;
}

bool can_be_written_by_others(const struct stat& status) {
  return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

// A ConfigMap is a folder of mode 0777, but it is mounted read-only, and only Kubernetes writes it: known by its link
// to the present version. Of any other read-only mount nobody knows who writes it elsewhere: to a service with
// systemd's ProtectSystem=strict all folders are read-only, whoever may write them.
bool is_volume_of_kubernetes(const std::string& folder) {
  struct statvfs mounted {};
  struct stat version {};
  return statvfs(folder.c_str(), &mounted) == 0 && (mounted.f_flag & ST_RDONLY) != 0 &&
         lstat((folder + "/..data").c_str(), &version) == 0 && S_ISLNK(version.st_mode) && version.st_uid == 0;
}

bool is_ours_or_roots(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == geteuid();
}

std::string owned_by_another(const struct stat& status, const std::string& path) {
  return "user " + std::to_string(status.st_uid) + " owns " + path;
}

std::string with_mode(const std::string& path, const struct stat& status) {
  std::string octal = "0";
  for (const unsigned shift : {6U, 3U, 0U}) octal += static_cast<char>('0' + ((status.st_mode >> shift) & 7U));
  return path + " (mode " + octal + ")";
}

// Before a command that only the owner may run, and root.
std::string sudo(const struct stat& status) {
  return status.st_uid == geteuid() || geteuid() == 0 ? "" : "sudo ";
}

std::optional<Exposure> exposure_of_itself(const std::string& path, const struct stat& status, Holds holds) {
  const std::string as_root = sudo(status);
  const std::string own = as_root + "chown " + std::to_string(geteuid()) + " " + quoted_for_shell(path);
  if (!is_ours_or_roots(status)) return Exposure{owned_by_another(status, path), own};
  if (holds == Holds::settings) {
    if (!can_be_written_by_others(status)) return std::nullopt;
    return Exposure{"others can change " + with_mode(path, status), as_root + "chmod go-w " + quoted_for_shell(path)};
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return std::nullopt;
  // Root's file for itself alone would be out of this user's reach too.
  return Exposure{"others can read or change " + with_mode(path, status),
                  (as_root.empty() ? "" : own + " && ") + as_root + "chmod 600 " + quoted_for_shell(path)};
}

std::optional<Exposure> exposure_by(const Step& step, const std::string& path) {
  const std::string on_the_way = ", on the way to " + path;
  if (!is_ours_or_roots(step.status)) {
    return Exposure{owned_by_another(step.status, step.path) + on_the_way,
                    "keep it in a folder that is yours or root's"};
  }
  const bool is_for_all = S_ISDIR(step.status.st_mode) && (step.status.st_mode & S_ISVTX) == 0;
  if (!is_for_all || !can_be_written_by_others(step.status) || is_volume_of_kubernetes(step.path)) return std::nullopt;
  // A folder of root's where everybody writes is meant for that, as /tmp is.
  const bool is_meant = step.status.st_uid == 0 && geteuid() != 0 && (step.status.st_mode & S_IWOTH) != 0;
  return Exposure{"others can change " + with_mode(step.path, step.status) + on_the_way,
                  sudo(step.status) + (is_meant ? "chmod +t " : "chmod go-w ") + quoted_for_shell(step.path)};
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

std::optional<Exposure> exposure_of(const std::string& path, Holds holds) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (auto found = exposure_of_itself(path, status, holds)) return found;
  for (const Step& step : way_to(path)) {
    if (auto found = exposure_by(step, path)) return found;
  }
  return std::nullopt;
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
  // The file would stay open: nobody destroys what is half made. A thread may be cancelled while it sleeps.
  std::optional<NotCancelled> held(std::in_place);
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
      held.reset();
      try {
        std::this_thread::sleep_for(between_tries);
      } catch (...) {
        held.emplace();
        close(descriptor_);
        throw;
      }
      held.emplace();
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
