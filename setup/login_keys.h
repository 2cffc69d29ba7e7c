// login_keys: puts AWS keys into the keyring of the desktop, where Credentials=Keyring finds them; `iamodbc login --keys`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/credentials/provider.h"

namespace iamodbc {

// The keys are those on standard input, as a credential_process prints them; typed in, where that is a terminal. With `remove` those of the keyring are
// taken out. Gives an exit status; says what was done.
int login_keys(const CredentialSettings& settings, bool remove);

}  // namespace iamodbc
