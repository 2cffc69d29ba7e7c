// absent: what a forwarded call meets when the base driver does not have the function: IM001 on the handle that was
// called. Driver managers hardly come here, as SQLGetFunctions denies such a function. The stand-ins spare every other
// call a comparison.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/functions.h"

namespace iamodbc {

// The table with a stand-in for every function of kind PASS that is null.
BaseFunctions with_absent_functions(BaseFunctions functions);

}  // namespace iamodbc
