// The rooms of a connect, one line each, in the driver's own order; then a connect as any program makes it.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sql.h>
#include <sqlext.h>

#include "core/base_string.h"
#include "core/certificates.h"
#include "core/program.h"
#include "core/text.h"
#include "core/walk.h"
#include "setup/base_probe.h"
#include "setup/command.h"
#include "setup/connection.h"
#include "setup/output.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

// "name          what was found"; without a name a further line of the same room.
void room(const std::string& name, const std::string& found) {
  constexpr std::size_t name_width = 14;
  print(name + std::string(std::max<std::size_t>(name_width, name.size() + 1) - name.size(), ' ') + shown(found));
}

int stopped(const std::string& name, const Error& error) {
  room(name, "FAILED [" + error.sqlstate + "]");
  complain(error);
  return Exit::failed;
}

// A command line may hold secrets: only the program is shown.
std::string shown_command(std::string_view command_line) {
  const auto words = split_command_line(command_line);
  if (!words || words.value().empty()) return "***";
  return words.value().front() + (words.value().size() > 1 ? " ..." : "");
}

void show_attributes(const Given& given, const BaseDriverProfile& profile) {
  std::string name = "attributes";
  for (const Found& found : given.all()) {
    const AttributeRow* const row = our_attribute(profile, found.name);
    const auto winner = row == nullptr ? std::nullopt : given.find(row->id, profile, row->id == AttributeId::database);
    const bool is_overridden = winner && winner->value.data() != found.value.data();
    std::string value(found.value);
    if (!may_show(profile, found.name) && !value.empty()) value = "***";
    if (row != nullptr && row->kind == AttributeKind::command) value = shown_command(found.value);
    if (row != nullptr && row->id == AttributeId::access_key_id) value = masked_key_id(std::string(found.value));
    room(name,
         std::string(found.name) + "=" + value + " (" + found.where + (is_overridden ? "; overridden" : "") + ")");
    name.clear();
  }
}

// What a server says of itself once we are in.
struct Session {
  std::string version;
  std::string tls;   // "TLSv1.3, <cipher>"; empty: none
  std::string time;  // UTC, ISO 8601
};

std::optional<Session> postgresql_session(Connection& connection) {
  const auto row = connection.first_row(
      "select current_setting('server_version'), case when ssl then version || ', ' || cipher end, "
      "to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
      "from pg_stat_ssl where pid = pg_backend_pid()");
  if (!row || row.value().size() != 3) return std::nullopt;
  return Session{row.value()[0], row.value()[1], row.value()[2]};
}

// Of MySQL and MariaDB: SHOW is what both understand.
std::optional<Session> mysql_session(Connection& connection) {
  const auto version = connection.first_row("show session status like 'Ssl_version'");
  const auto cipher = connection.first_row("show session status like 'Ssl_cipher'");
  const auto row = connection.first_row("select version(), date_format(utc_timestamp(3), '%Y-%m-%dT%H:%i:%s.%fZ')");
  const auto is_pair = [](const auto& status) { return status && status.value().size() == 2; };
  if (!row || row.value().size() != 2 || !is_pair(version) || !is_pair(cipher)) return std::nullopt;
  const std::string& suite = cipher.value()[1];
  return Session{row.value()[0], suite.empty() ? "" : version.value()[1] + ", " + suite, row.value()[1]};
}

std::optional<Session> session_of(Connection& connection, BaseKind kind) {
  if (kind == BaseKind::psqlodbc) return postgresql_session(connection);
  if (kind == BaseKind::mariadb || kind == BaseKind::mysql) return mysql_session(connection);
  return std::nullopt;
}

std::string seconds_apart(Time server, Time here) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(here - server).count() / 100;
  const auto size = std::abs(tenths);
  return std::to_string(size / 10) + "." + std::to_string(size % 10) + " s " + (tenths < 0 ? "behind" : "ahead of") +
         " the server's";
}

class Check {
 public:
  Check(std::string argument, std::chrono::seconds timeout) : argument_(std::move(argument)), timeout_(timeout) {
    if (timeout.count() > 0) deadline_ = std::chrono::steady_clock::now() + timeout;
  }

  int run() {
    const OdbcFiles files = OdbcFiles::read(system_);
    for (const std::string& problem : files.problems()) warn(problem);
    auto string = read_source(argument_, files);
    if (!string) return stopped("DSN", string.error());
    auto given = Given::gather(std::move(string).value(), files);
    if (!given) return stopped("attributes", given.error());

    auto library = own_library(given.value(), files);
    const std::string folder = library ? library.value().folder : "";
    auto file = choose_base_driver(given.value(), files, system_, folder);
    // Which names hold secrets depends on the base driver; without one, only what is ours is shown.
    const BaseDriverProfile& profile =
        file ? base_driver_profile(file.value().name) : base_driver_profile(BaseKind::unknown);
    show_attributes(given.value(), profile);

    if (!library) return stopped("driver", library.error());
    room("driver", library.value().file +
                       (library.value().section.empty() ? "" : " ([" + library.value().section + "] in odbcinst.ini)"));
    if (!file) return stopped("base driver", file.error());
    const auto base = probe_base_driver(file.value());
    if (!base) return stopped("base driver", base.error());
    show_base_driver(file.value(), base.value(), profile);

    auto settings = read_settings(given.value(), profile);
    if (!settings) return stopped("settings", settings.error());
    const bool is_iam = settings.value().auth_type == AuthType::iam;
    room("settings", std::string("AuthType=") + (is_iam ? "IAM" : "Password") + ", user " + settings.value().user +
                         " at " + settings.value().server + ":" + std::to_string(settings.value().port) +
                         (settings.value().database.empty() ? "" : ", database " + settings.value().database));

    PreparedLogin prepared;
    const auto error = prepare_login(prepared, given.value(), settings.value(), profile, system_, Log(),
                                     data_directory(folder), deadline_);
    if (const int status = show_login(prepared, settings.value(), error); status != Exit::ok) return status;
    return connect(given.value(), settings.value(), prepared, profile);
  }

 private:
  static void show_base_driver(const BaseDriverFile& file, const BaseProbe& base, const BaseDriverProfile& profile) {
    room("base driver", base.file + " (" + profile.title + (base.version.empty() ? "" : " " + base.version) +
                            (base.libpq_version.empty() ? "" : ", libpq " + base.libpq_version) +
                            (file.section.empty() ? "" : "; [" + file.section + "] in odbcinst.ini") + ")");
  }

  // The rooms of prepare_login in their order, up to the one that failed.
  int show_login(const PreparedLogin& prepared, const Settings& settings, const std::optional<Error>& error) {
    const auto now = system_.now();
    room("clock", extended_time(now) + " (UTC)");
    if (prepared.tls) {
      room("TLS", std::string(text(prepared.tls->level)) + " (" + settings.tls_where + ")" +
                      (prepared.tls->dials_another_host ? ", checked against " + prepared.tls->checked_host : ""));
      if (const int status = show_ca_file(prepared.tls->ca, now); status != Exit::ok) return status;
    } else if (error) {
      return stopped("TLS", *error);
    } else {
      room("TLS", "left to the base driver (AuthType=Password)");
    }
    if (settings.auth_type != AuthType::iam) {
      if (error) return stopped("login", *error);
      room("login", "the password that was given");
      return Exit::ok;
    }

    if (!prepared.endpoint) return stopped("region", *error);
    const SignedEndpoint& endpoint = *prepared.endpoint;
    room("region", endpoint.endpoint.region + " (" + endpoint.region.why + ")");
    if (!endpoint.region.warning.empty()) room("", "warning: " + endpoint.region.warning);
    room("signed", endpoint.endpoint.host + ":" + std::to_string(endpoint.endpoint.port) +
                       (settings.has_token_host ? " (TokenHost)" : " (Server)"));
    if (prepared.attempts.empty() && error) return stopped("CA file", *error);

    std::string name = "credentials";
    if (prepared.login) room(std::exchange(name, ""), prepared.login->identity);
    for (const Attempt& attempt : prepared.attempts)
      room(std::exchange(name, ""), attempt.provider + ": " + attempt.outcome);
    if (!prepared.login) return stopped(prepared.credentials == nullptr ? "credentials" : "token", *error);
    room("token",
         std::to_string(prepared.login->secret.size()) + " bytes, until " + extended_time(*prepared.login->end));
    return Exit::ok;
  }

  static int show_ca_file(const CaFile& ca, Time now) {
    if (ca.path.empty()) {
      room("CA file", "none: TLS=require does not check the certificate");
      return Exit::ok;
    }
    const auto certificates = read_certificates(ca.path);
    if (!certificates) return stopped("CA file", certificates.error());
    auto list = certificates.value();
    const auto ended =
        std::stable_partition(list.begin(), list.end(), [now](const Certificate& one) { return one.end <= now; }) -
        list.begin();
    std::string text = ca.path + " (" + ca.why + "); " + std::to_string(list.size()) +
                       (list.size() == 1 ? " certificate" : " certificates");
    if (ended > 0) text += ", " + std::to_string(ended) + " of them ended";
    const auto next = std::min_element(list.begin() + ended, list.end(),
                                       [](const Certificate& a, const Certificate& b) { return a.end < b.end; });
    room("CA file", text + (next == list.end() ? "" : ", the earliest end is " + extended_time(next->end)));
    if (next == list.end()) room("", "warning: every certificate in it has ended");
    return Exit::ok;
  }

  int connect(const Given& given, const Settings& settings, const PreparedLogin& prepared,
              const BaseDriverProfile& profile) {
    Connection connection;
    const auto started = std::chrono::steady_clock::now();
    const std::vector<Error> records = connection.connect(given.string().write(), timeout_);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    if (!records.empty()) return refused(records, settings, prepared, profile);

    const auto one = connection.first_row("SELECT 1");
    if (!one) return stopped("SELECT 1", one.error());
    if (one.value() != std::vector<std::string>{"1"}) {
      return stopped("SELECT 1", Error{State::general_error, "The server's answer to SELECT 1 is not 1.", 0});
    }
    const auto user = connection.first_row("SELECT current_user");
    room("connected", "in " + std::to_string(took.count()) + " ms; SELECT 1 gives 1");
    room("user", user && user.value().size() == 1 ? user.value().front() : connection.info(SQL_USER_NAME));
    show_session(connection, profile);
    return Exit::ok;
  }

  // The driver manager cuts messages, so our advice is written anew, whole.
  int refused(std::vector<Error> records, const Settings& settings, const PreparedLogin& prepared,
              const BaseDriverProfile& profile) {
    const auto is_advice = [&](const Error& record) {
      return prepared.login && record.message.starts_with("[iamodbc] The token was signed for ");
    };
    std::stable_partition(records.begin(), records.end(), [&](const Error& record) { return !is_advice(record); });
    const int status = stopped("connect", records.front());
    for (auto record = records.begin() + 1; record != records.end(); ++record) {
      if (is_advice(*record)) {
        complain(refusal_advice(settings, *prepared.login, profile, aws_now(system_)));
      } else {
        complain(*record);
      }
    }
    return status;
  }

  void show_session(Connection& connection, const BaseDriverProfile& profile) {
    const Time before = system_.now();
    const auto session = session_of(connection, profile.kind);
    const Time after = system_.now();
    const std::string product = connection.info(SQL_DBMS_NAME) + " ";
    room("server", product + (session ? session->version : connection.info(SQL_DBMS_VER)));
    if (!session) return;
    room("TLS in use", session->tls.empty() ? "off" : "on (" + session->tls + ")");
    if (const auto server = parse_time(session->time))
      room("clock", seconds_apart(*server, before + (after - before) / 2));
  }

  std::string argument_;
  std::chrono::seconds timeout_;
  Deadline deadline_ = no_deadline;
  System system_;
};

}  // namespace

Run check_command(CLI::App& app) {
  struct Options {
    std::string source;
    unsigned timeout = 30;
  };
  auto options = std::make_shared<Options>();
  app.add_option("DSN", options->source, source_help)->required()->type_name("");
  app.add_option("--timeout", options->timeout, "Login time-out in seconds (30; 0: none)")->type_name("SECONDS");
  return [options] { return Check(options->source, std::chrono::seconds(options->timeout)).run(); };
}

}  // namespace iamodbc
