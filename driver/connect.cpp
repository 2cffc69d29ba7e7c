// SPDX-License-Identifier: Apache-2.0
#include "driver/connect.h"

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <span>
#include <utility>

#include "core/addresses.h"
#include "core/base_string.h"
#include "core/credentials/cache.h"
#include "core/encoding.h"
#include "core/login/names.h"
#include "core/login/shared_tokens.h"
#include "core/login/writer_region.h"
#include "core/pass_file.h"
#include "core/text.h"
#include "core/tunnel.h"
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

constexpr const char* refused_password =
    "The password that was fetched was refused: the next record says what to check, `iamodbc check` shows each step.";

// The base driver's own text with our shortest advice behind it, if both fit where driver managers cut.
void append_advice(Record& record, const BaseDriverProfile& profile, bool login_refused, AuthType type) {
  std::string advice;
  if (login_refused) advice = fetches_login(type) ? refused_password : profile.refused_advice;
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
  try {
    attempted.status = call_base_connect(driver, base.value(), text, width);
    if (attempted.status != SQL_SUCCESS)
      attempted.records = read_diagnostics(driver.functions, SQL_HANDLE_DBC, base.value(), width);
  } catch (const std::exception&) {  // no memory for what it says
    if (SQL_SUCCEEDED(attempted.status)) driver.functions.SQLDisconnect(base.value());
    close_base(driver, base.value());
    throw;
  }
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

    auto walked = walk(given.value(), files);
    if (!walked) return fail_and_log(walked.error());
    Rooms& rooms = walked.value();
    auto dialled = dial_through_tunnel(rooms, given.value(), files);
    if (!dialled) return fail_and_log(dialled.error());
    if (SQL_SUCCEEDED(dialled.value().status)) {
      try {
        if (dbc_.functions == &rooms.base->with_own_cancel)
          prepare_to_cancel(dbc_, given.value().string().write(), width_);
        const SQLRETURN status = succeed(given.value(), rooms, std::move(dialled).value());
        dbc_.tunnel = std::move(tunnel_);
        return status;
      } catch (...) {  // no memory for the out string: an error may not leave the connection open
        rooms.base->functions.SQLDisconnect(dbc_.base);
        release_children_and_disconnect(dbc_);
        throw;
      }
    }
    return refuse(rooms, std::move(dialled).value());
  }

 private:
  // What every try of this connect has behind it.
  struct Rooms {
    const BaseDriver* base = nullptr;
    BaseDriverFacts facts;
    Settings settings;
    PreparedLogin prepared;
  };

  // From what was given to the login. `given` learns what a login that is fetched tells of the database.
  Result<Rooms> walk(Given& given, const OdbcFiles& files) {
    Rooms rooms;
    if (auto error = fetch_login(rooms.prepared, given, system_, log_, deadline_, may_prompt_)) return *error;
    auto file = choose_base_driver(given, files, system_, own_folder_);
    if (!file) return file.error();
    auto driver = BaseDriver::load(file.value());
    if (!driver) return driver.error();
    if (auto error = shape_error(*driver.value(), files)) return *error;
    rooms.base = driver.value();
    rooms.facts = BaseDriverFacts{rooms.base->path, file.value().section, rooms.base->version,
                                  rooms.base->libpq_version, &base_driver_profile(rooms.base->path)};
    const BaseDriverProfile& profile = *rooms.facts.profile;
    log_.info("connecting: " + given.string().redacted([&](std::string_view name) { return may_show(profile, name); }));
    log_.info("base driver " + rooms.facts.file + " " + rooms.facts.version);

    auto settings = read_settings(given, profile, may_prompt_);
    if (settings) settings = with_resolved_server(std::move(settings).value(), log_, deadline_);
    if (!settings) return settings.error();
    rooms.settings = std::move(settings).value();
    if (auto error = prepare_login(rooms.prepared, given, rooms.settings, profile, system_, log_,
                                   data_directory(own_folder_), deadline_)) {
      return *error;
    }
    // psqlODBC refuses both; the program's own time-out is the one that is being waited for.
    if (rooms.prepared.tls && deadline_ != no_deadline) {
      auto& options = rooms.prepared.tls->libpq_options;
      std::erase_if(options, [](const auto& option) { return option.first == "connect_timeout"; });
    }
    log_login(rooms.prepared);
    return rooms;
  }

  static bool is_refused(const Rooms& rooms, const Result<Attempted>& dialled) {
    return dialled && rooms.prepared.login && !SQL_SUCCEEDED(dialled.value().status) &&
           is_login_refused(*rooms.facts.profile, dialled.value().records);
  }

  static void forget(const Login& refused) {
    LoginCache::of_process().drop(refused.key, refused.signed_at);
    drop_shared_token(refused);
    forget_writer_region(refused.signed_endpoint.host);
  }

  // The one before goes only then: where it is the same program, that runs on.
  std::optional<Error> take_tunnel(const Rooms& rooms) {
    auto tunnel = open_tunnel(rooms.settings, *rooms.facts.profile, rooms.prepared.tls ? &*rooms.prepared.tls : nullptr,
                              system_, log_, deadline_);
    if (!tunnel) return tunnel.error();
    tunnel_ = std::move(tunnel).value();
    return std::nullopt;
  }

  // Without Tunnel there is none. One that ends while we go through it, perhaps because it was as good as dead, is followed by one new one.
  Result<Attempted> dial_through_tunnel(Rooms& rooms, Given& given, const OdbcFiles& files) {
    for (bool is_second = false;; is_second = true) {
      if (auto error = take_tunnel(rooms)) return *error;
      auto dialled = dial_with_fresh_try(rooms, given, files);
      const bool is_connected = dialled && SQL_SUCCEEDED(dialled.value().status);
      if (is_second || is_connected || !tunnel_.has_ended()) return dialled;
      log_.warning("the tunnel ended while connecting: one try with a new one");
    }
  }

  // A login out of the cache may have been good once: when it is refused, a newer one is tried, and `rooms` are its.
  Result<Attempted> dial_with_fresh_try(Rooms& rooms, Given& given, const OdbcFiles& files) {
    auto dialled = dial(rooms, given);
    if (!is_refused(rooms, dialled)) return dialled;
    forget(*rooms.prepared.login);
    auto newer = newer_login(rooms, given, files);
    if (!newer) return dialled;
    rooms = std::move(*newer);
    // It may be for another host or port, which the tunnel has to lead to as well.
    if (auto error = take_tunnel(rooms)) return *error;
    dialled = dial(rooms, given);
    if (is_refused(rooms, dialled)) forget(*rooms.prepared.login);
    return dialled;
  }

  // The turn of a fresh try, until the newer login is there or cannot be had.
  class Turn {
   public:
    explicit Turn(const LoginKey& key) : key_(key) {}
    ~Turn() { LoginCache::of_process().end_fresh_try(key_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    const LoginKey& key_;
  };

  // The walk again, whole: what is fetched anew may be another user, or a database elsewhere. Without a newer login, or without time or turn for one, the refusal stands.
  std::optional<Rooms> newer_login(const Rooms& refused_one, Given& given, const OdbcFiles& files) {
    const Login& refused = *refused_one.prepared.login;
    LoginCache& cache = LoginCache::of_process();
    // The session of a role may have been revoked. It is not what a secret depends on.
    const bool depends_on_keys = refused.kind != AuthType::secrets_manager;
    const bool are_keys_kept = depends_on_keys && refused_one.prepared.credentials->may_be_outdated;
    if (!(refused.is_from_cache || are_keys_kept) || passed(deadline_, "logging in")) return std::nullopt;
    std::optional<Turn> turn;
    if (!cache.has_newer(refused.key, refused.signed_at)) {
      // Other keys make another token within the same second too.
      const Time last = refused.signed_at - std::chrono::seconds(are_keys_kept ? 1 : 0);
      if (!cache.take_fresh_try(refused.key, last, aws_now(system_))) return std::nullopt;
      turn.emplace(refused.key);
      if (depends_on_keys) CredentialCache::of_process().doubt(refused_one.prepared.credentials);
    }
    log_.warning("the server refused a login that was kept: one try with a new one");
    // It is asked for as the first one was: what that one told of the database is no part of the question.
    auto told = given.learn({});
    auto rooms = walk(given, files);
    if (!rooms) {
      given.learn(std::move(told));
      log_.error("no new login: " + rooms.error().message);
      return std::nullopt;
    }
    if (is_same(rooms.value(), refused_one)) return std::nullopt;
    return std::move(rooms).value();
  }

  // A secret that did not change, and a token of the same second, would be refused again, and servers count that.
  static bool is_same(const Rooms& a, const Rooms& b) {
    const Login& one = *a.prepared.login;
    const Login& other = *b.prepared.login;
    const bool goes_to_the_same = same_name(a.settings.server, b.settings.server) &&
                                  a.settings.port == b.settings.port && a.settings.database == b.settings.database &&
                                  a.base == b.base;
    return goes_to_the_same && one.user == other.user && one.secret.reveal() == other.secret.reveal();
  }

  SQLRETURN fail_and_log(const Error& error) {
    log_.error(error.message);
    return fail(dbc_, error);
  }

  void log_login(const PreparedLogin& prepared) {
    if (!prepared.login) return;
    const Login& login = *prepared.login;
    if (fetches_login(login.kind)) {
      log_.info((login.is_from_cache ? "kept login of " : "login of ") + login.source + ", region " +
                login.signed_endpoint.region + " (" + login.region_why + "), by " + login.identity + ", until " +
                extended_time(*login.end));
      return;
    }
    log_.info(std::string(login.is_from_cache ? "kept token of " : "token of ") + std::to_string(login.secret.size()) +
              " bytes for " + login.signed_endpoint.host + ":" + std::to_string(login.signed_endpoint.port) +
              ", region " + login.signed_endpoint.region + " (" + login.region_why + "), by " + login.identity +
              ", until " + extended_time(*login.end));
  }

  const BaseFunctions& functions_for(const Rooms& rooms) {
    if (!rooms.prepared.tls || !cancels_in_clear(rooms.facts)) return rooms.base->forwarded;
    log_.info("this version of the base driver cancels statements in clear: SQLCancel is ours");
    return rooms.base->with_own_cancel;
  }

  Result<Attempted> attempt_past_a_race(const Rooms& rooms, const BaseFunctions& functions, const Secret& text,
                                        std::span<const SQLINTEGER> deferred) {
    auto result = attempt(dbc_, *rooms.base, functions, text, width_, deadline_, deferred);
    if (!result || !lost_a_race(*rooms.facts.profile, result.value())) return result;
    return attempt(dbc_, *rooms.base, functions, text, width_, deadline_, deferred);
  }

  // An empty one where the base driver itself looks up Server.
  Result<std::vector<std::string>> addresses_to_dial(const Rooms& rooms) {
    const bool finds_it_itself = !rooms.prepared.tls || !rooms.prepared.tls->dials_another_host ||
                                 rooms.facts.profile->kind != BaseKind::psqlodbc;
    if (finds_it_itself) return std::vector<std::string>{""};
    return numeric_addresses(tunnel_.is_in_use() ? tunnel_.host() : rooms.settings.server, deadline_);
  }

  // Every address in order, each with a base handle of its own; a refusal ends the search, because the next address is the same database.
  Result<Attempted> dial(const Rooms& rooms, const Given& given) {
    const PreparedLogin& prepared = rooms.prepared;
    const Settings& settings = rooms.settings;
    const BaseDriverFacts& facts = rooms.facts;
    auto addresses = addresses_to_dial(rooms);
    if (!addresses) return addresses.error();
    std::optional<PassFile> pass_file;
    if (prepared.login && hands_over_in_a_file(facts, prepared.login->secret))
      pass_file = PassFile::create(prepared.login->secret.reveal());
    std::span<const SQLINTEGER> deferred;
    if (prepared.login && !pass_file && facts.profile->kind == BaseKind::psqlodbc) {
      deferred = psqlodbc_logs;
      log_.warning(std::string(signs_token(prepared.login->kind) ? "the token" : "the password") +
                   " stands in psqlODBC's connection string, because PGPASSWORD is set or a password file in memory "
                   "cannot be made, or cannot hold it; while another connection of this process has Debug=1, psqlODBC "
                   "logs it");
    }

    const BaseFunctions& functions = functions_for(rooms);
    Attempted attempted;
    for (const std::string& address : addresses.value()) {
      if (auto error = passed(deadline_, "connecting")) return *error;
      const BaseStringInput input{given,
                                  settings,
                                  facts,
                                  prepared.login ? &*prepared.login : nullptr,
                                  prepared.tls ? &*prepared.tls : nullptr,
                                  pass_file ? pass_file->path() : "",
                                  address,
                                  seconds_left(deadline_),
                                  settings.tunnel_takes_port ? tunnel_.port() : 0};
      auto text = write_base_string(input, width_);
      if (!text) return text.error();
      auto result = attempt_past_a_race(rooms, functions, text.value(), deferred);
      if (!result) return result.error();
      attempted = std::move(result).value();
      if (SQL_SUCCEEDED(attempted.status) || is_login_refused(*facts.profile, attempted.records)) break;
    }
    return attempted;
  }

  // A line of a password file ends where libpq sees a line end.
  [[nodiscard]] bool hands_over_in_a_file(const BaseDriverFacts& facts, const Secret& secret) const {
    return secret.reveal().find_first_of("\r\n") == std::string_view::npos &&
           facts.profile->kind == BaseKind::psqlodbc && facts.libpq_version >= first_libpq_with_long_lines &&
           !system_.set_for_libraries("PGPASSWORD");
  }

  SQLRETURN succeed(const Given& given, const Rooms& rooms, Attempted attempted) {
    // The base driver's word about the out buffer is about a buffer that it was not given.
    auto& records = attempted.records;
    const auto is_about_buffer = [](const Record& record) { return record.sqlstate == State::string_truncated; };
    const bool passes_own =
        attempted.status == SQL_SUCCESS_WITH_INFO && std::none_of(records.begin(), records.end(), is_about_buffer);
    records.erase(std::remove_if(records.begin(), records.end(), is_about_buffer), records.end());
    log_.info("connected");
    if (rooms.prepared.login) share_token(*rooms.prepared.login, system_, log_);

    const Secret text = write_out_string(given, rooms.settings, *rooms.facts.profile);
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

  // A record of our own behind the base driver's; empty: there is nothing to add.
  std::string advice_for(const Settings& settings, const PreparedLogin& prepared, const BaseDriverProfile& profile,
                         const Record& first, bool login_refused) const {
    const bool is_about_certificate = prepared.login && contains(first.message, "certificate");
    if (!login_refused && !is_about_certificate) return "";
    const std::string endpoint = signs_token(settings.auth_type) ? advised_endpoint(settings, deadline_) : "";
    if (login_refused) return refusal_advice(settings, *prepared.login, profile, prepared.login->signed_at, endpoint);
    if (endpoint.empty()) return "";
    return "DNS says that " + settings.server + " is an alias of " + endpoint +
           ", and that is the name which the certificate has and a token is for. Write " +
           line_for_endpoint(endpoint, profile) + " (or ResolveCNAME=yes) into the DSN.";
  }

  SQLRETURN refuse(const Rooms& rooms, Attempted attempted) {
    const auto& [base, facts, settings, prepared] = rooms;
    auto& records = attempted.records;
    const bool login_refused = prepared.login && is_login_refused(*facts.profile, records);
    if (records.empty()) {
      records.push_back(Record{State::cannot_connect,
                               "[iamodbc] The base driver " + facts.file + " could not connect and does not say why.",
                               0});
    }
    for (Record& record : records) remove_pass_file_remark(record.message);
    if (brings_login(settings.auth_type))
      append_advice(records.front(), *facts.profile, login_refused, settings.auth_type);
    log_.error("the base driver could not connect: " + records.front().sqlstate + " " + records.front().message);
    if (const std::string advice = advice_for(settings, prepared, *facts.profile, records.front(), login_refused);
        !advice.empty()) {
      log_.error(advice);
      // With the base driver's state: unixODBC sorts records, the highest state first, and equal ones keep their order.
      records.insert(records.begin() + 1, Record{records.front().sqlstate, "[iamodbc] " + advice, 0});
    }
    if (tunnel_.is_in_use() && !login_refused) add_tunnel(records, settings, *facts.profile);
    return set_diagnostics(dbc_, Diagnostics{attempted.status, std::move(records), settings.server});
  }

  // What failed may be the tunnel, which says it on its own standard error.
  void add_tunnel(std::vector<Record>& records, const Settings& settings, const BaseDriverProfile& profile) {
    std::string text = tunnel_.report(system_);
    log_.error(text);
    if (const std::string advice = tunnel_name_advice(settings, profile); !advice.empty()) text += " " + advice;
    records.insert(records.begin() + 1, Record{records.front().sqlstate, "[iamodbc] " + text, 0});
  }

  Dbc& dbc_;
  Width width_;
  OutString out_;
  bool may_prompt_;
  System system_;
  std::string own_folder_ = own_folder();  // asked once: it is a walk through the file system
  Log log_;
  Deadline deadline_ = no_deadline;
  TunnelUse tunnel_;
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
