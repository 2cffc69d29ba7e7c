// private_file: files that are ours alone and that other programs of the same user share: caches of a sign-in.
// Shape: at most 1 MB. Written beside and renamed, mode 0600, so a reader sees the old file or the new one; folders that are missing are made, mode 0700.
// Errors: HY000 with path and reason. Thread rule: values; locks hold between threads and between processes.
// Source: rename(2), flock(2)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/deadline.h"
#include "core/error.h"
#include "core/result.h"
#include "core/secret.h"

namespace iamodbc {

// A secret that another program keeps in a file. Fails with what is wrong with the file ("cannot be read: Is a
// directory", "is larger than 20000 bytes"); never waits, for the writer of a pipe neither.
Result<Secret> read_secret_file(const std::string& path, std::size_t most_bytes);

// Nothing when there is no such file, or it cannot be read.
std::optional<Secret> read_private_file(const std::string& path);
std::optional<Error> write_private_file(const std::string& path, std::string_view bytes);
// The folder of a path, with those above it.
std::optional<Error> make_private_folder(const std::string& folder);

// Holds a file, or a folder, against all who do the same: no further file is made for it. Where the file system has no locks, or there is no such file, it holds nothing and
// nobody waits.
class FileLock {
 public:
  // Waits until the lock is free, but not beyond the deadline.
  FileLock(const std::string& path, Deadline deadline);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

  // Somebody else still had it at the deadline.
  [[nodiscard]] bool is_busy() const { return is_busy_; }

 private:
  int descriptor_ = -1;
  bool is_busy_ = false;
};

}  // namespace iamodbc
