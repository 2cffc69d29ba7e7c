// SPDX-License-Identifier: Apache-2.0
#include "core/pass_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/not_cancelled.h"
#include "core/secret.h"

namespace iamodbc {
namespace {

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Secret password_line(std::string_view secret) {
  Secret line("*:*:*:*:");
  std::size_t from = 0;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    if (secret[i] != ':' && secret[i] != '\\') continue;
    line.append(secret.substr(from, i - from));
    line.append("\\");
    from = i;
  }
  line.append(secret.substr(from));
  line.append("\n");
  return line;
}

}  // namespace

std::optional<PassFile> PassFile::create(std::string_view secret) {
#ifdef MFD_CLOEXEC
  if (secret.empty() || secret.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    return std::nullopt;
  // Some systems allow only memory files that say that they will never be executed; older ones do not know the word.
  constexpr unsigned never_executed = 0x0008U;  // MFD_NOEXEC_SEAL, Linux 6.3
  int descriptor = memfd_create("iamodbc", MFD_CLOEXEC | never_executed);
  if (descriptor < 0) descriptor = memfd_create("iamodbc", MFD_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  PassFile file(descriptor);
  // libpq ignores a file that others may read; a memfd starts as 0777.
  if (fchmod(descriptor, S_IRUSR | S_IWUSR) != 0 || !write_all(descriptor, password_line(secret).reveal()))
    return std::nullopt;
  // libpq will open it by name, so we try: /proc may be missing in a chroot, or closed to us.
  const NotCancelled held;  // the file would stay open
  const int probe = open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
  if (probe < 0) return std::nullopt;
  struct stat by_name {};
  struct stat by_descriptor {};
  const bool same = fstat(probe, &by_name) == 0 && fstat(descriptor, &by_descriptor) == 0 &&
                    by_name.st_dev == by_descriptor.st_dev && by_name.st_ino == by_descriptor.st_ino;
  close(probe);
  if (!same) return std::nullopt;
  return file;
#else
  (void)secret;
  return std::nullopt;
#endif
}

PassFile::PassFile(PassFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

PassFile& PassFile::operator=(PassFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

PassFile::~PassFile() {
  const NotCancelled held;
  if (descriptor_ < 0) return;
  struct stat status {};
  if (fstat(descriptor_, &status) == 0 && status.st_size > 0) {
    static constexpr char zeros[4096] = {};
    off_t left = lseek(descriptor_, 0, SEEK_SET) == 0 ? status.st_size : 0;
    while (left > 0) {
      const auto part = static_cast<std::size_t>(left) < sizeof zeros ? static_cast<std::size_t>(left) : sizeof zeros;
      if (!write_all(descriptor_, std::string_view(zeros, part))) break;
      left -= static_cast<off_t>(part);
    }
  }
  close(descriptor_);
}

std::string PassFile::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

}  // namespace iamodbc
