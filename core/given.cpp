// SPDX-License-Identifier: Apache-2.0
#include "core/given.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace iamodbc {
namespace {

// libodbcinst hands out the first entry of a name; later ones of the same spelling are not seen by any program.
bool is_shadowed(const IniSection& section, const IniEntry& entry) {
  return section.find(entry.key) != &entry;
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += " " + sentence;
  return text;
}

bool is_yes(std::string_view value) {
  return value == "1" || same_name(value, "yes") || same_name(value, "true");
}

// MariaDB Connector/ODBC takes away the blanks around a value, other base drivers keep them.
std::string_view value_for(const BaseDriverProfile& profile, const Attribute& attribute) {
  const bool is_trimmed = profile.kind == BaseKind::mariadb && !attribute.written_value().starts_with('{');
  return is_trimmed ? without_blanks(attribute.value()) : attribute.value();
}

}  // namespace

Found Given::from_section(const IniSection& section, const IniEntry& entry, Origin origin) const {
  return Found{
      entry.key,
      entry.value,
      origin,
      "[" + section.name + "] in " + files_->data_source_file(section.name) + ", line " + std::to_string(entry.line),
      nullptr,
      entry.length > unixodbc_line_limit};
}

template <class Matches>
std::optional<Found> Given::last(const Matches& matches, const BaseDriverProfile& profile, bool empty_counts) const {
  const auto& attributes = string_.attributes();
  const auto attribute = std::find_if(attributes.rbegin(), attributes.rend(), [&](const Attribute& one) {
    return (empty_counts || !value_for(profile, one).empty()) && matches(one.name());
  });
  if (attribute != attributes.rend()) {
    return Found{attribute->name(), value_for(profile, *attribute), Origin::connection_string, "the connection string",
                 &*attribute};
  }
  for (const auto& [section, origin] :
       {std::pair{section_, Origin::data_source}, std::pair{base_section_, Origin::base_data_source}}) {
    if (section == nullptr) continue;
    const IniSection& in = *section;
    const auto entry = std::find_if(in.entries.rbegin(), in.entries.rend(), [&](const IniEntry& one) {
      return (empty_counts || !one.value.empty()) && !is_shadowed(in, one) && matches(one.key);
    });
    if (entry != in.entries.rend()) return from_section(in, *entry, origin);
  }
  const auto told = std::find_if(told_.rbegin(), told_.rend(), [&](const Told& one) {
    return (empty_counts || !one.value.empty()) && matches(one.name);
  });
  if (told != told_.rend()) return Found{told->name, told->value, Origin::aws, told->where, nullptr};
  return std::nullopt;
}

Result<Given> Given::gather(ConnectionString string, const OdbcFiles& files) {
  Given given;
  given.string_ = std::move(string);
  given.files_ = &files;
  if (const Attribute* dsn = given.string_.find("DSN")) given.dsn_ = dsn->value();
  if (!given.dsn_.empty()) given.section_ = files.data_source(given.dsn_);

  if (const auto driver = given.find(std::array{"Driver"})) given.driver_section_ = driver->value;
  if (const IniSection* driver = files.driver(given.driver_section_)) {
    const IniEntry* allow = driver->find("AllowInString");
    given.allows_in_string_ = allow != nullptr && is_yes(allow->value);
  }

  if (auto error = given.read_base_dsn()) return *error;
  if (auto error = given.cut_line()) return *error;
  return given;
}

std::optional<Error> Given::read_base_dsn() {
  const auto base_dsn = find(AttributeId::base_dsn, base_driver_profile(BaseKind::unknown));
  if (!base_dsn) return std::nullopt;
  base_dsn_ = base_dsn->value;
  base_section_ = files_->data_source(base_dsn_);
  if (base_section_ == nullptr) {
    std::string known;
    for (const std::string& name : files_->data_source_names()) known += (known.empty() ? "" : ", ") + name;
    return cannot_connect("BaseDSN=" + base_dsn_ + " (from " + base_dsn->where + ") is not a DSN of odbc.ini. Known: " +
                          (known.empty() ? "none" : known) + "." + joined(files_->problems()));
  }
  if (base_section_ == section_) {
    return cannot_connect("BaseDSN=" + base_dsn_ +
                          " names this DSN itself. Give the name of a DSN of the base driver, or remove BaseDSN.");
  }
  return std::nullopt;
}

std::string Given::base_dsn_driver() const {
  const IniEntry* const driver = base_section_ == nullptr ? nullptr : base_section_->find("Driver");
  return driver == nullptr ? "" : driver->value;
}

// What the base driver reads from odbc.ini by itself comes to it through unixODBC, which cuts long lines without a word.
std::optional<Error> Given::cut_line() const {
  const IniSection* const read_by_base = base_section_ != nullptr ? base_section_ : section_;
  if (read_by_base == nullptr) return std::nullopt;
  for (const IniEntry& entry : read_by_base->entries) {
    if (entry.length <= unixodbc_line_limit || find_attribute(entry.key) != nullptr) continue;
    return cannot_connect(entry.key + " (" + from_section(*read_by_base, entry, Origin::data_source).where +
                          ") is a line of " + std::to_string(entry.length) + " bytes, of which unixODBC reads " +
                          std::to_string(unixodbc_line_limit) + ". Shorten it, or give it in the connection string.");
  }
  return std::nullopt;
}

std::vector<std::string> Given::files() const {
  std::vector<std::string> files;
  for (const IniSection* const section : {section_, base_section_}) {
    if (section == nullptr) continue;
    std::string file = files_->data_source_file(section->name);
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
  }
  return files;
}

std::vector<std::string> Given::files_of_secrets(const BaseDriverProfile& profile) const {
  std::vector<std::string> files;
  for (const AttributeRow& row : attribute_table()) {
    const auto found = row.is_secret ? find(row.id, profile) : std::nullopt;
    if (!found || found->origin == Origin::connection_string || found->origin == Origin::aws) continue;
    const IniSection* const section = found->origin == Origin::data_source ? section_ : base_section_;
    std::string file = files_->data_source_file(section->name);
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
  }
  return files;
}

std::optional<Found> Given::find(AttributeId id, const BaseDriverProfile& profile, bool empty_counts) const {
  const AttributeRow& row = attribute_row(id);
  return last([&](std::string_view name) { return is_spelling_of(profile, row, name); }, profile, empty_counts);
}

std::optional<std::string_view> Given::told(AttributeId id) const {
  for (const Told& one : told_) {
    if (find_attribute(one.name) == &attribute_row(id)) return one.value;
  }
  return std::nullopt;
}

std::optional<Found> Given::find(std::span<const char* const> names) const {
  return last([&](std::string_view name) { return is_one_of(names, name); }, base_driver_profile(BaseKind::unknown),
              false);
}

std::vector<Found> Given::all() const {
  std::vector<Found> all;
  for (const Attribute& attribute : string_.attributes()) {
    all.push_back(
        Found{attribute.name(), attribute.value(), Origin::connection_string, "the connection string", &attribute});
  }
  for (const auto& [section, origin] :
       {std::pair{section_, Origin::data_source}, std::pair{base_section_, Origin::base_data_source}}) {
    if (section == nullptr) continue;
    for (const IniEntry& entry : section->entries) {
      if (!is_shadowed(*section, entry)) all.push_back(from_section(*section, entry, origin));
    }
  }
  for (const Told& one : told_) all.push_back(Found{one.name, one.value, Origin::aws, one.where, nullptr});
  return all;
}

}  // namespace iamodbc
