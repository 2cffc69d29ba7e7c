// SPDX-License-Identifier: Apache-2.0
#include "core/login/login.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

constexpr const char* host = "mydb.cabc123def45.eu-central-1.rds.amazonaws.com";

TEST(Login, SignsTokenHostAndTokenPort) {
  Settings settings;
  settings.token_host = host;
  settings.token_port = 5433;
  settings.server = "localhost";
  settings.port = 6000;
  const auto endpoint = signed_endpoint(settings, closed_system(), AwsFiles::from_text("", ""), Log(), no_deadline);
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint.value().endpoint.host, host);
  EXPECT_EQ(endpoint.value().endpoint.port, 5433);
  EXPECT_EQ(endpoint.value().endpoint.region, "eu-central-1");
}

TEST(Login, TakesTheRegionOfTheProfileThatIsChosen) {
  Settings settings;
  settings.token_host = "db.example";
  settings.token_port = 5432;
  settings.credentials.profile = "b";
  const auto files = AwsFiles::from_text("[profile a]\nregion = eu-west-1\n[profile b]\nregion = eu-west-2\n", "");
  const auto endpoint = signed_endpoint(settings, closed_system({{"AWS_PROFILE", "a"}}), files, Log(), no_deadline);
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint.value().endpoint.region, "eu-west-2");
}

TEST(Login, ARegionIsNeverGuessed) {
  Settings settings;
  settings.token_host = "db.example";
  const auto endpoint = signed_endpoint(settings, closed_system(), AwsFiles::from_text("", ""), Log(), no_deadline);
  ASSERT_FALSE(endpoint);
  EXPECT_EQ(endpoint.error().sqlstate, "08001");
}

// Nobody has told the region in which a global database writes; keys are of one partition, and so are those who know them.
TEST(Login, WhereNoRegionIsKnownItsOwnPartitionIsAsked) {
  const auto asked = [](const char* name, std::map<std::string, std::string> variables = {}) {
    Settings settings;
    settings.token_host = name;
    const auto endpoint =
        signed_endpoint(settings, closed_system(std::move(variables)), AwsFiles::from_text("", ""), Log(), no_deadline);
    return endpoint ? endpoint.value().asked_region : endpoint.error().message;
  };
  EXPECT_EQ(asked("world.global-abc123.global.rds.amazonaws.com.cn"), "cn-north-1");
  EXPECT_EQ(asked("WORLD.global-abc123.global.rds.amazonaws.com.cn."), "cn-north-1");
  EXPECT_EQ(asked("world.global-abc123.global.rds.amazonaws.com.cn", {{"AWS_REGION", "cn-northwest-1"}}),
            "cn-northwest-1");
  EXPECT_EQ(asked("world.global-abc123.global.rds.amazonaws.eu"), "eusc-de-east-1");
  EXPECT_EQ(asked("world.global-abc123.global.rds.sc2s.sgov.gov"), "us-isob-east-1");
  EXPECT_EQ(asked("world.global-abc123.global.rds.amazonaws.com"), "");  // its services have one name for all regions
  EXPECT_EQ(asked("world.global-abc123.global.rds.amazonaws.com", {{"AWS_REGION", "us-gov-west-1"}}), "us-gov-west-1");
  EXPECT_EQ(asked(host), "eu-central-1");
}

TEST(Login, ATokenKnowsWhatItIs) {
  Settings settings;
  settings.user = "jane";
  settings.token_host = host;
  settings.token_port = 5432;
  Credentials credentials;
  credentials.access_key_id = "AKIAIOSFODNN7EXAMPLE";
  credentials.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  credentials.source = "the test";
  auto endpoint = signed_endpoint(settings, closed_system(), AwsFiles::from_text("", ""), Log(), no_deadline);
  ASSERT_TRUE(endpoint);
  const Login login = token_login(settings, std::move(endpoint).value(), credentials, noon);
  EXPECT_EQ(login.kind, AuthType::iam);
  EXPECT_EQ(login.secret.reveal().substr(0, std::string_view(host).size() + 6), std::string(host) + ":5432/");
  EXPECT_NE(login.secret.reveal().find("DBUser=jane"), std::string_view::npos);
  EXPECT_EQ(login.end, noon + std::chrono::minutes(15));
  EXPECT_EQ(login.identity, "AKIA...MPLE from the test");
  EXPECT_EQ(login.signed_endpoint.region, "eu-central-1");
}

}  // namespace
}  // namespace iamodbc
