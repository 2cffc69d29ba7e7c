// SPDX-License-Identifier: Apache-2.0
#include "driver/functions.h"

namespace iamodbc {

const char* function_name(std::size_t index) {
  static constexpr const char* names[] = {
#define PASS(handle, arguments, function, id) #function,
#define OWN(handle, arguments, function, id) #function,
#include "driver/functions.def"
  };
  static_assert(sizeof(names) / sizeof(names[0]) == function_count);
  return names[index];
}

}  // namespace iamodbc
