// Attributes of connections before, during and after a connect; of environments; what the base driver hears of them.
// SPDX-License-Identifier: Apache-2.0
#include <regex>

#include <gtest/gtest.h>

#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

class Attributes : public DriverTest {
 protected:
  // What the base driver of the last connect had been told before, as the recording driver writes it.
  [[nodiscard]] std::string told() const {
    const std::string all = log();
    const std::size_t start = all.rfind("\"attributes\":[");
    return all.substr(start, all.find("],\"environment\"", start) - start);
  }
  [[nodiscard]] bool was_told(const std::string& attribute) const {
    return told().find(attribute) != std::string::npos;
  }
};

TEST_F(Attributes, IntegersAreReplayedAsIntegersWhateverTheirLength) {
  // The driver manager replays integers with length 4; a pointer to 4 bytes of text would be read from address 5.
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_ACCESS_MODE, pointer(SQL_MODE_READ_ONLY), 4), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_TXN_ISOLATION, pointer(SQL_TXN_SERIALIZABLE), SQL_NTS),
            SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttrW(dbc_, SQL_ATTR_ANSI_APP, pointer(SQL_AA_FALSE), SQL_IS_INTEGER), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_QUIET_MODE, pointer(0x1234567890), SQL_IS_POINTER), SQL_SUCCESS);
  connect_well();
  EXPECT_TRUE(was_told(R"({"attribute":101,"width":"narrow","length":4,"value":1})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":108,"width":"narrow","length":-3,"value":8})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":115,"width":"wide","length":-6,"value":0})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":111,"width":"narrow","length":-4,"value":78187493520})")) << told();
}

TEST_F(Attributes, TextIsCopiedAndReplayedThroughTheWidthItCameBy) {
  SQLCHAR narrow[] = "catalog";
  SQLWCHAR wide[] = {'l', 0xe9, 'b', 'X', 0};
  SQLCHAR own[] = "driver's own";
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_CURRENT_CATALOG, narrow, SQL_NTS), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttrW(dbc_, SQL_ATTR_TRANSLATE_LIB, wide, 3 * sizeof(SQLWCHAR)), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, 70001, own, SQL_NTS), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, 70002, own, 6), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, 70003, own, SQL_LEN_BINARY_ATTR(3)), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, 70004, pointer(42), SQL_IS_UINTEGER), SQL_SUCCESS);
  // Copied: the application's buffers may change.
  narrow[0] = own[0] = '!';
  wide[0] = '!';
  connect_well();
  EXPECT_TRUE(was_told(R"({"attribute":109,"width":"narrow","length":-3,"value":"catalog"})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":106,"width":"wide","length":6,"value":"léb"})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":70001,"width":"narrow","length":-3,"value":"driver's own"})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":70002,"width":"narrow","length":6,"value":"driver"})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":70003,"width":"narrow","length":-103,"value":"647269"})")) << told();
  EXPECT_TRUE(was_told(R"({"attribute":70004,"width":"narrow","length":-5,"value":42})")) << told();
}

TEST_F(Attributes, OrderIsKeptAndTheLastValueOfAnAttributeCounts) {
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_ACCESS_MODE, pointer(0), 0), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_AUTOCOMMIT, pointer(0), 0), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_ACCESS_MODE, pointer(1), 0), SQL_SUCCESS);
  connect_well();
  EXPECT_TRUE(std::regex_search(told(), std::regex(R"(102.*"value":0.*101.*"value":1)"))) << told();
  EXPECT_FALSE(std::regex_search(told(), std::regex(R"(101.*102)"))) << told();
}

TEST_F(Attributes, AsynchronousConnectionFunctionsWaitForTheConnect) {
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_ASYNC_DBC_FUNCTIONS_ENABLE, pointer(1), 0), SQL_SUCCESS);
  connect_well();
  EXPECT_FALSE(was_told("\"attribute\":117")) << told();
  EXPECT_STREQ(base().last().function, "SQLSetConnectAttr");
  EXPECT_EQ(base().last().arguments[1], 117U);
}

TEST_F(Attributes, ATextWithANegativeLengthIsRefused) {
  EXPECT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_CURRENT_CATALOG, characters("x"), -7), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "HY090");
}

TEST_F(Attributes, WhatWasSetBeforeTheConnectIsTold) {
  SQLUINTEGER number = 77;
  SQLINTEGER length = 0;
  EXPECT_EQ(driver().SQLGetConnectAttr(dbc_, SQL_ATTR_AUTOCOMMIT, &number, 0, &length), SQL_SUCCESS);
  EXPECT_EQ(number, static_cast<SQLUINTEGER>(SQL_AUTOCOMMIT_ON)) << "ODBC's default";
  EXPECT_EQ(driver().SQLGetConnectAttr(dbc_, SQL_ATTR_TXN_ISOLATION, &number, 0, &length), SQL_NO_DATA);
  EXPECT_EQ(driver().SQLGetConnectAttr(dbc_, 70001, &number, 0, &length), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "08003");

  // No more than the 4 bytes of an SQLUINTEGER are written.
  struct {
    SQLUINTEGER value = 0;
    SQLUINTEGER guard = 0xdeadbeef;
  } place;
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_LOGIN_TIMEOUT, pointer(30), 0), SQL_SUCCESS);
  EXPECT_EQ(driver().SQLGetConnectAttrW(dbc_, SQL_ATTR_LOGIN_TIMEOUT, &place, 0, &length), SQL_SUCCESS);
  EXPECT_EQ(place.value, 30U);
  EXPECT_EQ(place.guard, 0xdeadbeef);

  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_CURRENT_CATALOG, characters("sales"), SQL_NTS), SQL_SUCCESS);
  SQLCHAR text[8] = {};
  EXPECT_EQ(driver().SQLGetConnectAttr(dbc_, SQL_ATTR_CURRENT_CATALOG, text, sizeof(text), &length), SQL_SUCCESS);
  EXPECT_STREQ(reinterpret_cast<char*>(text), "sales");
  EXPECT_EQ(length, 5);
  EXPECT_EQ(driver().SQLGetConnectAttr(dbc_, SQL_ATTR_CURRENT_CATALOG, text, 3, &length), SQL_SUCCESS_WITH_INFO);
  EXPECT_STREQ(reinterpret_cast<char*>(text), "sa");
  EXPECT_EQ(length, 5);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "01004");
  SQLWCHAR wide[8] = {};
  EXPECT_EQ(driver().SQLGetConnectAttrW(dbc_, SQL_ATTR_CURRENT_CATALOG, wide, sizeof(wide), &length), SQL_SUCCESS);
  EXPECT_EQ(std::u16string(reinterpret_cast<char16_t*>(wide)), u"sales");
  EXPECT_EQ(length, 10);
}

TEST_F(Attributes, WhileConnectedTheBaseDriverIsAsked) {
  connect_well();
  SQLUINTEGER number = 0;
  base().plan().code = 4711;
  EXPECT_EQ(driver().SQLGetConnectAttrW(dbc_, SQL_ATTR_AUTOCOMMIT, &number, 1, nullptr), 4711);
  EXPECT_STREQ(base().last().function, "SQLGetConnectAttrW");
  EXPECT_EQ(driver().SQLSetConnectAttr(dbc_, 70001, pointer(9), 0), 4711);
  EXPECT_STREQ(base().last().function, "SQLSetConnectAttr");
  EXPECT_EQ(base().last().arguments[2], 9U);
}

TEST_F(Attributes, WhatODBCKeepsOverADisconnectIsReplayedOnTheNextConnect) {
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_LOGIN_TIMEOUT, pointer(30), 0), SQL_SUCCESS);
  connect_well();
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_AUTOCOMMIT, pointer(SQL_AUTOCOMMIT_OFF), 0), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_RESET_CONNECTION, pointer(1), 0), SQL_SUCCESS);
  base().plan().code = SQL_ERROR;
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_ACCESS_MODE, pointer(1), 0), SQL_ERROR);
  base().plan().code = SQL_SUCCESS;
  ASSERT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  connect_well();
  EXPECT_TRUE(was_told("\"attribute\":103")) << told();
  EXPECT_TRUE(was_told(R"("attribute":102,"width":"narrow","length":0,"value":0)")) << told();
  EXPECT_FALSE(was_told("\"attribute\":116")) << "a reset is an act, no state: " << told();
  EXPECT_FALSE(was_told("\"attribute\":101")) << "refused by the base driver: " << told();
}

TEST_F(Attributes, TheVersionIsToldAsItWasSetAndPsqlodbcHears3) {
  SQLINTEGER version = 0;
  EXPECT_EQ(driver().SQLGetEnvAttr(env_, SQL_ATTR_ODBC_VERSION, &version, 0, nullptr), SQL_SUCCESS);
  EXPECT_EQ(version, SQL_OV_ODBC3_80);
  connect_well();
  EXPECT_NE(log().find(R"("environment":[{"attribute":200,"width":"narrow","length":-6,"value":3}])"),
            std::string::npos)
      << log();
  ASSERT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  ASSERT_EQ(connect(connection_string(RECORDING_MARIADB)), SQL_SUCCESS);
  EXPECT_NE(log().find(R"("environment":[{"attribute":200,"width":"narrow","length":-6,"value":380}])"),
            std::string::npos)
      << log();
  EXPECT_EQ(driver().SQLSetEnvAttr(env_, SQL_ATTR_ODBC_VERSION, pointer(4), 0), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_ENV, env_), "HY024");
}

TEST_F(Attributes, EnvironmentsAnswerWhatDriverManagersAsk) {
  SQLINTEGER value = 0;
  SQLINTEGER length = 0;
  EXPECT_EQ(driver().SQLGetEnvAttr(env_, 1065, &value, 0, &length), SQL_SUCCESS);
  EXPECT_EQ(value, 1) << "iODBC: wide text is UTF-16";
  EXPECT_EQ(length, 4);
  EXPECT_EQ(driver().SQLGetEnvAttr(env_, SQL_ATTR_OUTPUT_NTS, &value, 0, nullptr), SQL_SUCCESS);
  EXPECT_EQ(value, SQL_TRUE);
  EXPECT_EQ(driver().SQLSetEnvAttr(env_, SQL_ATTR_OUTPUT_NTS, pointer(SQL_FALSE), 0), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_ENV, env_), "HYC00");
  EXPECT_EQ(driver().SQLGetEnvAttr(env_, 70001, &value, 0, nullptr), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_ENV, env_), "HY092");
  EXPECT_EQ(driver().SQLSetEnvAttr(env_, 70001, pointer(5), SQL_IS_INTEGER), SQL_SUCCESS);
  connect_well();
  EXPECT_NE(log().find(R"({"attribute":70001,"width":"narrow","length":-6,"value":5}],"result")"), std::string::npos)
      << log();
}

}  // namespace
}  // namespace iamodbc
