// Diagnostics: records of ours by ODBC's rules of text and length, in both widths; the base driver's otherwise.
// SPDX-License-Identifier: Apache-2.0
#include "driver/diagnostics.h"

#include <gtest/gtest.h>

#include "core/encoding.h"
#include "driver/forward.h"
#include "driver/own.h"
#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

// Over the objects that the driver is made of, linked into this test; the functions are called through this table as
// everywhere.
const BaseFunctions& linked() {
  static const BaseFunctions functions = [] {
    BaseFunctions table;
#define PASS(handle, arguments, function, id) table.function = &::function;
#define OWN(handle, arguments, function, id) PASS(handle, arguments, function, id)
#include "driver/functions.def"
    return table;
  }();
  return functions;
}

class OwnRecords : public ::testing::Test {
 protected:
  OwnRecords() : env_(new_env()), dbc_(new_dbc(*env_)) {
    set_diagnostics(
        *dbc_,
        {SQL_ERROR, {{"28000", "refused: caf\xc3\xa9", 7}, {"HYT00", "second", 0}, {"IM003", "third", 0}}, "sales"});
  }
  ~OwnRecords() override {
    release(*dbc_);
    release(*env_);
  }
  std::string text_field(SQLSMALLINT number, SQLSMALLINT field) {
    SQLCHAR text[128] = {};
    SQLSMALLINT length = -1;
    EXPECT_EQ(linked().SQLGetDiagField(SQL_HANDLE_DBC, dbc_, number, field, text, sizeof(text), &length), SQL_SUCCESS);
    std::string narrow(reinterpret_cast<char*>(text), static_cast<std::size_t>(length));
    SQLWCHAR wide[128] = {};
    SQLSMALLINT wide_length = -1;
    EXPECT_EQ(linked().SQLGetDiagFieldW(SQL_HANDLE_DBC, dbc_, number, field, wide, sizeof(wide), &wide_length),
              SQL_SUCCESS);
    EXPECT_EQ(utf8_from_utf16(
                  std::u16string_view(reinterpret_cast<char16_t*>(wide), static_cast<std::size_t>(wide_length) / 2)),
              narrow)
        << "the length of a field counts bytes";
    return narrow;
  }

  Env* env_;
  Dbc* dbc_;
};

TEST_F(OwnRecords, AreServedInOrderAndEndWithNoData) {
  SQLCHAR state[6] = {};
  SQLCHAR text[64] = {};
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, state, &native, text, sizeof(text), &length), SQL_SUCCESS);
  EXPECT_STREQ(reinterpret_cast<char*>(state), "28000");
  EXPECT_EQ(native, 7);
  EXPECT_STREQ(reinterpret_cast<char*>(text), "refused: caf\xc3\xa9");
  EXPECT_EQ(length, 14);
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 2, state, &native, text, sizeof(text), &length), SQL_SUCCESS);
  EXPECT_STREQ(reinterpret_cast<char*>(text), "second");
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 4, state, &native, text, sizeof(text), &length), SQL_NO_DATA);
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 0, state, &native, text, sizeof(text), &length), SQL_ERROR);
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, state, &native, text, -1, &length), SQL_ERROR);
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, nullptr, nullptr, nullptr, 0, nullptr), SQL_SUCCESS);
}

TEST_F(OwnRecords, AreCutToTheBufferAndTellTheWholeLength) {
  SQLCHAR text[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  SQLSMALLINT length = 0;
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, nullptr, nullptr, text, 5, &length), SQL_SUCCESS_WITH_INFO);
  EXPECT_STREQ(reinterpret_cast<char*>(text), "refu");
  EXPECT_EQ(text[5], 1) << "nothing is written beyond the buffer";
  EXPECT_EQ(length, 14);
  SQLWCHAR wide[16] = {};
  EXPECT_EQ(linked().SQLGetDiagRecW(SQL_HANDLE_DBC, dbc_, 1, nullptr, nullptr, wide, 16, &length), SQL_SUCCESS);
  EXPECT_EQ(length, 13) << "characters, not bytes";
  EXPECT_EQ(std::u16string(reinterpret_cast<char16_t*>(wide)), u"refused: caf\u00e9");
  EXPECT_EQ(linked().SQLGetDiagRecW(SQL_HANDLE_DBC, dbc_, 1, nullptr, nullptr, wide, 13, &length),
            SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(std::u16string(reinterpret_cast<char16_t*>(wide)), u"refused: caf");
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, nullptr, nullptr, text, 0, &length), SQL_SUCCESS_WITH_INFO);
}

TEST_F(OwnRecords, HaveTheirFields) {
  SQLINTEGER number = 0;
  EXPECT_EQ(linked().SQLGetDiagField(SQL_HANDLE_DBC, dbc_, 0, SQL_DIAG_NUMBER, &number, 0, nullptr), SQL_SUCCESS);
  EXPECT_EQ(number, 3);
  SQLRETURN code = 0;
  EXPECT_EQ(linked().SQLGetDiagFieldW(SQL_HANDLE_DBC, dbc_, 0, SQL_DIAG_RETURNCODE, &code, 0, nullptr), SQL_SUCCESS);
  EXPECT_EQ(code, SQL_ERROR);
  EXPECT_EQ(linked().SQLGetDiagField(SQL_HANDLE_DBC, dbc_, 1, SQL_DIAG_NATIVE, &number, 0, nullptr), SQL_SUCCESS);
  EXPECT_EQ(number, 7);
  EXPECT_EQ(text_field(1, SQL_DIAG_SQLSTATE), "28000");
  EXPECT_EQ(text_field(1, SQL_DIAG_MESSAGE_TEXT), "refused: caf\xc3\xa9");
  EXPECT_EQ(text_field(1, SQL_DIAG_CLASS_ORIGIN), "ISO 9075");
  EXPECT_EQ(text_field(1, SQL_DIAG_SUBCLASS_ORIGIN), "ISO 9075");
  EXPECT_EQ(text_field(2, SQL_DIAG_CLASS_ORIGIN), "ISO 9075");
  EXPECT_EQ(text_field(2, SQL_DIAG_SUBCLASS_ORIGIN), "ODBC 3.0");
  EXPECT_EQ(text_field(3, SQL_DIAG_CLASS_ORIGIN), "ODBC 3.0");
  EXPECT_EQ(text_field(1, SQL_DIAG_SERVER_NAME), "sales");
  EXPECT_EQ(text_field(1, SQL_DIAG_CONNECTION_NAME), "sales");
  EXPECT_EQ(linked().SQLGetDiagField(SQL_HANDLE_DBC, dbc_, 9, SQL_DIAG_NATIVE, &number, 0, nullptr), SQL_NO_DATA);
  EXPECT_EQ(linked().SQLGetDiagField(SQL_HANDLE_DBC, dbc_, 0, SQL_DIAG_NATIVE, &number, 0, nullptr), SQL_ERROR);
  EXPECT_EQ(linked().SQLGetDiagField(SQL_HANDLE_DBC, dbc_, 1, 12345, &number, 0, nullptr), SQL_ERROR);
}

TEST_F(OwnRecords, GoWithTheNextCallButNotWithReadingThem) {
  SQLINTEGER number = 0;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(linked().SQLGetDiagField(SQL_HANDLE_DBC, dbc_, 0, SQL_DIAG_NUMBER, &number, 0, nullptr), SQL_SUCCESS);
    EXPECT_EQ(number, 3);
  }
  EXPECT_EQ(linked().SQLSetConnectAttr(dbc_, SQL_ATTR_ACCESS_MODE, nullptr, 0), SQL_SUCCESS);
  EXPECT_EQ(linked().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, nullptr, nullptr, nullptr, 0, nullptr), SQL_NO_DATA);
}

TEST_F(OwnRecords, AreNotInheritedByTheNextHandleInTheSamePlace) {
  Dbc* const first = new_dbc(*env_);
  fail(*first, {State::general_error, "old", 0});
  claim(*first, Dbc::tag);
  release(*first);
  Dbc* const second = new_dbc(*env_);
  EXPECT_EQ(second, first) << "the place is used again";
  EXPECT_FALSE(own_diagnostics(*second).has_value());
  second->state.fetch_or(Handle::diagnosed);
  EXPECT_FALSE(own_diagnostics(*second).has_value()) << "nor is anything kept for it";
  release(*second);
}

TEST_F(OwnRecords, ABodyThatThrowsBecomesARecord) {
  EXPECT_EQ(own<Dbc>(dbc_, [](Dbc&) -> SQLRETURN { throw std::bad_alloc(); }), SQL_ERROR);
  EXPECT_EQ(own_diagnostics(*dbc_)->records.at(0).sqlstate, "HY001");
  EXPECT_EQ(own<Dbc>(dbc_, [](Dbc&) -> SQLRETURN { throw std::runtime_error("why"); }), SQL_ERROR);
  EXPECT_EQ(own_diagnostics(*dbc_)->records.at(0).sqlstate, "HY000");
  EXPECT_NE(own_diagnostics(*dbc_)->records.at(0).message.find("why"), std::string::npos);
  EXPECT_EQ(own<Dbc>(dbc_, [](Dbc&) -> SQLRETURN { throw 5; }), SQL_ERROR);
  EXPECT_EQ(own_diagnostics(*dbc_)->records.at(0).sqlstate, "HY000");
}

class BaseRecords : public DriverTest {};

TEST_F(BaseRecords, AreReadWholeHoweverLongInBothWidths) {
  const std::string message = std::string(5000, 'x') + "\xc3\xa9 end";
  const BaseFunctions& functions = base().functions();
  SQLHENV henv = nullptr;
  SQLHDBC hdbc = nullptr;
  ASSERT_EQ(functions.SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &henv), SQL_SUCCESS);
  ASSERT_EQ(functions.SQLAllocHandle(SQL_HANDLE_DBC, henv, &hdbc), SQL_SUCCESS);
  setenv("RECORDING_CONNECT", ("refuse:28P01:101:" + message).c_str(), 1);
  ASSERT_EQ(functions.SQLDriverConnect(hdbc, nullptr, characters("x"), SQL_NTS, nullptr, 0, nullptr, 0), SQL_ERROR);
  for (const Width width : {Width::narrow, Width::wide}) {
    const std::vector<Record> records = read_diagnostics(functions, SQL_HANDLE_DBC, hdbc, width);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].sqlstate, "28P01");
    EXPECT_EQ(records[0].native, 101);
    EXPECT_EQ(records[0].message, message);
  }
  functions.SQLFreeHandle(SQL_HANDLE_DBC, hdbc);
  functions.SQLFreeHandle(SQL_HANDLE_ENV, henv);
}

TEST_F(BaseRecords, AreAskedFromTheBaseDriverUnlessThereAreOurs) {
  setenv("RECORDING_CONNECT", "info:01000:3:welcome", 1);
  ASSERT_EQ(connect(), SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(diagnostics(SQL_HANDLE_DBC, dbc_), "01000 welcome");
  SQLWCHAR text[32] = {};
  SQLSMALLINT length = 0;
  EXPECT_EQ(driver().SQLGetDiagFieldW(SQL_HANDLE_DBC, dbc_, 1, SQL_DIAG_MESSAGE_TEXT, text, sizeof(text), &length),
            SQL_SUCCESS);
  EXPECT_EQ(std::u16string(reinterpret_cast<char16_t*>(text)), u"welcome");
  EXPECT_EQ(length, 14);
  EXPECT_EQ(diagnostics(SQL_HANDLE_ENV, env_), "");
}

TEST_F(BaseRecords, OfADisconnectAreStillThere) {
  connect_well();
  setenv("RECORDING_CONNECT", "succeed", 1);
  base().plan().code = SQL_SUCCESS_WITH_INFO;
  EXPECT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(driver().SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, nullptr, nullptr, nullptr, 0, nullptr), SQL_NO_DATA);
  EXPECT_STREQ(base().last().function, "SQLGetDiagRec") << "the base driver was asked";
}

}  // namespace
}  // namespace iamodbc
