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

Result<std::string> region_of(const FetchSettings& fetched, const std::optional<Source>& source,
                              const CredentialSearch& search) {
  if (source) {
    auto endpoint = signed_endpoint(source->settings, search.system, search.files, search.log, no_deadline);
    return endpoint ? Result<std::string>(endpoint.value().endpoint.region) : endpoint.error();
  }
  auto region = fetch_region(fetched, search.system, search.files, search.log, no_deadline);
  return region ? Result<std::string>(region.value().region) : region.error();
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
  if (!is_fetched) {
    auto settings = read_settings_of(std::move(given).value(), files, search.system);
    if (!settings) return settings.error();
    source = std::move(settings).value();
  }
  auto region = region_of(fetched.value(), source, search);
  if (!region) return region.error();
  search.question.region = std::move(region).value();
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
    asker.why_not = found.error().message;
  }
  return waited("asking AWS about the database",
                [&] { return is_fetched ? fetched_policy(fetched.value(), asker) : token_policy(*source, asker); });
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
