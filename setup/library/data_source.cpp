// SPDX-License-Identifier: Apache-2.0
#include "setup/library/data_source.h"

#include <algorithm>
#include <utility>

#include "core/base_driver_profile.h"
#include "core/ini_files.h"
#include "core/text.h"
#include "setup/dsn/section.h"
#include "setup/file_edit.h"
#include "setup/ini_edit.h"

namespace iamodbc {
namespace {

using Kind = DataSourceRequest::Kind;

Error bad_value(std::string message) {
  return refusal(ODBC_ERROR_INVALID_KEYWORD_VALUE, std::move(message));
}
Error bad_name(std::string message) {
  return refusal(ODBC_ERROR_INVALID_DSN, std::move(message));
}

int cannot_write(Kind kind) {
  if (kind == Kind::add) return ODBC_ERROR_CREATE_DSN_FAILED;
  return kind == Kind::remove ? ODBC_ERROR_REMOVE_DSN_FAILED : ODBC_ERROR_WRITING_SYSINFO_FAILED;
}

// ---- what is asked ----

Result<std::string> name_in(const DataSourceRequest& request) {
  const auto dsn = std::find_if(request.attributes.begin(), request.attributes.end(),
                                [](const Keyword& one) { return same_name(one.name, "DSN"); });
  if (dsn == request.attributes.end() || trimmed(dsn->value).empty()) {
    return bad_name(
        "No DSN= names the data source. Give its attributes, beginning with DSN=name; `iamodbc dsn add` asks for "
        "them.");
  }
  std::string name(trimmed(dsn->value));
  if (const auto error = unusable_dsn_name(name)) return bad_name(error->message);
  return name;
}

std::optional<Error> secret_in(const std::vector<Keyword>& attributes) {
  for (const Keyword& one : attributes) {
    if (!holds_secret({one.name, one.value})) continue;
    return bad_value(
        one.name +
        " holds a secret and is not written to odbc.ini. IAM needs none there: name a Profile, or give it in "
        "the connection string; `iamodbc dsn edit --store-secret` stores it if it must be.");
  }
  return std::nullopt;
}

// ---- where ----

// The file to change: the chosen one; where both are, the first that has this DSN, else the user's.
std::string file_for(const std::string& name, DataSources where, const System& system) {
  if (where == DataSources::system) return system_odbc_ini(system);
  if (where == DataSources::user) return user_odbc_ini(system);
  const std::string found = OdbcFiles::read(system).data_source_file(name);
  return found.empty() ? user_odbc_ini(system) : found;
}

// ---- the new text ----

// What is asked for, as lines of the section; of one that is written anew, the others go.
DsnLines lines_for(const DataSourceRequest& request, const IniSection* section) {
  DsnLines lines;
  if (request.kind == Kind::add) lines.push_back({"Driver", request.driver});
  for (const Keyword& one : request.attributes) {
    if (!same_name(one.name, "DSN")) lines.push_back(one);
  }
  if (request.kind != Kind::add || section == nullptr) return lines;
  const DsnLines wanted = lines;
  for (const IniEntry& entry : section->entries) {
    const bool stays = std::any_of(wanted.begin(), wanted.end(),
                                   [&](const DsnLine& line) { return is_same_attribute(line.name, entry.key); });
    if (!stays) lines.push_back({entry.key, ""});
  }
  return lines;
}

Result<std::string> changed_text(const std::string& path, const std::string& text, const std::string& name,
                                 const DataSourceRequest& request, const System& system) {
  const auto file = parse_to_edit(path, text);
  if (!file) return file.error();
  const OdbcFiles files = OdbcFiles::read(system);
  const IniSection* const section = file.value().find(name);
  if (section == nullptr && request.kind != Kind::add) return bad_name("There is no DSN " + name + " in " + path + ".");
  const IniEntry* const driver = section == nullptr ? nullptr : section->find("Driver");
  if (driver != nullptr && !same_name(driver->value, request.driver) && is_of_another_driver(*section, files)) {
    return bad_name("The DSN " + name + " in " + path + " is of another driver (" + driver->value +
                    "), so it is left alone. Choose another name, or remove it first.");
  }
  if (section != nullptr && request.kind == Kind::add && !request.may_overwrite) {
    return bad_name("There is a DSN " + name + " in " + path +
                    " already. Change it (ODBC_CONFIG_DSN), or remove it first.");
  }
  if (request.kind == Kind::remove) return without_dsn(text, name);
  auto changed = with_dsn(text, name, lines_for(request, section), base_driver_profile(BaseKind::unknown));
  if (!changed) return bad_value(changed.error().message);
  const std::string before = request.kind == Kind::add ? "" : text;
  if (const auto mistake = new_mistake(path, before, changed.value(), name, files, system)) {
    return bad_value(mistake->message);
  }
  return changed;
}

}  // namespace

std::optional<Error> change_data_source(const DataSourceRequest& request, DataSources where, const System& system) {
  const auto name = name_in(request);
  if (!name) return name.error();
  if (request.kind != Kind::remove) {
    if (auto error = secret_in(request.attributes)) return error;
  }
  const std::string path = file_for(name.value(), where, system);
  FileEdit edit;
  edit.change = [&](const std::string& text) { return changed_text(path, text, name.value(), request, system); };
  const auto done = edit_file(path, edit);
  if (done) return std::nullopt;
  Error error = done.error();
  if (error.native == 0) error.native = cannot_write(request.kind);
  return error;
}

}  // namespace iamodbc
