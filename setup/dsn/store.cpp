// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/store.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/text.h"
#include "setup/base_probe.h"
#include "setup/file_edit.h"
#include "setup/ini_edit.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

Error refused(const std::string& message) {
  return Error{State::general_error, message, 0};
}

// A file that is searched earlier and has the name, too; empty: none.
std::string hidden_by(const DsnChange& change, const OdbcFiles& files) {
  for (const IniFile& file : files.data_source_files()) {
    if (file.path == change.path) return {};
    if (file.find(change.name) != nullptr) return file.path;
  }
  return {};
}

// Why a connect here and now would fail before it asks anybody for anything.
std::optional<Error> not_yet(const std::string& name, const OdbcFiles& files, const System& system) {
  auto given = read_given(name, files);
  if (!given) return given.error();
  const auto fetched = read_fetch_settings(given.value());
  if (!fetched) return fetched.error();
  if (fetches_login(fetched.value().auth_type)) return std::nullopt;  // what is fetched tells the rest
  const auto source = read_settings_of(std::move(given).value(), files, system);
  return source ? std::nullopt : std::optional(source.error());
}

Result<std::string> changed_text(const DsnChange& change, const std::string& text, const OdbcFiles& files,
                                 const System& system, std::vector<std::string>& warnings) {
  warnings.clear();
  if (change.is_new) {
    if (auto error = unusable_dsn_name(change.name)) return *std::move(error);
  }
  const auto file = parse_to_edit(change.path, text);
  if (!file) return file.error();
  const IniSection* const present = file.value().find(change.name);
  if (present != nullptr && change.is_new) {
    return refused("There is a DSN " + present->name + " in " + change.path +
                   " already. Change it with `iamodbc dsn edit`, or take it out with `iamodbc dsn remove`.");
  }
  if (present == nullptr && !change.is_new)
    return refused("There is no DSN " + change.name + " in " + change.path + ".");
  const OdbcFiles before = with_file_first(file.value(), files);
  // Which spellings are of one attribute depends on the base driver, and that may be what changes.
  auto changed = with_dsn(text, change.name, change.lines, profile_of_dsn(change.name, before, system));
  if (!changed) return changed;
  if (auto mistake = new_mistake(change.path, text, changed.value(), change.name, files, system)) {
    return *std::move(mistake);
  }
  const OdbcFiles after = with_file_first(parse_odbc_ini(change.path, changed.value()), files);
  if (const auto error = not_yet(change.name, after, system)) warnings.push_back(error->message);
  return changed;
}

}  // namespace

std::string odbc_ini_path(bool is_system, const System& system) {
  return is_system ? system_odbc_ini(system) : user_odbc_ini(system);
}

Result<OdbcFiles> files_with(const std::string& name, bool is_system, const OdbcFiles& files, const System& system) {
  for (const IniFile& file : files.data_source_files()) {
    if ((is_system && file.path != system_odbc_ini(system)) || file.find(name) == nullptr) continue;
    return with_file_first(file, files);
  }
  return unknown_dsn(name, files);
}

Result<DsnWritten> write_dsn(const DsnChange& change, const System& system) {
  if (change.holds_secret && change.path == system_odbc_ini(system)) {
    return refused("A secret is not written to " + change.path +
                   ": the file would have to be for its owner alone, and it is everybody's. Leave --system out.");
  }
  const OdbcFiles files = OdbcFiles::read(system);
  DsnWritten written;
  FileEdit edit;
  edit.holds_secret = change.holds_secret;
  edit.change = [&](const std::string& text) {
    auto changed = changed_text(change, text, files, system, written.warnings);
    if (changed) written.text = changed.value();
    return changed;
  };
  const auto done = edit_file(change.path, edit);
  if (!done) return done.error();
  written.is_changed = done.value();
  if (const std::string other = hidden_by(change, files); !other.empty()) {
    written.warnings.push_back("[" + change.name + "] in " + other + " is found first, so that of " + change.path +
                               " is not used.");
  }
  return written;
}

Result<DsnWritten> preview_dsn(const DsnChange& change, const System& system) {
  std::ifstream file(change.path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  DsnWritten written;
  auto changed = changed_text(change, text, OdbcFiles::read(system), system, written.warnings);
  if (!changed) return changed.error();
  written.is_changed = changed.value() != text;
  written.text = std::move(changed).value();
  return written;
}

Result<bool> remove_dsn(const std::string& path, const std::string& name) {
  return edit_file(path, {[&](const std::string& text) -> Result<std::string> {
                     const auto file = parse_to_edit(path, text);
                     if (!file) return file.error();
                     if (file.value().find(name) == nullptr) return text;
                     return without_dsn(text, name);
                   }});
}

}  // namespace iamodbc
