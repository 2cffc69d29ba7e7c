// recording_driver: a base driver without a database, made from functions.def. It keeps the last call of each thread for
// tests in the same process (recording.h), and for tests of other processes obeys the environment:
//   RECORDING_LOG      a file; a JSON line is appended for each connect: function, string, attributes set before, result
//   RECORDING_CONNECT  what a connect gives: succeed | refuse:SQLSTATE:native:text | info:SQLSTATE:native:text;
//                      several, one an attempt, are parted by |, the last one stays; counted anew when it changes
//   RECORDING_SECONDS  how long a connect takes
//   RECORDING_VERSION  SQL_DRIVER_VER, when not the compiled one
// Under the name libmyodbc... it stands in for MySQL Connector/ODBC: it reads strings and sections as that version does
// (tests/core/mysql_reads.h), fails where that fails, and its line of the log also tells what it understood.
// Compiled with RECORDING_NAME, RECORDING_VERSION (SQLGetInfo's answers) and one of RECORDING_BOTH, _NARROW, _WIDE,
// _SPARSE: its functions.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/encoding.h"
#include "core/error.h"
#include "core/ini_files.h"
#include "core/system.h"
#include "tests/core/mysql_reads.h"
#include "tests/driver/recording.h"

namespace iamodbc {
namespace {

struct Object {
  SQLSMALLINT type = 0;
  Object* parent = nullptr;
  std::vector<Error> records;
  std::vector<std::string> attributes;  // JSON
  std::vector<Object*> children;        // statements and descriptors of a connection
  std::array<std::unique_ptr<Object>, 4> implicit;
  std::array<Object*, 4> assigned{};
  std::map<std::pair<SQLSMALLINT, SQLSMALLINT>, std::string> fields;  // of a descriptor, by record and identifier
};

std::mutex lock;
RecordingPlan plan;
thread_local RecordedCall last;

template <class... Arguments>
SQLRETURN record(const char* function, Arguments... arguments) {
  last = {function, sizeof...(arguments), {bits_of(arguments)...}};
  if (plan.sleeps) sleep(30);
  return plan.code;
}

Object& object(SQLHANDLE handle) {
  return *static_cast<Object*>(handle);
}

SQLRETURN refuse(SQLHANDLE handle, Error error) {
  object(handle).records = {std::move(error)};
  return SQL_ERROR;
}

Object* make(SQLSMALLINT type, Object* parent) {
  auto* const made = new Object{};
  made->type = type;
  made->parent = parent;
  plan.live[static_cast<std::size_t>(type)]++;
  if (type == SQL_HANDLE_STMT) {
    for (auto& desc : made->implicit) desc.reset(new Object{});
  }
  if (type == SQL_HANDLE_STMT || type == SQL_HANDLE_DESC) {
    const std::scoped_lock hold(lock);
    parent->children.push_back(made);
  }
  return made;
}

void destroy(Object* one) {
  plan.live[static_cast<std::size_t>(one->type)]--;
  delete one;
}

SQLRETURN free_object(SQLSMALLINT type, SQLHANDLE handle) {
  if (plan.fails_to_free == type) return refuse(handle, {"HY000", "told not to free", 5});
  if (plan.frees_slowly) usleep(20000);
  Object* const one = &object(handle);
  if (one->parent != nullptr) {
    const std::scoped_lock hold(lock);
    auto& siblings = one->parent->children;
    siblings.erase(std::remove(siblings.begin(), siblings.end(), one), siblings.end());
    for (Object* const sibling : siblings) {
      for (Object*& assigned : sibling->assigned) {
        if (assigned == one) assigned = nullptr;
      }
    }
  }
  destroy(one);
  return SQL_SUCCESS;
}

// ---- text ----

[[maybe_unused]] std::string text_of(const SQLCHAR* text, SQLINTEGER length) {
  const char* const bytes = reinterpret_cast<const char*>(text);
  if (text == nullptr) return {};
  return length < 0 ? std::string(bytes) : std::string(bytes, static_cast<std::size_t>(length));
}

[[maybe_unused]] std::string text_of(const SQLWCHAR* text, SQLINTEGER length) {
  if (text == nullptr) return {};
  std::size_t count = 0;
  if (length < 0) {
    while (text[count] != 0) ++count;
  } else {
    count = static_cast<std::size_t>(length);
  }
  std::u16string units(count, u'\0');
  if (count > 0) std::memcpy(units.data(), text, count * sizeof(char16_t));
  return utf8_from_utf16(units);
}

template <class Character>
SQLRETURN put(std::string_view bytes, Character* buffer, SQLINTEGER capacity, SQLSMALLINT* length) {
  const auto units = [&] {
    if constexpr (sizeof(Character) == 1) {
      return std::string(bytes);
    } else {
      return utf16_from_utf8(bytes);
    }
  }();
  if (length != nullptr) *length = static_cast<SQLSMALLINT>(units.size());
  if (buffer == nullptr || capacity <= 0) return SQL_SUCCESS;
  const std::size_t count = std::min(units.size(), static_cast<std::size_t>(capacity) - 1);
  std::memcpy(buffer, units.data(), count * sizeof(Character));
  buffer[count] = 0;
  return count == units.size() ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
}

std::string json(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// ---- attributes ----

template <class Character>
void note_attribute(SQLHANDLE handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
  const bool is_odbc = attribute < 1210 || attribute == SQL_ATTR_AUTO_IPD || attribute == SQL_ATTR_METADATA_ID;
  const bool is_text = attribute == SQL_ATTR_CURRENT_CATALOG || attribute == SQL_ATTR_TRANSLATE_LIB ||
                       attribute == SQL_ATTR_TRACEFILE || (!is_odbc && (length == SQL_NTS || length > 0));
  std::string shown;
  if (is_text && value != nullptr) {
    constexpr SQLINTEGER size = sizeof(Character);
    shown = json(text_of(static_cast<const Character*>(value), length == SQL_NTS ? length : length / size));
  } else if (!is_odbc && length <= SQL_LEN_BINARY_ATTR_OFFSET) {
    shown = json(hex({static_cast<const char*>(value), static_cast<std::size_t>(SQL_LEN_BINARY_ATTR_OFFSET - length)}));
  } else {
    shown = std::to_string(reinterpret_cast<std::uintptr_t>(value));
  }
  object(handle).attributes.push_back("{\"attribute\":" + std::to_string(attribute) + ",\"width\":\"" +
                                      (sizeof(Character) == 1 ? "narrow" : "wide") +
                                      "\",\"length\":" + std::to_string(length) + ",\"value\":" + shown + "}");
}

// ---- as MySQL Connector/ODBC ----

constexpr bool stands_in_for_mysql = std::string_view(RECORDING_NAME).starts_with("libmyodbc");

const char* told_version() {
  const char* const version = std::getenv("RECORDING_VERSION");
  return version != nullptr ? version : RECORDING_VERSION;
}

// "08.00.0033" is 80033.
int version_number() {
  std::array<int, 3> parts{};
  std::sscanf(told_version(), "%d.%d.%d", &parts[0], &parts[1], &parts[2]);  // NOLINT(cert-err34-c)
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

MysqlReads as_mysql(const std::string& text) {
  MysqlReads reads(version_number());
  reads.read(text, [](const std::string& dsn) {
    MysqlReads::Section found;
    const OdbcFiles files = OdbcFiles::read(System());
    if (const IniSection* const section = files.data_source(dsn); section != nullptr) {
      for (const IniEntry& entry : section->entries) found.emplace_back(entry.key, entry.value);
    }
    return found;
  });
  return reads;
}

// ---- connect ----

// The nth of the parts that RECORDING_CONNECT has, or the last.
std::string outcome(std::size_t attempt) {
  const char* const all = std::getenv("RECORDING_CONNECT");
  std::string_view rest = all == nullptr ? "succeed" : all;
  for (std::size_t i = 0; i < attempt; ++i) {
    const std::size_t bar = rest.find('|');
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  return std::string(rest.substr(0, rest.find('|')));
}

SQLRETURN connect(const char* function, SQLHDBC hdbc, const std::string& text) {
  static std::size_t attempts = 0;
  static std::string of;  // what RECORDING_CONNECT was
  if (const char* const seconds = std::getenv("RECORDING_SECONDS"); seconds != nullptr) {
    std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(seconds)));
  }
  const std::scoped_lock hold(lock);
  Object& dbc = object(hdbc);
  const char* const told = std::getenv("RECORDING_CONNECT");
  if (of != (told == nullptr ? "" : told)) attempts = 0;
  of = told == nullptr ? "" : told;
  const std::string result = outcome(attempts++);
  if (const char* const path = std::getenv("RECORDING_LOG"); path != nullptr) {
    std::string line = std::string("{\"function\":\"") + function + "\",\"string\":" + json(text) + ",\"attributes\":[";
    for (const std::string& attribute : dbc.attributes)
      line += (&attribute == dbc.attributes.data() ? "" : ",") + attribute;
    line += "],\"environment\":[";
    const auto& of_env = dbc.parent->attributes;
    for (const std::string& attribute : of_env) line += (&attribute == of_env.data() ? "" : ",") + attribute;
    line += "]";
    if (stands_in_for_mysql) {
      line += ",\"understood\":{";
      for (const auto& [name, value] : as_mysql(text).understood())
        line += (line.back() == '{' ? "" : ",") + json(name) + ":" + json(value);
      line += "}";
    }
    line += ",\"result\":" + json(result) + "}\n";
    if (std::FILE* const file = std::fopen(path, "ae"); file != nullptr) {
      std::fwrite(line.data(), 1, line.size(), file);
      std::fclose(file);
    }
  }
  if (stands_in_for_mysql) {
    const std::string problem = as_mysql(text).problem();
    if (!problem.empty()) return refuse(hdbc, {"HY000", problem, 0});
  }
  if (result == "succeed") return SQL_SUCCESS;
  const std::size_t state = result.find(':') + 1;
  const std::size_t native = result.find(':', state) + 1;
  const std::size_t message = result.find(':', native) + 1;
  dbc.records = {
      {result.substr(state, native - state - 1), result.substr(message), std::atoi(result.c_str() + native)}};
  return result.starts_with("info") ? SQL_SUCCESS_WITH_INFO : SQL_ERROR;
}

// ---- diagnostics and information ----

template <class Character>
SQLRETURN diagnostics_record(SQLHANDLE handle, SQLSMALLINT number, Character* state, SQLINTEGER* native,
                             Character* text, SQLSMALLINT capacity, SQLSMALLINT* length) {
  const auto& records = object(handle).records;
  if (number < 1 || static_cast<std::size_t>(number) > records.size()) return SQL_NO_DATA;
  const Error& one = records[static_cast<std::size_t>(number) - 1];
  put(one.sqlstate, state, 6, nullptr);
  if (native != nullptr) *native = one.native;
  return put(one.message, text, capacity, length);
}

template <class Character>
SQLRETURN diagnostics_field(SQLHANDLE handle, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value,
                            SQLSMALLINT capacity, SQLSMALLINT* length) {
  const auto& records = object(handle).records;
  if (field == SQL_DIAG_NUMBER) {
    *static_cast<SQLINTEGER*>(value) = static_cast<SQLINTEGER>(records.size());
    return SQL_SUCCESS;
  }
  if (number < 1 || static_cast<std::size_t>(number) > records.size()) return SQL_NO_DATA;
  const Error& one = records[static_cast<std::size_t>(number) - 1];
  constexpr SQLSMALLINT size = sizeof(Character);
  const SQLRETURN code = put(field == SQL_DIAG_SQLSTATE ? one.sqlstate : one.message, static_cast<Character*>(value),
                             capacity / size, length);
  if (length != nullptr) *length = static_cast<SQLSMALLINT>(*length * size);
  return code;
}

// Tells name and version; anything else only records.
template <class Character>
SQLRETURN information(SQLUSMALLINT what, SQLPOINTER value, SQLSMALLINT capacity, SQLSMALLINT* length) {
  constexpr SQLSMALLINT size = sizeof(Character);
  if (what == SQL_DRIVER_NAME) return put(RECORDING_NAME, static_cast<Character*>(value), capacity / size, length);
  if (what == SQL_DRIVER_VER) return put(told_version(), static_cast<Character*>(value), capacity / size, length);
  return plan.code;
}

// ---- descriptors, for a plan that keeps their fields ----

bool is_pointer(SQLSMALLINT field) {
  return field == SQL_DESC_DATA_PTR || field == SQL_DESC_INDICATOR_PTR || field == SQL_DESC_OCTET_LENGTH_PTR;
}

[[maybe_unused]] SQLRETURN set_field(SQLHDESC handle, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value) {
  Object& desc = object(handle);
  if (plan.lacks_field == field) return refuse(handle, {"HY091", "told to lack it", 0});
  if (plan.refuses_field == field) return refuse(handle, {"HY021", "told to refuse it", 7});
  if (field == SQL_DESC_COUNT) {
    std::erase_if(desc.fields, [&](const auto& one) { return one.first.first > static_cast<int>(bits_of(value)); });
  }
  if (field == SQL_DESC_CONCISE_TYPE) {
    std::erase_if(desc.fields, [&](const auto& one) { return one.first.first == number && number > 0; });
  }
  if (number > 0 && !is_pointer(field)) desc.fields.erase({number, SQL_DESC_DATA_PTR});
  const std::uint64_t bits = bits_of(value);
  desc.fields[{number, field}] = field == SQL_DESC_NAME
                                     ? std::string(static_cast<const char*>(value))
                                     : std::string(reinterpret_cast<const char*>(&bits), sizeof(bits));
  if (plan.warns_of_field != field) return SQL_SUCCESS;
  desc.records = {{"01S02", "told to change it", 8}};
  return SQL_SUCCESS_WITH_INFO;
}

[[maybe_unused]] SQLRETURN get_field(SQLHDESC handle, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value) {
  const Object& desc = object(handle);
  if (plan.lacks_field == field) return refuse(handle, {"HY091", "told to lack it", 0});
  if (plan.refuses_field == field) return refuse(handle, {"HY000", "told not to tell it", 9});
  const auto found = desc.fields.find({number, field});
  if (found == desc.fields.end()) return SQL_SUCCESS;
  std::memcpy(value, found->second.data(), found->second.size());
  return SQL_SUCCESS;
}

// What a forwarded function does: it records.
template <class... Arguments>
SQLRETURN reply(const char* function, Arguments... arguments) {
  const SQLRETURN code = record(function, arguments...);
  if constexpr (std::is_same_v<std::tuple<Arguments...>, Signature<decltype(::SQLGetInfo)>::Tuple>) {
    const auto tell = [](SQLHDBC, auto... rest) { return std::tuple(rest...); };
    const auto rest = tell(arguments...);
    if (function == std::string_view("SQLGetInfo")) return std::apply(information<SQLCHAR>, rest);
    if (function == std::string_view("SQLGetInfoW")) return std::apply(information<SQLWCHAR>, rest);
  }
  if (plan.keeps_fields) {
    const auto keep = [](SQLHANDLE desc, auto number, auto field, auto value, auto...) {
      if constexpr (sizeof...(Arguments) == 5) return set_field(desc, number, field, value);
      return get_field(desc, number, field, value);
    };
    constexpr bool sets = std::is_same_v<std::tuple<Arguments...>, Signature<decltype(::SQLSetDescField)>::Tuple>;
    constexpr bool gets = std::is_same_v<std::tuple<Arguments...>, Signature<decltype(::SQLGetDescField)>::Tuple>;
    if constexpr (sets || gets) return keep(arguments...);
  }
  // Programs such as isql ask until there are no more.
  if (code == SQL_SUCCESS && function == std::string_view("SQLMoreResults")) return SQL_NO_DATA;
  return code;
}

bool is_descriptor(SQLINTEGER attribute) {
  return attribute >= SQL_ATTR_APP_ROW_DESC && attribute <= SQL_ATTR_IMP_PARAM_DESC;
}

[[maybe_unused]] SQLRETURN set_statement_attribute(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value) {
  if (is_descriptor(attribute)) {
    object(handle).assigned[static_cast<std::size_t>(attribute - SQL_ATTR_APP_ROW_DESC)] = static_cast<Object*>(value);
  }
  return plan.code;
}

[[maybe_unused]] SQLRETURN get_statement_attribute(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value) {
  if (is_descriptor(attribute)) {
    const auto which = static_cast<std::size_t>(attribute - SQL_ATTR_APP_ROW_DESC);
    Object* const assigned = object(handle).assigned[which];
    *static_cast<SQLHDESC*>(value) = assigned != nullptr ? assigned : object(handle).implicit[which].get();
  }
  return plan.code;
}

}  // namespace
}  // namespace iamodbc

using namespace iamodbc;  // NOLINT(google-build-using-namespace)

extern "C" __attribute__((visibility("default"))) RecordedCall* recording_last() {
  return &last;
}
extern "C" __attribute__((visibility("default"))) RecordingPlan* recording_plan() {
  return &plan;
}

#if defined(RECORDING_BOTH) || defined(RECORDING_WIDE) || defined(RECORDING_SPARSE)
#define HAS_WIDE
#endif
#if defined(RECORDING_BOTH) || defined(RECORDING_NARROW) || defined(RECORDING_SPARSE)
#define HAS_NARROW
#endif

// Everything that is forwarded.
#ifndef RECORDING_SPARSE
#define OWN(handle, arguments, function, id)
#define PASS(handle, arguments, function, id)                                   \
  IAMODBC_EXPORT SQLRETURN SQL_API function(PARAMETERS_##arguments(function)) { \
    return reply(#function, a0 REST_##arguments);                               \
  }
#if !defined(HAS_WIDE)
#define PASS_AW(handle, arguments, function, id) PASS(handle, arguments, function, id)
#elif !defined(HAS_NARROW)
#define PASS_AW(handle, arguments, function, id) PASS(handle, arguments, function##W, id)
#endif
#include "driver/functions.def"
#endif

// The rest by hand, each recorded first.
#define RECORDED(arguments, function)                                           \
  IAMODBC_EXPORT SQLRETURN SQL_API function(PARAMETERS_##arguments(function)) { \
    const SQLRETURN code = record(#function, a0 REST_##arguments);

RECORDED(3, SQLAllocHandle)
if (plan.fails_to_allocate == a0)
  return a1 == nullptr ? SQLRETURN{SQL_ERROR} : refuse(a1, {"HY001", "told not to allocate", 4});
*a2 = make(a0, static_cast<Object*>(a1));
return code;
}

RECORDED(2, SQLFreeHandle)
(void)code;
return free_object(a0, a1);
}

RECORDED(4, SQLSetEnvAttr)
// As psqlODBC, which knows versions 2 and 3 only.
const bool is_version = a1 == SQL_ATTR_ODBC_VERSION;
if (is_version && std::string_view(RECORDING_NAME) == "psqlodbcw.so" &&
    reinterpret_cast<std::uintptr_t>(a2) > SQL_OV_ODBC3) {
  return refuse(a0, {"HY024", "version", 0});
}
note_attribute<SQLCHAR>(a0, a1, a2, a3);
return code;
}

RECORDED(1, SQLDisconnect)
if (plan.fails_to_disconnect) return refuse(a0, {"25000", "told not to disconnect", 0});
const std::scoped_lock hold(lock);
for (Object* const child : object(a0).children) destroy(child);
object(a0).children.clear();
return code;
}

#ifdef HAS_NARROW
RECORDED(8, SQLDriverConnect)
(void)code;
return connect("SQLDriverConnect", a0, text_of(a2, a3));
}
RECORDED(8, SQLGetDiagRec)
(void)code;
return diagnostics_record(a1, a2, a3, a4, a5, a6, a7);
}
#endif
#ifdef HAS_WIDE
RECORDED(8, SQLDriverConnectW)
(void)code;
return connect("SQLDriverConnectW", a0, text_of(a2, a3));
}
RECORDED(8, SQLGetDiagRecW)
(void)code;
return diagnostics_record(a1, a2, a3, a4, a5, a6, a7);
}
#endif

#ifndef RECORDING_SPARSE
RECORDED(2, SQLFreeStmt)
return a1 == SQL_DROP ? free_object(SQL_HANDLE_STMT, a0) : code;
}
RECORDED(5, SQLGetEnvAttr)
return code;
}
RECORDED(3, SQLEndTran)
return code;
}
RECORDED(2, SQLCancelHandle)
return code;
}
RECORDED(2, SQLCopyDesc)
return code;
}
// Claims everything, even what it does not have.
RECORDED(3, SQLGetFunctions)
const std::size_t count = a1 == SQL_API_ODBC3_ALL_FUNCTIONS ? SQL_API_ODBC3_ALL_FUNCTIONS_SIZE
                          : a1 == SQL_API_ALL_FUNCTIONS     ? 100
                                                            : 1;
std::fill(a2, a2 + count, a1 == SQL_API_ODBC3_ALL_FUNCTIONS ? SQLUSMALLINT{0xffff} : SQLUSMALLINT{SQL_TRUE});
return code;
}

#define BY_WIDTH(suffix, Character)                            \
  RECORDED(7, SQLConnect##suffix)                              \
  (void)code;                                                  \
  return connect("SQLConnect" #suffix, a0, text_of(a1, a2));   \
  }                                                            \
  RECORDED(6, SQLBrowseConnect##suffix)                        \
  (void)code;                                                  \
  if (std::getenv("RECORDING_STEPS")) return SQL_NEED_DATA;    \
  return refuse(a0, {"HYC00", "told not to browse", 0});       \
  }                                                            \
  RECORDED(7, SQLGetDiagField##suffix)                         \
  (void)code;                                                  \
  return diagnostics_field<Character>(a1, a2, a3, a4, a5, a6); \
  }                                                            \
  RECORDED(4, SQLSetConnectAttr##suffix)                       \
  note_attribute<Character>(a0, a1, a2, a3);                   \
  return code;                                                 \
  }                                                            \
  RECORDED(5, SQLGetConnectAttr##suffix)                       \
  return code;                                                 \
  }                                                            \
  RECORDED(4, SQLSetStmtAttr##suffix)                          \
  (void)code;                                                  \
  return set_statement_attribute(a0, a1, a2);                  \
  }                                                            \
  RECORDED(5, SQLGetStmtAttr##suffix)                          \
  (void)code;                                                  \
  return get_statement_attribute(a0, a1, a2);                  \
  }
#ifdef HAS_NARROW
BY_WIDTH(, SQLCHAR)
#endif
#ifdef HAS_WIDE
BY_WIDTH(W, SQLWCHAR)
#endif
#endif
