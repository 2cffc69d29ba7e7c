// connection: a connection through the driver manager, as any program makes one.
// Thread rule: one thread at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/result.h"
#include "core/secret.h"

namespace iamodbc {

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Every record of a failure, in order; empty when connected. `login_timeout` 0: the base driver's own.
  std::vector<Error> connect(const Secret& connection_string, std::chrono::seconds login_timeout);
  // The columns of the first row as text, NULL as an empty one; nothing when there is no row.
  Result<std::vector<std::string>> first_row(const char* statement);
  // SQLGetInfo of a text; empty when it fails.
  [[nodiscard]] std::string info(unsigned short number) const;

 private:
  void* environment_ = nullptr;
  void* connection_ = nullptr;
  bool is_connected_ = false;
};

}  // namespace iamodbc
