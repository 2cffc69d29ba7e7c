// found_dsn: a DSN for a database that was discovered, and many of them written at once.
// Errors: as of ini_edit and file_edit; a DSN that cannot be made is left out with its reason, the others are written.
// Thread rule: values; odbc.ini as in file_edit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/ini_files.h"
#include "core/result.h"
#include "core/system.h"
#include "setup/discover/inventory.h"
#include "setup/dsn/section.h"

namespace iamodbc {

// What leads to it: Server, Port, what tells the base driver, AuthType, Database and Region where they are needed.
DsnLines dsn_lines_of(const FoundDatabase& database, const OdbcFiles& files);

// Why no DSN is made for it; empty: one is.
std::string reason_for_no_dsn(const FoundDatabase& database);

struct FoundDsn {
  std::string name;  // of the DSN; empty: there is none
  std::string host;
  std::string note;  // why there is none, or that it was there already; empty: it was written
};
// One DSN for each writer, reader, custom endpoint, proxy, instance outside of a cluster, cluster and workgroup that IAM opens and that no DSN leads to yet. `more` is added to
// each: UID, Profile ... In the order of `databases`.
Result<std::vector<FoundDsn>> write_found_dsns(const std::vector<FoundDatabase>& databases, const DsnLines& more,
                                               const std::string& path, const System& system);

}  // namespace iamodbc
