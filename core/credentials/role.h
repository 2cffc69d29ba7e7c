// role: roles that are assumed one after another, each with the keys of the one before.
// Asks STS in the region of `profile` (provider.h), and a person for the code of an MFA device where a step names one.
// Errors: of STS, with role, profile and who asked; 28000 without terminal and MFAPrompt where a code is needed.
// Thread rule: any thread, no lock held. Nothing is kept: cache.h keeps the end of a chain.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/credentials/cache.h"
#include "core/credentials/profile_plan.h"
#include "core/credentials/provider.h"

namespace iamodbc {

// `profile`: whose settings count for the calls. A step without profile is RoleArn of the DSN.
Answer assume_roles(SharedCredentials base, const std::vector<RoleStep>& roles, const Context& context,
                    const std::string& profile);

// All that decides which keys the steps give, besides the base.
CredentialKey& add_roles(CredentialKey& key, const std::vector<RoleStep>& roles, const Context& context,
                         const std::string& profile);

// What needs a person is not refreshed before it has to be.
RefreshWindows refresh_windows(const std::vector<RoleStep>& roles);

// RoleArn of the DSN, assumed with what was found; the keys are kept for the process. `role_arn` in full.
Answer assume_role_of_dsn(const SharedCredentials& found, const std::string& role_arn, const Context& context,
                          const std::string& profile);

}  // namespace iamodbc
