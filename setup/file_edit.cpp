// SPDX-License-Identifier: Apache-2.0
#include "setup/file_edit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/private_file.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_bytes = std::size_t{16} << 20U;  // of which core/ini_files reads no more either
constexpr int most_links = 40;                             // as the kernel's own limit
constexpr int most_tries = 20;

Error cannot_write(const std::string& path, const std::string& why) {
  return Error{State::general_error, path + " cannot be written: " + why + ".", 0};
}
Error cannot_write(const std::string& path, int reason) {
  return cannot_write(path, std::generic_category().message(reason));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// What was read, and how to see that it has changed since.
struct Snapshot {
  bool exists = false;
  struct stat status {};
  std::string text;
};

bool is_unchanged(const std::string& path, const Snapshot& snapshot) {
  struct stat now {};
  if (lstat(path.c_str(), &now) != 0) return errno == ENOENT && !snapshot.exists;
  const struct stat& then = snapshot.status;
  const auto is_same = [](const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
  };
  return snapshot.exists && now.st_dev == then.st_dev && now.st_ino == then.st_ino && now.st_size == then.st_size &&
         is_same(now.st_mtim, then.st_mtim) && is_same(now.st_ctim, then.st_ctim);
}

std::optional<Error> read_text(int file, const std::string& path, std::string& text) {
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count == 0) return std::nullopt;
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) return cannot_write(path, errno);
    if (text.size() > max_bytes) return cannot_write(path, "it is larger than 16 MB");
  }
}

Result<Snapshot> read_snapshot(const std::string& path) {
  Snapshot snapshot;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return snapshot;
  if (!file || fstat(file.number(), &snapshot.status) != 0) return cannot_write(path, errno);
  if (!S_ISREG(snapshot.status.st_mode)) {
    return cannot_write(path, S_ISDIR(snapshot.status.st_mode) ? EISDIR : EINVAL);
  }
  // Replacing would get round a file that its owner has made read-only, and part it from its other names.
  if (faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) return cannot_write(path, errno);
  if (snapshot.status.st_nlink > 1) {
    return cannot_write(path, "it has " + std::to_string(snapshot.status.st_nlink) +
                                  " names (hard links), which would be different files afterwards");
  }
  snapshot.exists = true;
  if (auto error = read_text(file.number(), path, snapshot.text)) return *std::move(error);
  return snapshot;
}

// Access lists and whatever else is kept with the file. Only an access list must not be lost: without it the mode's
// group bits mean something else.
bool copy_attributes(const std::string& path, int to) {
  std::vector<char> names(65536);  // XATTR_LIST_MAX
  const ssize_t size = listxattr(path.c_str(), names.data(), names.size());
  for (ssize_t at = 0; at < size;) {
    const char* const name = names.data() + at;
    at += static_cast<ssize_t>(std::strlen(name)) + 1;
    std::vector<char> value(65536);  // XATTR_SIZE_MAX
    const ssize_t length = getxattr(path.c_str(), name, value.data(), value.size());
    const bool is_copied = length >= 0 && fsetxattr(to, name, value.data(), static_cast<std::size_t>(length), 0) == 0;
    if (!is_copied && std::string_view(name) == "system.posix_acl_access") return false;
  }
  return true;
}

bool take_over(int file, const std::string& path, const Snapshot& before, bool holds_secret) {
  if (!before.exists) return fchmod(file, holds_secret ? 0600 : 0644) == 0;
  struct stat made {};
  if (fstat(file, &made) != 0) return false;
  // A folder may give its own group to what is made in it.
  if ((before.status.st_uid != made.st_uid || before.status.st_gid != made.st_gid) &&
      fchown(file, before.status.st_uid, before.status.st_gid) != 0) {
    return false;
  }
  return copy_attributes(path, file) && fchmod(file, holds_secret ? 0600 : before.status.st_mode & 07777U) == 0;
}

// Whole or not at all: a file beside it takes its place. False: somebody else has written it meanwhile.
Result<bool> replace(const std::string& path, const std::string& folder, const Snapshot& before, std::string_view text,
                     bool holds_secret) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) {
    return cannot_write(
        path, "no file can be made in its folder " + folder + " (" + std::generic_category().message(errno) + ")");
  }
  std::optional<Error> error;
  bool is_replaced = false;
  if (!take_over(file.number(), path, before, holds_secret)) {
    error = cannot_write(path, "its owner, group or access list cannot be kept (" +
                                   std::generic_category().message(errno) + "); do it as its owner");
  } else if (!write_all(file.number(), text) || fsync(file.number()) != 0) {
    error = cannot_write(path, errno);
  } else if (is_unchanged(path, before)) {
    is_replaced = rename(temporary.c_str(), path.c_str()) == 0;
    if (!is_replaced) error = cannot_write(path, errno);
  }
  if (!is_replaced) unlink(temporary.c_str());
  if (error) return *std::move(error);
  return is_replaced;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// A secret was written before, and others can read it.
bool is_to_narrow(const Snapshot& before, const FileEdit& edit) {
  return edit.holds_secret && before.exists && (before.status.st_mode & 07177U) != 0;
}

// The file that a link leads to, also one that is not there yet.
std::string target_of(std::string path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
  if (real) return real.get();
  for (int i = 0; i < most_links; ++i) {
    std::error_code error;
    const std::string link = std::filesystem::read_symlink(path, error).string();
    if (error) break;
    path = link.starts_with('/') ? link : folder_of(path) + "/" + link;
  }
  return path;
}

// The name lasts only once the folder is on the disk, too; what has no way to say so needs none.
void sync_folder(const std::string& folder) {
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor) static_cast<void>(fsync(descriptor.number()));
}

}  // namespace

Result<bool> edit_file(const std::string& path, const FileEdit& edit) {
  const std::string target = target_of(path);
  const std::string folder = folder_of(target);
  // One writer at a time. The folder is locked, because the file itself is replaced. Where there are no locks (folders
  // on NFS), and against programs that know nothing of it, a change by others is seen before it would be lost.
  const FileLock lock(folder, std::chrono::steady_clock::now() + edit.patience);
  if (lock.is_busy()) return cannot_write(path, "another program keeps its folder " + folder + " locked");
  for (int i = 0; i < most_tries; ++i) {
    const auto before = read_snapshot(target);
    if (!before) return before.error();
    auto after = edit.change(before.value().text);
    if (!after) return after.error();
    if (after.value() == before.value().text && !is_to_narrow(before.value(), edit)) return false;
    const auto is_replaced = replace(target, folder, before.value(), after.value(), edit.holds_secret);
    if (!is_replaced) return is_replaced.error();
    if (is_replaced.value()) {
      sync_folder(folder);
      return true;
    }
  }
  return cannot_write(path, "another program writes it again and again");
}

}  // namespace iamodbc
