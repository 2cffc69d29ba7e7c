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
#include "core/system.h"

namespace iamodbc {

// A secret that another program keeps in a file. Fails with what is wrong with the file ("cannot be read: Is a
// directory", "is larger than 20000 bytes"); never waits, for the writer of a pipe neither.
Result<Secret> read_secret_file(const std::string& path, std::size_t most_bytes);

// What others can do to a file, and what ends it, for messages: "others can read or change /home/me/.aws/credentials
// (mode 0644)", "chmod 600 /home/me/.aws/credentials". Others are all but this user and root, those of the file's group
// among them.
struct Exposure {
  std::string what;
  std::string remedy;
};
// Of secrets nobody else may read or change the file; of settings nobody else may change it.
enum class Holds { secrets, settings };
// Looks at the file and at each folder and link on the way to it: who can write into a folder, or owns it, can put
// another file there. A folder where everybody may write but remove only what is their own (/tmp) is none of these, nor
// is a volume of Kubernetes that is mounted read-only.
// Nothing when all is well, or it is no file.
std::optional<Exposure> exposure_of(const std::string& path, Holds holds);

// Nothing when there is no such file, or it cannot be read.
std::optional<Secret> read_private_file(const std::string& path);
std::optional<Error> write_private_file(const std::string& path, std::string_view bytes);
// The folder of a path, with those above it.
std::optional<Error> make_private_folder(const std::string& folder);

// A folder for empty lock files, that only this user can enter: `iamodbc` in XDG_RUNTIME_DIR or else /run/user/UID, else `iamodbc-UID` in TMPDIR or else /tmp. Fails where none
// can be made, or what has its name is somebody else's or open to others.
Result<std::string> lock_folder(const System& system);

// Holds a file, or a folder, against all who do the same: no further file is made for it unless it is asked for. Where the file system has no locks, or there is no such file, it holds nothing and
// nobody waits.
class FileLock {
 public:
  enum class Missing { holds_nothing, is_made };  // empty, mode 0600
  // Waits until the lock is free, but not beyond the deadline.
  FileLock(const std::string& path, Deadline deadline, Missing missing = Missing::holds_nothing);
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
