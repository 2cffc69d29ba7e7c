// register and unregister: the driver's sections in odbcinst.ini, the system's or the user's.
// The file is edited, not rewritten through libodbcinst: that would drop the administrator's comments and, interrupted,
// the file. Its UsageCount rule is kept: a section that others installed as well stays until they remove it.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/ini_files.h"
#include "core/text.h"
#include "setup/command.h"
#include "setup/driver_template.h"
#include "setup/file_edit.h"
#include "setup/ini_edit.h"
#include "setup/output.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

// iODBC's administrator shows the drivers that this lists; unixODBC takes it for one more driver, so it is not made.
constexpr std::string_view list_of_drivers = "ODBC Drivers";
constexpr std::string_view folder_placeholder = "@IAMODBC_LIBRARY_FOLDER@";

struct Options {
  bool user = false;
  bool system = false;
  std::string driver;
};

struct Place {
  std::string path;         // the odbcinst.ini to change
  std::string system_path;  // the system's, which is searched first
  bool is_user = false;
};

Place place_of(const Options& options) {
  const OdbcFiles files = OdbcFiles::read(System());
  const std::vector<IniFile>& drivers = files.driver_files();  // the system's, then the user's
  return Place{(options.user ? drivers.back() : drivers.front()).path, drivers.front().path, options.user};
}

// Entries that name a library.
bool is_library(const IniEntry& entry) {
  return entry.key == "Driver" || entry.key == "Setup";
}
bool is_there(const IniEntry& entry) {
  return access(entry.value.c_str(), R_OK) == 0;
}

// The sections of the template whose driver is there, with the setup library where that is there too; `driver`, if
// given, is the file of the first.
Result<std::vector<IniSection>> sections_for(const std::string& driver) {
  std::string folder = library_folder();
  std::string file;
  if (!driver.empty()) {
    const std::unique_ptr<char, void (*)(void*)> real(realpath(driver.c_str(), nullptr), std::free);
    if (!real) return Error{State::driver_not_loaded, "--driver " + driver + ": there is no such file.", 0};
    file = real.get();
    folder = file.substr(0, file.rfind('/'));
  } else if (folder.empty()) {
    return Error{State::driver_not_loaded,
                 "libiamodbc.so was not found beside this program (" + program_folder() + "). Name it: --driver FILE.",
                 0};
  }
  std::string text = driver_template;
  for (std::size_t at = 0; (at = text.find(folder_placeholder)) != std::string::npos;) {
    text.replace(at, folder_placeholder.size(), folder);
  }
  std::vector<IniSection> sections = parse_odbc_ini("", text).sections;
  std::vector<IniSection> present;
  for (IniSection& section : sections) {
    for (IniEntry& entry : section.entries) {
      if (entry.key != "Driver") continue;
      if (!file.empty() && &section == &sections.front()) entry.value = file;
      if (!is_there(entry)) continue;
      present.push_back(section);
      std::erase_if(present.back().entries, [](const IniEntry& one) { return one.key == "Setup" && !is_there(one); });
    }
  }
  if (present.empty()) {
    return Error{State::driver_not_loaded, "There is no library of iamodbc in " + folder + ". Name it: --driver FILE.",
                 0};
  }
  return present;
}

int usage_count(const IniSection& section) {
  const IniEntry* const entry = section.find("UsageCount");
  return entry == nullptr ? 1 : static_cast<int>(parse_integer(entry->value).value_or(1));
}

// What is to be written of a section: what an administrator has changed stays; where the libraries are, we know better.
std::vector<IniEntry> entries_for(const IniSection& section, const IniSection* present) {
  std::vector<IniEntry> entries;
  for (const IniEntry& entry : section.entries) {
    const bool is_ours = is_library(entry);
    if (present == nullptr || is_ours || present->find(entry.key) == nullptr) entries.push_back(entry);
    const std::string wider = entry.key + "64";  // unixODBC reads Driver64 and Setup64 first
    if (is_ours && present != nullptr && present->find(wider) != nullptr) entries.push_back({wider, entry.value});
  }
  if (present == nullptr) entries.push_back({"UsageCount", "1"});
  return entries;
}

Result<std::string> with_sections(const std::string& path, std::string text, const std::vector<IniSection>& wanted) {
  const auto file = parse_to_edit(path, text);
  if (!file) return file.error();
  for (const IniSection& section : wanted) {
    for (const IniEntry& entry : entries_for(section, file.value().find(section.name))) {
      auto changed = with_value(text, section.name, entry.key, entry.value);
      if (!changed) return changed;
      text = std::move(changed).value();
    }
    if (file.value().find(list_of_drivers) == nullptr) continue;
    auto listed = with_value(text, list_of_drivers, section.name, "Installed");
    if (!listed) return listed;
    text = std::move(listed).value();
  }
  return text;
}

Result<std::string> without_sections(const std::string& path, std::string text, std::vector<std::string>& kept) {
  kept.clear();
  const auto file = parse_to_edit(path, text);
  if (!file) return file.error();
  for (const IniSection& section : parse_odbc_ini("", driver_template).sections) {
    const IniSection* const present = file.value().find(section.name);
    if (present == nullptr) continue;
    if (const int count = usage_count(*present); count > 1) {
      auto changed = with_value(text, section.name, "UsageCount", std::to_string(count - 1));
      if (!changed) return changed;
      text = std::move(changed).value();
      kept.push_back(section.name);
    } else {
      text = without_value(without_section(text, section.name), list_of_drivers, section.name);
    }
  }
  return text;
}

int failed(const Error& error, const Place& place) {
  complain(error);
  if (error.sqlstate == State::general_error && !place.is_user && geteuid() != 0) {
    complain("the system's odbcinst.ini takes root: run it with sudo, or with --user for yourself alone");
  }
  return Exit::failed;
}

void warn_of_user_file(const Place& place, const std::vector<IniSection>& sections) {
  const OdbcFiles files = OdbcFiles::read(System());
  const IniFile& system_file = files.driver_files().front();
  if (!system_file.exists) {
    warn("unixODBC reads " + place.path + " only where " + place.system_path +
         " exists. Have it created; it may be empty.");
  }
  for (const IniSection& section : sections) {
    if (system_file.find(section.name) != nullptr) {
      warn("[" + section.name + "] in " + place.system_path + " is found first, so that of " + place.path +
           " is not used.");
    }
  }
}

int do_register(const Options& options) {
  const Place place = place_of(options);
  const auto sections = sections_for(options.driver);
  if (!sections) {
    complain(sections.error());
    return Exit::failed;
  }
  const auto changed = edit_file(
      place.path, {[&](const std::string& text) { return with_sections(place.path, text, sections.value()); }});
  if (!changed) return failed(changed.error(), place);
  for (const IniSection& section : sections.value()) {
    print("[" + section.name + "] " + section.find("Driver")->value);
  }
  print((changed.value() ? "registered in " : "is registered already in ") + place.path);
  if (place.is_user) warn_of_user_file(place, sections.value());
  return Exit::ok;
}

int do_unregister(const Options& options) {
  const Place place = place_of(options);
  std::vector<std::string> kept;
  const auto changed =
      access(place.path.c_str(), F_OK) == 0
          ? edit_file(place.path, {[&](const std::string& text) { return without_sections(place.path, text, kept); }})
          : Result<bool>(false);
  if (!changed) return failed(changed.error(), place);
  for (const std::string& name : kept) print("[" + name + "] stays: it was installed more than once (UsageCount)");
  print((changed.value() ? "unregistered from " : "is not registered in ") + place.path);
  return Exit::ok;
}

std::shared_ptr<Options> place_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::Option* const user = app.add_flag("--user", options->user, "For this user alone: ~/.odbcinst.ini");
  app.add_flag("--system", options->system, "For everybody: odbcinst.ini in ODBCSYSINI or /etc (the default)")
      ->excludes(user);
  return options;
}

}  // namespace

Run register_command(CLI::App& app) {
  auto options = place_options(app);
  app.add_option("--driver", options->driver, "The library, when it is not beside this program")->type_name("FILE");
  return [options] { return do_register(*options); };
}

Run unregister_command(CLI::App& app) {
  auto options = place_options(app);
  return [options] { return do_unregister(*options); };
}

}  // namespace iamodbc
