// base_driver_file: which shared library is the base driver. Looks at names and ini files only; opening it is the
// driver's part.
//
// Shapes. `base_driver` is what BaseDriver= says: the name of a section of odbcinst.ini ("PostgreSQL Unicode"), a path
// (anything with a slash; ends the search), or a bare file name (psqlodbcw.so). A section's file is its Driver64 where
// pointers have 64 bits and it has one, else its Driver, as in unixODBC. A bare file name is tried as the loader finds
// it, then in every directory of LTDL_LIBRARY_PATH, in the directories where systems keep ODBC drivers (Debian's is one
// that the loader does not search), and beside our own library.
//
// Errors: IM003 for a base driver that is not there, 08001 for an engine that cannot be told.
// Thread rule: pure functions.
// Source: unixODBC 2.3.11, DriverManager/SQLConnect.c (Driver64) and libltdl (LTDL_LIBRARY_PATH)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ini_files.h"
#include "core/result.h"
#include "core/system.h"

namespace iamodbc {

struct BaseDriverFile {
  std::string section;  // of odbcinst.ini, spelled as there; empty when BaseDriver names a file that no section has
  std::string name;     // the file as it was named: a path or a bare file name
  std::vector<std::string> candidates;  // to be opened in this order until one opens; never empty
};

// `our_directory`: of our own library, or empty.
// Fails when nothing is called `base_driver`, when its section names no file, and when it is iamodbc itself.
Result<BaseDriverFile> find_base_driver(std::string_view base_driver, const OdbcFiles& files, const System& system,
                                        std::string_view our_directory);

// The section that serves where BaseDriver= is absent: the best known driver installed for `engine` (postgresql, mysql,
// mariadb), which if empty follows from `port` (5432, 3306). Fails when neither tells an engine, and when no driver for
// it is installed.
Result<std::string> default_base_driver(std::string_view engine, int port, const OdbcFiles& files);

// What is to stand behind Driver= for `file`, a library of ours: the section of odbcinst.ini that has it, or a file of
// its name; without one the file itself.
std::string driver_name(const std::string& file, const OdbcFiles& files);

// What the loader said about one candidate (dlerror, or why a library that opened is of no use).
struct FailedLoad {
  std::string file;
  std::string reason;
};

// IM003: no candidate could be used. Says what is wrong with the files that are there before it lists where there was
// none.
Error base_driver_not_loaded(const BaseDriverFile& driver, const std::vector<FailedLoad>& failures);

}  // namespace iamodbc
