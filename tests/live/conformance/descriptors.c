// descriptors: the four of a statement, and those that the application allocates.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "conformance.h"
#include "section.h"

enum { words, number, pointer };

static const struct {
  const char* name;
  SQLSMALLINT id;
  int kind;
  SQLLEN value;  // to set
} fields[] = {
    {"ALLOC_TYPE", SQL_DESC_ALLOC_TYPE, number, SQL_DESC_ALLOC_USER},
    {"ARRAY_SIZE", SQL_DESC_ARRAY_SIZE, number, 1},
    {"ARRAY_STATUS_PTR", SQL_DESC_ARRAY_STATUS_PTR, pointer, 0},
    {"BIND_OFFSET_PTR", SQL_DESC_BIND_OFFSET_PTR, pointer, 0},
    {"BIND_TYPE", SQL_DESC_BIND_TYPE, number, SQL_BIND_BY_COLUMN},
    {"COUNT", SQL_DESC_COUNT, number, 2},
    {"ROWS_PROCESSED_PTR", SQL_DESC_ROWS_PROCESSED_PTR, pointer, 0},
    {"AUTO_UNIQUE_VALUE", SQL_DESC_AUTO_UNIQUE_VALUE, number, 0},
    {"BASE_COLUMN_NAME", SQL_DESC_BASE_COLUMN_NAME, words, 0},
    {"BASE_TABLE_NAME", SQL_DESC_BASE_TABLE_NAME, words, 0},
    {"CASE_SENSITIVE", SQL_DESC_CASE_SENSITIVE, number, 0},
    {"CATALOG_NAME", SQL_DESC_CATALOG_NAME, words, 0},
    {"CONCISE_TYPE", SQL_DESC_CONCISE_TYPE, number, SQL_C_SLONG},
    {"TYPE", SQL_DESC_TYPE, number, SQL_C_SLONG},
    {"DATETIME_INTERVAL_CODE", SQL_DESC_DATETIME_INTERVAL_CODE, number, SQL_CODE_DATE},
    {"DATETIME_INTERVAL_PRECISION", SQL_DESC_DATETIME_INTERVAL_PRECISION, number, 2},
    {"DISPLAY_SIZE", SQL_DESC_DISPLAY_SIZE, number, 10},
    {"FIXED_PREC_SCALE", SQL_DESC_FIXED_PREC_SCALE, number, 0},
    {"INDICATOR_PTR", SQL_DESC_INDICATOR_PTR, pointer, 0},
    {"LABEL", SQL_DESC_LABEL, words, 0},
    {"LENGTH", SQL_DESC_LENGTH, number, 10},
    {"LITERAL_PREFIX", SQL_DESC_LITERAL_PREFIX, words, 0},
    {"LITERAL_SUFFIX", SQL_DESC_LITERAL_SUFFIX, words, 0},
    {"LOCAL_TYPE_NAME", SQL_DESC_LOCAL_TYPE_NAME, words, 0},
    {"NAME", SQL_DESC_NAME, words, 0},
    {"NULLABLE", SQL_DESC_NULLABLE, number, 1},
    {"NUM_PREC_RADIX", SQL_DESC_NUM_PREC_RADIX, number, 10},
    {"OCTET_LENGTH", SQL_DESC_OCTET_LENGTH, number, 10},
    {"OCTET_LENGTH_PTR", SQL_DESC_OCTET_LENGTH_PTR, pointer, 0},
    {"PARAMETER_TYPE", SQL_DESC_PARAMETER_TYPE, number, SQL_PARAM_INPUT},
    {"PRECISION", SQL_DESC_PRECISION, number, 5},
    {"ROWVER", SQL_DESC_ROWVER, number, 0},
    {"SCALE", SQL_DESC_SCALE, number, 2},
    {"SCHEMA_NAME", SQL_DESC_SCHEMA_NAME, words, 0},
    {"SEARCHABLE", SQL_DESC_SEARCHABLE, number, 0},
    {"TABLE_NAME", SQL_DESC_TABLE_NAME, words, 0},
    {"TYPE_NAME", SQL_DESC_TYPE_NAME, words, 0},
    {"UNNAMED", SQL_DESC_UNNAMED, number, 0},
    {"UNSIGNED", SQL_DESC_UNSIGNED, number, 0},
    {"UPDATABLE", SQL_DESC_UPDATABLE, number, 0},
    {"DATA_PTR", SQL_DESC_DATA_PTR, pointer, 0},
    {"an unknown one", 30000, number, 1},
};

static SQLULEN a_place[8];

static void get_field(SQLHDESC desc, SQLSMALLINT record, size_t field, SQLINTEGER capacity) {
  const int is_literal = fields[field].id == SQL_DESC_LITERAL_PREFIX || fields[field].id == SQL_DESC_LITERAL_SUFFIX;
  if (is_literal && is_left_out("LITERAL_PREFIX and LITERAL_SUFFIX, for which an address is given")) return;
  const Buffer value = buffer(capacity > 8 ? (size_t)capacity : 8);
  SQLINTEGER length = FRESH_INTEGER;
  const SQLRETURN code = TWIN(SQLGetDescField, desc, record, fields[field].id, value.at, capacity, &length);
  asked("SQLGetDescField(%s, %d, %s, %d)", name_of(desc), record, fields[field].name, (int)capacity);
  if (fields[field].kind == words) {
    got_text("value", value);
  } else if (fields[field].kind == pointer && SQL_SUCCEEDED(code)) {
    got_pointer("value", *(void**)(void*)value.at);
  } else {
    got_bytes("value", value);
  }
  got_number("length", length);
  done(SQL_HANDLE_DESC, desc, code);
}

static void get_record(SQLHDESC desc, SQLSMALLINT record, SQLSMALLINT capacity) {
  const Buffer name = buffer(in_bytes((size_t)(capacity > 0 ? capacity : 0)));
  SQLSMALLINT length = FRESH_SMALL, type = FRESH_SMALL, sub_type = FRESH_SMALL, precision = FRESH_SMALL,
              scale = FRESH_SMALL, nullable = FRESH_SMALL;
  SQLLEN octets = FRESH_LENGTH;
  const SQLRETURN code = TWIN(SQLGetDescRec, desc, record, (void*)name.at, capacity, &length, &type, &sub_type, &octets,
                              &precision, &scale, &nullable);
  asked("SQLGetDescRec(%s, %d, %d)", name_of(desc), record, capacity);
  got_text("name", name);
  got_number("length", length);
  got_number("type", type);
  got_number("sub_type", sub_type);
  got_number("octets", octets);
  got_number("precision", precision);
  got_number("scale", scale);
  got_number("nullable", nullable);
  done(SQL_HANDLE_DESC, desc, code);
}

static void show_descriptor(SQLHDESC desc, SQLSMALLINT last) {
  const SQLSMALLINT first = is_left_out("the fields of record 0 of a descriptor") ? 1 : 0;
  for (SQLSMALLINT record = first; record <= last; ++record) {
    for (size_t field = 0; field < COUNT(fields); ++field) get_field(desc, record, field, 64);
    get_record(desc, record, 64);
  }
}

static void set_field(SQLHDESC desc, SQLSMALLINT record, SQLSMALLINT id, const char* name, SQLPOINTER value,
                      SQLINTEGER length) {
  const SQLRETURN code = TWIN(SQLSetDescField, desc, record, id, value, length);
  asked("SQLSetDescField(%s, %d, %s, %d)", name_of(desc), record, name, (int)length);
  done(SQL_HANDLE_DESC, desc, code);
}

static void set_all(SQLHDESC desc) {
  for (SQLSMALLINT record = is_left_out("the fields of record 0 of a descriptor") ? 1 : 0; record <= 2; ++record) {
    for (size_t i = 0; i < COUNT(fields); ++i) {
      if (fields[i].kind == words) {
        set_field(desc, record, fields[i].id, fields[i].name, text("name").at, SQL_NTS);
      } else {
        set_field(desc, record, fields[i].id, fields[i].name,
                  fields[i].kind == pointer ? (SQLPOINTER)a_place : NUMBER(fields[i].value), 0);
      }
      get_field(desc, record, i, 64);
    }
  }
}

static SQLHDESC get_descriptor(SQLHSTMT s, SQLINTEGER attribute, const char* name) {
  SQLHDESC desc = SQL_NULL_HDESC;
  const SQLRETURN code = TWIN(SQLGetStmtAttr, s, attribute, &desc, SQL_IS_POINTER, NULL);
  if (name != NULL) set_name(desc, "%s", name);
  asked("SQLGetStmtAttr(%s, %d)", name_of(s), (int)attribute);
  got(" descriptor=%s", name_of(desc));
  done(SQL_HANDLE_STMT, s, code);
  return desc;
}

static const struct {
  const char* name;
  SQLINTEGER attribute;
} kinds[] = {{"ard", SQL_ATTR_APP_ROW_DESC},
             {"apd", SQL_ATTR_APP_PARAM_DESC},
             {"ird", SQL_ATTR_IMP_ROW_DESC},
             {"ipd", SQL_ATTR_IMP_PARAM_DESC}};

// ---- descriptors: the implicit ones ----

void section_descriptors(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s");
  SQLHDESC implicit[4];
  for (size_t i = 0; i < COUNT(kinds); ++i) implicit[i] = get_descriptor(s, kinds[i].attribute, kinds[i].name);
  for (size_t i = 0; i < COUNT(kinds); ++i) show_descriptor(implicit[i], 1);  // nothing is prepared
  SQLINTEGER id = 1, column = 0;
  SQLLEN indicator = 0, length = 0;
  char letters[20];
  SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &id, 0, &indicator);
  SQLBindCol(s, 1, SQL_C_SLONG, &column, 0, &length);
  SQLBindCol(s, 2, SQL_C_CHAR, letters, sizeof(letters), &length);
  prepare(s, "select id, words, exact, moment from conformance.kinds where id = ?");
  for (size_t i = 0; i < COUNT(kinds); ++i) show_descriptor(implicit[i], 3);
  execute(s);
  // psqlODBC leaves records of the ard beyond the bound ones as memory happens to be.
  for (size_t i = 0; i < COUNT(kinds); ++i) show_descriptor(implicit[i], i == 0 ? 2 : 5);
  fetch(s);
  for (size_t i = 0; i < COUNT(kinds); ++i) get_descriptor(s, kinds[i].attribute, NULL);  // the same
  static const SQLINTEGER capacities[] = {0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, -1};
  for (size_t i = 0; i < COUNT(capacities); ++i) {
    if (capacities[i] < 0 && is_left_out("the fields of a descriptor into a buffer of negative size")) continue;
    for (size_t field = 0; field < COUNT(fields); ++field) {
      if (fields[field].kind == words) get_field(implicit[2], 2, field, capacities[i]);
    }
    get_record(implicit[2], 2, (SQLSMALLINT)capacities[i]);
  }
  free_stmt(s, SQL_CLOSE);
  for (size_t i = 0; i < COUNT(kinds); ++i) {
    release(SQL_HANDLE_DESC, implicit[i]);  // not ours to free
    set_all(implicit[i]);
    set_field(implicit[i], -1, SQL_DESC_TYPE, "TYPE", NUMBER(SQL_C_CHAR), 0);
    if (!is_left_out("a record of a descriptor below 0")) {
      get_field(implicit[i], -1, 0, 8);
      get_record(implicit[i], -1, 20);
    }
    get_record(implicit[i], 99, 20);
  }
  release(SQL_HANDLE_STMT, s);
  s = new_statement(session, "s");
  set_stmt_attr(s, SQL_ATTR_IMP_ROW_DESC, NULL, 0);
  close_session(session);
}

// ---- explicit_descriptors ----

static SQLRETURN set_record(SQLHDESC desc, SQLSMALLINT record, SQLSMALLINT type, SQLLEN octets, SQLPOINTER data,
                            SQLLEN* length) {
  const SQLRETURN code = SQLSetDescRec(desc, record, type, 0, octets, 0, 0, data, length, length);
  asked("SQLSetDescRec(%s, %d, %d, %d)", name_of(desc), record, type, (int)octets);
  done(SQL_HANDLE_DESC, desc, code);
  return code;
}

static void copy(SQLHDESC from, SQLHDESC to) {
  const SQLRETURN code = SQLCopyDesc(from, to);
  asked("SQLCopyDesc(%s, %s)", name_of(from), name_of(to));
  done(SQL_HANDLE_DESC, to, code);
}

static void fetch_bound(SQLHSTMT s, const SQLINTEGER* value, const SQLLEN* length) {
  exec_direct(s, "select n from conformance.series order by n");
  for (int i = 0; i < 2; ++i) {
    fetch(s);
    asked("bound");
    got_number("value", *value);
    got_number("length", *length);
    done(SQL_HANDLE_STMT, SQL_NULL_HANDLE, SQL_SUCCESS);
  }
  free_stmt(s, SQL_CLOSE);
}

void section_explicit_descriptors(void) {
  const Session session = open_session();
  SQLHSTMT s = new_statement(session, "s"), other = new_statement(session, "other");
  SQLHDESC first = SQL_NULL_HDESC, second = SQL_NULL_HDESC;
  allocate(SQL_HANDLE_DESC, session.dbc, &first, "first");
  allocate(SQL_HANDLE_DESC, session.dbc, &second, "second");
  show_descriptor(first, 1);
  SQLINTEGER value = -1;
  SQLLEN length = -1;
  set_record(first, 1, SQL_C_SLONG, 4, &value, &length);
  set_record(first, 0, SQL_C_SLONG, 4, &value, &length);
  set_record(first, -1, SQL_C_SLONG, 4, &value, &length);
  set_record(first, 2, 999, 4, &value, &length);
  show_descriptor(first, 2);
  get_descriptor(s, SQL_ATTR_APP_ROW_DESC, "ard of s");
  get_descriptor(other, SQL_ATTR_APP_ROW_DESC, "ard of other");
  set_stmt_attr(s, SQL_ATTR_APP_ROW_DESC, first, SQL_IS_POINTER);
  get_descriptor(s, SQL_ATTR_APP_ROW_DESC, NULL);
  fetch_bound(s, &value, &length);
  set_stmt_attr(other, SQL_ATTR_APP_ROW_DESC, first, SQL_IS_POINTER);  // shared
  length = value = -1;
  fetch_bound(other, &value, &length);
  set_stmt_attr(s, SQL_ATTR_APP_ROW_DESC, NULL, 0);  // its own again
  get_descriptor(s, SQL_ATTR_APP_ROW_DESC, NULL);
  length = value = -1;
  fetch_bound(s, &value, &length);

  // Copies, in every direction.
  SQLHDESC own = get_descriptor(s, SQL_ATTR_APP_ROW_DESC, NULL);
  const SQLHDESC row = get_descriptor(s, SQL_ATTR_IMP_ROW_DESC, "ird of s");
  copy(first, second);
  show_descriptor(second, 1);
  copy(first, own);
  fetch_bound(s, &value, &length);
  copy(own, first);
  copy(first, first);
  copy(row, second);
  exec_direct(s, "select n, words from conformance.series");
  if (!is_left_out("copying an implementation row descriptor")) copy(row, second);
  show_descriptor(second, 2);
  free_stmt(s, SQL_CLOSE);
  copy(first, row);
  copy(first, SQL_NULL_HDESC);
  copy(SQL_NULL_HDESC, first);

  // As parameters, and where they do not belong.
  SQLHDESC parameters = SQL_NULL_HDESC;
  allocate(SQL_HANDLE_DESC, session.dbc, &parameters, "parameters");
  get_descriptor(s, SQL_ATTR_APP_PARAM_DESC, "apd of s");
  set_stmt_attr(s, SQL_ATTR_APP_PARAM_DESC, parameters, 0);
  value = 7;
  length = 0;
  SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &value, 0, &length);
  show_descriptor(parameters, 1);
  exec_direct(s, "select words from conformance.series where n = ?");
  show_result(s, 2);
  set_stmt_attr(s, SQL_ATTR_IMP_ROW_DESC, first, 0);
  set_stmt_attr(s, SQL_ATTR_IMP_PARAM_DESC, first, 0);
  if (!is_left_out("giving a statement the implicit descriptor of another")) {
    set_stmt_attr(other, SQL_ATTR_APP_ROW_DESC, own, 0);
  }
  set_stmt_attr(other, SQL_ATTR_APP_ROW_DESC, s, 0);  // no descriptor

  // Freed while in use: the statements have their own again (psqlODBC does not know, so they are told).
  set_stmt_attr(s, SQL_ATTR_APP_ROW_DESC, first, 0);
  set_stmt_attr(other, SQL_ATTR_APP_ROW_DESC, first, 0);
  release(SQL_HANDLE_DESC, first);
  get_descriptor(s, SQL_ATTR_APP_ROW_DESC, NULL);
  get_descriptor(other, SQL_ATTR_APP_ROW_DESC, NULL);
  set_stmt_attr(s, SQL_ATTR_APP_ROW_DESC, NULL, 0);
  set_stmt_attr(other, SQL_ATTR_APP_ROW_DESC, NULL, 0);
  length = value = -1;
  fetch_bound(other, &value, &length);
  // Freed after the statement, and left to the disconnect.
  set_stmt_attr(s, SQL_ATTR_APP_ROW_DESC, second, 0);
  release(SQL_HANDLE_STMT, s);
  get_record(second, 1, 20);
  release(SQL_HANDLE_DESC, second);
  close_session(session);
}
