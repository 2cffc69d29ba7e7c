// catalogue: every catalogue function, by patterns, names, lengths and nulls.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "conformance.h"
#include "section.h"

enum { most_names = 6 };

// Names are given by SQL_NTS, except that a name that starts with '#' and a digit is given with that length.
typedef struct {
  SQLSMALLINT lengths[most_names];
  Text words[most_names];
} Names;

typedef enum {
  tables,
  columns,
  primary_keys,
  foreign_keys,
  statistics,
  special_columns,
  procedures,
  procedure_columns,
  table_privileges,
  column_privileges
} Function;

static const char* const function_names[] = {
    "SQLTables",         "SQLColumns",    "SQLPrimaryKeys",      "SQLForeignKeys",     "SQLStatistics",
    "SQLSpecialColumns", "SQLProcedures", "SQLProcedureColumns", "SQLTablePrivileges", "SQLColumnPrivileges"};

typedef struct {
  Function function;
  const char* names[most_names];
  SQLUSMALLINT options[3];
} Request;

#define SCHEMA "conformance"

static const Request requests[] = {
    {tables, {NULL, SCHEMA, NULL, NULL}, {0}},
    {tables, {NULL, SCHEMA, "%", "TABLE"}, {0}},
    {tables, {NULL, SCHEMA, "k_nds", "'TABLE','VIEW'"}, {0}},
    {tables, {NULL, SCHEMA, "#4kinds", "VIEW"}, {0}},
    {tables, {NULL, SCHEMA, "", ""}, {0}},
    {tables, {"app", SCHEMA, "kinds", "TABLE, VIEW"}, {0}},
    {tables, {"other", SCHEMA, "kinds", NULL}, {0}},
    {tables, {"%", "", "", ""}, {0}},
    {tables, {"", "", "", "%"}, {0}},
    {tables, {NULL, "nowhere", "%", NULL}, {0}},
    {tables, {NULL, SCHEMA, "odd\\_name", NULL}, {0}},
    {tables, {NULL, SCHEMA, "Odd Name", "NOTHING"}, {0}},
    {tables, {NULL, SCHEMA, "Zürich", NULL}, {0}},
    {tables, {NULL, "#!", NULL, NULL}, {0}},
    {columns, {NULL, SCHEMA, "kinds", NULL}, {0}},
    {columns, {NULL, SCHEMA, "kinds", "w%"}, {0}},
    {columns, {NULL, SCHEMA, "%", "id"}, {0}},
    {columns, {NULL, SCHEMA, "Odd Name", "%"}, {0}},
    {columns, {NULL, SCHEMA, "seen", "#2idle"}, {0}},
    {columns, {"app", SCHEMA, "", ""}, {0}},
    {columns, {NULL, NULL, "nowhere", NULL}, {0}},
    {columns, {NULL, SCHEMA, "#!", NULL}, {0}},
    {primary_keys, {NULL, SCHEMA, "kinds"}, {0}},
    {primary_keys, {NULL, SCHEMA, "Odd Name"}, {0}},
    {primary_keys, {NULL, SCHEMA, "nowhere"}, {0}},
    {primary_keys, {NULL, SCHEMA, NULL}, {0}},
    {primary_keys, {NULL, "", "kinds"}, {0}},
    {primary_keys, {NULL, SCHEMA, "#!"}, {0}},
    {foreign_keys, {NULL, NULL, NULL, NULL, SCHEMA, "Odd Name"}, {0}},
    {foreign_keys, {NULL, SCHEMA, "kinds", NULL, NULL, NULL}, {0}},
    {foreign_keys, {NULL, SCHEMA, "kinds", NULL, SCHEMA, "Odd Name"}, {0}},
    {foreign_keys, {NULL, NULL, NULL, NULL, NULL, NULL}, {0}},
    {foreign_keys, {NULL, SCHEMA, "nowhere", NULL, NULL, NULL}, {0}},
    {statistics, {NULL, SCHEMA, "kinds"}, {SQL_INDEX_ALL, SQL_QUICK}},
    {statistics, {NULL, SCHEMA, "Odd Name"}, {SQL_INDEX_ALL, SQL_ENSURE}},
    {statistics, {NULL, SCHEMA, "Odd Name"}, {SQL_INDEX_UNIQUE, SQL_QUICK}},
    {statistics, {NULL, SCHEMA, "nowhere"}, {SQL_INDEX_ALL, SQL_QUICK}},
    {statistics, {NULL, SCHEMA, "kinds"}, {99, SQL_QUICK}},
    {statistics, {NULL, SCHEMA, "kinds"}, {SQL_INDEX_ALL, 99}},
    {statistics, {NULL, SCHEMA, NULL}, {SQL_INDEX_ALL, SQL_QUICK}},
    {special_columns, {NULL, SCHEMA, "kinds"}, {SQL_BEST_ROWID, SQL_SCOPE_CURROW, SQL_NULLABLE}},
    {special_columns, {NULL, SCHEMA, "Odd Name"}, {SQL_BEST_ROWID, SQL_SCOPE_SESSION, SQL_NO_NULLS}},
    {special_columns, {NULL, SCHEMA, "kinds"}, {SQL_ROWVER, SQL_SCOPE_TRANSACTION, SQL_NULLABLE}},
    {special_columns, {NULL, SCHEMA, "kinds"}, {99, SQL_SCOPE_CURROW, SQL_NULLABLE}},
    {special_columns, {NULL, SCHEMA, "kinds"}, {SQL_BEST_ROWID, 99, SQL_NULLABLE}},
    {special_columns, {NULL, SCHEMA, "kinds"}, {SQL_BEST_ROWID, SQL_SCOPE_CURROW, 99}},
    {special_columns, {NULL, SCHEMA, NULL}, {SQL_BEST_ROWID, SQL_SCOPE_CURROW, SQL_NULLABLE}},
    {procedures, {NULL, SCHEMA, NULL}, {0}},
    {procedures, {NULL, SCHEMA, "ad%"}, {0}},
    {procedures, {NULL, "nowhere", "%"}, {0}},
    {procedure_columns, {NULL, SCHEMA, "add", NULL}, {0}},
    {procedure_columns, {NULL, SCHEMA, "%", "%"}, {0}},
    {procedure_columns, {NULL, SCHEMA, "split", "fraction"}, {0}},
    {procedure_columns, {NULL, SCHEMA, "nowhere", NULL}, {0}},
    {table_privileges, {NULL, SCHEMA, "kinds"}, {0}},
    {table_privileges, {NULL, SCHEMA, "%"}, {0}},
    {table_privileges, {NULL, SCHEMA, "nowhere"}, {0}},
    {column_privileges, {NULL, SCHEMA, "kinds", "words"}, {0}},
    {column_privileges, {NULL, SCHEMA, "kinds", "%"}, {0}},
    {column_privileges, {NULL, SCHEMA, "nowhere", NULL}, {0}},
};

// What is a schema in PostgreSQL is a catalogue in MariaDB, which has no schemas: the two change places.
static int place_of(const Request* request, int i) {
  if (!is_mariadb) return i;
  if (i < 2) return 1 - i;
  return request->function == foreign_keys && (i == 3 || i == 4) ? 7 - i : i;
}

static Names names_of(const Request* request) {
  Names names;
  for (int i = 0; i < most_names; ++i) {
    const char* name = request->names[place_of(request, i)];
    names.lengths[i] = name == NULL ? 0 : SQL_NTS;
    if (name != NULL && name[0] == '#') {
      names.lengths[i] = (SQLSMALLINT)(name[1] == '!' ? -7 : name[1] - '0');
      name = name[1] == '!' ? "kinds" : name + 2;
    }
    names.words[i] = text(name);
  }
  return names;
}

static SQLRETURN call(SQLHSTMT s, const Request* request, const Names* n) {
  const SQLUSMALLINT* const options = request->options;
#define NAME(i) n->words[i].at, n->lengths[i]
  switch (request->function) {
    case tables:
      return TWIN(SQLTables, s, NAME(0), NAME(1), NAME(2), NAME(3));
    case columns:
      return TWIN(SQLColumns, s, NAME(0), NAME(1), NAME(2), NAME(3));
    case primary_keys:
      return TWIN(SQLPrimaryKeys, s, NAME(0), NAME(1), NAME(2));
    case foreign_keys:
      return TWIN(SQLForeignKeys, s, NAME(0), NAME(1), NAME(2), NAME(3), NAME(4), NAME(5));
    case statistics:
      return TWIN(SQLStatistics, s, NAME(0), NAME(1), NAME(2), options[0], options[1]);
    case special_columns:
      return TWIN(SQLSpecialColumns, s, options[0], NAME(0), NAME(1), NAME(2), options[1], options[2]);
    case procedures:
      return TWIN(SQLProcedures, s, NAME(0), NAME(1), NAME(2));
    case procedure_columns:
      return TWIN(SQLProcedureColumns, s, NAME(0), NAME(1), NAME(2), NAME(3));
    case table_privileges:
      return TWIN(SQLTablePrivileges, s, NAME(0), NAME(1), NAME(2));
    case column_privileges:
      return TWIN(SQLColumnPrivileges, s, NAME(0), NAME(1), NAME(2), NAME(3));
  }
#undef NAME
  return SQL_ERROR;
}

void section_catalogue(void) {
  const Session session = open_session();
  const SQLHSTMT statement = new_statement(session, "s");
  for (int metadata_id = 0; metadata_id < 2; ++metadata_id) {
    set_stmt_attr(statement, SQL_ATTR_METADATA_ID, NUMBER(metadata_id), 0);
    for (size_t i = 0; i < COUNT(requests); ++i) {
      const Request* const request = &requests[i];
      const Names names = names_of(request);
      const SQLRETURN code = call(statement, request, &names);
      asked("%s(s", function_names[request->function]);
      for (int at = 0; at < most_names; ++at) got(", %s %d", names.words[at].shown, names.lengths[at]);
      got(", %d, %d, %d)", request->options[0], request->options[1], request->options[2]);
      done(SQL_HANDLE_STMT, statement, code);
      if (SQL_SUCCEEDED(code)) {
        if (i == 0) call(statement, request, &names);  // the cursor is open
        show_result(statement, 60);
      }
    }
  }
  close_session(session);
}
