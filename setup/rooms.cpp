// SPDX-License-Identifier: Apache-2.0
#include "setup/rooms.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "core/base_string.h"
#include "core/certificates.h"
#include "core/credentials/between_processes.h"
#include "core/login/names.h"
#include "core/program.h"
#include "core/text.h"

namespace iamodbc {
namespace {

// A command line may hold secrets: only the program is shown.
std::string shown_command(std::string_view command_line) {
  const auto words = split_command_line(command_line);
  if (!words || words.value().empty()) return "***";
  return words.value().front() + (words.value().size() > 1 ? " ..." : "");
}

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

}  // namespace

std::vector<std::string> described(const Given& given, const BaseDriverProfile& profile) {
  std::vector<std::string> lines;
  for (const Found& found : given.all()) {
    const AttributeRow* const row = our_attribute(profile, found.name);
    const auto winner = row == nullptr ? std::nullopt : given.find(row->id, profile, row->id == AttributeId::database);
    // The user of a login that was fetched counts before all else.
    const bool is_fetched_user = row != nullptr && row->id == AttributeId::uid && given.told(row->id);
    const bool is_overridden =
        is_fetched_user ? found.origin != Origin::aws : winner && winner->value.data() != found.value.data();
    std::string value(found.value);
    if (!may_show(profile, found.name) && !value.empty()) value = "***";
    if (row != nullptr && row->kind == AttributeKind::command) value = shown_command(found.value);
    if (row != nullptr && row->id == AttributeId::access_key_id) value = masked_key_id(std::string(found.value));
    lines.push_back(std::string(found.name) + "=" + value + " (" + found.where + (is_overridden ? "; overridden" : "") +
                    ")");
  }
  return lines;
}

std::string described(const OwnLibrary& library) {
  return library.file + (library.section.empty() ? "" : " ([" + library.section + "] in odbcinst.ini)");
}

std::string described(const BaseDriverFile& file, const BaseProbe& base, const BaseDriverProfile& profile) {
  return base.file + " (" + profile.title + (base.version.empty() ? "" : " " + base.version) +
         (base.libpq_version.empty() ? "" : ", libpq " + base.libpq_version) +
         (file.section.empty() ? "" : "; [" + file.section + "] in odbcinst.ini") + ")";
}

std::string described(const Settings& settings) {
  return std::string("AuthType=") + text(settings.auth_type) + ", user " + settings.user + " at " + settings.server +
         ":" + std::to_string(settings.port) + (settings.database.empty() ? "" : ", database " + settings.database);
}

std::string described(CacheReach login_cache, const System& system) {
  if (login_cache == CacheReach::off) return "off: each connect asks for credentials anew";
  std::string process = "this process, for its own connects";
  if (login_cache == CacheReach::process) return process;
  const auto keyring = described_between_processes(system);
  if (keyring) return keyring.value();
  return process + "; not the user's others: the kernel's user keyring does not take anything here (" +
         keyring.error().message + ")";
}

std::string described(const std::optional<TlsPlan>& tls, const Settings& settings) {
  if (!tls) return "left to the base driver (AuthType=Password)";
  return std::string(text(tls->level)) + " (" + settings.tls_where + ")" +
         (tls->dials_another_host ? ", checked against " + tls->checked_host : "");
}

std::string described(const RegionChoice& region) {
  if (region.region.empty()) return region.why;
  return region.region + " (" + region.why + ")";
}

std::string fetched_described(const Login& login, const Given& given) {
  std::string text = login.source + ": user " + login.user;
  for (const auto& [id, what] : {std::pair{AttributeId::server, ", host "},
                                 {AttributeId::port, ", port "},
                                 {AttributeId::database, ", database "},
                                 {AttributeId::engine, ", engine "}}) {
    if (const auto told = given.told(id)) text += what + std::string(*told);
  }
  return text + "; until " + extended_time(*login.end);
}

std::string described(const SignedEndpoint& endpoint, const Settings& settings) {
  const std::string kind = described_host(endpoint.endpoint.host);
  const std::string port = settings.auth_type == AuthType::dsql ? "" : ":" + std::to_string(endpoint.endpoint.port);
  return endpoint.endpoint.host + port + (settings.has_token_host ? " (TokenHost)" : " (Server)") +
         (kind.empty() ? "" : ", " + kind);
}

std::vector<std::string> name_described(const Settings& settings, const BaseDriverProfile& profile, Deadline deadline) {
  constexpr std::chrono::seconds longest{5};
  const std::string& server = settings.server;
  const auto trail = follow_name(server, std::min(deadline, std::chrono::steady_clock::now() + longest));
  if (!trail) return {server + " is not an endpoint of AWS, and DNS does not help: " + trail.error().message};
  std::string names;
  for (const std::string& name : trail.value().names) names += (names.empty() ? "" : ", then ") + name;
  const std::string& endpoint = trail.value().endpoint;
  if (endpoint.empty()) {
    return {server + (names.empty() ? " is not an endpoint of AWS, and no alias of one in DNS"
                                    : " leads to " + names + ", none of which is an endpoint of a database in AWS")};
  }
  return {server + " leads to " + names + ", " + described_host(endpoint),
          "write " + line_for_endpoint(endpoint, profile) +
              " into the DSN, or ResolveCNAME=yes where DNS is to be trusted"};
}

std::string token_described(const Login& login) {
  return std::to_string(login.secret.size()) + " bytes, until " + extended_time(*login.end);
}

Result<CaFileFound> described(const CaFile& ca, Time now) {
  if (ca.path.empty()) return CaFileFound{"none: TLS=require does not check the certificate", 0, std::nullopt, false};
  const auto certificates = read_certificates(ca.path);
  if (!certificates) return certificates.error();
  auto list = certificates.value();
  const auto ended =
      std::stable_partition(list.begin(), list.end(), [now](const Certificate& one) { return one.end <= now; }) -
      list.begin();
  CaFileFound found;
  found.ended = static_cast<std::size_t>(ended);
  found.text = ca.path + " (" + ca.why + "); " + std::to_string(list.size()) +
               (list.size() == 1 ? " certificate" : " certificates");
  if (ended > 0) found.text += ", " + std::to_string(ended) + " of them ended";
  const auto next = std::min_element(list.begin() + ended, list.end(),
                                     [](const Certificate& a, const Certificate& b) { return a.end < b.end; });
  if (next != list.end()) {
    found.earliest_end = next->end;
    found.text += ", the earliest end is " + extended_time(next->end);
  }
  return found;
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

std::vector<Error> whole_records(std::vector<Error> records, const Settings& settings,
                                 const std::optional<Login>& login, const BaseDriverProfile& profile,
                                 const System& system) {
  const auto is_advice = [&](const Error& record) { return login && is_refusal_advice(record.message); };
  std::stable_partition(records.begin(), records.end(), [&](const Error& record) { return !is_advice(record); });
  for (Error& record : records) {
    if (!is_advice(record)) continue;
    const std::string behind = advised_endpoint(settings, no_deadline);
    record = Error{"", refusal_advice(settings, *login, profile, aws_now(system), behind), 0};
  }
  return records;
}

}  // namespace iamodbc
