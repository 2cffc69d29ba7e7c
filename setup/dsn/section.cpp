// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/section.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/attributes.h"
#include "core/given.h"
#include "core/settings.h"
#include "core/text.h"
#include "core/walk.h"
#include "setup/ini_edit.h"

namespace iamodbc {
namespace {

constexpr const char* list_of_data_sources = "ODBC Data Sources";  // iODBC's, and of other systems
constexpr std::array rarely_secret{"pqopt", "D5", "ConnSettings", "A6", "INITSTMT"};
constexpr std::array<std::string_view, 3> password_words{"password", "passwd", "pwd"};

Result<Given> given_by(const std::string& name, const OdbcFiles& files) {
  ConnectionString string;
  string.add(Attribute("DSN", name));
  return Given::gather(std::move(string), files);
}

// Sets one attribute in the line that it has, or takes it out, and takes its other spellings out.
Result<std::string> with_line(std::string text, const std::string& name, const DsnLine& line,
                              const BaseDriverProfile& profile) {
  const IniFile file = parse_odbc_ini("", text);
  const IniSection* const section = file.find(name);
  std::string key = line.name;
  if (section != nullptr) {
    const auto is_same = [&](const IniEntry& entry) { return is_same_attribute(entry.key, line.name, profile); };
    const auto first = std::find_if(section->entries.begin(), section->entries.end(), is_same);
    if (first != section->entries.end()) key = first->key;
    for (const IniEntry& entry : section->entries) {
      const bool goes = line.value.empty() || !same_name(entry.key, key);
      if (is_same(entry) && goes) text = without_value(text, name, entry.key);
    }
  }
  if (line.value.empty()) return text;
  return with_value(text, name, key, line.value);
}

// What a connect would ask for before it looks at all else, where the section leaves it to a connection string.
void fill_gaps(IniSection& section, const BaseDriverProfile& profile) {
  for (const AttributeId id : {AttributeId::server, AttributeId::uid}) {
    const bool is_given = std::any_of(section.entries.begin(), section.entries.end(), [&](const IniEntry& entry) {
      return !entry.value.empty() && is_spelling_of(profile, attribute_row(id), entry.key);
    });
    if (is_given) continue;
    // The first line of a name counts, be it empty.
    auto line = std::find_if(section.entries.begin(), section.entries.end(),
                             [&](const IniEntry& entry) { return same_name(entry.key, attribute_row(id).name); });
    if (line == section.entries.end()) line = section.entries.insert(line, IniEntry{attribute_row(id).name, ""});
    line->value.assign(1, 'x');
  }
}

std::optional<Error> mistake_in(IniFile file, const std::string& name, const OdbcFiles& files, const System& system) {
  const OdbcFiles as_written = with_file_first(file, files);
  const auto given = given_by(name, as_written);
  if (!given) return given.error();
  const auto choice = read_base_choice(given.value());
  if (!choice) return choice.error();
  const auto base = choose_base_driver(given.value(), as_written, system, "");  // may be installed later
  const auto& profile = base ? base_driver_profile(base.value().name) : base_driver_profile(BaseKind::unknown);
  const auto section = std::find_if(file.sections.begin(), file.sections.end(),
                                    [&](const IniSection& one) { return same_name(one.name, name); });
  if (section != file.sections.end()) fill_gaps(*section, profile);
  const OdbcFiles as_filled = with_file_first(std::move(file), files);
  auto whole = given_by(name, as_filled);
  if (!whole) return whole.error();
  const auto fetched = read_fetch_settings(whole.value());
  if (!fetched) return fetched.error();
  // What AWS will tell stands in for what the section leaves to it.
  if (fetches_login(fetched.value().auth_type))
    whole.value().learn({{"Server", "db.invalid", ""}, {"UID", "user", ""}});
  const auto settings = read_settings(whole.value(), profile);
  if (!settings) return settings.error();
  if (!brings_login(settings.value().auth_type)) return std::nullopt;
  if (auto error = not_one_host("Server", settings.value().server)) return error;
  return not_one_host("TokenHost", settings.value().token_host);
}

// Whatever a parser would make of it: braces around it, other letters, a quote that does not end.
bool sets_password(std::string_view text) {
  const std::string small = lower(text);
  return std::any_of(password_words.begin(), password_words.end(), [&](std::string_view word) {
    for (auto at = small.find(word); at != std::string::npos; at = small.find(word, at + 1)) {
      if (trimmed(std::string_view(small).substr(at + word.size())).starts_with('=')) return true;
    }
    return false;
  });
}

// As a proxy's may.
bool is_url_with_password(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  text.remove_prefix(scheme + 3);
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

}  // namespace

bool is_same_attribute(std::string_view a, std::string_view b, const BaseDriverProfile& profile) {
  if (same_name(a, b)) return true;
  const AttributeRow* const row = our_attribute(profile, a);
  return row != nullptr && row == our_attribute(profile, b);
}

bool leaves_place_to_aws(const DsnLines& lines) {
  const std::string type = value_of(lines, AttributeId::auth_type);
  return same_name(type, text(AuthType::secrets_manager)) || same_name(type, text(AuthType::redshift));
}

std::string value_of(const DsnLines& lines, AttributeId id) {
  const auto found = std::find_if(lines.begin(), lines.end(),
                                  [&](const DsnLine& line) { return find_attribute(line.name) == &attribute_row(id); });
  return found == lines.end() ? "" : found->value;
}

bool is_secret_attribute(std::string_view name) {
  if (is_one_of(rarely_secret, name)) return false;
  const std::string small = lower(name);
  // Not pwd: MySQL's connector has a switch CAN_HANDLE_EXP_PWD.
  if (small.ends_with("password") || small.ends_with("passwd")) return true;
  const auto kinds = {BaseKind::psqlodbc, BaseKind::mariadb, BaseKind::mysql};
  return std::any_of(kinds.begin(), kinds.end(), [&](BaseKind kind) {
    const BaseDriverProfile& profile = base_driver_profile(kind);
    const AttributeRow* const row = our_attribute(profile, name);
    return (row != nullptr && row->is_secret) || is_one_of(profile.secret_names, name);
  });
}

bool holds_password(std::string_view text) {
  return sets_password(text) || is_url_with_password(text);
}

bool holds_secret(const DsnLine& line) {
  if (line.value.empty()) return false;
  if (is_secret_attribute(line.name) || is_url_with_password(line.value)) return true;
  const bool is_libpq = same_name(line.name, "pqopt") || same_name(line.name, "D5");
  return is_libpq && sets_password(line.value);
}

bool is_our_library(std::string_view file) {
  return file.substr(file.rfind('/') + 1).starts_with("libiamodbc");
}

std::string file_of_driver(const std::string& driver, const OdbcFiles& files) {
  const IniSection* const section = files.driver(driver);
  if (section == nullptr) return driver;
  for (const char* const key : {"Driver64", "Driver"}) {  // unixODBC's order where pointers have 64 bits
    if (const IniEntry* const entry = section->find(key)) return entry->value;
  }
  return {};
}

bool is_of_another_driver(const IniSection& section, const OdbcFiles& files) {
  const IniEntry* const driver = section.find("Driver");
  if (driver == nullptr) return false;
  const std::string file = file_of_driver(driver->value, files);
  // Our own name may not be registered yet.
  return !is_our_library(file) && !(files.driver(driver->value) == nullptr && starts_with_name(file, "iamodbc"));
}

OdbcFiles with_file_first(IniFile file, const OdbcFiles& files) {
  std::vector<IniFile> data_sources;
  data_sources.push_back(std::move(file));
  data_sources.insert(data_sources.end(), files.data_source_files().begin(), files.data_source_files().end());
  return {std::move(data_sources), files.driver_files()};
}

const BaseDriverProfile& profile_of_dsn(const std::string& name, const OdbcFiles& files, const System& system) {
  const auto given = given_by(name, files);
  const auto base = given ? choose_base_driver(given.value(), files, system, "") : given.error();
  return base ? base_driver_profile(base.value().name) : base_driver_profile(BaseKind::unknown);
}

Result<std::string> with_dsn(std::string text, const std::string& name, const DsnLines& lines,
                             const BaseDriverProfile& profile) {
  for (const DsnLine& line : lines) {
    auto changed = with_line(std::move(text), name, line, profile);
    if (!changed) return changed;
    text = std::move(changed).value();
  }
  const auto driver =
      std::find_if(lines.begin(), lines.end(), [](const DsnLine& line) { return same_name(line.name, "Driver"); });
  const bool is_listed = parse_odbc_ini("", text).find(list_of_data_sources) != nullptr;
  if (driver == lines.end() || !is_listed) return text;
  return with_value(text, list_of_data_sources, name, driver->value);
}

std::string without_dsn(std::string_view text, const std::string& name) {
  return without_value(without_section(text, name), list_of_data_sources, name);
}

std::optional<Error> new_mistake(const std::string& path, const std::string& before, const std::string& after,
                                 const std::string& name, const OdbcFiles& files, const System& system) {
  const auto mistake = mistake_in(parse_odbc_ini(path, after), name, files, system);
  if (!mistake) return std::nullopt;
  // One that was there before is no reason to refuse another change.
  const IniFile present = parse_odbc_ini(path, before);
  const auto earlier = present.find(name) == nullptr ? std::nullopt : mistake_in(present, name, files, system);
  if (earlier && earlier->message == mistake->message) return std::nullopt;
  return Error{mistake->sqlstate, mistake->message + " Nothing was written.", 0};
}

}  // namespace iamodbc
