// keyring: AWS keys of a person, that stand in no file: kept in the desktop's keyring (the Secret Service), or asked for at each connect on the terminal.
// The keyring is reached through `secret-tool` of libsecret; an item has the attributes application=iamodbc and profile=<Profile, else default>, and holds the JSON
// that a credential_process prints. `iamodbc login --keys` puts it there.
// Where the keyring holds no such item or cannot be reached, the terminal is asked, if there is one. Answers are not kept.
// Errors: 28000, which name both ways; HYT00 at the deadline, and when the keyring has not answered for two minutes. Thread rule: any thread, no lock held.
// Source: https://specifications.freedesktop.org/secret-service/latest/; secret-tool(1)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/credentials/provider.h"
#include "core/error.h"
#include "core/secret.h"

namespace iamodbc {

std::unique_ptr<Provider> keyring_provider();

// The name under which the keys of a DSN stand: its Profile, else default.
std::string keyring_name(const CredentialSettings& settings);

// Asks for the keys on the terminal: credentials, or an error that begins with `why`.
Answer ask_for_keys(const std::string& name, const std::string& why, const Context& context);

// Puts keys there, over those that were; `json` travels through the program's standard input.
std::optional<Error> store_in_keyring(const std::string& name, const Secret& json, Deadline deadline);
// Takes them out; no error where there were none.
std::optional<Error> remove_from_keyring(const std::string& name, Deadline deadline);

}  // namespace iamodbc
