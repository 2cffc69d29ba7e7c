// loaded_driver: our driver as an application meets it: the real library, loaded at run time, its functions in a
// table, over base drivers that record what reaches them. Programs call through the table only; a bare SQL... name
// would not link.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "driver/functions.h"
#include "tests/driver/recording.h"

namespace iamodbc {

inline void* loaded_library(const char* path) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
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

}  // namespace iamodbc
