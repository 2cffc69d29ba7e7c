// recording: what the tests share with the recording base driver (recording_driver.cpp), which tells every call that
// reached it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "driver/functions.h"

namespace iamodbc {

// The bits of each argument, from the lowest, in the order of the parameters.
struct RecordedCall {
  const char* function = "";
  std::size_t count = 0;
  std::array<std::uint64_t, 13> arguments{};
};

// What the base driver is to do next; tests in the same process change it.
struct RecordingPlan {
  std::atomic<SQLRETURN> code{SQL_SUCCESS};       // of every function that does nothing
  std::atomic<SQLSMALLINT> fails_to_allocate{0};  // a handle type
  std::atomic<SQLSMALLINT> fails_to_free{0};      // a handle type
  std::atomic<bool> fails_to_disconnect{false};
  std::atomic<bool> keeps_fields{false};  // of descriptors: a setting unbinds and resets as ODBC says, and can be read
  std::atomic<SQLSMALLINT> lacks_field{0};     // then, of a descriptor: HY091
  std::atomic<SQLSMALLINT> refuses_field{0};   // likewise: set with HY021, read with HY000
  std::atomic<SQLSMALLINT> warns_of_field{0};  // likewise: 01S02 when it is set
  std::atomic<bool> sleeps{false};             // every call, for half a minute, unless the thread is cancelled
  std::array<std::atomic<int>, 5> live{};      // handles by type
  std::atomic<bool> frees_slowly{false};       // each takes 20 ms
};

template <class Argument>
std::uint64_t bits_of(Argument argument) {
  static_assert(sizeof(argument) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &argument, sizeof(argument));
  return bits;
}

}  // namespace iamodbc

// The last call of this thread; the plan of this copy of the base driver.
extern "C" {
iamodbc::RecordedCall* recording_last();
iamodbc::RecordingPlan* recording_plan();
}
