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

#include "core/login/names.h"
#include "core/tunnel.h"
#include "core/walk.h"
#include "setup/base_probe.h"
#include "setup/command.h"
#include "setup/connection.h"
#include "setup/output.h"
#include "setup/progress.h"
#include "setup/rooms.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  unsigned timeout = 30;
  bool json = false;
};

class Check {
 public:
  explicit Check(const Options& options)
      : argument_(options.source), timeout_(options.timeout), prints_json_(options.json) {
    if (timeout_.count() > 0) deadline_ = std::chrono::steady_clock::now() + timeout_;
  }

  int run() {
    const int status = walk();
    if (prints_json_) print(json(status == Exit::ok));
    return status;
  }

 private:
  int walk() {
    const OdbcFiles files = OdbcFiles::read(system_);
    for (const std::string& problem : files.problems()) warn(problem);
    auto string = read_source(argument_, files);
    if (!string) return stopped("DSN", string.error());
    auto given = Given::gather(std::move(string).value(), files);
    if (!given) return stopped("attributes", given.error());

    auto library = own_library(given.value(), files);
    const std::string folder = library ? library.value().folder : "";
    PreparedLogin prepared;
    const auto fetch_error = library ? fetch(prepared, given.value()) : std::nullopt;
    auto file = choose_base_driver(given.value(), files, system_, folder);
    // Which names hold secrets depends on the base driver; without one, only what is ours is shown.
    const BaseDriverProfile& profile =
        file ? base_driver_profile(file.value().name) : base_driver_profile(BaseKind::unknown);
    std::string name = "attributes";
    for (const std::string& line : described(given.value(), profile)) room(std::exchange(name, ""), line);

    if (!library) return stopped("driver", library.error());
    room("driver", described(library.value()));
    if (const int status = show_fetched(prepared, given.value(), fetch_error); status != Exit::ok) return status;
    if (!file) return stopped("base driver", file.error());
    const auto base = probe_base_driver(file.value());
    if (!base) return stopped("base driver", base.error());
    room("base driver", described(file.value(), base.value(), profile));

    auto settings = read_settings(given.value(), profile);
    if (!settings) return stopped("settings", settings.error());
    room("settings", described(settings.value()));
    if (const int status = follow_server(settings, profile); status != Exit::ok) return status;
    if (settings.value().credentials.login_cache != CacheReach::process)
      room("login cache", described(settings.value().credentials.login_cache, system_));

    const auto error = searched(settings.value().credentials, [&] {
      return prepare_login(prepared, given.value(), settings.value(), profile, system_, Log(), data_directory(folder),
                           deadline_);
    });
    if (const int status = show_login(prepared, settings.value(), error); status != Exit::ok) return status;
    return connect(given.value(), settings.value(), prepared, profile);
  }

  std::optional<Error> fetch(PreparedLogin& prepared, Given& given) {
    const auto wanted = read_fetch_settings(given);
    if (!wanted) return wanted.error();
    if (!fetches_login(wanted.value().auth_type)) return std::nullopt;
    return searched(wanted.value().credentials,
                    [&] { return fetch_login(prepared, given, system_, Log(), deadline_); });
  }

  // "name          what was found"; without a name a further line of the same room.
  void room(const std::string& name, const std::string& found) {
    if (prints_json_) {
      if (!name.empty() || rooms_.empty()) rooms_.push_back(Room{name, {}});
      rooms_.back().found.push_back(shown(found));
      return;
    }
    constexpr std::size_t name_width = 14;
    print(name + std::string(std::max<std::size_t>(name_width, name.size() + 1) - name.size(), ' ') + shown(found));
  }

  void tell(const Error& error) {
    errors_.push_back(json_of(error));
    if (error.sqlstate.empty()) {
      complain(error.message);
    } else {
      complain(error);
    }
  }

  int stopped(const std::string& name, const Error& error) {
    room(name, "FAILED [" + error.sqlstate + "]");
    tell(error);
    return Exit::failed;
  }

  [[nodiscard]] std::string json(bool is_ok) const {
    std::string rooms;
    for (const Room& one : rooms_) {
      std::vector<std::string> found;
      for (const std::string& line : one.found) found.push_back(json_string(line));
      rooms += std::string(rooms.empty() ? "" : ",") + "\n{\"room\": " + json_string(one.name) +
               ", \"found\": " + json_list(found) + "}";
    }
    return "{\"version\": " + json_string(IAMODBC_VERSION) + ", \"subject\": " + json_string(subject_of(argument_)) +
           ", \"ok\": " + (is_ok ? "true" : "false") + ", \"rooms\": [" + rooms +
           "], \"errors\": " + json_list(errors_) + "}";
  }

  // The rooms of fetch_login in their order, up to the one that failed; none for a login that is not fetched.
  int show_fetched(const PreparedLogin& prepared, const Given& given, const std::optional<Error>& error) {
    if (!prepared.fetch_region && !error) return Exit::ok;
    if (!prepared.fetch_region) return stopped(read_fetch_settings(given) ? "region" : "settings", *error);
    room("region", described(*prepared.fetch_region));
    if (!prepared.fetch_region->warning.empty()) room("", "warning: " + prepared.fetch_region->warning);
    show_credentials(prepared);
    if (prepared.credentials == nullptr) return stopped("credentials", *error);
    if (!prepared.login) return stopped("fetched", *error);
    room("fetched", fetched_described(*prepared.login, given));
    return Exit::ok;
  }

  void show_credentials(const PreparedLogin& prepared) {
    std::string name = "credentials";
    if (prepared.login) room(std::exchange(name, ""), prepared.login->identity);
    for (const Attempt& attempt : prepared.attempts)
      room(std::exchange(name, ""), attempt.provider + ": " + attempt.outcome);
  }

  // Where DNS leads a Server that is no endpoint itself: with ResolveCNAME=yes the endpoint takes its place, else it is advice.
  int follow_server(Result<Settings>& settings, const BaseDriverProfile& profile) {
    if (settings.value().resolves_cname) {
      settings = with_resolved_server(std::move(settings).value(), Log(), deadline_);
      if (!settings) return stopped("name", settings.error());
      if (const std::string& asked = settings.value().asked_server; !asked.empty()) {
        const std::string& endpoint = settings.value().server;
        room("name",
             asked + " leads to " + endpoint + ", " + described_host(endpoint) + " (ResolveCNAME=yes: DNS is trusted)");
      }
    } else if (signs_token(settings.value().auth_type) && signs_own_name(settings.value())) {
      for (std::string name = "name"; const std::string& line : name_described(settings.value(), profile, deadline_))
        room(std::exchange(name, ""), line);
    }
    return Exit::ok;
  }

  // The rooms of prepare_login in their order, up to the one that failed.
  int show_login(const PreparedLogin& prepared, const Settings& settings, const std::optional<Error>& error) {
    const auto now = system_.now();
    room("clock", extended_time(now) + " (UTC)");
    if (settings.asks_for_tls && !prepared.tls) return stopped("TLS", *error);
    room("TLS", described(prepared.tls, settings));
    if (prepared.tls) {
      if (const int status = show_ca_file(prepared.tls->ca, now); status != Exit::ok) return status;
    }
    if (!brings_login(settings.auth_type)) {
      if (error) return stopped("login", *error);
      room("login", "the password that was given");
      return Exit::ok;
    }

    if (fetches_login(settings.auth_type)) return error ? stopped("login", *error) : Exit::ok;

    const bool was_asked_in_vain =
        prepared.endpoint && prepared.endpoint->endpoint.region.empty() && prepared.credentials != nullptr;
    if (!prepared.endpoint || was_asked_in_vain) return stopped("region", *error);
    const SignedEndpoint& endpoint = *prepared.endpoint;
    room("region", described(endpoint.region));
    if (!endpoint.region.warning.empty()) room("", "warning: " + endpoint.region.warning);
    room("signed", described(*prepared.endpoint, settings));
    if (prepared.attempts.empty() && error) return stopped("CA file", *error);

    show_credentials(prepared);
    if (!prepared.login) return stopped(prepared.credentials == nullptr ? "credentials" : "token", *error);
    room("token", token_described(*prepared.login));
    return Exit::ok;
  }

  int show_ca_file(const CaFile& ca, Time now) {
    const auto found = described(ca, now);
    if (!found) return stopped("CA file", found.error());
    room("CA file", found.value().text);
    if (found.value().is_needed && !found.value().earliest_end) room("", "warning: every certificate in it has ended");
    return Exit::ok;
  }

  // The driver starts a tunnel, and ends it when the connection goes.
  int connect(const Given& given, const Settings& settings, const PreparedLogin& prepared,
              const BaseDriverProfile& profile) {
    const std::string tunnel = described_tunnel(settings, profile, prepared.tls ? &*prepared.tls : nullptr);
    if (!tunnel.empty()) room("tunnel", tunnel);
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

  int refused(std::vector<Error> records, const Settings& settings, const PreparedLogin& prepared,
              const BaseDriverProfile& profile) {
    records = whole_records(std::move(records), settings, prepared.login, profile, system_);
    const int status = stopped("connect", records.front());
    for (auto record = records.begin() + 1; record != records.end(); ++record) tell(*record);
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

  struct Room {
    std::string name;
    std::vector<std::string> found;
  };

  std::string argument_;
  std::chrono::seconds timeout_;
  bool prints_json_;
  std::vector<Room> rooms_;
  std::vector<std::string> errors_;  // JSON
  Deadline deadline_ = no_deadline;
  System system_;
};

}  // namespace

Run check_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DSN", options->source, source_help)->required()->type_name("");
  app.add_option("--timeout", options->timeout, "Login time-out in seconds (30; 0: none)")->type_name("SECONDS");
  app.add_flag("--json", options->json, "As one JSON object");
  return [options] { return Check(*options).run(); };
}

}  // namespace iamodbc
