// The pass-through, over a recording base driver: every argument of every forwarded function arrives bit for bit.
// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "driver/handles.h"
#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

class Forward : public DriverTest {
 protected:
  Forward() {
    connect_well();
    stmt_ = statement();
    desc_ = descriptor(stmt_);
  }

  // The handle that a function of this kind takes.
  template <class Kind>
  [[nodiscard]] SQLHANDLE handle() const {
    if constexpr (std::is_same_v<Kind, Dbc>) return dbc_;
    if constexpr (std::is_same_v<Kind, Stmt>) return stmt_;
    return desc_;
  }
  template <class Kind>
  [[nodiscard]] SQLHANDLE handle_of_another_kind() const {
    return std::is_same_v<Kind, Stmt> ? dbc_ : stmt_;
  }

  SQLHSTMT stmt_ = nullptr;
  SQLHDESC desc_ = nullptr;
};

template <class Kind>
constexpr SQLSMALLINT type_of = std::is_same_v<Kind, Dbc>    ? SQL_HANDLE_DBC
                                : std::is_same_v<Kind, Stmt> ? SQL_HANDLE_STMT
                                                             : SQL_HANDLE_DESC;

// A value in which every bit counts and which no other argument has.
template <class Argument>
Argument distinct(std::size_t index) {
  const std::uint64_t bits = 0x9e3779b97f4a7c15U * (index + 1);
  Argument argument{};
  __builtin_memcpy(&argument, &bits, sizeof(argument));
  return argument;
}

template <class... Rest, std::size_t... index>
SQLRETURN call(SQLRETURN (*function)(SQLHANDLE, Rest...), SQLHANDLE handle, std::index_sequence<index...>) {
  return function(handle, distinct<Rest>(index + 1)...);
}
template <class... Rest>
SQLRETURN call(SQLRETURN (*function)(SQLHANDLE, Rest...), SQLHANDLE handle) {
  return call(function, handle, std::index_sequence_for<Rest...>());
}

template <class... Rest, std::size_t... index>
void expect_arrived(SQLRETURN (*)(SQLHANDLE, Rest...), const char* name, std::index_sequence<index...>) {
  const RecordedCall& last = base().last();
  EXPECT_STREQ(last.function, name);
  EXPECT_EQ(last.count, sizeof...(Rest) + 1) << name;
  const std::array<std::uint64_t, sizeof...(Rest)> expected{bits_of(distinct<Rest>(index + 1))...};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(last.arguments[i + 1], expected[i]) << name << ", argument " << i + 2;
  }
}

template <class... Rest>
void expect_whole(SQLRETURN (*function)(SQLHANDLE, Rest...), SQLHANDLE handle, std::set<std::uint64_t>& base_handles,
                  const char* name) {
  constexpr SQLRETURN unusual = 4711;
  base().plan().code = unusual;
  EXPECT_EQ(call(function, handle), unusual) << name << ": the return code must arrive as well";
  expect_arrived(function, name, std::index_sequence_for<Rest...>());
  const std::uint64_t arrived = base().last().arguments[0];
  EXPECT_NE(arrived, bits_of(handle)) << name << ": our handle went down";
  base_handles.insert(arrived);
}

TEST_F(Forward, EveryArgumentOfEveryFunctionArrivesBitForBit) {
  std::set<std::uint64_t> base_handles;
#define PASS(kind, arguments, function, id) expect_whole(driver().function, handle<kind>(), base_handles, #function);
#define OWN(kind, arguments, function, id)
#include "driver/functions.def"
  EXPECT_EQ(base_handles.size(), 3U) << "one base handle for each of connection, statement, descriptor";
}

TEST_F(Forward, NullWrongKindAndFreedHandlesAreInvalid) {
  const SQLHSTMT freed_stmt = statement();
  const SQLHDESC freed_desc = descriptor(freed_stmt);
  ASSERT_EQ(driver().SQLFreeHandle(SQL_HANDLE_STMT, freed_stmt), SQL_SUCCESS);
  SQLHDBC freed_dbc = nullptr;
  const std::string string = connection_string();
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &freed_dbc), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLDriverConnect(freed_dbc, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, 0),
            SQL_SUCCESS);
  ASSERT_EQ(driver().SQLDisconnect(freed_dbc), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, freed_dbc), SQL_SUCCESS);
  const RecordedCall before = base().last();
#define OWN(kind, arguments, function, id)
#define PASS(kind, arguments, function, id)                                                            \
  EXPECT_EQ(call(driver().function, nullptr), SQL_INVALID_HANDLE) << #function;                        \
  EXPECT_EQ(call(driver().function, handle_of_another_kind<kind>()), SQL_INVALID_HANDLE) << #function; \
  if (type_of<kind> == SQL_HANDLE_DBC) {                                                               \
    EXPECT_EQ(call(driver().function, freed_dbc), SQL_INVALID_HANDLE) << #function;                    \
  }                                                                                                    \
  if (type_of<kind> == SQL_HANDLE_STMT) {                                                              \
    EXPECT_EQ(call(driver().function, freed_stmt), SQL_INVALID_HANDLE) << #function;                   \
  }                                                                                                    \
  if (type_of<kind> == SQL_HANDLE_DESC) {                                                              \
    EXPECT_EQ(call(driver().function, freed_desc), SQL_INVALID_HANDLE) << #function;                   \
  }
#include "driver/functions.def"
  EXPECT_STREQ(base().last().function, before.function) << "nothing may reach the base driver";
}

TEST_F(Forward, ConnectionFunctionsNeedAConnection) {
  SQLHDBC unconnected = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &unconnected), SQL_SUCCESS);
#define OWN(kind, arguments, function, id)
#define PASS(kind, arguments, function, id)                                  \
  if (type_of<kind> == SQL_HANDLE_DBC) {                                     \
    EXPECT_EQ(call(driver().function, unconnected), SQL_ERROR) << #function; \
    EXPECT_EQ(state_of(SQL_HANDLE_DBC, unconnected), "08003") << #function;  \
  }
#include "driver/functions.def"
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, unconnected), SQL_SUCCESS);
}

TEST_F(Forward, DiagnosticsOfOursGoWithTheNextCallAndTheCallArrives) {
  ASSERT_EQ(driver().SQLSetStmtAttr(stmt_, SQL_ATTR_APP_ROW_DESC, dbc_, 0), SQL_ERROR);
  ASSERT_EQ(state_of(SQL_HANDLE_STMT, stmt_), "HY024");
  EXPECT_EQ(driver().SQLFetchScroll(stmt_, 7, 11), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLFetchScroll");
  EXPECT_EQ(base().last().arguments[2], 11U);
  EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt_), "") << "the base driver's, who has none";
}

TEST_F(Forward, CancelLeavesDiagnosticsOfOurs) {
  ASSERT_EQ(driver().SQLSetStmtAttr(stmt_, SQL_ATTR_APP_ROW_DESC, dbc_, 0), SQL_ERROR);
  EXPECT_EQ(driver().SQLCancel(stmt_), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLCancel");
  EXPECT_EQ(driver().SQLCancelHandle(SQL_HANDLE_STMT, stmt_), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLCancelHandle");
  EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt_), "HY024") << "another thread may be inside the statement";
}

TEST_F(Forward, TextIsNeverConverted) {
  // No UTF-8 and a lone surrogate: a conversion on the way would change both.
  const std::string narrow = "SELECT '\xff\xfe'";
  SQLWCHAR wide[] = {'S', 0xd800, 0};
  EXPECT_EQ(driver().SQLExecDirect(stmt_, characters(narrow), 11), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLExecDirect");
  EXPECT_EQ(base().last().arguments[1], bits_of(narrow.c_str()));
  EXPECT_EQ(driver().SQLExecDirectW(stmt_, wide, 2), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLExecDirectW");
  EXPECT_EQ(base().last().arguments[1], bits_of(static_cast<SQLWCHAR*>(wide)));
}

// No base driver of the tests executes asynchronously; a newer one may.
TEST_F(Forward, AStatementThatIsStillExecutingIsAskedAgainCancelledAndClosed) {
  EXPECT_EQ(driver().SQLSetStmtAttr(stmt_, SQL_ATTR_ASYNC_ENABLE, pointer(SQL_ASYNC_ENABLE_ON), 0), SQL_SUCCESS);
  EXPECT_EQ(base().last().arguments[1], static_cast<std::uint64_t>(SQL_ATTR_ASYNC_ENABLE));
  EXPECT_EQ(base().last().arguments[2], static_cast<std::uint64_t>(SQL_ASYNC_ENABLE_ON));
  base().plan().code = SQL_STILL_EXECUTING;
  const std::string sql = "SELECT 1";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(driver().SQLExecDirect(stmt_, characters(sql), SQL_NTS), SQL_STILL_EXECUTING);
    EXPECT_STREQ(base().last().function, "SQLExecDirect") << "each time it is the base driver that is asked";
    EXPECT_EQ(driver().SQLCancel(stmt_), SQL_STILL_EXECUTING);
    EXPECT_STREQ(base().last().function, "SQLCancel");
    EXPECT_EQ(driver().SQLFreeStmt(stmt_, SQL_CLOSE), SQL_STILL_EXECUTING);
    EXPECT_STREQ(base().last().function, "SQLFreeStmt");
  }
  EXPECT_EQ(driver().SQLDisconnect(dbc_), SQL_STILL_EXECUTING);
  base().plan().code = SQL_SUCCESS;
  EXPECT_EQ(driver().SQLExecDirect(stmt_, characters(sql), SQL_NTS), SQL_SUCCESS) << "nothing was freed";
}

// A base driver that has next to nothing, and a dependency that has SQLFetch.
class OverSparse : public DriverTest {};

TEST_F(OverSparse, AFunctionThatTheBaseDriverLacksIsIM001OnTheHandleThatWasCalled) {
  ASSERT_EQ(connect(connection_string(RECORDING_SPARSE_FILE)), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DBC, dbc_);
  const SQLHSTMT other = statement();
  const SQLHSTMT stmt = statement();
  SQLHDESC desc = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, dbc_, &desc), SQL_SUCCESS);
  const auto handle = [&](SQLSMALLINT type) {
    return type == SQL_HANDLE_DBC ? dbc_ : type == SQL_HANDLE_STMT ? stmt : desc;
  };
#define OWN(kind, arguments, function, id)
#define PASS(kind, arguments, function, id)                                          \
  EXPECT_EQ(call(driver().function, handle(type_of<kind>)), SQL_ERROR) << #function; \
  EXPECT_EQ(diagnostics(type_of<kind>, handle(type_of<kind>)), "IM001 [iamodbc] the base driver has no " #function);
#include "driver/functions.def"
  EXPECT_EQ(state_of(SQL_HANDLE_STMT, other), "");
  SQLINTEGER value = 0;
  EXPECT_EQ(driver().SQLGetStmtAttr(stmt, SQL_ATTR_QUERY_TIMEOUT, &value, 0, nullptr), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt), "IM001");
  EXPECT_EQ(driver().SQLFreeStmt(stmt, SQL_CLOSE), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt), "IM001");
  EXPECT_EQ(driver().SQLEndTran(SQL_HANDLE_DBC, dbc_, SQL_COMMIT), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "IM001");
}

// Connections are kept in groups; more of them than there are groups.
TEST_F(OverSparse, AFunctionThatTheBaseDriverLacksIsIM001OnWhicheverConnection) {
  const std::string string = connection_string(RECORDING_SPARSE_FILE);
  std::vector<SQLHDBC> connections(20);
  std::vector<SQLHSTMT> statements;
  for (SQLHDBC& dbc : connections) {
    ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &dbc), SQL_SUCCESS);
    ASSERT_EQ(driver().SQLDriverConnect(dbc, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, 0),
              SQL_SUCCESS);
    SQLHSTMT stmt = nullptr;
    ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt), SQL_SUCCESS);
    statements.push_back(stmt);
  }
  for (const SQLHSTMT stmt : statements) {
    EXPECT_EQ(driver().SQLFetch(stmt), SQL_ERROR);
    EXPECT_EQ(diagnostics(SQL_HANDLE_STMT, stmt), "IM001 [iamodbc] the base driver has no SQLFetch");
  }
  for (const SQLHDBC dbc : connections) {
    EXPECT_EQ(driver().SQLDisconnect(dbc), SQL_SUCCESS);
    EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc), SQL_SUCCESS);
  }
}

TEST_F(OverSparse, AFunctionFoundInADependencyOfTheBaseDriverIsNotTheBaseDrivers) {
  void* const sparse = loaded_library(RECORDING_SPARSE_FILE);
  ASSERT_NE(dlsym(sparse, "SQLFetch"), nullptr) << "the dependency has it";
  ASSERT_EQ(connect(connection_string(RECORDING_SPARSE_FILE)), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DBC, dbc_);
  const SQLHSTMT stmt = statement();
  EXPECT_EQ(driver().SQLFetch(stmt), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt), "IM001");
}

}  // namespace
}  // namespace iamodbc
