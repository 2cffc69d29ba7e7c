// base_driver_profile: THE table of base drivers: what each reads, how each spells it, what each takes, where each cuts, how each says "refused".
// The parser, duplicates, the TLS policy, limits and "did you mean" share it.
// Thread rule: constant data and pure functions.
// Source: psqlODBC docs/config.html and dlg_specific.h (13.02); https://mariadb.com/docs/connectors/mariadb-connector-odbc/ (DSN keys);
//         https://dev.mysql.com/doc/connector-odbc/en/connector-odbc-configuration-connection-parameters.html and
//         https://github.com/mysql/mysql-connector-odbc (util/installer.cc, driver/connect.cc; 8.0.19 to 9.1.0); measured limits in docs/base-drivers.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/attributes.h"
#include "core/result.h"
#include "core/width.h"

namespace iamodbc {

enum class BaseKind { psqlodbc, mariadb, mysql, unknown };

// What is checked of the server's certificate. Encryption itself is not an option for a token.
enum class TlsLevel { require, verify_ca, verify_full };
const char* text(TlsLevel level);

struct Spelling {
  AttributeId id;
  const char* name;
};

// Advice by what a base driver's own message says.
struct Hint {
  const char* in_message;  // part of the text, ASCII case ignored
  const char* advice;      // short: it is appended to the base driver's own text
};

struct BaseDriverProfile {
  BaseKind kind;
  const char* title;
  std::span<const char* const> file_prefixes;  // of the file's base name, lower case
  const char* engine;                          // of AttributeId::engine
  int default_port;
  // Every attribute name that it reads.
  std::span<const char* const> names;
  // Names under which it reads what we read too, beside those of our own table.
  std::span<const Spelling> spellings;
  // Attributes that say how far TLS goes, and the one that names the CA file.
  std::span<const char* const> tls_names;
  std::span<const char* const> ca_file_names;
  // libpq's options in one attribute (psqlODBC only).
  std::span<const char* const> libpq_option_names;
  // Attributes that we force for a token and therefore take out of what the application gave.
  std::span<const char* const> forced_names;
  // Names whose values may hold a secret and are never shown, beside our own.
  std::span<const char* const> secret_names;
  // How it spells our canonical five in a string.
  const char* server;
  const char* port;
  const char* database;
  const char* uid;
  const char* pwd;
  // How the message of a refused login reads: the state, the native code (0: any) and a part of the text.
  const char* refused_state;
  int refused_native;
  const char* refused_text;
  const char* refused_advice;  // short, for record 1
  const char* grant_advice;    // what the database user needs
  std::span<const Hint> hints;
  std::size_t value_limit;  // bytes of Server, Database and UID; 0: none. Longer ones it would cut.
  bool takes_braces;        // whether such a value may be written in braces
  bool ini_password_is_percent_encoded;
  // What it reads of server, port, database, user and password in a DSN's section; empty: whatever of `names`.
  std::span<const char* const> section_names;
};

// By the base name of its file: psqlodbcw.so, libmaodbc.so, libmyodbc9w.so; `unknown` for others.
const BaseDriverProfile& base_driver_profile(std::string_view file);
const BaseDriverProfile& base_driver_profile(BaseKind kind);

// Whether this base driver reads `name` (ASCII case ignored).
bool reads(const BaseDriverProfile& profile, std::string_view name);
// Whether it reads `name` in a section of odbc.ini, `name` being a spelling of server, port, database, user or password.
bool reads_in_section(const BaseDriverProfile& profile, std::string_view name);
// Whether `name` is in `names` (ASCII case ignored).
bool is_one_of(std::span<const char* const> names, std::string_view name);

// Whether it insists on TLS where it checks no certificate, or no name in it. MariaDB Connector/ODBC takes FORCETLS for a wish then.
bool keeps_tls_unchecked(const BaseDriverProfile& profile);

// The row of ours that `name` is a spelling of, for this base driver; nullptr when it is not ours.
const AttributeRow* our_attribute(const BaseDriverProfile& profile, std::string_view name);
// Whether it is that row: the same answer without a look at all the others.
bool is_spelling_of(const BaseDriverProfile& profile, const AttributeRow& row, std::string_view name);

// What a TLS attribute of the base driver asks for. nullopt: it says nothing about the level (FORCETLS=1).
// Fails when it asks for less than encryption (disable, allow, prefer, CA=d, FORCETLS=0, DISABLE_SSL_DEFAULT=1) or for nothing known; the message names it.
Result<std::optional<TlsLevel>> tls_level_of(const BaseDriverProfile& profile, std::string_view name,
                                             std::string_view value);

// What is known of the loaded base driver; zero and empty where it did not tell.
struct BaseDriverFacts {
  std::string file;     // as loaded
  std::string section;  // of odbcinst.ini, empty when it was given as a path
  std::string version;  // SQL_DRIVER_VER, "13.02.0000"
  int libpq_version = 0;
  const BaseDriverProfile* profile = nullptr;
};

// Fails when this base driver would cut or crash on a secret of that length in a string of that length: the message names limit and a base driver that takes it.
// secret_size: of the secret that the server gets, be it in the string or in a password file; 0: none.
std::optional<Error> exceeded_limit(const BaseDriverFacts& base, Width width, std::size_t secret_size,
                                    std::size_t string_size);
// The same for one value. `what`: "The token", "INITSTMT".
std::optional<Error> exceeded_value_limit(const BaseDriverFacts& base, std::string_view what, std::string_view value);

// Fails when this version of the base driver cannot be made to use TLS whatever else it is told.
std::optional<Error> unfit_for_tls(const BaseDriverFacts& base);

// Whether SQLCancel of a running statement opens a second connection without TLS and sends the password over it: MariaDB Connector/ODBC before 3.1.22, and 3.2 before
// 3.2.8 (from which on it opens that connection as it opened the first); a version that does not tell counts as such a one.
bool cancels_in_clear(const BaseDriverFacts& base);

// Whether a value in braces ends for it at the first }, doubled or not.
bool ends_at_first_brace(const BaseDriverFacts& base);

}  // namespace iamodbc
