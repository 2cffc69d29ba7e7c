// credential_search: what `whoami` and `credentials` share: the AWS credentials of a DSN, a connection string, a profile
// or this environment, looked for as a connect does, and who was asked.
// Thread rule: one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/credentials/default_chain.h"
#include "setup/source.h"

namespace iamodbc {

struct CredentialArguments {
  std::string source;
  std::string profile;
};
// DSN and --profile. `arguments` must live until the command line is read.
void add_credential_arguments(CLI::App& app, CredentialArguments& arguments);

struct CredentialSearch {
  System system;
  AwsFiles files = AwsFiles::read(system);
  Log log;
  CredentialQuestion question;
  std::vector<Attempt> attempts;  // on failure too
  SharedCredentials credentials;

  [[nodiscard]] Context context() const {
    return Context{system, files, question.settings, log, no_deadline, question.region};
  }
};
// Fails as credential_question_of and find_credentials do; `search` then holds what was reached.
std::optional<Error> search_credentials(CredentialSearch& search, const CredentialArguments& arguments);

}  // namespace iamodbc
