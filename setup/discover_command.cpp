// What there is to connect to in an AWS account, as a table, as JSON, or as DSNs.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/attributes.h"
#include "setup/command.h"
#include "setup/discover/found_dsn.h"
#include "setup/discover/report.h"
#include "setup/discover/search.h"
#include "setup/dsn/options.h"
#include "setup/dsn/report.h"
#include "setup/dsn/store.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct Options {
  DiscoverQuestion question;
  std::string engine;
  std::string user;
  bool json = false;
  bool write_dsn = false;
  DsnOptions dsn;
};

const std::map<std::string, std::vector<Family>>& engine_choices() {
  static const std::map<std::string, std::vector<Family>> choices{{"postgresql", {Family::postgresql}},
                                                                  {"mysql", {Family::mysql}},
                                                                  {"redshift", {Family::redshift}},
                                                                  {"dsql", {Family::dsql}}};
  return choices;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

// "added to /home/me/.odbc.ini: sales, sales-reader", then who is left out and why.
void show_dsns(const std::vector<FoundDatabase>& databases, const std::vector<FoundDsn>& dsns,
               const std::string& path) {
  std::vector<std::string> added;
  std::vector<std::string> known;
  std::vector<std::pair<std::string, std::vector<std::string>>> left_out;
  for (std::size_t i = 0; i < dsns.size(); ++i) {
    const FoundDsn& one = dsns[i];
    if (!one.name.empty()) {
      (one.note.empty() ? added : known).push_back(shown(one.name));
      continue;
    }
    const bool is_of_its_cluster =
        databases[i].kind == "instance" && databases[i].iam == IamLogin::on && !databases[i].cluster.empty();
    if (is_of_its_cluster) continue;  // nobody misses it
    auto same =
        std::find_if(left_out.begin(), left_out.end(), [&](const auto& kind) { return kind.first == one.note; });
    if (same == left_out.end()) same = left_out.insert(same, {one.note, {}});
    const std::string name = shown(databases[i].name);
    if (same->second.empty() || same->second.back() != name) same->second.push_back(name);
  }
  if (!added.empty()) print("added to " + shown(path) + ": " + joined(added));
  if (!known.empty()) print("there already: " + joined(known));
  for (const auto& [why, names] : left_out) print("left out: " + joined(names) + ": " + shown(why));
  if (added.empty() && known.empty()) complain("no DSN was written");
}

std::string json_of(const std::vector<FoundDsn>& dsns, const std::string& path) {
  std::vector<std::string> all;
  all.reserve(dsns.size());
  for (const FoundDsn& one : dsns) {
    all.push_back("{\"dsn\": " + (one.name.empty() ? "null" : json_string(one.name)) + ", \"host\": " +
                  json_string(one.host) + ", \"note\": " + (one.note.empty() ? "null" : json_string(one.note)) + "}");
  }
  return ",\n \"file\": " + json_string(path) + ",\n \"dsns\": " + json_list(all);
}

Result<DsnLines> lines_for_each(const Options& options) {
  auto lines = lines_of(options.dsn);
  if (!lines) return lines;
  const auto add = [&](AttributeId id, const std::string& value) {
    if (!value.empty()) lines.value().push_back({attribute_row(id).name, value});
  };
  add(AttributeId::uid, options.user);
  add(AttributeId::profile, options.question.profile);
  return lines;
}

int run(const Options& options) {
  DiscoverQuestion question = options.question;
  if (!options.engine.empty()) question.families = engine_choices().at(options.engine);
  const auto lines = lines_for_each(options);
  if (!lines) {
    complain(lines.error().message);
    return Exit::usage;
  }
  const auto found = discover_databases(question);
  if (!found) {
    complain(found.error());
    return Exit::failed;
  }
  const Inventory& inventory = found.value();
  const System system;
  const std::string path = odbc_ini_path(options.dsn.is_system, system);
  std::vector<FoundDsn> dsns;
  if (options.write_dsn) {
    auto written = write_found_dsns(inventory.databases, lines.value(), path, system);
    if (!written) return failed(written.error(), path, system);
    dsns = std::move(written).value();
  }
  if (options.json) {
    print(json_of(inventory, options.write_dsn ? json_of(dsns, path) : ""));
  } else {
    for (const std::string& line : table_of(inventory.databases)) print(line);
  }
  for (const std::string& text : unanswered_in_words(inventory)) warn(text);
  if (inventory.answers == 0) return Exit::failed;
  if (inventory.databases.empty() && !options.json) {
    complain(question.all_regions ? "nothing was found" : "nothing was found; --all-regions looks everywhere");
  }
  if (options.write_dsn && !options.json) show_dsns(inventory.databases, dsns, path);
  return Exit::ok;
}

}  // namespace

Run discover_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  std::string engines;
  for (const auto& [name, families] : engine_choices()) engines += (engines.empty() ? "" : "|") + name;
  CLI::Option* const region =
      app.add_option("--region", options->question.regions,
                     "Ask this region, not the one of the environment or the profile; may be repeated")
          ->type_name("REGION")
          ->expected(1)
          ->take_all();
  app.add_flag("--all-regions", options->question.all_regions, "Ask every region")->excludes(region);
  app.add_option("--engine", options->engine, "What speaks to clients of this engine alone")
      ->type_name(engines)
      ->check(CLI::IsMember(&engine_choices()));
  app.add_option("--profile", options->question.profile, "The profile of the AWS files to ask with")
      ->type_name("PROFILE");
  app.add_flag("--json", options->json, "As one JSON object");
  CLI::Option* const write =
      app.add_flag("--write-dsn", options->write_dsn, "Write a DSN for each that IAM opens, if none leads there yet");
  app.add_option("--user", options->user, "The database user of these DSNs")->type_name("NAME")->needs(write);
  app.add_option("--set", options->dsn.settings, "Another attribute of these DSNs; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all()
      ->needs(write);
  app.add_flag("--system", options->dsn.is_system, "In everybody's odbc.ini (ODBCSYSINI or /etc), not in the user's")
      ->needs(write);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
