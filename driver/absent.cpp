// SPDX-License-Identifier: Apache-2.0
#include "driver/absent.h"

#include <string>

#include "driver/diagnostics.h"
#include "driver/handles.h"

namespace iamodbc {

namespace {

// A stand-in is called as the base driver would be: with the base's handle, from which it must find ours.
SQLRETURN answer(Handle* handle, std::size_t function) noexcept {
  if (handle == nullptr) return SQL_INVALID_HANDLE;
  try {
    return fail(*handle,
                {State::function_not_supported, std::string("the base driver has no ") + function_name(function), 0});
  } catch (...) {
    return fail_for_memory(*handle);
  }
}

template <class Kind, auto function, class... Rest>
void stand_in(SQLRETURN (*&pointer)(SQLHANDLE, Rest...)) {
  if (pointer != nullptr) return;
  pointer = [](SQLHANDLE base, Rest... /*ignored*/) -> SQLRETURN {
    return answer(find_by_base<Kind>(base), function_index(function));
  };
}

}  // namespace

BaseFunctions with_absent_functions(BaseFunctions functions) {
#define PASS(handle, arguments, function, id) stand_in<handle, &BaseFunctions::function>(functions.function);
#define OWN(handle, arguments, function, id)
#include "driver/functions.def"
  return functions;
}

}  // namespace iamodbc
