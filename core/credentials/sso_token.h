// sso_token: the token of a sign-in to IAM Identity Center, in the AWS CLI's own cache: either program can use the other's sign-in.
// Shapes: ~/.aws/sso/cache/NAME.json, mode 0600; NAME is the SHA-1 of the session's name, else of the start URL. The registration of the program that signs in stands beside,
// under the SHA-1 of a JSON text (registration_key()). Times are UTC, 2024-01-02T03:04:05Z.
// A token of a session is refreshed from 15 minutes before its end, by one process or thread at a time, after a new look at the file; when that fails it is used until it ends.
// Errors: 28000. Thread rule: any thread, no lock of ours held; the refresh holds a file lock. Source:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html; docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/aws/client.h"
#include "core/aws/sso_oidc.h"
#include "core/credentials/credential_key.h"
#include "core/credentials/profile_plan.h"
#include "core/deadline.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

std::string sso_cache_folder(const System& system);
std::string token_file(const System& system, const SsoLogin& login);
std::string registration_key(const SsoLogin& login);
std::string registration_file(const System& system, const SsoLogin& login);

// Somebody has to sign in; `why` in one sentence or two.
struct SignInNeeded {
  std::string why;
};

// The access token, refreshed where it is due. `client`: of the login's profile.
std::variant<Secret, SignInNeeded, Error> sso_access_token(const AwsClient& client, const SsoLogin& login);

// ---- for the sign-in ----

// What the file says, however old it is; nothing when it is missing or says nothing.
struct KeptToken {
  Secret access_token;
  Time end;
};
std::optional<KeptToken> kept_token(const System& system, const SsoLogin& login);

// The file and its access token, as a part of what decides which credentials come.
void add_token(CredentialKey& key, const System& system, const SsoLogin& login);

// The registration that is kept and good for another 15 minutes, for the way of signing in.
std::optional<OidcClient> kept_registration(const System& system, const SsoLogin& login, bool in_browser);
std::optional<Error> keep_registration(const System& system, const SsoLogin& login, const OidcClient& program,
                                       bool in_browser);
std::optional<Error> keep_token(const System& system, const SsoLogin& login, const OidcClient& program,
                                const OidcToken& token);

// The scopes to register: those of the section, in the browser sso:account:access at least.
std::vector<std::string> scopes_to_register(const SsoLogin& login, bool in_browser);

}  // namespace iamodbc
