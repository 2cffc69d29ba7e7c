// SPDX-License-Identifier: Apache-2.0
#include "driver/attribute_queue.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/encoding.h"

namespace iamodbc {

namespace {

// integer: SQLUINTEGER; word: SQLULEN or a pointer. Both are handed on as they are; the difference shows where one is
// read back.
enum class Kind : std::uint8_t { integer, word, text };
// What SQLGetConnectAttr tells before it was set: ODBC's default, or nothing.
constexpr SQLLEN no_default = -1;

struct KnownAttribute {
  SQLINTEGER attribute;
  Kind kind;
  bool persists;
  SQLLEN standard;
};

constexpr SQLINTEGER dbc_info_token = 118;  // sqlspi.h, as are the next three
constexpr SQLINTEGER async_dbc_event = 119;
constexpr SQLINTEGER async_dbc_callback = 120;
constexpr SQLINTEGER async_dbc_context = 121;

// ODBC's attributes of connections, and those of statements that ODBC 2 lets a connection have as the default of its
// statements.
constexpr KnownAttribute known_attributes[] = {
    {SQL_ATTR_ACCESS_MODE, Kind::integer, true, SQL_MODE_READ_WRITE},
    {SQL_ATTR_AUTOCOMMIT, Kind::integer, true, SQL_AUTOCOMMIT_ON},
    {SQL_ATTR_LOGIN_TIMEOUT, Kind::integer, true, 0},
    {SQL_ATTR_TRACE, Kind::integer, false, SQL_OPT_TRACE_OFF},
    {SQL_ATTR_TRACEFILE, Kind::text, false, no_default},
    {SQL_ATTR_TRANSLATE_LIB, Kind::text, true, no_default},
    {SQL_ATTR_TRANSLATE_OPTION, Kind::integer, true, no_default},
    {SQL_ATTR_TXN_ISOLATION, Kind::integer, true, no_default},
    {SQL_ATTR_CURRENT_CATALOG, Kind::text, true, no_default},
    {SQL_ATTR_ODBC_CURSORS, Kind::word, false, no_default},
    {SQL_ATTR_QUIET_MODE, Kind::word, true, 0},
    {SQL_ATTR_PACKET_SIZE, Kind::integer, true, no_default},
    {SQL_ATTR_CONNECTION_TIMEOUT, Kind::integer, true, 0},
    {SQL_ATTR_DISCONNECT_BEHAVIOR, Kind::integer, false, no_default},
    {SQL_ATTR_ANSI_APP, Kind::integer, true, no_default},
    {SQL_ATTR_RESET_CONNECTION, Kind::integer, false, no_default},
    {SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE, Kind::integer, true, SQL_ASYNC_DBC_ENABLE_OFF},
    {dbc_info_token, Kind::word, false, no_default},
    {async_dbc_event, Kind::word, true, 0},
    {async_dbc_callback, Kind::word, true, 0},
    {async_dbc_context, Kind::word, true, 0},
    {SQL_ATTR_ENLIST_IN_DTC, Kind::word, false, no_default},
    {SQL_ATTR_ENLIST_IN_XA, Kind::word, false, no_default},
    {SQL_ATTR_CONNECTION_DEAD, Kind::integer, false, no_default},
    {SQL_ATTR_AUTO_IPD, Kind::integer, false, no_default},
    {SQL_ATTR_METADATA_ID, Kind::integer, true, SQL_FALSE},
    {SQL_QUERY_TIMEOUT, Kind::word, true, 0},
    {SQL_MAX_ROWS, Kind::word, true, 0},
    {SQL_NOSCAN, Kind::word, true, SQL_NOSCAN_OFF},
    {SQL_MAX_LENGTH, Kind::word, true, 0},
    {SQL_ASYNC_ENABLE, Kind::word, true, SQL_ASYNC_ENABLE_OFF},
    {SQL_BIND_TYPE, Kind::word, true, SQL_BIND_BY_COLUMN},
    {SQL_CURSOR_TYPE, Kind::word, true, SQL_CURSOR_FORWARD_ONLY},
    {SQL_CONCURRENCY, Kind::word, true, SQL_CONCUR_READ_ONLY},
    {SQL_KEYSET_SIZE, Kind::word, true, 0},
    {SQL_ROWSET_SIZE, Kind::word, true, 1},
    {SQL_SIMULATE_CURSOR, Kind::word, true, no_default},
    {SQL_RETRIEVE_DATA, Kind::word, true, SQL_RD_ON},
    {SQL_USE_BOOKMARKS, Kind::word, true, SQL_UB_OFF},
};

const KnownAttribute* known(SQLINTEGER attribute) {
  const auto* const found = std::find_if(std::begin(known_attributes), std::end(known_attributes),
                                         [&](const KnownAttribute& row) { return row.attribute == attribute; });
  return found == std::end(known_attributes) ? nullptr : found;
}

// Asynchronous connection functions: set before the connect they would make it return before it has connected.
bool waits_for_connect(SQLINTEGER attribute) {
  return attribute == SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE ||
         (attribute >= async_dbc_event && attribute <= async_dbc_context);
}

// StringLength of a value that is a driver's own block of bytes.
std::optional<std::size_t> binary_length(SQLINTEGER length) {
  if (length > SQL_LEN_BINARY_ATTR_OFFSET) return std::nullopt;
  return static_cast<std::size_t>(-(static_cast<long long>(length) - SQL_LEN_BINARY_ATTR_OFFSET));
}

std::size_t terminated_length(const void* value, Width width) {
  if (width == Width::narrow) return std::strlen(static_cast<const char*>(value));
  const auto* end = static_cast<const SQLWCHAR*>(value);
  while (*end != 0) ++end;
  return static_cast<std::size_t>(end - static_cast<const SQLWCHAR*>(value)) * sizeof(SQLWCHAR);
}

}  // namespace

Result<Done> AttributeQueue::set(SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length, Width width) {
  const KnownAttribute* const row = known(attribute);
  const std::optional<std::size_t> binary = row == nullptr ? binary_length(length) : std::nullopt;
  const bool is_text = row != nullptr ? row->kind == Kind::text : length == SQL_NTS || length > 0;
  if (is_text && length < 0 && length != SQL_NTS) {
    return Error{
        State::invalid_string_length,
        "attribute " + std::to_string(attribute) + " is a text and cannot have the length " + std::to_string(length),
        0};
  }
  Value entry{attribute, length, width, false, value, {}};
  if (value != nullptr && (is_text || binary)) {
    const std::size_t size = binary              ? *binary
                             : length == SQL_NTS ? terminated_length(value, width)
                                                 : static_cast<std::size_t>(length);
    entry.copied = true;
    entry.integer = nullptr;
    entry.bytes.assign(static_cast<const char*>(value), size);
    entry.bytes.append(sizeof(SQLWCHAR), '\0');
  }
  values_.push_back(std::move(entry));
  const auto older =
      std::find_if(values_.begin(), values_.end(), [&](const Value& v) { return v.attribute == attribute; });
  if (older != values_.end() - 1) values_.erase(older);
  return Done{};
}

const AttributeQueue::Value* AttributeQueue::find(SQLINTEGER attribute) const {
  const auto found =
      std::find_if(values_.begin(), values_.end(), [&](const Value& value) { return value.attribute == attribute; });
  return found == values_.end() ? nullptr : &*found;
}

std::optional<SQLULEN> AttributeQueue::integer(SQLINTEGER attribute) const {
  const Value* const value = find(attribute);
  if (value == nullptr || value->copied) return std::nullopt;
  return reinterpret_cast<SQLULEN>(value->integer);
}

bool AttributeQueue::persists(SQLINTEGER attribute) {
  const KnownAttribute* const row = known(attribute);
  return row != nullptr && row->persists;
}

void AttributeQueue::replay(const BaseFunctions& base, SQLHDBC hdbc, std::span<const SQLINTEGER> deferred,
                            bool after_connect) const {
  for (const Value& value : values_) {
    const bool waits = waits_for_connect(value.attribute) ||
                       std::find(deferred.begin(), deferred.end(), value.attribute) != deferred.end();
    if (waits != after_connect) continue;
    // The base driver may write into neither: the type is ODBC's.
    SQLPOINTER pointer = value.copied ? const_cast<char*>(value.bytes.data()) : value.integer;
    auto* function = value.width == Width::wide ? base.SQLSetConnectAttrW : base.SQLSetConnectAttr;
    // A number has no width; a text is never converted.
    if (function == nullptr && !value.copied) {
      function = value.width == Width::wide ? base.SQLSetConnectAttr : base.SQLSetConnectAttrW;
    }
    if (function != nullptr) function(hdbc, value.attribute, pointer, value.length);
  }
}

void AttributeQueue::replay_before_connect(const BaseFunctions& base, SQLHDBC hdbc,
                                           std::span<const SQLINTEGER> deferred) const {
  replay(base, hdbc, deferred, false);
}

void AttributeQueue::replay_after_connect(const BaseFunctions& base, SQLHDBC hdbc,
                                          std::span<const SQLINTEGER> deferred) const {
  replay(base, hdbc, deferred, true);
}

void AttributeQueue::replay_environment(const BaseFunctions& base, SQLHENV henv) const {
  if (base.SQLSetEnvAttr == nullptr) return;
  for (const Value& value : values_) {
    SQLPOINTER pointer = value.copied ? const_cast<char*>(value.bytes.data()) : value.integer;
    base.SQLSetEnvAttr(henv, value.attribute, pointer, value.length);
  }
}

SQLRETURN AttributeQueue::get(SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length,
                              Width width) const {
  const KnownAttribute* const row = known(attribute);
  const Value* const entry = find(attribute);
  if (entry == nullptr && row == nullptr) return SQL_ERROR;
  if (entry == nullptr && row->standard == no_default) return SQL_NO_DATA;
  if (entry != nullptr && entry->copied) return get_copied(*entry, value, capacity, length, width);

  const SQLULEN number =
      entry != nullptr ? reinterpret_cast<SQLULEN>(entry->integer) : static_cast<SQLULEN>(row->standard);
  const bool is_word =
      row != nullptr ? row->kind != Kind::integer : capacity != SQL_IS_UINTEGER && capacity != SQL_IS_INTEGER;
  const auto integer = static_cast<SQLUINTEGER>(number);
  const std::size_t size = is_word ? sizeof(number) : sizeof(integer);
  if (value != nullptr) std::memcpy(value, is_word ? static_cast<const void*>(&number) : &integer, size);
  if (length != nullptr) *length = static_cast<SQLINTEGER>(size);
  return SQL_SUCCESS;
}

SQLRETURN AttributeQueue::get_copied(const Value& entry, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length,
                                     Width width) {
  // Bytes to tell, without the terminator. A text set through the other width is the one that must change its form.
  std::string bytes(entry.bytes, 0, entry.bytes.size() - sizeof(SQLWCHAR));
  const bool binary = binary_length(entry.length).has_value();
  if (!binary && entry.width != width) {
    if (entry.width == Width::wide) {
      std::u16string units(bytes.size() / sizeof(char16_t), u'\0');
      std::memcpy(units.data(), bytes.data(), units.size() * sizeof(char16_t));
      bytes = utf8_from_utf16(units);
    } else {
      const std::u16string units = utf16_from_utf8(bytes);
      bytes.assign(reinterpret_cast<const char*>(units.data()), units.size() * sizeof(char16_t));
    }
  }
  if (length != nullptr) *length = static_cast<SQLINTEGER>(bytes.size());
  if (value == nullptr) return SQL_SUCCESS;
  const std::size_t terminator = binary ? 0 : width == Width::wide ? sizeof(SQLWCHAR) : 1;
  auto room = static_cast<std::size_t>(std::max<SQLINTEGER>(capacity, 0));
  if (!binary && width == Width::wide) room -= room % sizeof(SQLWCHAR);
  if (room < terminator) return SQL_SUCCESS_WITH_INFO;
  const std::size_t count = std::min(bytes.size(), room - terminator);
  std::memcpy(value, bytes.data(), count);
  std::memset(static_cast<char*>(value) + count, 0, terminator);
  return count == bytes.size() ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
}

}  // namespace iamodbc
