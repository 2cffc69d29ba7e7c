// SPDX-License-Identifier: Apache-2.0
#include "setup/credential_search.h"

#include <utility>

#include "setup/progress.h"

namespace iamodbc {

void add_credential_arguments(CLI::App& app, CredentialArguments& arguments) {
  app.add_option("DSN", arguments.source, source_help)->type_name("");
  app.add_option("--profile", arguments.profile, "A profile of the AWS files, whatever the DSN says")
      ->type_name("PROFILE");
}

std::optional<Error> search_credentials(CredentialSearch& search, const CredentialArguments& arguments) {
  auto question = credential_question_of(arguments.source, arguments.profile, search.system);
  if (!question) return question.error();
  search.question = std::move(question).value();
  auto found = searched(search.question.settings, [&] { return find_credentials(search.context(), &search.attempts); });
  if (!found) return found.error();
  search.credentials = std::move(found.value().credentials);
  return std::nullopt;
}

}  // namespace iamodbc
