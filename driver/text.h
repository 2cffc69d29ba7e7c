// text: the driver's borders for text: pointer and length in, buffer and capacity out.
// Inside, text is bytes: narrow as given, wide as UTF-8 in which lone surrogates survive. SQLWCHAR is unixODBC's, 2
// bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/width.h"
#include "driver/functions.h"

namespace iamodbc {

// `length` counts characters (2-byte units when wide), or is SQL_NTS. A null pointer is an empty text whatever the
// length. HY090: another negative length.
Result<std::string> text_from(const SQLCHAR* text, SQLINTEGER length);
Result<std::string> text_from(const SQLWCHAR* text, SQLINTEGER length);

// Copies `text` into `buffer` by ODBC's rules: as much as fits with its terminator; `capacity` and the length told
// count characters (units) for SQLCHAR*/SQLWCHAR*. The length told is that of the whole text; either pointer may be
// null. Returns false when text was cut (SQL_SUCCESS_WITH_INFO, 01004); a null buffer cuts nothing. A length beyond
// 32,767 is told as 32,767. REQUIRES: capacity >= 0.
bool put_text(std::string_view text, SQLCHAR* buffer, SQLINTEGER capacity, SQLSMALLINT* length);
bool put_text(std::string_view text, SQLWCHAR* buffer, SQLINTEGER capacity, SQLSMALLINT* length);

}  // namespace iamodbc
