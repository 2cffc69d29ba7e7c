// base_probe: opens a base driver's library as the driver will, and asks for its version.
// Errors: IM003 with the loader's reason for every candidate.
// Thread rule: as dlopen. The library stays loaded.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base_driver_file.h"
#include "core/result.h"

namespace iamodbc {

struct BaseProbe {
  std::string file;           // as loaded
  std::string version;        // SQL_DRIVER_VER; empty when it does not tell
  std::string libpq_version;  // "15.8"; empty without libpq
  bool has_narrow = false;    // functions of narrow (ANSI) and of wide (Unicode) texts
  bool has_wide = false;
};

Result<BaseProbe> probe_base_driver(const BaseDriverFile& driver);

}  // namespace iamodbc
