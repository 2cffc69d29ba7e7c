// allocate: making and freeing handles, and what ends with them: disconnect, transactions over handles, cancel by
// handle.
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "driver/forward.h"
#include "driver/own.h"

namespace iamodbc {

namespace {

SQLRETURN allocate_env(SQLHANDLE* output) {
  if (output == nullptr) return SQL_ERROR;
  *output = SQL_NULL_HENV;
  try {
    *output = new_env();
    return SQL_SUCCESS;
  } catch (...) {
    return SQL_ERROR;  // there is no handle to hold a record
  }
}

SQLRETURN allocate_dbc(SQLHANDLE input, SQLHANDLE* output) {
  return own<Env>(input, [&](Env& env) {
    if (output == nullptr) return fail(env, {State::invalid_null_pointer, "no place for the handle", 0});
    *output = SQL_NULL_HDBC;
    *output = new_dbc(env);
    return SQLRETURN{SQL_SUCCESS};
  });
}

// A statement or a descriptor: the base driver's, and a wrapper around it.
template <class New>
SQLRETURN allocate_on(SQLHANDLE input, SQLSMALLINT type, SQLHANDLE* output, New new_wrapper) {
  return own<Dbc>(input, [&](Dbc& dbc) {
    if (output == nullptr) return fail(dbc, {State::invalid_null_pointer, "no place for the handle", 0});
    *output = SQL_NULL_HANDLE;
    SQLHANDLE base = nullptr;
    const SQLRETURN code = call_base<&BaseFunctions::SQLAllocHandle>(dbc, type, dbc.base, &base);
    if (!SQL_SUCCEEDED(code)) return code;
    try {
      *output = new_wrapper(dbc, base);
    } catch (...) {
      dbc.functions->SQLFreeHandle(type, base);
      throw;
    }
    return code;
  });
}

SQLRETURN free_env(SQLHANDLE raw) {
  return own<Env>(raw, [](Env& env) {
    if (!env.connections.empty()) return fail(env, {State::sequence_error, "the environment still has connections", 0});
    const std::uint32_t state = claim(env, Env::tag);
    if (state == 0) return SQLRETURN{SQL_INVALID_HANDLE};
    while (!env.base_environments.empty()) {
      const auto [driver, henv] = env.base_environments.back();
      const SQLRETURN code = driver->functions.SQLFreeHandle(SQL_HANDLE_ENV, henv);
      if (!SQL_SUCCEEDED(code)) {
        restore(env, state);
        return set_diagnostics(
            env, {code, read_diagnostics(driver->functions, SQL_HANDLE_ENV, henv, Width::narrow), driver->name});
      }
      env.base_environments.pop_back();
    }
    release(env);
    return SQLRETURN{SQL_SUCCESS};
  });
}

// The wrapper goes only after the base driver has let go of its own.
template <class Kind, class Free>
SQLRETURN free_after(Kind& handle, Free free_base) {
  const std::uint32_t state = claim(handle, Kind::tag);
  if (state == 0) return SQL_INVALID_HANDLE;
  const SQLRETURN code = free_base();
  if (SQL_SUCCEEDED(code)) {
    release(handle);
  } else {
    restore(handle, state);
  }
  return code;
}

SQLRETURN free_dbc(SQLHANDLE raw) {
  return own<Dbc>(raw, [](Dbc& dbc) {
    if (dbc.is(Handle::connected))
      return fail(dbc, {State::sequence_error, "still connected: SQLDisconnect comes first", 0});
    return free_after(dbc, [&]() -> SQLRETURN {
      return dbc.base == nullptr ? SQL_SUCCESS : dbc.functions->SQLFreeHandle(SQL_HANDLE_DBC, dbc.base);
    });
  });
}

SQLRETURN free_stmt(SQLHANDLE raw) {
  return own<Stmt>(raw, [](Stmt& stmt) {
    return free_after(stmt, [&] { return stmt.functions->SQLFreeHandle(SQL_HANDLE_STMT, stmt.base); });
  });
}

SQLRETURN free_desc(SQLHANDLE raw) {
  return own<Desc>(raw, [](Desc& desc) {
    if (desc.is_implicit()) {
      return fail(desc, {"HY017", "the descriptor belongs to its statement and is freed with it", 0});
    }
    return free_after(static_cast<ExplicitDesc&>(desc),
                      [&] { return desc.functions->SQLFreeHandle(SQL_HANDLE_DESC, desc.base); });
  });
}

SQLRETURN end_transaction_of_env(Env& env, SQLSMALLINT completion) {
  std::vector<std::pair<const BaseDriver*, SQLHENV>> environments;
  {
    const std::scoped_lock hold(bookkeeping());
    environments = env.base_environments;
  }
  Diagnostics all{SQL_SUCCESS, {}, {}};
  for (const auto& [driver, henv] : environments) {
    const BaseFunctions& base = driver->functions;
    if (base.SQLEndTran == nullptr) continue;
    const SQLRETURN code = base.SQLEndTran(SQL_HANDLE_ENV, henv, completion);
    if (code == SQL_SUCCESS) continue;
    if (all.returncode != SQL_ERROR) all.returncode = code == SQL_SUCCESS_WITH_INFO ? code : SQLRETURN{SQL_ERROR};
    for (Record& record : read_diagnostics(base, SQL_HANDLE_ENV, henv, Width::narrow))
      all.records.push_back(std::move(record));
  }
  return all.returncode == SQL_SUCCESS ? SQLRETURN{SQL_SUCCESS} : set_diagnostics(env, std::move(all));
}

template <class Kind>
SQLRETURN cancel(SQLSMALLINT type, SQLHANDLE raw) {
  Kind* const handle = Kind::from(raw);
  if (handle == nullptr) return SQL_INVALID_HANDLE;
  return call_base<&BaseFunctions::SQLCancelHandle>(*handle, type, handle->base);
}

}  // namespace

IAMODBC_EXPORT SQLRETURN SQL_API SQLAllocHandle(SQLSMALLINT type, SQLHANDLE input, SQLHANDLE* output) {
  switch (type) {
    case SQL_HANDLE_ENV:
      return allocate_env(output);
    case SQL_HANDLE_DBC:
      return allocate_dbc(input, output);
    case SQL_HANDLE_STMT:
      return allocate_on(input, type, output, &new_stmt);
    case SQL_HANDLE_DESC:
      return allocate_on(input, type, output, &new_desc);
    default:
      return SQL_INVALID_HANDLE;
  }
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLFreeHandle(SQLSMALLINT type, SQLHANDLE handle) {
  switch (type) {
    case SQL_HANDLE_ENV:
      return free_env(handle);
    case SQL_HANDLE_DBC:
      return free_dbc(handle);
    case SQL_HANDLE_STMT:
      return free_stmt(handle);
    case SQL_HANDLE_DESC:
      return free_desc(handle);
    default:
      return SQL_INVALID_HANDLE;
  }
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLFreeStmt(SQLHSTMT handle, SQLUSMALLINT option) {
  return own<Stmt>(handle, [&](Stmt& stmt) {
    // A claimed handle is no handle any more, so what can be refused is refused before.
    const SQLRETURN refused = refusal(&stmt, function_index(&BaseFunctions::SQLFreeStmt), true);
    if (refused != SQL_SUCCESS) return refused;
    const auto call = [&] { return stmt.functions->SQLFreeStmt(stmt.base, option); };
    return option == SQL_DROP ? free_after(stmt, call) : call();
  });
}

// All statements and descriptors of a connection end with it; driver managers free none of them one by one.
IAMODBC_EXPORT SQLRETURN SQL_API SQLDisconnect(SQLHDBC handle) {
  return own<Dbc>(handle, [](Dbc& dbc) {
    const SQLRETURN code = call_base<&BaseFunctions::SQLDisconnect>(dbc, dbc.base);
    if (SQL_SUCCEEDED(code)) release_children_and_disconnect(dbc);
    return code;
  });
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLEndTran(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT completion) {
  if (type == SQL_HANDLE_ENV)
    return own<Env>(handle, [&](Env& env) { return end_transaction_of_env(env, completion); });
  if (type != SQL_HANDLE_DBC) return SQL_INVALID_HANDLE;
  return own<Dbc>(handle,
                  [&](Dbc& dbc) { return call_base<&BaseFunctions::SQLEndTran>(dbc, type, dbc.base, completion); });
}

// As SQLCancel: another thread may be inside the same handle, so nothing of ours is touched.
IAMODBC_EXPORT SQLRETURN SQL_API SQLCancelHandle(SQLSMALLINT type, SQLHANDLE handle) {
  if (type == SQL_HANDLE_STMT) return cancel<Stmt>(type, handle);
  return type == SQL_HANDLE_DBC ? cancel<Dbc>(type, handle) : SQLRETURN{SQL_INVALID_HANDLE};
}

}  // namespace iamodbc
