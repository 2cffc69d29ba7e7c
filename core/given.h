// given: what the user gave, and where: the connection string, our DSN's section, BaseDSN's section; and where all of them are silent, what AWS told. The first room of a connect.
// Precedence: string > our section > BaseDSN's section > what AWS told; within one, the last spelling wins. An empty value counts as not given, but for Database.
// What is ours is told apart from what is the base driver's; nothing is changed or checked here but where an attribute may stand.
// Errors: a BaseDSN that does not exist; a DSN value that unixODBC cuts.
// Thread rule: values. `files` must outlive the Given.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/attributes.h"
#include "core/base_driver_profile.h"
#include "core/connection_string.h"
#include "core/ini_files.h"

namespace iamodbc {

enum class Origin { connection_string, data_source, base_data_source, aws };

// What AWS told of a database: a field of a secret, the endpoint of a cluster. Under the canonical name of our attribute.
struct Told {
  std::string name;
  std::string value;
  std::string where;  // for people: "the secret prod/sales"
};

// One attribute that was given. Views live as long as the Given and its files.
struct Found {
  std::string_view name;  // as written
  std::string_view value;
  Origin origin;
  std::string where;           // for people: "the connection string", "[sales] in /home/me/.odbc.ini, line 4"
  const Attribute* attribute;  // of the connection string; else nullptr
  bool is_cut = false;         // in its file: a line of which unixODBC, and so the base driver, reads less
};

class Given {
 public:
  static Result<Given> gather(ConnectionString string, const OdbcFiles& files);

  [[nodiscard]] const ConnectionString& string() const { return string_; }
  [[nodiscard]] const std::string& dsn() const { return dsn_; }            // of the application; empty: none
  [[nodiscard]] const std::string& base_dsn() const { return base_dsn_; }  // BaseDSN; empty: none
  // Driver of BaseDSN's section, as a base driver's DSN names it; empty: none.
  [[nodiscard]] std::string base_dsn_driver() const;
  // The odbcinst.ini name of our own driver, as DSN or string say it; empty when unknown.
  [[nodiscard]] const std::string& driver_section() const { return driver_section_; }
  // Whether the administrator lets ini-only attributes stand in a connection string.
  [[nodiscard]] bool allows_in_string() const { return allows_in_string_; }

  // Takes what was learned from AWS, in place of what was learned before, and gives that: views of it become void.
  std::vector<Told> learn(std::vector<Told> told) { return std::exchange(told_, std::move(told)); }

  // What AWS told, whether or not it counts.
  [[nodiscard]] std::optional<std::string_view> told(AttributeId id) const;

  // What was given for an attribute of ours in any spelling, this base driver's included, without the blanks that it
  // takes away; nullopt when nothing was. `empty_counts`: an empty value is a value.
  [[nodiscard]] std::optional<Found> find(AttributeId id, const BaseDriverProfile& profile,
                                          bool empty_counts = false) const;
  // What was given under any of these names.
  [[nodiscard]] std::optional<Found> find(std::span<const char* const> names) const;
  // All that was given, in the order string (as written), our section, BaseDSN's section, AWS.
  [[nodiscard]] std::vector<Found> all() const;
  // The files that the sections of the DSN and of BaseDSN are in, each once.
  [[nodiscard]] std::vector<std::string> files() const;
  // Those that secrets of ours were taken from, each once.
  [[nodiscard]] std::vector<std::string> files_of_secrets(const BaseDriverProfile& profile) const;

 private:
  std::optional<Error> read_base_dsn();
  [[nodiscard]] std::optional<Error> cut_line() const;
  template <class Matches>
  std::optional<Found> last(const Matches& matches, const BaseDriverProfile& profile, bool empty_counts) const;
  [[nodiscard]] Found from_section(const IniSection& section, const IniEntry& entry, Origin origin) const;

  ConnectionString string_;
  std::vector<Told> told_;
  const OdbcFiles* files_ = nullptr;
  const IniSection* section_ = nullptr;
  const IniSection* base_section_ = nullptr;
  std::string dsn_;
  std::string base_dsn_;
  std::string driver_section_;
  bool allows_in_string_ = false;
};

}  // namespace iamodbc
