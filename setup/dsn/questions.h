// questions: what a DSN still needs, asked of the person at the terminal, with what this computer has to offer: installed
// base drivers, AWS profiles, regions; and, when the answer is `?`, the databases that AWS has. What can be told from an answer, the host name or the environment is not asked.
// Thread rule: one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "core/ini_files.h"
#include "core/system.h"
#include "setup/dsn/section.h"

namespace iamodbc {

// Completes a new DSN; `name` may be empty. Fails (HY000) when the answers end.
std::optional<Error> ask_for_new_dsn(std::string& name, DsnLines& lines, const OdbcFiles& files, const System& system);
// Goes through the main attributes of one that there is; an empty answer keeps what is. `lines` receives the changes.
std::optional<Error> ask_for_changes(const IniSection& section, DsnLines& lines, const OdbcFiles& files,
                                     const System& system);

}  // namespace iamodbc
