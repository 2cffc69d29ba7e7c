// web_identity: a role taken with the token of a web identity, as pods and pipelines have it in a file.
// Each of token file, role and session name is taken from the DSN, else the environment (AWS_WEB_IDENTITY_TOKEN_FILE,
// AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME), else, by profile.h, the profile. The file is read at each fetch, because it
// is renewed, and sent as it is. The keys are kept for the process.
// Errors: 28000 for a file that cannot be read or is empty, and without a role; HY024 for a bare name as RoleArn without
// ExpectedAccountID; of STS.
// Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/credentials/credential_key.h"
#include "core/credentials/profile_plan.h"
#include "core/credentials/provider.h"

namespace iamodbc {

// `profile`: whose settings count for the call; empty: none.
Answer take_web_identity(const WebIdentity& identity, const Context& context, const std::string& profile);

// The token itself, as a part of what decides.
void add_token(CredentialKey& key, const WebIdentity& identity);

// What the variables say; all empty when they are unset.
WebIdentity web_identity_of_environment(const System& system);

// Credentials=WebIdentity, or WebIdentityTokenFile.
std::unique_ptr<Provider> web_identity_provider();

}  // namespace iamodbc
