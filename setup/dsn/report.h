// report: what the subcommands of `iamodbc dsn` say of a DSN.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base_driver_profile.h"
#include "core/error.h"
#include "core/ini_files.h"
#include "core/system.h"
#include "setup/dsn/store.h"

namespace iamodbc {

// Of a DSN of any driver: what it reads, and whether it is one of ours.
struct DsnDriver {
  const BaseDriverProfile* profile;
  bool is_ours;
};
DsnDriver driver_of_dsn(const IniSection& section, const OdbcFiles& files, const System& system);

// Why a DSN of another driver is left alone; nothing for one of ours.
std::optional<Error> not_ours(const IniSection& section, const OdbcFiles& files);

// As it may be shown: *** for what may be a secret, of a command its program alone.
std::string shown_value(const BaseDriverProfile& profile, const std::string& name, const std::string& value);

// The section of the file that was written, and what to do next.
void show_written(const DsnChange& change, const DsnWritten& written, const System& system);
// The exit status of a failure; adds what to do where everybody's file takes root.
int failed(const Error& error, const std::string& path, const System& system);

}  // namespace iamodbc
