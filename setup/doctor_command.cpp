// What is wrong, step by step, and what to do about it: of one DSN, or of the installation.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/credentials/credentials.h"
#include "setup/command.h"
#include "setup/doctor/advice.h"
#include "setup/doctor/examination.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  unsigned timeout = 30;
  bool json = false;
  bool report = false;
  bool keep_hosts = false;
  bool offline = false;
  bool list = false;
};

void examine(Examination& examination, bool is_offline) {
  look_at_ini_files(examination);
  if (examination.argument.empty()) {
    look_at_all_drivers(examination);
    look_at_permissions(examination);
    look_at_rds_certificates(
        examination, CaFile{data_directory(library_folder()) + "/rds-ca.pem", "the RDS certificates of iamodbc"});
    look_at_own_credentials(examination);
    if (!is_offline) ask_aws(examination);
    return;
  }
  if (!look_at_settings(examination, is_offline)) return;
  look_at_permissions(examination);
  look_at_login(examination);
  if (!is_offline) ask_aws(examination);
  look_at_cleartext_plugin(examination);
  if (is_offline) return examination.findings.add("network", Mark::skipped, "not tried, because of --offline");
  look_at_network(examination);
  look_at_database(examination);
}

// ---- what others may not read ----

void add_secret(Privacy& privacy, std::string_view text) {
  if (!text.empty()) privacy.secrets.emplace_back(text);
}

// Messages name them without their URL as well.
void meet_hosts_of_urls(Examination& examination) {
  for (const Finding& finding : examination.findings.all()) {
    for (const std::string& line : finding.found) {
      for (const std::string& host : hosts_of_urls(line)) examination.met(host);
    }
  }
  for (const char* const name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"}) {
    const std::string proxy = examination.system.set_variable(name).value_or("");
    for (const std::string& host : hosts_of_urls(proxy.find("://") == std::string::npos ? "http://" + proxy : proxy))
      examination.met(host);
  }
}

Privacy privacy_of(Examination& examination, bool keeps_hosts) {
  Privacy privacy;
  const System& system = examination.system;
  privacy.homes = {system.home(), system.account_home()};
  for (const char* const name : {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "PGPASSWORD"})
    add_secret(privacy, system.set_variable(name).value_or(""));
  if (examination.given) {
    for (const Found& found : examination.given->all()) {
      if (is_one_of(examination.profile->secret_names, found.name)) add_secret(privacy, found.value);
      const AttributeRow* const row = our_attribute(*examination.profile, found.name);
      if (row == nullptr) continue;
      if (row->is_secret) add_secret(privacy, found.value);
      if (row->id == AttributeId::server || row->id == AttributeId::token_host)
        examination.met(std::string(found.value));
    }
  }
  if (const auto& credentials = examination.prepared.credentials) {
    add_secret(privacy, credentials->secret_access_key.reveal());
    add_secret(privacy, credentials->session_token.reveal());
  }
  if (const auto& login = examination.prepared.login) add_secret(privacy, login->secret.reveal());
  privacy.shows_hosts = keeps_hosts;
  if (keeps_hosts) return privacy;
  meet_hosts_of_urls(examination);
  privacy.hosts = examination.hosts;
  std::stable_sort(privacy.hosts.begin(), privacy.hosts.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return privacy;
}

std::vector<std::string> messages_of(const Advice& row) {
  std::vector<std::string> messages;
  for (const char* const part : row.messages) {
    if (part != nullptr) messages.push_back("`" + std::string(part) + "`");
  }
  return messages;
}

// By message, then all of it.
int list_advice() {
  print("| the message has | look at |");
  print("|---|---|");
  for (const Advice& row : advice_table()) {
    for (const std::string& message : messages_of(row))
      print("| " + message + " | [" + row.id + "](#" + row.id + ") |");
  }
  for (const Advice& row : advice_table()) {
    print(std::string("\n### ") + row.id);
    print(std::string("\n**") + row.problem + ".** " + row.cause);
    print(std::string("\nWhat to do: ") + row.remedy);
  }
  return Exit::ok;
}

int run(const Options& options) {
  if (options.list) return list_advice();
  const bool prints_at_once = !options.json && !options.report;
  Findings findings(prints_at_once);
  Examination examination(options.source, std::chrono::seconds(options.timeout), findings);
  examine(examination, options.offline);
  const std::string subject = subject_of(options.source);
  if (options.report) {
    print(report_of(findings, subject, privacy_of(examination, options.keep_hosts)));
  } else if (options.json) {
    print(json_of(findings, subject, privacy_of(examination, true).secrets));
  } else {
    print(findings.summary());
  }
  return findings.has_failed() ? Exit::failed : Exit::ok;
}

}  // namespace

Run doctor_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DSN", options->source, std::string(source_help) + "; without one, the installation")->type_name("");
  app.add_option("--timeout", options->timeout, "Longest wait for one step, in seconds (30; 0: none for the login)")
      ->type_name("SECONDS");
  app.add_flag("--offline", options->offline,
               "Ask neither AWS nor the database (a role, SSO or instance of the credentials is asked all the same)");
  CLI::Option* const json = app.add_flag("--json", options->json, "As one JSON object");
  CLI::Option* const report =
      app.add_flag("--report", options->report, "For a bug report: Markdown, without host names, account and key ids")
          ->excludes(json);
  app.add_flag("--keep-hosts", options->keep_hosts, "Leave host names and addresses in the report")->needs(report);
  app.add_flag("--list", options->list, "Print all advice there is, as Markdown")->excludes(json)->excludes(report);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
