// SPDX-License-Identifier: Apache-2.0
#include "driver/connect.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "core/addresses.h"
#include "core/base_string.h"
#include "core/credentials/cache.h"
#include "core/encoding.h"
#include "core/pass_file.h"
#include "core/text.h"
#include "core/walk.h"
#include "driver/base_connection.h"
#include "driver/base_driver.h"
#include "driver/cancel.h"
#include "driver/diagnostics.h"
#include "driver/own.h"
#include "driver/text.h"

namespace iamodbc {
namespace {

// libpq 13 reads lines of a password file whole; older ones stop at 320 bytes.
constexpr int first_libpq_with_long_lines = 130000;
// unixODBC cuts messages of a failed connect to 512 bytes with the NUL.
constexpr std::size_t whole_message_bytes = 511;

// ---- one attempt ----

struct Refusal {
  std::vector<Record> records;
  bool is_login_refused = false;
};

bool contains(std::string_view text, std::string_view part) {
  return lower(text).find(lower(part)) != std::string::npos;
}

bool is_login_refused(const BaseDriverProfile& profile, const std::vector<Record>& records) {
  return std::any_of(records.begin(), records.end(), [&](const Record& record) {
    return record.sqlstate == profile.refused_state &&
           (profile.refused_native == 0 || record.native == profile.refused_native) && *profile.refused_text != '\0' &&
           contains(record.message, profile.refused_text);
  });
}

// libpq adds this to a refusal when the password came from a file; the file is ours and gone.
void remove_pass_file_remark(std::string& message) {
  const auto at = message.find("password retrieved from file \"");
  if (at == std::string::npos) return;
  auto end = message.find('"', message.find('"', at) + 1);
  if (end == std::string::npos) return;
  ++end;
  if (end < message.size() && message[end] == '\n') ++end;
  message.erase(at, end - at);
}

// The base driver's own text with our shortest advice behind it, if both fit where driver managers cut.
void append_advice(Record& record, const BaseDriverProfile& profile, bool login_refused) {
  std::string advice = login_refused ? profile.refused_advice : "";
  for (const Hint& hint : profile.hints) {
    if (!advice.empty()) break;
    if (contains(record.message, hint.in_message)) advice = hint.advice;
  }
  if (advice.empty()) return;
  std::string text = record.message;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  text += " [iamodbc] " + advice;
  if (text.size() <= whole_message_bytes) record.message = std::move(text);
}

SQLRETURN call_base_connect(const BaseDriver& driver, SQLHDBC base, const Secret& text, Width width) {
  if (width == Width::narrow) {
    // ODBC's prototype is not const; no driver writes to it.
    auto* const bytes = reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.reveal().data()));
    return driver.functions.SQLDriverConnect(base, nullptr, bytes, SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  }
  std::u16string units = utf16_from_utf8(text.reveal());
  const SQLRETURN status = driver.functions.SQLDriverConnectW(base, nullptr, reinterpret_cast<SQLWCHAR*>(units.data()),
                                                              SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  volatile char16_t* unit = units.data();
  for (std::size_t i = 0; i < units.size(); ++i) unit[i] = 0;
  return status;
}

void set_integer(const BaseDriver& driver, SQLHDBC base, SQLINTEGER attribute, SQLULEN value) {
  const auto set = driver.functions.SQLSetConnectAttr != nullptr ? driver.functions.SQLSetConnectAttr
                                                                 : driver.functions.SQLSetConnectAttrW;
  if (set != nullptr) set(base, attribute, reinterpret_cast<SQLPOINTER>(value), SQL_IS_UINTEGER);
}

// What is left of the login time-out; ODBC counts it in seconds, and 0 would mean for ever. Without a deadline, 0.
int seconds_left(Deadline deadline) {
  if (deadline == no_deadline) return 0;
  const auto left = std::chrono::ceil<std::chrono::seconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 1, std::numeric_limits<int>::max()));
}

void set_time_left(const BaseDriver& driver, SQLHDBC base, Deadline deadline) {
  if (deadline == no_deadline) return;
  set_integer(driver, base, SQL_ATTR_LOGIN_TIMEOUT, static_cast<SQLULEN>(seconds_left(deadline)));
}

struct Attempted {
  SQLRETURN status = SQL_ERROR;
  std::vector<Record> records;  // the base driver's, of a failure or of success with info
};

// psqlODBC's own connection attributes for its two logs, which would write the string that it connects with.
constexpr std::array<SQLINTEGER, 2> psqlodbc_logs{65536, 65537};

// `functions`: through which calls go once it is connected. `deferred`: queued attributes that are set after the connect.
Result<Attempted> attempt(Dbc& dbc, const BaseDriver& driver, const BaseFunctions& functions, const Secret& text,
                          Width width, Deadline deadline, std::span<const SQLINTEGER> deferred) {
  auto base = open_base(dbc, driver, deferred);
  if (!base) return base.error();
  set_time_left(driver, base.value(), deadline);
  Attempted attempted;
  attempted.status = call_base_connect(driver, base.value(), text, width);
  if (attempted.status != SQL_SUCCESS)
    attempted.records = read_diagnostics(driver.functions, SQL_HANDLE_DBC, base.value(), width);
  if (SQL_SUCCEEDED(attempted.status)) {
    adopt(dbc, driver, base.value(), functions, deferred);
  } else {
    close_base(driver, base.value());
  }
  return attempted;
}

// Two threads that need MariaDB's client plugin for the first time at once: to one of them Connector/C says that it is loaded already, and gives up before the server
// saw a password.
bool lost_a_race(const BaseDriverProfile& profile, const Attempted& attempted) {
  return profile.kind == BaseKind::mariadb && !SQL_SUCCEEDED(attempted.status) &&
         std::any_of(attempted.records.begin(), attempted.records.end(),
                     [](const Record& record) { return contains(record.message, "it is already loaded"); });
}

// ---- the walk ----

class Walk {
 public:
  Walk(Dbc& dbc, Width width, const OutString& out, bool may_prompt)
      : dbc_(dbc), width_(width), out_(out), may_prompt_(may_prompt) {
    const auto timeout = dbc.attributes.integer(SQL_ATTR_LOGIN_TIMEOUT);
    // ODBC's type for it is 32 bits wide; what a program leaves above them is not meant.
    const auto seconds = static_cast<SQLUINTEGER>(timeout.value_or(0));
    if (seconds > 0) deadline_ = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  }

  SQLRETURN run(ConnectionString string) {
    const OdbcFiles files = OdbcFiles::read(system_);
    auto given = Given::gather(std::move(string), files);
    if (!given) return fail(dbc_, given.error());
    auto log = read_log(given.value());
    if (!log) return fail(dbc_, log.error());
    log_ = log.value();
    for (const std::string& problem : files.problems()) log_.warning(problem);

    auto file = choose_base_driver(given.value(), files, system_, own_folder_);
    if (!file) return fail_and_log(file.error());
    auto driver = BaseDriver::load(file.value());
    if (!driver) return fail_and_log(driver.error());
    if (auto error = shape_error(*driver.value(), files)) return fail_and_log(*error);
    const BaseDriver& base = *driver.value();
    const BaseDriverFacts facts{base.path, file.value().section, base.version, base.libpq_version,
                                &base_driver_profile(base.path)};
    log_.info("connecting: " +
              given.value().string().redacted([&](std::string_view name) { return may_show(*facts.profile, name); }));
    log_.info("base driver " + facts.file + " " + facts.version);

    auto settings = read_settings(given.value(), *facts.profile, may_prompt_);
    if (!settings) return fail_and_log(settings.error());
    const Room room{given.value(), settings.value(), base, facts};
    auto prepared = prepare(room);
    if (!prepared) return fail_and_log(prepared.error());
    log_login(prepared.value());
    auto dialled = dial_with_fresh_try(room, prepared.value());
    if (!dialled) return fail_and_log(dialled.error());
    if (SQL_SUCCEEDED(dialled.value().status)) {
      try {
        if (dbc_.functions == &base.with_own_cancel) prepare_to_cancel(dbc_, given.value().string().write(), width_);
        return succeed(given.value(), settings.value(), facts, std::move(dialled).value());
      } catch (...) {  // no memory for the out string: an error may not leave the connection open
        base.functions.SQLDisconnect(dbc_.base);
        release_children_and_disconnect(dbc_);
        throw;
      }
    }
    return refuse(settings.value(), prepared.value(), facts, std::move(dialled).value());
  }

 private:
  // What every try of this connect has before it.
  struct Room {
    const Given& given;
    const Settings& settings;
    const BaseDriver& base;
    const BaseDriverFacts& facts;
  };

  Result<PreparedLogin> prepare(const Room& room) {
    auto prepared = prepare_login(room.given, room.settings, *room.facts.profile, system_, log_,
                                  data_directory(own_folder_), deadline_);
    // psqlODBC refuses both; the program's own time-out is the one that is being waited for.
    if (prepared && prepared.value().tls && deadline_ != no_deadline) {
      auto& options = prepared.value().tls->libpq_options;
      std::erase_if(options, [](const auto& option) { return option.first == "connect_timeout"; });
    }
    return prepared;
  }

  static bool is_refused(const Room& room, const PreparedLogin& prepared, const Result<Attempted>& dialled) {
    return dialled && prepared.login && !SQL_SUCCEEDED(dialled.value().status) &&
           is_login_refused(*room.facts.profile, dialled.value().records);
  }

  static void forget(const Login& refused) { LoginCache::of_process().drop(refused.key, refused.signed_at); }

  // A login out of the cache may have been good once: when it is refused, a newer one is tried, and `prepared` is its.
  Result<Attempted> dial_with_fresh_try(const Room& room, PreparedLogin& prepared) {
    auto dialled = dial(room, prepared);
    if (!is_refused(room, prepared, dialled)) return dialled;
    forget(*prepared.login);
    auto newer = newer_login(room, prepared);
    if (!newer) return dialled;
    prepared = std::move(*newer);
    log_login(prepared);
    dialled = dial(room, prepared);
    if (is_refused(room, prepared, dialled)) forget(*prepared.login);
    return dialled;
  }

  // The walk again, from the credentials on. Without a newer login, or without time or turn for one, the refusal stands.
  std::optional<PreparedLogin> newer_login(const Room& room, const PreparedLogin& refused_one) {
    const Login& refused = *refused_one.login;
    LoginCache& cache = LoginCache::of_process();
    if (!refused.is_from_cache || passed(deadline_, "logging in")) return std::nullopt;
    if (!cache.has_newer(refused.key, refused.signed_at)) {
      if (!cache.take_fresh_try(refused.key, refused.signed_at, aws_now(system_))) return std::nullopt;
      CredentialCache::of_process().doubt(refused_one.credentials);  // the session of a role may have been revoked
    }
    log_.warning("the server refused a token that was kept: one try with a new one");
    auto prepared = prepare(room);
    if (!prepared) {
      log_.error("no new token: " + prepared.error().message);
      return std::nullopt;
    }
    if (prepared.value().login->signed_at <= refused.signed_at) return std::nullopt;
    return std::move(prepared).value();
  }

  SQLRETURN fail_and_log(const Error& error) {
    log_.error(error.message);
    return fail(dbc_, error);
  }

  void log_login(const PreparedLogin& prepared) {
    if (!prepared.login) return;
    const Login& login = *prepared.login;
    log_.info(std::string(login.is_from_cache ? "kept token of " : "token of ") + std::to_string(login.secret.size()) +
              " bytes for " + login.signed_endpoint.host + ":" + std::to_string(login.signed_endpoint.port) +
              ", region " + login.signed_endpoint.region + " (" + login.region_why + "), by " + login.identity +
              ", until " + extended_time(*login.end));
  }

  const BaseFunctions& functions_for(const Room& room, const PreparedLogin& prepared) {
    if (!prepared.tls || !cancels_in_clear(room.facts)) return room.base.forwarded;
    log_.info("this version of the base driver cancels statements in clear: SQLCancel is ours");
    return room.base.with_own_cancel;
  }

  Result<Attempted> attempt_past_a_race(const Room& room, const BaseFunctions& functions, const Secret& text,
                                        std::span<const SQLINTEGER> deferred) {
    auto result = attempt(dbc_, room.base, functions, text, width_, deadline_, deferred);
    if (!result || !lost_a_race(*room.facts.profile, result.value())) return result;
    return attempt(dbc_, room.base, functions, text, width_, deadline_, deferred);
  }

  // Every address in order, each with a base handle of its own; a refusal ends the search, because the next address is the same database.
  Result<Attempted> dial(const Room& room, const PreparedLogin& prepared) {
    const auto& [given, settings, base, facts] = room;
    std::vector<std::string> addresses{""};
    if (prepared.tls && prepared.tls->dials_another_host && facts.profile->kind == BaseKind::psqlodbc) {
      auto found = numeric_addresses(settings.server, deadline_);
      if (!found) return found.error();
      addresses = std::move(found).value();
    }
    std::optional<PassFile> pass_file;
    if (prepared.login && hands_over_in_a_file(facts)) pass_file = PassFile::create(prepared.login->secret.reveal());
    std::span<const SQLINTEGER> deferred;
    if (prepared.login && !pass_file && facts.profile->kind == BaseKind::psqlodbc) {
      deferred = psqlodbc_logs;
      log_.warning(
          "the token stands in psqlODBC's connection string, because PGPASSWORD is set or a password file in "
          "memory cannot be made; while another connection of this process has Debug=1, psqlODBC logs it");
    }

    const BaseFunctions& functions = functions_for(room, prepared);
    Attempted attempted;
    for (const std::string& address : addresses) {
      if (auto error = passed(deadline_, "connecting")) return *error;
      const BaseStringInput input{given,
                                  settings,
                                  facts,
                                  prepared.login ? &*prepared.login : nullptr,
                                  prepared.tls ? &*prepared.tls : nullptr,
                                  pass_file ? pass_file->path() : "",
                                  address,
                                  seconds_left(deadline_)};
      auto text = write_base_string(input, width_);
      if (!text) return text.error();
      auto result = attempt_past_a_race(room, functions, text.value(), deferred);
      if (!result) return result.error();
      attempted = std::move(result).value();
      if (SQL_SUCCEEDED(attempted.status) || is_login_refused(*facts.profile, attempted.records)) break;
    }
    return attempted;
  }

  [[nodiscard]] bool hands_over_in_a_file(const BaseDriverFacts& facts) const {
    return facts.profile->kind == BaseKind::psqlodbc && facts.libpq_version >= first_libpq_with_long_lines &&
           !system_.set_for_libraries("PGPASSWORD");
  }

  SQLRETURN succeed(const Given& given, const Settings& settings, const BaseDriverFacts& facts, Attempted attempted) {
    // The base driver's word about the out buffer is about a buffer that it was not given.
    auto& records = attempted.records;
    const auto is_about_buffer = [](const Record& record) { return record.sqlstate == State::string_truncated; };
    const bool passes_own =
        attempted.status == SQL_SUCCESS_WITH_INFO && std::none_of(records.begin(), records.end(), is_about_buffer);
    records.erase(std::remove_if(records.begin(), records.end(), is_about_buffer), records.end());
    log_.info("connected");

    const Secret text = write_out_string(given, settings, *facts.profile);
    const bool fits = width_ == Width::narrow
                          ? put_text(text.reveal(), static_cast<SQLCHAR*>(out_.buffer), out_.capacity, out_.length)
                          : put_text(text.reveal(), static_cast<SQLWCHAR*>(out_.buffer), out_.capacity, out_.length);
    if (fits && passes_own) return SQL_SUCCESS_WITH_INFO;  // its records are served by the base driver
    if (fits && records.empty()) return SQL_SUCCESS;
    if (!fits) {
      records.push_back(Record{State::string_truncated,
                               "[iamodbc] The completed connection string did not fit into the buffer given for it.",
                               0});
    }
    return set_diagnostics(dbc_, Diagnostics{SQL_SUCCESS_WITH_INFO, std::move(records), given.dsn()});
  }

  SQLRETURN refuse(const Settings& settings, const PreparedLogin& prepared, const BaseDriverFacts& facts,
                   Attempted attempted) {
    auto& records = attempted.records;
    const bool login_refused = prepared.login && is_login_refused(*facts.profile, records);
    if (records.empty()) {
      records.push_back(Record{State::cannot_connect,
                               "[iamodbc] The base driver " + facts.file + " could not connect and does not say why.",
                               0});
    }
    for (Record& record : records) remove_pass_file_remark(record.message);
    if (brings_login(settings.auth_type)) append_advice(records.front(), *facts.profile, login_refused);
    log_.error("the base driver could not connect: " + records.front().sqlstate + " " + records.front().message);
    if (login_refused) {
      const std::string advice = refusal_advice(settings, *prepared.login, *facts.profile, prepared.login->signed_at);
      log_.error(advice);
      // With the base driver's state: unixODBC sorts records, the highest state first, and equal ones keep their order.
      records.insert(records.begin() + 1, Record{records.front().sqlstate, "[iamodbc] " + advice, 0});
    }
    return set_diagnostics(dbc_, Diagnostics{attempted.status, std::move(records), settings.server});
  }

  Dbc& dbc_;
  Width width_;
  OutString out_;
  bool may_prompt_;
  System system_;
  std::string own_folder_ = own_folder();  // asked once: it is a walk through the file system
  Log log_;
  Deadline deadline_ = no_deadline;
};

// ---- the functions ----

template <class Char>
constexpr Width width_of = sizeof(Char) == 1 ? Width::narrow : Width::wide;

// A text of a connect. Some programs count the terminator, or the whole buffer behind it; driver managers and base
// drivers read no further than there.
template <class Char>
Result<std::string> connect_text(const Char* text, SQLSMALLINT length) {
  if (text != nullptr && length > 0) length = static_cast<SQLSMALLINT>(std::find(text, text + length, Char{0}) - text);
  return text_from(text, length);
}

template <class Char>
SQLRETURN driver_connect(SQLHDBC raw, const Char* text, SQLSMALLINT length, Char* out, SQLSMALLINT out_capacity,
                         SQLSMALLINT* out_length, SQLUSMALLINT completion) {
  return own<Dbc>(raw, [&](Dbc& dbc) -> SQLRETURN {
    auto bytes = connect_text(text, length);
    if (!bytes) return fail(dbc, bytes.error());
    if (out_capacity < 0)
      return fail(dbc, Error{State::invalid_string_length, "The length of the out buffer is negative.", 0});
    auto string = ConnectionString::parse(bytes.value());
    wipe(bytes.value());
    if (!string) return fail(dbc, string.error());
    return connect(dbc, std::move(string).value(), width_of<Char>, OutString{out, out_capacity, out_length},
                   completion != SQL_DRIVER_NOPROMPT);
  });
}

template <class Char>
SQLRETURN plain_connect(SQLHDBC raw, const Char* dsn, SQLSMALLINT dsn_length, const Char* user, SQLSMALLINT user_length,
                        const Char* password, SQLSMALLINT password_length) {
  return own<Dbc>(raw, [&](Dbc& dbc) -> SQLRETURN {
    ConnectionString string;
    struct Part {
      const char* name;
      const Char* text;
      SQLSMALLINT length;
    };
    for (const Part& part :
         {Part{"DSN", dsn, dsn_length}, Part{"UID", user, user_length}, Part{"PWD", password, password_length}}) {
      auto bytes = connect_text(part.text, part.length);
      if (!bytes) return fail(dbc, bytes.error());
      if (bytes.value().empty()) continue;  // not given: the DSN's
      // A password is literal here: in braces no base driver decodes it.
      const bool in_braces = std::string_view(part.name) == "PWD";
      Secret written(std::string(part.name) + "=");
      written.append(in_braces ? braced(bytes.value()).reveal() : std::string_view(bytes.value()));
      string.add(in_braces ? Attribute(part.name, bytes.value(), written.reveal())
                           : Attribute(part.name, bytes.value()));
      wipe(bytes.value());
    }
    // It cannot say that nobody may be asked; what may be asked at all is said in odbc.ini.
    return connect(dbc, std::move(string), width_of<Char>, OutString{}, true);
  });
}

// Whether the connection string itself holds secret keys of AWS.
bool has_aws_keys(const Given& given) {
  const auto in_string = [&](AttributeId id) {
    const auto key = given.find(id, base_driver_profile(BaseKind::unknown));
    return key && key->attribute != nullptr;
  };
  return in_string(AttributeId::secret_access_key) || in_string(AttributeId::session_token);
}

// The base driver's own answer, without a login: it asks the application for what it wants to know.
template <class Char>
SQLRETURN browse_connect(SQLHDBC raw, Char* text, SQLSMALLINT length, Char* out, SQLSMALLINT out_capacity,
                         SQLSMALLINT* out_length) {
  return own<Dbc>(raw, [&](Dbc& dbc) -> SQLRETURN {
    const System system;
    auto bytes = connect_text(static_cast<const Char*>(text), length);
    if (!bytes) return fail(dbc, bytes.error());
    auto string = ConnectionString::parse(bytes.value());
    wipe(bytes.value());
    if (!string) return fail(dbc, string.error());
    const OdbcFiles files = OdbcFiles::read(system);
    const auto given = Given::gather(std::move(string).value(), files);
    if (!given) return fail(dbc, given.error());
    if (has_aws_keys(given.value())) {  // the base driver would see, and may log, a string that is not for it
      return fail(dbc, Error{State::not_implemented, "SQLBrowseConnect takes no AWS keys. Use SQLDriverConnect.", 0});
    }
    const auto file = choose_base_driver(given.value(), files, system, own_folder());
    if (!file) return fail(dbc, file.error());
    const auto driver = BaseDriver::load(file.value());
    if (!driver) return fail(dbc, driver.error());
    auto base = open_base(dbc, *driver.value());
    if (!base) return fail(dbc, base.error());
    const auto& functions = driver.value()->functions;
    SQLRETURN status = SQL_ERROR;
    std::vector<Record> records{Record{State::function_not_supported,
                                       "[iamodbc] The base driver has no SQLBrowseConnect. Use SQLDriverConnect.", 0}};
    if constexpr (width_of<Char> == Width::narrow) {
      if (functions.SQLBrowseConnect != nullptr) {
        status = functions.SQLBrowseConnect(base.value(), text, length, out, out_capacity, out_length);
        records = read_diagnostics(functions, SQL_HANDLE_DBC, base.value(), Width::narrow);
      }
    } else if (functions.SQLBrowseConnectW != nullptr) {
      status = functions.SQLBrowseConnectW(base.value(), text, length, out, out_capacity, out_length);
      records = read_diagnostics(functions, SQL_HANDLE_DBC, base.value(), Width::wide);
    }
    close_base(*driver.value(), base.value());
    if (SQL_SUCCEEDED(status) || status == SQL_NEED_DATA) {
      return fail(
          dbc,
          Error{State::not_implemented,
                "This base driver connects step by step, which cannot be done with a token. Use SQLDriverConnect.", 0});
    }
    return set_diagnostics(dbc, Diagnostics{status, std::move(records), given.value().dsn()});
  });
}

}  // namespace

SQLRETURN connect(Dbc& dbc, ConnectionString string, Width width, const OutString& out, bool may_prompt) {
  if (dbc.is(Handle::connected))
    return fail(dbc, Error{State::connection_in_use, "The connection is already open. Disconnect it first.", 0});
  return Walk(dbc, width, out, may_prompt).run(std::move(string));
}

}  // namespace iamodbc

using namespace iamodbc;  // NOLINT(google-build-using-namespace)

IAMODBC_EXPORT SQLRETURN SQL_API SQLDriverConnect(SQLHDBC dbc, SQLHWND, SQLCHAR* text, SQLSMALLINT length, SQLCHAR* out,
                                                  SQLSMALLINT out_capacity, SQLSMALLINT* out_length,
                                                  SQLUSMALLINT completion) {
  return driver_connect(dbc, text, length, out, out_capacity, out_length, completion);
}
IAMODBC_EXPORT SQLRETURN SQL_API SQLDriverConnectW(SQLHDBC dbc, SQLHWND, SQLWCHAR* text, SQLSMALLINT length,
                                                   SQLWCHAR* out, SQLSMALLINT out_capacity, SQLSMALLINT* out_length,
                                                   SQLUSMALLINT completion) {
  return driver_connect(dbc, text, length, out, out_capacity, out_length, completion);
}
IAMODBC_EXPORT SQLRETURN SQL_API SQLConnect(SQLHDBC dbc, SQLCHAR* dsn, SQLSMALLINT dsn_length, SQLCHAR* user,
                                            SQLSMALLINT user_length, SQLCHAR* password, SQLSMALLINT password_length) {
  return plain_connect(dbc, dsn, dsn_length, user, user_length, password, password_length);
}
IAMODBC_EXPORT SQLRETURN SQL_API SQLConnectW(SQLHDBC dbc, SQLWCHAR* dsn, SQLSMALLINT dsn_length, SQLWCHAR* user,
                                             SQLSMALLINT user_length, SQLWCHAR* password, SQLSMALLINT password_length) {
  return plain_connect(dbc, dsn, dsn_length, user, user_length, password, password_length);
}
IAMODBC_EXPORT SQLRETURN SQL_API SQLBrowseConnect(SQLHDBC dbc, SQLCHAR* text, SQLSMALLINT length, SQLCHAR* out,
                                                  SQLSMALLINT out_capacity, SQLSMALLINT* out_length) {
  return browse_connect(dbc, text, length, out, out_capacity, out_length);
}
IAMODBC_EXPORT SQLRETURN SQL_API SQLBrowseConnectW(SQLHDBC dbc, SQLWCHAR* text, SQLSMALLINT length, SQLWCHAR* out,
                                                   SQLSMALLINT out_capacity, SQLSMALLINT* out_length) {
  return browse_connect(dbc, text, length, out, out_capacity, out_length);
}
