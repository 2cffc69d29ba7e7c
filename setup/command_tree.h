// command_tree: what the manual and the completion read off the parser: the commands, their options and arguments.
// What is in no group (CLI11's group "") is hidden and left out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace iamodbc {

// In the order in which they were defined.
std::vector<const CLI::App*> shown_commands(const CLI::App& app);
std::vector<const CLI::Option*> shown_options(const CLI::App& app);    // those with a name like --this
std::vector<const CLI::Option*> shown_arguments(const CLI::App& app);  // the others, by position

bool takes_value(const CLI::Option& option);
// "-h,--help" as its names are written: "-h", "--help".
std::vector<std::string> names_of(const CLI::Option& option);
// What stands for the value in a usage line: DSN, FILE, PROFILE, SECONDS ...
std::string value_name(const CLI::Option& option);

}  // namespace iamodbc
