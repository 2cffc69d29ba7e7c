// forward_bench: calls one function of each arity a number of times, direct on the recording base driver or through
// iamodbc over it. Run under callgrind by forward_bench.py, which takes the difference.
// Usage: forward_bench direct|wrapped FUNCTION COUNT
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

struct Dbc {};
struct Stmt {};
struct Desc {};

struct Session {
  const BaseFunctions& functions;
  SQLHENV env = nullptr;
  SQLHDBC dbc = nullptr;
  SQLHSTMT stmt = nullptr;
  SQLHDESC desc = nullptr;
};

Session open(const BaseFunctions& functions) {
  Session session{functions};
  const std::string string = connection_string();
  functions.SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &session.env);
  functions.SQLSetEnvAttr(session.env, SQL_ATTR_ODBC_VERSION, pointer(SQL_OV_ODBC3), 0);
  functions.SQLAllocHandle(SQL_HANDLE_DBC, session.env, &session.dbc);
  if (!SQL_SUCCEEDED(
          functions.SQLDriverConnect(session.dbc, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, 0)))
    std::exit(3);
  functions.SQLAllocHandle(SQL_HANDLE_STMT, session.dbc, &session.stmt);
  functions.SQLGetStmtAttr(session.stmt, SQL_ATTR_APP_ROW_DESC, &session.desc, SQL_IS_POINTER, nullptr);
  return session;
}

template <class Kind>
SQLHANDLE handle_of(const Session& session) {
  if constexpr (std::is_same_v<Kind, Dbc>) return session.dbc;
  if constexpr (std::is_same_v<Kind, Stmt>) return session.stmt;
  return session.desc;
}

template <class... Rest>
void repeat(SQLRETURN (*function)(SQLHANDLE, Rest...), SQLHANDLE handle, int count) {
  for (int i = 0; i < count; ++i) function(handle, Rest{}...);
}

}  // namespace
}  // namespace iamodbc

int main(int count, char** arguments) {
  using namespace iamodbc;  // NOLINT(google-build-using-namespace)
  if (count != 4) return 2;
  const bool wrapped = arguments[1] == std::string_view("wrapped");
  const std::string_view name = arguments[2];
  const int calls = std::atoi(arguments[3]);
  const Session session = open(wrapped ? driver() : base().functions());
#define OWN(kind, arguments, function, id)
#define PASS(kind, arguments, function, id) \
  if (name == #function) return repeat(session.functions.function, handle_of<kind>(session), calls), 0;
#include "driver/functions.def"
  return 2;
}
