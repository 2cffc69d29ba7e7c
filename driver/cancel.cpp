// SPDX-License-Identifier: Apache-2.0
#include "driver/cancel.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "core/encoding.h"
#include "core/not_cancelled.h"
#include "driver/connect.h"
#include "driver/diagnostics.h"
#include "driver/own.h"

namespace iamodbc {

namespace {

constexpr SQLULEN longest_connect = 30;       // seconds, where the application named no login time-out
constexpr SQLINTEGER no_such_session = 1094;  // the connection is gone, and with it what it ran

// A statement of the base driver's for one text of ours.
class Question {
 public:
  Question(const BaseFunctions& base, SQLHDBC hdbc, const std::string& sql) : base_(base) {
    if (!SQL_SUCCEEDED(base.SQLAllocHandle(SQL_HANDLE_STMT, hdbc, &handle_))) return;
    std::string narrow = sql;
    std::u16string wide = utf16_from_utf8(sql);
    status_ = base.SQLExecDirectW != nullptr
                  ? base.SQLExecDirectW(handle_, reinterpret_cast<SQLWCHAR*>(wide.data()), SQL_NTS)
                  : base.SQLExecDirect(handle_, reinterpret_cast<SQLCHAR*>(narrow.data()), SQL_NTS);
  }
  ~Question() {
    const NotCancelled held;
    if (handle_ != nullptr) base_.SQLFreeHandle(SQL_HANDLE_STMT, handle_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  [[nodiscard]] bool is_answered() const { return SQL_SUCCEEDED(status_); }
  // The first column of the first row.
  std::optional<std::string> answer() {
    std::array<char, 512> text{};
    SQLLEN length = 0;
    if (!is_answered() || !SQL_SUCCEEDED(base_.SQLFetch(handle_)) ||
        !SQL_SUCCEEDED(base_.SQLGetData(handle_, 1, SQL_C_CHAR, text.data(), text.size(), &length)) || length < 0)
      return std::nullopt;
    return text.data();
  }
  [[nodiscard]] std::vector<Record> records() const {
    if (handle_ == nullptr) return {};
    const Width width = base_.SQLGetDiagRecW != nullptr ? Width::wide : Width::narrow;
    return read_diagnostics(base_, SQL_HANDLE_STMT, handle_, width);
  }

 private:
  const BaseFunctions& base_;
  SQLHSTMT handle_ = nullptr;
  SQLRETURN status_ = SQL_ERROR;
};

// A connection beside the application's, in an environment of its own: the application may free its own meanwhile.
class SecondConnection {
 public:
  SecondConnection() : env_(new_env()) {
    try {
      dbc_ = new_dbc(*env_);
    } catch (...) {
      release(*env_);
      throw;
    }
  }
  ~SecondConnection() {
    const NotCancelled held;
    if (dbc_->is(Handle::connected)) {
      dbc_->functions->SQLDisconnect(dbc_->base);
      release_children_and_disconnect(*dbc_);
    }
    if (dbc_->base != nullptr) dbc_->driver->functions.SQLFreeHandle(SQL_HANDLE_DBC, dbc_->base);
    release(*dbc_);
    for (const auto& [driver, henv] : env_->base_environments) driver->functions.SQLFreeHandle(SQL_HANDLE_ENV, henv);
    release(*env_);
  }
  SecondConnection(const SecondConnection&) = delete;
  SecondConnection& operator=(const SecondConnection&) = delete;

  // Connects; the reason when it could not.
  std::optional<Diagnostics> open(const CancelWay& way) {
    const SQLULEN seconds = way.login_timeout == 0 ? longest_connect : way.login_timeout;
    static_cast<void>(dbc_->attributes.set(SQL_ATTR_LOGIN_TIMEOUT, reinterpret_cast<SQLPOINTER>(seconds),
                                           SQL_IS_UINTEGER, way.width));
    auto string = ConnectionString::parse(way.string.reveal());
    // The application's first statement may do what shall be done once, or wait for what the first connection locks.
    if (string) string.value().add(Attribute("INITSTMT", "do 0"));
    const SQLRETURN code =
        string ? connect(*dbc_, std::move(string).value(), way.width, OutString{}, false) : fail(*dbc_, string.error());
    return SQL_SUCCEEDED(code) ? std::nullopt : own_diagnostics(*dbc_);
  }
  // Behind one name may stand several servers, and each counts its connections for itself.
  [[nodiscard]] bool is_to_the_server_of(const CancelWay& way) const {
    return dbc_->cancel_way && dbc_->cancel_way->server == way.server;
  }
  [[nodiscard]] Question ask(const std::string& sql) const { return {*dbc_->functions, dbc_->base, sql}; }

 private:
  Env* env_;
  Dbc* dbc_ = nullptr;
};

std::shared_ptr<const CancelWay> way_of(const Stmt& stmt) {
  const std::scoped_lock hold(bookkeeping());
  return stmt.parent->cancel_way;
}

SQLRETURN not_cancelled(Stmt& stmt, std::vector<Record> records, const char* what) {
  constexpr std::string_view ours = "[iamodbc] ";
  for (Record& record : records) {
    const bool is_ours = record.message.starts_with(ours);
    record.message = std::string(ours) + "SQLCancel: " + what + ": " + record.message.substr(is_ours ? ours.size() : 0);
  }
  if (records.empty()) return fail(stmt, {State::general_error, std::string("SQLCancel: ") + what + ".", 0});
  return set_diagnostics(stmt, Diagnostics{SQL_ERROR, std::move(records), {}});
}

SQLRETURN cancel_now(Stmt& stmt) {
  const auto way = way_of(stmt);
  if (!way) {
    return fail(stmt, {State::not_implemented,
                       "This version of MariaDB Connector/ODBC cancels through a second connection without TLS, over "
                       "which it would send the token, and the server did not tell the number of this connection. Use "
                       "version 3.1.22 or 3.2.8, or a newer one; or set SQL_ATTR_QUERY_TIMEOUT.",
                       0});
  }
  SecondConnection second;
  if (auto why = second.open(*way)) {
    return not_cancelled(stmt, std::move(why->records), "the second connection that it needs failed");
  }
  if (!second.is_to_the_server_of(*way)) {
    return not_cancelled(stmt, {}, "the second connection that it needs reached another server than the statement's");
  }
  const auto command =
      second.ask("select command from information_schema.processlist where id = " + way->session).answer();
  // Nothing to end. The end of an answer may still be on its way to a thread in the base driver, so nothing is closed under it either.
  if (command && *command == "Sleep") return SQL_SUCCESS;
  const Question kill = second.ask("kill query " + way->session);
  if (kill.is_answered()) return SQL_SUCCESS;
  auto records = kill.records();
  if (!records.empty() && records.front().native == no_such_session) return SQL_SUCCESS;
  return not_cancelled(stmt, std::move(records), "the server did not end the statement");
}

SQLRETURN cancel(Stmt* stmt) {
  if (stmt == nullptr) return SQL_INVALID_HANDLE;
  return own<Stmt>(
      stmt, [](Stmt& live) { return cancel_now(live); }, false);
}

SQLRETURN cancel_connection(Dbc* dbc) {
  if (dbc == nullptr) return SQL_INVALID_HANDLE;
  return fail(*dbc, {State::not_implemented, "SQLCancelHandle cancels statements only, over this base driver.", 0});
}

}  // namespace

BaseFunctions with_own_cancel(BaseFunctions functions) {
  functions.SQLCancel = [](SQLHSTMT base) -> SQLRETURN { return cancel(find_by_base<Stmt>(base)); };
  functions.SQLCancelHandle = [](SQLSMALLINT type, SQLHANDLE base) -> SQLRETURN {
    if (type == SQL_HANDLE_STMT) return cancel(find_by_base<Stmt>(base));
    return cancel_connection(find_by_base<Dbc>(base));
  };
  return functions;
}

void prepare_to_cancel(Dbc& dbc, Secret string, Width width) {
  const auto told =
      Question(*dbc.functions, dbc.base, "select concat_ws(' ', connection_id(), @@hostname, @@port, @@server_id)")
          .answer();
  const auto digits = told ? std::min(told->find_first_not_of("0123456789"), told->size()) : 0;
  if (digits == 0) return;
  // ODBC's type for it is 32 bits wide; what a program leaves above them is not meant.
  const auto timeout = static_cast<SQLUINTEGER>(dbc.attributes.integer(SQL_ATTR_LOGIN_TIMEOUT).value_or(0));
  auto way = std::make_shared<const CancelWay>(
      CancelWay{std::move(string), width, timeout, told->substr(0, digits), told->substr(digits)});
  const std::scoped_lock hold(bookkeeping());
  dbc.cancel_way = std::move(way);
}

}  // namespace iamodbc
