// process: runs a credential_process and reads the credentials that it prints.
// The command line is split by POSIX quoting rules and run without a shell: $VAR, ~, ; and | are plain text. The
// program inherits environment, standard input and working directory and nothing else; it is stopped at the deadline.
// Shape of its output: one JSON object {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken"?, "Expiration"?,
// "AccountId"?}, at most 1 MB; null counts as absent, Expiration is any ISO 8601 moment. Credentials that have ended
// already make it run once more. Errors: 28000; HYT00 at the deadline. Messages name the program, never its arguments,
// and show at most 500 bytes of its standard error, with all that looks like a key left out. Thread rule: any thread;
// starts no thread; works where the host ignores SIGCHLD or reaps all children itself. Source:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/credentials/provider.h"
#include "core/result.h"

namespace iamodbc {

// `source`: where the command line stands, for people: "CredentialProcess", "credential_process of profile dev".
Result<SharedCredentials> run_credential_process(std::string_view command_line, const std::string& source,
                                                 const Context& context);

// The same, with what has an Expiration kept for the process (cache.h). What has none is for those who waited only: it
// may be other keys next time.
Answer kept_credential_process(std::string_view command_line, const std::string& source, const Context& context);

// CredentialProcess= of the DSN.
std::unique_ptr<Provider> process_provider();

// KeyPrompt= of the DSN: a program that asks a person for keys, run at each connect.
std::unique_ptr<Provider> key_prompt_provider();

}  // namespace iamodbc
