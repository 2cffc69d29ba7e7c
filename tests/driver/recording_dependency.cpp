// A library that a base driver depends on and that exports a function of ODBC, as libodbc would.
// SPDX-License-Identifier: Apache-2.0
#include "driver/functions.h"

IAMODBC_EXPORT SQLRETURN SQL_API SQLFetch(SQLHSTMT /*stmt*/) {
  return SQL_NO_DATA;
}
IAMODBC_EXPORT int recording_dependency() {
  return 1;
}
