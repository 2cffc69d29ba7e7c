// attribute_queue: attributes set before there is a base driver to take them; replayed on the base's handle before it
// connects, in the order and through the width they came by. Whether a value is an integer (or pointer) or text is
// decided by a table of ODBC's attributes, never by StringLength: driver managers replay integers with length 4. Not in
// the table: SQL_NTS or a length above 0 is copied as text, SQL_LEN_BINARY_ATTR(n) copies n bytes, all else is an
// integer. ODBC lets attributes live as long as the handle. So what was set while connected and is ODBC's own is
// remembered too (persists()), and a reconnect over a fresh base handle starts with it.
// Thread rule: as std::vector; the driver manager serialises calls on one connection that is not connected.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "driver/functions.h"
#include "driver/text.h"

namespace iamodbc {

class AttributeQueue {
 public:
  // Setting an attribute again replaces the earlier value and goes to the end. HY090: a negative length that means
  // nothing for text.
  Result<Done> set(SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length, Width width);
  // As SQLGetConnectAttr before a connect: what was set, else ODBC's default. Sets *length in bytes for text.
  // SQL_SUCCESS, SQL_SUCCESS_WITH_INFO (text cut), SQL_NO_DATA (ODBC's attribute, but neither set nor defaulted),
  // SQL_ERROR (unknown).
  SQLRETURN get(SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length, Width width) const;
  // The value of an attribute that is an integer, e.g. SQL_ATTR_LOGIN_TIMEOUT; nullopt when it was not set.
  [[nodiscard]] std::optional<SQLULEN> integer(SQLINTEGER attribute) const;
  // True for an attribute of ODBC's that stays with a connection handle over a disconnect.
  static bool persists(SQLINTEGER attribute);

  // Return codes are ignored, as driver managers do: an attribute that the base refuses does not stop the connect.
  // after_connect: those that must wait for it (asynchronous connection functions would make the connect itself
  // asynchronous).
  // `deferred`: further ones that shall wait, in both calls the same.
  void replay_before_connect(const BaseFunctions& base, SQLHDBC hdbc, std::span<const SQLINTEGER> deferred = {}) const;
  void replay_after_connect(const BaseFunctions& base, SQLHDBC hdbc, std::span<const SQLINTEGER> deferred = {}) const;
  // On a base environment.
  void replay_environment(const BaseFunctions& base, SQLHENV henv) const;
  void clear() { values_.clear(); }

 private:
  struct Value {
    SQLINTEGER attribute = 0;
    SQLINTEGER length = 0;  // as given
    Width width = Width::narrow;
    bool copied = false;
    SQLPOINTER integer = nullptr;  // not copied
    std::string bytes;             // copied, two NULs after the text; for wide these are its 2-byte units
  };
  [[nodiscard]] const Value* find(SQLINTEGER attribute) const;
  static SQLRETURN get_copied(const Value& entry, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length,
                              Width width);
  void replay(const BaseFunctions& base, SQLHDBC hdbc, std::span<const SQLINTEGER> deferred, bool after_connect) const;

  std::vector<Value> values_;
};

}  // namespace iamodbc
