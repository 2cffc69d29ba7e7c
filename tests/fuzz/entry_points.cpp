// entry_points: calls in any order, with good handles, null, handles of another kind and freed ones, over base drivers that record. A byte says which call, the bytes
// behind it with what. What is no handle is told so, what is one is never; a call that is forwarded comes back as the base driver answered; what failed here has a
// record; and when all is freed, nothing of the base drivers is left.
// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/encoding.h"
#include "tests/driver/loaded_driver.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_entry_points {

// A process that knows nothing but a DSN.
void prepare_process() {
  static const bool done = [] {
    for (char** variable = environ; *variable != nullptr;) {
      const std::string_view text = *variable;
      const bool is_ours = text.starts_with("AWS_") || text.starts_with("PG") || text.starts_with("RECORDING_");
      if (is_ours) {
        unsetenv(std::string(text.substr(0, text.find('='))).c_str());
      } else {
        ++variable;
      }
    }
    const int ini = memfd_create("odbc.ini", MFD_CLOEXEC);
    const std::string text = "[there]\nDriver=iamodbc\nBaseDriver=" RECORDING_PSQLODBC
                             "\nAuthType=Password\nServer=127.0.0.1\nUID=u\nPWD=p\n";
    require(write(ini, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "no odbc.ini");
    setenv("ODBCINI", ("/proc/self/fd/" + std::to_string(ini)).c_str(), 1);
    for (const char* const variable : {"HOME", "ODBCSYSINI"}) setenv(variable, "/nonexistent", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    return true;
  }();
  (void)done;
}

const Recording& of_mariadb() {
  static const Recording recording(RECORDING_MARIADB);
  return recording;
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool is_empty() const { return bytes_.empty(); }
  unsigned next() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  // From the list.
  template <class Value, std::size_t size>
  Value one_of(const std::array<Value, size>& values) {
    return values[next() % size];
  }

 private:
  std::string_view bytes_;
};

constexpr SQLSMALLINT no_handle = 0;
constexpr std::array<SQLSMALLINT, 6> handle_types{
    SQL_HANDLE_ENV, SQL_HANDLE_DBC, SQL_HANDLE_STMT, SQL_HANDLE_DESC, 0, 17};
constexpr std::array<SQLSMALLINT, 5> lengths{SQL_NTS, 0, 7, -5, 32000};
constexpr std::array<SQLSMALLINT, 7> capacities{0, 1, 6, 40, 511, 4000, -1};

// A handle that the driver gave, dead or alive.
struct Known {
  SQLHANDLE handle = nullptr;
  SQLSMALLINT type = no_handle;
  SQLHANDLE parent = nullptr;  // of an implicit descriptor its statement
  bool is_alive = true;
  bool is_connected = false;
  bool is_implicit = false;
  const char* base = "";  // of a connection: the base driver
};

class Session {
 public:
  explicit Session(std::string_view input) : bytes_(input) { reset_plans(); }

  void run() {
    constexpr int most_calls = 400;
    for (int i = 0; i < most_calls && !bytes_.is_empty(); ++i) call();
  }

  void free_all() {
    reset_plans();
    unsetenv("RECORDING_CONNECT");
    for (const SQLSMALLINT type : std::array<SQLSMALLINT, 2>{SQL_HANDLE_STMT, SQL_HANDLE_DESC}) {
      for (std::size_t i = 0; i < known_.size(); ++i) {
        const Known one = known_[i];
        if (one.is_alive && one.type == type && !one.is_implicit) free_handle(type, one.handle);
      }
    }
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (known_[i].is_alive && known_[i].is_connected) disconnect(known_[i].handle);
    }
    for (const SQLSMALLINT type : std::array<SQLSMALLINT, 2>{SQL_HANDLE_DBC, SQL_HANDLE_ENV}) {
      for (std::size_t i = 0; i < known_.size(); ++i) {
        const Known one = known_[i];
        if (one.is_alive && one.type == type)
          require(free_handle(type, one.handle) == SQL_SUCCESS, "a handle of type ", type, " cannot be freed");
      }
    }
    for (const Recording* const recording : {&base(), &of_mariadb()}) {
      for (const SQLSMALLINT type :
           std::array<SQLSMALLINT, 4>{SQL_HANDLE_ENV, SQL_HANDLE_DBC, SQL_HANDLE_STMT, SQL_HANDLE_DESC})
        require(recording->plan().live[static_cast<std::size_t>(type)] == 0, "left in the base driver: type ", type);
    }
  }

 private:
  static void reset_plans() {
    for (const Recording* const recording : {&base(), &of_mariadb()}) {
      recording->plan().code = SQL_SUCCESS;
      recording->plan().fails_to_allocate = 0;
      recording->plan().fails_to_free = 0;
      recording->plan().fails_to_disconnect = false;
      recording->plan().keeps_fields = false;
      recording->plan().lacks_field = 0;
      recording->plan().refuses_field = 0;
    }
  }

  // What a handle is now. An address may have been another's before.
  Known* find(SQLHANDLE handle) {
    const auto found = std::find_if(known_.begin(), known_.end(),
                                    [&](const Known& one) { return one.is_alive && one.handle == handle; });
    return handle == nullptr || found == known_.end() ? nullptr : &*found;
  }
  SQLSMALLINT type_of(SQLHANDLE handle) {
    const Known* const one = find(handle);
    return one == nullptr ? no_handle : one->type;
  }
  bool is_connected(SQLHANDLE handle) {
    const Known* const one = find(handle);
    return one != nullptr && (one->type == SQL_HANDLE_DBC ? one->is_connected : one->type != SQL_HANDLE_ENV);
  }
  const Known& connection_of(const Known& one) {
    const Known* at = &one;
    while (at->type != SQL_HANDLE_DBC) at = find(at->parent);
    return *at;
  }
  SQLHANDLE pick() {
    const unsigned which = bytes_.next();
    return which == 0 || known_.empty() ? nullptr : known_[which % known_.size()].handle;
  }
  // In most cases one that fits.
  SQLHANDLE pick(SQLSMALLINT type) {
    const unsigned which = bytes_.next();
    if (which % 8 == 0) return pick();
    std::vector<SQLHANDLE> fitting;
    for (const Known& one : known_) {
      if (one.is_alive && one.type == type) fitting.push_back(one.handle);
    }
    return fitting.empty() ? nullptr : fitting[which % fitting.size()];
  }

  void answers_as(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT was, SQLRETURN code, const char* function) {
    require((was == type) == (code != SQL_INVALID_HANDLE), function, " gives ", code, " for a handle of type ", was);
    if (code == SQL_ERROR && base().plan().code == SQL_SUCCESS && of_mariadb().plan().code == SQL_SUCCESS)
      has_record(type, handle, function);
  }

  void has_record(SQLSMALLINT type, SQLHANDLE handle, const char* function) {
    std::array<SQLCHAR, 6> state{};
    std::array<SQLCHAR, 600> text{};
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    const SQLRETURN code =
        driver().SQLGetDiagRec(type, handle, 1, state.data(), &native, text.data(), text.size(), &length);
    require(SQL_SUCCEEDED(code), function, " failed and does not say why");
    require(std::strlen(reinterpret_cast<char*>(state.data())) == 5, function, " gives no state");
  }

  void bury(SQLHANDLE handle) {
    find(handle)->is_alive = false;
    for (Known& one : known_) {
      if (one.is_alive && one.parent == handle) {
        one.is_alive = false;
        for (Known& grandchild : known_) grandchild.is_alive = grandchild.is_alive && grandchild.parent != one.handle;
      }
    }
  }

  void is_new(SQLHANDLE handle) {
    require(handle != nullptr && find(handle) == nullptr, "a new handle is one that is still in use");
  }

  // ---- calls ----

  void allocate(SQLSMALLINT type) {
    if (known_.size() > 60) return;
    const SQLSMALLINT of = type == SQL_HANDLE_DBC ? SQL_HANDLE_ENV : SQL_HANDLE_DBC;
    const SQLHANDLE parent = type == SQL_HANDLE_ENV ? nullptr : pick(of);
    const SQLSMALLINT was = type_of(parent);
    SQLHANDLE made = &made;
    const SQLRETURN code = driver().SQLAllocHandle(type, parent, bytes_.next() % 16 == 0 ? nullptr : &made);
    if (type != SQL_HANDLE_ENV && type >= SQL_HANDLE_ENV && type <= SQL_HANDLE_DESC)
      answers_as(of, parent, was, code, "SQLAllocHandle");
    if (type < SQL_HANDLE_ENV || type > SQL_HANDLE_DESC) require(code == SQL_INVALID_HANDLE, "a handle of no type");
    if (!SQL_SUCCEEDED(code)) {
      require(made == &made || made == nullptr, "a failure gives a handle");
      return;
    }
    require(type < SQL_HANDLE_STMT || is_connected(parent), "a statement without a connection");
    is_new(made);
    known_.push_back({made, type, parent});
  }

  SQLRETURN free_handle(SQLSMALLINT type, SQLHANDLE handle) {
    const SQLSMALLINT was = type_of(handle);
    const bool is_implicit = was != no_handle && find(handle)->is_implicit;
    const bool has_children = std::any_of(known_.begin(), known_.end(), [&](const Known& one) {
      return one.is_alive && one.parent == handle && one.type == SQL_HANDLE_DBC;
    });
    const bool is_open = was == SQL_HANDLE_DBC && is_connected(handle);
    const SQLRETURN code = driver().SQLFreeHandle(type, handle);
    answers_as(type, handle, was, code, "SQLFreeHandle");
    if (!SQL_SUCCEEDED(code)) return code;
    require(!is_implicit && !has_children && !is_open, "freed too early");
    bury(handle);
    return code;
  }

  void free_stmt() {
    const SQLHANDLE handle = pick(SQL_HANDLE_STMT);
    const auto option =
        bytes_.one_of(std::array<SQLUSMALLINT, 5>{SQL_CLOSE, SQL_DROP, SQL_UNBIND, SQL_RESET_PARAMS, 9});
    const SQLSMALLINT was = type_of(handle);
    const SQLRETURN code = driver().SQLFreeStmt(handle, option);
    answers_as(SQL_HANDLE_STMT, handle, was, code, "SQLFreeStmt");
    if (SQL_SUCCEEDED(code) && option == SQL_DROP) bury(handle);
  }

  void connect() {
    struct Way {
      const char* string;
      const char* base;
    };
    static constexpr std::array<Way, 10> ways{
        {{"BaseDriver=" RECORDING_PSQLODBC ";AuthType=Password;Server=127.0.0.1;Port=5432;UID=u;PWD=p", "psqlodbc"},
         {"BaseDriver=" RECORDING_MARIADB ";AuthType=Password;Server=127.0.0.1;UID=u;PWD=p", "mariadb"},
         {"BaseDriver=" RECORDING_PSQLODBC ";Server=db.c1.eu-west-1.rds.amazonaws.com;UID=u;TLS=require", "psqlodbc"},
         {"BaseDriver=" RECORDING_MARIADB ";Server=db.c1.eu-west-1.rds.amazonaws.com;UID=u;TLSCAFile=/etc/passwd",
          "mariadb"},
         {"BaseDriver=" RECORDING_SPARSE_FILE ";AuthType=Password;Server=127.0.0.1;UID=u;PWD=p", "sparse"},
         {"BaseDriver=" RECORDING_WIDE_FILE ";AuthType=Password;Server=127.0.0.1;UID=u;PWD=p", "wide"},
         {"BaseDriver=/nonexistent/driver.so;Server=a;UID=b", ""},
         {"PWD={never closed", ""},
         {"", ""},
         {"DSN=there", "psqlodbc"}}};
    const Way& way = ways[bytes_.next() % ways.size()];
    const SQLHANDLE dbc = pick(SQL_HANDLE_DBC);
    const SQLSMALLINT was = type_of(dbc);
    const bool was_open = is_connected(dbc);
    static constexpr std::array outcomes{"succeed", "refuse:28P01:7:no", "info:01000:3:hello",
                                         "refuse:HY000:0:|succeed"};
    const unsigned how = bytes_.next();
    setenv("RECORDING_CONNECT", outcomes[how % outcomes.size()], 1);
    SQLRETURN code = SQL_ERROR;
    if (how >= 128) {
      code = connect_plainly(dbc, how % 2 == 0);
    } else {
      code = how % 2 == 0 ? driver_connect<SQLCHAR>(dbc, way.string) : driver_connect<SQLWCHAR>(dbc, way.string);
    }
    answers_as(SQL_HANDLE_DBC, dbc, was, code, "a connect");
    if (!SQL_SUCCEEDED(code)) return;
    require(!was_open, "connected twice");
    find(dbc)->is_connected = true;
    find(dbc)->base = how >= 128 ? "psqlodbc" : way.base;
  }

  SQLRETURN connect_plainly(SQLHANDLE dbc, bool narrow) {
    const auto length = bytes_.one_of(std::array<SQLSMALLINT, 3>{SQL_NTS, 5, -7});
    if (narrow) return driver().SQLConnect(dbc, characters("there"), length, characters("u"), SQL_NTS, nullptr, 0);
    std::u16string dsn = u"there";
    std::u16string password = u"p;{}";
    return driver().SQLConnectW(dbc, reinterpret_cast<SQLWCHAR*>(dsn.data()), length, nullptr, 0,
                                reinterpret_cast<SQLWCHAR*>(password.data()), SQL_NTS);
  }

  template <class Character>
  SQLRETURN driver_connect(SQLHANDLE dbc, std::string_view text) {
    // In memory of its own, so that a byte too many is seen.
    const auto units = [&] {
      if constexpr (sizeof(Character) == 1) {
        return std::string(text);
      } else {
        return utf16_from_utf8(text);
      }
    }();
    std::vector<Character> in(units.begin(), units.end());
    in.push_back(0);
    auto length = bytes_.one_of(lengths);
    if (length > 0) length = static_cast<SQLSMALLINT>(std::min<std::size_t>(units.size(), length == 7 ? 7 : 32000));
    const auto capacity = bytes_.one_of(capacities);
    std::vector<Character> out(static_cast<std::size_t>(std::max<SQLSMALLINT>(capacity, 0)));
    SQLSMALLINT needed = 0;
    const bool has_out = capacity != 0;
    const auto completion = static_cast<SQLUSMALLINT>(bytes_.next() % 5);
    if constexpr (sizeof(Character) == 1) {
      return driver().SQLDriverConnect(dbc, nullptr, in.data(), length, has_out ? out.data() : nullptr, capacity,
                                       &needed, completion);
    } else {
      return driver().SQLDriverConnectW(dbc, nullptr, in.data(), length, has_out ? out.data() : nullptr, capacity,
                                        &needed, completion);
    }
  }

  SQLRETURN disconnect(SQLHANDLE dbc) {
    const SQLSMALLINT was = type_of(dbc);
    const bool was_open = is_connected(dbc);
    const SQLRETURN code = driver().SQLDisconnect(dbc);
    answers_as(SQL_HANDLE_DBC, dbc, was, code, "SQLDisconnect");
    if (!SQL_SUCCEEDED(code)) return code;
    require(was_open, "disconnected without a connection");
    bury(dbc);
    Known& connection =
        *std::find_if(known_.rbegin(), known_.rend(), [&](const Known& one) { return one.handle == dbc; });
    connection.is_alive = true;
    connection.is_connected = false;
    return code;
  }

  void get_descriptor() {
    const SQLHANDLE stmt = pick(SQL_HANDLE_STMT);
    const SQLSMALLINT was = type_of(stmt);
    const auto which = static_cast<SQLINTEGER>(SQL_ATTR_APP_ROW_DESC + bytes_.next() % 4);
    SQLHANDLE desc = nullptr;
    const SQLRETURN code = bytes_.next() % 2 == 0
                               ? driver().SQLGetStmtAttr(stmt, which, &desc, SQL_IS_POINTER, nullptr)
                               : driver().SQLGetStmtAttrW(stmt, which, &desc, SQL_IS_POINTER, nullptr);
    answers_as(SQL_HANDLE_STMT, stmt, was, code, "SQLGetStmtAttr");
    if (!SQL_SUCCEEDED(code)) return;
    const Known* const known = find(desc);
    if (known != nullptr) {
      require(known->type == SQL_HANDLE_DESC, "a descriptor that is none");
      require(!known->is_implicit || known->parent == stmt, "the descriptor of another statement");
      return;
    }
    is_new(desc);
    if (known_.size() > 90) return;
    known_.push_back({desc, SQL_HANDLE_DESC, stmt, true, false, true});
  }

  void set_descriptor() {
    const SQLHANDLE stmt = pick(SQL_HANDLE_STMT);
    const SQLHANDLE desc = pick(SQL_HANDLE_DESC);
    const SQLSMALLINT was = type_of(stmt);
    const auto which = static_cast<SQLINTEGER>(SQL_ATTR_APP_ROW_DESC + bytes_.next() % 2);
    const SQLRETURN code = bytes_.next() % 2 == 0 ? driver().SQLSetStmtAttr(stmt, which, desc, SQL_IS_POINTER)
                                                  : driver().SQLSetStmtAttrW(stmt, which, desc, SQL_IS_POINTER);
    answers_as(SQL_HANDLE_STMT, stmt, was, code, "SQLSetStmtAttr");
    if (!SQL_SUCCEEDED(code) || desc == nullptr) return;
    const Known* const one = find(desc);
    require(one != nullptr && one->type == SQL_HANDLE_DESC, "what is no descriptor was set");
    require(one->is_implicit ? one->parent == stmt : one->parent == find(stmt)->parent,
            "the descriptor of another statement or connection was set");
  }

  // Any number, or a place.
  template <class Value>
  Value argument() {
    if constexpr (std::is_pointer_v<Value>) {
      return bytes_.next() % 4 == 0 ? nullptr : reinterpret_cast<Value>(scratch_.data());
    } else {
      const unsigned bits = bytes_.next() * 0x01010101U;
      return static_cast<Value>(bits >> bytes_.next() % 32);
    }
  }

  // In braces the bytes are taken from the left, by every compiler.
  template <class Function, class... Rest>
  SQLRETURN forwarded(Function function, SQLHANDLE handle, std::tuple<SQLHANDLE, Rest...>*) {
    const std::tuple<Rest...> arguments{argument<Rest>()...};
    return std::apply([&](Rest... rest) { return function(handle, rest...); }, arguments);
  }

  static bool is_answered_otherwise(std::string_view name) {
    return name == "SQLMoreResults" || name == "SQLCancel" || name.starts_with("SQLGetInfo") ||
           name.starts_with("SQLGetDescField") || name.starts_with("SQLSetDescField");
  }

  void pass() {
    static constexpr SQLSMALLINT Dbc = SQL_HANDLE_DBC;
    static constexpr SQLSMALLINT Stmt = SQL_HANDLE_STMT;
    static constexpr SQLSMALLINT Desc = SQL_HANDLE_DESC;
    const unsigned wanted = bytes_.next();
    unsigned number = 0;
    SQLHANDLE handle = nullptr;
    SQLSMALLINT type = no_handle;
    SQLRETURN code = SQL_SUCCESS;
    const char* name = "";
    SQLSMALLINT was = no_handle;
#define OWN(kind, arguments, function, id)
#define PASS(kind, arguments, function, id)                                                                           \
  if (number++ == wanted % 74) {                                                                                      \
    type = kind;                                                                                                      \
    name = #function;                                                                                                 \
    handle = pick(kind);                                                                                              \
    was = type_of(handle);                                                                                            \
    code =                                                                                                            \
        forwarded(driver().function, handle, static_cast<typename Signature<decltype(::function)>::Tuple*>(nullptr)); \
  }
#include "driver/functions.def"
    if (type == no_handle) return;
    answers_as(type, handle, was, code, name);
    if (was != type) return;
    if (!is_connected(handle)) return require(code == SQL_ERROR, name, " without a connection");
    const std::string_view over = connection_of(*find(handle)).base;
    const Recording* const recording = over == "psqlodbc" ? &base() : over == "mariadb" ? &of_mariadb() : nullptr;
    if (recording == nullptr || is_answered_otherwise(name)) return;
    require(code == recording->plan().code, name, " gives ", code);
    require(std::string_view(recording->last().function) == name, name, " became ", recording->last().function);
    require(recording->last().arguments[0] != bits_of(handle), "the base driver sees a handle of ours");
  }

  template <class Character>
  void read_diagnostics() {
    const SQLSMALLINT type = bytes_.one_of(handle_types);
    const SQLHANDLE handle = pick(type);
    const auto number = static_cast<SQLSMALLINT>(static_cast<int>(bytes_.next() % 6) - 1);
    const auto capacity = bytes_.one_of(capacities);
    const auto field = static_cast<SQLSMALLINT>(static_cast<int>(bytes_.next() % 24) - 1);
    // Numbers need eight bytes, whatever the capacity says.
    std::vector<Character> text(static_cast<std::size_t>(std::max<SQLSMALLINT>(capacity, 0)) + 8 / sizeof(Character));
    SQLSMALLINT length = 0;
    std::array<Character, 6> state{};
    SQLINTEGER native = 0;
    SQLRETURN code = SQL_ERROR;
    const SQLSMALLINT was = type_of(handle);
    if (bytes_.next() % 2 == 0) {
      const auto bytes = static_cast<SQLSMALLINT>(std::min<int>(capacity * static_cast<int>(sizeof(Character)), 32000));
      if constexpr (sizeof(Character) == 1) {
        code = driver().SQLGetDiagField(type, handle, number, field, text.data(), bytes, &length);
      } else {
        code = driver().SQLGetDiagFieldW(type, handle, number, field, text.data(), bytes, &length);
      }
    } else if constexpr (sizeof(Character) == 1) {
      code = driver().SQLGetDiagRec(type, handle, number, state.data(), &native, text.data(), capacity, &length);
    } else {
      code = driver().SQLGetDiagRecW(type, handle, number, state.data(), &native, text.data(), capacity, &length);
    }
    require((was == type && type != no_handle) == (code != SQL_INVALID_HANDLE), "diagnostics give ", code, " for ",
            was);
  }

  void use_connection_attribute() {
    static constexpr std::array<SQLINTEGER, 14> attributes{SQL_ATTR_ACCESS_MODE,
                                                           SQL_ATTR_AUTOCOMMIT,
                                                           SQL_ATTR_LOGIN_TIMEOUT,
                                                           SQL_ATTR_TRACEFILE,
                                                           SQL_ATTR_TRANSLATE_LIB,
                                                           SQL_ATTR_TXN_ISOLATION,
                                                           SQL_ATTR_CURRENT_CATALOG,
                                                           SQL_ATTR_PACKET_SIZE,
                                                           SQL_ATTR_QUIET_MODE,
                                                           SQL_ATTR_ASYNC_ENABLE,
                                                           SQL_ATTR_METADATA_ID,
                                                           117,
                                                           30002,
                                                           -4};
    static constexpr std::array<SQLINTEGER, 8> sizes{
        SQL_NTS, SQL_IS_INTEGER, SQL_IS_UINTEGER, SQL_IS_POINTER, 0, 12, SQL_LEN_BINARY_ATTR(9), 4};
    const SQLHANDLE dbc = pick(SQL_HANDLE_DBC);
    const SQLSMALLINT was = type_of(dbc);
    const SQLINTEGER attribute = bytes_.one_of(attributes);
    const SQLINTEGER size = bytes_.one_of(sizes);
    const auto capacity = bytes_.one_of(capacities);
    std::vector<char> value(static_cast<std::size_t>(std::max<SQLSMALLINT>(capacity, 0)) + 8);
    SQLINTEGER length = 0;
    SQLRETURN code = SQL_ERROR;
    switch (bytes_.next() % 4) {
      case 0:
        code = driver().SQLSetConnectAttr(dbc, attribute, text_value(), size);
        break;
      case 1:
        code = driver().SQLSetConnectAttrW(dbc, attribute, text_value(), size);
        break;
      case 2:
        code = driver().SQLGetConnectAttr(dbc, attribute, value.data(), capacity, &length);
        break;
      default:
        code = driver().SQLGetConnectAttrW(dbc, attribute, value.data(), capacity, &length);
    }
    answers_as(SQL_HANDLE_DBC, dbc, was, code, "a connection attribute");
  }

  // A text that is long enough for whatever is said of its length, in either width.
  SQLPOINTER text_value() {
    std::fill(scratch_.begin(), scratch_.begin() + 64, static_cast<char>('a' + bytes_.next() % 3));
    std::fill(scratch_.begin() + 64, scratch_.begin() + 72, '\0');
    return scratch_.data();
  }

  void use_environment_attribute() {
    static constexpr std::array<SQLINTEGER, 5> attributes{SQL_ATTR_ODBC_VERSION, SQL_ATTR_OUTPUT_NTS,
                                                          SQL_ATTR_CONNECTION_POOLING, SQL_ATTR_CP_MATCH, 1065};
    static constexpr std::array<SQLULEN, 5> values{SQL_OV_ODBC2, SQL_OV_ODBC3, SQL_OV_ODBC3_80, 0, 1};
    const SQLHANDLE env = pick(SQL_HANDLE_ENV);
    const SQLSMALLINT was = type_of(env);
    const SQLINTEGER attribute = bytes_.one_of(attributes);
    SQLULEN number = 0;
    SQLINTEGER length = 0;
    const SQLRETURN code = bytes_.next() % 2 == 0
                               ? driver().SQLSetEnvAttr(env, attribute, pointer(bytes_.one_of(values)), SQL_IS_INTEGER)
                               : driver().SQLGetEnvAttr(env, attribute, &number, sizeof number, &length);
    answers_as(SQL_HANDLE_ENV, env, was, code, "an environment attribute");
  }

  void use_other_statement_attribute() {
    const SQLHANDLE stmt = pick(SQL_HANDLE_STMT);
    const SQLSMALLINT was = type_of(stmt);
    const auto attribute = static_cast<SQLINTEGER>(bytes_.next() % 40);
    const SQLRETURN code = bytes_.next() % 2 == 0
                               ? driver().SQLSetStmtAttr(stmt, attribute, pointer(bytes_.next()), 0)
                               : driver().SQLGetStmtAttrW(stmt, attribute, scratch_.data(), 100, nullptr);
    answers_as(SQL_HANDLE_STMT, stmt, was, code, "a statement attribute");
  }

  void end_transaction() {
    const SQLSMALLINT type = bytes_.one_of(handle_types);
    const SQLHANDLE handle = pick(type);
    const SQLSMALLINT was = type_of(handle);
    const SQLRETURN code = driver().SQLEndTran(type, handle, static_cast<SQLSMALLINT>(bytes_.next() % 3));
    const bool may_end = type == SQL_HANDLE_ENV || type == SQL_HANDLE_DBC;
    if (may_end) return answers_as(type, handle, was, code, "SQLEndTran");
    require(code == SQL_INVALID_HANDLE, "a transaction of another kind of handle");
  }

  void cancel() {
    const SQLSMALLINT type = bytes_.one_of(handle_types);
    const SQLHANDLE handle = pick(type);
    const SQLSMALLINT was = type_of(handle);
    const SQLRETURN code = driver().SQLCancelHandle(type, handle);
    if (type == SQL_HANDLE_DBC || type == SQL_HANDLE_STMT) {
      require((was == type) == (code != SQL_INVALID_HANDLE), "SQLCancelHandle gives ", code);
    } else {
      require(code == SQL_INVALID_HANDLE, "cancelled what runs nothing");
    }
  }

  void ask_for_functions() {
    const SQLHANDLE dbc = pick(SQL_HANDLE_DBC);
    const SQLSMALLINT was = type_of(dbc);
    const auto which = bytes_.one_of(std::array<SQLUSMALLINT, 5>{SQL_API_ODBC3_ALL_FUNCTIONS, SQL_API_ALL_FUNCTIONS,
                                                                 SQL_API_SQLFETCH, SQL_API_SQLERROR, 60000});
    std::vector<SQLUSMALLINT> supported(SQL_API_ODBC3_ALL_FUNCTIONS_SIZE);
    const SQLRETURN code = driver().SQLGetFunctions(dbc, which, supported.data());
    answers_as(SQL_HANDLE_DBC, dbc, was, code, "SQLGetFunctions");
  }

  void copy_descriptor() {
    const SQLHANDLE from = pick(SQL_HANDLE_DESC);
    const SQLHANDLE to = pick(SQL_HANDLE_DESC);
    const bool are_descriptors = type_of(from) == SQL_HANDLE_DESC && type_of(to) == SQL_HANDLE_DESC;
    const SQLRETURN code = driver().SQLCopyDesc(from, to);
    require(are_descriptors == (code != SQL_INVALID_HANDLE), "SQLCopyDesc gives ", code);
  }

  void browse() {
    const SQLHANDLE dbc = pick(SQL_HANDLE_DBC);
    const SQLSMALLINT was = type_of(dbc);
    std::string text = "BaseDriver=" RECORDING_PSQLODBC ";Server=a";
    SQLSMALLINT length = 0;
    const SQLRETURN code = driver().SQLBrowseConnect(dbc, characters(text), SQL_NTS, nullptr, 0, &length);
    require((was == SQL_HANDLE_DBC) == (code != SQL_INVALID_HANDLE), "SQLBrowseConnect gives ", code);
  }

  void change_plans() {
    static constexpr std::array<SQLRETURN, 6> codes{SQL_SUCCESS, SQL_SUCCESS_WITH_INFO, SQL_ERROR,
                                                    SQL_NO_DATA, SQL_NEED_DATA,         SQL_STILL_EXECUTING};
    const unsigned what = bytes_.next();
    for (const Recording* const recording : {&base(), &of_mariadb()}) {
      RecordingPlan& plan = recording->plan();
      plan.fails_to_allocate = what % 16 == 1 ? handle_types[what / 16 % 4] : SQLSMALLINT{0};
      plan.fails_to_disconnect = what % 16 == 3;
      plan.keeps_fields = what % 4 == 3;
      if (what % 16 == 4) plan.lacks_field = SQL_DESC_PRECISION;
      if (what % 16 == 5) plan.refuses_field = SQL_DESC_CONCISE_TYPE;
    }
    code_ = codes[what / 8 % codes.size()];
    unfreed_ = what % 16 == 2 ? handle_types[what / 16 % 4] : SQLSMALLINT{0};
  }

  static void set_answers(SQLRETURN code, SQLSMALLINT unfreed) {
    for (const Recording* const recording : {&base(), &of_mariadb()}) {
      recording->plan().code = code;
      recording->plan().fails_to_free = unfreed;
    }
  }

  void call() {
    const unsigned what = bytes_.next() % 24;
    // Only these are forwarded as they are; the recording driver's other functions make and free things whatever they are told to answer.
    const bool is_plain = what >= 14 && what <= 17;
    // And what it does not free for us, while we look at it before a connect, is left in it.
    const bool frees = what >= 6 && what <= 8;
    set_answers(is_plain ? code_ : SQLRETURN{SQL_SUCCESS}, frees ? unfreed_ : SQLSMALLINT{0});
    switch (what) {
      case 0:
        return allocate(SQL_HANDLE_ENV);
      case 1:
      case 2:
        return allocate(SQL_HANDLE_DBC);
      case 3:
      case 4:
        return allocate(SQL_HANDLE_STMT);
      case 5:
        return allocate(bytes_.one_of(handle_types));
      case 6:
      case 7: {
        const SQLSMALLINT type = bytes_.one_of(handle_types);
        const SQLHANDLE handle = pick(type);
        if (type >= SQL_HANDLE_ENV && type <= SQL_HANDLE_DESC) {
          free_handle(type, handle);
        } else {
          require(driver().SQLFreeHandle(type, handle) == SQL_INVALID_HANDLE, "a handle of no type was freed");
        }
        return;
      }
      case 8:
        return free_stmt();
      case 9:
      case 10:
        return connect();
      case 11:
        disconnect(pick(SQL_HANDLE_DBC));
        return;
      case 12:
        return get_descriptor();
      case 13:
        return set_descriptor();
      case 14:
      case 15:
      case 16:
        return pass();
      case 17:
        return use_other_statement_attribute();
      case 18:
        return bytes_.next() % 2 == 0 ? read_diagnostics<SQLCHAR>() : read_diagnostics<SQLWCHAR>();
      case 19:
        return use_connection_attribute();
      case 20:
        return bytes_.next() % 2 == 0 ? use_environment_attribute() : ask_for_functions();
      case 21:
        return bytes_.next() % 2 == 0 ? end_transaction() : cancel();
      case 22:
        return bytes_.next() % 2 == 0 ? copy_descriptor() : browse();
      default:
        return change_plans();
    }
  }

  Bytes bytes_;
  std::vector<Known> known_;
  std::vector<char> scratch_ = std::vector<char>(std::size_t{1} << 17U);
  SQLRETURN code_ = SQL_SUCCESS;
  SQLSMALLINT unfreed_ = 0;
};

void run(std::string_view input) {
  prepare_process();
  Session session(input);
  session.run();
  session.free_all();
}

const Registration registered("entry_points", run);

}  // namespace of_entry_points
}  // namespace iamodbc::fuzz
