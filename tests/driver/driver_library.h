// driver_library: our driver as an application meets it: the real library, loaded at run time, its functions in a
// table. Tests call through the table only; a bare SQL... name would not link. HOME and the ODBC configuration are an
// empty folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "core/encoding.h"
#include "driver/functions.h"
#include "tests/driver/recording.h"

namespace iamodbc {

inline void* loaded_library(const char* path) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    ADD_FAILURE() << dlerror();
    std::abort();
  }
  return library;
}

inline BaseFunctions functions_in(void* library) {
  BaseFunctions functions;
#define PASS(handle, arguments, function, id) \
  functions.function = reinterpret_cast<decltype(functions.function)>(dlsym(library, #function));
#define OWN(handle, arguments, function, id) PASS(handle, arguments, function, id)
#include "driver/functions.def"
  return functions;
}

// libiamodbc.so.
inline const BaseFunctions& driver() {
  static const BaseFunctions functions = functions_in(loaded_library(IAMODBC_LIBRARY));
  return functions;
}

// A recording base driver by the path of its file.
class Recording {
 public:
  explicit Recording(const char* path) : library_(loaded_library(path)), functions_(functions_in(library_)) {}
  [[nodiscard]] const RecordedCall& last() const {
    return *reinterpret_cast<RecordedCall* (*)()>(dlsym(library_, "recording_last"))();
  }
  [[nodiscard]] RecordingPlan& plan() const {
    return *reinterpret_cast<RecordingPlan* (*)()>(dlsym(library_, "recording_plan"))();
  }
  [[nodiscard]] const BaseFunctions& functions() const { return functions_; }

 private:
  void* library_;
  BaseFunctions functions_;
};

inline const Recording& base() {
  static const Recording recording(RECORDING_PSQLODBC);
  return recording;
}

inline std::string connection_string(const char* base_driver = RECORDING_PSQLODBC) {
  return std::string("BaseDriver=") + base_driver +
         ";AuthType=Password;Server=127.0.0.1;Port=5432;Database=d;UID=u;PWD=p";
}

inline SQLCHAR* characters(const std::string& text) {
  return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str()));
}

inline SQLPOINTER pointer(SQLULEN value) {
  return reinterpret_cast<SQLPOINTER>(value);
}

// "SQLSTATE text" of the first record; "" without one.
inline std::string diagnostics(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number = 1) {
  SQLCHAR state[6] = {};
  SQLCHAR text[4096] = {};
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  const SQLRETURN code = driver().SQLGetDiagRec(type, handle, number, state, &native, text, sizeof(text), &length);
  if (!SQL_SUCCEEDED(code)) return {};
  return std::string(reinterpret_cast<char*>(state)) + " " + reinterpret_cast<char*>(text);
}

inline std::string state_of(SQLSMALLINT type, SQLHANDLE handle) {
  return diagnostics(type, handle).substr(0, 5);
}

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
