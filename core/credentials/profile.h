// profile: credentials of a profile of the shared AWS files: makes its plan and walks it. What a plan with roles ends in
// is kept for the process.
// The profile is the one that the DSN names, else that of AWS_PROFILE or AWS_DEFAULT_PROFILE, else default. One that is
// named and does not exist is an error; a default that does not exist is "not configured here". A problem in either
// file is an error for all who need a profile: a key that could not be read may be the one that decides.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "core/credentials/provider.h"

namespace iamodbc {

std::unique_ptr<Provider> profile_provider();

// The error for a profile that DSN or environment name and that is in neither file; nothing when all is well, or when
// the files have problems and cannot tell.
std::optional<Error> missing_profile(const Context& context);

}  // namespace iamodbc
