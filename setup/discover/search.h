// search: what `iamodbc discover` and `iamodbc dsn add` share: the credentials, the regions, the asking with its bar, and the words for what did not answer.
// Thread rule: one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "setup/credential_search.h"
#include "setup/discover/inventory.h"

namespace iamodbc {

struct DiscoverQuestion {
  std::string profile;               // of the AWS files; empty: what this environment has
  std::vector<std::string> regions;  // as they were typed; empty: the one that the environment or the profile names
  bool all_regions = false;          // of the partition of that one
  bool all_if_unknown = false;       // every region where none is known
  std::vector<Family> families;
};

// Fails when there are no credentials, a region is none, or none is known.
Result<Inventory> discover_databases(const DiscoverQuestion& question);

// One sentence each: who did not answer, and why. Regions that say the same share one.
std::vector<std::string> unanswered_in_words(const Inventory& inventory);

}  // namespace iamodbc
