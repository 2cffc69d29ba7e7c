// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/credential_key.h"

#include "core/secret.h"

namespace iamodbc {

CredentialKey& CredentialKey::add(std::string_view part) {
  Secret chained(view(digest_));
  chained.append(part);
  digest_ = sha256(chained.reveal());  // of a digest and one part, so where a part ends is never in doubt
  return *this;
}

CredentialKey& CredentialKey::add(const Credentials& credentials) {
  return add(credentials.access_key_id)
      .add(credentials.secret_access_key.reveal())
      .add(credentials.session_token.reveal());
}

}  // namespace iamodbc
