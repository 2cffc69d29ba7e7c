// data_source: a DSN added to odbc.ini, changed or removed, as ConfigDSN is asked to.
// What is written is what a connect will read: the section is read back as the driver reads it, and what a connect would
// call a mistake in it (a value that is none of those allowed, a slip in a name) is refused before anything is written.
// What is missing is no mistake, a connection string may supply it. A secret is not written to odbc.ini.
// Errors (as of ODBC's installer): INVALID_DSN for a name that cannot be, is not there, or is another driver's;
// INVALID_KEYWORD_VALUE for attributes; CREATE_DSN_FAILED, WRITING_SYSINFO_FAILED and REMOVE_DSN_FAILED for files.
// The old file is then as it was. Thread rule: any thread and program, one after the other (file_edit).
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/configdsn-function
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/system.h"
#include "setup/library/installer.h"
#include "setup/library/keywords.h"

namespace iamodbc {

struct DataSourceRequest {
  enum class Kind {
    add,        // a DSN of ours that has this name is written anew
    configure,  // the attributes given are set, an empty value takes one out
    remove
  } kind;
  std::string driver;               // our section of odbcinst.ini
  std::vector<Keyword> attributes;  // DSN= names the data source
  bool may_overwrite = true;        // add
};

std::optional<Error> change_data_source(const DataSourceRequest& request, DataSources where, const System& system);

}  // namespace iamodbc
