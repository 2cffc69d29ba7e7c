// output: what the command writes: data to standard output, messages to standard error.
// Control characters in either are shown as \xHH, so that a file or a server cannot steer the terminal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace iamodbc {

// One line of data, flushed at once: a reader sees how far a walk has come.
void print(std::string_view line);
// "iamodbc: text" on standard error.
void complain(std::string_view text);
void complain(const Error& error);
// The same with "warning: " before the text.
void warn(std::string_view text);

// `status`, or failure if standard output could not take all that was printed.
int finish(int status);

// One line for people: line ends become blanks, other control characters \xHH.
std::string shown(std::string_view text);
// A JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);
// A JSON array of what is JSON already.
std::string json_list(const std::vector<std::string>& items);
// {"sqlstate": "08001", "message": "..."}
std::string json_of(const Error& error);

}  // namespace iamodbc
