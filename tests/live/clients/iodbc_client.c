// iodbc_client: an ODBC program that writes, reads and fails, over the driver manager that it is told, and prints what
// it sees, one line a step. iODBC and unixODBC both take it: narrow calls have the same shape in both, and the library
// is opened by name, because the headers of the two cannot be installed together. unixODBC's are used here; where
// iODBC differs (a wide character has 4 bytes there) the program says so itself.
//
//   iodbc_client LIBRARY dsn NAME      SQLConnect
//   iodbc_client LIBRARY string TEXT   SQLDriverConnect
//   iodbc_client LIBRARY wide TEXT     SQLDriverConnectW, and a query in iODBC's wide characters besides; TEXT in ASCII
//
// Exit status: 0, 1 when it could not connect, 2 when it could not start.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

// clang-format off
#define FUNCTIONS(X)                                                                                                   \
  X(SQLAllocHandle) X(SQLBindCol) X(SQLBindParameter) X(SQLCloseCursor) X(SQLColumns) X(SQLConnect)                    \
  X(SQLDescribeCol) X(SQLDisconnect) X(SQLDriverConnect) X(SQLDriverConnectW) X(SQLEndTran) X(SQLExecDirect)           \
  X(SQLExecDirectW) X(SQLExecute) X(SQLFetch) X(SQLFreeHandle) X(SQLFreeStmt) X(SQLGetData) X(SQLGetDescField)         \
  X(SQLGetDiagRec) X(SQLGetInfo) X(SQLGetStmtAttr) X(SQLNumResultCols) X(SQLPrepare) X(SQLRowCount)                    \
  X(SQLSetConnectAttr) X(SQLSetEnvAttr)
// clang-format on

// The driver manager's functions under their own names, of the library that was opened.
#define MEMBER(function) __typeof__(&function) function;
static struct { FUNCTIONS(MEMBER) } odbc;

static int open_manager(const char* library) {
  void* const opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (opened == NULL) return 0;
#define LOAD(function)                                \
  *(void**)&odbc.function = dlsym(opened, #function); \
  if (odbc.function == NULL) return 0;
  FUNCTIONS(LOAD)
  return 1;
}

static const char text[] = "Zoë € 😀 東京 'q' {a};b=?";

static void show_records(SQLSMALLINT kind, SQLHANDLE handle) {
  SQLCHAR state[6], message[1024];
  SQLINTEGER native = 0;
  for (SQLSMALLINT i = 1; i <= 5; ++i) {
    if (!SQL_SUCCEEDED(odbc.SQLGetDiagRec(kind, handle, i, state, &native, message, sizeof message, NULL))) break;
    printf("  [%s] (%d) %s\n", state, (int)native, message);
  }
}

static int is_done(const char* step, SQLRETURN code, SQLSMALLINT kind, SQLHANDLE handle) {
  printf("%s = %d\n", step, code);
  if (code != SQL_SUCCESS && code != SQL_NO_DATA) show_records(kind, handle);
  return SQL_SUCCEEDED(code);
}

static int on_connection(const char* step, SQLRETURN code, SQLHDBC connection) {
  return is_done(step, code, SQL_HANDLE_DBC, connection);
}

static int on_statement(const char* step, SQLRETURN code, SQLHSTMT statement) {
  return is_done(step, code, SQL_HANDLE_STMT, statement);
}

// iODBC's text of 4-byte characters.
static SQLWCHAR* widened(const char* ascii, uint32_t* into, size_t capacity) {
  size_t i = 0;
  for (; ascii[i] != '\0' && i + 1 < capacity; ++i) into[i] = (uint32_t)ascii[i];
  into[i] = 0;
  return (SQLWCHAR*)into;
}

static void show_information(SQLHDBC connection) {
  static const SQLUSMALLINT kinds[] = {SQL_DRIVER_NAME, SQL_DRIVER_VER, SQL_DBMS_NAME, SQL_CURSOR_COMMIT_BEHAVIOR};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    union {
      SQLCHAR words[256];
      SQLUSMALLINT number;
    } value = {{0}};
    const SQLRETURN code = odbc.SQLGetInfo(connection, kinds[i], &value, sizeof value, NULL);
    if (kinds[i] == SQL_CURSOR_COMMIT_BEHAVIOR) {
      printf("SQLGetInfo(%d) = %d: %d\n", kinds[i], code, value.number);
    } else {
      printf("SQLGetInfo(%d) = %d: %s\n", kinds[i], code, value.words);
    }
  }
}

static void show_rows(SQLHSTMT statement) {
  SQLSMALLINT columns = 0;
  SQLHDESC descriptor = NULL;
  SQLINTEGER described = 0;
  odbc.SQLNumResultCols(statement, &columns);
  on_statement("SQLGetStmtAttr(row descriptor)",
               odbc.SQLGetStmtAttr(statement, SQL_ATTR_IMP_ROW_DESC, &descriptor, 0, NULL), statement);
  const SQLRETURN code = odbc.SQLGetDescField(descriptor, 0, SQL_DESC_COUNT, &described, SQL_IS_INTEGER, NULL);
  printf("SQLGetDescField(count) = %d: %d of %d\n", code, (int)(SQLSMALLINT)described, columns);
  for (SQLUSMALLINT i = 1; i <= columns; ++i) {
    SQLCHAR name[64];
    SQLSMALLINT kind = 0, digits = 0, nullable = 0;
    SQLULEN size = 0;
    odbc.SQLDescribeCol(statement, i, name, sizeof name, NULL, &kind, &size, &digits, &nullable);
    printf("  %s: %d %lu %d %d\n", name, kind, (unsigned long)size, digits, nullable);
  }
  while (SQL_SUCCEEDED(odbc.SQLFetch(statement))) {
    for (SQLUSMALLINT i = 1; i <= columns; ++i) {
      SQLCHAR value[256] = "";
      SQLLEN length = 0;
      odbc.SQLGetData(statement, i, SQL_C_CHAR, value, sizeof value, &length);
      printf("%s%s", i == 1 ? "  " : "|", length == SQL_NULL_DATA ? "NULL" : (const char*)value);
    }
    printf("\n");
  }
  on_statement("SQLCloseCursor", odbc.SQLCloseCursor(statement), statement);
}

static void query(SQLHSTMT statement, const char* sql) {
  if (on_statement(sql, odbc.SQLExecDirect(statement, (SQLCHAR*)sql, SQL_NTS), statement)) show_rows(statement);
}

static void insert_rows(SQLHSTMT statement) {
  SQLINTEGER id = 0;
  SQLCHAR body[64], amount[16];
  SQLLEN id_length = 0, body_length = 0, amount_length = 0, rows = 0;
  on_statement("SQLPrepare", odbc.SQLPrepare(statement, (SQLCHAR*)"insert into note values (?, ?, ?)", SQL_NTS),
               statement);
  odbc.SQLBindParameter(statement, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 10, 0, &id, 0, &id_length);
  odbc.SQLBindParameter(statement, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 60, 0, body, sizeof body, &body_length);
  odbc.SQLBindParameter(statement, 3, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_DECIMAL, 8, 2, amount, sizeof amount,
                        &amount_length);
  for (id = 1; id <= 3; ++id) {
    body_length = id == 2 ? SQL_NULL_DATA : SQL_NTS;
    amount_length = id == 2 ? SQL_NULL_DATA : SQL_NTS;
    snprintf((char*)body, sizeof body, "%s", id == 1 ? text : "");
    snprintf((char*)amount, sizeof amount, "%s", id == 1 ? "12.50" : "-0.01");
    on_statement("SQLExecute", odbc.SQLExecute(statement), statement);
    odbc.SQLRowCount(statement, &rows);
    printf("  %ld row\n", (long)rows);
  }
  odbc.SQLFreeStmt(statement, SQL_RESET_PARAMS);
}

static void select_with_parameter(SQLHSTMT statement) {
  SQLINTEGER id = 0;
  SQLLEN id_length = 0, text_length = SQL_NTS;
  odbc.SQLPrepare(statement, (SQLCHAR*)"select id from note where body = ?", SQL_NTS);
  odbc.SQLBindParameter(statement, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 60, 0, (SQLPOINTER)(intptr_t)text,
                        sizeof text, &text_length);
  odbc.SQLBindCol(statement, 1, SQL_C_SLONG, &id, sizeof id, &id_length);
  on_statement("SQLExecute", odbc.SQLExecute(statement), statement);
  while (SQL_SUCCEEDED(odbc.SQLFetch(statement))) printf("  found in row %d\n", (int)id);
  odbc.SQLFreeStmt(statement, SQL_CLOSE);
  odbc.SQLFreeStmt(statement, SQL_UNBIND);
  odbc.SQLFreeStmt(statement, SQL_RESET_PARAMS);
}

static void roll_back(SQLHDBC connection, SQLHSTMT statement) {
  odbc.SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
  on_statement("update", odbc.SQLExecDirect(statement, (SQLCHAR*)"update note set amount = 0", SQL_NTS), statement);
  on_connection("SQLEndTran", odbc.SQLEndTran(SQL_HANDLE_DBC, connection, SQL_ROLLBACK), connection);
  odbc.SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0);
}

// Text both ways in iODBC's characters.
static void wide_query(SQLHSTMT statement) {
  uint32_t sql[64], name[32] = {0};
  SQLLEN length = 0;
  widened("select name from city where id = 2", sql, 64);
  if (!on_statement("SQLExecDirectW", odbc.SQLExecDirectW(statement, (SQLWCHAR*)sql, SQL_NTS), statement)) return;
  odbc.SQLFetch(statement);
  on_statement("SQLGetData(wide)", odbc.SQLGetData(statement, 1, SQL_C_WCHAR, name, sizeof name, &length), statement);
  printf(" ");
  for (const uint32_t* at = name; *at != 0; ++at) printf(" U+%04X", *at);
  printf("\n");
  odbc.SQLFreeStmt(statement, SQL_CLOSE);
}

static void work(SQLHDBC connection, int is_wide) {
  SQLHSTMT statement = NULL;
  show_information(connection);
  on_connection("SQLAllocHandle(statement)", odbc.SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement), connection);
  on_statement("create",
               odbc.SQLExecDirect(statement,
                                  (SQLCHAR*)"create temporary table note (id integer, body varchar(60), amount "
                                            "decimal(8,2))",
                                  SQL_NTS),
               statement);
  insert_rows(statement);
  roll_back(connection, statement);
  query(statement, "select id, body, amount from note order by id");
  select_with_parameter(statement);
  query(statement, "select name, area, founded from city where id < 3 order by id");
  if (is_wide) wide_query(statement);
  on_statement("SQLColumns", odbc.SQLColumns(statement, NULL, 0, NULL, 0, (SQLCHAR*)"city", SQL_NTS, NULL, 0),
               statement);
  while (SQL_SUCCEEDED(odbc.SQLFetch(statement))) {
    SQLCHAR name[64] = "";
    odbc.SQLGetData(statement, 4, SQL_C_CHAR, name, sizeof name, NULL);
    printf("  %s\n", name);
  }
  odbc.SQLFreeStmt(statement, SQL_CLOSE);
  query(statement, "select nonsense from note");
  on_statement("SQLFreeHandle(statement)", odbc.SQLFreeHandle(SQL_HANDLE_STMT, statement), statement);
}

static SQLRETURN connect_by(const char* how, const char* target, SQLHDBC connection) {
  uint32_t wide[2048];
  if (strcmp(how, "dsn") == 0) {
    return odbc.SQLConnect(connection, (SQLCHAR*)(intptr_t)target, SQL_NTS, NULL, 0, NULL, 0);
  }
  if (strcmp(how, "wide") == 0) {
    return odbc.SQLDriverConnectW(connection, NULL, widened(target, wide, 2048), SQL_NTS, NULL, 0, NULL,
                                  SQL_DRIVER_NOPROMPT);
  }
  return odbc.SQLDriverConnect(connection, NULL, (SQLCHAR*)(intptr_t)target, SQL_NTS, NULL, 0, NULL,
                               SQL_DRIVER_NOPROMPT);
}

int main(int count, char** arguments) {
  SQLHENV environment = NULL;
  SQLHDBC connection = NULL;
  if (count != 4) return 2;
  setlocale(LC_ALL, "");  // iODBC turns its wide text into that of the locale
  if (!open_manager(arguments[1])) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  odbc.SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
  odbc.SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  odbc.SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
  odbc.SQLSetConnectAttr(connection, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)20, 0);  // before the connect: kept for it
  const int is_connected = on_connection("connect", connect_by(arguments[2], arguments[3], connection), connection);
  if (is_connected) {
    work(connection, strcmp(arguments[2], "wide") == 0);
    on_connection("SQLDisconnect", odbc.SQLDisconnect(connection), connection);
  }
  on_connection("SQLFreeHandle(connection)", odbc.SQLFreeHandle(SQL_HANDLE_DBC, connection), connection);
  is_done("SQLFreeHandle(environment)", odbc.SQLFreeHandle(SQL_HANDLE_ENV, environment), SQL_HANDLE_ENV, environment);
  return is_connected ? 0 : 1;
}
