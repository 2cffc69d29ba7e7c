// store: a DSN written to odbc.ini, or taken out of it.
// Errors (HY000 unless a connect would say otherwise): a name that ODBC does not take, one that is there already or is
// not; what a connect would call a mistake; what ini_edit and file_edit refuse. The old file is then as it was.
// Thread rule: any thread and program, one after the other (file_edit).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "core/system.h"
#include "setup/dsn/section.h"

namespace iamodbc {

struct DsnChange {
  std::string path;  // of odbc.ini
  std::string name;
  DsnLines lines;
  bool is_new = false;        // it must not be there yet; else it must
  bool holds_secret = false;  // the file is then for its owner alone
};

struct DsnWritten {
  bool is_changed = false;
  std::string text;                   // of the file
  std::vector<std::string> warnings;  // why a connect here would not use it, or fail
};

// `is_system`: everybody's odbc.ini, not the user's.
std::string odbc_ini_path(bool is_system, const System& system);
// The files, with the one first that has this DSN: of the system's alone if `is_system`, else the one that a connect takes
// it from. IM002 where there is none.
Result<OdbcFiles> files_with(const std::string& name, bool is_system, const OdbcFiles& files, const System& system);

Result<DsnWritten> write_dsn(const DsnChange& change, const System& system);
// The same, and nothing is written.
Result<DsnWritten> preview_dsn(const DsnChange& change, const System& system);
Result<bool> remove_dsn(const std::string& path, const std::string& name);

}  // namespace iamodbc
