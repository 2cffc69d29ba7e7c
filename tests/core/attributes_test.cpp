// SPDX-License-Identifier: Apache-2.0
#include "core/attributes.h"

#include <chrono>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/text.h"

namespace iamodbc {
namespace {

TEST(Attributes, RowsStandAtTheirId) {
  for (std::size_t i = 0; i < attribute_count; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(attribute_table()[i].id), i);
    EXPECT_EQ(&attribute_row(static_cast<AttributeId>(i)), &attribute_table()[i]);
  }
}

TEST(Attributes, NoNameStandsTwice) {
  std::set<std::string> names;
  for (const AttributeRow& row : attribute_table()) {
    EXPECT_TRUE(names.insert(lower(row.name)).second) << row.name;
    EXPECT_FALSE(is_driver_manager_attribute(row.name)) << row.name;
    for (const char* alias : row.aliases) {
      EXPECT_TRUE(names.insert(lower(alias)).second) << alias;
      EXPECT_FALSE(is_driver_manager_attribute(alias)) << alias;
    }
  }
}

TEST(Attributes, EveryRowHelps) {
  for (const AttributeRow& row : attribute_table()) {
    EXPECT_GT(std::string_view(row.help).size(), 8U) << row.name;
    EXPECT_EQ(row.kind == AttributeKind::choice, !row.choices.empty()) << row.name;
  }
}

TEST(Attributes, NamesAndAliasesAreFoundInAnyCase) {
  const std::pair<const char*, AttributeId> cases[] = {{"server", AttributeId::server},
                                                       {"SERVERNAME", AttributeId::server},
                                                       {"Host", AttributeId::server},
                                                       {"User", AttributeId::uid},
                                                       {"USERNAME", AttributeId::uid},
                                                       {"uid", AttributeId::uid},
                                                       {"password", AttributeId::pwd},
                                                       {"Pwd", AttributeId::pwd},
                                                       {"RDS_AUTH_TYPE", AttributeId::auth_type},
                                                       {"IAM_HOST", AttributeId::token_host},
                                                       {"iam_port", AttributeId::token_port},
                                                       {"AWS_PROFILE", AttributeId::profile},
                                                       {"BASE_DRIVER", AttributeId::base_driver},
                                                       {"BASE_DSN", AttributeId::base_dsn},
                                                       {"DbUser", AttributeId::uid},
                                                       {"tlscafile", AttributeId::tls_ca_file}};
  for (const auto& [name, id] : cases) {
    ASSERT_NE(find_attribute(name), nullptr) << name;
    EXPECT_EQ(find_attribute(name)->id, id) << name;
  }
  EXPECT_EQ(find_attribute(""), nullptr);
  EXPECT_EQ(find_attribute("SSLmode"), nullptr);
  EXPECT_EQ(find_attribute("Server "), nullptr);
}

TEST(Attributes, SecretsAndWhatOnlyIniFilesMaySay) {
  std::set<std::string> secret;
  std::set<std::string> ini_only;
  for (const AttributeRow& row : attribute_table()) {
    if (row.is_secret) secret.insert(row.name);
    if (row.ini_only) ini_only.insert(row.name);
  }
  EXPECT_EQ(secret, (std::set<std::string>{"PWD", "SecretAccessKey", "SessionToken"}));
  EXPECT_EQ(ini_only, (std::set<std::string>{"CredentialProcess", "KeyPrompt", "LogFile", "MFAPrompt", "SSOLogin",
                                             "SecretUsernameKey", "StrictPermissions", "Tunnel"}));
}

TEST(Attributes, OneEditAwayIsAMistakeAndTwoFromEightLettersOn) {
  EXPECT_EQ(near_miss("Servr"), "Server");
  EXPECT_EQ(near_miss("Sevrer"), "Server");
  EXPECT_EQ(near_miss("Regoin"), "Region");
  EXPECT_EQ(near_miss("regin"), "Region");
  EXPECT_EQ(near_miss("Token Host"), "TokenHost");
  EXPECT_EQ(near_miss("TokenHots"), "TokenHost");
  EXPECT_EQ(near_miss("SessionTokn"), "SessionToken");
  EXPECT_EQ(near_miss("SesionTokn"), "SessionToken");
  EXPECT_EQ(near_miss("Regn"), "");  // two edits from six letters
  EXPECT_EQ(near_miss("Fetch"), "");
  EXPECT_EQ(near_miss(""), "");
  EXPECT_EQ(near_miss("D"), "");
}

TEST(Attributes, AVeryLongNameIsComparedQuickly) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(near_miss(std::string(2000000, 'x')), "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace iamodbc
