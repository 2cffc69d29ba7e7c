// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/credentials.h"

#include <utility>

#include "core/text.h"

namespace iamodbc {

std::string masked_key_id(const std::string& access_key_id) {
  constexpr std::size_t shown = 4;  // at each end; a real id has at least 16 characters
  if (access_key_id.size() < 4 * shown) return "...";
  return access_key_id.substr(0, shown) + "..." + access_key_id.substr(access_key_id.size() - shown);
}

Credentials credentials_of(const Json& object, std::string_view token_key) {
  Credentials credentials;
  credentials.access_key_id = object.text("AccessKeyId").value_or("");
  if (auto secret = object.secret("SecretAccessKey")) credentials.secret_access_key = *std::move(secret);
  if (auto token = object.secret(token_key)) credentials.session_token = *std::move(token);
  if (const auto text = object.text("Expiration")) credentials.expiration = parse_time(trimmed(*text));
  credentials.account_id = object.text("AccountId").value_or("");
  return credentials;
}

}  // namespace iamodbc
