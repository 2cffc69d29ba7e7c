// SPDX-License-Identifier: Apache-2.0
#include "driver/text.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/encoding.h"

namespace iamodbc {

static_assert(sizeof(SQLWCHAR) == sizeof(char16_t));

namespace {

template <class Character>
Result<std::size_t> length_of(const Character* text, SQLINTEGER length) {
  if (length >= 0) return static_cast<std::size_t>(length);
  if (length != SQL_NTS) {
    return Error{State::invalid_string_length, "a text has the negative length " + std::to_string(length), 0};
  }
  const Character* end = text;
  while (*end != 0) ++end;
  return static_cast<std::size_t>(end - text);
}

template <class Character, class Unit>
bool put(std::basic_string_view<Unit> text, Character* buffer, SQLINTEGER capacity, SQLSMALLINT* length) {
  static_assert(sizeof(Character) == sizeof(Unit));
  if (length != nullptr) {
    constexpr std::size_t longest = std::numeric_limits<SQLSMALLINT>::max();
    *length = static_cast<SQLSMALLINT>(std::min(text.size(), longest));
  }
  if (buffer == nullptr) return true;
  const auto room = static_cast<std::size_t>(capacity);
  if (room == 0) return false;
  const std::size_t count = std::min(text.size(), room - 1);
  if (count > 0) std::memcpy(buffer, text.data(), count * sizeof(Unit));
  buffer[count] = 0;
  return count == text.size();
}

}  // namespace

Result<std::string> text_from(const SQLCHAR* text, SQLINTEGER length) {
  if (text == nullptr) return std::string();
  const Result<std::size_t> count = length_of(text, length);
  if (!count) return count.error();
  return std::string(reinterpret_cast<const char*>(text), count.value());
}

Result<std::string> text_from(const SQLWCHAR* text, SQLINTEGER length) {
  if (text == nullptr) return std::string();
  const Result<std::size_t> count = length_of(text, length);
  if (!count) return count.error();
  std::u16string units(count.value(), u'\0');
  if (!units.empty()) std::memcpy(units.data(), text, units.size() * sizeof(char16_t));
  std::string bytes = utf8_from_utf16(units);
  // It may be a password: no second copy stays behind.
  for (volatile char16_t& unit : units) unit = 0;
  return bytes;
}

bool put_text(std::string_view text, SQLCHAR* buffer, SQLINTEGER capacity, SQLSMALLINT* length) {
  return put(text, buffer, capacity, length);
}

bool put_text(std::string_view text, SQLWCHAR* buffer, SQLINTEGER capacity, SQLSMALLINT* length) {
  std::u16string units = utf16_from_utf8(text);
  const bool is_whole = put(std::u16string_view(units), buffer, capacity, length);
  for (volatile char16_t& unit : units) unit = 0;  // it may hold what the application gave as a password
  return is_whole;
}

}  // namespace iamodbc
