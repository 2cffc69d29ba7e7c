// results: what a result says of itself, and every way to read it.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "conformance.h"
#include "section.h"

// ---- describing ----

enum { as_words, as_number };

static const struct {
  const char* name;
  SQLUSMALLINT id;
  int kind;
} fields[] = {
    {"COUNT", SQL_DESC_COUNT, as_number},
    {"AUTO_UNIQUE_VALUE", SQL_DESC_AUTO_UNIQUE_VALUE, as_number},
    {"BASE_COLUMN_NAME", SQL_DESC_BASE_COLUMN_NAME, as_words},
    {"BASE_TABLE_NAME", SQL_DESC_BASE_TABLE_NAME, as_words},
    {"CASE_SENSITIVE", SQL_DESC_CASE_SENSITIVE, as_number},
    {"CATALOG_NAME", SQL_DESC_CATALOG_NAME, as_words},
    {"CONCISE_TYPE", SQL_DESC_CONCISE_TYPE, as_number},
    {"DISPLAY_SIZE", SQL_DESC_DISPLAY_SIZE, as_number},
    {"FIXED_PREC_SCALE", SQL_DESC_FIXED_PREC_SCALE, as_number},
    {"LABEL", SQL_DESC_LABEL, as_words},
    {"LENGTH", SQL_DESC_LENGTH, as_number},
    {"LITERAL_PREFIX", SQL_DESC_LITERAL_PREFIX, as_words},
    {"LITERAL_SUFFIX", SQL_DESC_LITERAL_SUFFIX, as_words},
    {"LOCAL_TYPE_NAME", SQL_DESC_LOCAL_TYPE_NAME, as_words},
    {"NAME", SQL_DESC_NAME, as_words},
    {"NULLABLE", SQL_DESC_NULLABLE, as_number},
    {"NUM_PREC_RADIX", SQL_DESC_NUM_PREC_RADIX, as_number},
    {"OCTET_LENGTH", SQL_DESC_OCTET_LENGTH, as_number},
    {"PRECISION", SQL_DESC_PRECISION, as_number},
    {"SCALE", SQL_DESC_SCALE, as_number},
    {"SCHEMA_NAME", SQL_DESC_SCHEMA_NAME, as_words},
    {"SEARCHABLE", SQL_DESC_SEARCHABLE, as_number},
    {"TABLE_NAME", SQL_DESC_TABLE_NAME, as_words},
    {"TYPE", SQL_DESC_TYPE, as_number},
    {"TYPE_NAME", SQL_DESC_TYPE_NAME, as_words},
    {"UNNAMED", SQL_DESC_UNNAMED, as_number},
    {"UNSIGNED", SQL_DESC_UNSIGNED, as_number},
    {"UPDATABLE", SQL_DESC_UPDATABLE, as_number},
    {"COLUMN_NAME of ODBC 2", SQL_COLUMN_NAME, as_words},
    {"COLUMN_LENGTH of ODBC 2", SQL_COLUMN_LENGTH, as_number},
    {"COLUMN_PRECISION of ODBC 2", SQL_COLUMN_PRECISION, as_number},
    {"COLUMN_SCALE of ODBC 2", SQL_COLUMN_SCALE, as_number},
    {"COLUMN_NULLABLE of ODBC 2", SQL_COLUMN_NULLABLE, as_number},
    {"a driver's own", 1212, as_number},
    {"an unknown one", 30000, as_number},
};

static void col_attribute(SQLHSTMT s, SQLUSMALLINT column, size_t field, SQLSMALLINT capacity) {
  const Buffer words = buffer((size_t)(capacity > 0 ? capacity : 0));
  SQLSMALLINT length = FRESH_SMALL;
  SQLLEN number = FRESH_LENGTH;
  const SQLRETURN code = TWIN(SQLColAttribute, s, column, fields[field].id, words.at, capacity, &length, &number);
  asked("SQLColAttribute(%s, %d, %s, %d)", name_of(s), column, fields[field].name, capacity);
  got_text("words", words);
  got_number("length", length);
  got_number("number", number);
  done(SQL_HANDLE_STMT, s, code);
}

// ODBC 2's function, which programs of that age call.
static void col_attributes(SQLHSTMT s, SQLUSMALLINT column, SQLUSMALLINT field, const char* name) {
  const Buffer words = buffer(128);
  SQLSMALLINT length = FRESH_SMALL;
  SQLLEN number = FRESH_LENGTH;
  const SQLRETURN code = TWIN(SQLColAttributes, s, column, field, words.at, 128, &length, &number);
  asked("SQLColAttributes(%s, %d, %s)", name_of(s), column, name);
  got_text("words", words);
  got_number("length", length);
  got_number("number", number);
  done(SQL_HANDLE_STMT, s, code);
}

static void describe_with(SQLHSTMT s, SQLUSMALLINT column, SQLSMALLINT capacity, int is_given) {
  const Buffer name = buffer(in_bytes((size_t)(capacity > 0 ? capacity : 0)));
  SQLSMALLINT length = FRESH_SMALL;
  const SQLRETURN code =
      TWIN(SQLDescribeCol, s, column, is_given ? (void*)name.at : NULL, capacity, &length, NULL, NULL, NULL, NULL);
  asked("SQLDescribeCol(%s, %d, %s, %d)", name_of(s), column, is_given ? "buffer" : "null", capacity);
  got_text("name", name);
  got_number("length", length);
  done(SQL_HANDLE_STMT, s, code);
}

void section_describing_of_odbc_2(void) {
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  exec_direct(s, "select id, words as label from conformance.kinds order by id");
  col_attributes(s, 2, SQL_COLUMN_NAME, "SQL_COLUMN_NAME");
  col_attributes(s, 2, SQL_COLUMN_TYPE, "SQL_COLUMN_TYPE");
  col_attributes(s, 2, SQL_COLUMN_DISPLAY_SIZE, "SQL_COLUMN_DISPLAY_SIZE");
  col_attributes(s, 3, SQL_COLUMN_NAME, "SQL_COLUMN_NAME");
  close_session(session);
}

void section_describing(void) {
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  describe_columns(s);
  col_attribute(s, 1, 0, 64);
  for (int is_prepared = 0; is_prepared < 2; ++is_prepared) {
    static const char* const sql =
        "select id, words as label, exact, moment, raw, story, tag, id + 1, 'x', serial_number, \"A b\" "
        "from conformance.kinds left join conformance.\"Odd Name\" on kind = id order by id";
    if (is_prepared) {
      prepare(s, sql);
    } else {
      exec_direct(s, sql);
    }
    describe_columns(s);
    for (SQLUSMALLINT column = 0; column <= 12; ++column) {
      for (size_t field = 0; field < COUNT(fields); ++field) col_attribute(s, column, field, 128);
    }
    static const SQLSMALLINT capacities[] = {0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, -1};
    for (size_t i = 0; i < COUNT(capacities); ++i) {
      for (size_t field = 0; field < COUNT(fields); ++field) {
        if (fields[field].kind == as_words) col_attribute(s, 2, field, capacities[i]);
      }
      describe_with(s, 2, capacities[i], 1);
    }
    describe_with(s, 2, 0, 0);
    describe_with(s, 0, 20, 1);
    describe_with(s, 99, 20, 1);
    free_stmt(s, SQL_CLOSE);
  }
  exec_direct(s, "delete from conformance.scratch where id = 99");
  describe_columns(s);
  describe_with(s, 1, 20, 1);
  col_attribute(s, 1, 0, 64);
  close_session(session);
}

// ---- conversions: each column of `kinds` as each C type (not SQL_ARD_TYPE: of unbound columns psqlODBC knows none, and
// takes what memory happened to hold) ----

static const SQLSMALLINT c_types[] = {SQL_C_CHAR,
                                      SQL_C_WCHAR,
                                      SQL_C_BINARY,
                                      SQL_C_BIT,
                                      SQL_C_STINYINT,
                                      SQL_C_UTINYINT,
                                      SQL_C_SSHORT,
                                      SQL_C_USHORT,
                                      SQL_C_SLONG,
                                      SQL_C_ULONG,
                                      SQL_C_SBIGINT,
                                      SQL_C_UBIGINT,
                                      SQL_C_FLOAT,
                                      SQL_C_DOUBLE,
                                      SQL_C_NUMERIC,
                                      SQL_C_TYPE_DATE,
                                      SQL_C_TYPE_TIME,
                                      SQL_C_TYPE_TIMESTAMP,
                                      SQL_C_GUID,
                                      SQL_C_INTERVAL_DAY,
                                      SQL_C_DEFAULT,
                                      SQL_C_INTERVAL_MONTH,
                                      999};

void section_conversions(void) {
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  set_stmt_attr(s, SQL_ATTR_CURSOR_TYPE, NUMBER(SQL_CURSOR_STATIC), 0);
  for (size_t i = 0; i < COUNT(c_types); ++i) {
    exec_direct(s, "select * from conformance.kinds order by id");
    while (SQL_SUCCEEDED(fetch(s))) {
      for (SQLUSMALLINT column = 1; column <= 22; ++column) {
        const int is_moment = c_types[i] >= SQL_C_TYPE_DATE && c_types[i] <= SQL_C_TYPE_TIMESTAMP;
        if (is_moment && (column == 15 || column == 22) && is_left_out("bytes as a date or a time")) continue;
        get_data(s, column, c_types[i], 64);
      }
    }
    free_stmt(s, SQL_CLOSE);
  }
  close_session(session);
}

// ---- chunks: long values in pieces ----

void section_chunks(void) {
  static const SQLLEN capacities[] = {1, 2, 3, 4, 7, 16, 100, 400, 0};
  static const SQLSMALLINT types[] = {SQL_C_CHAR, SQL_C_WCHAR, SQL_C_BINARY};
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  for (size_t type = 0; type < COUNT(types); ++type) {
    for (size_t i = 0; i < COUNT(capacities); ++i) {
      exec_direct(s, "select repeat('story ', 20), 'Zürich € 東京 😀', '\\x00ff1001'::bytea, 42, null::text, ''");
      get_data(s, 1, types[type], capacities[i]);  // before the first row
      fetch(s);
      for (SQLUSMALLINT column = 1; column <= 6; ++column) {
        for (int piece = 0; piece < 8; ++piece) {
          if (!SQL_SUCCEEDED(get_data(s, column, types[type], capacities[i]))) break;
        }
      }
      get_data(s, 1, types[type], capacities[i]);  // back again
      if (!is_left_out("SQLGetData of column 0")) get_data(s, 0, types[type], capacities[i]);
      if (!is_left_out("SQLGetData of a column behind the last")) get_data(s, 7, types[type], capacities[i]);
      free_stmt(s, SQL_CLOSE);
    }
  }
  exec_direct(s, "select 'abc', null::text");
  fetch(s);
  SQLRETURN code = SQLGetData(s, 1, SQL_C_CHAR, NULL, 10, NULL);
  asked("SQLGetData(s, no buffer)");
  done(SQL_HANDLE_STMT, s, code);
  const Buffer value = buffer(10);
  code = SQLGetData(s, 2, SQL_C_CHAR, value.at, 10, NULL);  // null without an indicator
  asked("SQLGetData(s, no indicator)");
  got_bytes("value", value);
  done(SQL_HANDLE_STMT, s, code);
  get_data(s, 1, SQL_C_CHAR, -1);
  fetch(s);
  get_data(s, 1, SQL_C_CHAR, 10);  // behind the last row
  close_session(session);
}

// ---- binding ----

static SQLRETURN bind_col(SQLHSTMT s, SQLUSMALLINT column, SQLSMALLINT type, SQLPOINTER value, SQLLEN capacity,
                          SQLLEN* indicator) {
  const SQLRETURN code = SQLBindCol(s, column, type, value, capacity, indicator);
  asked("SQLBindCol(%s, %d, %d, %s, %d, %s)", name_of(s), column, type, value == NULL ? "null" : "buffer",
        (int)capacity, indicator == NULL ? "null" : "indicator");
  done(SQL_HANDLE_STMT, s, code);
  return code;
}

static void show_bound(Buffer value, const SQLLEN* indicators, size_t count) {
  asked("bound");
  got_bytes("value", value);
  for (size_t i = 0; i < count; ++i) got_number("indicator", indicators[i]);
  done(SQL_HANDLE_STMT, SQL_NULL_HANDLE, SQL_SUCCESS);
}

void section_binding(void) {
  static const struct {
    SQLUSMALLINT column;
    SQLSMALLINT type;
    SQLLEN capacity;
  } rows[] = {{1, SQL_C_SLONG, 4},    {1, SQL_C_CHAR, 8},   {13, SQL_C_CHAR, 40},    {13, SQL_C_CHAR, 4},
              {13, SQL_C_WCHAR, 80},  {13, SQL_C_WCHAR, 7}, {15, SQL_C_BINARY, 10},  {15, SQL_C_BINARY, 2},
              {3, SQL_C_SBIGINT, 8},  {5, SQL_C_DOUBLE, 8}, {8, SQL_C_TYPE_DATE, 6}, {10, SQL_C_TYPE_TIMESTAMP, 16},
              {6, SQL_C_NUMERIC, 19}, {7, SQL_C_BIT, 1},    {14, SQL_C_CHAR, 20}};
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  for (size_t i = 0; i < COUNT(rows); ++i) {
    const Buffer value = buffer((size_t)rows[i].capacity);
    SQLLEN* const indicator = keep(sizeof(SQLLEN));
    bind_col(s, rows[i].column, rows[i].type, value.at, rows[i].capacity, indicator);
    exec_direct(s, "select * from conformance.kinds order by id");
    do {
      memset(value.at, 0xA5, value.size);
      *indicator = FRESH_LENGTH;
    } while (SQL_SUCCEEDED(fetch(s)) && (show_bound(value, indicator, 1), 1));
    free_stmt(s, SQL_CLOSE);
    if (i % 2 == 0) {
      free_stmt(s, SQL_UNBIND);
    } else {
      bind_col(s, rows[i].column, rows[i].type, NULL, 0, NULL);
    }
  }
  const Buffer value = buffer(16);
  SQLLEN indicator = 0;
  bind_col(s, 99, SQL_C_CHAR, value.at, 16, &indicator);  // no such column
  exec_direct(s, "select 1");
  fetch(s);
  free_stmt(s, SQL_UNBIND);
  free_stmt(s, SQL_CLOSE);
  bind_col(s, 1, 999, value.at, 16, &indicator);
  bind_col(s, 1, SQL_C_CHAR, value.at, -1, &indicator);
  bind_col(s, 0, SQL_C_CHAR, value.at, 16, &indicator);  // bookmarks are off
  bind_col(s, 1, SQL_C_CHAR, value.at, 16, NULL);
  exec_direct(s, "select null");
  fetch(s);  // null without an indicator
  close_session(session);
}

// ---- scrolling: blocks of rows in every direction, for each kind of cursor ----

enum { block = 3 };

typedef struct {
  SQLINTEGER number;
  SQLLEN number_indicator;
  char words[10];
  SQLLEN words_indicator;
} Row;

typedef struct {
  Buffer numbers;  // or whole rows
  SQLLEN* indicators;
  SQLUSMALLINT status[block];
  SQLULEN fetched;
} Block;

static void fresh(Block* rows) {
  memset(rows->numbers.at, 0xA5, rows->numbers.size);
  for (int i = 0; i < block; ++i) {
    rows->indicators[i] = FRESH_LENGTH;
    rows->status[i] = FRESH_USMALL;
  }
  rows->fetched = (SQLULEN)FRESH_LENGTH;
}

static void show_block(const Block* rows) {
  for (int i = 0; i < block; ++i) got_number("status", rows->status[i]);
  for (int i = 0; i < block; ++i) got_number("indicator", rows->indicators[i]);
  got_number("fetched", (long long)rows->fetched);
  got_bytes("rows", rows->numbers);
}

static void scroll(SQLHSTMT s, Block* rows, SQLSMALLINT orientation, SQLLEN offset) {
  fresh(rows);
  const SQLRETURN code = SQLFetchScroll(s, orientation, offset);
  asked("SQLFetchScroll(%s, %d, %d)", name_of(s), orientation, (int)offset);
  show_block(rows);
  done(SQL_HANDLE_STMT, s, code);
}

static const struct {
  SQLSMALLINT orientation;
  SQLLEN offset;
} moves[] = {{SQL_FETCH_NEXT, 0},
             {SQL_FETCH_NEXT, 0},
             {SQL_FETCH_PRIOR, 0},
             {SQL_FETCH_LAST, 0},
             {SQL_FETCH_NEXT, 0},
             {SQL_FETCH_PRIOR, 0},
             {SQL_FETCH_FIRST, 0},
             {SQL_FETCH_PRIOR, 0},
             {SQL_FETCH_ABSOLUTE, 5},
             {SQL_FETCH_ABSOLUTE, -4},
             {SQL_FETCH_ABSOLUTE, 0},
             {SQL_FETCH_ABSOLUTE, 999},
             {SQL_FETCH_RELATIVE, -2},
             {SQL_FETCH_RELATIVE, 2},
             {SQL_FETCH_RELATIVE, 0},
             {SQL_FETCH_BOOKMARK, 0},
             {99, 0}};

void section_scrolling(void) {
  static const SQLULEN cursors[] = {SQL_CURSOR_FORWARD_ONLY, SQL_CURSOR_STATIC, SQL_CURSOR_KEYSET_DRIVEN,
                                    SQL_CURSOR_DYNAMIC};
  const Session session = open_session();
  for (size_t cursor = 0; cursor < COUNT(cursors); ++cursor) {
    for (int by_row = 0; by_row < 2; ++by_row) {
      const SQLHSTMT s = new_statement(session, "s");
      Block rows;
      rows.numbers = buffer(by_row ? sizeof(Row) * block : sizeof(SQLINTEGER) * block);
      rows.indicators = keep(sizeof(SQLLEN) * block);
      set_stmt_attr(s, SQL_ATTR_CURSOR_TYPE, NUMBER(cursors[cursor]), 0);
      set_stmt_attr(s, SQL_ATTR_ROW_ARRAY_SIZE, NUMBER(block), 0);
      set_stmt_attr(s, SQL_ATTR_ROW_STATUS_PTR, rows.status, 0);
      set_stmt_attr(s, SQL_ATTR_ROWS_FETCHED_PTR, &rows.fetched, 0);
      if (by_row) {
        Row* const row = (Row*)(void*)rows.numbers.at;
        set_stmt_attr(s, SQL_ATTR_ROW_BIND_TYPE, NUMBER(sizeof(Row)), 0);
        bind_col(s, 1, SQL_C_SLONG, &row->number, 0, &row->number_indicator);
        bind_col(s, 2, SQL_C_CHAR, row->words, sizeof(row->words), &row->words_indicator);
      } else {
        bind_col(s, 1, SQL_C_SLONG, rows.numbers.at, 0, rows.indicators);
      }
      exec_direct(s, "select n, words from conformance.series order by n limit 11");
      for (size_t i = 0; i < COUNT(moves); ++i) scroll(s, &rows, moves[i].orientation, moves[i].offset);
      free_stmt(s, SQL_CLOSE);
      exec_direct(s, "select n, words from conformance.series order by n limit 4");
      for (int i = 0; i < 3; ++i) {
        fresh(&rows);
        SQLULEN fetched = (SQLULEN)FRESH_LENGTH;
        SQLUSMALLINT status[block] = {FRESH_USMALL, FRESH_USMALL, FRESH_USMALL};
        const SQLRETURN code = SQLExtendedFetch(s, SQL_FETCH_NEXT, 0, &fetched, status);
        asked("SQLExtendedFetch(s, NEXT)");
        got_number("fetched", (long long)fetched);
        for (int at = 0; at < block; ++at) got_number("status", status[at]);
        show_block(&rows);
        done(SQL_HANDLE_STMT, s, code);
      }
      fetch(s);  // mixed with SQLExtendedFetch
      release(SQL_HANDLE_STMT, s);
    }
  }
  close_session(session);
}

// ---- positioned: changes through the cursor, and bookmarks ----

static void set_pos(SQLHSTMT s, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT lock) {
  const SQLRETURN code = SQLSetPos(s, row, operation, lock);
  asked("SQLSetPos(%s, %d, %d, %d)", name_of(s), (int)row, operation, lock);
  done(SQL_HANDLE_STMT, s, code);
}

static void bulk(SQLHSTMT s, SQLUSMALLINT operation, Block* rows) {
  const SQLRETURN code = SQLBulkOperations(s, (SQLSMALLINT)operation);
  asked("SQLBulkOperations(%s, %d)", name_of(s), operation);
  show_block(rows);
  done(SQL_HANDLE_STMT, s, code);
}

// psqlODBC crashes in bulk operations over a cursor that only goes forward.
static void change_through(SQLHSTMT s, Block* rows, int is_scrollable) {
  SQLINTEGER* const numbers = (SQLINTEGER*)(void*)rows->numbers.at;
  set_pos(s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE);  // nothing is open
  bulk(s, SQL_ADD, rows);
  exec_direct(s, "select id, words from conformance.scratch order by id");
  set_pos(s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE);  // before the first row
  scroll(s, rows, SQL_FETCH_FIRST, 0);
  set_pos(s, 2, SQL_POSITION, SQL_LOCK_NO_CHANGE);
  get_data(s, 2, SQL_C_CHAR, 20);
  set_pos(s, 99, SQL_POSITION, SQL_LOCK_NO_CHANGE);
  set_pos(s, 1, 99, SQL_LOCK_NO_CHANGE);
  set_pos(s, 1, SQL_POSITION, 99);
  set_pos(s, 1, SQL_REFRESH, SQL_LOCK_NO_CHANGE);
  numbers[0] += 100;
  set_pos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE);
  set_pos(s, 2, SQL_DELETE, SQL_LOCK_NO_CHANGE);
  numbers[0] = 900;
  rows->indicators[0] = 0;
  set_pos(s, 1, SQL_ADD, SQL_LOCK_NO_CHANGE);
  if (is_scrollable) bulk(s, SQL_ADD, rows);
  scroll(s, rows, SQL_FETCH_FIRST, 0);
  if (is_scrollable) {
    bulk(s, SQL_UPDATE_BY_BOOKMARK, rows);
    bulk(s, SQL_FETCH_BY_BOOKMARK, rows);
    bulk(s, SQL_DELETE_BY_BOOKMARK, rows);
  }
  bulk(s, 99, rows);
  free_stmt(s, SQL_CLOSE);
}

void section_positioned(void) {
  const Session session = open_session();
  const SQLHSTMT reader = new_statement(session, "reader");
  static const SQLULEN cursors[] = {SQL_CURSOR_FORWARD_ONLY, SQL_CURSOR_STATIC, SQL_CURSOR_KEYSET_DRIVEN};
  for (size_t i = 0; i < COUNT(cursors); ++i) {
    for (SQLULEN bookmarks = SQL_UB_OFF; bookmarks <= SQL_UB_VARIABLE; ++bookmarks) {
      must(session.dbc, "delete from conformance.scratch");
      must(session.dbc, "insert into conformance.scratch (id, words) select n, 'w' || n from generate_series(1, 5) n");
      const SQLHSTMT s = new_statement(session, "s");
      Block rows;
      rows.numbers = buffer(sizeof(SQLINTEGER) * block);
      rows.indicators = keep(sizeof(SQLLEN) * block);
      fresh(&rows);
      set_stmt_attr(s, SQL_ATTR_CURSOR_TYPE, NUMBER(cursors[i]), 0);
      set_stmt_attr(s, SQL_ATTR_CONCURRENCY, NUMBER(SQL_CONCUR_ROWVER), 0);
      set_stmt_attr(s, SQL_ATTR_USE_BOOKMARKS, NUMBER(bookmarks), 0);
      set_stmt_attr(s, SQL_ATTR_ROW_ARRAY_SIZE, NUMBER(block), 0);
      set_stmt_attr(s, SQL_ATTR_ROW_STATUS_PTR, rows.status, 0);
      set_stmt_attr(s, SQL_ATTR_ROWS_FETCHED_PTR, &rows.fetched, 0);
      bind_col(s, 1, SQL_C_SLONG, rows.numbers.at, 0, rows.indicators);
      if (bookmarks != SQL_UB_OFF) {
        char* const marks = keep(16 * block);
        SQLLEN* const lengths = keep(sizeof(SQLLEN) * block);
        bind_col(s, 0, SQL_C_VARBOOKMARK, marks, 16, lengths);
      }
      change_through(s, &rows, cursors[i] != SQL_CURSOR_FORWARD_ONLY);
      release(SQL_HANDLE_STMT, s);
      exec_direct(reader, "select id, words from conformance.scratch order by id");
      show_result(reader, 12);
    }
  }
  must(session.dbc, "delete from conformance.scratch");
  close_session(session);
}

// ---- several_results ----

static SQLRETURN more_results(SQLHSTMT s) {
  const SQLRETURN code = SQLMoreResults(s);
  asked("SQLMoreResults(%s)", name_of(s));
  done(SQL_HANDLE_STMT, s, code);
  return code;
}

void section_several_results(void) {
  static const char* const statements[] = {
      "select 1; select 2, 'two'; select 3 where false",
      "insert into conformance.scratch (id) values (1); select id from conformance.scratch; delete from "
      "conformance.scratch",
      "select 1; select broken; select 3",
      "select 1",
  };
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s");
  more_results(s);
  for (size_t i = 0; i < COUNT(statements); ++i) {
    for (int is_prepared = 0; is_prepared < 2; ++is_prepared) {
      if (is_prepared) {
        if (i == 2 && is_left_out("preparing several statements, one of them wrong")) break;
        prepare(s, statements[i]);
        execute(s);
      } else {
        exec_direct(s, statements[i]);
      }
      for (int result = 0; result < 5; ++result) {
        describe_columns(s);
        row_count(s);
        fetch(s);
        get_data(s, 1, SQL_C_SLONG, 4);
        if (!SQL_SUCCEEDED(more_results(s))) break;
      }
      more_results(s);
      free_stmt(s, SQL_CLOSE);
    }
  }
  exec_direct(s, "select 1; select 2");
  free_stmt(s, SQL_CLOSE);  // with a result to come
  more_results(s);
  close_session(session);
}

// ---- cursor_names ----

static void get_cursor_name(SQLHSTMT s, SQLSMALLINT capacity, int is_given) {
  const Buffer name = buffer(in_bytes((size_t)(capacity > 0 ? capacity : 0)));
  SQLSMALLINT length = FRESH_SMALL;
  const SQLRETURN code = TWIN(SQLGetCursorName, s, is_given ? (void*)name.at : NULL, capacity, &length);
  asked("SQLGetCursorName(%s, %s, %d)", name_of(s), is_given ? "buffer" : "null", capacity);
  got_text("name", name);
  got_number("length", length);
  done(SQL_HANDLE_STMT, s, code);
}

static void set_cursor_name(SQLHSTMT s, const char* name, SQLSMALLINT length) {
  const Text words = text(name);
  const SQLRETURN code = TWIN(SQLSetCursorName, s, words.at, length);
  asked("SQLSetCursorName(%s, %s, %d)", name_of(s), words.shown, length);
  done(SQL_HANDLE_STMT, s, code);
}

void section_cursor_names(void) {
  const Session session = open_session();
  const SQLHSTMT s = new_statement(session, "s"), other = new_statement(session, "other");
  set_cursor_name(s, "mine", SQL_NTS);
  static const SQLSMALLINT capacities[] = {64, 0, 1, 2, 4, 5, 6, -1};
  for (size_t i = 0; i < COUNT(capacities); ++i) get_cursor_name(s, capacities[i], 1);
  get_cursor_name(s, 0, 0);
  set_cursor_name(other, "mine", SQL_NTS);  // taken
  set_cursor_name(s, "longer than said", 6);
  get_cursor_name(s, 64, 1);
  set_cursor_name(s, "Zürich", SQL_NTS);
  get_cursor_name(s, 64, 1);
  set_cursor_name(s, "", SQL_NTS);
  set_cursor_name(s, "x", 0);
  set_cursor_name(s, "x", -7);
  set_cursor_name(s, NULL, SQL_NTS);
  set_cursor_name(s, "SQL_CURreserved", SQL_NTS);
  exec_direct(s, "select n from conformance.series order by n");
  set_cursor_name(s, "late", SQL_NTS);
  get_cursor_name(s, 64, 1);
  free_stmt(s, SQL_CLOSE);
  set_cursor_name(s, "mine", SQL_NTS);
  set_stmt_attr(s, SQL_ATTR_CONCURRENCY, NUMBER(SQL_CONCUR_LOCK), 0);
  exec_direct(s, "select id from conformance.kinds for update");
  fetch(s);
  exec_direct(other, "update conformance.kinds set small = small where current of mine");
  close_session(session);
}
