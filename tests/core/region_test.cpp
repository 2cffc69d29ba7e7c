// SPDX-License-Identifier: Apache-2.0
#include "core/aws/region.h"

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace iamodbc {
namespace {

using nlohmann::json;

// The words of the vectors.
const std::map<std::string, HostKind> kinds{
    {"instance", HostKind::rds_instance},
    {"cluster-", HostKind::rds_cluster},
    {"cluster-ro-", HostKind::rds_reader},
    {"cluster-custom-", HostKind::rds_custom},
    {"proxy-", HostKind::rds_proxy},
    {"shardgrp-", HostKind::rds_shard_group},
    {"dsql", HostKind::dsql},
    {"redshift", HostKind::redshift},
    {"redshift-serverless", HostKind::redshift_serverless},
};

void expect_host(const char* host, HostKind kind, const char* region) {
  const HostName found = read_host_name(host);
  EXPECT_EQ(found.kind, kind) << host;
  EXPECT_EQ(found.region, region) << host;
}

TEST(HostName, EqualsEveryVector) {
  const json all = json::parse(std::ifstream(TEST_DATA "/vectors.json"));
  int seen = 0;
  for (const json& vector : all.at("region_from_host")) {
    const auto host = vector.at("host").get<std::string>();
    const HostName found = read_host_name(host);
    const bool is_known = !vector.at("kind").is_null();
    EXPECT_EQ(found.kind, is_known ? kinds.at(vector.at("kind").get<std::string>()) : HostKind::other) << host;
    EXPECT_EQ(found.region, is_known ? vector.at("region").get<std::string>() : "") << host;
    ++seen;
  }
  EXPECT_EQ(seen, 14);
}

TEST(HostName, TellsEveryKindOfRdsEndpoint) {
  expect_host("c.cluster-abc123.eu-west-3.rds.amazonaws.com", HostKind::rds_cluster, "eu-west-3");
  expect_host("c.cluster-custom-abc123.eu-west-3.rds.amazonaws.com", HostKind::rds_custom, "eu-west-3");
  expect_host("name.endpoint.proxy-abc123.eu-west-3.rds.amazonaws.com", HostKind::rds_proxy, "eu-west-3");
  expect_host("db-green-abcdef.abc123.eu-west-3.rds.amazonaws.com", HostKind::rds_instance, "eu-west-3");
  expect_host("g.global-abc123.global.rds.amazonaws.com", HostKind::rds_global, "");
  expect_host("g.global-abc123.global.rds-fips.amazonaws.com", HostKind::rds_global, "");
}

TEST(HostName, TellsTheRegionInEveryPartitionAndEitherOrder) {
  expect_host("i.abc123.cn-north-1.rds.amazonaws.com.cn", HostKind::rds_instance, "cn-north-1");
  expect_host("i.abc123.rds.cn-north-1.amazonaws.com.cn", HostKind::rds_instance, "cn-north-1");
  expect_host("i.abc123.rds.us-gov-west-1.amazonaws.com", HostKind::rds_instance, "us-gov-west-1");
  expect_host("i.abc123.us-gov-west-1.rds-fips.amazonaws.com", HostKind::rds_instance, "us-gov-west-1");
  expect_host("i.abc123.rds.us-isob-east-1.sc2s.sgov.gov", HostKind::rds_instance, "us-isob-east-1");
  expect_host("i.abc123.rds.eu-isoe-west-1.cloud.adc-e.uk", HostKind::rds_instance, "eu-isoe-west-1");
  expect_host("i.abc123.rds.us-isof-south-1.csp.hci.ic.gov", HostKind::rds_instance, "us-isof-south-1");
  expect_host("x.dsql.cn-north-1.on.amazonwebservices.com.cn", HostKind::dsql, "cn-north-1");
  expect_host("x.dsql-ab12.us-east-1.on.aws", HostKind::dsql, "us-east-1");
  expect_host("rs.abc.cn-north-1.redshift.amazonaws.com.cn", HostKind::redshift, "cn-north-1");
  expect_host("nlb-1.elb.us-east-1.amazonaws.com", HostKind::load_balancer, "us-east-1");
}

TEST(HostName, IgnoresLetterCaseAndOneTrailingDot) {
  expect_host("MYDB.ABC123.US-EAST-2.RDS.AMAZONAWS.COM.", HostKind::rds_instance, "us-east-2");
  expect_host("mydb.abc123.us-east-2.rds.amazonaws.com..", HostKind::other, "");
}

TEST(HostName, DoesNotTakeAnotherNameForAnEndpoint) {
  for (const char* host : {"",
                           ".",
                           "localhost",
                           "10.0.0.1",
                           "[2001:db8::1]",
                           "amazonaws.com",
                           ".amazonaws.com",
                           "rds.amazonaws.com",
                           "us-east-1.rds.amazonaws.com",
                           "abc123.us-east-1.rds.amazonaws.com",
                           "i.abc123.us-east-1.rds.amazonaws.com.evil.example",
                           "i.abc123.us-east-1.rds.xamazonaws.com",
                           "i.abc123.us-east-1.rdsx.amazonaws.com",
                           "i.abc_123.us-east-1.rds.amazonaws.com",
                           "i.other-abc123.us-east-1.rds.amazonaws.com",
                           "i..us-east-1.rds.amazonaws.com",
                           ".abc123.us-east-1.rds.amazonaws.com",
                           "i.cluster-.us-east-1.rds.amazonaws.com",
                           "i.abc123.-east-.rds.amazonaws.com",
                           "i.abc123.global.rds.amazonaws.com",
                           "g.other-abc123.global.rds.amazonaws.com",
                           "i.abc123..rds.amazonaws.com",
                           "evil.example,i.abc123.us-east-1.rds.amazonaws.com",
                           "i/x.abc123.us-east-1.rds.amazonaws.com",
                           "a=b{.abc123.us-east-1.redshift.amazonaws.com",
                           "a\\;b.elb.us-east-1.amazonaws.com",
                           "w.123.us-east-1.redshift-serverless.amazonaws.com",
                           "w.12345678901x.us-east-1.redshift-serverless.amazonaws.com",
                           "x.dsqlx.us-east-1.on.aws",
                           "a.x.dsql.us-east-1.on.aws",
                           "elb.us-east-1.amazonaws.com",
                           "ec2-1-2-3-4.eu-west-3.compute.amazonaws.com"}) {
    expect_host(host, HostKind::other, "");
  }
}

TEST(HostName, IsReadInTimeEvenWhenItIsVeryLong) {
  std::string host;
  while (host.size() < 1'000'000) host += "a.";
  EXPECT_EQ(read_host_name(host).kind, HostKind::other);
  EXPECT_EQ(read_host_name(host + "abc.us-east-1.rds.amazonaws.com").region, "us-east-1");
}

constexpr const char* endpoint = "mydb.abc123.us-east-2.rds.amazonaws.com";

class ChooseRegion : public testing::Test {
 protected:
  [[nodiscard]] Result<RegionChoice> choose(std::string_view explicit_region, std::string_view host) const {
    return choose_region(explicit_region, host, System(variables_, [] { return Time(); }), files_, "dev");
  }

  std::map<std::string, std::string> variables_{{"AWS_REGION", "eu-west-1"}, {"AWS_DEFAULT_REGION", "eu-west-2"}};
  AwsFiles files_ = AwsFiles::from_text("[profile dev]\nregion = eu-west-3\n[default]\nregion = sa-east-1\n", "");
};

TEST_F(ChooseRegion, TheDsnIsAskedFirst) {
  const auto choice = choose("ap-south-1", "db.example.com");
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice.value().region, "ap-south-1");
  EXPECT_EQ(choice.value().why, "Region=");
  EXPECT_EQ(choice.value().warning, "");
}

TEST_F(ChooseRegion, ARegionThatContradictsTheHostNameIsUsedWithAWarning) {
  const auto choice = choose("ap-south-1", endpoint);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice.value().region, "ap-south-1");
  EXPECT_NE(choice.value().warning.find("us-east-2"), std::string::npos);
  EXPECT_EQ(choose("US-East-2", endpoint).value().warning, "");
}

TEST_F(ChooseRegion, ThenTheHostNameThenTheEnvironmentThenTheProfile) {
  EXPECT_EQ(choose("", endpoint).value().region, "us-east-2");
  EXPECT_EQ(choose("", endpoint).value().why, "the host name");
  EXPECT_EQ(choose(" ", "db.example.com").value().region, "eu-west-1");
  EXPECT_EQ(choose("", "db.example.com").value().why, "AWS_REGION");
  variables_["AWS_REGION"] = "";
  EXPECT_EQ(choose("", "db.example.com").value().region, "eu-west-2");
  EXPECT_EQ(choose("", "db.example.com").value().why, "AWS_DEFAULT_REGION");
  variables_.clear();
  EXPECT_EQ(choose("", "db.example.com").value().region, "eu-west-3");
  EXPECT_TRUE(choose("", "db.example.com").value().why.starts_with("profile dev in "));
}

TEST_F(ChooseRegion, NothingIsGuessed) {
  variables_.clear();
  files_ = AwsFiles::from_text("[default]\nregion = sa-east-1\n[profile dev]\nregion =\n", "");
  const auto choice = choose("", "db.example.com");
  ASSERT_FALSE(choice.ok());
  EXPECT_EQ(choice.error().sqlstate, "08001");
  for (const char* word : {"db.example.com", "AWS_REGION", "profile dev", "Region="}) {
    EXPECT_NE(choice.error().message.find(word), std::string::npos) << choice.error().message;
  }
}

TEST_F(ChooseRegion, AGlobalEndpointIsNamedAsTheCause) {
  variables_.clear();
  files_ = AwsFiles::from_text("", "");
  const auto choice = choose("", "g.global-abc123.global.rds.amazonaws.com");
  ASSERT_FALSE(choice.ok());
  EXPECT_NE(choice.error().message.find("global database"), std::string::npos) << choice.error().message;
}

TEST_F(ChooseRegion, IsInLowerCaseAndWithoutFips) {
  EXPECT_EQ(choose("US-EAST-1", "h").value().region, "us-east-1");
  EXPECT_EQ(choose("fips-us-gov-west-1", "h").value().region, "us-gov-west-1");
  EXPECT_EQ(choose("us-gov-west-1-fips", "h").value().region, "us-gov-west-1");
}

TEST_F(ChooseRegion, WhatIsNoRegionNameIsAnErrorThatSaysWhereItStands) {
  for (const std::string& region :
       {std::string("us_east_1"), std::string("12345"), std::string("-us-east-1"), std::string("us-east-1-"),
        std::string("us-east-1/rds"), std::string("us east 1"), std::string("us-east-1\n/x"), std::string(64, 'a')}) {
    const auto choice = choose(region, endpoint);
    ASSERT_FALSE(choice.ok()) << region;
    EXPECT_NE(choice.error().message.find("Region="), std::string::npos) << choice.error().message;
  }
  EXPECT_TRUE(choose(std::string(63, 'a'), endpoint).ok());
  variables_["AWS_REGION"] = "nowhere!";
  const auto choice = choose("", "db.example.com");
  ASSERT_FALSE(choice.ok());
  EXPECT_NE(choice.error().message.find("AWS_REGION"), std::string::npos) << choice.error().message;
}

}  // namespace
}  // namespace iamodbc
