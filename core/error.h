// error: why something failed, as ODBC and the user need to hear it.
// Shape: SQLSTATE (five characters), a UTF-8 message that says what failed, why, and what to do next, and a native code
// (0 unless a base driver gave one). Made where the fault is seen; nothing maps states later.
// A message never holds a secret: keys, session tokens, passwords and tokens are named, not shown.
// Source: SQLSTATEs as in https://learn.microsoft.com/sql/odbc/reference/appendixes/appendix-a-odbc-error-codes
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

namespace iamodbc {

// The states that we raise ourselves, each with the moment it arises. A base driver's own states pass untouched.
struct State {
  static constexpr const char* string_truncated = "01004";       // the out connection string did not fit (a warning)
  static constexpr const char* cannot_connect = "08001";         // any failure of ours on the way to a connection
  static constexpr const char* connection_in_use = "08002";      // connect on a connected handle
  static constexpr const char* connection_not_open = "08003";    // a call that needs a connection, before there is one
  static constexpr const char* invalid_authorization = "28000";  // no credentials, broken credentials, empty user
  static constexpr const char* general_error = "HY000";          // a fault that no other state describes
  static constexpr const char* out_of_memory = "HY001";          // bad_alloc
  static constexpr const char* invalid_null_pointer = "HY009";   // a null pointer where one is not allowed
  static constexpr const char* sequence_error = "HY010";         // functions called out of order
  static constexpr const char* invalid_attribute_value = "HY024";  // an attribute value is not one of those allowed
  static constexpr const char* invalid_string_length = "HY090";    // a negative length that is not SQL_NTS
  static constexpr const char* invalid_attribute_identifier = "HY092";
  static constexpr const char* not_implemented = "HYC00";         // optional feature
  static constexpr const char* login_timeout = "HYT00";           // the login time-out passed
  static constexpr const char* function_not_supported = "IM001";  // the base driver does not export the function
  static constexpr const char* driver_not_loaded = "IM003";       // the base driver could not be loaded
  static constexpr const char* base_allocation_failed = "IM004";  // SQLAllocHandle of the base driver failed
};

struct Error {
  std::string sqlstate;
  std::string message;
  int native = 0;
  // The access key id of keys that a service of AWS did not let do what was asked, if that is why: newer ones may be let.
  std::string refused_key{};
};

// The usual failure on the way to a connection (08001).
inline Error cannot_connect(std::string message) {
  return Error{State::cannot_connect, std::move(message), 0};
}

}  // namespace iamodbc
