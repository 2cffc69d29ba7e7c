// The credentials that a DSN or this environment finds, in the form that credential_process wants; or, without any
// secret, how they were looked for.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "core/credentials/default_chain.h"
#include "core/walk.h"
#include "setup/command.h"
#include "setup/output.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  std::string profile;
  bool explain = false;
};

// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
Secret process_json(const Credentials& credentials) {
  Secret json("{\"Version\": 1, \"AccessKeyId\": ");
  const auto add = [&json](std::string text) {
    json.append(text);
    wipe(text);
  };
  add(json_string(credentials.access_key_id));
  add(", \"SecretAccessKey\": ");
  add(json_string(credentials.secret_access_key.reveal()));
  if (!credentials.session_token.empty()) {
    add(", \"SessionToken\": ");
    add(json_string(credentials.session_token.reveal()));
  }
  if (credentials.expiration) add(", \"Expiration\": " + json_string(extended_time(*credentials.expiration)));
  add("}");
  return json;
}

void explain(const std::vector<Attempt>& attempts, const Result<FoundCredentials>& found) {
  for (const Attempt& attempt : attempts) print(shown(attempt.provider + ": " + attempt.outcome));
  if (!found) return;
  const Credentials& credentials = *found.value().credentials;
  print(shown("key " + masked_key_id(credentials.access_key_id) + " from " + credentials.source +
              (credentials.session_token.empty() ? ", long-term" : ", with a session token") +
              (credentials.expiration ? ", until " + extended_time(*credentials.expiration) : "")));
}

int run(const Options& options) {
  const System system;
  const auto asked = credential_question_of(options.source, options.profile, system);
  if (!asked) {
    complain(asked.error());
    return Exit::failed;
  }
  const AwsFiles files = AwsFiles::read(system);
  const Log log;
  std::vector<Attempt> attempts;
  const auto found = find_credentials(
      Context{system, files, asked.value().settings, log, no_deadline, asked.value().region}, &attempts);
  if (options.explain) {
    explain(attempts, found);
  } else if (found) {
    print(process_json(*found.value().credentials).reveal());
  }
  if (!found) complain(found.error());
  return found ? Exit::ok : Exit::failed;
}

}  // namespace

Run credentials_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DSN", options->source, source_help)->type_name("");
  app.add_option("--profile", options->profile, "A profile of the AWS files, whatever the DSN says")
      ->type_name("PROFILE");
  app.add_flag("--explain", options->explain, "Say who was asked and why each passed; no secret is printed");
  return [options] { return run(*options); };
}

}  // namespace iamodbc
