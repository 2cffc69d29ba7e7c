// SPDX-License-Identifier: Apache-2.0
#include "setup/connection.h"

#include <array>

#include <sql.h>
#include <sqlext.h>

#include "setup/progress.h"

namespace iamodbc {
namespace {

std::vector<Error> records_of(SQLSMALLINT kind, SQLHANDLE handle) {
  std::vector<Error> records;
  std::array<SQLCHAR, 6> state{};
  std::array<SQLCHAR, 4096> message{};
  SQLINTEGER native = 0;
  for (SQLSMALLINT number = 1; number < 100; ++number) {
    message[0] = 0;
    const SQLRETURN status = SQLGetDiagRec(kind, handle, number, state.data(), &native, message.data(),
                                           static_cast<SQLSMALLINT>(message.size()), nullptr);
    if (!SQL_SUCCEEDED(status)) break;
    records.push_back(
        Error{reinterpret_cast<const char*>(state.data()), reinterpret_cast<const char*>(message.data()), native});
  }
  if (records.empty())
    records.push_back(Error{State::general_error, "The driver manager reports a failure without a reason.", 0});
  return records;
}

struct Statement {
  ~Statement() {
    if (handle != nullptr) SQLFreeHandle(SQL_HANDLE_STMT, handle);
  }
  SQLHSTMT handle = nullptr;
};

}  // namespace

Connection::~Connection() {
  if (is_connected_) SQLDisconnect(connection_);
  if (connection_ != nullptr) SQLFreeHandle(SQL_HANDLE_DBC, connection_);
  if (environment_ != nullptr) SQLFreeHandle(SQL_HANDLE_ENV, environment_);
}

std::vector<Error> Connection::connect(const Secret& connection_string, std::chrono::seconds login_timeout) {
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment_))) {
    return {Error{State::out_of_memory, "The driver manager gives no environment.", 0}};
  }
  SQLSetEnvAttr(environment_, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment_, &connection_)))
    return records_of(SQL_HANDLE_ENV, environment_);
  if (login_timeout.count() > 0) {
    SQLSetConnectAttr(connection_, SQL_ATTR_LOGIN_TIMEOUT, reinterpret_cast<SQLPOINTER>(login_timeout.count()),
                      SQL_IS_UINTEGER);
  }
  // ODBC's prototype is not const; nobody writes to it.
  auto* const text = reinterpret_cast<SQLCHAR*>(const_cast<char*>(connection_string.reveal().data()));
  const Progress progress("connecting");
  const SQLRETURN status =
      SQLDriverConnect(connection_, nullptr, text, SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  is_connected_ = SQL_SUCCEEDED(status);
  return is_connected_ ? std::vector<Error>() : records_of(SQL_HANDLE_DBC, connection_);
}

Result<std::vector<std::string>> Connection::first_row(const char* statement) {
  Statement made;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection_, &made.handle)))
    return records_of(SQL_HANDLE_DBC, connection_).front();
  auto* const text = reinterpret_cast<SQLCHAR*>(const_cast<char*>(statement));
  if (!SQL_SUCCEEDED(SQLExecDirect(made.handle, text, SQL_NTS)))
    return records_of(SQL_HANDLE_STMT, made.handle).front();
  SQLSMALLINT columns = 0;
  SQLNumResultCols(made.handle, &columns);
  const SQLRETURN status = SQLFetch(made.handle);
  std::vector<std::string> row;
  if (status == SQL_NO_DATA) return row;
  if (!SQL_SUCCEEDED(status)) return records_of(SQL_HANDLE_STMT, made.handle).front();
  for (SQLUSMALLINT column = 1; column <= columns; ++column) {
    std::array<char, 1024> value{};
    SQLLEN length = 0;
    const SQLRETURN got =
        SQLGetData(made.handle, column, SQL_C_CHAR, value.data(), static_cast<SQLLEN>(value.size()), &length);
    if (!SQL_SUCCEEDED(got)) return records_of(SQL_HANDLE_STMT, made.handle).front();
    row.emplace_back(length == SQL_NULL_DATA ? "" : value.data());
  }
  return row;
}

std::string Connection::info(unsigned short number) const {
  std::array<char, 256> text{};
  const SQLRETURN status = SQLGetInfo(connection_, number, text.data(), static_cast<SQLSMALLINT>(text.size()), nullptr);
  return SQL_SUCCEEDED(status) ? text.data() : "";
}

}  // namespace iamodbc
