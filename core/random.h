// random: what nobody can guess, from the kernel. Throws std::runtime_error where the kernel has none.
// Thread rule: any thread, no state of ours. Source: getrandom(2); RFC 9562, section 5.4
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iamodbc {

std::string random_text(std::size_t size, std::string_view alphabet);  // at most 256 letters
std::string random_uuid();                                             // 36 characters, lower case

}  // namespace iamodbc
