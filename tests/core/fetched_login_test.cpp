// SPDX-License-Identifier: Apache-2.0
#include "core/login/fetched_login.h"

#include <string>

#include <gtest/gtest.h>

#include "core/encoding.h"
#include "rooms.h"

namespace iamodbc {
namespace {

FetchSettings of(AuthType type) {
  FetchSettings settings;
  settings.auth_type = type;
  settings.secret_id = "sales";
  return settings;
}

Result<FetchedLogin> login(const std::string& json, FetchSettings settings = of(AuthType::secrets_manager)) {
  return login_of(settings, Secret(json), "secret sales");
}

// "Server=h Port=1 "
std::string told(const Result<FetchedLogin>& fetched) {
  if (!fetched) return fetched.error().message;
  std::string text;
  for (const Told& one : fetched.value().told) text += one.name + "=" + one.value + " ";
  return text;
}

TEST(FetchedLogin, ASecretTellsAllThatItHolds) {
  const auto fetched =
      login(R"({"engine":"postgres","host":" h ","username":"u","password":" p ","dbname":"d","port":5432,"x":{}})");
  EXPECT_EQ(told(fetched), "Engine=postgresql UID=u Server=h Port=5432 Database=d ");
  EXPECT_EQ(fetched.value().login.secret.reveal(), " p ");
  EXPECT_EQ(fetched.value().login.user, "u");
  EXPECT_EQ(fetched.value().login.source, "the secret sales");
  EXPECT_EQ(fetched.value().login.kind, AuthType::secrets_manager);
  EXPECT_EQ(told(login(R"({"username":"u","password":"p"})")), "UID=u ");
}

TEST(FetchedLogin, APortIsANumberOrAText) {
  for (const char* port : {"5432", "\"5432\"", "\" 5432 \"", "5432.0", "54.32e2"})
    EXPECT_EQ(told(login(std::string(R"({"username":"u","password":"p","port":)") + port + "}")), "UID=u Port=5432 ")
        << port;
  // What is no port is told as it is; whoever reads Port says so.
  for (const char* port : {"\"x\"", "5432.5", "1e99", "true", "[1]"})
    EXPECT_NE(told(login(std::string(R"({"username":"u","password":"p","port":)") + port + "}")), "UID=u Port=5432 ")
        << port;
  EXPECT_EQ(told(login(R"({"username":"u","password":"p","port":null})")), "UID=u ");
}

TEST(FetchedLogin, EveryEngineIsReadAsOurs) {
  const std::pair<const char*, const char*> engines[] = {
      {"postgres", "postgresql"}, {"PostgreSQL", "postgresql"}, {"aurora-postgresql", "postgresql"},
      {"mysql", "mysql"},         {"aurora", "mysql"},          {"aurora-mysql", "mysql"},
      {"mariadb", "mariadb"}};
  for (const auto& [engine, ours] : engines)
    EXPECT_EQ(told(login(std::string(R"({"username":"u","password":"p","engine":")") + engine + "\"}")),
              std::string("Engine=") + ours + " UID=u ");
  EXPECT_EQ(told(login(R"({"username":"u","password":"p","engine":"redshift"})")),
            "Engine=postgresql UID=u Port=5439 ");
  EXPECT_NE(
      told(login(R"({"username":"u","password":"p","engine":"oracle"})")).find("oracle, which iamodbc does not reach"),
      std::string::npos);
}

TEST(FetchedLogin, OtherKeysHoldUserAndPassword) {
  FetchSettings settings = of(AuthType::secrets_manager);
  settings.username_key = "u";
  settings.password_key = "p";
  const auto fetched = login(R"({"username":"a","password":"b","u":"c","p":"d"})", std::move(settings));
  ASSERT_TRUE(fetched);
  EXPECT_EQ(fetched.value().login.user, "c");
  EXPECT_EQ(fetched.value().login.secret.reveal(), "d");
}

TEST(FetchedLogin, WhatIsNoLoginSaysSoAndShowsNoSecret) {
  for (const char* json :
       {"", "hunter2", "\"hunter2\"", "[\"hunter2\"]", "{\"password\":\"hunter2\"}", "{\"username\":\"u\"}",
        R"({"username":"","password":"hunter2"})", R"({"username":"u","password":["hunter2"]})",
        R"({"username":"u","password":null,"x":"hunter2"})", R"({"username":"u","password":"hunter2")"}) {
    const auto fetched = login(json);
    ASSERT_FALSE(fetched) << json;
    EXPECT_EQ(fetched.error().sqlstate, "08001");
    EXPECT_NE(fetched.error().message.find("secret sales"), std::string::npos);
    EXPECT_EQ(fetched.error().message.find("hunter2"), std::string::npos) << fetched.error().message;
  }
}

TEST(FetchedLogin, ANulIsRefusedBecauseItWouldCutTheTlsAttributesOff) {
  const std::pair<const char*, const char*> secrets[] = {
      {"UID", R"({"username":"u\u0000x","password":"p"})"},
      {"Server", R"({"username":"u","password":"p","host":"h\u0000x"})"},
      {"Port", R"({"username":"u","password":"p","port":"1\u00002"})"},
      {"Database", R"({"username":"u","password":"p","dbname":"d\u0000"})"}};
  for (const auto& [name, json] : secrets)
    EXPECT_NE(told(login(json)).find(std::string("holds a NUL in what it tells for ") + name), std::string::npos)
        << name << ": " << told(login(json));
}

TEST(FetchedLogin, ARegionStandsInAnArn) {
  EXPECT_EQ(region_of_arn("arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a:b-AbCdEf"), "cn-north-1");
  for (const char* none :
       {"", "sales", "arn:aws", "arn:aws:secretsmanager", "arn:aws:secretsmanager:", "prod/arn:aws:x:eu-west-1"})
    EXPECT_EQ(region_of_arn(none), "") << none;
}

TEST(FetchedLogin, ARedshiftEndpointNamesItsClusterOrWorkgroup) {
  const auto target = [](std::string host, std::string cluster = "", std::string workgroup = "") {
    FetchSettings settings = of(AuthType::redshift);
    settings.token_host = std::move(host);
    settings.cluster = std::move(cluster);
    settings.workgroup = std::move(workgroup);
    const auto found = redshift_target(settings);
    return found ? (found.value().is_serverless ? "workgroup " : "cluster ") + found.value().name
                 : found.error().sqlstate;
  };
  EXPECT_EQ(target("sales.cabc123def45.eu-central-1.redshift.amazonaws.com"), "cluster sales");
  EXPECT_EQ(target("bi.123456789012.eu-central-1.redshift-serverless.amazonaws.com"), "workgroup bi");
  EXPECT_EQ(target("sales.cabc123def45.eu-central-1.redshift.amazonaws.com", "", "bi"), "workgroup bi");
  EXPECT_EQ(target("db.example", "sales"), "cluster sales");
  EXPECT_EQ(target("db.example"), "08001");
  EXPECT_EQ(target(""), "08001");
}

TEST(FetchSettings, GroupsAreAList) {
  const auto files = odbc_files("");
  const auto given = Given::gather(
      parsed("AuthType=Redshift;ClusterID=c;DbGroups={ a ,, b c,};AutoCreate=TRUE;group_federation=0"), files);
  const auto settings = read_fetch_settings(given.value());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings.value().groups, (std::vector<std::string>{"a", "b c"}));
  EXPECT_TRUE(settings.value().creates_user);
  EXPECT_FALSE(settings.value().is_federated);
}

TEST(FetchSettings, ASecretHasToBeNamed) {
  const auto files = odbc_files("");
  const auto given = Given::gather(parsed("AuthType=SecretsManager;SecretID= ;Server=db.example"), files);
  const auto settings = read_fetch_settings(given.value());
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message.find("SecretID is missing"), std::string::npos) << settings.error().message;
}

TEST(FetchSettings, WhatIsNotFetchedNeedsNothingOfIt) {
  const auto files = odbc_files("");
  for (const char* string : {"", "AuthType=IAM;IAMDuration=x", "AuthType=Password;SecretLifetime=x", "AuthType=DSQL"}) {
    const auto given = Given::gather(parsed(string), files);
    EXPECT_TRUE(read_fetch_settings(given.value())) << string;
  }
}

TEST(Base64, IsDecodedOrRefused) {
  const std::pair<const char*, const char*> texts[] = {
      {"", ""},           {"YQ==", "a"}, {"YWI=", "ab"},          {"YWJj", "abc"},
      {"YW\nJj ", "abc"}, {"YQ", "a"},   {"+/+/", "\xfb\xff\xbf"}};
  for (const auto& [text, bytes] : texts) EXPECT_EQ(base64_decoded(text), bytes) << text;
  for (const char* none : {"Y", "YQ==YQ==", "Y-_Q", "***", "YWJjY"}) EXPECT_FALSE(base64_decoded(none)) << none;
}

}  // namespace
}  // namespace iamodbc
