// aws_login: the keys of a session that `aws login` opened, in the AWS CLI's own cache.
// Shape: $AWS_LOGIN_CACHE_DIRECTORY or ~/.aws/login/cache, file SHA-256 of login_session + ".json", mode 0600. In the last five minutes of its keys the session is refreshed,
// by one process or thread at a time, after a new look at the file, and written back; members that we do not know stay. A refresh that fails leaves keys in use that are still good.
// Errors: 28000, naming `aws login`. Thread rule: any thread, no lock of ours held. Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/credentials/profile_plan.h"
#include "core/credentials/provider.h"

namespace iamodbc {

std::string login_session_file(const System& system, const std::string& session);

// Out of the process's cache (cache.h) if they are there.
Answer aws_login_credentials(const Context& context, const AwsLogin& login);

}  // namespace iamodbc
