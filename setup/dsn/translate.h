// translate: the attributes of another data source as those of a DSN of iamodbc, and what was changed on the way.
// Nothing is changed without a word; what iamodbc's base driver reads as well stays as it is.
// Errors (08001): a DSN that is iamodbc's already; a source that names neither driver nor engine.
// Thread rule: values. Source: https://github.com/aws/aws-advanced-odbc-wrapper (docs, driver/util/connection_string_keys.h)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/ini_files.h"
#include "core/result.h"
#include "core/system.h"
#include "setup/dsn/foreign.h"
#include "setup/dsn/section.h"

namespace iamodbc {

struct Translated {
  DsnLines lines;
  DsnLines secrets;                  // left out of `lines`
  std::vector<std::string> changes;  // for people, one each; no secret in them
};

Result<Translated> translated(const Foreign& foreign, const OdbcFiles& files);

}  // namespace iamodbc
