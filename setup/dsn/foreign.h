// foreign: what other programs call a data source, taken apart: a URL of libpq, of MySQL's clients or of JDBC, a libpq
// connection string, an ODBC connection string.
// Shapes. postgresql://user:secret@host:port/db?key=value (postgres://, mysql://, mariadb://), bytes percent-encoded;
// jdbc:postgresql://host:port/db?key=value, jdbc:mysql://, jdbc:mariadb://, each with aws-wrapper: behind jdbc:;
// key=value key='va lue' (libpq); Key=value;Key={value} (ODBC).
// Errors (08001): a URL of another kind, a text of none of these shapes, several hosts. No message shows a value.
// Thread rule: values. Source: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING;
//         https://jdbc.postgresql.org/documentation/use/; https://mariadb.com/docs/connectors/mariadb-connector-j/;
//         https://dev.mysql.com/doc/connector-j/en/connector-j-reference-jdbc-url-format.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "setup/dsn/section.h"

namespace iamodbc {

enum class ForeignKind { libpq, jdbc, mysql_url, odbc };

struct Foreign {
  ForeignKind kind = ForeignKind::odbc;
  std::string engine;  // as of Engine=; empty: not told (odbc)
  DsnLines lines;  // names as they were written; host, port, user, password and dbname as libpq has them for all URLs
};

// Whether this is one of these texts, and not the name of a DSN.
bool is_foreign_text(std::string_view text);
Result<Foreign> parse_foreign(std::string_view text);

}  // namespace iamodbc
