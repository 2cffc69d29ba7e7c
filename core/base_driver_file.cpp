// SPDX-License-Identifier: Apache-2.0
#include "core/base_driver_file.h"

#include <algorithm>
#include <utility>

#include "core/base_driver_profile.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::string_view cannot_open = ": cannot open shared object file: No such file or directory";

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
  return result;
}

std::string base_name(std::string_view file) {
  return std::string(file.substr(file.rfind('/') + 1));
}

bool is_library_name(std::string_view text) {
  return text.ends_with(".so") || text.find(".so.") != std::string_view::npos || text.ends_with(".dylib");
}

// psqlodbca.so, libmyodbc8a.so: narrow functions only.
bool is_narrow(std::string_view file) {
  return file.ends_with("a.so");
}

bool is_our_own(std::string_view file) {
  return lower(base_name(file)).starts_with("libiamodbc");
}

// Empty when the section names none.
std::string file_of(const IniSection& section) {
  for (const char* const key : {"Driver64", "Driver"}) {
    if (sizeof(void*) < 8 && key == std::string_view("Driver64")) continue;
    const IniEntry* const entry = section.find(key);
    if (entry != nullptr && !trimmed(entry->value).empty()) return std::string(trimmed(entry->value));
  }
  return {};
}

// The sections that could be base drivers: all that name a file that is not ours.
std::vector<std::string> base_driver_names(const OdbcFiles& files) {
  std::vector<std::string> names = files.driver_names();
  names.erase(std::remove_if(names.begin(), names.end(),
                             [&files](const std::string& name) {
                               const IniSection* const section = files.driver(name);
                               return section == nullptr || file_of(*section).empty() || is_our_own(file_of(*section));
                             }),
              names.end());
  return names;
}

// "Registered in /etc/odbcinst.ini: A, B." and what is wrong with the files.
std::string registered(const OdbcFiles& files) {
  std::vector<std::string> read;
  for (const IniFile& file : files.driver_files()) read.push_back(file.path + (file.exists ? "" : " (missing)"));
  const std::string where = read.empty() ? "odbcinst.ini" : joined(read);
  const std::vector<std::string> names = base_driver_names(files);
  std::string text = names.empty() ? "No base driver is registered in " + where + '.'
                                   : "Registered in " + where + ": " + joined(names) + '.';
  for (const std::string& problem : files.problems()) text += ' ' + problem;
  return text;
}

Error not_found(std::string message) {
  return Error{State::driver_not_loaded, std::move(message), 0};
}

void add_directories(std::vector<std::string>& directories, std::string_view list) {
  for (;;) {
    const std::size_t colon = list.find(':');
    directories.emplace_back(list.substr(0, colon));
    if (colon == std::string_view::npos) return;
    list.remove_prefix(colon + 1);
  }
}

std::vector<std::string> candidates_for(const std::string& file, const System& system, std::string_view our_directory) {
  if (file.find('/') != std::string::npos) return {file};
  std::vector<std::string> directories;
  add_directories(directories, system.set_variable("LTDL_LIBRARY_PATH").value_or(""));
  add_directories(directories, IAMODBC_DRIVER_DIRECTORIES);
  directories.emplace_back(our_directory);

  std::vector<std::string> candidates{file};
  for (const std::string& directory : directories) {
    if (directory.empty()) continue;
    const std::string candidate = directory + (directory.back() == '/' ? "" : "/") + file;
    if (std::find(candidates.begin(), candidates.end(), candidate) == candidates.end()) candidates.push_back(candidate);
  }
  return candidates;
}

// psqlODBC wants to be told its section: the one that names this very file, or the same file by its bare name.
std::string section_with(const std::string& file, const OdbcFiles& files) {
  for (const std::string& name : base_driver_names(files)) {
    const std::string other = file_of(*files.driver(name));
    if (other == file || other == base_name(file)) return name;
  }
  return {};
}

// "file: reason", without the file twice where the reason begins with it.
std::string sentence(const FailedLoad& failure) {
  return failure.reason.starts_with(failure.file) ? failure.reason : failure.file + ": " + failure.reason;
}

}  // namespace

Result<BaseDriverFile> find_base_driver(std::string_view base_driver, const OdbcFiles& files, const System& system,
                                        std::string_view our_directory) {
  const std::string name(trimmed(base_driver));
  BaseDriverFile found;
  if (const IniSection* const section = files.driver(name)) {
    found.section = section->name;
    found.name = file_of(*section);
    if (found.name.empty()) {
      return not_found("BaseDriver=" + name + ": its section in odbcinst.ini has no Driver= line that names a file. " +
                       "Add one, or name another base driver. " + registered(files));
    }
  } else if (name.find('/') != std::string::npos || is_library_name(name)) {
    found.name = name;
    found.section = section_with(name, files);
  } else {
    return not_found("BaseDriver=" + name + ": odbcinst.ini has no section of this name. " + registered(files) +
                     " Set BaseDriver to one of these names or to the path of a driver library.");
  }
  if (is_our_own(found.name)) {
    return not_found("BaseDriver=" + name + " is iamodbc itself. Name the driver of the database. " +
                     registered(files));
  }
  found.candidates = candidates_for(found.name, system, our_directory);
  return found;
}

Result<std::string> default_base_driver(std::string_view engine, int port, const OdbcFiles& files) {
  bool is_postgresql = same_name(engine, "postgresql");
  bool is_mysql = same_name(engine, "mysql") || same_name(engine, "mariadb");
  if (engine.empty()) {
    is_postgresql = port == 5432;
    is_mysql = port == 3306;
  }
  if (!is_postgresql && !is_mysql) {
    std::string cause = "Engine=" + std::string(engine) + " is not postgresql, mysql or mariadb";
    if (engine.empty()) cause = "port " + std::to_string(port) + " does not tell the engine";
    if (engine.empty() && port == 0) cause = "neither BaseDriver nor Engine is given, nor a Port that tells the engine";
    return cannot_connect("Which base driver to use is not known: " + cause +
                          ". Set Engine=postgresql, mysql or mariadb, or BaseDriver. " + registered(files));
  }
  // The better first: MariaDB's driver takes tokens of any length, MySQL's does not; the wide file before the narrow
  // one.
  const std::vector<BaseKind> kinds =
      is_postgresql ? std::vector{BaseKind::psqlodbc} : std::vector{BaseKind::mariadb, BaseKind::mysql};
  const std::vector<std::string> names = base_driver_names(files);
  for (const BaseKind kind : kinds) {
    for (const bool wants_narrow : {false, true}) {
      for (const std::string& name : names) {
        const std::string file = file_of(*files.driver(name));
        if (base_driver_profile(file).kind == kind && is_narrow(file) == wants_narrow) return name;
      }
    }
  }
  const std::string advice = is_postgresql
                                 ? "PostgreSQL is registered; install one (Debian, Ubuntu: odbc-postgresql)"
                                 : "MySQL or MariaDB is registered; install one (Debian, Ubuntu: odbc-mariadb)";
  return not_found("No known ODBC driver for " + advice + " or set BaseDriver. " + registered(files));
}

std::string driver_name(const std::string& file, const OdbcFiles& files) {
  std::string of_the_same_name;
  for (const std::string& name : files.driver_names()) {
    const IniSection* const section = files.driver(name);
    const std::string other = section != nullptr ? file_of(*section) : "";
    if (other == file) return name;
    if (of_the_same_name.empty() && base_name(other) == base_name(file)) of_the_same_name = name;
  }
  return of_the_same_name.empty() ? file : of_the_same_name;
}

Error base_driver_not_loaded(const BaseDriverFile& driver, const std::vector<FailedLoad>& failures) {
  const std::string what = driver.section.empty() ? driver.name : quoted(driver.section) + " (" + driver.name + ')';
  std::string message = "The base driver " + what + " could not be loaded.";
  std::vector<std::string> absent;
  for (const FailedLoad& failure : failures) {
    if (failure.reason == failure.file + std::string(cannot_open)) {
      absent.push_back(failure.file);
    } else {
      message += ' ' + sentence(failure) + '.';
    }
  }
  if (absent.size() == failures.size()) message += " Install it, or set BaseDriver to the path of its library.";
  if (!absent.empty()) message += " No such file: " + joined(absent) + '.';
  return not_found(std::move(message));
}

}  // namespace iamodbc
