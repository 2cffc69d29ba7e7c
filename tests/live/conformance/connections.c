// connections: environments, connects good and bad, connection attributes, handles in every order.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "conformance.h"
#include "section.h"

static SQLRETURN set_env_attr(SQLHENV env, SQLINTEGER attribute, SQLPOINTER value) {
  const SQLRETURN code = SQLSetEnvAttr(env, attribute, value, 0);
  asked("SQLSetEnvAttr(%s, %d, %d)", name_of(env), (int)attribute, (int)(SQLLEN)value);
  done(SQL_HANDLE_ENV, env, code);
  return code;
}

static void get_env_attr(SQLHENV env, SQLINTEGER attribute) {
  const Buffer value = buffer(8);
  SQLINTEGER length = FRESH_INTEGER;
  const SQLRETURN code = SQLGetEnvAttr(env, attribute, value.at, 8, &length);
  asked("SQLGetEnvAttr(%s, %d)", name_of(env), (int)attribute);
  got_bytes("value", value);
  got_number("length", length);
  done(SQL_HANDLE_ENV, env, code);
}

// ---- environment: each ODBC version, its attributes, and how an error looks under it ----

void section_environment(void) {
  static const SQLINTEGER attributes[] = {
      SQL_ATTR_ODBC_VERSION, SQL_ATTR_CONNECTION_POOLING, SQL_ATTR_CP_MATCH, SQL_ATTR_OUTPUT_NTS, 1065, 30000};
  SQLHENV env = SQL_NULL_HENV;
  SQLHDBC dbc = SQL_NULL_HDBC;
  allocate(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env, "env");
  for (size_t i = 0; i < COUNT(attributes); ++i) get_env_attr(env, attributes[i]);
  allocate(SQL_HANDLE_DBC, env, &dbc, "dbc");  // before a version is set
  set_env_attr(env, SQL_ATTR_ODBC_VERSION, NUMBER(99));
  set_env_attr(env, SQL_ATTR_OUTPUT_NTS, NUMBER(SQL_FALSE));
  set_env_attr(env, SQL_ATTR_OUTPUT_NTS, NUMBER(SQL_TRUE));
  set_env_attr(env, SQL_ATTR_CP_MATCH, NUMBER(SQL_CP_RELAXED_MATCH));
  set_env_attr(env, SQL_ATTR_CONNECTION_POOLING, NUMBER(99));
  set_env_attr(env, 30000, NUMBER(1));
  release(SQL_HANDLE_ENV, env);

  static const SQLINTEGER versions[] = {SQL_OV_ODBC2, SQL_OV_ODBC3, SQL_OV_ODBC3_80};
  for (size_t i = 0; i < COUNT(versions); ++i) {
    SQLHSTMT statement = SQL_NULL_HSTMT;
    allocate(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env, "env");
    set_env_attr(env, SQL_ATTR_ODBC_VERSION, NUMBER(versions[i]));
    for (size_t at = 0; at < COUNT(attributes); ++at) get_env_attr(env, attributes[at]);
    allocate(SQL_HANDLE_DBC, env, &dbc, "dbc");
    set_env_attr(env, SQL_ATTR_ODBC_VERSION, NUMBER(SQL_OV_ODBC3));  // too late
    release(SQL_HANDLE_ENV, env);                                    // it has a connection
    connect_string(dbc, with_dsn(versions[i] == SQL_OV_ODBC3_80 ? "Description=ODBC 3.80" : ""), SQL_NTS,
                   SQL_DRIVER_NOPROMPT);
    allocate(SQL_HANDLE_STMT, dbc, &statement, "s");
    exec_direct(statement, "select nothing from nowhere");
    exec_direct(statement, "select date '2024-02-29', time '01:02:03', timestamp '2024-02-29 01:02:03'");
    show_result(statement, 2);
    SQLLEN code_of_type = FRESH_LENGTH;
    exec_direct(statement, "select day, hour, moment from conformance.kinds where id = 1");
    for (SQLUSMALLINT column = 1; column <= 4; ++column) {
      SQLSMALLINT length = FRESH_SMALL;
      const SQLRETURN code =
          TWIN(SQLColAttribute, statement, column, SQL_DESC_CONCISE_TYPE, NULL, 0, &length, &code_of_type);
      asked("SQLColAttribute(s, %d, SQL_DESC_CONCISE_TYPE)", column);
      got_number("type", code_of_type);
      done(SQL_HANDLE_STMT, statement, code);
    }
    fetch(statement);
    get_data(statement, 1, SQL_C_DATE, 16);
    get_data(statement, 2, SQL_C_TIME, 16);
    get_data(statement, 3, SQL_C_TIMESTAMP, 16);
    free_stmt(statement, SQL_CLOSE);
    TWIN(SQLGetTypeInfo, statement, versions[i] == SQL_OV_ODBC2 ? SQL_TIMESTAMP : SQL_TYPE_TIMESTAMP);
    show_result(statement, 3);
    release(SQL_HANDLE_DBC, dbc);  // still connected
    disconnect(dbc);
    release(SQL_HANDLE_DBC, dbc);
    release(SQL_HANDLE_ENV, env);
  }
}

// ---- connecting: what succeeds, and what the arguments alone make fail ----

static SQLRETURN plain_connect(SQLHDBC dbc, const char* name, SQLSMALLINT length, const char* user,
                               SQLSMALLINT user_length, const char* password, SQLSMALLINT password_length) {
  const Text words = text(name), user_words = text(user), password_words = text(password);
  const SQLRETURN code =
      TWIN(SQLConnect, dbc, words.at, length, user_words.at, user_length, password_words.at, password_length);
  asked("SQLConnect(%s, %s, %d, %s, %d, %s, %d)", name_of(dbc), words.shown, length, user_words.shown, user_length,
        password_words.shown, password_length);
  done(SQL_HANDLE_DBC, dbc, code);
  if (SQL_SUCCEEDED(code)) {
    plain_connect(dbc, name, length, user, user_length, password, password_length);  // it is connected already
    disconnect(dbc);
  }
  return code;
}

static SQLHENV new_environment(void) {
  SQLHENV env = SQL_NULL_HENV;
  allocate(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env, "env");
  set_env_attr(env, SQL_ATTR_ODBC_VERSION, NUMBER(SQL_OV_ODBC3));
  return env;
}

static void out_string(SQLHDBC dbc, int is_given, SQLSMALLINT capacity, int wants_length) {
  const Text words = text(with_dsn(""));
  const Buffer out = buffer(in_bytes(4096));
  SQLSMALLINT length = 0;
  const SQLRETURN code = TWIN(SQLDriverConnect, dbc, NULL, words.at, SQL_NTS, is_given ? (void*)out.at : NULL, capacity,
                              wants_length ? &length : NULL, SQL_DRIVER_NOPROMPT);
  asked("SQLDriverConnect(%s) out %s of %d, length %s", name_of(dbc), is_given ? "buffer" : "null", capacity,
        wants_length ? "asked" : "null");
  done(SQL_HANDLE_DBC, dbc, code);
  if (SQL_SUCCEEDED(code)) disconnect(dbc);
}

// As programs connect that tell the size of their buffer for the length of the text in it.
static void whole_buffers(SQLHDBC dbc) {
  const size_t size = 300;
  const Buffer string = buffer(in_bytes(size)), name = buffer(in_bytes(size));
  const Text string_words = text(with_dsn("Description=a")), name_words = text(dsn);
  memset(string.at, 0, string.size);
  memset(name.at, 0, name.size);
  memcpy(string.at, string_words.at, in_bytes((size_t)string_words.length));
  memcpy(name.at, name_words.at, in_bytes((size_t)name_words.length));
  SQLRETURN code =
      TWIN(SQLDriverConnect, dbc, NULL, (void*)string.at, (SQLSMALLINT)size, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
  asked("SQLDriverConnect(%s, %s) with the size of its buffer", name_of(dbc), string_words.shown);
  done(SQL_HANDLE_DBC, dbc, code);
  if (SQL_SUCCEEDED(code)) disconnect(dbc);
  string.at[in_bytes((size_t)string_words.length + 1)] = ';';  // what was in the buffer before
  code = TWIN(SQLDriverConnect, dbc, NULL, (void*)string.at, (SQLSMALLINT)size, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
  asked("SQLDriverConnect(%s, %s) with the size of its used buffer", name_of(dbc), string_words.shown);
  done(SQL_HANDLE_DBC, dbc, code);
  if (SQL_SUCCEEDED(code)) disconnect(dbc);
  code = TWIN(SQLConnect, dbc, (void*)name.at, (SQLSMALLINT)(name_words.length + 1), NULL, 0, NULL, 0);
  asked("SQLConnect(%s, %s) with the NUL", name_of(dbc), name_words.shown);
  done(SQL_HANDLE_DBC, dbc, code);
  if (SQL_SUCCEEDED(code)) disconnect(dbc);
}

void section_connecting(void) {
  const SQLHENV env = new_environment();
  SQLHDBC dbc = SQL_NULL_HDBC;
  allocate(SQL_HANDLE_DBC, env, &dbc, "dbc");
  const SQLSMALLINT exact = (SQLSMALLINT)strlen(dsn);
  char longer[300];
  snprintf(longer, sizeof(longer), "%sbehind", dsn);

  plain_connect(dbc, dsn, SQL_NTS, NULL, 0, NULL, 0);
  plain_connect(dbc, longer, exact, NULL, 0, NULL, 0);
  if (!is_left_out("SQLConnect with an empty user or password, which iamodbc takes for none given")) {
    plain_connect(dbc, dsn, exact, "", SQL_NTS, "", SQL_NTS);
    plain_connect(dbc, dsn, SQL_NTS, "", 0, NULL, SQL_NTS);
    plain_connect(dbc, dsn, SQL_NTS, NULL, SQL_NTS, "", 0);
  }
  plain_connect(dbc, NULL, 0, NULL, 0, NULL, 0);
  plain_connect(dbc, "", SQL_NTS, NULL, 0, NULL, 0);
  plain_connect(dbc, dsn, -7, NULL, 0, NULL, 0);
  plain_connect(dbc, dsn, SQL_NTS, "u", -7, NULL, 0);
  plain_connect(dbc, dsn, SQL_NTS, NULL, 0, "p", -7);
  plain_connect(dbc, "there_is_no_such_dsn", SQL_NTS, NULL, 0, NULL, 0);
  plain_connect(dbc, "a name that is longer than ODBC lets a name be", SQL_NTS, NULL, 0, NULL, 0);

  static const char* const strings[] = {"", ";", ";;;", "Description=a;", "description={a;b}", "DSN=other"};
  for (size_t i = 0; i < COUNT(strings); ++i) {
    if (SQL_SUCCEEDED(connect_string(dbc, with_dsn(strings[i]), SQL_NTS, SQL_DRIVER_NOPROMPT))) disconnect(dbc);
  }
  const char* const string = with_dsn("cut=off");
  connect_string(dbc, string, (SQLSMALLINT)(exact + 5), SQL_DRIVER_NOPROMPT);  // without what is behind
  connect_string(dbc, string, SQL_NTS, SQL_DRIVER_NOPROMPT);                   // it is connected already
  disconnect(dbc);
  disconnect(dbc);
  static const SQLUSMALLINT completions[] = {SQL_DRIVER_COMPLETE, SQL_DRIVER_COMPLETE_REQUIRED, SQL_DRIVER_PROMPT, 99};
  for (size_t i = 0; i < COUNT(completions); ++i) {
    if (SQL_SUCCEEDED(connect_string(dbc, with_dsn(""), SQL_NTS, completions[i]))) disconnect(dbc);
  }
  connect_string(dbc, with_dsn(""), -7, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, with_dsn(""), 0, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, NULL, SQL_NTS, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, "", SQL_NTS, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, "DSN=there_is_no_such_dsn", SQL_NTS, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, "Driver=there_is_no_such_driver", SQL_NTS, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, "neither=dsn;nor=driver", SQL_NTS, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, "no equals sign", SQL_NTS, SQL_DRIVER_NOPROMPT);
  out_string(dbc, 1, 4096, 0);
  out_string(dbc, 1, 4096, 1);
  whole_buffers(dbc);

  static const char* const browse[] = {"", ";", "DSN=there_is_no_such_dsn"};
  for (size_t i = 0; i < COUNT(browse); ++i) {
    const Text words = text(i == 0 ? with_dsn("") : browse[i]);
    const Buffer out = buffer(in_bytes(512));
    SQLSMALLINT length = FRESH_SMALL;
    const SQLRETURN code = TWIN(SQLBrowseConnect, dbc, words.at, SQL_NTS, (void*)out.at, 512, &length);
    asked("SQLBrowseConnect(dbc, %s)", words.shown);
    got_text("out", out);
    got_number("length", length);
    done(SQL_HANDLE_DBC, dbc, code);
    if (code == SQL_NEED_DATA) disconnect(dbc);
  }
  plain_connect(dbc, dsn, SQL_NTS, NULL, 0, NULL, 0);  // after all that
  release(SQL_HANDLE_DBC, dbc);
  release(SQL_HANDLE_ENV, env);
}

// ---- failing: what the server refuses ----

void section_failing(void) {
  const SQLHENV env = new_environment();
  SQLHDBC dbc = SQL_NULL_HDBC;
  SQLHSTMT statement = SQL_NULL_HSTMT;
  allocate(SQL_HANDLE_DBC, env, &dbc, "dbc");
  connect_string(dbc, with_dsn("Database=there_is_no_such_database"), SQL_NTS, SQL_DRIVER_NOPROMPT);
  connect_string(dbc, with_dsn("Port=1"), SQL_NTS, SQL_DRIVER_NOPROMPT);
  disconnect(dbc);
  allocate(SQL_HANDLE_STMT, dbc, &statement, "s");
  connect_string(dbc, with_dsn(""), SQL_NTS, SQL_DRIVER_NOPROMPT);
  allocate(SQL_HANDLE_STMT, dbc, &statement, "s");
  exec_direct(statement, "select current_database()");
  show_result(statement, 2);
  disconnect(dbc);
  release(SQL_HANDLE_DBC, dbc);
  release(SQL_HANDLE_ENV, env);
}

// ---- connection_attributes: before, during and after a connection ----

enum { whole_number, string_value, kept_string, a_pointer };

typedef struct {
  SQLINTEGER id;
  int kind;
  SQLLEN number;
  const char* words;
} Attribute;

static const Attribute attributes_of_connections[] = {
    {SQL_ATTR_ACCESS_MODE, whole_number, SQL_MODE_READ_WRITE, NULL},
    {SQL_ATTR_AUTOCOMMIT, whole_number, SQL_AUTOCOMMIT_ON, NULL},
    {SQL_ATTR_LOGIN_TIMEOUT, whole_number, 20, NULL},
    {SQL_ATTR_CONNECTION_TIMEOUT, whole_number, 20, NULL},
    {SQL_ATTR_TXN_ISOLATION, whole_number, SQL_TXN_READ_COMMITTED, NULL},
    {SQL_ATTR_TXN_ISOLATION, whole_number, 99, NULL},
    {SQL_ATTR_CURRENT_CATALOG, string_value, 0, "app"},
    {SQL_ATTR_PACKET_SIZE, whole_number, 4096, NULL},
    {SQL_ATTR_QUIET_MODE, a_pointer, 0, NULL},
    {SQL_ATTR_ODBC_CURSORS, whole_number, SQL_CUR_USE_DRIVER, NULL},
    {SQL_ATTR_TRANSLATE_LIB, string_value, 0, "none"},
    {SQL_ATTR_TRANSLATE_OPTION, whole_number, 0, NULL},
    {SQL_ATTR_METADATA_ID, whole_number, SQL_FALSE, NULL},
    {SQL_ATTR_AUTO_IPD, whole_number, SQL_TRUE, NULL},
    {SQL_ATTR_ASYNC_ENABLE, whole_number, SQL_ASYNC_ENABLE_OFF, NULL},
    {SQL_ATTR_CONNECTION_DEAD, whole_number, SQL_CD_FALSE, NULL},
    {SQL_ATTR_DISCONNECT_BEHAVIOR, whole_number, SQL_DB_DEFAULT, NULL},
    {SQL_ATTR_ENLIST_IN_DTC, a_pointer, 0, NULL},
    {SQL_ATTR_ANSI_APP, whole_number, SQL_AA_TRUE, NULL},
    {SQL_ATTR_RESET_CONNECTION, whole_number, SQL_RESET_CONNECTION_YES, NULL},
    {SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE, whole_number, SQL_ASYNC_DBC_ENABLE_OFF, NULL},
    // Statement attributes, as ODBC 2 programs set them for all statements to come.
    {SQL_ATTR_QUERY_TIMEOUT, whole_number, 7, NULL},
    {SQL_ATTR_MAX_ROWS, whole_number, 3, NULL},
    {SQL_ATTR_NOSCAN, whole_number, SQL_NOSCAN_OFF, NULL},
    {SQL_ATTR_MAX_LENGTH, whole_number, 0, NULL},
    {SQL_ATTR_CURSOR_TYPE, whole_number, SQL_CURSOR_FORWARD_ONLY, NULL},
    {SQL_ATTR_CONCURRENCY, whole_number, SQL_CONCUR_READ_ONLY, NULL},
    {SQL_ATTR_USE_BOOKMARKS, whole_number, SQL_UB_OFF, NULL},
    {SQL_ATTR_ROW_BIND_TYPE, whole_number, SQL_BIND_BY_COLUMN, NULL},
    // A driver's own, and unknown ones.
    {65539, whole_number, 0, NULL},
    {65541, whole_number, 100, NULL},
    {65542, whole_number, 0, NULL},
    {1999, whole_number, 1, NULL},
    {30000, kept_string, 0, "words"},  // psqlODBC keeps the pointer itself
    {-1, whole_number, 1, NULL},
};

static int is_shown_as_pointer(SQLINTEGER attribute) {
  return attribute == SQL_ATTR_QUIET_MODE || attribute == 30000;
}

static void get_connect_attr(SQLHDBC dbc, SQLINTEGER attribute, SQLINTEGER capacity, int wants_length) {
  const Buffer value = buffer(capacity > 8 ? (size_t)capacity : 8);
  SQLINTEGER length = FRESH_INTEGER;
  const SQLRETURN code = TWIN(SQLGetConnectAttr, dbc, attribute, value.at, capacity, wants_length ? &length : NULL);
  asked("SQLGetConnectAttr(%s, %d, %d)", name_of(dbc), (int)attribute, (int)capacity);
  if (is_shown_as_pointer(attribute) && SQL_SUCCEEDED(code)) {
    got_pointer("value", *(void**)(void*)value.at);
  } else {
    got_bytes("value", value);
  }
  got_number("length", length);
  done(SQL_HANDLE_DBC, dbc, code);
}

static void get_all_attributes(SQLHDBC dbc) {
  for (size_t i = 0; i < COUNT(attributes_of_connections); ++i) {
    const Attribute* const row = &attributes_of_connections[i];
    get_connect_attr(dbc, row->id, 64, 1);
    if (row->kind != string_value) continue;
    static const SQLINTEGER capacities[] = {0, 1, 2, 3, 4, 5, 7, 8, 9};
    for (size_t at = 0; at < COUNT(capacities); ++at) get_connect_attr(dbc, row->id, capacities[at], at != 0);
  }
}

static void set_all_attributes(SQLHDBC dbc) {
  for (size_t i = 0; i < COUNT(attributes_of_connections); ++i) {
    const Attribute* const row = &attributes_of_connections[i];
    if (row->kind == string_value || row->kind == kept_string) {
      const Text words = text(row->words);
      set_connect_attr(dbc, row->id, words.at, SQL_NTS);
      set_connect_attr(dbc, row->id, words.at, (SQLINTEGER)in_bytes((size_t)words.length));
      set_connect_attr(dbc, row->id, words.at, -7);
    } else {
      set_connect_attr(dbc, row->id, NUMBER(row->number), 0);
    }
  }
}

static void statement_of_connection(SQLHDBC dbc) {
  static const SQLINTEGER ids[] = {SQL_ATTR_QUERY_TIMEOUT, SQL_ATTR_MAX_ROWS, SQL_ATTR_CURSOR_TYPE,
                                   SQL_ATTR_METADATA_ID};
  SQLHSTMT statement = SQL_NULL_HSTMT;
  allocate(SQL_HANDLE_STMT, dbc, &statement, "s");
  for (size_t i = 0; i < COUNT(ids); ++i) {
    SQLULEN value = (SQLULEN)FRESH_LENGTH;
    const SQLRETURN code = TWIN(SQLGetStmtAttr, statement, ids[i], &value, 0, NULL);
    asked("SQLGetStmtAttr(s, %d)", (int)ids[i]);
    got_number("value", (long long)value);
    done(SQL_HANDLE_STMT, statement, code);
  }
  exec_direct(
      statement,
      "select current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_database()");
  show_result(statement, 2);
  release(SQL_HANDLE_STMT, statement);
}

void section_connection_attributes(void) {
  const SQLHENV env = new_environment();
  for (int sets_before = 0; sets_before < 2; ++sets_before) {
    SQLHDBC dbc = SQL_NULL_HDBC;
    allocate(SQL_HANDLE_DBC, env, &dbc, "dbc");
    get_all_attributes(dbc);
    if (sets_before) {
      set_all_attributes(dbc);
      get_all_attributes(dbc);
      set_connect_attr(dbc, SQL_ATTR_AUTOCOMMIT, NUMBER(SQL_AUTOCOMMIT_OFF), SQL_IS_UINTEGER);
      set_connect_attr(dbc, SQL_ATTR_TXN_ISOLATION, NUMBER(SQL_TXN_SERIALIZABLE), SQL_IS_UINTEGER);
    }
    for (int connection = 0; connection < 2; ++connection) {  // the second one is a reconnect of the same handle
      connect_string(dbc, with_dsn(""), SQL_NTS, SQL_DRIVER_NOPROMPT);
      get_all_attributes(dbc);
      statement_of_connection(dbc);
      end_transaction(SQL_HANDLE_DBC, dbc, SQL_ROLLBACK);
      if (connection == 0) {
        set_connect_attr(dbc, SQL_ATTR_TXN_ISOLATION, NUMBER(SQL_TXN_REPEATABLE_READ), 0);
        set_connect_attr(dbc, SQL_ATTR_AUTOCOMMIT, NUMBER(SQL_AUTOCOMMIT_OFF), 0);
        statement_of_connection(dbc);
        end_transaction(SQL_HANDLE_DBC, dbc, SQL_ROLLBACK);
      }
      set_all_attributes(dbc);
      get_all_attributes(dbc);
      statement_of_connection(dbc);
      disconnect(dbc);
      get_all_attributes(dbc);
    }
    release(SQL_HANDLE_DBC, dbc);
  }
  release(SQL_HANDLE_ENV, env);
}

// ---- handles: legal and illegal orders ----

static void try_all_kinds(SQLHANDLE handle) {
  for (SQLSMALLINT type = SQL_HANDLE_ENV; type <= SQL_HANDLE_DESC; ++type) {
    SQLHANDLE made = SQL_NULL_HANDLE;
    if (type == SQL_HANDLE_ENV) continue;
    const SQLRETURN code = SQLAllocHandle(type, handle, &made);
    asked("SQLAllocHandle(%d, %s)", type, name_of(handle));
    got_pointer("handle", made);
    done(type, SQL_NULL_HANDLE, code);
    if (SQL_SUCCEEDED(code)) SQLFreeHandle(type, made);
  }
}

void section_handles(void) {
  SQLHANDLE made = SQL_NULL_HANDLE;
  try_all_kinds(SQL_NULL_HANDLE);
  for (SQLSMALLINT type = 0; type <= 6; ++type) release(type, SQL_NULL_HANDLE);
  allocate(99, SQL_NULL_HANDLE, &made, "nothing");

  const SQLHENV env = new_environment();
  SQLHDBC first = SQL_NULL_HDBC, second = SQL_NULL_HDBC;
  SQLHSTMT one = SQL_NULL_HSTMT, two = SQL_NULL_HSTMT;
  SQLHDESC descriptor = SQL_NULL_HDESC;
  allocate(SQL_HANDLE_DBC, env, &first, "first");
  allocate(SQL_HANDLE_DBC, env, &second, "second");
  try_all_kinds(env);
  try_all_kinds(first);  // unconnected
  allocate(99, env, &made, "nothing");
  SQLRETURN code = SQLAllocHandle(SQL_HANDLE_DBC, env, NULL);
  asked("SQLAllocHandle(DBC, env, no place)");
  done(SQL_HANDLE_ENV, env, code);

  connect_string(first, with_dsn(""), SQL_NTS, SQL_DRIVER_NOPROMPT);
  connect_string(second, with_dsn(""), SQL_NTS, SQL_DRIVER_NOPROMPT);
  try_all_kinds(first);
  code = SQLAllocHandle(SQL_HANDLE_STMT, first, NULL);
  asked("SQLAllocHandle(STMT, first, no place)");
  done(SQL_HANDLE_DBC, first, code);
  allocate(SQL_HANDLE_STMT, first, &one, "one");
  allocate(SQL_HANDLE_STMT, second, &two, "two");
  allocate(SQL_HANDLE_DESC, first, &descriptor, "desc");
  try_all_kinds(one);
  set_stmt_attr(one, SQL_ATTR_APP_ROW_DESC, descriptor, 0);
  set_stmt_attr(two, SQL_ATTR_APP_ROW_DESC, descriptor, 0);  // of another connection
  set_stmt_attr(two, SQL_ATTR_APP_ROW_DESC, first, 0);       // no descriptor
  exec_direct(one, "select 1");
  exec_direct(two, "select 2");
  release(SQL_HANDLE_STMT, two);
  release(SQL_HANDLE_DBC, first);  // connected
  release(SQL_HANDLE_ENV, env);
  disconnect(first);  // with an open cursor and an explicit descriptor
  try_all_kinds(first);
  disconnect(first);

  // The same handle again, and the other way round.
  connect_string(first, with_dsn(""), SQL_NTS, SQL_DRIVER_NOPROMPT);
  allocate(SQL_HANDLE_STMT, first, &one, "one");
  allocate(SQL_HANDLE_STMT, first, &two, "two");
  exec_direct(one, "select n from conformance.series order by n");
  exec_direct(two, "select words from conformance.series order by n");
  fetch(one);
  get_data(one, 1, SQL_C_SLONG, 4);
  fetch(two);
  get_data(two, 1, SQL_C_CHAR, 20);
  release(SQL_HANDLE_STMT, one);
  fetch(two);
  get_data(two, 1, SQL_C_CHAR, 20);
  free_stmt(two, SQL_DROP);
  disconnect(second);
  release(SQL_HANDLE_DBC, second);
  disconnect(first);
  release(SQL_HANDLE_DBC, first);
  release(SQL_HANDLE_ENV, env);

  // Every call without a handle.
  SQLSMALLINT small = 0;
  SQLLEN number = 0;
  SQLINTEGER integer = 0;
  SQLCHAR bytes[64];
  const Text words = text("select 1");
#define WITHOUT_HANDLE(call)        \
  do {                              \
    code = call;                    \
    asked("%s", #call);             \
    done(0, SQL_NULL_HANDLE, code); \
  } while (0)
  WITHOUT_HANDLE(SQLDisconnect(NULL));
  WITHOUT_HANDLE(SQLFetch(NULL));
  WITHOUT_HANDLE(SQLExecute(NULL));
  WITHOUT_HANDLE(SQLCancel(NULL));
  WITHOUT_HANDLE(SQLCancelHandle(SQL_HANDLE_STMT, NULL));
  WITHOUT_HANDLE(SQLCancelHandle(SQL_HANDLE_DBC, NULL));
  WITHOUT_HANDLE(SQLCloseCursor(NULL));
  WITHOUT_HANDLE(SQLMoreResults(NULL));
  WITHOUT_HANDLE(SQLRowCount(NULL, &number));
  WITHOUT_HANDLE(SQLNumResultCols(NULL, &small));
  WITHOUT_HANDLE(SQLNumParams(NULL, &small));
  WITHOUT_HANDLE(SQLEndTran(SQL_HANDLE_ENV, NULL, SQL_COMMIT));
  WITHOUT_HANDLE(SQLEndTran(SQL_HANDLE_DBC, NULL, SQL_COMMIT));
  WITHOUT_HANDLE(SQLCopyDesc(NULL, NULL));
  WITHOUT_HANDLE(SQLFreeStmt(NULL, SQL_CLOSE));
  WITHOUT_HANDLE(SQLGetData(NULL, 1, SQL_C_CHAR, bytes, 64, &number));
  WITHOUT_HANDLE(SQLBindCol(NULL, 1, SQL_C_CHAR, bytes, 64, &number));
  WITHOUT_HANDLE(SQLFetchScroll(NULL, SQL_FETCH_NEXT, 0));
  WITHOUT_HANDLE(SQLSetPos(NULL, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE));
  WITHOUT_HANDLE(SQLBulkOperations(NULL, SQL_ADD));
  WITHOUT_HANDLE(SQLParamData(NULL, NULL));
  WITHOUT_HANDLE(SQLPutData(NULL, bytes, 1));
  WITHOUT_HANDLE(TWIN(SQLPrepare, NULL, words.at, SQL_NTS));
  WITHOUT_HANDLE(TWIN(SQLExecDirect, NULL, words.at, SQL_NTS));
  WITHOUT_HANDLE(TWIN(SQLGetInfo, NULL, SQL_DBMS_NAME, bytes, 64, &small));
  WITHOUT_HANDLE(TWIN(SQLGetConnectAttr, NULL, SQL_ATTR_AUTOCOMMIT, bytes, 64, &integer));
  WITHOUT_HANDLE(TWIN(SQLGetStmtAttr, NULL, SQL_ATTR_MAX_ROWS, bytes, 64, &integer));
  WITHOUT_HANDLE(TWIN(SQLGetDescField, NULL, 0, SQL_DESC_COUNT, bytes, 64, &integer));
  WITHOUT_HANDLE(TWIN(SQLGetTypeInfo, NULL, SQL_ALL_TYPES));
  WITHOUT_HANDLE(TWIN(SQLTables, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0));
  WITHOUT_HANDLE(SQLGetDiagRec(SQL_HANDLE_STMT, NULL, 1, bytes, &integer, bytes, 64, &small));
#undef WITHOUT_HANDLE
}

// ---- freed_handles: unixODBC looks into freed memory to find out, so nothing may happen in between, and no tool that
// keeps freed memory as it was may look on ----

void section_freed_handles(void) {
  const Session session = open_session();
  SQLHDBC dbc = SQL_NULL_HDBC;
  SQLHSTMT s = SQL_NULL_HSTMT;
  SQLHDESC desc = SQL_NULL_HDESC;
  check(SQLAllocHandle(SQL_HANDLE_STMT, session.dbc, &s), SQL_HANDLE_DBC, session.dbc, "allocating a statement");
  SQLFreeHandle(SQL_HANDLE_STMT, s);
  SQLRETURN code = SQLFetch(s);
  asked("SQLFetch(freed)");
  done(SQL_HANDLE_STMT, SQL_NULL_HANDLE, code);
  check(SQLAllocHandle(SQL_HANDLE_STMT, session.dbc, &s), SQL_HANDLE_DBC, session.dbc, "allocating a statement");
  SQLFreeHandle(SQL_HANDLE_STMT, s);
  code = SQLFreeHandle(SQL_HANDLE_STMT, s);
  asked("SQLFreeHandle(STMT, freed)");
  done(SQL_HANDLE_STMT, SQL_NULL_HANDLE, code);
  check(SQLAllocHandle(SQL_HANDLE_DESC, session.dbc, &desc), SQL_HANDLE_DBC, session.dbc, "allocating a descriptor");
  SQLFreeHandle(SQL_HANDLE_DESC, desc);
  code = SQLFreeHandle(SQL_HANDLE_DESC, desc);
  asked("SQLFreeHandle(DESC, freed)");
  done(SQL_HANDLE_DESC, SQL_NULL_HANDLE, code);
  check(SQLAllocHandle(SQL_HANDLE_DBC, session.env, &dbc), SQL_HANDLE_ENV, session.env, "allocating a connection");
  SQLFreeHandle(SQL_HANDLE_DBC, dbc);
  code = SQLFreeHandle(SQL_HANDLE_DBC, dbc);
  asked("SQLFreeHandle(DBC, freed)");
  done(SQL_HANDLE_DBC, SQL_NULL_HANDLE, code);
  close_session(session);
}
