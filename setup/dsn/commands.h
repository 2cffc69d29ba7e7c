// commands: the subcommands of `iamodbc dsn`, one a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "setup/command.h"

namespace iamodbc {

Run dsn_add_command(CLI::App& app);
Run dsn_edit_command(CLI::App& app);
Run dsn_show_command(CLI::App& app);
Run dsn_list_command(CLI::App& app);
Run dsn_remove_command(CLI::App& app);
Run dsn_import_command(CLI::App& app);

// The name of a new DSN, and of one that is there.
CLI::Option* add_new_name(CLI::App& app, std::string& name);
CLI::Option* add_known_name(CLI::App& app, std::string& name);

}  // namespace iamodbc
