// certificates: what a file of certificate authorities (PEM) holds. Implemented in openssl.cpp, the only file that sees OpenSSL.
// Thread rule: pure functions over a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/system.h"

namespace iamodbc {

struct Certificate {
  std::string subject;  // common name, UTF-8; "Amazon RDS eu-central-1 Root CA RSA2048 G1"
  Time end;             // not valid after; Time::max() when that is beyond the year 2200
};

// Fails (08001) when the file cannot be read or holds no certificate; the message names the file and the reason.
Result<std::vector<Certificate>> read_certificates(const std::string& file);

}  // namespace iamodbc
