// credentials: AWS keys, when they end, and where they came from.
// Shape: access key id and account id are not secret (the id is shown masked), secret access key and session token are.
// An empty session token means a long-term key. Shared and immutable once made: one storage, however many connections
// hold it. Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;
  std::optional<Time> expiration;  // absent: they do not end
  std::string account_id;          // empty: not known
  std::string source;              // for people: "profile dev in /home/me/.aws/credentials"
  bool stays_in_process = false;   // a person or the application gave them, or what they were fetched with
  bool may_be_outdated = false;    // another process fetched them, a while ago
};

using SharedCredentials = std::shared_ptr<const Credentials>;

// "AKIA...MPLE": enough to tell two keys apart, too little to be one.
std::string masked_key_id(const std::string& access_key_id);

// The keys of a JSON object as credential programs (`token_key` SessionToken) and metadata services (Token) write them.
// What is missing stays empty; an Expiration that is no time stays absent.
Credentials credentials_of(const Json& object, std::string_view token_key);

}  // namespace iamodbc
