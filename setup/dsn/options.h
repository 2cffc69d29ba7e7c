// options: the attributes of a DSN as options of the command line. Their help is that of the attribute table.
// Secrets have no option: they are asked for, or read from standard input.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/result.h"
#include "core/secret.h"
#include "setup/dsn/section.h"

namespace iamodbc {

struct DsnOptions {
  std::map<std::string, std::string> values;  // by option; those that were given
  std::vector<std::string> settings;          // NAME=VALUE
  std::vector<std::string> unset;             // names
  bool is_system = false;
  bool store_secret = false;
};

void add_place_option(CLI::App& app, DsnOptions& options);
// --host, --user ... and --set. `options` must live until the command line is read.
void add_attribute_options(CLI::App& app, DsnOptions& options);
void add_secret_option(CLI::App& app, DsnOptions& options);

// What was given, each attribute once. Fails (HY024) for what is given twice, has no `=`, or is a secret.
Result<DsnLines> lines_of(const DsnOptions& options);

// The secrets that a DSN of these lines needs: asked for without echo, or read from standard input, one a line. Fails
// where it needs none, and where none came.
Result<DsnLines> read_secrets(const DsnLines& lines);

}  // namespace iamodbc
