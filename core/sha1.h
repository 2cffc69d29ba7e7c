// sha1: SHA-1, for the names of cache files that the AWS tools chose long ago; nothing is protected by it. 20 raw bytes.
// Implemented in openssl.cpp. Throws std::runtime_error when OpenSSL itself fails: an installation without SHA-1, or no
// memory. Thread rule: a pure function. Source: FIPS 180-4
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace iamodbc {

std::string sha1(std::string_view bytes);

}  // namespace iamodbc
