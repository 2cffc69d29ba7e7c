// texts: characters of every kind in statements, values, names and errors: also those that are none, and the NUL.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "conformance.h"
#include "section.h"

#define HIGH "\xED\xA0\xBD"  // a surrogate alone, D83D, in the bytes that UTF-8 would have for it
#define LOW "\xED\xB8\x80"   // DE00

static const char* const texts[] = {
    "ASCII",
    "Zürich, naïve",
    "€ ΑΩ я 中文",
    "😀 👩‍👩‍👧",
    "a" HIGH "b",
    "a" LOW "b",
    "a" LOW HIGH "b",
    "a" HIGH,
    LOW,
    "'' \\ % _ ;",
    "a\tb\nc\r",
    "a\x01\x7F",
    "\xC3\xBC and e\xCC\x88",
    "a\xEF\xBB\xBF\xEF\xBF\xBD\xEF\xBF\xBF",
};

static const char* joined(const char* front, const char* words, const char* back) {
  char* const whole = keep(strlen(front) + strlen(words) + strlen(back) + 1);
  return strcat(strcat(strcpy(whole, front), words), back);
}

// Of one row, as bytes and as UTF-16, whole and in chunks.
static void show_value(SQLHSTMT s, const char* sql) {
  static const SQLSMALLINT types[] = {SQL_C_CHAR, SQL_C_WCHAR, SQL_C_DEFAULT};
  for (size_t i = 0; i < COUNT(types); ++i) {
    if (!SQL_SUCCEEDED(exec_direct(s, sql))) return;
    if (i == 0) describe_columns(s);
    fetch(s);
    get_data(s, 1, types[i], 6);
    get_data(s, 1, types[i], 100);
    free_stmt(s, SQL_CLOSE);
  }
}

static void bind_text(SQLHSTMT s, const char* sql, SQLSMALLINT c_type, void* value, SQLLEN length) {
  SQLLEN* const indicator = keep(sizeof(SQLLEN));
  *indicator = length;
  const SQLRETURN code = SQLBindParameter(
      s, 1, SQL_PARAM_INPUT, c_type, c_type == SQL_C_WCHAR ? SQL_WVARCHAR : SQL_VARCHAR, 60, 0, value, 0, indicator);
  asked("SQLBindParameter(%s, %d, %d)", name_of(s), c_type, (int)length);
  done(SQL_HANDLE_STMT, s, code);
  if (SQL_SUCCEEDED(exec_direct(s, sql))) show_result(s, 1);
  free_stmt(s, SQL_RESET_PARAMS);
}

// A statement with a NUL in place of each @, with its length.
static void exec_with_nul(SQLHSTMT s, const char* sql, int is_prepared) {
  const Text words = text(sql);
  for (SQLSMALLINT i = 0; i < words.length; ++i) {
    if (is_wide && ((SQLWCHAR*)words.at)[i] == '@') ((SQLWCHAR*)words.at)[i] = 0;
    if (!is_wide && ((SQLCHAR*)words.at)[i] == '@') ((SQLCHAR*)words.at)[i] = 0;
  }
  SQLRETURN code =
      is_prepared ? TWIN(SQLPrepare, s, words.at, words.length) : TWIN(SQLExecDirect, s, words.at, words.length);
  asked("%s(%s, %s with NUL)", is_prepared ? "SQLPrepare" : "SQLExecDirect", name_of(s), words.shown);
  done(SQL_HANDLE_STMT, s, code);
  if (is_prepared && SQL_SUCCEEDED(code)) code = execute(s);
  if (SQL_SUCCEEDED(code)) show_result(s, 2);
  free_stmt(s, SQL_CLOSE);
}

static void tables_named(SQLHSTMT s, const char* name) {
  const Text words = text(name);
  const SQLRETURN code = TWIN(SQLTables, s, NULL, 0, NULL, 0, words.at, words.length, NULL, 0);
  asked("SQLTables(%s, %s)", name_of(s), words.shown);
  done(SQL_HANDLE_STMT, s, code);
  if (SQL_SUCCEEDED(code)) show_result(s, 2);
}

static void cursor_named(SQLHSTMT s, const char* name) {
  const Text words = text(name);
  SQLRETURN code = TWIN(SQLSetCursorName, s, words.at, words.length);
  asked("SQLSetCursorName(%s, %s)", name_of(s), words.shown);
  done(SQL_HANDLE_STMT, s, code);
  const Buffer out = buffer(in_bytes(40));
  SQLSMALLINT length = FRESH_SMALL;
  code = TWIN(SQLGetCursorName, s, (void*)out.at, 40, &length);
  asked("SQLGetCursorName(%s)", name_of(s));
  got_text("name", out);
  got_number("length", length);
  done(SQL_HANDLE_STMT, s, code);
}

void section_texts(void) {
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  for (size_t i = 0; i < COUNT(texts); ++i) {
    show_value(s, joined("select '", texts[i], "' as value"));
    exec_direct(s, joined("select nothing as \"", texts[i], "\""));  // in an error
    exec_direct(s, joined("select 1 as \"", texts[i], "\""));        // in a name
    show_result(s, 1);
    exec_direct(s, joined("insert into conformance.scratch (id, words) values (1, '", texts[i], "')"));
    exec_direct(s, "select words from conformance.scratch where id = 1");
    show_result(s, 1);
    exec_direct(s, "delete from conformance.scratch");
    const int was_wide = is_wide;
    is_wide = 0;
    const Text bytes = text(texts[i]);
    is_wide = 1;
    const Text units = text(texts[i]);
    is_wide = was_wide;
    bind_text(s, "select cast(? as varchar(60))", SQL_C_CHAR, bytes.at, bytes.length);
    bind_text(s, "select cast(? as varchar(60))", SQL_C_WCHAR, units.at, 2 * (SQLLEN)units.length);
    tables_named(s, texts[i]);
    cursor_named(s, texts[i]);
  }
  static const SQLWCHAR with_nul[] = {'a', 0, 0xD83D, 0, 'b'};
  bind_text(s, "select cast(? as varchar(60))", SQL_C_CHAR, "a\0b", 3);
  bind_text(s, "select cast(? as varchar(60))", SQL_C_WCHAR, (void*)with_nul, sizeof with_nul);
  for (int is_prepared = 0; is_prepared < 2; ++is_prepared) {
    exec_with_nul(s, "select 'a@b'", is_prepared);
    exec_with_nul(s, "select 1@ + 1", is_prepared);
    exec_with_nul(s, "@select 1", is_prepared);
    exec_with_nul(s, "select 1@", is_prepared);
  }
  close_session(session);
}
