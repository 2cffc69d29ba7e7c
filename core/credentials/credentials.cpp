// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/credentials.h"

namespace iamodbc {

std::string masked_key_id(const std::string& access_key_id) {
  constexpr std::size_t shown = 4;  // at each end; a real id has at least 16 characters
  if (access_key_id.size() < 4 * shown) return "...";
  return access_key_id.substr(0, shown) + "..." + access_key_id.substr(access_key_id.size() - shown);
}

}  // namespace iamodbc
