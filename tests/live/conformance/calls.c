// calls: sessions, which make no lines, and the calls that many sections make.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

// ---- without lines ----

void check(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char* what) {
  if (SQL_SUCCEEDED(code) || code == SQL_NO_DATA) return;
  SQLCHAR state[6] = "", message[512] = "no handle";
  SQLINTEGER native = 0;
  if (handle != SQL_NULL_HANDLE) SQLGetDiagRec(type, handle, 1, state, &native, message, sizeof(message), NULL);
  fprintf(stderr, "conformance: %s failed: %d [%s] %s\n", what, code, state, message);
  exit(3);
}

Session open_session(void) {
  Session session = {SQL_NULL_HENV, SQL_NULL_HDBC};
  check(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &session.env), 0, SQL_NULL_HANDLE,
        "allocating the environment");
  set_name(session.env, "env");
  check(SQLSetEnvAttr(session.env, SQL_ATTR_ODBC_VERSION, NUMBER(SQL_OV_ODBC3), 0), SQL_HANDLE_ENV, session.env,
        "ODBC 3");
  check(SQLAllocHandle(SQL_HANDLE_DBC, session.env, &session.dbc), SQL_HANDLE_ENV, session.env,
        "allocating the connection");
  set_name(session.dbc, "dbc");
  const Text name = text(dsn);
  check(TWIN(SQLConnect, session.dbc, name.at, SQL_NTS, NULL, 0, NULL, 0), SQL_HANDLE_DBC, session.dbc, "connecting");
  return session;
}

void close_session(Session session) {
  SQLEndTran(SQL_HANDLE_DBC, session.dbc, SQL_ROLLBACK);
  check(SQLDisconnect(session.dbc), SQL_HANDLE_DBC, session.dbc, "disconnecting");
  check(SQLFreeHandle(SQL_HANDLE_DBC, session.dbc), SQL_HANDLE_DBC, session.dbc, "freeing the connection");
  check(SQLFreeHandle(SQL_HANDLE_ENV, session.env), SQL_HANDLE_ENV, session.env, "freeing the environment");
}

SQLHSTMT new_statement(Session session, const char* name) {
  SQLHSTMT statement = SQL_NULL_HSTMT;
  check(SQLAllocHandle(SQL_HANDLE_STMT, session.dbc, &statement), SQL_HANDLE_DBC, session.dbc,
        "allocating a statement");
  set_name(statement, "%s", name);
  return statement;
}

void must(SQLHDBC dbc, const char* sql) {
  SQLHSTMT statement = SQL_NULL_HSTMT;
  check(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &statement), SQL_HANDLE_DBC, dbc, "allocating a statement");
  const Text words = text(sql);
  check(TWIN(SQLExecDirect, statement, words.at, SQL_NTS), SQL_HANDLE_STMT, statement, sql);
  SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

void empty_scratch(void) {
  const Session session = open_session();
  must(session.dbc, "truncate table conformance.scratch");  // unlike a deletion, answers the same when it is empty
  close_session(session);
}

// ---- handles ----

SQLRETURN allocate(SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE* handle, const char* name) {
  const SQLRETURN code = SQLAllocHandle(type, parent, handle);
  if (SQL_SUCCEEDED(code)) set_name(*handle, "%s", name);
  asked("SQLAllocHandle(%d, %s)", type, name_of(parent));
  got(" handle=%s", name_of(*handle));
  const SQLSMALLINT parent_type = type == SQL_HANDLE_DBC ? SQL_HANDLE_ENV : SQL_HANDLE_DBC;
  done(parent_type, type == SQL_HANDLE_ENV ? SQL_NULL_HANDLE : parent, code);
  return code;
}

SQLRETURN release(SQLSMALLINT type, SQLHANDLE handle) {
  const SQLRETURN code = SQLFreeHandle(type, handle);
  asked("SQLFreeHandle(%d, %s)", type, name_of(handle));
  done(type, SQL_SUCCEEDED(code) ? SQL_NULL_HANDLE : handle, code);
  return code;
}

// ---- connections ----

const char* with_dsn(const char* rest) {
  char* const string = keep(strlen(dsn) + strlen(rest) + 8);
  sprintf(string, "DSN=%s;%s", dsn, rest);
  return string;
}

SQLRETURN connect_string(SQLHDBC dbc, const char* string, SQLSMALLINT length, SQLUSMALLINT completion) {
  const Text words = text(string);
  const Buffer out = buffer(in_bytes(2048));
  SQLSMALLINT out_length = 0;
  const SQLRETURN code =
      TWIN(SQLDriverConnect, dbc, NULL, words.at, length, (void*)out.at, 2048, &out_length, completion);
  asked("SQLDriverConnect(%s, %s, %d, %d)", name_of(dbc), words.shown, length, completion);
  done(SQL_HANDLE_DBC, dbc, code);
  return code;
}

SQLRETURN disconnect(SQLHDBC dbc) {
  const SQLRETURN code = SQLDisconnect(dbc);
  asked("SQLDisconnect(%s)", name_of(dbc));
  done(SQL_HANDLE_DBC, dbc, code);
  return code;
}

SQLRETURN set_connect_attr(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
  const SQLRETURN code = TWIN(SQLSetConnectAttr, dbc, attribute, value, length);
  asked("SQLSetConnectAttr(%s, %d, %d)", name_of(dbc), (int)attribute, (int)length);
  done(SQL_HANDLE_DBC, dbc, code);
  return code;
}

SQLRETURN end_transaction(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT completion) {
  const SQLRETURN code = SQLEndTran(type, handle, completion);
  asked("SQLEndTran(%d, %s, %d)", type, name_of(handle), completion);
  done(type, handle, code);
  return code;
}

// ---- statements ----

SQLRETURN exec_direct(SQLHSTMT statement, const char* sql) {
  const Text words = text(sql);
  const SQLRETURN code = TWIN(SQLExecDirect, statement, words.at, SQL_NTS);
  asked("SQLExecDirect(%s, %s, NTS)", name_of(statement), words.shown);
  done(SQL_HANDLE_STMT, statement, code);
  return code;
}

SQLRETURN prepare(SQLHSTMT statement, const char* sql) {
  const Text words = text(sql);
  const SQLRETURN code = TWIN(SQLPrepare, statement, words.at, SQL_NTS);
  asked("SQLPrepare(%s, %s, NTS)", name_of(statement), words.shown);
  done(SQL_HANDLE_STMT, statement, code);
  return code;
}

SQLRETURN execute(SQLHSTMT statement) {
  const SQLRETURN code = SQLExecute(statement);
  asked("SQLExecute(%s)", name_of(statement));
  done(SQL_HANDLE_STMT, statement, code);
  return code;
}

SQLRETURN fetch(SQLHSTMT statement) {
  const SQLRETURN code = SQLFetch(statement);
  asked("SQLFetch(%s)", name_of(statement));
  done(SQL_HANDLE_STMT, statement, code);
  return code;
}

SQLRETURN free_stmt(SQLHSTMT statement, SQLUSMALLINT option) {
  const SQLRETURN code = SQLFreeStmt(statement, option);
  asked("SQLFreeStmt(%s, %d)", name_of(statement), option);
  const int is_gone = option == SQL_DROP && SQL_SUCCEEDED(code);
  done(SQL_HANDLE_STMT, is_gone ? SQL_NULL_HANDLE : statement, code);
  return code;
}

SQLRETURN set_stmt_attr(SQLHSTMT statement, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
  const SQLRETURN code = TWIN(SQLSetStmtAttr, statement, attribute, value, length);
  asked("SQLSetStmtAttr(%s, %d, %d)", name_of(statement), (int)attribute, (int)length);
  done(SQL_HANDLE_STMT, statement, code);
  return code;
}

SQLRETURN get_data(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, SQLLEN capacity) {
  const Buffer value = buffer(capacity > 0 ? (size_t)capacity : 16);
  SQLLEN length = FRESH_LENGTH;
  const SQLRETURN code = SQLGetData(statement, column, type, value.at, capacity, &length);
  asked("SQLGetData(%s, %d, %d, %d)", name_of(statement), column, type, (int)capacity);
  got_bytes("value", value);
  got_number("length", length);
  done(SQL_HANDLE_STMT, statement, code);
  return code;
}

void row_count(SQLHSTMT statement) {
  SQLLEN count = FRESH_LENGTH;
  const SQLRETURN code = SQLRowCount(statement, &count);
  asked("SQLRowCount(%s)", name_of(statement));
  got_number("count", count);
  done(SQL_HANDLE_STMT, statement, code);
}

static SQLSMALLINT columns_of(SQLHSTMT statement) {
  SQLSMALLINT columns = FRESH_SMALL;
  const SQLRETURN code = SQLNumResultCols(statement, &columns);
  asked("SQLNumResultCols(%s)", name_of(statement));
  got_number("columns", columns);
  done(SQL_HANDLE_STMT, statement, code);
  return (SQLSMALLINT)(SQL_SUCCEEDED(code) ? columns : 0);
}

static void describe(SQLHSTMT statement, SQLSMALLINT columns) {
  for (SQLSMALLINT column = 1; column <= columns; ++column) {
    const Buffer name = buffer(in_bytes(100));
    SQLSMALLINT length = FRESH_SMALL, type = FRESH_SMALL, digits = FRESH_SMALL, nullable = FRESH_SMALL;
    SQLULEN size = (SQLULEN)FRESH_LENGTH;
    const SQLRETURN code = TWIN(SQLDescribeCol, statement, (SQLUSMALLINT)column, (void*)name.at, 100, &length, &type,
                                &size, &digits, &nullable);
    asked("SQLDescribeCol(%s, %d)", name_of(statement), column);
    got_text("name", name);
    got_number("length", length);
    got_number("type", type);
    got_number("size", (long long)size);
    got_number("digits", digits);
    got_number("nullable", nullable);
    done(SQL_HANDLE_STMT, statement, code);
  }
}

void describe_columns(SQLHSTMT statement) {
  describe(statement, columns_of(statement));
}

void show_result(SQLHSTMT statement, int most_rows) {
  const SQLSMALLINT columns = columns_of(statement);
  describe(statement, columns);
  const SQLSMALLINT type = is_wide ? SQL_C_WCHAR : SQL_C_CHAR;
  for (int row = 0; columns > 0 && row < most_rows && SQL_SUCCEEDED(fetch(statement)); ++row) {
    for (SQLSMALLINT column = 1; column <= columns; ++column) {
      const Buffer value = buffer(in_bytes(256));
      SQLLEN length = FRESH_LENGTH;
      const SQLRETURN code = SQLGetData(statement, (SQLUSMALLINT)column, type, value.at, (SQLLEN)value.size, &length);
      asked("SQLGetData(%s, %d)", name_of(statement), column);
      got_text("value", value);
      got_number("length", length);
      done(SQL_HANDLE_STMT, statement, code);
    }
  }
  free_stmt(statement, SQL_CLOSE);
}
