// ini_edit: changes to the text of an ODBC ini file that leave everything else byte for byte: comments, order, blanks,
// unknown keys, line ends; and a way to write it back that loses nothing when it is interrupted.
// Names compare without ASCII case. Where a section or a key occurs twice, the first is meant, as in libodbcinst.
// Thread rule: the text functions are pure; edit_file() holds a lock against other programs that use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/result.h"

namespace iamodbc {

// Sets section's key to value: in its line, else behind the section's last line, else in a new section at the end.
std::string with_value(std::string_view text, std::string_view section, std::string_view key, std::string_view value);
// Without the sections of this name. Comments behind a section's last line stay.
std::string without_section(std::string_view text, std::string_view section);

// Reads the file (a missing one is empty), lets `change` make the new text, and writes that whole or not at all. A link
// stays a link; owner and mode stay; a new file is 0644. `change` may fail, and the same text means nothing is written.
// True: something was written. Fails (HY000) when the file or its folder cannot be written, and where `change` fails.
Result<bool> edit_file(const std::string& path, const std::function<Result<std::string>(const std::string&)>& change);

}  // namespace iamodbc
