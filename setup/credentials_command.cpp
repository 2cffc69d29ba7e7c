// The credentials that a DSN or this environment finds, in the form that credential_process wants; or, without any
// secret, how they were looked for.
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "setup/command.h"
#include "setup/credential_search.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct Options {
  CredentialArguments arguments;
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

void explain(const CredentialSearch& search) {
  for (const Attempt& attempt : search.attempts) print(shown(attempt.provider + ": " + attempt.outcome));
  if (search.credentials == nullptr) return;
  const Credentials& credentials = *search.credentials;
  print(shown("key " + masked_key_id(credentials.access_key_id) + " from " + credentials.source +
              (credentials.session_token.empty() ? ", long-term" : ", with a session token") +
              (credentials.expiration ? ", until " + extended_time(*credentials.expiration) : "")));
  // Without credentials the error tells what is wrong with the files, if that is why.
  for (const std::string& problem : search.files.problems()) warn(problem);
}

int run(const Options& options) {
  CredentialSearch search;
  const auto error = search_credentials(search, options.arguments);
  if (options.explain) {
    explain(search);
  } else if (!error) {
    print(process_json(*search.credentials).reveal());
  }
  if (error) complain(*error);
  return error ? Exit::failed : Exit::ok;
}

}  // namespace

Run credentials_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_credential_arguments(app, options->arguments);
  app.add_flag("--explain", options->explain, "Say who was asked and why each passed; no secret is printed");
  return [options] { return run(*options); };
}

}  // namespace iamodbc
