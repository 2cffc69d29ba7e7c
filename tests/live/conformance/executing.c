// executing: statements and their parameters: by value, at execution, in arrays.
// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <string.h>

#include "conformance.h"
#include "section.h"

// ---- executing ----

static void exec_length(SQLHSTMT statement, const char* sql, SQLINTEGER length) {
  const Text words = text(sql);
  const SQLRETURN code = TWIN(SQLExecDirect, statement, words.at, length);
  asked("SQLExecDirect(%s, %s, %d)", name_of(statement), words.shown, (int)length);
  done(SQL_HANDLE_STMT, statement, code);
  if (SQL_SUCCEEDED(code)) show_result(statement, 3);
}

void section_executing(void) {
  static const char* const statements[] = {
      "select 1",
      "select 1 as a, null as b, 'x' as c where false",
      "insert into conformance.scratch values (1, 'one', 1.5, null)",
      "insert into conformance.scratch values (1, 'again', 1.5, null)",
      "update conformance.scratch set words = 'none' where id = 99",
      "update conformance.scratch set words = 'uno' where id = 1 returning id, words",
      "delete from conformance.scratch",
      "select * from conformance.scratch; insert into conformance.scratch (id) values (2); select count(*) from "
      "conformance.scratch",
      "delete from conformance.scratch where id = 2",
      "create temporary table passing (n integer)",
      "drop table passing",
      "values (1, 'a'), (2, 'b')",
      "{call conformance.add(1, 2)}",
      "select {fn ucase('abc')}, {d '2024-02-29'}",
      "do $$ begin raise notice 'heard'; end $$",
      "do $$ begin raise warning 'heard twice'; raise notice 'again'; end $$",
      "do $$ begin raise exception using errcode = 'ZZ123', message = 'own', detail = 'more', hint = 'less'; end $$",
      "show application_name",
      "explain (costs off) select 1",
      "set local work_mem = '1MB'",
      "-- a comment alone",
      "",
      "   ",
      ";",
  };
  const Session session = open_session();
  const SQLHSTMT statement = new_statement(session, "s");
  for (size_t i = 0; i < COUNT(statements); ++i) {
    // Connector/ODBC reads no rows of it: from then on each call gets the answer to one before it.
    if (strncmp(statements[i], "values", 6) == 0 && is_left_out("VALUES as a statement, whose rows stay unread"))
      continue;
    if (SQL_SUCCEEDED(exec_direct(statement, statements[i]))) {
      row_count(statement);
      show_result(statement, 3);
    }
    if (SQL_SUCCEEDED(prepare(statement, statements[i]))) {
      describe_columns(statement);
      for (int twice = 0; twice < 2; ++twice) {
        if (SQL_SUCCEEDED(execute(statement))) {
          row_count(statement);
          show_result(statement, 2);
        }
      }
    }
    free_stmt(statement, SQL_CLOSE);
  }
  exec_length(statement, "select 12345", 8);
  exec_length(statement, "select 12345 this is not read", 12);
  exec_length(statement, "select 'Zürich'", text("select 'Zürich'").length);
  exec_length(statement, "select 12345", 0);
  exec_length(statement, "select 12345", -1);
  exec_length(statement, "select 12345", -7);
  exec_length(statement, NULL, SQL_NTS);
  char* const comment = keep(210000);
  memset(comment, 'x', 200000);
  memcpy(comment, "/*", 2);
  strcpy(comment + 200000, "*/ select 'behind a comment'");
  exec_length(statement, comment, SQL_NTS);
  memset(comment, ' ', 200002);
  exec_length(statement, comment, SQL_NTS);
  close_session(session);
}

// ---- parameters ----

static SQLRETURN bind(SQLHSTMT s, SQLUSMALLINT number, SQLSMALLINT direction, SQLSMALLINT c_type, SQLSMALLINT sql_type,
                      SQLULEN size, SQLSMALLINT digits, SQLPOINTER value, SQLLEN capacity, SQLLEN* indicator) {
  const SQLRETURN code =
      SQLBindParameter(s, number, direction, c_type, sql_type, size, digits, value, capacity, indicator);
  asked("SQLBindParameter(%s, %d, %d, %d, %d, %d, %d, %s, %d, %s)", name_of(s), number, direction, c_type, sql_type,
        (int)size, digits, value == NULL ? "null" : "value", (int)capacity, indicator == NULL ? "null" : "indicator");
  done(SQL_HANDLE_STMT, s, code);
  return code;
}

static void describe_parameters(SQLHSTMT s, SQLUSMALLINT last) {
  SQLSMALLINT count = FRESH_SMALL;
  const SQLRETURN code = SQLNumParams(s, &count);
  asked("SQLNumParams(%s)", name_of(s));
  got_number("count", count);
  done(SQL_HANDLE_STMT, s, code);
  for (SQLUSMALLINT number = 0; number <= last; ++number) {
    SQLSMALLINT type = FRESH_SMALL, digits = FRESH_SMALL, nullable = FRESH_SMALL;
    SQLULEN size = (SQLULEN)FRESH_LENGTH;
    const SQLRETURN described = SQLDescribeParam(s, number, &type, &size, &digits, &nullable);
    asked("SQLDescribeParam(%s, %d)", name_of(s), number);
    got_number("type", type);
    got_number("size", (long long)size);
    got_number("digits", digits);
    got_number("nullable", nullable);
    done(SQL_HANDLE_STMT, s, described);
  }
}

typedef struct {
  const char* cast;
  SQLSMALLINT c_type, sql_type;
  SQLULEN size;
  SQLSMALLINT digits;
  const void* value;
  SQLLEN length;
} Parameter;

static const SQLINTEGER an_integer = -123456;
static const SQLBIGINT a_big = 1234567890123;
static const SQLSMALLINT a_small = -12;
static const signed char a_tiny = -5;
static const unsigned char a_bit = 1;
static const double a_double = 2.5;
static const float a_float = 1.25F;
static const SQLWCHAR wide_words[] = {'Z', 0xFC, 'r', 'i', 0x20AC, 0xD83D, 0xDE00, 0};
static const SQL_DATE_STRUCT a_date = {2024, 2, 29};
static const SQL_TIME_STRUCT a_time = {1, 2, 3};
static const SQL_TIMESTAMP_STRUCT a_moment = {2024, 2, 29, 1, 2, 3, 456000000};
static const SQL_NUMERIC_STRUCT a_numeric = {5, 2, 1, {0x39, 0x30}};
static const SQLGUID a_guid = {0x11111111, 0x2222, 0x3333, {0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55}};
static const SQL_INTERVAL_STRUCT an_interval = {SQL_IS_DAY, 0, {.day_second = {3, 4, 5, 6, 0}}};

static const Parameter parameter_rows[] = {
    {"integer", SQL_C_SLONG, SQL_INTEGER, 0, 0, &an_integer, 0},
    {"integer", SQL_C_LONG, SQL_INTEGER, 10, 0, &an_integer, 4},
    {"bigint", SQL_C_SBIGINT, SQL_BIGINT, 0, 0, &a_big, 0},
    {"smallint", SQL_C_SSHORT, SQL_SMALLINT, 0, 0, &a_small, 0},
    {"smallint", SQL_C_STINYINT, SQL_TINYINT, 0, 0, &a_tiny, 0},
    {"boolean", SQL_C_BIT, SQL_BIT, 0, 0, &a_bit, 0},
    {"double precision", SQL_C_DOUBLE, SQL_DOUBLE, 0, 0, &a_double, 0},
    {"real", SQL_C_FLOAT, SQL_REAL, 0, 0, &a_float, 0},
    {"numeric", SQL_C_CHAR, SQL_NUMERIC, 12, 3, "123.456", SQL_NTS},
    {"numeric", SQL_C_NUMERIC, SQL_NUMERIC, 5, 2, &a_numeric, 0},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 20, 0, "words", SQL_NTS},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 20, 0, "words", 3},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 20, 0, "", 0},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 2, 0, "longer than said", SQL_NTS},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 20, 0, "Zürich", SQL_NTS},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 20, 0, "nul\0in it", 9},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 20, 0, "words", SQL_NULL_DATA},
    {"varchar", SQL_C_CHAR, SQL_VARCHAR, 20, 0, "words", SQL_DEFAULT_PARAM},
    {"varchar", SQL_C_WCHAR, SQL_WVARCHAR, 20, 0, wide_words, SQL_NTS},
    {"varchar", SQL_C_WCHAR, SQL_WVARCHAR, 20, 0, wide_words, 4},
    {"text", SQL_C_WCHAR, SQL_WLONGVARCHAR, 20, 0, wide_words, 14},
    {"text", SQL_C_DEFAULT, SQL_LONGVARCHAR, 20, 0, "words", SQL_NTS},
    {"bytea", SQL_C_BINARY, SQL_VARBINARY, 20, 0, "\0\1\xFF'\\", 5},
    {"bytea", SQL_C_BINARY, SQL_LONGVARBINARY, 20, 0, "", 0},
    {"bytea", SQL_C_CHAR, SQL_VARBINARY, 20, 0, "00FF", SQL_NTS},
    {"date", SQL_C_TYPE_DATE, SQL_TYPE_DATE, 10, 0, &a_date, 0},
    {"time", SQL_C_TYPE_TIME, SQL_TYPE_TIME, 8, 0, &a_time, 0},
    {"timestamp", SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 23, 3, &a_moment, 0},
    {"date", SQL_C_CHAR, SQL_TYPE_DATE, 10, 0, "2024-02-29", SQL_NTS},
    {"date", SQL_C_CHAR, SQL_TYPE_DATE, 10, 0, "no date", SQL_NTS},
    {"uuid", SQL_C_GUID, SQL_GUID, 16, 0, &a_guid, 0},
    {"interval", SQL_C_INTERVAL_DAY, SQL_INTERVAL_DAY, 3, 0, &an_interval, 0},
    {"integer", SQL_C_CHAR, SQL_INTEGER, 10, 0, "no number", SQL_NTS},
    {"integer", SQL_C_CHAR, SQL_INTEGER, 10, 0, "42", SQL_NTS},
    {"varchar", SQL_C_SLONG, SQL_VARCHAR, 20, 0, &an_integer, 0},
    {"varchar", 999, SQL_VARCHAR, 20, 0, "words", SQL_NTS},
    {"varchar", SQL_C_CHAR, 999, 20, 0, "words", SQL_NTS},
};

void section_parameters(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s");
  for (size_t i = 0; i < COUNT(parameter_rows); ++i) {
    const Parameter* const row = &parameter_rows[i];
    if (row->c_type == SQL_C_NUMERIC && is_left_out("a parameter of SQL_C_NUMERIC")) continue;
    if (row->length == SQL_DEFAULT_PARAM && is_left_out("a parameter with SQL_DEFAULT_PARAM")) continue;
    char* const sql = keep(100);
    strcat(strcat(strcpy(sql, "select cast(? as "), row->cast), ")");
    SQLLEN* const indicator = keep(sizeof(SQLLEN));
    *indicator = row->length;
    bind(s, 1, SQL_PARAM_INPUT, row->c_type, row->sql_type, row->size, row->digits, (SQLPOINTER)row->value, 0,
         row->length == 0 && row->c_type != SQL_C_CHAR && row->c_type != SQL_C_BINARY ? NULL : indicator);
    if (SQL_SUCCEEDED(exec_direct(s, sql))) show_result(s, 2);
    if (SQL_SUCCEEDED(prepare(s, sql))) {
      describe_parameters(s, 2);
      if (SQL_SUCCEEDED(execute(s))) show_result(s, 2);
    }
    free_stmt(s, SQL_RESET_PARAMS);
  }
  prepare(s, "select ?::integer + ?::integer, ?::text");
  describe_parameters(s, 4);
  execute(s);  // nothing is bound
  SQLINTEGER numbers[2] = {1, 2};
  SQLLEN indicator = SQL_NTS;
  bind(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &numbers[0], 0, NULL);
  bind(s, 3, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 20, 0, "three", 0, &indicator);
  execute(s);  // one is missing
  bind(s, 2, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &numbers[1], 0, NULL);
  execute(s);
  show_result(s, 2);
  numbers[0] = 40;
  execute(s);
  show_result(s, 2);
  bind(s, 0, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &numbers[1], 0, NULL);
  bind(s, 1, 99, SQL_C_SLONG, SQL_INTEGER, 0, 0, &numbers[1], 0, NULL);
  bind(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, NULL, 0, NULL);
  bind(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 0, 0, "x", -1, &indicator);
  free_stmt(s, SQL_RESET_PARAMS);
  execute(s);

  // Out parameters of a procedure call.
  for (int is_prepared = 0; is_prepared < 2; ++is_prepared) {
    static const char* const call = "{? = call conformance.add(?, ?)}";
    SQLINTEGER sum = FRESH_INTEGER, left = 3, right = 4;
    SQLLEN lengths[3] = {0, 0, 0};
    s = new_statement(session, is_prepared ? "prepared" : "direct");
    bind(s, 1, SQL_PARAM_OUTPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &sum, 0, &lengths[0]);
    bind(s, 2, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &left, 0, &lengths[1]);
    bind(s, 3, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &right, 0, &lengths[2]);
    if (is_prepared) {
      prepare(s, call);
      describe_parameters(s, 3);
      execute(s);
    } else {
      exec_direct(s, call);
    }
    asked("out parameters");
    got_number("sum", sum);
    got_number("length", lengths[0]);
    done(SQL_HANDLE_STMT, SQL_NULL_HANDLE, SQL_SUCCESS);
    show_result(s, 2);
    release(SQL_HANDLE_STMT, s);
  }
  close_session(session);
}

// ---- at_execution ----

static SQLRETURN param_data(SQLHSTMT s, const char* const* tokens) {
  SQLPOINTER token = NULL;
  const SQLRETURN code = SQLParamData(s, &token);
  asked("SQLParamData(%s)", name_of(s));
  if (code == SQL_NEED_DATA) got(" token=%s", token == tokens[0] ? "first" : token == tokens[1] ? "second" : "unknown");
  done(SQL_HANDLE_STMT, s, code);
  return code;
}

static void put_data(SQLHSTMT s, const char* data, SQLLEN length) {
  const SQLRETURN code = SQLPutData(s, (SQLPOINTER)data, length);
  asked("SQLPutData(%s, %s, %d)", name_of(s), data == NULL ? "null" : "data", (int)length);
  done(SQL_HANDLE_STMT, s, code);
}

static void cancel(SQLHSTMT s) {
  const SQLRETURN code = SQLCancel(s);
  asked("SQLCancel(%s)", name_of(s));
  done(SQL_HANDLE_STMT, s, code);
}

void section_at_execution(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s");
  static const char* const tokens[] = {"first", "second"};
  SQLLEN indicators[2] = {SQL_LEN_DATA_AT_EXEC(8), SQL_DATA_AT_EXEC};
  param_data(s, tokens);  // nothing was asked for
  put_data(s, "a", 1);
  bind(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR, 100, 0, (SQLPOINTER)tokens[0], 0, &indicators[0]);
  bind(s, 2, SQL_PARAM_INPUT, SQL_C_BINARY, SQL_LONGVARBINARY, 100, 0, (SQLPOINTER)tokens[1], 0, &indicators[1]);
  prepare(s, "select ?::text, ?::bytea");
  for (int way = 0; way < 5; ++way) {
    execute(s);
    put_data(s, "a", 1);  // before SQLParamData
    execute(s);           // while data is needed
    row_count(s);
    param_data(s, tokens);
    if (way == 1) cancel(s);
    put_data(s, "chunk ", SQL_NTS);
    if (way == 2) put_data(s, "chunk ", -7);
    if (way == 3) put_data(s, NULL, SQL_NULL_DATA);
    if (way == 4) put_data(s, NULL, 5);
    put_data(s, "after chunk", 11);
    param_data(s, tokens);
    put_data(s, "\0\1\2", 3);
    put_data(s, "", 0);
    if (SQL_SUCCEEDED(param_data(s, tokens))) show_result(s, 2);
    cancel(s);
    free_stmt(s, SQL_CLOSE);
  }
  // Directly, and ended by SQLFreeStmt and by freeing the statement.
  exec_direct(s, "select ?::text, ?::bytea");
  param_data(s, tokens);
  free_stmt(s, SQL_CLOSE);
  free_stmt(s, SQL_RESET_PARAMS);
  cancel(s);
  release(SQL_HANDLE_STMT, s);
  close_session(session);
}

// ---- arrays ----

enum { sets = 5 };

typedef struct {
  SQLINTEGER id;
  SQLLEN id_indicator;
  char words[12];
  SQLLEN words_indicator;
} Row;

static void show_sets(const SQLUSMALLINT* status, SQLULEN processed) {
  asked("sets");
  for (int i = 0; i < sets; ++i) got_number("status", status[i]);
  got_number("processed", (long long)processed);
  done(SQL_HANDLE_STMT, SQL_NULL_HANDLE, SQL_SUCCESS);
}

static void insert_sets(SQLHSTMT s, SQLUSMALLINT* status, SQLULEN* processed) {
  for (int twice = 0; twice < 2; ++twice) {  // the second time every key is there
    for (int i = 0; i < sets; ++i) status[i] = FRESH_USMALL;
    *processed = (SQLULEN)FRESH_LENGTH;
    execute(s);
    show_sets(status, *processed);
    row_count(s);
    for (int result = 0; result < sets + 1; ++result) {
      const SQLRETURN code = SQLMoreResults(s);
      asked("SQLMoreResults(s)");
      done(SQL_HANDLE_STMT, s, code);
      if (!SQL_SUCCEEDED(code)) break;
      row_count(s);
    }
  }
  free_stmt(s, SQL_CLOSE);
}

void section_arrays(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s"), reader = new_statement(session, "reader");
  SQLUSMALLINT status[sets],
      operation[sets] = {SQL_PARAM_PROCEED, SQL_PARAM_IGNORE, SQL_PARAM_PROCEED, SQL_PARAM_PROCEED, SQL_PARAM_IGNORE};
  SQLULEN processed = 0;
  set_stmt_attr(s, SQL_ATTR_PARAMSET_SIZE, NUMBER(sets), 0);
  set_stmt_attr(s, SQL_ATTR_PARAM_STATUS_PTR, status, 0);
  set_stmt_attr(s, SQL_ATTR_PARAMS_PROCESSED_PTR, &processed, 0);
  prepare(s, "insert into conformance.scratch (id, words) values (?, ?)");

  // By column.
  SQLINTEGER ids[sets] = {1, 2, 3, 4, 5};
  char words[sets][12] = {"one", "two", "three", "four", "five"};
  SQLLEN lengths[sets] = {SQL_NTS, 2, SQL_NULL_DATA, SQL_NTS, 0};
  bind(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, ids, 0, NULL);
  bind(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 30, 0, words, sizeof(words[0]), lengths);
  insert_sets(s, status, &processed);
  exec_direct(reader, "select id, words from conformance.scratch order by id");
  show_result(reader, 10);

  // With sets to leave out.
  must(session.dbc, "delete from conformance.scratch");
  set_stmt_attr(s, SQL_ATTR_PARAM_OPERATION_PTR, operation, 0);
  insert_sets(s, status, &processed);
  exec_direct(reader, "select id, words from conformance.scratch order by id");
  show_result(reader, 10);
  set_stmt_attr(s, SQL_ATTR_PARAM_OPERATION_PTR, NULL, 0);

  // By row, moved by an offset; the third set breaks the key.
  must(session.dbc, "delete from conformance.scratch");
  Row rows[sets + 1] = {{0, 0, "", 0},         {11, 0, "a", SQL_NTS}, {12, 0, "bb", SQL_NTS}, {11, 0, "twice", SQL_NTS},
                        {14, 0, "d", SQL_NTS}, {15, 0, "e", 1}};
  SQLULEN offset = sizeof(Row);
  set_stmt_attr(s, SQL_ATTR_PARAM_BIND_TYPE, NUMBER(sizeof(Row)), 0);
  set_stmt_attr(s, SQL_ATTR_PARAM_BIND_OFFSET_PTR, &offset, 0);
  bind(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &rows[0].id, 0, &rows[0].id_indicator);
  bind(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 30, 0, rows[0].words, sizeof(rows[0].words),
       &rows[0].words_indicator);
  insert_sets(s, status, &processed);
  exec_direct(reader, "select id, words from conformance.scratch order by id");
  show_result(reader, 10);

  // Arrays and results: one result for each set.
  set_stmt_attr(s, SQL_ATTR_PARAM_BIND_TYPE, NUMBER(SQL_PARAM_BIND_BY_COLUMN), 0);
  set_stmt_attr(s, SQL_ATTR_PARAM_BIND_OFFSET_PTR, NULL, 0);
  bind(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, ids, 0, NULL);
  free_stmt(s, SQL_CLOSE);
  exec_direct(s, "select words from conformance.series where n = ?");
  for (int result = 0; result < sets + 1; ++result) {
    fetch(s);
    get_data(s, 1, SQL_C_CHAR, 20);
    fetch(s);
    const SQLRETURN code = SQLMoreResults(s);
    asked("SQLMoreResults(s)");
    done(SQL_HANDLE_STMT, s, code);
    if (!SQL_SUCCEEDED(code)) break;
  }
  set_stmt_attr(s, SQL_ATTR_PARAMSET_SIZE, NUMBER(0), 0);
  must(session.dbc, "delete from conformance.scratch");
  close_session(session);
}
