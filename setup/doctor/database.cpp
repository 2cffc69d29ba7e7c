// The database itself: the client plugin that carries a token, the login, what the server says, and what the user may.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <sql.h>
#include <sqlext.h>

#include "core/login/names.h"
#include "core/text.h"
#include "setup/connection.h"
#include "setup/doctor/advice.h"
#include "setup/doctor/examination.h"
#include "setup/rooms.h"

namespace iamodbc {
namespace {

constexpr const char* cleartext_plugin = "mysql_clear_password";

// ---- the client plugin ----

// Of the client library that MariaDB's driver has loaded. Numbers as in its mysql.h.
constexpr int option_plugin_dir = 22;
constexpr int authentication_plugin = 2;

struct ClientLibrary {
  void* (*init)(void*) = nullptr;
  int (*options)(void*, int, const void*) = nullptr;
  void* (*find_plugin)(void*, const char*, int) = nullptr;
  const char* (*error)(void*) = nullptr;
  void (*close)(void*) = nullptr;

  [[nodiscard]] bool is_there() const {
    return init != nullptr && options != nullptr && find_plugin != nullptr && error != nullptr && close != nullptr;
  }
};

template <class Function>
void take(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

ClientLibrary client_library_of(const BaseDriverFile& driver) {
  ClientLibrary client;
  for (const std::string& candidate : driver.candidates) {
    void* const library = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) continue;
    take(library, "mysql_init", client.init);
    take(library, "mysql_options", client.options);
    take(library, "mysql_client_find_plugin", client.find_plugin);
    take(library, "mysql_error", client.error);
    take(library, "mysql_close", client.close);
    break;
  }
  return client;
}

// ---- the login ----

const char* advice_of_login(const Examination& examination, const std::string& message) {
  const std::string id = advice_for(message, "login-failed");
  if (signs_token(examination.settings->auth_type)) return find_advice(id)->id;
  const bool is_refusal = id == "token-refused" || id == "user-without-rds-iam" || id == "access-denied";
  if (is_refusal && fetches_login(examination.settings->auth_type)) return "password-not-current";
  if (id == "token-refused") return "iam-user-with-password";
  return id == "user-without-rds-iam" || id == "access-denied" ? "wrong-password" : find_advice(id)->id;
}

bool asks_for_replication(const Examination& examination) {
  if (!examination.prepared.tls) return false;
  const auto& options = examination.prepared.tls->libpq_options;
  return std::any_of(options.begin(), options.end(), [](const auto& one) { return one.first == "replication"; });
}

// A refusal has causes that nobody here can see.
std::vector<const char*> causes_of(const Examination& examination, const std::string& message) {
  std::vector<const char*> advice{advice_of_login(examination, message)};
  if (asks_for_replication(examination) && advice.front() != std::string_view("replication"))
    advice.insert(advice.begin(), "replication");
  const std::string first = advice.front();
  const bool is_mysql = examination.profile->kind != BaseKind::psqlodbc;
  if (first == "wrong-password" && is_mysql) advice.push_back("iam-user-with-password");
  if (first != "token-refused" && first != "access-denied") return advice;
  if (!examination.prepared.endpoint || !is_database_endpoint(examination.prepared.endpoint->endpoint.host))
    advice.push_back("custom-dns-name");
  advice.push_back("policy-conditions");
  if (is_mysql) advice.push_back("instance-class");
  advice.push_back("memory-on-small-instances");
  return advice;
}

void refused(Examination& examination, std::vector<Error> records) {
  records = whole_records(std::move(records), *examination.settings, examination.prepared.login, *examination.profile,
                          examination.system);
  std::vector<std::string> found;
  found.reserve(records.size());
  for (const Error& record : records)
    found.push_back((record.sqlstate.empty() ? "" : "[" + record.sqlstate + "] ") + record.message);
  examination.findings.add(
      Finding{"login", Mark::failed, std::move(found), causes_of(examination, records.front().message)});
}

// ---- the session ----

void look_at_session(Examination& examination, Connection& connection) {
  const Time before = examination.system.now();
  const auto session = session_of(connection, examination.profile->kind);
  const Time after = examination.system.now();
  std::vector<std::string> found{connection.info(SQL_DBMS_NAME) + " " +
                                 (session ? session->version : connection.info(SQL_DBMS_VER))};
  if (session) {
    found.push_back(session->tls.empty() ? "TLS is off" : "TLS is on (" + session->tls + ")");
    if (const auto server = parse_time(session->time))
      found.push_back("this clock is " + seconds_apart(*server, before + (after - before) / 2));
  }
  const bool is_bare = session && session->tls.empty();
  examination.findings.add(Finding{"server", is_bare ? Mark::warning : Mark::ok, std::move(found),
                                   is_bare ? std::vector<const char*>{"tls-required"} : std::vector<const char*>()});
}

struct Rights {
  std::string user;
  std::string more;  // for people; may be empty
  long long tables = 0;
  long long readable = 0;
};

std::optional<Rights> rights_of(Connection& connection, BaseKind kind) {
  const auto number = [](const std::string& text) { return parse_integer(text).value_or(0); };
  if (kind == BaseKind::psqlodbc) {
    const auto row = connection.first_row(
        "select current_user, coalesce((select pg_has_role(current_user, r.oid, 'member') from pg_roles r where "
        "r.rolname = 'rds_iam'), false)::int, "
        "count(*), coalesce(sum((has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'))::int), "
        "0) "
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'");
    if (!row || row.value().size() != 4) return std::nullopt;
    return Rights{row.value()[0], row.value()[1] == "1" ? "a member of rds_iam" : "not a member of rds_iam",
                  number(row.value()[2]), number(row.value()[3])};
  }
  if (kind == BaseKind::unknown) return std::nullopt;
  // Both servers list only what the user has any right on.
  const auto row = connection.first_row(
      "select current_user(), count(*) from information_schema.tables where table_schema not in ('information_schema', "
      "'performance_schema', 'sys')");
  if (!row || row.value().size() != 2) return std::nullopt;
  return Rights{row.value()[0], "", number(row.value()[1]), number(row.value()[1])};
}

void look_at_rights(Examination& examination, Connection& connection) {
  const auto rights = rights_of(connection, examination.profile->kind);
  if (!rights) return examination.findings.add("rights", Mark::skipped, "this server does not tell");
  // Of who comes in by a password it would be no lack.
  const bool is_by_iam = examination.settings->auth_type == AuthType::iam;
  std::string found = rights->user + (rights->more.empty() || !is_by_iam ? "" : ", " + rights->more) + ", may use " +
                      std::to_string(rights->readable);
  if (examination.profile->kind == BaseKind::psqlodbc) found += " of " + std::to_string(rights->tables);
  const bool has_none = rights->readable == 0;
  examination.findings.add("rights", has_none ? Mark::warning : Mark::ok,
                           found + (rights->readable == 1 ? " table or view" : " tables and views"),
                           has_none ? std::vector<const char*>{"no-rights"} : std::vector<const char*>());
}

}  // namespace

void look_at_cleartext_plugin(Examination& examination) {
  if (!signs_token(examination.settings->auth_type)) return;
  if (examination.profile->kind == BaseKind::mysql) {
    return examination.findings.add("client plugin", Mark::ok,
                                    "MySQL's client library has mysql_clear_password built in");
  }
  if (examination.profile->kind != BaseKind::mariadb) return;
  const ClientLibrary client = client_library_of(*examination.base_file);
  void* const handle = client.is_there() ? client.init(nullptr) : nullptr;
  if (handle == nullptr) {
    return examination.findings.add("client plugin", Mark::skipped,
                                    "the client library inside this driver cannot be asked");
  }
  constexpr const char* names[] = {"PLUGIN_DIR"};
  if (const auto folder = examination.given->find(names))
    client.options(handle, option_plugin_dir, std::string(folder->value).c_str());
  const bool is_there = client.find_plugin(handle, cleartext_plugin, authentication_plugin) != nullptr;
  const std::string error = is_there ? "" : client.error(handle);
  client.close(handle);
  examination.findings.add("client plugin", is_there ? Mark::ok : Mark::failed,
                           is_there ? std::string(cleartext_plugin) + " loads" : error,
                           is_there ? std::vector<const char*>() : std::vector<const char*>{"cleartext-plugin"});
}

void look_at_database(Examination& examination) {
  Findings& findings = examination.findings;
  if (examination.login_error) return findings.add("login", Mark::skipped, "not tried, because of what failed above");
  if (!examination.is_reached) return findings.add("login", Mark::skipped, "not tried: no database answers there");
  Connection connection;
  const auto started = std::chrono::steady_clock::now();
  auto records = connection.connect(examination.given->string().write(), examination.timeout);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  if (!records.empty()) return refused(examination, std::move(records));
  const auto one = connection.first_row("SELECT 1");
  if (!one) return findings.add_failure("login", one.error().sqlstate, one.error().message, "login-failed");
  findings.add("login", Mark::ok,
               "in " + std::to_string(took.count()) + " ms, and SELECT 1 gives " +
                   (one.value().empty() ? "nothing" : one.value().front()));
  look_at_session(examination, connection);
  look_at_rights(examination, connection);
}

}  // namespace iamodbc
