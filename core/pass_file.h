// pass_file: a libpq password file that exists in memory only.
// Why: psqlODBC's log is one for the whole process and writes a connection string before it parses it, so a secret in the string can reach the log through
// another connection's Debug=1. A password file named in pqopt is read by libpq alone.
// Shape: one line `*:*:*:*:secret`, `:` and `\` of the secret escaped by `\`; a memfd, mode 0600, close-on-exec, seen as /proc/self/fd/N. Exists until freed,
// then overwritten and closed.
// create() gives nullopt where it cannot work: no memfd, no /proc, an empty secret, a secret with a line end. The caller then has to use the string.
// Thread rule: values; the path is good in the process that made it.
// Source: https://www.postgresql.org/docs/15/libpq-pgpass.html; memfd_create(2)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iamodbc {

class PassFile {
 public:
  static std::optional<PassFile> create(std::string_view secret);

  PassFile(PassFile&& other) noexcept;
  PassFile& operator=(PassFile&& other) noexcept;
  PassFile(const PassFile&) = delete;
  PassFile& operator=(const PassFile&) = delete;
  ~PassFile();

  [[nodiscard]] std::string path() const;

 private:
  explicit PassFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace iamodbc
