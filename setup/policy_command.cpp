// The IAM policy and the SQL that let one DSN log in.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/login/fetched_login.h"
#include "core/login/login.h"
#include "core/login/names.h"
#include "setup/command.h"
#include "setup/credential_search.h"
#include "setup/output.h"
#include "setup/policy/lookup.h"
#include "setup/progress.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  bool only_policy = false;
  bool only_sql = false;
  bool json = false;
};

std::vector<std::string> quoted(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  all.reserve(texts.size());
  for (const std::string& text : texts) all.push_back(json_string(text));
  return all;
}

void print_lines(const std::string& text) {
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    print(text.substr(start, end - start));
    start = end + 1;
  }
}

void show(const AccessPolicy& policy, const Options& options) {
  const std::string document = policy_document(policy.statements);
  if (options.json) {
    print_lines("{\"policy\": " + document + ",\n\"sql\": " + json_list(quoted(policy.sql)) +
                ",\n\"remarks\": " + json_list(quoted(policy.remarks)) + "}");
    return;
  }
  if (!options.only_sql) print_lines(document);
  if (!options.only_sql && !options.only_policy && !policy.sql.empty()) print("");
  if (options.only_policy) return;
  for (const std::string& line : policy.sql) print(shown(line));
}

Error needs_no_policy() {
  return cannot_connect("AuthType is not IAM here, so no policy lets this login in: the database asks for a password.");
}

// Of a DSN that signs a token, what is signed for. With ResolveCNAME=yes it is the endpoint behind Server, as in a connect; else that endpoint is the one which is
// meant, and a remark says what the DSN lacks.
std::optional<Error> follow_alias(Source& source, std::vector<std::string>& remarks) {
  Settings& settings = source.settings;
  auto resolved = with_resolved_server(std::move(settings), Log(), no_deadline);
  if (!resolved) return resolved.error();
  settings = std::move(resolved).value();
  const std::string endpoint = advised_endpoint(settings, no_deadline);
  if (endpoint.empty()) return std::nullopt;
  remarks.push_back("DNS says that " + settings.server + " is an alias of " + endpoint + ", and this is for " +
                    endpoint + ". Write " + line_for_endpoint(endpoint, *source.profile) +
                    " (or ResolveCNAME=yes) into the DSN: a token for an alias lets nobody in.");
  settings.token_host = endpoint;
  return std::nullopt;
}

Result<SignedEndpoint> endpoint_of(const FetchSettings& fetched, const std::optional<Source>& source,
                                   const CredentialSearch& search) {
  if (source) return signed_endpoint(source->settings, search.system, search.files, search.log, no_deadline);
  auto region = fetch_region(fetched, search.system, search.files, search.log, no_deadline);
  if (!region) return region.error();
  SignedEndpoint fetched_one;
  fetched_one.endpoint.region = fetched_one.asked_region = region.value().region;
  return fetched_one;
}

// With the region in which a global database writes; where nobody tells it, nobody is asked for more.
void ask_in_region(PolicyAsker& asker, SignedEndpoint& endpoint, const SharedCredentials& credentials) {
  if (asker.keys != nullptr) {
    if (const auto error = settle_region(endpoint, asker.client, *credentials)) {
      asker.keys = nullptr;
      asker.why_not = error->message;
    }
  }
  asker.client.region = endpoint.endpoint.region.empty() ? unknown_region : endpoint.endpoint.region;
}

Result<AccessPolicy> look_up(const Options& options) {
  CredentialSearch search;
  const OdbcFiles files = OdbcFiles::read(search.system);
  auto string = read_source(options.source, files);
  if (!string) return string.error();
  auto given = Given::gather(std::move(string).value(), files);
  if (!given) return given.error();
  auto fetched = read_fetch_settings(given.value());
  if (!fetched) return fetched.error();
  const bool is_fetched = fetches_login(fetched.value().auth_type);
  std::optional<Source> source;
  std::vector<std::string> remarks;
  if (!is_fetched) {
    auto settings = read_settings_without_base_driver(std::move(given).value(), files, search.system);
    if (!settings) return settings.error();
    source = std::move(settings).value();
    if (!brings_login(source->settings.auth_type)) return needs_no_policy();
    if (const auto error = follow_alias(*source, remarks)) return *error;
  }
  auto endpoint = endpoint_of(fetched.value(), source, search);
  if (!endpoint) return endpoint.error();
  search.question.region = endpoint.value().asked_region;
  search.question.settings = std::move(is_fetched ? fetched.value().credentials : source->settings.credentials);
  const std::string profile = chosen_profile(search.system, search.question.settings.profile).name;
  PolicyAsker asker{
      {search.system, search.files, profile, search.question.region, search.log, no_deadline}, nullptr, ""};
  std::optional<SigningKeys> keys;
  auto found = searched(search.question.settings, [&] { return find_credentials(search.context()); });
  if (found) {
    search.credentials = std::move(found.value().credentials);
    keys.emplace(SigningKeys{search.credentials->access_key_id, search.credentials->secret_access_key,
                             search.credentials->session_token});
    asker.keys = &*keys;
  } else {
    asker.why_not = "No AWS credentials: " + found.error().message;
  }
  auto policy = waited("asking AWS about the database", [&]() -> Result<AccessPolicy> {
    ask_in_region(asker, endpoint.value(), search.credentials);
    if (is_fetched) return fetched_policy(fetched.value(), asker);
    return token_policy(*source, asker);
  });
  if (policy) policy.value().remarks.insert(policy.value().remarks.begin(), remarks.begin(), remarks.end());
  return policy;
}

int run(const Options& options) {
  const auto policy = look_up(options);
  if (!policy) {
    complain(policy.error());
    return Exit::failed;
  }
  show(policy.value(), options);
  for (const std::string& remark : policy.value().remarks) warn(remark);
  return Exit::ok;
}

}  // namespace

Run policy_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DSN", options->source, source_help)->required()->type_name("");
  CLI::Option* const policy = app.add_flag("--policy", options->only_policy, "The IAM policy alone");
  CLI::Option* const sql = app.add_flag("--sql", options->only_sql, "The SQL statements alone")->excludes(policy);
  app.add_flag("--json", options->json, "As one JSON object")->excludes(policy)->excludes(sql);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
