// errors: calls out of order or with wrong arguments, diagnostics read in every way, cancelling.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "conformance.h"
#include "section.h"

// ---- errors ----

static const char* const bad_statements[] = {
    "selec 1",
    "select nothing",
    "select * from nowhere",
    "select * from nowhere.nothing",
    "select nothing()",
    "select 1 / 0",
    "select 'a'::integer",
    "select 1 from",
    "select 'unfinished",
    "select \"unfinished",
    "select $1",
    "insert into conformance.scratch values (1, 'a'), (1, 'b')",
    "insert into conformance.scratch (words) values ('no key')",
    "insert into conformance.scratch values (1, repeat('too long ', 10))",
    "insert into conformance.scratch (id, amount) values (1, 1e20)",
    "insert into conformance.\"Odd Name\" values (1, 99, 1)",
    "insert into conformance.\"Odd Name\" values (-1, 1, 1)",
    "update conformance.kinds set words = null",
    "create table conformance.kinds (n integer)",
    "drop table conformance.kinds_of_none",
    "drop role jane_doe",
    "select * from pg_authid",
    "set no_such_setting = 1",
    "commit and chain",
    "declare c cursor for select 1",
    "lock table conformance.kinds",
    "select pg_terminate_backend(0)",
    "select 'Zürich €' fröm nowhere",
};

void section_errors(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s");
  for (size_t i = 0; i < COUNT(bad_statements); ++i) {
    exec_direct(s, bad_statements[i]);
    free_stmt(s, SQL_CLOSE);
    prepare(s, bad_statements[i]);
    describe_columns(s);
    execute(s);
    free_stmt(s, SQL_CLOSE);
  }
  release(SQL_HANDLE_STMT, s);
  s = new_statement(session, "s");

  // Out of order.
  execute(s);
  fetch(s);
  get_data(s, 1, SQL_C_CHAR, 10);
  row_count(s);
  SQLRETURN code = SQLCloseCursor(s);
  asked("SQLCloseCursor(s) closed");
  done(SQL_HANDLE_STMT, s, code);
  free_stmt(s, SQL_CLOSE);
  free_stmt(s, SQL_UNBIND);
  free_stmt(s, SQL_RESET_PARAMS);
  free_stmt(s, 99);
  exec_direct(s, "delete from conformance.scratch");
  fetch(s);  // there is no result
  get_data(s, 1, SQL_C_CHAR, 10);
  exec_direct(s, "select 1, 'x'");
  exec_direct(s, "select 2");  // a cursor is open
  prepare(s, "select 2");
  execute(s);
  get_data(s, 1, SQL_C_SLONG, 4);
  TWIN(SQLGetTypeInfo, s, SQL_INTEGER);
  fetch(s);
  get_data(s, 2, SQL_C_CHAR, 10);
  get_data(s, 1, SQL_C_SLONG, 4);
  get_data(s, 1, SQL_C_SLONG, 4);
  if (!is_left_out("SQLGetData of a column behind the last")) get_data(s, 3, SQL_C_CHAR, 10);
  if (!is_left_out("SQLGetData of column 0")) get_data(s, 0, SQL_C_CHAR, 10);
  get_data(s, 2, SQL_C_SLONG, 4);
  fetch(s);
  fetch(s);
  code = SQLCloseCursor(s);
  asked("SQLCloseCursor(s)");
  done(SQL_HANDLE_STMT, s, code);
  fetch(s);
  prepare(s, "select 1");
  fetch(s);
  execute(s);
  execute(s);  // the cursor is open
  code = SQLFetchScroll(s, SQL_FETCH_NEXT, 0);
  asked("SQLFetchScroll(s, NEXT)");
  done(SQL_HANDLE_STMT, s, code);
  code = SQLFetchScroll(s, SQL_FETCH_PRIOR, 0);
  asked("SQLFetchScroll(s, PRIOR)");
  done(SQL_HANDLE_STMT, s, code);
  free_stmt(s, SQL_CLOSE);

  // Null pointers, where psqlODBC does not crash.
  code = TWIN(SQLPrepare, s, NULL, SQL_NTS);
  asked("SQLPrepare(s, null)");
  done(SQL_HANDLE_STMT, s, code);
  code = TWIN(SQLPrepare, s, text("select 1").at, -7);
  asked("SQLPrepare(s, -7)");
  done(SQL_HANDLE_STMT, s, code);
  if (!is_left_out("SQLNumParams without a place for the number")) {
    code = SQLNumParams(s, NULL);
    asked("SQLNumParams(s, null)");
    done(SQL_HANDLE_STMT, s, code);
  }
  code = TWIN(SQLGetStmtAttr, s, SQL_ATTR_APP_ROW_DESC, NULL, 0, NULL);
  asked("SQLGetStmtAttr(s, APP_ROW_DESC, null)");
  done(SQL_HANDLE_STMT, s, code);

  if (is_left_out("a connection that the server ends, which shows in one way or another")) {
    close_session(session);
    return;
  }
  // The connection is lost.
  const Session doomed = open_session();
  SQLHSTMT last = new_statement(doomed, "last");
  exec_direct(last, "select pg_terminate_backend(pg_backend_pid())");
  exec_direct(last, "select 1");
  SQLUINTEGER is_dead = 99;
  code = TWIN(SQLGetConnectAttr, doomed.dbc, SQL_ATTR_CONNECTION_DEAD, &is_dead, 4, NULL);
  asked("SQLGetConnectAttr(dbc, CONNECTION_DEAD)");
  got_number("dead", is_dead);
  done(SQL_HANDLE_DBC, doomed.dbc, code);
  end_transaction(SQL_HANDLE_DBC, doomed.dbc, SQL_COMMIT);
  close_session(doomed);
  close_session(session);
}

// ---- diagnostics ----

static void get_record(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLSMALLINT capacity, int is_given) {
  const Buffer state = buffer(in_bytes(6)), message = buffer(in_bytes((size_t)(capacity > 0 ? capacity : 0)));
  SQLINTEGER native = FRESH_INTEGER;
  SQLSMALLINT length = FRESH_SMALL;
  const SQLRETURN code =
      TWIN(SQLGetDiagRec, type, handle, number, is_given ? (void*)state.at : NULL, is_given ? &native : NULL,
           is_given ? (void*)message.at : NULL, capacity, is_given ? &length : NULL);
  asked("SQLGetDiagRec(%d, %s, %d, %s, %d)", type, name_of(handle), number, is_given ? "buffer" : "null", capacity);
  got_text("state", state);
  got_number("native", native);
  got_text("message", message);
  got_number("length", length);
  done(type, SQL_NULL_HANDLE, code);
}

static void get_field(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLSMALLINT field, SQLSMALLINT capacity,
                      int is_given) {
  const Buffer value = buffer((size_t)(capacity > 8 ? capacity : 8));
  SQLSMALLINT length = FRESH_SMALL;
  const SQLRETURN code =
      TWIN(SQLGetDiagField, type, handle, number, field, is_given ? value.at : NULL, capacity, &length);
  asked("SQLGetDiagField(%d, %s, %d, %d, %s, %d)", type, name_of(handle), number, field, is_given ? "buffer" : "null",
        capacity);
  got_bytes("value", value);
  got_number("length", length);
  done(type, SQL_NULL_HANDLE, code);
}

void section_diagnostics(void) {
  static const SQLSMALLINT capacities[] = {0, 1, 2, 3, 10, 11, 600, -1};
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  get_record(SQL_HANDLE_STMT, s, 1, 600, 1);  // none yet
  exec_direct(s, "select nothing from nowhere");
  for (size_t i = 0; i < COUNT(capacities); ++i) {
    get_record(SQL_HANDLE_STMT, s, 1, capacities[i], 1);
    get_record(SQL_HANDLE_STMT, s, 2, capacities[i], 1);
    get_field(SQL_HANDLE_STMT, s, 1, SQL_DIAG_SQLSTATE, capacities[i], 1);
    get_field(SQL_HANDLE_STMT, s, 1, SQL_DIAG_MESSAGE_TEXT, capacities[i], 1);
  }
  get_record(SQL_HANDLE_STMT, s, 1, 0, 0);
  get_record(SQL_HANDLE_STMT, s, 0, 600, 1);
  get_record(SQL_HANDLE_STMT, s, -1, 600, 1);
  get_field(SQL_HANDLE_STMT, s, 1, 999, 64, 1);
  get_field(SQL_HANDLE_STMT, s, 99, SQL_DIAG_SQLSTATE, 64, 1);
  get_field(SQL_HANDLE_STMT, s, 1, SQL_DIAG_MESSAGE_TEXT, 64, 0);
  get_field(SQL_HANDLE_DBC, session.dbc, 0, SQL_DIAG_NUMBER, 8, 1);
  get_field(SQL_HANDLE_DBC, session.dbc, 0, SQL_DIAG_ROW_COUNT, 8, 1);
  get_record(SQL_HANDLE_DBC, session.dbc, 1, 600, 1);  // the statement's are its own
  get_record(SQL_HANDLE_ENV, session.env, 1, 600, 1);
  get_record(SQL_HANDLE_DBC, s, 1, 600, 1);  // a handle of another kind
  get_record(99, s, 1, 600, 1);
  // They end with the next call on the same handle.
  exec_direct(s, "select 1");
  get_record(SQL_HANDLE_STMT, s, 1, 600, 1);
  free_stmt(s, SQL_CLOSE);
  // A long message.
  exec_direct(s, "do $$ begin raise exception '%', repeat('long ', 400); end $$");
  exec_direct(s, "select 'Zürich € 東京 😀'::integer");
  // More than one, and success with information.
  exec_direct(s, "do $$ begin for i in 1..3 loop raise notice 'number %', i; end loop; end $$");
  set_connect_attr(session.dbc, SQL_ATTR_TXN_ISOLATION, NUMBER(99), 0);
  set_connect_attr(session.dbc, 30000, NUMBER(1), 0);
  close_session(session);
}

// ---- cancelling ----

typedef struct {
  SQLSMALLINT type;  // 0: SQLCancel
  SQLHANDLE handle;
  SQLRETURN code;
} Canceller;

static void* cancel_soon(void* of) {
  Canceller* const canceller = of;
  const struct timespec moment = {0, 300000000};
  nanosleep(&moment, NULL);
  canceller->code =
      canceller->type == 0 ? SQLCancel(canceller->handle) : SQLCancelHandle(canceller->type, canceller->handle);
  return NULL;
}

static void cancel_idle(SQLHSTMT s) {
  const SQLRETURN code = SQLCancel(s);
  asked("SQLCancel(%s)", name_of(s));
  done(SQL_HANDLE_STMT, s, code);
}

static void cancel_handle(SQLSMALLINT type, SQLHANDLE handle) {
  const SQLRETURN code = SQLCancelHandle(type, handle);
  asked("SQLCancelHandle(%d, %s)", type, name_of(handle));
  done(type, handle, code);
}

static void cancel_running(SQLHSTMT s, SQLSMALLINT type, SQLHANDLE handle, int is_prepared) {
  Canceller canceller = {type, handle, 99};
  pthread_t thread;
  if (is_prepared) prepare(s, "select pg_sleep(2)");
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pthread_create(&thread, NULL, cancel_soon, &canceller);
  const Text sql = text("select pg_sleep(2)");
  const SQLRETURN code = is_prepared ? SQLExecute(s) : TWIN(SQLExecDirect, s, sql.at, SQL_NTS);
  pthread_join(thread, NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  asked("%s(%s, pg_sleep) cancelled by a thread, %s %s", is_prepared ? "SQLExecute" : "SQLExecDirect", name_of(s),
        type == 0 ? "SQLCancel" : "SQLCancelHandle", name_of(handle));
  got_number("cancel", canceller.code);
  got(end.tv_sec - start.tv_sec < 2 || (end.tv_sec - start.tv_sec == 2 && end.tv_nsec < start.tv_nsec) ? " early"
                                                                                                       : " to the end");
  done(SQL_HANDLE_STMT, s, code);
  free_stmt(s, SQL_CLOSE);
  exec_direct(s, "select 'it goes on'");
  show_result(s, 2);
}

void section_cancelling(void) {
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  cancel_idle(s);
  exec_direct(s, "select n from conformance.series order by n");
  fetch(s);
  cancel_idle(s);
  fetch(s);
  free_stmt(s, SQL_CLOSE);
  prepare(s, "select 1");
  cancel_idle(s);
  execute(s);
  show_result(s, 2);
  cancel_handle(SQL_HANDLE_STMT, s);
  cancel_handle(SQL_HANDLE_DBC, session.dbc);
  cancel_handle(SQL_HANDLE_ENV, session.env);
  cancel_handle(99, s);
  if (is_left_out("SQLCancel of a statement that runs, for which the base driver connects once more, without TLS")) {
    close_session(session);
    return;
  }
  cancel_running(s, 0, s, 0);
  cancel_running(s, 0, s, 1);
  cancel_running(s, SQL_HANDLE_STMT, s, 0);
  set_connect_attr(session.dbc, SQL_ATTR_AUTOCOMMIT, NUMBER(SQL_AUTOCOMMIT_OFF), 0);
  cancel_running(s, 0, s, 0);
  end_transaction(SQL_HANDLE_DBC, session.dbc, SQL_ROLLBACK);
  close_session(session);
}
