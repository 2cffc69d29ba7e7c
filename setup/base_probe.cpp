// SPDX-License-Identifier: Apache-2.0
#include "setup/base_probe.h"

#include <dlfcn.h>

#include <array>
#include <vector>

#include <sql.h>
#include <sqlext.h>

namespace iamodbc {
namespace {

template <class Function>
Function* symbol(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

// SQL_DRIVER_VER is answered without a connection. Empty when the driver does not.
std::string driver_version(void* library) {
  const auto allocate = symbol<decltype(SQLAllocHandle)>(library, "SQLAllocHandle");
  const auto free_handle = symbol<decltype(SQLFreeHandle)>(library, "SQLFreeHandle");
  const auto set_attribute = symbol<decltype(SQLSetEnvAttr)>(library, "SQLSetEnvAttr");
  const auto get_info = symbol<decltype(SQLGetInfo)>(library, "SQLGetInfo");
  if (allocate == nullptr || free_handle == nullptr || set_attribute == nullptr || get_info == nullptr) return {};
  std::array<char, 64> text{};
  SQLHENV environment = nullptr;
  SQLHDBC connection = nullptr;
  if (!SQL_SUCCEEDED(allocate(SQL_HANDLE_ENV, nullptr, &environment))) return {};
  set_attribute(environment, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
  if (SQL_SUCCEEDED(allocate(SQL_HANDLE_DBC, environment, &connection))) {
    get_info(connection, SQL_DRIVER_VER, text.data(), static_cast<SQLSMALLINT>(text.size() - 1), nullptr);
    free_handle(SQL_HANDLE_DBC, connection);
  }
  free_handle(SQL_HANDLE_ENV, environment);
  return text.data();
}

std::string libpq_version(void* library) {
  const auto version = symbol<int()>(library, "PQlibVersion");
  if (version == nullptr) return {};
  const int number = version();
  return std::to_string(number / 10000) + "." + std::to_string(number % 10000);
}

}  // namespace

Result<BaseProbe> probe_base_driver(const BaseDriverFile& driver) {
  std::vector<FailedLoad> failures;
  for (const std::string& candidate : driver.candidates) {
    void* const library = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      const char* const reason = dlerror();
      failures.push_back({candidate, reason != nullptr ? reason : "no reason given"});
      continue;
    }
    // dlsym searches what the library depends on too: there the driver manager's own function is found.
    const auto connect = symbol<decltype(SQLDriverConnect)>(library, "SQLDriverConnect");
    const auto connect_wide = symbol<decltype(SQLDriverConnectW)>(library, "SQLDriverConnectW");
    Dl_info place{};
    void* const found = connect != nullptr ? reinterpret_cast<void*>(connect) : reinterpret_cast<void*>(connect_wide);
    if (found == nullptr || connect == &SQLDriverConnect || dladdr(found, &place) == 0) {
      failures.push_back({candidate, "it is not an ODBC driver"});
      continue;
    }
    return BaseProbe{place.dli_fname, driver_version(library), libpq_version(library), connect != nullptr,
                     connect_wide != nullptr && connect_wide != &SQLDriverConnectW};
  }
  return base_driver_not_loaded(driver, failures);
}

}  // namespace iamodbc
