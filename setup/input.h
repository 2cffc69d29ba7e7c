// input: standard input, whole.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/result.h"

namespace iamodbc {

// All of it, without the line ends of `echo`. It may be a secret: who reads it wipes it. Fails for more than 1 MiB, as from an
// endless device; `what` it should have been is for the message: "DSN or connection string".
Result<std::string> standard_input(const std::string& what);

}  // namespace iamodbc
