// file_edit: changes a file in place, so that it loses nothing when it is interrupted, when the disk is full, or when
// two programs change it at the same time.
// Source: rename(2), flock(2), xattr(7). Thread rule: any thread; a lock holds against threads and programs that use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/result.h"

namespace iamodbc {

struct FileEdit {
  // The new text from the present one; a missing file is empty. Called again when another program has written the file
  // meanwhile. May fail; the same text means that nothing is written.
  std::function<Result<std::string>(const std::string&)> change;
  bool holds_secret = false;                  // the file becomes 0600, whatever it was; else a new one is 0644
  std::chrono::milliseconds patience{10000};  // how long another writer is waited for
};

// Writes the file whole or not at all: a new one beside it takes its place. A symbolic link stays one, also where its
// target is yet to be made; owner, mode, access lists and extended attributes stay. True: something was written.
// Fails (HY000) where the file cannot be read, or cannot be replaced without losing one of these, and where `change`
// fails; the old file is then as it was.
Result<bool> edit_file(const std::string& path, const FileEdit& edit);

}  // namespace iamodbc
