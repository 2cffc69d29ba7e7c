// SPDX-License-Identifier: Apache-2.0
#include "setup/discover/found_dsn.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/attributes.h"
#include "core/aws/region.h"
#include "core/base_driver_file.h"
#include "core/text.h"
#include "setup/dsn/base_drivers.h"
#include "setup/file_edit.h"
#include "setup/ini_edit.h"

namespace iamodbc {
namespace {

using Id = AttributeId;

constexpr const char* list_of_data_sources = "ODBC Data Sources";

const char* engine_for(const FoundDatabase& database) {
  if (database.family != Family::mysql) return "postgresql";  // Redshift and DSQL speak it too
  return database.engine == "mariadb" ? "mariadb" : "mysql";
}

void add(DsnLines& lines, const char* name, const std::string& value) {
  if (!value.empty()) lines.push_back({name, value});
}

// What a DSN may be called after a name of AWS, which may hold what ODBC forbids and be longer.
std::string as_dsn_name(std::string text, std::size_t room = max_dsn_name_length) {
  if (text.size() > room) text.resize(room);
  while (text.ends_with('-')) text.pop_back();
  return text;
}

std::string with_ending(const std::string& name, const std::string& ending) {
  return as_dsn_name(name, max_dsn_name_length - ending.size()) + ending;
}

std::string with_line_ends(const std::string& text, const std::string& end) {
  std::string result;
  for (const char c : text) result += c == '\n' ? end : std::string(1, c);
  return result;
}

// The DSNs that there are and those being made, and where they lead.
class Names {
 public:
  explicit Names(const OdbcFiles& files) {
    for (const std::string& name : files.data_source_names()) {
      taken_.insert(lower(name));
      const IniSection* const section = files.data_source(name);
      if (section == nullptr) continue;
      for (const IniEntry& entry : section->entries) {
        if (is_same_attribute(entry.key, attribute_row(Id::server).name)) leads_[lower(entry.value)] = name;
      }
    }
  }

  // Of the DSN that leads to the host already; empty: none does.
  [[nodiscard]] std::string leading_to(const std::string& host) const {
    const auto found = leads_.find(lower(host));
    return found == leads_.end() ? "" : found->second;
  }

  std::string free_name(const FoundDatabase& database) {
    const std::string own =
        database.kind == "reader" ? with_ending(database.name, "-reader") : as_dsn_name(database.name);
    std::string name = own;
    if (is_taken(name)) name = with_ending(own, "-" + database.region);
    for (int i = 2; is_taken(name); ++i) name = with_ending(own, "-" + std::to_string(i));
    taken_.insert(lower(name));
    return name;
  }

 private:
  [[nodiscard]] bool is_taken(const std::string& name) const { return taken_.count(lower(name)) != 0; }

  std::set<std::string> taken_;
  std::map<std::string, std::string> leads_;
};

// The text of a file to which one DSN after the other is added.
class Writing {
 public:
  Writing(const IniFile& file, std::string text, const System& system)
      : path_(file.path),
        system_(system),
        files_(with_file_first(file, OdbcFiles::read(system))),
        names_(files_),
        has_list_(file.find(list_of_data_sources) != nullptr),
        text_(std::move(text)),
        end_(text_.find("\r\n") == std::string::npos ? "\n" : "\r\n") {}

  Result<FoundDsn> add(const FoundDatabase& database, const DsnLines& more) {
    FoundDsn one{"", database.host, reason_for_no_dsn(database)};
    if (!one.note.empty()) return one;
    one.name = names_.leading_to(database.host);
    if (!one.name.empty()) {
      one.note = "was there already";
      return one;
    }
    DsnLines lines = lines_for(database, more);
    const std::string name = names_.free_name(database);
    // By itself, so that a thousand of them do not each read all the others.
    auto section =
        with_dsn("", name, lines, base_driver_profile(file_of_driver(value_of(lines, Id::base_driver), files_)));
    if (!section) {
      one.note = section.error().message;
    } else if (const auto mistake = new_mistake(path_, "", section.value(), name, files_, system_)) {
      one.note = mistake->message;
    }
    if (!one.note.empty()) return one;
    if (!text_.empty()) text_ += text_.ends_with('\n') ? end_ : end_ + end_;
    text_ += with_line_ends(section.value(), end_);
    one.name = name;
    if (!has_list_) return one;
    auto listed = with_value(text_, list_of_data_sources, name, lines.front().value);
    if (!listed) return listed.error();
    text_ = std::move(listed).value();
    return one;
  }

  std::string text() && { return std::move(text_); }

 private:
  // Its Driver first.
  DsnLines lines_for(const FoundDatabase& database, const DsnLines& more) {
    DsnLines lines = dsn_lines_of(database, files_);
    for (const DsnLine& line : more) {
      std::erase_if(lines, [&](const DsnLine& other) { return is_same_attribute(other.name, line.name); });
      lines.push_back(line);
    }
    const std::string base_driver = value_of(lines, Id::base_driver);
    auto own = own_drivers_.find(base_driver);
    if (own == own_drivers_.end()) {
      own = own_drivers_.emplace(base_driver, driver_for(base_driver, files_, system_)).first;
    }
    lines.insert(lines.begin(), {"Driver", own->second});
    return lines;
  }

  std::string path_;
  const System& system_;
  OdbcFiles files_;
  Names names_;
  bool has_list_;
  std::map<std::string, std::string> own_drivers_;  // by base driver: finding it loads it
  std::string text_;
  std::string end_;  // of its lines
};

}  // namespace

DsnLines dsn_lines_of(const FoundDatabase& database, const OdbcFiles& files) {
  DsnLines lines;
  const std::string engine = engine_for(database);
  const auto base_driver = default_base_driver(engine, 0, files);
  if (base_driver) {
    add(lines, attribute_row(Id::base_driver).name, base_driver.value());
  } else {
    add(lines, attribute_row(Id::engine).name, engine);
  }
  add(lines, attribute_row(Id::server).name, database.host);
  if (database.port != 0) add(lines, attribute_row(Id::port).name, std::to_string(database.port));
  add(lines, attribute_row(Id::database).name, database.database);
  if (database.family == Family::dsql) add(lines, attribute_row(Id::auth_type).name, "DSQL");
  if (database.family == Family::redshift) {
    add(lines, attribute_row(Id::auth_type).name, "Redshift");
    add(lines, database.kind == "workgroup" ? "Workgroup" : "ClusterID", database.name);
  }
  if (read_host_name(database.host).region != database.region) {
    add(lines, attribute_row(Id::region).name, database.region);
  }
  return lines;
}

std::string reason_for_no_dsn(const FoundDatabase& database) {
  if (database.iam == IamLogin::no_odbc) return "it is not reached by ODBC";
  if (database.family == Family::none) return "iamodbc has no driver for " + database.engine;
  if (database.iam != IamLogin::on) return "IAM authentication is off";
  if (database.host.empty()) return "it has no endpoint yet";
  if (database.kind == "instance" && !database.cluster.empty()) return "it is a member of " + database.cluster;
  return {};
}

Result<std::vector<FoundDsn>> write_found_dsns(const std::vector<FoundDatabase>& databases, const DsnLines& more,
                                               const std::string& path, const System& system) {
  std::vector<FoundDsn> made;
  FileEdit edit;
  edit.change = [&](const std::string& text) -> Result<std::string> {
    const auto file = parse_to_edit(path, text);
    if (!file) return file.error();
    Writing writing(file.value(), text, system);
    made.clear();
    for (const FoundDatabase& database : databases) {
      auto one = writing.add(database, more);
      if (!one) return one.error();
      made.push_back(std::move(one).value());
    }
    return std::move(writing).text();
  };
  const auto done = edit_file(path, edit);
  if (!done) return done.error();
  return made;
}

}  // namespace iamodbc
