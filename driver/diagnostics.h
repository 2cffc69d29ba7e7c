// diagnostics: records of our own on a handle, and reading a base driver's.
// While a handle has records of ours, these alone are served; without, SQLGetDiagRec and SQLGetDiagField ask the base
// driver. Every function but these two clears them first. Texts: ours are UTF-8; a base driver's come as bytes by
// narrow calls, as UTF-8 by wide ones, and go out the same way.
// Thread rule: safe from any thread (bookkeeping()).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "driver/handles.h"
#include "driver/text.h"

namespace iamodbc {

using Record = Error;  // SQLSTATE, text, native code

struct Diagnostics {
  SQLRETURN returncode = SQL_ERROR;
  std::vector<Record> records;  // in the order in which they are served
  std::string server;  // SQL_DIAG_SERVER_NAME and SQL_DIAG_CONNECTION_NAME: the DSN or the server; may be empty
};

// Replaces what the handle had. Texts are served as they are. Returns returncode.
SQLRETURN set_diagnostics(Handle& handle, Diagnostics diagnostics);
// One record of ours, "[iamodbc] " put before its text; returns SQL_ERROR. Never throws: without memory the record is
// HY001.
SQLRETURN fail(Handle& handle, const Error& error) noexcept;
// The record HY001, which needs no memory; returns SQL_ERROR.
SQLRETURN fail_for_memory(Handle& handle) noexcept;
// HY000, for an exception that nobody expected; returns SQL_ERROR.
SQLRETURN fail_for_fault(Handle& handle, const char* what) noexcept;
// Takes the lock only where there are any. Also for a handle that is being freed.
void clear_diagnostics(Handle& handle) noexcept;
// A copy; nullopt when the handle has none of ours.
std::optional<Diagnostics> own_diagnostics(const Handle& handle);

// Every record of a base driver's handle, messages whole. Never fails: what the base does not tell is missing.
std::vector<Record> read_diagnostics(const BaseFunctions& base, SQLSMALLINT handle_type, SQLHANDLE handle, Width width);

}  // namespace iamodbc
