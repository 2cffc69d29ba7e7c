// forward: the one door that every forwarded call goes through.
// Hot: one comparison of the state word, base handle and pointer loaded, a tail jump; the pointer is never null
// (absent.h). No lock, allocation, log or look-up. Neither noexcept nor inside a try: both would cost the tail jump,
// and break pthread_cancel inside the base driver. All else goes to one cold body. The jump relies on optimisation;
// tests/rules/disassembly_test.py looks at the machine code.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/handles.h"

namespace iamodbc {

// What keeps a call from being forwarded: SQL_INVALID_HANDLE for null, SQL_ERROR (08003, IM001) with its record;
// SQL_SUCCESS when nothing does, then diagnostics of ours are cleared. Those of a racing call stay.
SQLRETURN refusal(Handle* handle, std::size_t function, bool racing) noexcept;

// For bodies of our own: calls the base driver's function if there is a connection and the function, else fails as
// refusal() says.
template <auto function, class... Arguments>
SQLRETURN call_base(Handle& handle, Arguments... arguments) {
  const SQLRETURN refused = refusal(&handle, function_index(function), true);
  return refused != SQL_SUCCESS ? refused : (handle.functions->*function)(arguments...);
}

template <class Kind, auto function, bool racing, class... Rest>
[[gnu::cold, gnu::noinline]] SQLRETURN forward_cold(SQLHANDLE raw, Rest... rest) {
  Kind* const handle = Kind::from(raw);
  const SQLRETURN refused = refusal(handle, function_index(function), racing);
  return refused != SQL_SUCCESS ? refused : (handle->functions->*function)(handle->base, rest...);
}

template <class Kind, auto function, bool racing, class... Rest>
SQLRETURN forward(SQLHANDLE raw, Rest... rest) {
  if (raw != nullptr) [[likely]] {
    const Kind* const handle = static_cast<Kind*>(raw);
    const std::uint32_t mask = racing ? ~Handle::flags | Handle::connected : ~0U;
    if ((handle->state.load(std::memory_order_acquire) & mask) == Kind::ready) [[likely]] {
      auto target = handle->functions->*function;
      // The pointer first, so that `handle` can give way to its base: a register less to move.
      __asm__("" : "+r"(target));
      return target(handle->base, rest...);
    }
  }
  return forward_cold<Kind, function, racing>(raw, rest...);
}

}  // namespace iamodbc
