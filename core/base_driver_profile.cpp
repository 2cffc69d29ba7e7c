// SPDX-License-Identifier: Apache-2.0
#include "core/base_driver_profile.h"

#include <array>

#include "core/text.h"

namespace iamodbc {
namespace {

using Id = AttributeId;

// ---- psqlODBC ----

constexpr std::array psqlodbc_files{"psqlodbc"};
constexpr std::array psqlodbc_names{"DSN",
                                    "Driver",
                                    "Description",
                                    "Servername",
                                    "Server",
                                    "Port",
                                    "Database",
                                    "DX",
                                    "UID",
                                    "Username",
                                    "PWD",
                                    "Password",
                                    "CX",
                                    "Debug",
                                    "B2",
                                    "Fetch",
                                    "A7",
                                    "ReadOnly",
                                    "A0",
                                    "CommLog",
                                    "B3",
                                    "Protocol",
                                    "A1",
                                    "Optimizer",
                                    "B4",
                                    "Ksqo",
                                    "B5",
                                    "ConnSettings",
                                    "A6",
                                    "UniqueIndex",
                                    "UIX",
                                    "UnknownSizes",
                                    "A9",
                                    "CancelAsFreeStmt",
                                    "C1",
                                    "UseDeclareFetch",
                                    "B6",
                                    "TextAsLongVarchar",
                                    "B7",
                                    "UnknownsAsLongVarchar",
                                    "B8",
                                    "BoolsAsChar",
                                    "B9",
                                    "MaxVarcharSize",
                                    "B0",
                                    "MaxLongVarcharSize",
                                    "B1",
                                    "FakeOidIndex",
                                    "A2",
                                    "ShowOidColumn",
                                    "A3",
                                    "RowVersioning",
                                    "A4",
                                    "ShowSystemTables",
                                    "A5",
                                    "Lie",
                                    "Parse",
                                    "C0",
                                    "ExtraSysTablePrefixes",
                                    "C2",
                                    "TranslationName",
                                    "TranslationDLL",
                                    "TranslationOption",
                                    "DisallowPremature",
                                    "C3",
                                    "UpdatableCursors",
                                    "C4",
                                    "LFConversion",
                                    "C5",
                                    "TrueIsMinus1",
                                    "C6",
                                    "BI",
                                    "NumericAs",
                                    "D6",
                                    "ByteaAsLongVarBinary",
                                    "C7",
                                    "UseServerSidePrepare",
                                    "C8",
                                    "LowerCaseIdentifier",
                                    "C9",
                                    "SSLmode",
                                    "CA",
                                    "AB",
                                    "Logdir",
                                    "KeepaliveTime",
                                    "D1",
                                    "KeepaliveInterval",
                                    "D2",
                                    "pqopt",
                                    "D5",
                                    "OptionalErrors",
                                    "D7",
                                    "BatchSize",
                                    "D8",
                                    "IgnoreTimeout",
                                    "D9",
                                    "Dtclog",
                                    "FetchRefcursors",
                                    "DA",
                                    "PreferLibpq",
                                    "D3",
                                    "XaOpt",
                                    "D4",
                                    "GssAuthUseGSS",
                                    "D0"};
// Server, UID and PWD it knows in a connection string only.
constexpr std::array psqlodbc_section{"Servername", "Port", "Database", "Username", "Password"};
constexpr std::array psqlodbc_spellings{Spelling{Id::database, "DX"}};
constexpr std::array psqlodbc_tls{"SSLmode", "CA"};
constexpr std::array psqlodbc_libpq_options{"pqopt", "D5"};
constexpr std::array psqlodbc_forced{"Debug", "B2", "CommLog", "B3"};
constexpr std::array psqlodbc_secret{"pqopt", "D5", "ConnSettings", "A6"};
constexpr std::array psqlodbc_hints{
    Hint{"certificate verify failed",
         "The certificate authority is not in TLSCAFile: give the one that signed the server's certificate."},
    Hint{"does not match host name", "Set TokenHost to the RDS endpoint name when Server is another name for it."},
    Hint{"no pg_hba.conf entry",
         "The server does not let this user in from here this way; RDS wants TLS for rds_iam users."},
    Hint{"Connection refused", "Nothing listens there: check Server and Port, and that the database is running."},
    Hint{"is unreachable", "No way there: check the network and VPN."},
    Hint{"No route to host", "No way there: check the network and VPN."},
    Hint{"could not translate host name", "Check the spelling of Server, and DNS or VPN."},
    Hint{"timeout expired", "No answer in time: check security group, VPN, Server and Port."},
    Hint{"Connection timed out", "No answer: check security group, VPN, Server and Port."},
    Hint{"server does not support SSL",
         "This is no RDS server, or a proxy without TLS; a token is never sent without TLS."},
    Hint{"root certificate file", "Check TLSCAFile."},
    Hint{"does not exist", "Check Database (and UID) in the DSN."},
    Hint{"too many connections", "The server's connection limit is reached."},
    Hint{"closed unexpectedly",
         "Not a PostgreSQL server, a restart, or a proxy that hangs up: check Server and Port."}};

// ---- MariaDB Connector/ODBC ----

constexpr std::array mariadb_files{"libmaodbc", "maodbc"};
constexpr std::array mariadb_names{"DSN",           "Description",   "Driver",
                                   "Options",       "Option",        "NamedPipe",
                                   "TCPIP",         "SERVER",        "UID",
                                   "PWD",           "DATABASE",      "PORT",
                                   "INITSTMT",      "CONN_TIMEOUT",  "AUTO_RECONNECT",
                                   "NO_PROMPT",     "CHARSET",       "TRACE",
                                   "PLUGIN_DIR",    "SSLKEY",        "SSLCERT",
                                   "SSLCA",         "SSLCAPATH",     "SSLCIPHER",
                                   "SSLVERIFY",     "TLSPEERFP",     "TLSPEERFPLIST",
                                   "SSLCRL",        "SSLCRLPATH",    "SOCKET",
                                   "SAVEFILE",      "USE_MYCNF",     "TLSVERSION",
                                   "FORCETLS",      "SERVERKEY",     "TLSKEYPWD",
                                   "INTERACTIVE",   "FORWARDONLY",   "SCHEMANOERROR",
                                   "READ_TIMEOUT",  "WRITE_TIMEOUT", "NOLOCALINFILE",
                                   "NULLISCURRENT", "STREAMRS",      "ATTR",
                                   "EDSERVER",      "PREPONCLIENT",  "PSCACHESIZE",
                                   "MAXCACHEKEY",   "PCALLBACK",     "RCALLBACK",
                                   "NOBIGINT",      "TRUNCDT",       "SERVERNAME",
                                   "USER",          "PASSWORD",      "DB",
                                   "SSLFP",         "SSLFPLIST",     "NO_CACHE"};
constexpr std::array mariadb_tls{"FORCETLS", "SSLVERIFY", "SSLMODE", "SSL-MODE", "SSL_MODE"};
constexpr std::array mariadb_ca{"SSLCA", "SSL_CA"};
constexpr std::array mariadb_forced{"TCPIP", "NamedPipe", "SOCKET"};
constexpr std::array mariadb_secret{"TLSKEYPWD", "INITSTMT"};
constexpr std::array mariadb_hints{
    Hint{"Plugin mysql_clear_password could not be loaded",
         "Install the client plugin, file mysql_clear_password.so (Debian: package libmariadb3), or name its folder in "
         "PLUGIN_DIR."},
    Hint{"certificate",
         "Check TLSCAFile; Server has to be a name that stands in the certificate (the hosts file may lead it to a "
         "tunnel); TokenHost changes nothing here."},
    Hint{"Lost connection to server at",
         "No answer in time, or it hung up: check Server, Port, security group and VPN."},
    Hint{"Unknown server host", "Check the spelling of Server, and DNS or VPN."},
    Hint{"Can't connect to", "Nothing answers there: check Server, Port, security group and VPN."},
    Hint{"Unknown database", "Check Database in the DSN."}};

// ---- MySQL Connector/ODBC ----

constexpr std::array mysql_files{"libmyodbc", "myodbc"};
constexpr std::array mysql_names{"DSN",
                                 "DRIVER",
                                 "DESCRIPTION",
                                 "SERVER",
                                 "UID",
                                 "USER",
                                 "PWD",
                                 "PASSWORD",
                                 "PWD1",
                                 "PWD2",
                                 "PWD3",
                                 "PASSWORD1",
                                 "PASSWORD2",
                                 "PASSWORD3",
                                 "DATABASE",
                                 "DB",
                                 "SOCKET",
                                 "INITSTMT",
                                 "CHARSET",
                                 "SSLKEY",
                                 "SSL-KEY",
                                 "SSLCERT",
                                 "SSL-CERT",
                                 "SSLCA",
                                 "SSL-CA",
                                 "SSLCAPATH",
                                 "SSL-CAPATH",
                                 "SSLCIPHER",
                                 "SSL-CIPHER",
                                 "SSLMODE",
                                 "SSL-MODE",
                                 "SSL-CRL",
                                 "SSL-CRLPATH",
                                 "SSLVERIFY",
                                 "DISABLE_SSL_DEFAULT",
                                 "SSL_ENFORCE",
                                 "TLS-VERSIONS",
                                 "RSAKEY",
                                 "SAVEFILE",
                                 "PLUGIN_DIR",
                                 "DEFAULT_AUTH",
                                 "LOAD_DATA_LOCAL_DIR",
                                 "OCI_CONFIG_FILE",
                                 "OCI_CONFIG_PROFILE",
                                 "AUTHENTICATION-KERBEROS-MODE",
                                 "OPENTELEMETRY",
                                 "OPENID-TOKEN-FILE",
                                 "PORT",
                                 "READTIMEOUT",
                                 "WRITETIMEOUT",
                                 "INTERACTIVE",
                                 "PREFETCH",
                                 "OPTION",
                                 "FOUND_ROWS",
                                 "BIG_PACKETS",
                                 "COMPRESSED_PROTO",
                                 "NO_BIGINT",
                                 "SAFE",
                                 "AUTO_RECONNECT",
                                 "AUTO_IS_NULL",
                                 "NO_BINARY_RESULT",
                                 "CAN_HANDLE_EXP_PWD",
                                 "ENABLE_CLEARTEXT_PLUGIN",
                                 "GET_SERVER_PUBLIC_KEY",
                                 "NO_PROMPT",
                                 "DYNAMIC_CURSOR",
                                 "NO_DEFAULT_CURSOR",
                                 "NO_LOCALE",
                                 "PAD_SPACE",
                                 "NO_CACHE",
                                 "FULL_COLUMN_NAMES",
                                 "IGNORE_SPACE",
                                 "NAMED_PIPE",
                                 "NO_CATALOG",
                                 "NO_SCHEMA",
                                 "NO_I_S",
                                 "USE_MYCNF",
                                 "NO_TRANSACTIONS",
                                 "FORWARD_CURSOR",
                                 "MULTI_STATEMENTS",
                                 "COLUMN_SIZE_S32",
                                 "MIN_DATE_TO_ZERO",
                                 "ZERO_DATE_TO_MIN",
                                 "DFLT_BIGINT_BIND_STR",
                                 "LOG_QUERY",
                                 "NO_SSPS",
                                 "NO_TLS_1_0",
                                 "NO_TLS_1_1",
                                 "NO_TLS_1_2",
                                 "NO_TLS_1_3",
                                 "NO_DATE_OVERFLOW",
                                 "ENABLE_LOCAL_INFILE",
                                 "ENABLE_DNS_SRV",
                                 "MULTI_HOST"};
// SSLVERIFY, DISABLE_SSL_DEFAULT and SSL_ENFORCE are what older versions had in the place of SSLMODE.
constexpr std::array mysql_tls{"SSLMODE", "SSL-MODE", "SSL_MODE", "SSLVERIFY", "DISABLE_SSL_DEFAULT", "SSL_ENFORCE"};
constexpr std::array mysql_ca{"SSLCA", "SSL_CA", "SSL-CA"};
constexpr std::array mysql_forced{"ENABLE_CLEARTEXT_PLUGIN", "NAMED_PIPE", "SOCKET",
                                  "ENABLE_DNS_SRV",          "MULTI_HOST", "USE_MYCNF"};
constexpr std::array mysql_secret{"PWD1", "PWD2", "PWD3", "PASSWORD1", "PASSWORD2", "PASSWORD3", "INITSTMT"};
constexpr std::array mysql_hints{
    Hint{"SSL connection error",
         "Check TLSCAFile; Server has to be a name that stands in the certificate; TokenHost changes nothing here."},
    Hint{"Unknown MySQL server host", "Check the spelling of Server, and DNS or VPN."},
    Hint{"Can't connect to", "Nothing answers there: check Server, Port, security group and VPN."},
    Hint{"Unknown database", "Check Database in the DSN."}};

// <user> is replaced by the user's name.
constexpr const char* postgres_grant = "GRANT rds_iam TO <user>";
constexpr const char* mysql_grant = "<user> is IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'";
constexpr const char* refused_short =
    "The IAM token was refused: the next record says what to check, `iamodbc check` shows each step.";

constexpr std::array<BaseDriverProfile, 4> table{{
    {BaseKind::psqlodbc,
     "psqlODBC",
     psqlodbc_files,
     "postgresql",
     5432,
     psqlodbc_names,
     psqlodbc_spellings,
     psqlodbc_tls,
     {},
     psqlodbc_libpq_options,
     psqlodbc_forced,
     psqlodbc_secret,
     "Servername",
     "Port",
     "Database",
     "UID",
     "PWD",
     "08001",
     0,
     "authentication failed for user",
     refused_short,
     postgres_grant,
     psqlodbc_hints,
     255,
     false,
     true,
     psqlodbc_section},
    {BaseKind::mariadb,
     "MariaDB Connector/ODBC",
     mariadb_files,
     "mariadb",
     3306,
     mariadb_names,
     {},
     mariadb_tls,
     mariadb_ca,
     {},
     mariadb_forced,
     mariadb_secret,
     "SERVER",
     "PORT",
     "DATABASE",
     "UID",
     "PWD",
     "28000",
     1045,
     "Access denied",
     refused_short,
     mysql_grant,
     mariadb_hints,
     0,
     true,
     false,
     {}},
    {BaseKind::mysql,
     "MySQL Connector/ODBC",
     mysql_files,
     "mysql",
     3306,
     mysql_names,
     {},
     mysql_tls,
     mysql_ca,
     {},
     mysql_forced,
     mysql_secret,
     "SERVER",
     "PORT",
     "DATABASE",
     "UID",
     "PWD",
     "HY000",
     1045,
     "Access denied",
     refused_short,
     mysql_grant,
     mysql_hints,
     0,
     true,
     false,
     {}},
    {BaseKind::unknown,
     "an unknown base driver",
     {},
     "",
     0,
     {},
     {},
     {},
     {},
     {},
     {},
     {},
     "Server",
     "Port",
     "Database",
     "UID",
     "PWD",
     "28000",
     0,
     "",
     refused_short,
     "",
     {},
     0,
     true,
     false,
     {}},
}};

std::string_view base_name(std::string_view file) {
  const auto slash = file.find_last_of("/\\");
  return slash == std::string_view::npos ? file : file.substr(slash + 1);
}

struct TlsWord {
  const char* word;
  std::optional<TlsLevel> level;  // nullopt: less than encryption
};
constexpr std::array tls_words{TlsWord{"verify-full", TlsLevel::verify_full},
                               TlsWord{"verify_identity", TlsLevel::verify_full},
                               TlsWord{"verify-identity", TlsLevel::verify_full},
                               TlsWord{"vf", TlsLevel::verify_full},
                               TlsWord{"verify-ca", TlsLevel::verify_ca},
                               TlsWord{"verify_ca", TlsLevel::verify_ca},
                               TlsWord{"vc", TlsLevel::verify_ca},
                               TlsWord{"require", TlsLevel::require},
                               TlsWord{"required", TlsLevel::require},
                               TlsWord{"r", TlsLevel::require},
                               TlsWord{"disable", {}},
                               TlsWord{"disabled", {}},
                               TlsWord{"d", {}},
                               TlsWord{"allow", {}},
                               TlsWord{"a", {}},
                               TlsWord{"prefer", {}},
                               TlsWord{"preferred", {}},
                               TlsWord{"p", {}},
                               TlsWord{"", {}}};

Error too_weak(const BaseDriverProfile& profile, std::string_view name, std::string_view value) {
  return cannot_connect(std::string(name) + "=" + std::string(value) +
                        " would let an IAM token travel without TLS. Use TLS=verify-full (the default)" +
                        (keeps_tls_unchecked(profile) ? ", verify-ca or require." : "."));
}

bool is_yes(std::string_view value) {
  return value == "1" || same_name(value, "yes") || same_name(value, "true") || same_name(value, "on");
}

// SQL_DRIVER_VER, "08.00.0033", as numbers; zeros where it does not tell.
std::array<int, 3> numbers_of(const std::string& version) {
  std::array<int, 3> parts{};
  std::size_t part = 0;
  for (const char c : version) {
    if (c >= '0' && c <= '9') {
      parts[part] = parts[part] * 10 + (c - '0');
    } else if (c == '.' && part < 2) {
      ++part;
    } else {
      break;
    }
  }
  return parts;
}

// Whether it is older than 8.0.patch. A version that does not tell counts as new.
bool is_older_than_8_0(const std::string& version, int patch) {
  const auto numbers = numbers_of(version);
  return numbers[0] != 0 && numbers < std::array{8, 0, patch};
}

std::string title_and_version(const BaseDriverFacts& base) {
  return base.profile->title + (base.version.empty() ? "" : " " + base.version);
}

}  // namespace

const char* text(TlsLevel level) {
  switch (level) {
    case TlsLevel::require:
      return "require";
    case TlsLevel::verify_ca:
      return "verify-ca";
    case TlsLevel::verify_full:
      break;
  }
  return "verify-full";
}

const BaseDriverProfile& base_driver_profile(std::string_view file) {
  const std::string name = lower(base_name(file));
  for (const BaseDriverProfile& profile : table) {
    for (const char* prefix : profile.file_prefixes) {
      if (name.starts_with(prefix)) return profile;
    }
  }
  return base_driver_profile(BaseKind::unknown);
}

const BaseDriverProfile& base_driver_profile(BaseKind kind) {
  return table[static_cast<std::size_t>(kind)];
}

bool keeps_tls_unchecked(const BaseDriverProfile& profile) {
  return profile.kind != BaseKind::mariadb;
}

bool is_one_of(std::span<const char* const> names, std::string_view name) {
  for (const char* known : names) {
    if (same_name(known, name)) return true;
  }
  return false;
}

bool reads(const BaseDriverProfile& profile, std::string_view name) {
  return is_one_of(profile.names, name);
}

bool reads_in_section(const BaseDriverProfile& profile, std::string_view name) {
  return profile.section_names.empty() ? reads(profile, name) : is_one_of(profile.section_names, name);
}

const AttributeRow* our_attribute(const BaseDriverProfile& profile, std::string_view name) {
  for (const Spelling& spelling : profile.spellings) {
    if (same_name(spelling.name, name)) return &attribute_row(spelling.id);
  }
  return find_attribute(name);
}

bool is_spelling_of(const BaseDriverProfile& profile, const AttributeRow& row, std::string_view name) {
  for (const Spelling& spelling : profile.spellings) {
    if (same_name(spelling.name, name)) return spelling.id == row.id;
  }
  return same_name(row.name, name) || is_one_of(row.aliases, name);
}

Result<std::optional<TlsLevel>> tls_level_of(const BaseDriverProfile& profile, std::string_view name,
                                             std::string_view value) {
  const std::string_view written = trimmed(value);
  const bool switches_off = same_name(name, "DISABLE_SSL_DEFAULT");
  if (switches_off || same_name(name, "FORCETLS") || same_name(name, "SSL_ENFORCE")) {
    if (is_yes(written) == switches_off) return too_weak(profile, name, value);
    return std::optional<TlsLevel>{};  // the least that we do anyway
  }
  if (same_name(name, "SSLVERIFY")) {
    // MySQL's default is 0, whatever SSLMODE says beside it.
    if (profile.kind == BaseKind::mysql && !is_yes(written)) return std::optional<TlsLevel>{};
    return std::optional<TlsLevel>(is_yes(written) ? TlsLevel::verify_full : TlsLevel::require);
  }
  for (const TlsWord& word : tls_words) {
    if (!same_name(word.word, written)) continue;
    if (!word.level) return too_weak(profile, name, value);
    return word.level;
  }
  return Error{State::invalid_attribute_value,
               std::string(name) + "=" + std::string(value) + " is not a TLS level of " + profile.title +
                   ". Allowed: " + (keeps_tls_unchecked(profile) ? "verify-full, verify-ca, require." : "verify-full."),
               0};
}

std::optional<Error> exceeded_limit(const BaseDriverFacts& base, Width width, std::size_t secret_size,
                                    std::size_t string_size) {
  const auto too_long = [&](const std::string& what, std::size_t size, std::size_t limit, const std::string& advice) {
    return cannot_connect(what + " is " + std::to_string(size) + " bytes long and " + title_and_version(base) +
                          " takes " + std::to_string(limit) + ": " + advice);
  };
  switch (base.profile->kind) {
    case BaseKind::psqlodbc:
      if (secret_size > 65530) {
        return too_long("The password", secret_size, 65530,
                        "no PostgreSQL server takes a longer one. Use credentials with a shorter session token.");
      }
      if (width == Width::wide && string_size > 32767) {
        return too_long("The connection string", string_size, 32767,
                        "unset PGPASSWORD if it is set, or use the narrow driver (Driver=iamodbc narrow with "
                        "psqlodbca.so), or credentials with a shorter session token.");
      }
      break;
    case BaseKind::mariadb:
      if (string_size > 131072)
        return too_long("The connection string", string_size, 131072, "use credentials with a shorter session token.");
      break;
    case BaseKind::mysql:
      if (width == Width::narrow && string_size > 32767) {
        return too_long("The connection string", string_size, 32767,
                        "use MariaDB Connector/ODBC, which takes tokens of any length.");
      }
      break;
    case BaseKind::unknown:
      break;
  }
  return std::nullopt;
}

std::optional<Error> exceeded_value_limit(const BaseDriverFacts& base, std::string_view what, std::string_view value) {
  if (base.profile->kind != BaseKind::mysql || is_older_than_8_0(base.version, 34)) return std::nullopt;
  constexpr std::size_t limit = 1023;
  if (value.size() <= limit) return std::nullopt;
  std::size_t units = 0;  // of UTF-16: one a character, two where UTF-8 has four bytes; one for what is no UTF-8
  int following = 0;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (following > 0 && (byte & 0xC0U) == 0x80U) {
      --following;
      continue;
    }
    following = byte >= 0xF0U ? 3 : byte >= 0xE0U ? 2 : byte >= 0xC0U ? 1 : 0;
    units += byte >= 0xF0U ? 2 : 1;
  }
  if (units <= limit) return std::nullopt;
  return cannot_connect(std::string(what) + " is " + std::to_string(units) + " characters long and " +
                        title_and_version(base) + " takes " + std::to_string(limit) +
                        ": longer ones overflow a buffer in it (bugs.mysql.com 119511). Use MariaDB Connector/ODBC, "
                        "which takes values of any length.");
}

std::optional<Error> unfit_for_tls(const BaseDriverFacts& base) {
  if (base.profile->kind != BaseKind::mysql || !is_older_than_8_0(base.version, 19)) return std::nullopt;
  return cannot_connect(title_and_version(base) +
                        " is too old: before 8.0.19 neither TLS nor TCP can be forced in every case. Use a newer one, "
                        "or MariaDB Connector/ODBC.");
}

bool cancels_in_clear(const BaseDriverFacts& base) {
  if (base.profile->kind != BaseKind::mariadb) return false;
  const auto version = numbers_of(base.version);
  const bool is_mended =
      (version >= std::array{3, 1, 22} && version < std::array{3, 2, 0}) || version >= std::array{3, 2, 8};
  return !is_mended;
}

bool ends_at_first_brace(const BaseDriverFacts& base) {
  return base.profile->kind == BaseKind::mysql && is_older_than_8_0(base.version, 30);
}

}  // namespace iamodbc
