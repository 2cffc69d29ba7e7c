// What concerns AWS: who can read the files with secrets, credentials, region, token, clock, identity.
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>
#include <variant>

#include "core/aws/client.h"
#include "core/aws/endpoints.h"
#include "core/aws/http.h"
#include "core/aws/sts.h"
#include "core/credentials/sso_token.h"
#include "core/login/names.h"
#include "core/private_file.h"
#include "core/text.h"
#include "setup/doctor/advice.h"
#include "setup/doctor/examination.h"
#include "setup/rooms.h"

namespace iamodbc {
namespace {

constexpr std::chrono::seconds longest_for_aws{10};
constexpr std::chrono::seconds clock_warning{60};
constexpr std::chrono::seconds fast_limit{300};
constexpr std::chrono::seconds slow_limit{900};

// ---- permissions ----

bool holds_a_secret(const IniFile& file) {
  const BaseDriverProfile& profile = base_driver_profile(BaseKind::psqlodbc);
  for (const IniSection& section : file.sections) {
    for (const IniEntry& entry : section.entries) {
      const AttributeRow* const row = our_attribute(profile, entry.key);
      if (!entry.value.empty() && row != nullptr && row->is_secret) return true;
    }
  }
  return false;
}

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> paths;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.c_str()), closedir);
  while (const dirent* const entry =
             open ? readdir(open.get()) : nullptr) {  // NOLINT(concurrency-mt-unsafe): a folder of our own
    const std::string name(static_cast<const char*>(entry->d_name));
    if (name.ends_with(".json")) paths.push_back(folder + "/" + name);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// ---- clock and identity ----

std::string signed_seconds(std::chrono::seconds ahead) {
  const auto size = std::abs(ahead.count());
  if (size <= 1) return "right by AWS's clock";
  return std::to_string(size) + " s " + (ahead.count() > 0 ? "ahead of AWS's" : "behind AWS's");
}

void judge_clock(Findings& findings, std::chrono::seconds ahead, const std::string& asked) {
  const bool is_dead = ahead >= fast_limit || -ahead >= slow_limit;
  const bool is_off = is_dead || std::chrono::abs(ahead) >= clock_warning;
  findings.add("clock",
               is_dead  ? Mark::failed
               : is_off ? Mark::warning
                        : Mark::ok,
               signed_seconds(ahead) + " (" + asked + " was asked)",
               is_off ? std::vector<const char*>{"clock-wrong"} : std::vector<const char*>());
}

// Without keys: any answer has the time. False when nobody answers.
bool ask_for_the_time(Examination& examination, const AwsClient& client) {
  HttpRequest request;
  const auto url = endpoint_url(client, sts_service, client.region);
  if (!url) {
    examination.findings.add_failure("clock", url.error().sqlstate, url.error().message, "aws-not-reached");
    return false;
  }
  request.url = url.value() + (url.value().ends_with('/') ? "" : "/");
  request.proxy = proxy_for(request.url, client.system);
  request.ca_file = ca_bundle(client);
  request.timeout = std::chrono::seconds(5);
  const Time before = client.system.now();
  const HttpResult result = waited("asking AWS for the time", [&] { return http_send(request, client.deadline); });
  const Time here = before + (client.system.now() - before) / 2;
  const std::string asked = shown_url(request.url);
  if (const auto* const failure = std::get_if<HttpFailure>(&result)) {
    examination.findings.add("clock", Mark::note, "not compared: " + failure->reason, {"aws-not-reached"});
    return false;
  }
  const auto theirs = http_date(std::get<HttpAnswer>(result).header("date"));
  if (!theirs) {
    examination.findings.add("clock", Mark::note, "not compared: " + asked + " does not tell the time");
    return true;
  }
  judge_clock(examination.findings, std::chrono::duration_cast<std::chrono::seconds>(here - *theirs), asked);
  return true;
}

void ask_for_the_identity(Examination& examination, const AwsClient& client, const Credentials& credentials) {
  const SigningKeys keys{credentials.access_key_id, credentials.secret_access_key, credentials.session_token};
  const auto caller = waited("asking AWS whose the credentials are", [&] { return get_caller_identity(client, keys); });
  if (const auto* const fault = std::get_if<AwsFault>(&caller)) {
    if (fault->status != 0) {
      return examination.findings.add_failure("identity", fault->error.sqlstate, fault->error.message,
                                              "token-not-made");
    }
    return examination.findings.add("identity", Mark::note, "not asked for: " + fault->error.message,
                                    {"aws-not-reached"});
  }
  const auto& identity = std::get<CallerIdentity>(caller);
  examination.account = identity.account;
  std::vector<std::string> found{identity.arn};
  if (examination.prepared.endpoint && examination.settings) {
    const std::string& region = examination.prepared.endpoint->endpoint.region;
    found.push_back("its policy has to allow rds-db:connect on arn:" + partition_name(region) + ":rds-db:" + region +
                    ":" + identity.account + ":dbuser:DbiResourceId/" + examination.settings->user);
  }
  examination.findings.add(Finding{"identity", Mark::ok, std::move(found), {}});
}

void add_attempts(std::vector<std::string>& found, const std::vector<Attempt>& attempts) {
  for (const Attempt& attempt : attempts) found.push_back(attempt.provider + ": " + attempt.outcome);
}

std::vector<std::string> ends_of(const Credentials& credentials) {
  std::string text = "key " + masked_key_id(credentials.access_key_id) +
                     (credentials.session_token.empty() ? ", long-term" : ", with a session token");
  if (credentials.expiration) text += ", until " + extended_time(*credentials.expiration);
  return {text};
}

// RDS takes a token for its own endpoint alone.
void look_at_signed_name(Examination& examination) {
  const SignedEndpoint& endpoint = *examination.prepared.endpoint;
  const bool is_endpoint = is_database_endpoint(endpoint.endpoint.host);
  std::vector<std::string> found{described(endpoint, *examination.settings)};
  if (!is_endpoint) found.emplace_back("this is not the name of an endpoint of a database in AWS");
  examination.findings.add(
      Finding{"signed", is_endpoint ? Mark::ok : Mark::warning, std::move(found),
              is_endpoint ? std::vector<const char*>() : std::vector<const char*>{"custom-dns-name"}});
}

}  // namespace

void look_at_permissions(Examination& examination) {
  const AwsFiles aws = AwsFiles::read(examination.system);
  std::vector<std::string> paths{aws.credentials_path()};
  for (const std::string& path : files_of(sso_cache_folder(examination.system))) paths.push_back(path);
  const auto given = examination.system.set_variable("AWS_LOGIN_CACHE_DIRECTORY");
  for (const std::string& path :
       files_of(given ? expanded_path(examination.system, *given) : examination.system.home() + "/.aws/login/cache"))
    paths.push_back(path);
  for (const IniFile& file : examination.files.data_source_files()) {
    if (holds_a_secret(file)) paths.push_back(file.path);
  }
  std::vector<std::string> wide;
  const auto look_at = [&](const std::string& path, Holds holds) {
    const auto found = exposure_of(path, holds);
    std::string line = found ? found->what + ": " + found->remedy : "";
    if (found && std::find(wide.begin(), wide.end(), line) == wide.end()) wide.push_back(std::move(line));
  };
  for (const std::string& path : paths) look_at(path, Holds::secrets);
  // These hold secrets only when somebody put them there.
  look_at(aws.config_path(), Holds::settings);
  for (const IniFile& file : examination.files.data_source_files()) {
    if (!holds_a_secret(file)) look_at(file.path, Holds::settings);
  }
  if (wide.empty()) return examination.findings.add("permissions", Mark::ok, "files with secrets are for you alone");
  examination.findings.add(Finding{"permissions", Mark::warning, std::move(wide), {"file-permissions"}});
}

void look_at_own_credentials(Examination& examination) {
  const AwsFiles aws = AwsFiles::read(examination.system);
  const Log log;
  const CredentialSettings settings;
  std::vector<Attempt> attempts;
  const auto found = searched(settings, [&] {
    return find_credentials(Context{examination.system, aws, settings, log, examination.whole(), ""}, &attempts);
  });
  std::vector<std::string> lines;
  if (found) lines = ends_of(*found.value().credentials);
  add_attempts(lines, attempts);
  if (found) {
    examination.prepared.credentials = found.value().credentials;
    return examination.findings.add(Finding{"credentials", Mark::ok, std::move(lines), {}});
  }
  // A DSN may name others.
  lines.push_back("[" + found.error().sqlstate + "] " + found.error().message);
  examination.findings.add(
      Finding{"credentials", Mark::warning, std::move(lines), {advice_for(found.error().message, "no-credentials")}});
}

void look_at_login(Examination& examination) {
  Findings& findings = examination.findings;
  examination.met(examination.settings->server);
  examination.met(examination.settings->token_host);
  PreparedLogin& prepared = examination.prepared;
  const Settings& settings = *examination.settings;
  examination.login_error = searched(settings.credentials, [&] {
    return prepare_login(prepared, *examination.given, settings, *examination.profile, examination.system, Log(),
                         data_directory(examination.our_library->folder), examination.whole());
  });
  const auto& error = examination.login_error;
  const auto failed = [&](const char* step, const char* advice) {
    findings.add_failure(step, error->sqlstate, error->message, advice);
  };
  if (settings.asks_for_tls && !prepared.tls) return failed("TLS wanted", "tls-weakened");
  findings.add("TLS wanted", Mark::ok, described(prepared.tls, settings));
  if (prepared.tls) look_at_rds_certificates(examination, prepared.tls->ca);
  if (!brings_login(settings.auth_type)) return;
  if (fetches_login(settings.auth_type)) {
    if (error) failed("login", "login-not-fetched");
    return;
  }
  const bool was_asked_in_vain =
      prepared.endpoint && prepared.endpoint->endpoint.region.empty() && prepared.credentials != nullptr;
  if (!prepared.endpoint || was_asked_in_vain) return failed("region", "token-not-made");
  const RegionChoice& region = prepared.endpoint->region;
  std::vector<std::string> lines{described(region)};
  if (!region.warning.empty()) lines.push_back(region.warning);
  findings.add(
      Finding{"region", region.warning.empty() ? Mark::ok : Mark::warning, std::move(lines),
              region.warning.empty() ? std::vector<const char*>() : std::vector<const char*>{"region-contradicts"}});
  look_at_signed_name(examination);
  if (error && prepared.attempts.empty() && prepared.credentials == nullptr) return failed("CA file", "ca-file");

  lines.clear();
  if (prepared.credentials != nullptr) lines = ends_of(*prepared.credentials);
  add_attempts(lines, prepared.attempts);
  if (prepared.credentials == nullptr) {
    lines.push_back("[" + error->sqlstate + "] " + error->message);
    return findings.add(
        Finding{"credentials", Mark::failed, std::move(lines), {advice_for(error->message, "token-not-made")}});
  }
  findings.add(Finding{"credentials", Mark::ok, std::move(lines), {}});
  if (!prepared.login) return failed("token", "token-not-made");
  findings.add("token", Mark::ok, token_described(*prepared.login));
}

void ask_aws(Examination& examination) {
  const AwsFiles aws = AwsFiles::read(examination.system);
  const Log log;
  const std::string profile =
      chosen_profile(examination.system, examination.settings ? examination.settings->credentials.profile : "").name;
  // A partition has an STS of its own, so it is the one of the region that the login is for.
  std::string region;
  if (examination.prepared.endpoint) region = examination.prepared.endpoint->asked_region;
  if (examination.prepared.fetch_region) region = examination.prepared.fetch_region->region;
  const CredentialSettings settings;
  const AwsClient client =
      aws_client(Context{examination.system, aws, settings, log, examination.soon(longest_for_aws), region}, profile);
  if (!ask_for_the_time(examination, client)) return;
  if (examination.prepared.credentials != nullptr)
    ask_for_the_identity(examination, client, *examination.prepared.credentials);
}

}  // namespace iamodbc
