// environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SECURITY_TOKEN (before AWS_SESSION_TOKEN), AWS_ACCOUNT_ID
// and AWS_CREDENTIAL_EXPIRATION. Empty counts as unset, nothing is trimmed. A key id without its secret is an error.
// Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/credentials/provider.h"

namespace iamodbc {

std::unique_ptr<Provider> environment_provider();

}  // namespace iamodbc
