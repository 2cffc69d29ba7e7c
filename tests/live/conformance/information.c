// information: what a driver says of itself: SQLGetInfo, SQLGetFunctions, SQLGetTypeInfo, SQLNativeSql.
// SPDX-License-Identifier: Apache-2.0
#include "conformance.h"
#include "section.h"

// ---- information: each type with buffers of many sizes ----

// Addresses: they differ in every run.
static int is_handle(SQLUSMALLINT type) {
  return type == SQL_DRIVER_HDBC || type == SQL_DRIVER_HENV || type == SQL_DRIVER_HSTMT || type == SQL_DRIVER_HLIB ||
         type == SQL_DRIVER_HDESC;
}

// These take a handle from the buffer.
static int is_question_about_handle(int type) {
  return type == SQL_DRIVER_HSTMT || type == SQL_DRIVER_HDESC;
}

// unixODBC answers these itself, and writes far beyond a buffer that has no room for one character.
static int is_answered_by_manager(int type) {
  return type == SQL_DATA_SOURCE_NAME || type == SQL_ODBC_VER || type == SQL_DM_VER || type == SQL_XOPEN_CLI_YEAR;
}

static void get_info(SQLHDBC dbc, SQLUSMALLINT type, SQLSMALLINT capacity, int is_given, int wants_length) {
  const Buffer value = buffer(capacity > 8 ? (size_t)capacity : 8);  // numbers are written whole, whatever the capacity
  SQLSMALLINT length = FRESH_SMALL;
  const SQLRETURN code =
      TWIN(SQLGetInfo, dbc, type, is_given ? value.at : NULL, capacity, wants_length ? &length : NULL);
  asked("SQLGetInfo(%s, %d, %s, %d)", name_of(dbc), type, is_given ? "buffer" : "null", capacity);
  if (is_handle(type)) {
    got("%s", SQL_SUCCEEDED(code) ? " a handle" : "");
  } else {
    got_bytes("value", value);
  }
  got_number("length", length);
  done(SQL_HANDLE_DBC, dbc, code);
}

static const struct {
  SQLUSMALLINT first, last;
} ranges[] = {{0, 200}, {10000, 10030}, {20000, 20002}, {1999, 1999}, {65535, 65535}};

void section_information(void) {
  SQLHDBC unconnected = SQL_NULL_HDBC;
  const Session session = open_session();
  static const SQLSMALLINT sizes[] = {0, 1, 2, 3, 5, 8, 17};
  for (size_t range = 0; range < COUNT(ranges); ++range) {
    for (int type = ranges[range].first; type <= ranges[range].last; ++type) {
      if (is_question_about_handle(type)) continue;
      get_info(session.dbc, (SQLUSMALLINT)type, 1024, 1, 1);
      get_info(session.dbc, (SQLUSMALLINT)type, 0, 0, 1);
      for (size_t i = is_answered_by_manager(type) ? in_bytes(1) : 0; i < COUNT(sizes); ++i) {
        get_info(session.dbc, (SQLUSMALLINT)type, sizes[i], 1, 1);
      }
    }
  }
  static const SQLUSMALLINT texts[] = {SQL_DBMS_NAME, SQL_DBMS_VER, SQL_DRIVER_NAME, SQL_KEYWORDS,
                                       SQL_SPECIAL_CHARACTERS};
  for (size_t i = 0; i < COUNT(texts); ++i) {
    for (SQLSMALLINT size = 0; size <= 60; ++size) get_info(session.dbc, texts[i], size, 1, 1);
  }
  get_info(session.dbc, SQL_DBMS_NAME, 1024, 1, 0);
  get_info(session.dbc, SQL_DBMS_NAME, -1, 1, 1);
  // With a statement's own handle in the buffer.
  SQLHANDLE handle = new_statement(session, "s");
  const SQLRETURN code = TWIN(SQLGetInfo, session.dbc, SQL_DRIVER_HSTMT, &handle, sizeof(handle), NULL);
  asked("SQLGetInfo(SQL_DRIVER_HSTMT) of a statement");
  done(SQL_HANDLE_DBC, session.dbc, code);
  allocate(SQL_HANDLE_DBC, session.env, &unconnected, "unconnected");
  get_info(unconnected, SQL_DBMS_NAME, 64, 1, 1);
  get_info(unconnected, SQL_ODBC_VER, 64, 1, 1);
  release(SQL_HANDLE_DBC, unconnected);
  close_session(session);
}

// ---- functions ----

void section_functions(void) {
  const Session session = open_session();
  SQLUSMALLINT known[SQL_API_ODBC3_ALL_FUNCTIONS_SIZE] = {0}, old[100] = {0};
  SQLRETURN code = SQLGetFunctions(session.dbc, SQL_API_ODBC3_ALL_FUNCTIONS, known);
  asked("SQLGetFunctions(ODBC3_ALL_FUNCTIONS)");
  for (int id = 0; id < SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * 16; ++id) {
    if (SQL_FUNC_EXISTS(known, id) == SQL_TRUE) got(" %d", id);
  }
  done(SQL_HANDLE_DBC, session.dbc, code);
  code = SQLGetFunctions(session.dbc, SQL_API_ALL_FUNCTIONS, old);
  asked("SQLGetFunctions(ALL_FUNCTIONS)");
  for (int id = 0; id < 100; ++id) {
    if (old[id] != 0) got(" %d:%d", id, old[id]);
  }
  done(SQL_HANDLE_DBC, session.dbc, code);
  for (SQLUSMALLINT id = 1; id < 1035; ++id) {
    if (id == SQL_API_ODBC3_ALL_FUNCTIONS || (id > 100 && id < 990)) continue;
    SQLUSMALLINT one = FRESH_USMALL;
    code = SQLGetFunctions(session.dbc, id, &one);
    asked("SQLGetFunctions(%d)", id);
    got_number("exists", one);
    done(SQL_HANDLE_DBC, session.dbc, code);
  }
  close_session(session);
}

// ---- types ----

void section_types(void) {
  const Session session = open_session();
  const SQLHSTMT statement = new_statement(session, "s");
  static const SQLSMALLINT types[] = {SQL_ALL_TYPES,
                                      SQL_CHAR,
                                      SQL_VARCHAR,
                                      SQL_LONGVARCHAR,
                                      SQL_WCHAR,
                                      SQL_WVARCHAR,
                                      SQL_WLONGVARCHAR,
                                      SQL_BIT,
                                      SQL_TINYINT,
                                      SQL_SMALLINT,
                                      SQL_INTEGER,
                                      SQL_BIGINT,
                                      SQL_REAL,
                                      SQL_FLOAT,
                                      SQL_DOUBLE,
                                      SQL_NUMERIC,
                                      SQL_DECIMAL,
                                      SQL_BINARY,
                                      SQL_VARBINARY,
                                      SQL_LONGVARBINARY,
                                      SQL_TYPE_DATE,
                                      SQL_TYPE_TIME,
                                      SQL_TYPE_TIMESTAMP,
                                      SQL_GUID,
                                      SQL_INTERVAL_DAY,
                                      SQL_DATE,
                                      SQL_TIME,
                                      SQL_TIMESTAMP,
                                      -150,
                                      32000};
  for (size_t i = 0; i < COUNT(types); ++i) {
    const SQLRETURN code = TWIN(SQLGetTypeInfo, statement, types[i]);
    asked("SQLGetTypeInfo(s, %d)", types[i]);
    done(SQL_HANDLE_STMT, statement, code);
    if (SQL_SUCCEEDED(code)) show_result(statement, 100);
  }
  close_session(session);
}

// ---- native ----

static void native(SQLHDBC dbc, const char* sql, SQLINTEGER length, SQLINTEGER capacity, int is_given) {
  const Text words = text(sql);
  const Buffer out = buffer(in_bytes((size_t)(capacity > 0 ? capacity : 0)));
  SQLINTEGER out_length = FRESH_INTEGER;
  const SQLRETURN code =
      TWIN(SQLNativeSql, dbc, words.at, length, is_given ? (void*)out.at : NULL, capacity, &out_length);
  asked("SQLNativeSql(%s, %s, %d, %s, %d)", name_of(dbc), words.shown, (int)length, is_given ? "buffer" : "null",
        (int)capacity);
  got_text("out", out);
  got_number("length", out_length);
  done(SQL_HANDLE_DBC, dbc, code);
}

void section_native(void) {
  static const char* const statements[] = {
      "select 1",
      "",
      "select {d '2024-02-29'}, {t '01:02:03'}, {ts '2024-02-29 01:02:03'}",
      "select {fn ucase('a')}, {fn concat('a', 'b')}, {fn now()}, {fn nothing(1)}",
      "{call conformance.add(1, 2)}",
      "{? = call conformance.add(?, ?)}",
      "select * from {oj conformance.kinds k left outer join conformance.series s on k.id = s.n}",
      "select 'a' like 'b' {escape '\\'}",
      "select '{fn ucase(1)}', \"{d}\", $$ {t} $$ /* {ts} */ -- {fn}",
      "select {fn ucase('a'",
      "select 'Zürich € 😀'",
  };
  const Session session = open_session();
  for (size_t i = 0; i < COUNT(statements); ++i) {
    native(session.dbc, statements[i], SQL_NTS, 512, 1);
    native(session.dbc, statements[i], SQL_NTS, 0, 0);
    native(session.dbc, statements[i], SQL_NTS, 9, 1);
    native(session.dbc, statements[i], SQL_NTS, 1, 1);
  }
  native(session.dbc, statements[0], 6, 512, 1);
  native(session.dbc, statements[0], -7, 512, 1);
  native(session.dbc, statements[0], SQL_NTS, -1, 1);
  native(session.dbc, NULL, SQL_NTS, 512, 1);
  close_session(session);
}
