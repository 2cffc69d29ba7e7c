// SPDX-License-Identifier: Apache-2.0
#include "core/random.h"

#include <sys/random.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <stdexcept>

#include "core/encoding.h"

namespace iamodbc {
namespace {

void fill(unsigned char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = getrandom(bytes, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::runtime_error("the kernel gives no random bytes");
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
}

}  // namespace

std::string random_text(std::size_t size, std::string_view alphabet) {
  assert(!alphabet.empty() && alphabet.size() <= 256);
  // Bytes beyond the last whole round of the alphabet are left out: every letter is as likely as another.
  const std::size_t usable = 256 - 256 % alphabet.size();
  std::string text;
  while (text.size() < size) {
    std::array<unsigned char, 64> bytes{};
    fill(bytes.data(), bytes.size());
    for (const unsigned char byte : bytes) {
      if (byte < usable && text.size() < size) text += alphabet[byte % alphabet.size()];
    }
  }
  return text;
}

std::string random_uuid() {
  std::string bytes(16, '\0');
  fill(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size());
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);  // version 4
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);  // RFC 9562
  std::string text = hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace iamodbc
