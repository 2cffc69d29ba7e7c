// SPDX-License-Identifier: Apache-2.0
#include "driver/forward.h"

#include <string>

#include "driver/diagnostics.h"

namespace iamodbc {

namespace {

bool has_function(const BaseFunctions& functions, std::size_t index) {
  return reinterpret_cast<void (*const*)()>(&functions)[index] != nullptr;
}

Error reason(const Handle& handle, std::size_t function) {
  if (!handle.is(Handle::connected)) {
    return {State::connection_not_open, std::string(function_name(function)) + " needs a connection", 0};
  }
  return {State::function_not_supported, std::string("the base driver has no ") + function_name(function), 0};
}

}  // namespace

SQLRETURN refusal(Handle* handle, std::size_t function, bool racing) noexcept {
  if (handle == nullptr) return SQL_INVALID_HANDLE;
  if (!racing) clear_diagnostics(*handle);
  if (handle->is(Handle::connected) && has_function(*handle->functions, function)) return SQL_SUCCESS;
  try {
    return fail(*handle, reason(*handle, function));
  } catch (...) {
    return fail_for_memory(*handle);
  }
}

// The exported functions of kind PASS.
#define PASS(handle, arguments, function, id)                                     \
  IAMODBC_EXPORT SQLRETURN SQL_API function(PARAMETERS_##arguments(function)) {   \
    return forward<handle, &BaseFunctions::function, false>(a0 REST_##arguments); \
  }
#define PASS_RACING(handle, arguments, function, id)                             \
  IAMODBC_EXPORT SQLRETURN SQL_API function(PARAMETERS_##arguments(function)) {  \
    return forward<handle, &BaseFunctions::function, true>(a0 REST_##arguments); \
  }
#define OWN(handle, arguments, function, id)
#include "driver/functions.def"

}  // namespace iamodbc
