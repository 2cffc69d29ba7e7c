// driver_library: what GoogleTest needs of our driver as an application meets it (loaded_driver.h). HOME and the ODBC
// configuration are an empty folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "core/encoding.h"
#include "tests/driver/loaded_driver.h"

namespace iamodbc {

// A connection of its own through any library of ours: by the wide functions where there are no narrow ones.
class Flavour {
 public:
  explicit Flavour(const char* library) : functions_(functions_in(loaded_library(library))) {
    EXPECT_EQ(functions_.SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &env_), SQL_SUCCESS);
    EXPECT_EQ(functions_.SQLSetEnvAttr(env_, SQL_ATTR_ODBC_VERSION, pointer(SQL_OV_ODBC3), 0), SQL_SUCCESS);
    EXPECT_EQ(functions_.SQLAllocHandle(SQL_HANDLE_DBC, env_, &dbc_), SQL_SUCCESS);
  }
  ~Flavour() {
    functions_.SQLDisconnect(dbc_);
    functions_.SQLFreeHandle(SQL_HANDLE_DBC, dbc_);
    functions_.SQLFreeHandle(SQL_HANDLE_ENV, env_);
  }
  Flavour(const Flavour&) = delete;
  Flavour& operator=(const Flavour&) = delete;

  [[nodiscard]] SQLRETURN connect(const std::string& string) const {
    if (functions_.SQLDriverConnect != nullptr) {
      return functions_.SQLDriverConnect(dbc_, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr,
                                         SQL_DRIVER_NOPROMPT);
    }
    std::u16string units = utf16_from_utf8(string);
    return functions_.SQLDriverConnectW(dbc_, nullptr, reinterpret_cast<SQLWCHAR*>(units.data()), SQL_NTS, nullptr, 0,
                                        nullptr, SQL_DRIVER_NOPROMPT);
  }
  void disconnect() const { functions_.SQLDisconnect(dbc_); }

  // "SQLSTATE text"; "" without one.
  [[nodiscard]] std::string record(SQLSMALLINT number) const {
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    if (functions_.SQLGetDiagRec != nullptr) {
      SQLCHAR state[6] = {};
      SQLCHAR text[4096] = {};
      const SQLRETURN code =
          functions_.SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, number, state, &native, text, sizeof(text), &length);
      if (!SQL_SUCCEEDED(code)) return {};
      return std::string(reinterpret_cast<char*>(state)) + " " + reinterpret_cast<char*>(text);
    }
    char16_t state[6] = {};
    char16_t text[4096] = {};
    const SQLRETURN code =
        functions_.SQLGetDiagRecW(SQL_HANDLE_DBC, dbc_, number, reinterpret_cast<SQLWCHAR*>(state), &native,
                                  reinterpret_cast<SQLWCHAR*>(text), std::size(text), &length);
    if (!SQL_SUCCEEDED(code)) return {};
    return utf8_from_utf16(state) + " " + utf8_from_utf16(text);
  }

 private:
  BaseFunctions functions_;
  SQLHENV env_ = nullptr;
  SQLHDBC dbc_ = nullptr;
};

// An environment and a connection of ours; connect() joins it to a recording base driver.
class DriverTest : public ::testing::Test {
 protected:
  DriverTest() {
    char pattern[] = "/tmp/iamodbc-driver-test-XXXXXX";
    folder_ = mkdtemp(pattern);
    for (const char* const variable : {"HOME", "ODBCSYSINI"}) setenv(variable, folder_.c_str(), 1);
    for (const char* const variable :
         {"ODBCINI", "ODBCINSTINI", "PGPASSWORD", "PGHOSTADDR", "PGSERVICE", "RECORDING_CONNECT"})
      unsetenv(variable);
    setenv("RECORDING_LOG", log_file().c_str(), 1);
    base().plan().code = SQL_SUCCESS;
    base().plan().fails_to_allocate = 0;
    base().plan().fails_to_free = 0;
    base().plan().fails_to_disconnect = false;
    EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &env_), SQL_SUCCESS);
    EXPECT_EQ(driver().SQLSetEnvAttr(env_, SQL_ATTR_ODBC_VERSION, pointer(SQL_OV_ODBC3_80), 0), SQL_SUCCESS);
    EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &dbc_), SQL_SUCCESS);
  }
  ~DriverTest() override {
    driver().SQLDisconnect(dbc_);
    driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc_);
    driver().SQLFreeHandle(SQL_HANDLE_ENV, env_);
    std::filesystem::remove_all(folder_);
  }

  SQLRETURN connect(const std::string& string = connection_string()) {
    return driver().SQLDriverConnect(dbc_, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr,
                                     SQL_DRIVER_NOPROMPT);
  }
  void connect_well() { ASSERT_EQ(connect(), SQL_SUCCESS) << diagnostics(SQL_HANDLE_DBC, dbc_); }

  [[nodiscard]] SQLHSTMT statement() const {
    SQLHSTMT stmt = nullptr;
    EXPECT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc_, &stmt), SQL_SUCCESS);
    return stmt;
  }
  [[nodiscard]] SQLHDESC descriptor(SQLHSTMT stmt, SQLINTEGER which = SQL_ATTR_APP_ROW_DESC) const {
    SQLHDESC desc = nullptr;
    EXPECT_EQ(driver().SQLGetStmtAttr(stmt, which, &desc, SQL_IS_POINTER, nullptr), SQL_SUCCESS);
    return desc;
  }
  [[nodiscard]] std::string log_file() const { return folder_ + "/recording.log"; }
  [[nodiscard]] std::string log() const {
    std::ifstream file(log_file());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] int live(SQLSMALLINT type) const { return base().plan().live[static_cast<std::size_t>(type)]; }

  std::string folder_;
  SQLHENV env_ = nullptr;
  SQLHDBC dbc_ = nullptr;
};

}  // namespace iamodbc
