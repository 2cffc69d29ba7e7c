// The scenarios of tests/data/credentials that need no network (tests/aws/scenarios.py tells what is in a folder), asked
// of core/ alone: what the command does not tell, the log above all, and under the sanitizers. It is
// 2024-01-02T03:04:05Z. SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/credentials/default_chain.h"

namespace iamodbc {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(TEST_DATA) / "credentials")) {
    if (fs::exists(entry.path() / "http.json")) continue;
    const json expect = json::parse(text_of(entry.path() / "expect.json"));
    // What a DSN says in its own names is read by the command, which runs every folder (tests/aws/scenarios_test.py).
    const json settings = expect.value("settings", json::object());
    if (expect.contains("command") || settings.contains("Credentials")) continue;
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Scenario : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    folder_ = fs::path(TEST_DATA) / "credentials" / GetParam();
    before_ = fs::current_path();
    fs::current_path(folder_);
    std::string pattern = (fs::temp_directory_path() / "iamodbc-log-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    temporary_ = pattern;
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(temporary_);
  }

  fs::path folder_;
  fs::path before_;
  fs::path temporary_;
};

void expect_credentials(const Credentials& credentials, const json& expected) {
  EXPECT_EQ(credentials.access_key_id, expected.at("access_key_id"));
  EXPECT_EQ(std::string(credentials.secret_access_key.reveal()), expected.at("secret_access_key"));
  EXPECT_EQ(std::string(credentials.session_token.reveal()), expected.value("session_token", ""));
  EXPECT_EQ(credentials.account_id, expected.value("account_id", ""));
  EXPECT_EQ(credentials.expiration ? extended_time(*credentials.expiration) : "", expected.value("expiration", ""));
  EXPECT_NE(credentials.source.find(expected.value("source", "")), std::string::npos) << credentials.source;
  EXPECT_FALSE(credentials.source.empty());
}

TEST_P(Scenario, EndsAsItsFolderSays) {
  const json expect = json::parse(text_of("expect.json"));
  SCOPED_TRACE(expect.at("docs").get<std::string>());
  ASSERT_NE(expect.contains("result"), expect.contains("error")) << "a scenario expects one of the two";

  auto variables = json::parse(text_of("env.json")).get<std::map<std::string, std::string>>();
  variables["HOME"] = (folder_ / "home").string();
  variables.emplace("AWS_EC2_METADATA_DISABLED", "true");
  const System system(std::move(variables), [] { return parse_time("2024-01-02T03:04:05Z").value(); });
  const AwsFiles files = AwsFiles::read(system);
  const json given = expect.value("settings", json::object());
  CredentialSettings settings;
  settings.access_key_id = given.value("access_key_id", "");
  settings.secret_access_key = Secret(given.value("secret_access_key", ""));
  settings.session_token = Secret(given.value("session_token", ""));
  settings.profile = given.value("profile", "");
  settings.credential_process = given.value("credential_process", "");
  const std::string log_file = (temporary_ / "log").string();
  const Log log(LogLevel::debug, log_file);

  std::vector<Attempt> attempts;
  const Context context{system, files, settings, log, std::chrono::steady_clock::now() + std::chrono::seconds(30)};
  const auto found = find_credentials(context, &attempts);

  std::string seen = text_of(log_file);
  for (const Attempt& attempt : attempts) seen += attempt.provider + ": " + attempt.outcome + "\n";
  for (const std::string& problem : files.problems()) seen += problem + "\n";
  if (found.ok()) {
    seen += found.value().credentials->source;
    ASSERT_TRUE(expect.contains("result")) << "credentials from " << found.value().credentials->source;
    expect_credentials(*found.value().credentials, expect.at("result"));
    EXPECT_EQ(found.value().attempts.size(), attempts.size());
    EXPECT_EQ(attempts.back().outcome, "used");
  } else {
    const Error& error = found.error();
    seen += error.message;
    ASSERT_TRUE(expect.contains("error")) << error.message;
    EXPECT_EQ(error.sqlstate, "28000");
    for (const std::string part : expect.at("error"))
      EXPECT_NE(error.message.find(part), std::string::npos) << error.message << "\nlacks: " << part;
  }
  for (const char* const list : {"attempts", "log", "problems"}) {
    for (const std::string part : expect.value(list, json::array()))
      EXPECT_NE(seen.find(part), std::string::npos) << seen << "\nlacks: " << part;
  }
  EXPECT_EQ(files.problems().empty(),
            !expect.contains("problems") && seen.find("Unable to parse") == std::string::npos);
  EXPECT_EQ(seen.find("hush"), std::string::npos) << "a secret is in log or message:\n" << seen;
}

INSTANTIATE_TEST_SUITE_P(Credentials, Scenario, testing::ValuesIn(scenario_names()),
                         [](const auto& test) { return test.param; });

// The folders are data, so their loss would go unnoticed.
TEST(Scenarios, AreAllThere) {
  EXPECT_GE(scenario_names().size(), 50U);
}

}  // namespace
}  // namespace iamodbc
