// SPDX-License-Identifier: Apache-2.0
#include "driver/base_driver.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>

#include <climits>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>

#include "core/no_destructor.h"
#include "driver/absent.h"
#include "driver/cancel.h"
#include "driver/handles.h"
#include "driver/text.h"

namespace iamodbc {

namespace {

// Any address inside this library.
void here() {}

struct Library {
  void* handle = nullptr;
  const link_map* map = nullptr;
};

// The library in which an address lies. Link maps, because two libraries never share one.
const link_map* library_of(const void* address) {
  Dl_info info{};
  void* map = nullptr;
  return dladdr1(address, &info, &map, RTLD_DL_LINKMAP) != 0 ? static_cast<const link_map*>(map) : nullptr;
}

std::string own_path() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&here), &info) == 0 || info.dli_fname == nullptr) return {};
  return info.dli_fname;
}

std::string absolute(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
}

// The function of that name if it lives in the library itself: dlsym also finds those of its dependencies.
void* symbol_of(const Library& library, const char* name) {
  void* const address = dlsym(library.handle, name);
  if (address == nullptr) return nullptr;
  return library_of(address) == library.map ? address : nullptr;
}

BaseFunctions functions_of(const Library& library) {
  BaseFunctions functions;
#define PASS(handle, arguments, function, id) \
  functions.function = reinterpret_cast<decltype(functions.function)>(symbol_of(library, #function));
#define OWN(handle, arguments, function, id) PASS(handle, arguments, function, id)
#include "driver/functions.def"
  return functions;
}

Widths widths_of(const BaseFunctions& functions) {
  return {functions.SQLDriverConnect != nullptr, functions.SQLDriverConnectW != nullptr};
}

std::string info_text(const BaseFunctions& functions, SQLHDBC hdbc, SQLUSMALLINT what) {
  SQLSMALLINT length = 0;
  if (functions.SQLGetInfo != nullptr) {
    SQLCHAR text[256] = {};
    if (!SQL_SUCCEEDED(functions.SQLGetInfo(hdbc, what, text, sizeof(text), &length))) return {};
    text[sizeof(text) - 1] = 0;
    return text_from(text, SQL_NTS).value();
  }
  if (functions.SQLGetInfoW == nullptr) return {};
  SQLWCHAR text[256] = {};
  if (!SQL_SUCCEEDED(functions.SQLGetInfoW(hdbc, what, text, sizeof(text), &length))) return {};
  text[std::size(text) - 1] = 0;
  return text_from(text, SQL_NTS).value();
}

// Name and version, which base drivers tell on a connection handle that is not connected.
void ask_version(BaseDriver& driver) {
  const BaseFunctions& base = driver.functions;
  SQLHENV henv = nullptr;
  if (base.SQLSetEnvAttr == nullptr || !SQL_SUCCEEDED(base.SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &henv))) return;
  base.SQLSetEnvAttr(henv, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
  SQLHDBC hdbc = nullptr;
  if (SQL_SUCCEEDED(base.SQLAllocHandle(SQL_HANDLE_DBC, henv, &hdbc))) {
    driver.name = info_text(base, hdbc, SQL_DRIVER_NAME);
    driver.version = info_text(base, hdbc, SQL_DRIVER_VER);
    base.SQLFreeHandle(SQL_HANDLE_DBC, hdbc);
  }
  base.SQLFreeHandle(SQL_HANDLE_ENV, henv);
}

// libpq is a dependency of the base driver, so a plain dlsym is right here.
int libpq_version_of(const Library& library) {
  const auto version = reinterpret_cast<int (*)()>(dlsym(library.handle, "PQlibVersion"));
  return version != nullptr ? version() : 0;
}

// libiamodbc.so and its two siblings, wherever they lie: each would only ask for a base driver in turn.
bool is_one_of_ours(const std::string& path) {
  return std::string_view(path).substr(path.rfind('/') + 1).starts_with("libiamodbc");
}

struct Loaded {
  const link_map* map;
  const BaseDriver* driver;
};

std::vector<Loaded>& loaded() {
  static NoDestructor<std::vector<Loaded>> only;
  return only.get();
}

const BaseDriver* find_loaded(const link_map* map) {
  const std::scoped_lock hold(bookkeeping());
  for (const Loaded& entry : loaded()) {
    if (entry.map == map) return entry.driver;
  }
  return nullptr;
}

Error not_loaded(std::string message) {
  return {State::driver_not_loaded, std::move(message), 0};
}

// A library that the loader has taken, as a base driver.
Result<const BaseDriver*> accept(const Library& library, const std::string& asked) {
  if (const BaseDriver* const known = find_loaded(library.map)) return known;
  const std::string path = absolute(library.map->l_name);
  if (library.map == library_of(reinterpret_cast<void*>(&here)) || is_one_of_ours(path)) {
    return not_loaded("BaseDriver=" + asked + " is iamodbc itself (" + path +
                      "); name the driver of the database, e.g. psqlodbcw.so");
  }
  auto driver = std::make_unique<BaseDriver>();
  driver->path = path;
  driver->functions = functions_of(library);
  driver->forwarded = with_absent_functions(driver->functions);
  driver->with_own_cancel = with_own_cancel(driver->forwarded);
  driver->widths = widths_of(driver->functions);
  const BaseFunctions& base = driver->functions;
  if (base.SQLAllocHandle == nullptr || base.SQLFreeHandle == nullptr ||
      (!driver->widths.narrow && !driver->widths.wide)) {
    return not_loaded("BaseDriver=" + asked + ": " + path +
                      " is not an ODBC 3 driver: it lacks SQLAllocHandle, SQLFreeHandle or SQLDriverConnect");
  }
  ask_version(*driver);
  driver->libpq_version = libpq_version_of(library);

  const std::scoped_lock hold(bookkeeping());
  for (const Loaded& entry : loaded()) {
    if (entry.map == library.map) return entry.driver;  // another thread was faster
  }
  loaded().push_back({library.map, driver.get()});
  return driver.release();
}

// Opening a pipe or a device would block or worse, so only files reach the loader. Bare names and missing files are its
// business.
bool is_no_file(const std::string& path) {
  struct stat status {};
  return path.find('/') != std::string::npos && stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

Result<const BaseDriver*> BaseDriver::load(const BaseDriverFile& file) {
  std::vector<FailedLoad> failures;
  for (const std::string& candidate : file.candidates) {
    if (is_no_file(candidate)) {
      failures.push_back({candidate, candidate + ": not a file; set BaseDriver to the path of a driver's library"});
      continue;
    }
    Library library;
    library.handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    link_map* map = nullptr;
    if (library.handle != nullptr && dlinfo(library.handle, RTLD_DI_LINKMAP, &map) == 0) {
      library.map = map;
      return accept(library, file.name);
    }
    const char* const reason = dlerror();
    failures.push_back({candidate, reason != nullptr ? reason : candidate + ": no reason given"});
  }
  return base_driver_not_loaded(file, failures);
}

Widths own_widths() {
  Library library;
  library.handle = dlopen(own_path().c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (library.handle == nullptr) return {true, true};
  library.map = library_of(reinterpret_cast<void*>(&here));
  const Widths own{symbol_of(library, "SQLDriverConnect") != nullptr,
                   symbol_of(library, "SQLDriverConnectW") != nullptr};
  dlclose(library.handle);
  return own;
}

std::string own_folder() {
  const std::string path = absolute(own_path());
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::optional<Error> shape_error(const BaseDriver& driver, const OdbcFiles& files) {
  const Widths own = own_widths();
  if ((driver.widths.narrow || !own.narrow) && (driver.widths.wide || !own.wide)) return std::nullopt;
  const bool narrow = driver.widths.narrow;
  return not_loaded("the base driver " + driver.path + " takes only " + (narrow ? "narrow (ANSI)" : "wide (Unicode)") +
                    " text and iamodbc converts none: use Driver=" +
                    driver_name(own_folder() + (narrow ? "/libiamodbca.so" : "/libiamodbcw.so"), files) + " for it");
}

}  // namespace iamodbc
