// report: what was discovered, as a table for people and as JSON for programs.
// Thread rule: pure functions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "setup/discover/inventory.h"

namespace iamodbc {

// "mydb.cabc123def45.eu-central-1.rds.amazonaws.com:5432"; "-" while there is none.
std::string endpoint_of(const FoundDatabase& database);
// "postgres 15.4"
std::string engine_of(const FoundDatabase& database);

// Lines with a head; none when there is no database.
std::vector<std::string> table_of(const std::vector<FoundDatabase>& databases);
// One object: {"databases": [...], "unanswered": [...]}
std::string json_of(const Inventory& inventory, const std::string& more = "");

}  // namespace iamodbc
