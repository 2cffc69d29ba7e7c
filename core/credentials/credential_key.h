// credential_key: under which credentials are kept.
// Everything that decides which credentials come: settings, the variables and lines of files that count, the keys that ask. Add them in a fixed order, absent ones
// as empty texts: no two lists read the same. `kind`: which provider.
// Thread rule: values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/credentials/credentials.h"
#include "core/sha256.h"

namespace iamodbc {

class CredentialKey {
 public:
  explicit CredentialKey(std::string_view kind) { add(kind); }
  CredentialKey& add(std::string_view part);  // may be a secret: only a digest stays
  CredentialKey& add(const Credentials& credentials);

  [[nodiscard]] const Sha256& digest() const { return digest_; }

 private:
  Sha256 digest_{};
};

}  // namespace iamodbc
