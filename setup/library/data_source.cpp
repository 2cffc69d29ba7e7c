// SPDX-License-Identifier: Apache-2.0
#include "setup/library/data_source.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/attributes.h"
#include "core/base_driver_profile.h"
#include "core/given.h"
#include "core/ini_files.h"
#include "core/settings.h"
#include "core/text.h"
#include "core/walk.h"
#include "setup/file_edit.h"
#include "setup/ini_edit.h"

namespace iamodbc {
namespace {

using Kind = DataSourceRequest::Kind;

constexpr const char* list_of_data_sources = "ODBC Data Sources";  // iODBC's, and of other systems

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

// What may hold a password among other things is the user's to write.
constexpr std::array rarely_secret{"pqopt", "D5", "ConnSettings", "A6", "INITSTMT"};

bool is_secret(const BaseDriverProfile& profile, std::string_view name) {
  if (is_one_of(rarely_secret, name)) return false;
  const AttributeRow* const row = our_attribute(profile, name);
  return (row != nullptr && row->is_secret) || is_one_of(profile.secret_names, name);
}

std::optional<Error> secret_in(const std::vector<Keyword>& attributes) {
  for (const Keyword& one : attributes) {
    const auto kinds = {BaseKind::psqlodbc, BaseKind::mariadb, BaseKind::mysql};
    const bool is_one = std::any_of(kinds.begin(), kinds.end(),
                                    [&](BaseKind kind) { return is_secret(base_driver_profile(kind), one.name); });
    if (!is_one || one.value.empty()) continue;
    return bad_value(one.name +
                     " is a secret and is not written to odbc.ini. IAM needs none there: name a Profile, or give it in "
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

// Whether Driver= names a library of ours, by its section of odbcinst.ini or by its file.
bool is_ours(const IniSection& data_source, const std::string& driver, const OdbcFiles& files) {
  const IniEntry* const entry = data_source.find("Driver");
  if (entry == nullptr || same_name(entry->value, driver)) return true;
  std::string file = entry->value;
  if (const IniSection* const section = files.driver(entry->value)) {
    const IniEntry* library = section->find("Driver64");
    if (library == nullptr) library = section->find("Driver");
    if (library != nullptr) file = library->value;
  }
  return is_our_library(file);
}

// ---- the new text ----

// What a connect would ask for before it looks at all else, where the section leaves it to a connection string.
void fill_gaps(IniSection& section, const BaseDriverProfile& profile) {
  for (const AttributeId id : {AttributeId::server, AttributeId::uid}) {
    const bool is_given = std::any_of(section.entries.begin(), section.entries.end(), [&](const IniEntry& entry) {
      return !entry.value.empty() && is_spelling_of(profile, attribute_row(id), entry.key);
    });
    if (is_given) continue;
    // The first line of a name counts, be it empty.
    auto line = std::find_if(section.entries.begin(), section.entries.end(), [&](const IniEntry& entry) {
      return same_name(entry.key, attribute_row(id).name);
    });
    if (line == section.entries.end()) line = section.entries.insert(line, IniEntry{attribute_row(id).name, ""});
    line->value.assign(1, 'x');
  }
}

ConnectionString string_with(const std::string& name) {
  ConnectionString string;
  string.add(Attribute("DSN", name));
  return string;
}

OdbcFiles read_first(const IniFile& file, const OdbcFiles& files) {
  std::vector<IniFile> data_sources{file};
  data_sources.insert(data_sources.end(), files.data_source_files().begin(), files.data_source_files().end());
  return OdbcFiles(std::move(data_sources), files.driver_files());
}

// What a connect through this DSN of the file would call a mistake, as it would say it.
std::optional<Error> mistake_in(IniFile file, const std::string& name, const OdbcFiles& files, const System& system) {
  const OdbcFiles as_written = read_first(file, files);
  const auto given = Given::gather(string_with(name), as_written);
  if (!given) return given.error();
  const auto choice = read_base_choice(given.value());
  if (!choice) return choice.error();
  const auto base = choose_base_driver(given.value(), as_written, system, "");  // may be installed later
  const auto& profile = base ? base_driver_profile(base.value().name) : base_driver_profile(BaseKind::unknown);
  const auto section = std::find_if(file.sections.begin(), file.sections.end(),
                                    [&](const IniSection& one) { return same_name(one.name, name); });
  if (section != file.sections.end()) fill_gaps(*section, profile);
  const OdbcFiles as_filled = read_first(file, files);
  const auto whole = Given::gather(string_with(name), as_filled);
  if (!whole) return whole.error();
  const auto settings = read_settings(whole.value(), profile);
  return settings ? std::nullopt : std::optional(settings.error());
}

// Takes out the section's lines that `goes` names.
template <class Goes>
std::string without_values(std::string text, const IniSection& section, const Goes& goes) {
  for (const IniEntry& entry : section.entries) {
    if (goes(entry.key)) text = without_value(text, section.name, entry.key);
  }
  return text;
}

// One line for the attribute: the spelling that is there, else the one that is given.
Result<std::string> with_attribute(std::string text, const std::string& name, const IniSection* section,
                                   const Keyword& attribute) {
  std::string key = attribute.name;
  if (section != nullptr) {
    const auto same = std::find_if(section->entries.begin(), section->entries.end(),
                                   [&](const IniEntry& entry) { return is_same_attribute(entry.key, attribute.name); });
    if (same != section->entries.end()) key = same->key;
    text = without_values(std::move(text), *section, [&](const std::string& other) {
      return is_same_attribute(other, attribute.name) && (attribute.value.empty() || !same_name(other, key));
    });
  }
  if (attribute.value.empty()) return text;
  auto changed = with_value(text, name, key, attribute.value);
  if (!changed) return bad_value(changed.error().message);
  return changed;
}

// The section as it will be; everything around it stays.
Result<std::string> with_data_source(std::string text, const std::string& name, const IniSection* section,
                                     const DataSourceRequest& request) {
  if (request.kind == Kind::add) {
    if (section != nullptr) {
      text = without_values(std::move(text), *section, [&](const std::string& key) {
        return !same_name(key, "Driver") &&
               std::none_of(request.attributes.begin(), request.attributes.end(),
                            [&](const Keyword& one) { return is_same_attribute(one.name, key); });
      });
    }
    auto changed = with_value(text, name, "Driver", request.driver);
    if (!changed) return refusal(ODBC_ERROR_INVALID_NAME, changed.error().message);
    text = std::move(changed).value();
  }
  for (const Keyword& attribute : request.attributes) {
    if (same_name(attribute.name, "DSN")) continue;
    auto changed = with_attribute(std::move(text), name, section, attribute);
    if (!changed) return changed;
    text = std::move(changed).value();
  }
  return text;
}

Result<std::string> changed_text(const std::string& path, const std::string& text, const std::string& name,
                                 const DataSourceRequest& request, const System& system) {
  const auto file = parse_to_edit(path, text);
  if (!file) return file.error();
  const OdbcFiles files = OdbcFiles::read(system);
  const IniSection* const section = file.value().find(name);
  if (section == nullptr && request.kind != Kind::add) return bad_name("There is no DSN " + name + " in " + path + ".");
  if (section != nullptr && !is_ours(*section, request.driver, files)) {
    return bad_name("The DSN " + name + " in " + path + " is of another driver (" + section->find("Driver")->value +
                    "), so it is left alone. Choose another name, or remove it first.");
  }
  if (section != nullptr && request.kind == Kind::add && !request.may_overwrite) {
    return bad_name("There is a DSN " + name + " in " + path +
                    " already. Change it (ODBC_CONFIG_DSN), or remove it first.");
  }
  const bool is_listed = file.value().find(list_of_data_sources) != nullptr;
  if (request.kind == Kind::remove) {
    const std::string without = without_section(text, name);
    return is_listed ? without_value(without, list_of_data_sources, name) : without;
  }
  auto changed = with_data_source(text, name, section, request);
  if (changed && is_listed && request.kind == Kind::add) {
    changed = with_value(changed.value(), list_of_data_sources, name, request.driver);
  }
  if (!changed) return changed;
  const auto mistake = mistake_in(parse_odbc_ini(path, changed.value()), name, files, system);
  if (!mistake) return changed;
  // One that was there before is no reason to refuse another change.
  const auto before = section == nullptr ? std::nullopt : mistake_in(file.value(), name, files, system);
  if (request.kind == Kind::add || !before || before->message != mistake->message)
    return bad_value(mistake->message + " Nothing was written.");
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
