// SPDX-License-Identifier: Apache-2.0
#include "driver/base_connection.h"

#include <exception>
#include <utility>

#include "driver/diagnostics.h"

namespace iamodbc {

namespace {

SQLPOINTER as_pointer(SQLINTEGER value) {
  return reinterpret_cast<SQLPOINTER>(static_cast<SQLLEN>(value));
}

SQLHENV known_environment(const Env& env, const BaseDriver& driver) {
  for (const auto& [of, henv] : env.base_environments) {
    if (of == &driver) return henv;
  }
  return nullptr;
}

// Without a handle of the base's there is nobody to ask for diagnostics.
Error refused_to_allocate(const BaseDriver& driver, const char* what, SQLSMALLINT parent_type, SQLHANDLE parent) {
  std::string message = "the base driver " + driver.path + " could not allocate " + what;
  if (parent != nullptr) {
    for (const Record& record : read_diagnostics(driver.functions, parent_type, parent, Width::narrow)) {
      message += ": " + record.sqlstate + " " + record.message;
    }
  }
  return {State::base_allocation_failed, message, 0};
}

// Runs `work`; when it has no memory, the base's handle does not stay behind. Not for a cancelled thread, whose calls of the base never ended.
template <class Work>
void or_free(const BaseDriver& driver, SQLSMALLINT type, SQLHANDLE handle, const Work& work) {
  try {
    work();
  } catch (const std::exception&) {
    driver.functions.SQLFreeHandle(type, handle);
    throw;
  }
}

Result<SQLHENV> new_environment(const Env& env, const BaseDriver& driver) {
  const BaseFunctions& base = driver.functions;
  SQLHENV henv = nullptr;
  if (!SQL_SUCCEEDED(base.SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &henv))) {
    return refused_to_allocate(driver, "an environment", SQL_HANDLE_ENV, nullptr);
  }
  if (base.SQLSetEnvAttr != nullptr &&
      !SQL_SUCCEEDED(base.SQLSetEnvAttr(henv, SQL_ATTR_ODBC_VERSION, as_pointer(env.odbc_version), SQL_IS_INTEGER))) {
    // psqlODBC knows 2 and 3 only.
    base.SQLSetEnvAttr(henv, SQL_ATTR_ODBC_VERSION, as_pointer(SQL_OV_ODBC3), SQL_IS_INTEGER);
  }
  or_free(driver, SQL_HANDLE_ENV, henv, [&] { env.attributes.replay_environment(base, henv); });
  return henv;
}

// Two connections may come here at once: the second environment is given back.
Result<SQLHENV> environment(Env& env, const BaseDriver& driver) {
  {
    const std::scoped_lock hold(bookkeeping());
    if (SQLHENV known = known_environment(env, driver); known != nullptr) return known;
  }
  Result<SQLHENV> fresh = new_environment(env, driver);
  if (!fresh) return fresh;
  SQLHENV winner = nullptr;
  or_free(driver, SQL_HANDLE_ENV, fresh.value(), [&] {
    const std::scoped_lock hold(bookkeeping());
    winner = known_environment(env, driver);
    if (winner == nullptr) env.base_environments.emplace_back(&driver, fresh.value());
  });
  if (winner == nullptr) return fresh;
  driver.functions.SQLFreeHandle(SQL_HANDLE_ENV, fresh.value());
  return winner;
}

}  // namespace

Result<SQLHDBC> open_base(Dbc& dbc, const BaseDriver& driver, std::span<const SQLINTEGER> deferred) {
  const Result<SQLHENV> henv = environment(*dbc.env, driver);
  if (!henv) return henv.error();
  SQLHDBC hdbc = nullptr;
  if (!SQL_SUCCEEDED(driver.functions.SQLAllocHandle(SQL_HANDLE_DBC, henv.value(), &hdbc))) {
    return refused_to_allocate(driver, "a connection", SQL_HANDLE_ENV, henv.value());
  }
  or_free(driver, SQL_HANDLE_DBC, hdbc,
          [&] { dbc.attributes.replay_before_connect(driver.functions, hdbc, deferred); });
  return hdbc;
}

void close_base(const BaseDriver& driver, SQLHDBC base) {
  driver.functions.SQLFreeHandle(SQL_HANDLE_DBC, base);
}

void adopt(Dbc& dbc, const BaseDriver& driver, SQLHDBC base, const BaseFunctions& functions,
           std::span<const SQLINTEGER> deferred) {
  dbc.attributes.replay_after_connect(driver.functions, base, deferred);
  if (dbc.base != nullptr) close_base(*dbc.driver, dbc.base);
  connect_to(dbc, driver, base, functions);
}

}  // namespace iamodbc
