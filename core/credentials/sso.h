// sso: the keys of a role in IAM Identity Center, by the sign-in that the AWS CLI or we keep (sso_token.h).
// Where somebody has to sign in, and SSOLogin of odbc.ini allows it, the program that connects allows to ask and there is a display or a terminal, the sign-in happens here: one
// at a time, however many connections wait, and those that waited for one that failed fail with it. Else the error names the command.
// Thread rule: as provider.h. Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html; docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/credentials/profile_plan.h"
#include "core/credentials/provider.h"
#include "core/result.h"

namespace iamodbc {

// Whether the DSN names a sign-in or a role in IAM Identity Center.
bool names_sso(const CredentialSettings& settings);

// What the DSN says before its profile, or the default one.
Result<SsoLogin> sso_login_of_dsn(const Context& context, bool needs_role);

// Out of the process's cache (cache.h) if they are there.
Answer sso_credentials(const Context& context, const SsoLogin& login);

// SSOStartURL, SSORegion, SSOAccountID, SSORoleName and SSOSession of the DSN.
std::unique_ptr<Provider> sso_provider();

}  // namespace iamodbc
