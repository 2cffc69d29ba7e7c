// command: the subcommands of `iamodbc`, one a file. Each declares its options on the parser that it is given and
// returns what is to be run once they are read.
// Data goes to standard output, all else to standard error. Exit status: Exit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace iamodbc {

struct Exit {
  static constexpr int ok = 0;
  static constexpr int failed = 1;
  static constexpr int usage = 2;
};

// Returns an exit status.
using Run = std::function<int()>;

Run check_command(CLI::App& app);
Run doctor_command(CLI::App& app);
Run token_command(CLI::App& app);
Run credentials_command(CLI::App& app);
Run whoami_command(CLI::App& app);
Run login_command(CLI::App& app);
Run dsn_command(CLI::App& app);
Run discover_command(CLI::App& app);
Run policy_command(CLI::App& app);
Run attributes_command(CLI::App& app);
Run register_command(CLI::App& app);
Run unregister_command(CLI::App& app);
Run completion_command(CLI::App& app);
Run words_command(CLI::App& app);
Run manual_command(CLI::App& app);

}  // namespace iamodbc
