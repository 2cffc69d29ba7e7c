// SQLCopyDesc between descriptors of two base drivers.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

constexpr std::array record_numbers{SQL_DESC_PRECISION,      SQL_DESC_SCALE,
                                    SQL_DESC_LENGTH,         SQL_DESC_OCTET_LENGTH,
                                    SQL_DESC_NUM_PREC_RADIX, SQL_DESC_DATETIME_INTERVAL_PRECISION};
constexpr std::array record_pointers{SQL_DESC_INDICATOR_PTR, SQL_DESC_OCTET_LENGTH_PTR, SQL_DESC_DATA_PTR};

// A connection over each of two base drivers whose descriptors keep their fields.
class CopyDescriptor : public DriverTest {
 protected:
  CopyDescriptor() {
    connect_well();
    EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &other_), SQL_SUCCESS);
    const std::string string = connection_string(RECORDING_MARIADB);
    EXPECT_EQ(driver().SQLDriverConnect(other_, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, 0),
              SQL_SUCCESS)
        << diagnostics(SQL_HANDLE_DBC, other_);
    for (RecordingPlan* const plan : {&base().plan(), &target_.plan()}) plan->keeps_fields = true;
    from_ = statement();
    EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, other_, &to_), SQL_SUCCESS);
  }
  ~CopyDescriptor() override {
    for (RecordingPlan* const plan : {&base().plan(), &target_.plan()}) {
      plan->keeps_fields = false;
      for (auto* const field : {&plan->lacks_field, &plan->refuses_field, &plan->warns_of_field}) *field = 0;
    }
    driver().SQLDisconnect(other_);
    driver().SQLFreeHandle(SQL_HANDLE_DBC, other_);
  }

  static void set(SQLHDESC desc, int record, int field, std::uint64_t value) {
    ASSERT_EQ(driver().SQLSetDescField(desc, static_cast<SQLSMALLINT>(record), static_cast<SQLSMALLINT>(field),
                                       pointer(value), 0),
              SQL_SUCCESS)
        << field;
  }
  static std::uint64_t get(SQLHDESC desc, int record, int field) {
    std::uint64_t value = 0;
    EXPECT_EQ(driver().SQLGetDescField(desc, static_cast<SQLSMALLINT>(record), static_cast<SQLSMALLINT>(field), &value,
                                       sizeof(value), nullptr),
              SQL_SUCCESS)
        << field;
    return value;
  }
  // Two records, every field with a value of its own.
  static void fill(SQLHDESC desc) {
    set(desc, 0, SQL_DESC_ARRAY_SIZE, 0x123456789);
    set(desc, 0, SQL_DESC_BIND_TYPE, 64);
    set(desc, 0, SQL_DESC_BIND_OFFSET_PTR, 0x7f00000000a0);
    set(desc, 0, SQL_DESC_ARRAY_STATUS_PTR, 0x7f00000000b0);
    set(desc, 0, SQL_DESC_ROWS_PROCESSED_PTR, 0x7f00000000c0);
    set(desc, 0, SQL_DESC_COUNT, 2);
    for (int record = 1; record <= 2; ++record) {
      set(desc, record, SQL_DESC_CONCISE_TYPE, static_cast<SQLUSMALLINT>(record == 1 ? SQL_C_WCHAR : SQL_C_LONG));
      for (const int field : record_numbers) set(desc, record, field, number(record, field));
      for (const int field : record_pointers) set(desc, record, field, number(record, field) << 32);
    }
  }
  static std::uint64_t number(int record, int field) { return static_cast<std::uint64_t>(field * 10 + record); }

  Recording target_{RECORDING_MARIADB};
  SQLHDBC other_ = nullptr;
  SQLHSTMT from_ = nullptr;
  SQLHSTMT to_ = nullptr;
};

TEST_F(CopyDescriptor, EveryFieldOfEveryRecordIsCopiedBetweenTwoBaseDriversAndStaysBound) {
  for (const SQLINTEGER which : {SQL_ATTR_APP_ROW_DESC, SQL_ATTR_APP_PARAM_DESC}) {
    const SQLHDESC from = descriptor(from_, which);
    const SQLHDESC to = descriptor(to_, which);
    fill(from);
    ASSERT_EQ(driver().SQLCopyDesc(from, to), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DESC, to);
    EXPECT_EQ(get(to, 0, SQL_DESC_ARRAY_SIZE), 0x123456789U);
    EXPECT_EQ(get(to, 0, SQL_DESC_BIND_TYPE), 64U);
    EXPECT_EQ(get(to, 0, SQL_DESC_BIND_OFFSET_PTR), 0x7f00000000a0U);
    EXPECT_EQ(get(to, 0, SQL_DESC_ARRAY_STATUS_PTR), 0x7f00000000b0U);
    EXPECT_EQ(get(to, 0, SQL_DESC_ROWS_PROCESSED_PTR), 0U) << "ODBC does not define it for this kind";
    EXPECT_EQ(get(to, 0, SQL_DESC_COUNT), 2U);
    for (int record = 1; record <= 2; ++record) {
      EXPECT_EQ(static_cast<SQLSMALLINT>(get(to, record, SQL_DESC_CONCISE_TYPE)),
                record == 1 ? SQL_C_WCHAR : SQL_C_LONG);
      for (const int field : record_numbers) EXPECT_EQ(get(to, record, field), number(record, field)) << field;
      for (const int field : record_pointers) EXPECT_EQ(get(to, record, field), number(record, field) << 32) << field;
    }
  }
}

TEST_F(CopyDescriptor, RecordsThatTheSourceDoesNotHaveGo) {
  const SQLHDESC to = descriptor(to_);
  fill(to);
  ASSERT_EQ(driver().SQLCopyDesc(descriptor(from_), to), SQL_SUCCESS);
  EXPECT_EQ(get(to, 0, SQL_DESC_COUNT), 0U);
  EXPECT_EQ(get(to, 1, SQL_DESC_DATA_PTR), 0U);
}

TEST_F(CopyDescriptor, ParametersAreDescribedAndNamed) {
  const SQLHDESC from = descriptor(from_, SQL_ATTR_IMP_PARAM_DESC);
  const SQLHDESC to = descriptor(to_, SQL_ATTR_IMP_PARAM_DESC);
  fill(from);
  set(from, 1, SQL_DESC_PARAMETER_TYPE, SQL_PARAM_OUTPUT);
  char name[] = "first";
  set(from, 1, SQL_DESC_NAME, bits_of(name));
  ASSERT_EQ(driver().SQLCopyDesc(from, to), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DESC, to);
  EXPECT_EQ(get(to, 0, SQL_DESC_ROWS_PROCESSED_PTR), 0x7f00000000c0U);
  EXPECT_EQ(get(to, 1, SQL_DESC_PARAMETER_TYPE), static_cast<std::uint64_t>(SQL_PARAM_OUTPUT));
  EXPECT_EQ(get(to, 2, SQL_DESC_SCALE), number(2, SQL_DESC_SCALE));
  const std::uint64_t copied = get(to, 1, SQL_DESC_NAME);
  EXPECT_STREQ(reinterpret_cast<const char*>(&copied), name);
  EXPECT_EQ(get(to, 0, SQL_DESC_ARRAY_SIZE), 0U);
  EXPECT_EQ(get(to, 1, SQL_DESC_DATA_PTR), 0U) << "ODBC does not define it for this kind";

  const SQLHDESC of_application = descriptor(to_, SQL_ATTR_APP_PARAM_DESC);
  ASSERT_EQ(driver().SQLCopyDesc(from, of_application), SQL_SUCCESS);
  EXPECT_EQ(get(of_application, 1, SQL_DESC_SCALE), number(1, SQL_DESC_SCALE));
  for (const int field : {SQL_DESC_PARAMETER_TYPE, SQL_DESC_NAME})
    EXPECT_EQ(get(of_application, 1, field), 0U) << field;
}

TEST_F(CopyDescriptor, AnExplicitDescriptorIsAnApplicationDescriptor) {
  SQLHDESC made = nullptr;
  ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DESC, other_, &made), SQL_SUCCESS);
  const SQLHDESC from = descriptor(from_, SQL_ATTR_APP_PARAM_DESC);
  fill(from);
  ASSERT_EQ(driver().SQLCopyDesc(from, made), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DESC, made);
  EXPECT_EQ(get(made, 2, SQL_DESC_DATA_PTR), number(2, SQL_DESC_DATA_PTR) << 32);
}

TEST_F(CopyDescriptor, AnImplementationRowDescriptorIsASourceOnceThereAreColumnsAndNeverATarget) {
  const SQLHDESC columns = descriptor(from_, SQL_ATTR_IMP_ROW_DESC);
  const SQLHDESC to = descriptor(to_);
  EXPECT_EQ(driver().SQLCopyDesc(columns, to), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DESC, to), "HY007");
  fill(columns);
  ASSERT_EQ(driver().SQLCopyDesc(columns, to), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DESC, to);
  EXPECT_EQ(get(to, 2, SQL_DESC_OCTET_LENGTH), number(2, SQL_DESC_OCTET_LENGTH));
  EXPECT_EQ(get(to, 2, SQL_DESC_DATA_PTR), 0U);

  const SQLHDESC of_target = descriptor(to_, SQL_ATTR_IMP_ROW_DESC);
  EXPECT_EQ(driver().SQLCopyDesc(descriptor(from_), of_target), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DESC, of_target), "HY016");
}

TEST_F(CopyDescriptor, AFieldThatOneOfTheDriversDoesNotHaveIsLeftAsItIs) {
  const SQLHDESC from = descriptor(from_);
  const SQLHDESC to = descriptor(to_);
  fill(from);
  target_.plan().lacks_field = SQL_DESC_LENGTH;
  base().plan().lacks_field = SQL_DESC_SCALE;
  ASSERT_EQ(driver().SQLCopyDesc(from, to), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DESC, to);
  target_.plan().lacks_field = 0;
  EXPECT_EQ(get(to, 1, SQL_DESC_LENGTH), 0U);
  EXPECT_EQ(get(to, 1, SQL_DESC_SCALE), 0U);
  EXPECT_EQ(get(to, 2, SQL_DESC_DATA_PTR), number(2, SQL_DESC_DATA_PTR) << 32);
}

TEST_F(CopyDescriptor, TheFirstFailureEndsTheCopyAndIsToldOnTheTarget) {
  const SQLHDESC from = descriptor(from_);
  const SQLHDESC to = descriptor(to_);
  fill(from);
  target_.plan().refuses_field = SQL_DESC_OCTET_LENGTH;
  EXPECT_EQ(driver().SQLCopyDesc(from, to), SQL_ERROR);
  EXPECT_EQ(diagnostics(SQL_HANDLE_DESC, to), "HY021 told to refuse it");
  EXPECT_EQ(diagnostics(SQL_HANDLE_DESC, from), "");
  EXPECT_EQ(get(to, 2, SQL_DESC_CONCISE_TYPE), 0U) << "it went on";
  target_.plan().refuses_field = 0;

  for (const int field : {SQL_DESC_COUNT, SQL_DESC_PRECISION}) {
    base().plan().refuses_field = static_cast<SQLSMALLINT>(field);
    EXPECT_EQ(driver().SQLCopyDesc(from, to), SQL_ERROR);
    EXPECT_EQ(diagnostics(SQL_HANDLE_DESC, to), "HY000 told not to tell it");
  }
  base().plan().refuses_field = 0;
  base().plan().lacks_field = SQL_DESC_COUNT;
  EXPECT_EQ(driver().SQLCopyDesc(from, to), SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DESC, to), "HY091") << "without a count no record would be copied";
}

TEST_F(CopyDescriptor, AWarningOfTheTargetIsNotLost) {
  const SQLHDESC from = descriptor(from_);
  const SQLHDESC to = descriptor(to_);
  fill(from);
  target_.plan().warns_of_field = SQL_DESC_SCALE;
  EXPECT_EQ(driver().SQLCopyDesc(from, to), SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(diagnostics(SQL_HANDLE_DESC, to, 2), "01S02 told to change it") << "one a record";
  EXPECT_EQ(get(to, 2, SQL_DESC_DATA_PTR), number(2, SQL_DESC_DATA_PTR) << 32);
}

}  // namespace
}  // namespace iamodbc
