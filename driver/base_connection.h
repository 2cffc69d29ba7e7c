// base_connection: a base driver's connection handle: made fresh for each attempt, then adopted or closed.
// The base's environment is made at the first attempt and lives as long as ours; one environment of ours holds several.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "core/result.h"
#include "driver/base_driver.h"
#include "driver/handles.h"

namespace iamodbc {

// A fresh base connection handle under dbc's environment, queued attributes replayed. IM004: the base refused to
// allocate (its words within). The caller closes it or gives it to adopt().
// `deferred`: queued attributes that shall not be set before the connect; adopt() sets them.
Result<SQLHDBC> open_base(Dbc& dbc, const BaseDriver& driver, std::span<const SQLINTEGER> deferred = {});
// Frees a handle that did not connect. Read its diagnostics before.
void close_base(const BaseDriver& driver, SQLHDBC base);
// Makes a connected base handle that of dbc: the attributes that had to wait are replayed, a handle kept from an
// earlier connection is freed, and calls go through `functions`, one of the driver's tables, from here on.
void adopt(Dbc& dbc, const BaseDriver& driver, SQLHDBC base, const BaseFunctions& functions,
           std::span<const SQLINTEGER> deferred = {});

}  // namespace iamodbc
