// new_dsn: the end that `add` and `import` share: what is missing is asked for or complained of, and the DSN is written.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "setup/dsn/options.h"
#include "setup/dsn/section.h"

namespace iamodbc {

struct NewDsn {
  std::string name;
  DsnLines lines;
  bool is_only_shown = false;
  DsnLines secrets = {};  // that --store-secret is to store; without them it asks
};

// Returns an exit status.
int make_new_dsn(NewDsn dsn, const DsnOptions& options);

}  // namespace iamodbc
