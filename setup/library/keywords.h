// keywords: what an application asks of a data source.
// Shape: `Name=value` texts, each ended by a NUL, the list by an empty one. Blanks around a name do not belong to it; a
// value is everything behind the first `=`.
// Errors: ODBC_ERROR_INVALID_KEYWORD_VALUE for a text without a name or without `=`, for Driver=, which is an argument of its own,
// and for an attribute that is given twice, in whatever spelling. No message shows a value.
// Thread rule: values.
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/configdsn-function
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "setup/dsn/section.h"

namespace iamodbc {

using Keyword = DsnLine;

// `driver`: what Driver= may say all the same, or the file of a driver of ours, as iODBC's administrator does; it is left
// out. A null pointer is an empty list.
Result<std::vector<Keyword>> read_keywords(const char* list, std::string_view driver);

}  // namespace iamodbc
