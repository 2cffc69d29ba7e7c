// section: a DSN in the text of an odbc.ini: its attributes set and taken out, and what a connect would say of them. For
// the command and the setup library alike, so nothing in here goes to the network.
// One attribute has one line: setting it in one spelling takes the others out.
// Errors: as of ini_edit and of a connect. No message shows a value that may be secret. Thread rule: values; files are
// only looked for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base_driver_profile.h"
#include "core/ini_files.h"
#include "core/result.h"
#include "core/system.h"

namespace iamodbc {

struct DsnLine {
  std::string name;
  std::string value;  // empty: the attribute is to go
};
using DsnLines = std::vector<DsnLine>;

// Whether both names mean one attribute: equal but for ASCII case, or spellings of one of ours.
bool is_same_attribute(std::string_view a, std::string_view b,
                       const BaseDriverProfile& profile = base_driver_profile(BaseKind::unknown));
// Whether its AuthType fetches a login: host, user, database and engine may then be AWS's to tell.
bool leaves_place_to_aws(const DsnLines& lines);
// The value of an attribute of ours in any spelling; empty when it is not there.
std::string value_of(const DsnLines& lines, AttributeId id);
// Whether this is a password or a key for any known base driver, or is called a password. What may hold one among other
// things (ConnSettings, INITSTMT, pqopt) is the user's to write.
bool is_secret_attribute(std::string_view name);
// Whether a password is written in this text: as password=... or in a URL.
bool holds_password(std::string_view text);
// Whether this line holds one: by its name, in libpq's options, or in a URL, as a proxy's may be.
bool holds_secret(const DsnLine& line);

// Whether a file is one of our libraries, by its name.
bool is_our_library(std::string_view file);
// The library that Driver= of a DSN or BaseDriver= names: the file of that section of odbcinst.ini, else the text itself.
std::string file_of_driver(const std::string& driver, const OdbcFiles& files);
// Whether Driver= of the section names a library that is not ours.
bool is_of_another_driver(const IniSection& section, const OdbcFiles& files);

// The files with this text in the place of the first: what a program would find if it were written.
OdbcFiles with_file_first(IniFile file, const OdbcFiles& files);
// The base driver of a DSN of ours; `unknown` when it cannot be told.
const BaseDriverProfile& profile_of_dsn(const std::string& name, const OdbcFiles& files, const System& system);

// Each line set in the section `name`, which is made if need be. A list of data sources, where the file has one, is kept.
Result<std::string> with_dsn(std::string text, const std::string& name, const DsnLines& lines,
                             const BaseDriverProfile& profile);
std::string without_dsn(std::string_view text, const std::string& name);

// What a connect through this DSN would call a mistake in the text `after` of the file `path`, unless it is one in
// `before` as well. What is missing is no mistake: a connection string may supply it, a base driver be installed later.
std::optional<Error> new_mistake(const std::string& path, const std::string& before, const std::string& after,
                                 const std::string& name, const OdbcFiles& files, const System& system);

}  // namespace iamodbc
