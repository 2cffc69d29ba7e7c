// connect: SQLConnect, SQLDriverConnect and SQLBrowseConnect.
// SQLConnect becomes a ConnectionString at its first line, so there is one walk through the rooms (core/walk.h), one rewriting and one test matrix.
// Thread rule: as ODBC: one thread a connection handle; no lock is held on the way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/connection_string.h"
#include "core/width.h"
#include "driver/handles.h"

namespace iamodbc {

// Where SQLDriverConnect puts the completed string; both may be null.
struct OutString {
  void* buffer = nullptr;
  SQLSMALLINT capacity = 0;
  SQLSMALLINT* length = nullptr;
};

// The walk. Leaves the handle connected, or with diagnostics that say why not.
// `may_prompt`: the application does not forbid to ask a person, as SQL_DRIVER_NOPROMPT does.
SQLRETURN connect(Dbc& dbc, ConnectionString string, Width width, const OutString& out, bool may_prompt);

}  // namespace iamodbc
