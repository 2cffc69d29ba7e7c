// text: ASCII letter case, trimming and distance, independent of the locale (parsers must not change with LC_ALL).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace iamodbc {

std::string lower(std::string_view text);                               // A-Z only
std::string upper(std::string_view text);                               // a-z only
bool same_name(std::string_view a, std::string_view b);                 // equal but for ASCII case
bool starts_with_name(std::string_view text, std::string_view prefix);  // prefix, ignoring ASCII case
std::string_view trimmed(std::string_view text);                        // without blanks, tabs, CR and LF at both ends
std::optional<long long> parse_integer(std::string_view text);  // decimal, `-` but no `+`, whole text; else nullopt
// On one line, at most `max_bytes` of it, nothing that speaks to a terminal: blanks for control characters, ? for what is not ASCII.
std::string on_one_line(std::string_view text, std::size_t max_bytes);
// As one word of a command that a person copies into a POSIX shell: as it is, or in single quotes.
std::string quoted_for_shell(std::string_view word);
// Single-character edits (insert, delete, replace, swap of neighbours) between two names, ignoring ASCII case.
// Takes time in proportion to the product of the lengths: compare the lengths first where a name may be long.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace iamodbc
