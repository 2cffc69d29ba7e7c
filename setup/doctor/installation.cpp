// What is installed and registered: ini files and what hides what in them, our own driver, base drivers, the DSN's settings.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "core/base_driver_profile.h"
#include "core/login/names.h"
#include "core/text.h"
#include "setup/doctor/examination.h"
#include "setup/rooms.h"

namespace iamodbc {
namespace {

std::string in_brackets(const std::string& name) {
  return "[" + name + "]";
}

std::string library_of(const IniSection& section) {
  for (const char* const key : {"Driver64", "Driver"}) {
    const IniEntry* const entry = section.find(key);
    if (entry != nullptr) return entry->value;
  }
  return {};
}

bool is_ours(const std::string& library) {
  return lower(library.substr(library.rfind('/') + 1)).starts_with("libiamodbc");
}

// ---- ini files ----

// The files that exist or could, each once.
std::vector<const IniFile*> each_once(const std::vector<IniFile>& files) {
  std::vector<const IniFile*> list;
  for (const IniFile& file : files) {
    const bool is_known =
        std::any_of(list.begin(), list.end(), [&](const IniFile* one) { return one->path == file.path; });
    if (!is_known) list.push_back(&file);
  }
  return list;
}

bool is_of_the_driver_manager(const std::string& name) {
  return same_name(name, "ODBC") || same_name(name, "ODBC Data Sources");
}

std::string line_of(const IniFile& file, const IniSection& section) {
  return in_brackets(section.name) + " in " + file.path + ", line " + std::to_string(section.line);
}

// "[sales] in A, line 1 hides [sales] in B, line 7"; of `only`, or of all when it is empty.
std::vector<std::string> hidden_sections(const std::vector<const IniFile*>& files, const std::string& only) {
  std::vector<std::string> lines;
  std::map<std::string, std::string> first;  // by name in lower case
  for (const IniFile* const file : files) {
    for (const IniSection& section : file->sections) {
      if (is_of_the_driver_manager(section.name) || (!only.empty() && !same_name(only, section.name))) continue;
      const std::string where = line_of(*file, section);
      const auto [found, is_first] = first.emplace(lower(section.name), where);
      if (!is_first) lines.push_back(found->second + " hides " + where);
    }
  }
  return lines;
}

std::vector<std::string> hidden_keys(const IniSection& section, const std::string& path) {
  std::vector<std::string> lines;
  std::map<std::string, int> first;
  for (const IniEntry& entry : section.entries) {
    const auto [found, is_first] = first.emplace(lower(entry.key), entry.line);
    if (!is_first) {
      lines.push_back(entry.key + " in line " + std::to_string(found->second) + " hides that in line " +
                      std::to_string(entry.line) + " of " + in_brackets(section.name) + " in " + path);
    }
  }
  return lines;
}

std::string described(const IniFile& file) {
  if (!file.exists) return file.path + " (missing)";
  const auto count = std::count_if(file.sections.begin(), file.sections.end(),
                                   [](const IniSection& one) { return !is_of_the_driver_manager(one.name); });
  return file.path + " (" + std::to_string(count) + (count == 1 ? " section)" : " sections)");
}

std::string variables_of(const System& system) {
  std::string text;
  for (const char* const name : {"ODBCINI", "ODBCSYSINI", "ODBCINSTINI", "ODBCSEARCH"}) {
    if (const auto value = system.set_for_libraries(name))
      text += (text.empty() ? "" : ", ") + std::string(name) + "=" + *value;
  }
  return text;
}

// The name of the DSN that was asked for, however it was written; empty for a string without one.
std::string name_of(const std::string& argument) {
  if (argument == "-") return {};
  if (argument.find('=') == std::string::npos) return argument;
  const auto string = ConnectionString::parse(argument);
  const Attribute* const dsn = string ? string.value().find("DSN") : nullptr;
  return dsn == nullptr ? std::string() : std::string(dsn->value());
}

void add_hidden(Examination& examination, const std::vector<std::string>& lines) {
  if (!lines.empty()) examination.findings.add(Finding{"shadowed", Mark::warning, lines, {"dsn-shadowed"}});
}

// ---- drivers ----

void look_at_own_library(Examination& examination, const std::string& section, const std::string& file) {
  const std::string what = file + (section.empty() ? "" : " (" + in_brackets(section) + " in odbcinst.ini)");
  if (void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    const bool has_connect =
        dlsym(library, "SQLDriverConnect") != nullptr || dlsym(library, "SQLDriverConnectW") != nullptr;
    examination.findings.add(
        "driver", has_connect ? Mark::ok : Mark::failed, what + (has_connect ? "" : ": it is not an ODBC driver"),
        has_connect ? std::vector<const char*>() : std::vector<const char*>{"driver-not-loadable"});
    return;
  }
  const char* const reason = dlerror();
  examination.findings.add("driver", Mark::failed,
                           what + ": " + (reason != nullptr ? reason : "the loader gives no reason"),
                           {"driver-not-loadable"});
}

// A failure of that base driver hinders the DSNs that use it alone.
void look_at_base_driver(Examination& examination, const std::string& section, Mark mark) {
  const auto file = find_base_driver(section, examination.files, examination.system, library_folder());
  const auto failed = [&](const Error& error) {
    examination.findings.add("base driver", mark, "[" + error.sqlstate + "] " + error.message, {"base-driver-missing"});
  };
  if (!file) return failed(file.error());
  const BaseDriverProfile& profile = base_driver_profile(file.value().name);
  const auto base = probe_base_driver(file.value());
  if (!base) return failed(base.error());
  examination.findings.add("base driver", Mark::ok, described(file.value(), base.value(), profile));
}

std::string data_sources_of_ours(const OdbcFiles& files) {
  std::string text;
  for (const std::string& name : files.data_source_names()) {
    const IniSection* const section = files.data_source(name);
    const IniEntry* const driver = section == nullptr ? nullptr : section->find("Driver");
    if (driver == nullptr) continue;
    const IniSection* const registered = files.driver(driver->value);
    if (is_ours(registered == nullptr ? std::string(driver->value) : library_of(*registered)))
      text += (text.empty() ? "" : ", ") + name;
  }
  return text.empty() ? "none goes through iamodbc" : "through iamodbc: " + text;
}

}  // namespace

void look_at_ini_files(Examination& examination) {
  const OdbcFiles& files = examination.files;
  std::vector<std::string> found;
  if (const std::string variables = variables_of(examination.system); !variables.empty()) found.push_back(variables);
  const auto sources = each_once(files.data_source_files());
  const auto drivers = each_once(files.driver_files());
  for (const IniFile* const file : sources) found.push_back("odbc.ini: " + described(*file));
  for (const IniFile* const file : drivers) found.push_back("odbcinst.ini: " + described(*file));
  if (examination.argument.empty()) found.push_back("DSNs " + data_sources_of_ours(files));
  examination.findings.add(Finding{"ini files", Mark::ok, std::move(found), {}});
  if (const auto problems = files.problems(); !problems.empty())
    examination.findings.add(Finding{"ini files", Mark::warning, problems, {"ini-not-read"}});

  const std::string dsn = name_of(examination.argument);
  if (!examination.argument.empty() && dsn.empty()) return;
  add_hidden(examination, hidden_sections(sources, dsn));
  if (const IniSection* const section = dsn.empty() ? nullptr : files.data_source(dsn))
    add_hidden(examination, hidden_keys(*section, files.data_source_file(dsn)));
  if (dsn.empty()) add_hidden(examination, hidden_sections(drivers, ""));
}

void look_at_all_drivers(Examination& examination) {
  const OdbcFiles& files = examination.files;
  std::set<std::string> looked_at;
  std::vector<std::string> base_drivers;
  for (const std::string& name : files.driver_names()) {
    const IniSection* const section = files.driver(name);
    const std::string library = section == nullptr ? "" : library_of(*section);
    if (is_ours(library)) {
      looked_at.insert(library);
      look_at_own_library(examination, name, library);
    } else if (!library.empty() && base_driver_profile(library).kind != BaseKind::unknown) {
      base_drivers.push_back(name);
    }
  }
  if (looked_at.empty()) {
    std::vector<std::string> found{"no section of odbcinst.ini leads to libiamodbc.so"};
    const std::string folder = library_folder();
    if (!folder.empty()) found.push_back("it is in " + folder);
    examination.findings.add(Finding{"driver", Mark::failed, std::move(found), {"driver-not-registered"}});
  }
  if (base_drivers.empty()) {
    examination.findings.add(
        "base driver", Mark::failed,
        "odbcinst.ini has none that iamodbc knows (psqlODBC, MariaDB Connector/ODBC, MySQL Connector/ODBC)",
        {"base-driver-missing"});
  }
  for (const std::string& name : base_drivers) look_at_base_driver(examination, name, Mark::warning);
}

namespace {

// What AWS tells of a login that is fetched, before the base driver is chosen; nothing for others.
struct FetchSeen {
  bool is_wanted = false;
  bool is_asked = false;
  std::optional<Error> error;
};

FetchSeen ask_for_login(Examination& examination, bool is_offline) {
  const auto wanted = read_fetch_settings(*examination.given);
  if (!wanted) return {true, true, wanted.error()};
  if (!fetches_login(wanted.value().auth_type)) return {};
  if (is_offline) return {true, false, std::nullopt};
  return {true, true, searched(wanted.value().credentials, [&] {
            return fetch_login(examination.prepared, *examination.given, examination.system, Log(),
                               examination.whole());
          })};
}

// The region, the credentials and what was fetched with them; false when there is no going on.
bool add_fetched_login(Examination& examination, const FetchSeen& seen) {
  if (!seen.is_wanted) return true;
  Findings& findings = examination.findings;
  const PreparedLogin& prepared = examination.prepared;
  if (!seen.is_asked) {
    findings.add("fetched", Mark::skipped, "not asked, because of --offline");
    return false;
  }
  const auto failed = [&](const char* step, const char* advice) {
    findings.add_failure(step, seen.error->sqlstate, seen.error->message, advice);
    return false;
  };
  if (!prepared.fetch_region && read_fetch_settings(*examination.given)) return failed("region", "login-not-fetched");
  if (!prepared.fetch_region) return failed("settings", "attribute-wrong");
  std::vector<std::string> lines{described(*prepared.fetch_region)};
  const std::string& warning = prepared.fetch_region->warning;
  if (!warning.empty()) lines.push_back(warning);
  findings.add(Finding{"region", warning.empty() ? Mark::ok : Mark::warning, std::move(lines), {}});
  if (prepared.credentials == nullptr) return failed("credentials", "no-credentials");
  lines = {};
  for (const Attempt& attempt : prepared.attempts) lines.push_back(attempt.provider + ": " + attempt.outcome);
  findings.add(Finding{"credentials", Mark::ok, std::move(lines), {}});
  if (!prepared.login) {  // whatever else its words occur in
    findings.add("fetched", Mark::failed, "[" + seen.error->sqlstate + "] " + seen.error->message,
                 {"login-not-fetched"});
    return false;
  }
  findings.add("fetched", Mark::ok, fetched_described(*prepared.login, *examination.given));
  return true;
}

}  // namespace

bool look_at_settings(Examination& examination, bool is_offline) {
  Findings& findings = examination.findings;
  const auto failed = [&](const char* step, const Error& error, const char* advice) {
    findings.add_failure(step, error.sqlstate, error.message, advice);
    return false;
  };
  auto string = read_source(examination.argument, examination.files);
  if (!string) return failed("DSN", string.error(), "dsn-unknown");
  auto given = Given::gather(std::move(string).value(), examination.files);
  if (!given) return failed("attributes", given.error(), "attribute-wrong");
  examination.given = std::move(given).value();

  auto library = own_library(*examination.given, examination.files);
  const std::string folder = library ? library.value().folder : "";
  const FetchSeen fetch = library ? ask_for_login(examination, is_offline) : FetchSeen{};
  auto file = choose_base_driver(*examination.given, examination.files, examination.system, folder);
  examination.profile = file ? &base_driver_profile(file.value().name) : &base_driver_profile(BaseKind::unknown);
  findings.add(Finding{"attributes", Mark::ok, described(*examination.given, *examination.profile), {}});
  if (!library) return failed("driver", library.error(), "driver-not-loadable");
  examination.our_library = std::move(library).value();
  look_at_own_library(examination, examination.our_library->section, examination.our_library->file);
  if (!add_fetched_login(examination, fetch)) return false;
  if (!file) return failed("base driver", file.error(), "base-driver-missing");
  examination.base_file = std::move(file).value();
  const auto base = probe_base_driver(*examination.base_file);
  if (!base) return failed("base driver", base.error(), "base-driver-missing");
  findings.add("base driver", Mark::ok, described(*examination.base_file, base.value(), *examination.profile));

  auto settings = read_settings(*examination.given, *examination.profile);
  if (!settings) return failed("settings", settings.error(), "attribute-wrong");
  examination.settings = std::move(settings).value();
  findings.add("settings", Mark::ok, described(*examination.settings));
  if (!examination.settings->resolves_cname) return true;
  examination.met(examination.settings->server);
  auto resolved = waited("asking DNS where Server leads", [&] {
    return with_resolved_server(std::move(*examination.settings), Log(), examination.whole());
  });
  if (!resolved) return failed("name", resolved.error(), "custom-dns-name");
  examination.settings = std::move(resolved).value();
  if (!examination.settings->asked_server.empty()) {
    findings.add("name", Mark::ok,
                 examination.settings->asked_server + " leads to " + examination.settings->server + ", " +
                     described_host(examination.settings->server) + " (ResolveCNAME=yes: DNS is trusted)");
  }
  return true;
}

}  // namespace iamodbc
