// addresses: the numeric addresses of a host, as the system's resolver orders them.
// Used where the name that is dialled is not the name that the certificate is checked against. Blocks as long as the resolver does; the caller checks its deadline after.
// Errors: 08001 with the resolver's reason. Thread rule: any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace iamodbc {

Result<std::vector<std::string>> numeric_addresses(const std::string& host);

}  // namespace iamodbc
