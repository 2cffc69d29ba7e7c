// attributes: those of statements, and transactions.
// SPDX-License-Identifier: Apache-2.0
#include "conformance.h"
#include "section.h"

// ---- statement_attributes ----

enum { whole_number, a_pointer, a_handle };

static SQLULEN a_place[8];

static const struct {
  const char* name;
  SQLINTEGER id;
  int kind;
  SQLULEN values[3];  // to set in turn; the first two may be what ODBC allows, the last one is not
} rows[] = {
    {"APP_ROW_DESC", SQL_ATTR_APP_ROW_DESC, a_handle, {0, 0, 0}},
    {"APP_PARAM_DESC", SQL_ATTR_APP_PARAM_DESC, a_handle, {0, 0, 0}},
    {"IMP_ROW_DESC", SQL_ATTR_IMP_ROW_DESC, a_handle, {0, 0, 0}},
    {"IMP_PARAM_DESC", SQL_ATTR_IMP_PARAM_DESC, a_handle, {0, 0, 0}},
    {"ASYNC_ENABLE", SQL_ATTR_ASYNC_ENABLE, whole_number, {SQL_ASYNC_ENABLE_OFF, SQL_ASYNC_ENABLE_ON, 99}},
    {"CONCURRENCY", SQL_ATTR_CONCURRENCY, whole_number, {SQL_CONCUR_READ_ONLY, SQL_CONCUR_ROWVER, 99}},
    {"CURSOR_SCROLLABLE", SQL_ATTR_CURSOR_SCROLLABLE, whole_number, {SQL_NONSCROLLABLE, SQL_SCROLLABLE, 99}},
    {"CURSOR_SENSITIVITY", SQL_ATTR_CURSOR_SENSITIVITY, whole_number, {SQL_UNSPECIFIED, SQL_INSENSITIVE, 99}},
    {"CURSOR_TYPE", SQL_ATTR_CURSOR_TYPE, whole_number, {SQL_CURSOR_STATIC, SQL_CURSOR_DYNAMIC, 99}},
    {"ENABLE_AUTO_IPD", SQL_ATTR_ENABLE_AUTO_IPD, whole_number, {SQL_FALSE, SQL_TRUE, 99}},
    {"FETCH_BOOKMARK_PTR", SQL_ATTR_FETCH_BOOKMARK_PTR, a_pointer, {1, 0, 1}},
    {"KEYSET_SIZE", SQL_ATTR_KEYSET_SIZE, whole_number, {0, 10, 99}},
    {"MAX_LENGTH", SQL_ATTR_MAX_LENGTH, whole_number, {0, 10, 99}},
    {"MAX_ROWS", SQL_ATTR_MAX_ROWS, whole_number, {0, 2, 99}},
    {"METADATA_ID", SQL_ATTR_METADATA_ID, whole_number, {SQL_FALSE, SQL_TRUE, 99}},
    {"NOSCAN", SQL_ATTR_NOSCAN, whole_number, {SQL_NOSCAN_OFF, SQL_NOSCAN_ON, 99}},
    {"PARAM_BIND_OFFSET_PTR", SQL_ATTR_PARAM_BIND_OFFSET_PTR, a_pointer, {1, 0, 0}},
    {"PARAM_BIND_TYPE", SQL_ATTR_PARAM_BIND_TYPE, whole_number, {0, 16, 99}},
    {"PARAM_OPERATION_PTR", SQL_ATTR_PARAM_OPERATION_PTR, a_pointer, {1, 0, 0}},
    {"PARAM_STATUS_PTR", SQL_ATTR_PARAM_STATUS_PTR, a_pointer, {1, 0, 0}},
    {"PARAMS_PROCESSED_PTR", SQL_ATTR_PARAMS_PROCESSED_PTR, a_pointer, {1, 0, 0}},
    {"PARAMSET_SIZE", SQL_ATTR_PARAMSET_SIZE, whole_number, {1, 2, 0}},
    {"QUERY_TIMEOUT", SQL_ATTR_QUERY_TIMEOUT, whole_number, {0, 20, 99}},
    {"RETRIEVE_DATA", SQL_ATTR_RETRIEVE_DATA, whole_number, {SQL_RD_OFF, SQL_RD_ON, 99}},
    {"ROW_ARRAY_SIZE", SQL_ATTR_ROW_ARRAY_SIZE, whole_number, {2, 1, 0}},
    {"ROW_BIND_OFFSET_PTR", SQL_ATTR_ROW_BIND_OFFSET_PTR, a_pointer, {1, 0, 0}},
    {"ROW_BIND_TYPE", SQL_ATTR_ROW_BIND_TYPE, whole_number, {0, 16, 99}},
    {"ROW_NUMBER", SQL_ATTR_ROW_NUMBER, whole_number, {1, 2, 99}},
    {"ROW_OPERATION_PTR", SQL_ATTR_ROW_OPERATION_PTR, a_pointer, {1, 0, 0}},
    {"ROW_STATUS_PTR", SQL_ATTR_ROW_STATUS_PTR, a_pointer, {1, 0, 0}},
    {"ROWS_FETCHED_PTR", SQL_ATTR_ROWS_FETCHED_PTR, a_pointer, {1, 0, 0}},
    {"SIMULATE_CURSOR", SQL_ATTR_SIMULATE_CURSOR, whole_number, {0, 1, 99}},
    {"USE_BOOKMARKS", SQL_ATTR_USE_BOOKMARKS, whole_number, {SQL_UB_OFF, SQL_UB_VARIABLE, 99}},
    {"ROWSET_SIZE", SQL_ROWSET_SIZE, whole_number, {1, 2, 0}},
    {"a driver's own", 65543, whole_number, {0, 1, 2}},
    {"an unknown one", 30000, whole_number, {0, 1, 2}},
    {"a connection's", SQL_ATTR_LOGIN_TIMEOUT, whole_number, {0, 1, 2}},
};

static void get(SQLHSTMT s, size_t row, SQLINTEGER capacity) {
  const Buffer value = buffer(8);
  SQLINTEGER length = FRESH_INTEGER;
  const SQLRETURN code = TWIN(SQLGetStmtAttr, s, rows[row].id, value.at, capacity, &length);
  asked("SQLGetStmtAttr(%s, %s, %d)", name_of(s), rows[row].name, (int)capacity);
  if (SQL_SUCCEEDED(code) && rows[row].kind == a_handle) {
    got(" handle=%s", name_of(*(SQLHANDLE*)(void*)value.at) == name_of(s) ? "its own statement" : "a descriptor");
  } else if (SQL_SUCCEEDED(code) && rows[row].kind == a_pointer) {
    got_pointer("value", *(void**)(void*)value.at);
  } else {
    got_bytes("value", value);
  }
  got_number("length", length);
  done(SQL_HANDLE_STMT, s, code);
}

static void get_all(SQLHSTMT s) {
  for (size_t i = 0; i < COUNT(rows); ++i) get(s, i, i % 2 == 0 ? 0 : SQL_IS_POINTER);
}

static void set(SQLHSTMT s, size_t row, int value) {
  const SQLULEN number = rows[row].values[value];
  const SQLPOINTER to = rows[row].kind == a_pointer && number == 1 ? (SQLPOINTER)a_place : NUMBER(number);
  const SQLRETURN code = TWIN(SQLSetStmtAttr, s, rows[row].id, to, 0);
  asked("SQLSetStmtAttr(%s, %s, %d)", name_of(s), rows[row].name, (int)number);
  done(SQL_HANDLE_STMT, s, code);
  get(s, row, 8);
}

void section_statement_attributes(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s");
  get_all(s);
  for (size_t i = 0; i < COUNT(rows); ++i) {
    for (int value = 0; value < 3; ++value) set(s, i, value);
  }
  get_all(s);
  release(SQL_HANDLE_STMT, s);
  s = new_statement(session, "s");
  exec_direct(s, "select n from conformance.series order by n");
  fetch(s);
  get_all(s);
  for (size_t i = 0; i < COUNT(rows); ++i) set(s, i, 0);  // too late for some
  fetch(s);
  free_stmt(s, SQL_CLOSE);
  release(SQL_HANDLE_STMT, s);
  // What they do.
  s = new_statement(session, "s");
  set_stmt_attr(s, SQL_ATTR_MAX_ROWS, NUMBER(2), 0);
  set_stmt_attr(s, SQL_ATTR_MAX_LENGTH, NUMBER(3), 0);
  exec_direct(s, "select n, words from conformance.series order by n");
  show_result(s, 5);
  set_stmt_attr(s, SQL_ATTR_MAX_ROWS, NUMBER(0), 0);
  set_stmt_attr(s, SQL_ATTR_NOSCAN, NUMBER(SQL_NOSCAN_ON), 0);
  exec_direct(s, "select {fn ucase('a')}");
  set_stmt_attr(s, SQL_ATTR_NOSCAN, NUMBER(SQL_NOSCAN_OFF), 0);
  set_stmt_attr(s, SQL_ATTR_QUERY_TIMEOUT, NUMBER(1), 0);
  exec_direct(s, "select pg_sleep(3)");
  set_stmt_attr(s, SQL_ATTR_QUERY_TIMEOUT, NUMBER(0), 0);
  exec_direct(s, "select 'afterwards'");
  show_result(s, 2);
  close_session(session);
}

// ---- transactions ----

static void count(SQLHDBC dbc) {
  SQLHSTMT s = SQL_NULL_HSTMT;
  check(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &s), SQL_HANDLE_DBC, dbc, "allocating a statement");
  set_name(s, "counter");
  exec_direct(s, "select count(*) from conformance.scratch");
  show_result(s, 1);
  SQLFreeHandle(SQL_HANDLE_STMT, s);
}

void section_transactions(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s");
  end_transaction(SQL_HANDLE_DBC, session.dbc, SQL_COMMIT);  // nothing is open
  end_transaction(SQL_HANDLE_ENV, session.env, SQL_ROLLBACK);
  set_connect_attr(session.dbc, SQL_ATTR_AUTOCOMMIT, NUMBER(SQL_AUTOCOMMIT_OFF), 0);
  static const struct {
    SQLSMALLINT type, completion;
  } ends[] = {{SQL_HANDLE_DBC, SQL_ROLLBACK},
              {SQL_HANDLE_DBC, SQL_COMMIT},
              {SQL_HANDLE_ENV, SQL_ROLLBACK},
              {SQL_HANDLE_ENV, SQL_COMMIT}};
  for (size_t i = 0; i < COUNT(ends); ++i) {
    char sql[] = "insert into conformance.scratch (id) values (0)";
    sql[sizeof(sql) - 3] = (char)('0' + i);
    exec_direct(s, sql);
    row_count(s);
    count(session.dbc);
    end_transaction(ends[i].type, ends[i].type == SQL_HANDLE_ENV ? session.env : session.dbc, ends[i].completion);
    count(session.dbc);
    end_transaction(SQL_HANDLE_DBC, session.dbc, SQL_ROLLBACK);
  }
  end_transaction(SQL_HANDLE_DBC, session.dbc, 99);
  end_transaction(SQL_HANDLE_ENV, session.env, 99);
  end_transaction(SQL_HANDLE_STMT, s, SQL_COMMIT);
  end_transaction(99, session.dbc, SQL_COMMIT);
  end_transaction(SQL_HANDLE_ENV, session.dbc, SQL_COMMIT);  // of another kind
  end_transaction(SQL_HANDLE_DBC, session.env, SQL_COMMIT);

  // After an error all else is refused until the end.
  exec_direct(s, "select 1 / 0");
  exec_direct(s, "select 1");
  end_transaction(SQL_HANDLE_DBC, session.dbc, SQL_COMMIT);
  exec_direct(s, "select 1");
  show_result(s, 1);
  // Cursors over the end of a transaction.
  for (SQLSMALLINT completion = SQL_COMMIT; completion >= SQL_COMMIT - 1 && completion >= 0; --completion) {
    exec_direct(s, "select n from conformance.series order by n");
    fetch(s);
    end_transaction(SQL_HANDLE_DBC, session.dbc, completion);
    fetch(s);
    get_data(s, 1, SQL_C_SLONG, 4);
    free_stmt(s, SQL_CLOSE);
    prepare(s, "select n from conformance.series order by n");
    end_transaction(SQL_HANDLE_DBC, session.dbc, completion);
    execute(s);
    fetch(s);
    free_stmt(s, SQL_CLOSE);
  }
  // In the middle: the isolation level, read only, autocommit on.
  exec_direct(s, "insert into conformance.scratch (id) values (50)");
  set_connect_attr(session.dbc, SQL_ATTR_TXN_ISOLATION, NUMBER(SQL_TXN_SERIALIZABLE), 0);
  set_connect_attr(session.dbc, SQL_ATTR_ACCESS_MODE, NUMBER(SQL_MODE_READ_ONLY), 0);
  set_connect_attr(session.dbc, SQL_ATTR_AUTOCOMMIT, NUMBER(SQL_AUTOCOMMIT_ON), 0);
  count(session.dbc);
  set_connect_attr(session.dbc, SQL_ATTR_AUTOCOMMIT, NUMBER(SQL_AUTOCOMMIT_OFF), 0);
  exec_direct(s, "begin");
  exec_direct(s, "savepoint a");
  exec_direct(s, "delete from conformance.scratch");
  exec_direct(s, "rollback to savepoint a");
  count(session.dbc);
  exec_direct(s, "rollback");
  exec_direct(s, "begin isolation level serializable read only");
  exec_direct(s, "delete from conformance.scratch");
  end_transaction(SQL_HANDLE_DBC, session.dbc, SQL_ROLLBACK);
  set_connect_attr(session.dbc, SQL_ATTR_TXN_ISOLATION, NUMBER(SQL_TXN_SERIALIZABLE), 0);
  exec_direct(s, "select current_setting('transaction_isolation')");
  show_result(s, 1);
  exec_direct(s, "delete from conformance.scratch");
  end_transaction(SQL_HANDLE_DBC, session.dbc, SQL_COMMIT);
  // Disconnected in the middle: what was not committed is gone.
  exec_direct(s, "insert into conformance.scratch (id) values (60)");
  disconnect(session.dbc);
  connect_string(session.dbc, with_dsn(""), SQL_NTS, SQL_DRIVER_NOPROMPT);
  count(session.dbc);
  close_session(session);
}
