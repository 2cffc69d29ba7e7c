// width: which of ODBC's two character kinds a call uses. Ours never converts data from one to the other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace iamodbc {

enum class Width { narrow, wide };

}  // namespace iamodbc
