// sso_oidc: IAM Identity Center's sign-in service (OpenID Connect): registers a client, starts a sign-in, gives tokens.
// Nothing is signed with keys. Errors: AwsFault (client.h); oidc_code() says which of OpenID Connect's it is, in whichever form it came. No message holds what was sent.
// Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/; RFC 7636 (PKCE); RFC 8628 (device code)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/aws/client.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

// A program that may ask for tokens.
struct OidcClient {
  std::string id;
  Secret secret;
  Time end;
};
// `start_url` only for a sign-in in the browser, which comes back to a loopback address.
std::variant<OidcClient, AwsFault> register_oidc_client(const AwsClient& client, const std::string& region,
                                                        const std::vector<std::string>& scopes, bool in_browser,
                                                        const std::string& start_url);

struct DeviceAuthorization {
  Secret device_code;
  std::string user_code;
  std::string verification_uri;
  std::string verification_uri_complete;  // holds the user's code; may be empty
  std::chrono::seconds expires_in;
  std::chrono::seconds interval;  // between two questions
};
std::variant<DeviceAuthorization, AwsFault> start_device_authorization(const AwsClient& client,
                                                                       const std::string& region,
                                                                       const OidcClient& program,
                                                                       const std::string& start_url);

struct OidcToken {
  Secret access_token;
  Secret refresh_token;  // may be empty
  std::chrono::seconds expires_in;
};
std::variant<OidcToken, AwsFault> token_by_device_code(const AwsClient& client, const std::string& region,
                                                       const OidcClient& program, const Secret& device_code);
std::variant<OidcToken, AwsFault> token_by_code(const AwsClient& client, const std::string& region,
                                                const OidcClient& program, const Secret& code,
                                                const std::string& redirect_uri, const Secret& verifier);
std::variant<OidcToken, AwsFault> token_by_refresh(const AwsClient& client, const std::string& region,
                                                   const OidcClient& program, const Secret& refresh_token);

// "slow_down" for slow_down and SlowDownException alike.
std::string oidc_code(const AwsFault& fault);

// base64url(SHA-256(verifier)).
std::string pkce_challenge(const Secret& verifier);
// Where the browser is to go. `base` from endpoint_url().
std::string authorize_url(const std::string& base, const std::string& client_id, const std::string& redirect_uri,
                          const std::string& state, const std::string& challenge,
                          const std::vector<std::string>& scopes);

}  // namespace iamodbc
