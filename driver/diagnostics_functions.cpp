// diagnostics_functions: SQLGetDiagRec and SQLGetDiagField, over records of our own or the base driver's. They clear
// nothing.
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/sqlgetdiagfield-function
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

#include "driver/own.h"

namespace iamodbc {

namespace {

template <class Body>
SQLRETURN on_any(SQLSMALLINT type, SQLHANDLE raw, Body body) {
  switch (type) {
    case SQL_HANDLE_ENV:
      return own<Env>(raw, body, false);
    case SQL_HANDLE_DBC:
      return own<Dbc>(raw, body, false);
    case SQL_HANDLE_STMT:
      return own<Stmt>(raw, body, false);
    case SQL_HANDLE_DESC:
      return own<Desc>(raw, body, false);
    default:
      return SQL_INVALID_HANDLE;
  }
}

// The base driver's own answer; an environment of ours has no one base driver.
template <auto function, class... Rest>
SQLRETURN ask_base(const Handle& handle, SQLSMALLINT type, Rest... rest) {
  if (handle.base == nullptr || handle.functions->*function == nullptr) return SQL_NO_DATA;
  return (handle.functions->*function)(type, handle.base, rest...);
}

bool is_from_odbc(std::string_view sqlstate) {
  static constexpr std::string_view states[] = {"HY095", "HY097", "HY098", "HY099", "HY100", "HY101", "HY105",
                                                "HY107", "HY109", "HY110", "HY111", "HYT00", "HYT01"};
  return sqlstate.starts_with("IM") || (sqlstate.size() > 2 && sqlstate[2] == 'S') ||
         std::find(std::begin(states), std::end(states), sqlstate) != std::end(states);
}

const char* origin(bool odbc) {
  return odbc ? "ODBC 3.0" : "ISO 9075";
}

template <class Character>
SQLRETURN serve_record(const Diagnostics& own, SQLSMALLINT number, Character* state, SQLINTEGER* native,
                       Character* text, SQLSMALLINT capacity, SQLSMALLINT* length) {
  if (number < 1 || capacity < 0) return SQL_ERROR;
  if (static_cast<std::size_t>(number) > own.records.size()) return SQL_NO_DATA;
  const Record& record = own.records[static_cast<std::size_t>(number) - 1];
  put_text(record.sqlstate, state, 6, nullptr);
  if (native != nullptr) *native = record.native;
  return put_text(record.message, text, capacity, length) ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
}

template <class Number>
SQLRETURN serve_number(SQLPOINTER value, Number number) {
  if (value != nullptr) std::memcpy(value, &number, sizeof(number));
  return SQL_SUCCESS;
}

// Capacity and length of a field count bytes in both widths.
template <class Character>
SQLRETURN serve_text(SQLPOINTER value, SQLSMALLINT capacity, SQLSMALLINT* length, std::string_view text) {
  constexpr SQLSMALLINT size = sizeof(Character);
  if (capacity < 0) return SQL_ERROR;
  const bool whole = put_text(text, static_cast<Character*>(value), capacity / size, length);
  if (length != nullptr) *length = static_cast<SQLSMALLINT>(std::min<int>(*length, 32767 / size) * size);
  return whole ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
}

template <class Character>
SQLRETURN serve_field(const Diagnostics& own, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value,
                      SQLSMALLINT capacity, SQLSMALLINT* length) {
  switch (field) {
    case SQL_DIAG_NUMBER:
      return serve_number(value, static_cast<SQLINTEGER>(own.records.size()));
    case SQL_DIAG_RETURNCODE:
      return serve_number(value, own.returncode);
    case SQL_DIAG_CURSOR_ROW_COUNT:
    case SQL_DIAG_ROW_COUNT:
      return serve_number(value, SQLLEN{0});
    case SQL_DIAG_DYNAMIC_FUNCTION_CODE:
      return serve_number(value, SQLINTEGER{SQL_DIAG_UNKNOWN_STATEMENT});
    case SQL_DIAG_DYNAMIC_FUNCTION:
      return serve_text<Character>(value, capacity, length, "");
    default:
      break;
  }
  if (number < 1) return SQL_ERROR;
  if (static_cast<std::size_t>(number) > own.records.size()) return SQL_NO_DATA;
  const Record& record = own.records[static_cast<std::size_t>(number) - 1];
  const bool odbc = is_from_odbc(record.sqlstate);
  switch (field) {
    case SQL_DIAG_SQLSTATE:
      return serve_text<Character>(value, capacity, length, record.sqlstate);
    case SQL_DIAG_NATIVE:
      return serve_number(value, SQLINTEGER{record.native});
    case SQL_DIAG_MESSAGE_TEXT:
      return serve_text<Character>(value, capacity, length, record.message);
    case SQL_DIAG_CLASS_ORIGIN:
      return serve_text<Character>(value, capacity, length, origin(odbc && record.sqlstate.starts_with("IM")));
    case SQL_DIAG_SUBCLASS_ORIGIN:
      return serve_text<Character>(value, capacity, length, origin(odbc));
    case SQL_DIAG_CONNECTION_NAME:
    case SQL_DIAG_SERVER_NAME:
      return serve_text<Character>(value, capacity, length, own.server);
    case SQL_DIAG_ROW_NUMBER:
      return serve_number(value, SQLLEN{SQL_NO_ROW_NUMBER});
    case SQL_DIAG_COLUMN_NUMBER:
      return serve_number(value, SQLINTEGER{SQL_NO_COLUMN_NUMBER});
    default:
      return SQL_ERROR;
  }
}

template <auto function, class Character>
SQLRETURN get_record(SQLSMALLINT type, SQLHANDLE raw, SQLSMALLINT number, Character* state, SQLINTEGER* native,
                     Character* text, SQLSMALLINT capacity, SQLSMALLINT* length) {
  return on_any(type, raw, [&](Handle& handle) {
    if (const auto own = own_diagnostics(handle))
      return serve_record(*own, number, state, native, text, capacity, length);
    return ask_base<function>(handle, type, number, state, native, text, capacity, length);
  });
}

template <auto function, class Character>
SQLRETURN get_field(SQLSMALLINT type, SQLHANDLE raw, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value,
                    SQLSMALLINT capacity, SQLSMALLINT* length) {
  return on_any(type, raw, [&](Handle& handle) {
    if (const auto own = own_diagnostics(handle))
      return serve_field<Character>(*own, number, field, value, capacity, length);
    return ask_base<function>(handle, type, number, field, value, capacity, length);
  });
}

}  // namespace

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLCHAR* state,
                                               SQLINTEGER* native, SQLCHAR* text, SQLSMALLINT capacity,
                                               SQLSMALLINT* length) {
  return get_record<&BaseFunctions::SQLGetDiagRec>(type, handle, number, state, native, text, capacity, length);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetDiagRecW(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLWCHAR* state,
                                                SQLINTEGER* native, SQLWCHAR* text, SQLSMALLINT capacity,
                                                SQLSMALLINT* length) {
  return get_record<&BaseFunctions::SQLGetDiagRecW>(type, handle, number, state, native, text, capacity, length);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetDiagField(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number,
                                                 SQLSMALLINT field, SQLPOINTER value, SQLSMALLINT capacity,
                                                 SQLSMALLINT* length) {
  return get_field<&BaseFunctions::SQLGetDiagField, SQLCHAR>(type, handle, number, field, value, capacity, length);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetDiagFieldW(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number,
                                                  SQLSMALLINT field, SQLPOINTER value, SQLSMALLINT capacity,
                                                  SQLSMALLINT* length) {
  return get_field<&BaseFunctions::SQLGetDiagFieldW, SQLWCHAR>(type, handle, number, field, value, capacity, length);
}

}  // namespace iamodbc
