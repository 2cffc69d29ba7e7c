// supported: SQLGetFunctions. True only for what the base driver claims, really exports, and we export: the driver
// manager then keeps its own fall-backs for the rest.
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "driver/forward.h"
#include "driver/own.h"

namespace iamodbc {

namespace {

bool can_answer(const BaseFunctions& base, SQLUSMALLINT id) {
  switch (id) {
#define PASS_AW(handle, arguments, function, id) \
  case SQL_API_SQL##id:                          \
    return base.function != nullptr || base.function##W != nullptr;
#define OWN_AW(handle, arguments, function, id) PASS_AW(handle, arguments, function, id)
#define PASS(handle, arguments, function, id) \
  case SQL_API_SQL##id:                       \
    return base.function != nullptr;
#define OWN(handle, arguments, function, id) PASS(handle, arguments, function, id)
#include "driver/functions.def"
    default:
      return false;
  }
}

constexpr SQLUSMALLINT odbc2_array_size = 100;

// The set that the application asked for, as the base driver has it and cut to what can be answered.
template <class Claimed, class Drop>
void cut(const BaseFunctions& base, SQLUSMALLINT ids, Claimed claimed, Drop drop) {
  for (SQLUSMALLINT id = 0; id < ids; ++id) {
    if (claimed(id) && !can_answer(base, id)) drop(id);
  }
}

}  // namespace

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetFunctions(SQLHDBC handle, SQLUSMALLINT id, SQLUSMALLINT* supported) {
  return own<Dbc>(handle, [&](Dbc& dbc) {
    const SQLRETURN code = call_base<&BaseFunctions::SQLGetFunctions>(dbc, dbc.base, id, supported);
    if (!SQL_SUCCEEDED(code) || supported == nullptr) return code;
    const BaseFunctions& base = dbc.driver->functions;
    if (id == SQL_API_ODBC3_ALL_FUNCTIONS) {
      cut(
          base, SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * 16,
          [&](SQLUSMALLINT i) { return (supported[i >> 4] & 1U << (i & 15)) != 0; },
          [&](SQLUSMALLINT i) {
            supported[i >> 4] = static_cast<SQLUSMALLINT>(supported[i >> 4] & ~(1U << (i & 15)));
          });
    } else if (id == SQL_API_ALL_FUNCTIONS) {
      cut(
          base, odbc2_array_size, [&](SQLUSMALLINT i) { return supported[i] != SQL_FALSE; },
          [&](SQLUSMALLINT i) { supported[i] = SQL_FALSE; });
    } else if (!can_answer(base, id)) {
      *supported = SQL_FALSE;
    }
    return code;
  });
}

}  // namespace iamodbc
