// shared_tokens: LoginCache=user: login tokens that a server accepted, for the other processes of the same user, in the kernel's user keyring until their end.
//
// What may go there is what this user could sign again alone: no token of keys that stay in the process (Credentials::stays_in_process). Another process takes it only if
// all of LoginKey is the same, the keys among it. Nobody else's word is taken for its end: that follows from the second in which it was signed.
// A token is put there after the server let it in, so nobody takes one from another that was never good, and there is no need to wait for each other: signing takes 8 us.
// It makes room for credentials, and for others of its kind; it takes none from credentials.
// What stands there may have been written by any program of the user: it is read as a stranger's.
// Errors: none; without a keyring each process signs for itself. Thread rule: any thread; no lock is held.
// Source: docs/security.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "core/credentials/credentials.h"
#include "core/log.h"
#include "core/login/cache.h"
#include "core/login/login.h"
#include "core/secret.h"
#include "core/settings.h"
#include "core/system.h"

namespace iamodbc {

// Whether LoginCache and the keys that sign let its tokens go there.
bool shares_tokens(const Settings& settings, const Credentials& credentials);

// One that a LoginCache would give still; `is_from_cache` is set. `lifetime`: of a token, from its signature on.
std::optional<Token> find_shared_token(const LoginKey& key, const Credentials& credentials,
                                       std::chrono::seconds lifetime, const System& system);

// After the server accepted it. Does nothing for what may not be shared or came out of a cache, or while a good one is there.
void share_token(const Login& login, const System& system, const Log& log);

// The server refused it: it is not given again. Another one that has its place by now stays.
void drop_shared_token(const Login& refused);

}  // namespace iamodbc
