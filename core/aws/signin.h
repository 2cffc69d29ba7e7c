// signin: AWS's sign-in service: new keys for a session of `aws login`.
// The request is bound to the session's own key by a DPoP token instead of a signature. Errors: AwsFault (client.h); `detail` says which: TOKEN_EXPIRED,
// USER_CREDENTIALS_CHANGED, INSUFFICIENT_PERMISSIONS. Thread rule: any thread, no lock held.
// Source: RFC 9449 (DPoP); https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/aws/client.h"
#include "core/json.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

// The answer as it came: {accessToken: {accessKeyId, secretAccessKey, sessionToken}, tokenType, expiresIn, refreshToken}.
std::variant<Json, AwsFault> refresh_login_session(const AwsClient& client, const std::string& client_id,
                                                   const Secret& refresh_token, const Secret& dpop_key);

// The token that says: who has this key makes this request now. Nothing when the key is no P-256 key.
std::optional<std::string> dpop_token(const Secret& key, const std::string& url, Time now, const std::string& id);

}  // namespace iamodbc
