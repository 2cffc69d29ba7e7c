// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/report.h"

#include <unistd.h>

#include "core/base_string.h"
#include "core/credentials/credentials.h"
#include "core/program.h"
#include "setup/command.h"
#include "setup/output.h"

namespace iamodbc {

DsnDriver driver_of_dsn(const IniSection& section, const OdbcFiles& files, const System& system) {
  const IniEntry* const driver = section.find("Driver");
  if (is_of_another_driver(section, files)) {
    return {&base_driver_profile(file_of_driver(driver->value, files)), false};
  }
  return {&profile_of_dsn(section.name, files, system), driver != nullptr};
}

std::optional<Error> not_ours(const IniSection& section, const OdbcFiles& files) {
  if (!is_of_another_driver(section, files)) return std::nullopt;
  return Error{State::general_error,
               "The DSN " + section.name + " in " + files.data_source_file(section.name) +
                   " is of another driver, so it is left alone. `iamodbc dsn import` makes one of iamodbc from it.",
               0};
}

std::string shown_value(const BaseDriverProfile& profile, const std::string& name, const std::string& value) {
  if (value.empty()) return value;
  const AttributeRow* const row = our_attribute(profile, name);
  if (row != nullptr && row->kind == AttributeKind::command) {
    const auto words = split_command_line(value);
    if (!words || words.value().empty()) return "***";
    return words.value().front() + (words.value().size() > 1 ? " ..." : "");
  }
  if (row != nullptr && row->id == AttributeId::access_key_id) return masked_key_id(value);
  return may_show(profile, name) ? value : "***";
}

void show_written(const DsnChange& change, const DsnWritten& written, const System& system) {
  const IniFile file = parse_odbc_ini(change.path, written.text);
  const OdbcFiles files({file}, OdbcFiles::read(system).driver_files());
  const IniSection* const section = file.find(change.name);
  const BaseDriverProfile& profile = *driver_of_dsn(*section, files, system).profile;
  print("[" + shown(section->name) + "]");
  for (const IniEntry& entry : section->entries) {
    print(shown(entry.key) + "=" + shown(shown_value(profile, entry.key, entry.value)));
  }
  for (const std::string& warning : written.warnings) warn(warning);
  if (change.holds_secret) {
    warn(change.path +
         " holds a secret now, and is for its owner alone (0600). Every program of this user can read it; "
         "IAM needs none there.");
  }
}

int failed(const Error& error, const std::string& path, const System& system) {
  complain(error);
  if (path == system_odbc_ini(system) && geteuid() != 0 && access(path.c_str(), W_OK) != 0) {
    complain("everybody's odbc.ini takes root: run it with sudo, or without --system for yourself alone");
  }
  return Exit::failed;
}

}  // namespace iamodbc
