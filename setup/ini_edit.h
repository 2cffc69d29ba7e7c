// ini_edit: changes to the text of an ODBC ini file that leave everything else byte for byte: comments, order, blanks,
// unknown keys, line ends, bytes of any encoding.
// Names compare without ASCII case. Where a section or a key occurs twice, the first is meant, as in libodbcinst.
// Errors: HY000 for what no reader would find again as it was written, or what unixODBC would cut. No message shows a
// value. Thread rule: pure functions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/ini_files.h"
#include "core/result.h"

namespace iamodbc {

// SQL_MAX_DSN_LENGTH: the driver managers refuse a longer name.
inline constexpr std::size_t max_dsn_name_length = 32;

// Why a DSN cannot have this name: empty, too long, or with a character that ODBC forbids in one. Nothing: it can.
std::optional<Error> unusable_dsn_name(std::string_view name);

// The text as sections; fails when unixODBC would read nothing of it, so that writing into it would be in vain, and where
// an editor shows sections that unixODBC does not see (a carriage return alone; a byte order mark or another blank beyond
// ASCII before them).
Result<IniFile> parse_to_edit(const std::string& path, std::string_view text);

// Sets section's key to value: in its line, else behind the section's last line, else in a new section at the end.
// Fails for a line that is too long for unixODBC, and for names and values that a line cannot hold.
Result<std::string> with_value(std::string_view text, std::string_view section, std::string_view key,
                               std::string_view value);
// Without the lines of this key in the section.
std::string without_value(std::string_view text, std::string_view section, std::string_view key);
// Without the sections of this name. Comments behind a section's last line stay. Another that becomes the first loses its indentation, with which unixODBC would ignore the file.
std::string without_section(std::string_view text, std::string_view section);

}  // namespace iamodbc
