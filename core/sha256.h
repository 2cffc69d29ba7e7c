// sha256: SHA-256 and HMAC-SHA-256. Results are 32 raw bytes. Implemented in openssl.cpp, the only file that sees OpenSSL.
// Throws std::runtime_error when OpenSSL itself fails: an installation without SHA-256, or no memory.
// Thread rule: pure functions, no state of ours.
// Source: FIPS 180-4; RFC 2104
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace iamodbc {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

// For digests that are keys: overwrites the bytes in a way that the compiler keeps.
void wipe(Sha256& digest) noexcept;

inline std::string_view view(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace iamodbc
