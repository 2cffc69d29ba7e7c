// base_driver: a base driver's library and its table of functions.
// Loaded with RTLD_NOW|RTLD_LOCAL, once a real file, never unloaded. A function counts as the base's only if it lives
// in the base's own file: dlsym also searches dependencies and finds the driver manager's functions of the same name.
// Thread rule: load() from any thread; a BaseDriver is const and lives for ever.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base_driver_file.h"
#include "core/error.h"
#include "core/ini_files.h"
#include "core/result.h"
#include "driver/functions.h"

namespace iamodbc {

// Which character functions a driver has. Decided by SQLDriverConnect and SQLConnect.
struct Widths {
  bool narrow = false;
  bool wide = false;
};

struct BaseDriver {
  std::string path;         // of the loaded file, absolute
  BaseFunctions functions;  // null where it has none
  BaseFunctions
      forwarded;  // the same, but a function of kind PASS is never null: one that it lacks answers IM001 (absent.h)
  BaseFunctions with_own_cancel;  // `forwarded`, but that SQLCancel is ours (cancel.h)
  Widths widths;
  std::string name;       // SQL_DRIVER_NAME, e.g. "psqlodbcw.so"; empty when it does not tell
  std::string version;    // SQL_DRIVER_VER, e.g. "13.02.0000"; empty when it does not tell
  int libpq_version = 0;  // PQlibVersion() of the libpq that it uses, e.g. 150008; 0 without libpq

  // The first of the candidates that can be loaded.
  // IM003: none could be loaded (says why, and lists where there was none), it is iamodbc itself, or it is not an ODBC driver.
  static Result<const BaseDriver*> load(const BaseDriverFile& file);
};

// The character functions that this very library exports: both, or one in libiamodbca.so and libiamodbcw.so.
Widths own_widths();
// The folder of this library, without a slash at the end.
std::string own_folder();
// We never convert text, so a base driver must have every width that we export: else an error with the Driver= line to
// use, which names a section of odbcinst.ini where one has the library.
std::optional<Error> shape_error(const BaseDriver& driver, const OdbcFiles& files);

}  // namespace iamodbc
