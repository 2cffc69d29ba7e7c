// Lives of handles: allocation, freeing, disconnect, descriptors, transactions, and what happens when the base driver
// refuses.
// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

class Handles : public DriverTest {};

TEST_F(Handles, EveryWayToAllocateAndFreeWithNullOrWrongHandlesIsInvalid) {
  SQLHANDLE made = nullptr;
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, nullptr, &made), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, dbc_, &made), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, env_, &made), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, nullptr, &made), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLAllocHandle(99, dbc_, &made), SQL_INVALID_HANDLE);
  for (const int each : {SQL_HANDLE_ENV, SQL_HANDLE_DBC, SQL_HANDLE_STMT, SQL_HANDLE_DESC}) {
    const auto type = static_cast<SQLSMALLINT>(each);
    EXPECT_EQ(driver().SQLFreeHandle(type, nullptr), SQL_INVALID_HANDLE) << type;
    EXPECT_EQ(driver().SQLFreeHandle(type, type == SQL_HANDLE_DBC ? env_ : dbc_), SQL_INVALID_HANDLE) << type;
  }
  EXPECT_EQ(driver().SQLFreeHandle(99, dbc_), SQL_INVALID_HANDLE);
}

// The bodies of our own that take a handle, as the forwarded ones in forward_test.
TEST_F(Handles, EveryFunctionOfOursRefusesNullWrongKindAndFreedHandles) {
  connect_well();
  const SQLHSTMT freed = statement();
  const SQLHDESC freed_desc = descriptor(freed);
  const SQLHDESC good_desc = descriptor(statement());
  ASSERT_EQ(driver().SQLFreeHandle(SQL_HANDLE_STMT, freed), SQL_SUCCESS);
  SQLHENV freed_env = nullptr;
  SQLHDBC freed_dbc = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &freed_env), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, freed_env, &freed_dbc), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, freed_dbc), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLFreeHandle(SQL_HANDLE_ENV, freed_env), SQL_SUCCESS);
  SQLCHAR text[64] = {};
  SQLWCHAR wide[64] = {};
  SQLINTEGER integer = 0;
  SQLSMALLINT small = 0;
  SQLUSMALLINT supported[250] = {};
  const BaseFunctions& d = driver();
  for (const SQLHANDLE bad : {SQLHANDLE{nullptr}, freed, freed_dbc, freed_env, static_cast<SQLHANDLE>(env_)}) {
    EXPECT_EQ(d.SQLFreeHandle(SQL_HANDLE_STMT, bad), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLFreeStmt(bad, SQL_CLOSE), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLFreeStmt(bad, SQL_DROP), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLSetStmtAttr(bad, 0, nullptr, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLSetStmtAttrW(bad, 0, nullptr, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetStmtAttr(bad, 0, &integer, 0, nullptr), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetStmtAttrW(bad, 0, &integer, 0, nullptr), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLCancelHandle(SQL_HANDLE_STMT, bad), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetDiagRec(SQL_HANDLE_STMT, bad, 1, text, &integer, text, 10, &small), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetDiagRecW(SQL_HANDLE_STMT, bad, 1, wide, &integer, wide, 10, &small), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetDiagField(SQL_HANDLE_STMT, bad, 1, SQL_DIAG_NATIVE, &integer, 0, &small), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetDiagFieldW(SQL_HANDLE_STMT, bad, 1, SQL_DIAG_NATIVE, &integer, 0, &small), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLConnect(bad, text, 0, text, 0, text, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLConnectW(bad, wide, 0, wide, 0, wide, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLDriverConnect(bad, nullptr, text, 0, nullptr, 0, nullptr, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLDriverConnectW(bad, nullptr, wide, 0, nullptr, 0, nullptr, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLBrowseConnect(bad, text, 0, nullptr, 0, nullptr), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLBrowseConnectW(bad, wide, 0, nullptr, 0, nullptr), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLDisconnect(bad), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLSetConnectAttr(bad, 0, nullptr, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLSetConnectAttrW(bad, 0, nullptr, 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetConnectAttr(bad, 0, &integer, 0, nullptr), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetConnectAttrW(bad, 0, &integer, 0, nullptr), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetFunctions(bad, SQL_API_ODBC3_ALL_FUNCTIONS, supported), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLEndTran(SQL_HANDLE_DBC, bad, SQL_COMMIT), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLCopyDesc(bad, good_desc), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLCopyDesc(good_desc, bad), SQL_INVALID_HANDLE);
  }
  for (const SQLHANDLE bad : {SQLHANDLE{nullptr}, freed_desc, freed_dbc, freed_env, static_cast<SQLHANDLE>(dbc_)}) {
    EXPECT_EQ(d.SQLFreeHandle(SQL_HANDLE_DESC, bad), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLSetEnvAttr(bad, SQL_ATTR_OUTPUT_NTS, pointer(SQL_TRUE), 0), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLGetEnvAttr(bad, SQL_ATTR_OUTPUT_NTS, &integer, 0, nullptr), SQL_INVALID_HANDLE);
    EXPECT_EQ(d.SQLEndTran(SQL_HANDLE_ENV, bad, SQL_COMMIT), SQL_INVALID_HANDLE);
  }
  EXPECT_EQ(d.SQLEndTran(SQL_HANDLE_STMT, dbc_, SQL_COMMIT), SQL_INVALID_HANDLE);
  EXPECT_EQ(d.SQLCancelHandle(SQL_HANDLE_ENV, env_), SQL_INVALID_HANDLE);
}

TEST_F(Handles, AMissingPlaceForTheHandleIsHY009) {
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_ENV, nullptr, nullptr), SQL_ERROR);
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, nullptr), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_ENV, env_), "HY009");
  connect_well();
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc_, nullptr), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "HY009");
}

TEST_F(Handles, StatementsNeedAConnection) {
  SQLHANDLE made = &made;
  for (const int each : {SQL_HANDLE_STMT, SQL_HANDLE_DESC}) {
    const auto type = static_cast<SQLSMALLINT>(each);
    EXPECT_EQ(driver().SQLAllocHandle(type, dbc_, &made), SQL_ERROR);
    EXPECT_EQ(made, nullptr);
    EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "08003");
  }
  SQLUSMALLINT supported = 0;
  EXPECT_EQ(driver().SQLGetFunctions(dbc_, SQL_API_SQLFETCH, &supported), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "08003");
  EXPECT_EQ(driver().SQLEndTran(SQL_HANDLE_DBC, dbc_, SQL_COMMIT), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "08003");
  EXPECT_EQ(driver().SQLDisconnect(dbc_), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "08003");
}

TEST_F(Handles, ParentsOutliveTheirChildren) {
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_ENV, env_), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_ENV, env_), "HY010");
  connect_well();
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc_), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "HY010");
  EXPECT_EQ(connect(), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "08002");
}

TEST_F(Handles, DisconnectFreesEveryStatementAndDescriptorOfTheConnection) {
  connect_well();
  std::vector<SQLHSTMT> statements;
  for (int i = 0; i < 100; ++i) statements.push_back(statement());
  const SQLHDESC implicit = descriptor(statements[50]);
  SQLHDESC made = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, dbc_, &made), SQL_SUCCESS);
  SQLHDBC other = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &other), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLDriverConnect(other, nullptr, characters(connection_string()), SQL_NTS, nullptr, 0, nullptr, 0),
            SQL_SUCCESS);
  SQLHSTMT of_other = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, other, &of_other), SQL_SUCCESS);

  ASSERT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  for (const SQLHSTMT stmt : statements) EXPECT_EQ(driver().SQLFetch(stmt), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLSetDescField(implicit, 0, 0, nullptr, 0), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLSetDescField(made, 0, 0, nullptr, 0), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLFetch(of_other), SQL_SUCCESS) << "another connection's";
  EXPECT_EQ(driver().SQLNativeSql(dbc_, nullptr, 0, nullptr, 0, nullptr), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "08003");

  EXPECT_EQ(driver().SQLDisconnect(other), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, other), SQL_SUCCESS);
}

TEST_F(Handles, AFailedDisconnectFreesNothing) {
  connect_well();
  const SQLHSTMT stmt = statement();
  const SQLHDESC desc = descriptor(stmt);
  base().plan().fails_to_disconnect = true;
  EXPECT_EQ(driver().SQLDisconnect(dbc_), SQL_ERROR);
  EXPECT_EQ(diagnostics(SQL_HANDLE_DBC, dbc_), "25000 told not to disconnect");
  EXPECT_EQ(driver().SQLFetch(stmt), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLSetDescField(desc, 0, 0, nullptr, 0), SQL_SUCCESS);
  base().plan().fails_to_disconnect = false;
  EXPECT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFetch(stmt), SQL_INVALID_HANDLE);
}

TEST_F(Handles, AConnectionConnectsAgainOverAFreshBaseHandle) {
  connect_well();
  ASSERT_EQ(driver().SQLGetInfo(dbc_, 0, nullptr, 0, nullptr), SQL_SUCCESS);
  const std::uint64_t first = base().last().arguments[0];
  ASSERT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  connect_well();
  ASSERT_EQ(driver().SQLGetInfo(dbc_, 0, nullptr, 0, nullptr), SQL_SUCCESS);
  EXPECT_NE(base().last().arguments[0], first);
  EXPECT_EQ(live(SQL_HANDLE_DBC), 1) << "the first base handle is freed";
}

TEST_F(Handles, NothingOfTheBaseDriverIsLeftBehind) {
  connect_well();
  SQLHDESC made = nullptr;
  const SQLHSTMT stmt = statement();
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, dbc_, &made), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DESC, made), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFreeStmt(stmt, SQL_DROP), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  setenv("RECORDING_CONNECT", "refuse:28000:1:no", 1);
  EXPECT_EQ(connect(), SQL_ERROR);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc_), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_ENV, env_), SQL_SUCCESS);
  for (const int each : {SQL_HANDLE_ENV, SQL_HANDLE_DBC, SQL_HANDLE_STMT, SQL_HANDLE_DESC})
    EXPECT_EQ(live(static_cast<SQLSMALLINT>(each)), 0) << each;
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc_), SQL_INVALID_HANDLE);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_ENV, env_), SQL_INVALID_HANDLE);
}

TEST_F(Handles, AWrapperStaysWhenTheBaseDriverDoesNotFree) {
  connect_well();
  const SQLHSTMT stmt = statement();
  SQLHDESC made = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, dbc_, &made), SQL_SUCCESS);

  base().plan().fails_to_free = SQL_HANDLE_STMT;
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_STMT, stmt), SQL_ERROR);
  EXPECT_EQ(diagnostics(SQL_HANDLE_STMT, stmt), "HY000 told not to free");
  EXPECT_EQ(driver().SQLFreeStmt(stmt, SQL_DROP), SQL_ERROR);
  EXPECT_EQ(driver().SQLFetch(stmt), SQL_SUCCESS);

  base().plan().fails_to_free = SQL_HANDLE_DESC;
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DESC, made), SQL_ERROR);
  EXPECT_EQ(driver().SQLSetDescField(made, 0, 0, nullptr, 0), SQL_SUCCESS);

  ASSERT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  base().plan().fails_to_free = SQL_HANDLE_DBC;
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc_), SQL_ERROR);
  EXPECT_EQ(diagnostics(SQL_HANDLE_DBC, dbc_), "HY000 told not to free");
  base().plan().fails_to_free = 0;
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc_), SQL_SUCCESS);

  base().plan().fails_to_free = SQL_HANDLE_ENV;
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_ENV, env_), SQL_ERROR);
  EXPECT_EQ(diagnostics(SQL_HANDLE_ENV, env_), "HY000 told not to free");
  base().plan().fails_to_free = 0;
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_ENV, env_), SQL_SUCCESS);
}

TEST_F(Handles, ARefusalToAllocateIsTheBaseDriversAnswer) {
  connect_well();
  SQLHSTMT stmt = &stmt;
  base().plan().fails_to_allocate = SQL_HANDLE_STMT;
  EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc_, &stmt), SQL_ERROR);
  EXPECT_EQ(stmt, nullptr);
  EXPECT_EQ(diagnostics(SQL_HANDLE_DBC, dbc_), "HY001 told not to allocate");
}

TEST_F(Handles, ABaseDriverThatCannotAllocateAConnectionIsNamedWithItsWords) {
  base().plan().fails_to_allocate = SQL_HANDLE_DBC;
  EXPECT_EQ(connect(), SQL_ERROR);
  const std::string text = diagnostics(SQL_HANDLE_DBC, dbc_);
  EXPECT_NE(text.find("IM004"), std::string::npos) << text;
  EXPECT_NE(text.find("psqlodbcw.so"), std::string::npos) << text;
  EXPECT_NE(text.find("told not to allocate"), std::string::npos) << text;
}

TEST_F(Handles, TheSameDescriptorHasTheSameWrapper) {
  connect_well();
  const SQLHSTMT stmt = statement();
  std::vector<SQLHDESC> four;
  for (SQLINTEGER which = SQL_ATTR_APP_ROW_DESC; which <= SQL_ATTR_IMP_PARAM_DESC; ++which)
    four.push_back(descriptor(stmt, which));
  EXPECT_EQ(std::set<SQLHDESC>(four.begin(), four.end()).size(), 4U);
  SQLHDESC wide = nullptr;
  EXPECT_EQ(driver().SQLGetStmtAttrW(stmt, SQL_ATTR_IMP_ROW_DESC, &wide, SQL_IS_POINTER, nullptr), SQL_SUCCESS);
  EXPECT_EQ(wide, four[2]);
}

TEST_F(Handles, AnExplicitDescriptorComesBackAsItWasGivenAndTheImplicitOneReturns) {
  connect_well();
  const SQLHSTMT stmt = statement();
  const SQLHDESC implicit = descriptor(stmt);
  SQLHDESC made = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, dbc_, &made), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, made, SQL_IS_POINTER), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLSetStmtAttr");
  EXPECT_NE(base().last().arguments[2], bits_of(made)) << "the base driver must see its own handle";
  EXPECT_EQ(descriptor(stmt), made);
  ASSERT_EQ(driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, nullptr, SQL_IS_POINTER), SQL_SUCCESS);
  EXPECT_EQ(descriptor(stmt), implicit);
  ASSERT_EQ(driver().SQLSetStmtAttrW(stmt, SQL_ATTR_APP_ROW_DESC, made, SQL_IS_POINTER), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DESC, made), SQL_SUCCESS);
  EXPECT_EQ(descriptor(stmt), implicit);
}

TEST_F(Handles, AnImplicitDescriptorIsNotFreedAlone) {
  connect_well();
  const SQLHDESC implicit = descriptor(statement());
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DESC, implicit), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DESC, implicit), "HY017");
}

TEST_F(Handles, ACopyBetweenDescriptorsOfOneBaseDriverIsItsOwn) {
  connect_well();
  const SQLHDESC from = descriptor(statement());
  const SQLHDESC to = descriptor(statement());
  EXPECT_EQ(driver().SQLCopyDesc(from, to), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLCopyDesc");
  EXPECT_NE(base().last().arguments[0], bits_of(from));
  EXPECT_NE(base().last().arguments[1], bits_of(to));
}

TEST_F(Handles, ADescriptorOfAnotherConnectionIsNotAssigned) {
  connect_well();
  SQLHDESC made = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, dbc_, &made), SQL_SUCCESS);
  for (const char* const file : {RECORDING_PSQLODBC, RECORDING_MARIADB}) {
    SQLHDBC other = nullptr;
    ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &other), SQL_SUCCESS);
    const std::string string = connection_string(file);
    ASSERT_EQ(driver().SQLDriverConnect(other, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, 0),
              SQL_SUCCESS)
        << diagnostics(SQL_HANDLE_DBC, other);
    SQLHSTMT stmt = nullptr;
    ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, other, &stmt), SQL_SUCCESS);
    EXPECT_EQ(driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, made, 0), SQL_ERROR);
    EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt), "HY024");
    EXPECT_EQ(driver().SQLDisconnect(other), SQL_SUCCESS);
    EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, other), SQL_SUCCESS);
  }
}

TEST_F(Handles, AnImplicitDescriptorIsAssignedToItsOwnPlaceAlone) {
  connect_well();
  const SQLHSTMT stmt = statement();
  const SQLHDESC own = descriptor(stmt);
  EXPECT_EQ(driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, own, 0), SQL_SUCCESS);
  EXPECT_NE(base().last().arguments[2], bits_of(own)) << "the base driver must see its own handle";
  for (const SQLHDESC other : {descriptor(stmt, SQL_ATTR_APP_PARAM_DESC), descriptor(statement())}) {
    EXPECT_EQ(driver().SQLSetStmtAttrW(stmt, SQL_ATTR_APP_ROW_DESC, other, 0), SQL_ERROR);
    EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt), "HY017");
  }
}

TEST_F(Handles, ATransactionEndsOnAConnectionAndOnEveryBaseEnvironment) {
  connect_well();
  EXPECT_EQ(driver().SQLEndTran(SQL_HANDLE_DBC, dbc_, SQL_ROLLBACK), SQL_SUCCESS);
  EXPECT_STREQ(base().last().function, "SQLEndTran");
  EXPECT_EQ(base().last().arguments[2], static_cast<std::uint64_t>(SQL_ROLLBACK));
  const std::uint64_t base_dbc = base().last().arguments[1];
  EXPECT_EQ(driver().SQLEndTran(SQL_HANDLE_ENV, env_, SQL_COMMIT), SQL_SUCCESS);
  EXPECT_EQ(base().last().arguments[0], static_cast<std::uint64_t>(SQL_HANDLE_ENV));
  EXPECT_NE(base().last().arguments[1], base_dbc);
  base().plan().code = SQL_ERROR;
  EXPECT_EQ(driver().SQLEndTran(SQL_HANDLE_ENV, env_, SQL_COMMIT), SQL_ERROR);
  base().plan().code = SQL_SUCCESS;
}

TEST_F(Handles, FunctionsAreTrueOnlyWhereBothTheBaseDriverAndWeHaveThem) {
  connect_well();
  std::vector<SQLUSMALLINT> bits(SQL_API_ODBC3_ALL_FUNCTIONS_SIZE);
  ASSERT_EQ(driver().SQLGetFunctions(dbc_, SQL_API_ODBC3_ALL_FUNCTIONS, bits.data()), SQL_SUCCESS);
  const auto has = [&](SQLUSMALLINT id) { return SQL_FUNC_EXISTS(bits.data(), id) == SQL_TRUE; };
  int exported = 0;
#define PASS(kind, arguments, function, id) EXPECT_TRUE(has(SQL_API_SQL##id)) << #function;
#define OWN(kind, arguments, function, id) PASS(kind, arguments, function, id)
#include "driver/functions.def"
  for (int id = 0; id < SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * 16; ++id)
    exported += has(static_cast<SQLUSMALLINT>(id)) ? 1 : 0;
  EXPECT_EQ(exported, 60) << "the recording driver claims everything; we have 60";
  EXPECT_FALSE(has(SQL_API_SQLBINDPARAM));
  EXPECT_FALSE(has(SQL_API_SQLERROR));

  std::vector<SQLUSMALLINT> array(100);
  ASSERT_EQ(driver().SQLGetFunctions(dbc_, SQL_API_ALL_FUNCTIONS, array.data()), SQL_SUCCESS);
  for (SQLUSMALLINT id = 0; id < array.size(); ++id) EXPECT_EQ(array[id] == SQL_TRUE, has(id)) << id;

  SQLUSMALLINT one = 7;
  ASSERT_EQ(driver().SQLGetFunctions(dbc_, SQL_API_SQLTRANSACT, &one), SQL_SUCCESS);
  EXPECT_EQ(one, SQL_FALSE);
  ASSERT_EQ(driver().SQLGetFunctions(dbc_, SQL_API_SQLFETCH, &one), SQL_SUCCESS);
  EXPECT_EQ(one, SQL_TRUE);
}

TEST_F(Handles, EnvironmentsShareNothing) {
  connect_well();
  EXPECT_EQ(driver().SQLEndTran(SQL_HANDLE_ENV, env_, SQL_COMMIT), SQL_SUCCESS);
  const std::uint64_t first = base().last().arguments[1];
  SQLHENV env = nullptr;
  SQLHDBC dbc = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &env), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_SUCCESS);
  const std::string string = connection_string();
  ASSERT_EQ(driver().SQLDriverConnect(dbc, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, 0), SQL_SUCCESS);
  EXPECT_EQ(live(SQL_HANDLE_ENV), 2);
  EXPECT_EQ(driver().SQLEndTran(SQL_HANDLE_ENV, env, SQL_COMMIT), SQL_SUCCESS);
  EXPECT_NE(base().last().arguments[1], first) << "the other one's transactions go on";
  EXPECT_EQ(driver().SQLDisconnect(dbc), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_ENV, env), SQL_SUCCESS);
  EXPECT_EQ(live(SQL_HANDLE_ENV), 1);
  EXPECT_EQ(driver().SQLFetch(statement()), SQL_SUCCESS);
}

TEST_F(Handles, EachBaseDriverOfAnEnvironmentHasItsOwnEnvironment) {
  connect_well();
  SQLHDBC other = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &other), SQL_SUCCESS);
  const std::string string = connection_string(RECORDING_MARIADB);
  const int before = live(SQL_HANDLE_ENV);
  ASSERT_EQ(driver().SQLDriverConnect(other, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, 0),
            SQL_SUCCESS);
  EXPECT_EQ(live(SQL_HANDLE_ENV), before);
  EXPECT_EQ(Recording(RECORDING_MARIADB).plan().live[SQL_HANDLE_ENV], 1);
  EXPECT_EQ(driver().SQLDisconnect(other), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLFreeHandle(SQL_HANDLE_DBC, other), SQL_SUCCESS);
}

}  // namespace
}  // namespace iamodbc
