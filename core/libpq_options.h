// libpq_options: the value of psqlODBC's pqopt, read by libpq's own grammar and written anew.
// Shape: `keyword = value` pairs divided by blanks; a value may stand in single quotes; backslash keeps the next character.
// Names are letters, digits and _, kept as given (libpq knows lower case only).
// Errors (08001): text that libpq would not parse, a name of other characters, an URI.
// Thread rule: values.
// Source: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace iamodbc {

using LibpqOptions = std::vector<std::pair<std::string, std::string>>;

Result<LibpqOptions> parse_libpq_options(std::string_view text);
std::string write_libpq_options(const LibpqOptions& options);  // every value quoted

}  // namespace iamodbc
