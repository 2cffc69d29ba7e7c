// es256: signatures with a P-256 key and SHA-256, as JSON Web Tokens write them. Implemented in openssl.cpp.
// Shapes: the key is PEM ("EC PRIVATE KEY" or "PRIVATE KEY"), not encrypted; coordinates are 32 raw bytes each, a
// signature is 64 raw bytes, r before s. Errors: nothing for what is no such key. Thread rule: pure functions, no state of ours.
// Source: RFC 7518, section 3.4
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/secret.h"

namespace iamodbc {

struct Es256PublicKey {
  std::string x;
  std::string y;
};

std::optional<Es256PublicKey> es256_public_key(const Secret& pem);
std::optional<std::string> es256_signature(const Secret& pem, std::string_view bytes);

}  // namespace iamodbc
