// One target as a program of libFuzzer's.
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  iamodbc::fuzz::all_targets().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
