// SPDX-License-Identifier: Apache-2.0
#include "core/walk.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

constexpr std::string_view login = "Server=mydb.cabc123def45.eu-central-1.rds.amazonaws.com;UID=jane;TLS=require;";
const std::map<std::string, std::string> keys{
    {"AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"}, {"AWS_SECRET_ACCESS_KEY", "hunter2"}, {"HOME", "/nonexistent"}};

Result<PreparedLogin> prepared_login(const Given& given, const Settings& settings, const System& system, const Log& log,
                                     Deadline deadline) {
  PreparedLogin made;
  if (auto error =
          prepare_login(made, given, settings, base_driver_profile(BaseKind::psqlodbc), system, log, "", deadline)) {
    return *error;
  }
  return made;
}

Result<PreparedLogin> prepared(std::string_view more, const std::map<std::string, std::string>& variables,
                               Deadline deadline = no_deadline, const Log& log = Log()) {
  const auto files = odbc_files("");
  const auto given = Given::gather(parsed(std::string(login) + std::string(more)), files);
  const auto& profile = base_driver_profile(BaseKind::psqlodbc);
  const auto settings = read_settings(given.value(), profile);
  if (!settings) return settings.error();
  return prepared_login(given.value(), settings.value(), closed_system(variables), log, deadline);
}

TEST(Walk, ADeadlineThatPassedIsALoginTimeout) {
  EXPECT_FALSE(passed(no_deadline, "x"));
  EXPECT_FALSE(passed(std::chrono::steady_clock::now() + std::chrono::hours(1), "x"));
  const auto error = passed(std::chrono::steady_clock::now() - std::chrono::seconds(1), "connecting");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sqlstate, "HYT00");
  EXPECT_NE(error->message.find("connecting"), std::string::npos);
}

TEST(Walk, ARegionWithoutARootIsToldForALoginThatIsFetchedToo) {
  std::string folder = testing::TempDir() + "iamodbc-ca-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/rds-ca.pem") << frankfurt_root;
  const auto error_for = [&](const std::string& server) {
    const auto files = odbc_files("[a]\nAuthType=SecretsManager\nSecretID=sales\nUID=jane\nServer=" + server + "\n");
    const auto given = Given::gather(parsed("DSN=a"), files);
    const auto& profile = base_driver_profile(BaseKind::psqlodbc);
    const auto settings = read_settings(given.value(), profile);
    PreparedLogin made;
    const auto error =
        prepare_login(made, given.value(), settings.value(), profile, closed_system(), Log(), folder, no_deadline);
    return error ? error->message : "";
  };
  EXPECT_EQ(error_for("mydb.cabc123def45.eu-central-1.rds.amazonaws.com"), "");
  EXPECT_NE(error_for("mydb.cabc123def45.il-central-1.rds.amazonaws.com").find("hold no root for region il-central-1"),
            std::string::npos);
}

TEST(Walk, FindsOurFilesBesideOurLibrary) {
  std::string prefix = testing::TempDir() + "iamodbc-prefix-XXXXXX";
  ASSERT_NE(mkdtemp(prefix.data()), nullptr);
  ASSERT_EQ(system(("mkdir -p '" + prefix + "/lib/odbc' '" + prefix + "/bin' '" + prefix + "/lib/x86/odbc' '" + prefix +
                    "/share/iamodbc' && echo x > '" + prefix + "/share/iamodbc/rds-ca.pem'")
                       .c_str()),
            0);
  for (const char* place : {"/lib/odbc", "/bin", "/lib/x86/odbc"}) {
    EXPECT_TRUE(std::ifstream(data_directory(prefix + place) + "/rds-ca.pem").good()) << place;
  }
  EXPECT_FALSE(data_directory("").empty());
}

TEST(Walk, TakesTheBaseDriverOfBaseDsnWhereNothingElseTellsIt) {
  const std::string base = data_folder() + "/libmaodbc.so";
  std::ofstream(base) << "x";
  const auto files =
      odbc_files("[books]\nDriver=MariaDB\n[sales]\nBaseDSN=books\n[other]\nBaseDSN=bare\n[bare]\nPort=1\n",
                 "[MariaDB]\nDriver=" + base + "\n[PostgreSQL]\nDriver=" + base + "\n");
  const auto chosen = [&](std::string_view string) {
    const auto given = Given::gather(parsed(string), files);
    const auto file = choose_base_driver(given.value(), files, closed_system(), "");
    return file ? file.value().section : "no: " + file.error().message;
  };
  EXPECT_EQ(chosen("DSN=sales;Port=33306"), "MariaDB");
  EXPECT_EQ(chosen("DSN=sales;Port=33306;BaseDriver=PostgreSQL"), "PostgreSQL");
  EXPECT_TRUE(chosen("DSN=other").starts_with("no: Which base driver to use is not known")) << chosen("DSN=other");
}

TEST(Walk, PreparesATokenAndATlsPlan) {
  const auto login_of = prepared("", keys);
  ASSERT_TRUE(login_of) << login_of.error().message;
  ASSERT_TRUE(login_of.value().login && login_of.value().tls);
  EXPECT_EQ(login_of.value().tls->level, TlsLevel::require);
  EXPECT_NE(login_of.value().login->secret.reveal().find("X-Amz-Signature="), std::string_view::npos);
}

TEST(Walk, APasswordLoginPreparesNothingThatWasNotAskedFor) {
  const auto files = odbc_files("");
  const auto given = Given::gather(parsed("AuthType=Password;Server=a;UID=b;PWD=c"), files);
  const auto& profile = base_driver_profile(BaseKind::psqlodbc);
  const auto settings = read_settings(given.value(), profile);
  const auto none = prepared_login(given.value(), settings.value(), closed_system(), Log(), no_deadline);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none.value().tls);
  EXPECT_FALSE(none.value().login);
}

TEST(Walk, NoCredentialsIsAnErrorThatSaysWhoWasAsked) {
  const auto none = prepared("", {{"HOME", "/nonexistent"}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().sqlstate, "28000");
  EXPECT_NE(none.error().message.find("AWS_ACCESS_KEY_ID"), std::string::npos) << none.error().message;
}

TEST(Walk, OneLogLineSaysThatATypedPasswordIsNotUsed) {
  const std::string file = testing::TempDir() + "iamodbc-walk-" + std::to_string(getpid()) + ".log";
  const auto login_of = prepared("PWD=typed-in", keys, no_deadline, Log(LogLevel::info, file));
  ASSERT_TRUE(login_of);
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  unlink(file.c_str());
  EXPECT_NE(text.find("password was given and is not used"), std::string::npos) << text;
  EXPECT_EQ(text.find("typed-in"), std::string::npos);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
}

TEST(Walk, ADeadlineHoldsForCredentialsToo) {
  const auto late = prepared("", keys, std::chrono::steady_clock::now() - std::chrono::seconds(1));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().sqlstate, "HYT00");
}

TEST(Walk, RefusalAdviceSaysWhatToLookAt) {
  const auto login_of = prepared("", keys);
  ASSERT_TRUE(login_of);
  Settings settings;
  settings.user = "jane";
  const std::string advice =
      refusal_advice(settings, *login_of.value().login, base_driver_profile(BaseKind::psqlodbc), noon);
  for (const char* word : {"jane", "mydb.cabc123def45.eu-central-1.rds.amazonaws.com:5432", "eu-central-1",
                           "AKIA...MPLE", "rds_iam", "rds-db:connect", "2024-01-02T12:00:00Z", "TokenHost"}) {
    EXPECT_NE(advice.find(word), std::string::npos) << word << " in " << advice;
  }
  const std::string mysql =
      refusal_advice(settings, *login_of.value().login, base_driver_profile(BaseKind::mysql), noon);
  EXPECT_NE(mysql.find("AWSAuthenticationPlugin"), std::string::npos);
  EXPECT_EQ(advice.find("hunter2"), std::string::npos);
  EXPECT_EQ(advice.find("X-Amz-"), std::string::npos);
}

}  // namespace
}  // namespace iamodbc
