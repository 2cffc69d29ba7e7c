// own: the frame of every body of our own: finds the handle, clears its diagnostics, runs, and lets no exception cross
// the C interface. A cancelled thread (abi::__forced_unwind) must unwind on; bad_alloc becomes HY001, anything else
// HY000.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cxxabi.h>

#include <exception>
#include <new>

#include "driver/diagnostics.h"
#include "driver/handles.h"

namespace iamodbc {

// body(handle) returns the SQLRETURN; it may throw. `clears`: false for the functions that read diagnostics.
template <class Kind, class Body>
SQLRETURN own(SQLHANDLE raw, Body&& body, bool clears = true) {
  Kind* const handle = Kind::from(raw);
  if (handle == nullptr) return SQL_INVALID_HANDLE;
  if (clears) clear_diagnostics(*handle);
  try {
    return body(*handle);
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (const std::bad_alloc&) {
    return fail_for_memory(*handle);
  } catch (const std::exception& fault) {
    return fail_for_fault(*handle, fault.what());
  } catch (...) {
    return fail_for_fault(*handle, "unknown");
  }
}

}  // namespace iamodbc
