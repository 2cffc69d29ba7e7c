// conformance: an ODBC program that makes every kind of call in many states and prints what it sees, one line a call:
//   SQLPrepare(s, "select 1", NTS) = SUCCESS
//     SQLGetDiagRec(...)           lines that start with blanks belong to the call above
// Run over two drivers, equal drivers print equal lines (compare.py). It knows ODBC and PostgreSQL's SQL (and dialect.c MariaDB's), no driver.
// Written so that no line holds what differs between two runs of one program: handles have names, pointers are "null"
// or "set", out connection strings are not shown.
//
// A section is a function in the table of conformance.c; new calls go into a section's table or into a section of its
// own. Each finds the tables of database.c and leaves them as they were; `scratch` is its own, and is empty at its start.
// Buffers that a driver writes to lie between guard bytes and are filled with a pattern: what is written beyond the
// buffer, what is not written at all, and what is written behind the terminator, are all seen.
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/odbc-api-reference
// SPDX-License-Identifier: Apache-2.0
#ifndef IAMODBC_TESTS_LIVE_CONFORMANCE_H
#define IAMODBC_TESTS_LIVE_CONFORMANCE_H

#include <stddef.h>

#include <sql.h>
#include <sqlext.h>

// ---- the run ----

extern int is_wide;      // whether the W functions are called where there is a choice
extern const char* dsn;  // what is connected to
extern int is_mariadb;   // whether SQL is MariaDB's; all is written in PostgreSQL's (dialect.c)

const char* in_dialect(const char* postgresql);  // text() does it

// Whether a call is left out over MariaDB: its Connector/ODBC 3.1.15 crashes on it or answers with what memory held, with
// nothing of ours around; or, where the words say so, iamodbc means something else. A line tells it, and compare.py.
int is_left_out(const char* call);

// One of the twin functions; text goes through void pointers.
#define TWIN(function, ...) (is_wide ? function##W(__VA_ARGS__) : function(__VA_ARGS__))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

// A number as a pointer, as ODBC's attribute functions take it.
#define NUMBER(value) ((SQLPOINTER)(SQLLEN)(value))

// ---- text and buffers; all live until the section ends ----

typedef struct {
  void* at;            // SQLCHAR or SQLWCHAR, with its NUL; null for text(NULL)
  SQLSMALLINT length;  // in characters
  const char* shown;   // as a line shows it
} Text;

Text text(const char* utf8);  // in the width of the run

typedef struct {
  unsigned char* at;
  size_t size;
} Buffer;

Buffer buffer(size_t bytes);
size_t in_bytes(size_t characters);  // of the width of the run

// What an out number holds before the call: shown as "untouched" where the driver leaves it.
#define FRESH_SMALL ((SQLSMALLINT)0xA5A5)
#define FRESH_USMALL ((SQLUSMALLINT)0xA5A5)
#define FRESH_INTEGER ((SQLINTEGER)0xA5A5A5A5)
#define FRESH_LENGTH ((SQLLEN)0xA5A5A5A5A5A5A5A5)

void* keep(size_t bytes);  // zeroed memory until the section ends

// ---- lines ----

void asked(const char* format, ...) __attribute__((format(printf, 1, 2)));  // the function with its arguments
void got(const char* format, ...) __attribute__((format(printf, 1, 2)));
void got_number(const char* what, long long value);
void got_text(const char* what, Buffer text);      // characters of the width of the run
void got_bytes(const char* what, Buffer content);  // bytes
void got_pointer(const char* what, const void* value);
// Ends the line with its return code. Then all diagnostics of the handle, if there are any.
void done(SQLSMALLINT type, SQLHANDLE handle, SQLRETURN code);

// ---- handles ----

const char* name_of(SQLHANDLE handle);  // "null" and "unknown" included
void set_name(SQLHANDLE handle, const char* format, ...) __attribute__((format(printf, 2, 3)));

typedef struct {
  SQLHENV env;
  SQLHDBC dbc;
} Session;

// These make no lines; if one fails, the program ends with status 3 and says why.
Session open_session(void);
void close_session(Session session);
SQLHSTMT new_statement(Session session, const char* name);
void must(SQLHDBC dbc, const char* sql);
void check(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char* what);
void empty_scratch(void);

// ---- calls that many sections make ----

SQLRETURN allocate(SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE* handle, const char* name);
SQLRETURN release(SQLSMALLINT type, SQLHANDLE handle);
SQLRETURN exec_direct(SQLHSTMT statement, const char* sql);
SQLRETURN prepare(SQLHSTMT statement, const char* sql);
SQLRETURN execute(SQLHSTMT statement);
SQLRETURN fetch(SQLHSTMT statement);
SQLRETURN free_stmt(SQLHSTMT statement, SQLUSMALLINT option);
SQLRETURN end_transaction(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT completion);
SQLRETURN set_stmt_attr(SQLHSTMT statement, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length);
SQLRETURN set_connect_attr(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length);
SQLRETURN get_data(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type, SQLLEN capacity);
const char* with_dsn(const char* rest);  // a connection string
SQLRETURN connect_string(SQLHDBC dbc, const char* string, SQLSMALLINT length, SQLUSMALLINT completion);
SQLRETURN disconnect(SQLHDBC dbc);
void row_count(SQLHSTMT statement);
void describe_columns(SQLHSTMT statement);            // SQLNumResultCols, SQLDescribeCol of each
void show_result(SQLHSTMT statement, int most_rows);  // and all rows as text; the cursor is closed

// ---- sections ----

void prepare_database(void);
void clear_database(void);

#endif
