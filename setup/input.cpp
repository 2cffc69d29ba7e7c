// SPDX-License-Identifier: Apache-2.0
#include "setup/input.h"

#include <iostream>

#include "core/secret.h"

namespace iamodbc {

Result<std::string> standard_input(const std::string& what) {
  constexpr std::size_t most = 1 << 20;
  std::string text(most + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (std::cin.gcount() == static_cast<std::streamsize>(text.size())) {
    wipe(text);
    return Error{State::general_error, "Standard input holds more than 1 MiB, which is no " + what + ".", 0};
  }
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace iamodbc
