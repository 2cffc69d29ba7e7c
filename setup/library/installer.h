// installer: the library that called the setup library (unixODBC's libodbcinst or iODBC's libiodbcinst), as it wants to
// be spoken to: its wide text, its choice of odbc.ini, its list of errors.
// Which of the two it is follows from where the loader bound SQLGetConfigMode: a program of iODBC's has libiodbcinst in
// the global scope, and that comes before the libodbcinst that we are linked to.
// Errors: an Error whose native code is one of ODBC's installer (ODBC_ERROR_...). At most 511 bytes of its message are
// told, because programs bring buffers of SQL_MAX_MESSAGE_LENGTH. Thread rule: any thread; the list of errors is one of
// the whole process.
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/sqlpostinstallererror-function; unixODBC 2.3.11 and
//         iODBC 3.52.9, which keeps the pointer to a message and not the message.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cxxabi.h>

#include <new>
#include <string>

#include <odbcinst.h>

#include "core/error.h"
#include "core/result.h"

namespace iamodbc {

// `code`: ODBC_ERROR_...
Error refusal(int code, std::string message);

void post(const Error& error);

bool is_called_by_iodbc();

// Which odbc.ini is meant: what SQLSetConfigMode, or a request such as ODBC_ADD_SYS_DSN, has chosen.
enum class DataSources { both, user, system };
// Empties the list of errors, as every function of the installer but SQLPostInstallerError.
DataSources chosen_data_sources();

// After a file was changed: unixODBC keeps values that it has read, and would give the old ones to the same program.
void forget_values_read();

// UTF-8 of a text, or of a list of texts that an empty one ends; the list stays one. A null pointer is empty.
// Units have two bytes (UTF-16), under iODBC four.
std::string text_of(LPCWSTR text);
std::string list_of(LPCWSTR texts);

// body() returns a Result<bool>, whose error is posted. Nothing that it throws gets to the caller, but the unwinding of a
// thread that is cancelled.
template <class Body>
BOOL answer(const Body& body) {
  try {
    const Result<bool> result = body();
    if (result) return result.value() ? 1 : 0;
    post(result.error());
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (const std::bad_alloc&) {
    SQLPostInstallerError(ODBC_ERROR_OUT_OF_MEM, "iamodbc: out of memory");
  } catch (...) {
    SQLPostInstallerError(ODBC_ERROR_GENERAL_ERR, "iamodbc: an unexpected fault");
  }
  return 0;
}

}  // namespace iamodbc
