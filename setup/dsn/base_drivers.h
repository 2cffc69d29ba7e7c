// base_drivers: the ordinary drivers that odbcinst.ini has, and the section of ours that goes with each.
// Thread rule: as dlopen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base_driver_profile.h"
#include "core/ini_files.h"
#include "core/system.h"
#include "setup/dsn/section.h"

namespace iamodbc {

struct InstalledDriver {
  std::string section;
  const BaseDriverProfile* profile;
};
// The known ones, best first of each engine, one for each engine.
std::vector<InstalledDriver> installed_base_drivers(const OdbcFiles& files);

// Adds BaseDriver where nothing names one and it can be told: by Port, or because a single one is installed.
void tell_base_driver(DsnLines& lines, const OdbcFiles& files);

// What is to stand behind Driver= in a DSN with this BaseDriver: iamodbc, or the one of its narrow and wide libraries
// that the base driver's functions ask for.
std::string driver_for(const std::string& base_driver, const OdbcFiles& files, const System& system);

}  // namespace iamodbc
