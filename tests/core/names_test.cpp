// SPDX-License-Identifier: Apache-2.0
#include "core/login/names.h"

#include <string>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

TEST(Names, EveryKindOfEndpointIsCalledWhatItIs) {
  const auto rds = [](const std::string& start) { return described_host(start + ".eu-central-1.rds.amazonaws.com"); };
  EXPECT_EQ(rds("sales.cabc123def45"), "the endpoint of an RDS instance");
  EXPECT_EQ(rds("sales.cluster-cabc123def45"), "the writer's endpoint of a cluster");
  EXPECT_EQ(rds("sales.cluster-ro-cabc123def45"), "the readers' endpoint of a cluster");
  EXPECT_EQ(rds("reports.cluster-custom-cabc123def45"), "a custom endpoint of a cluster");
  EXPECT_EQ(rds("sales.proxy-cabc123def45"), "the endpoint of an RDS proxy");
  EXPECT_EQ(rds("mine.endpoint.proxy-cabc123def45"), "the endpoint of an RDS proxy");
  EXPECT_EQ(rds("sales.shardgrp-cabc123def45"), "the endpoint of a shard group");
  EXPECT_EQ(described_host("sales.global-abc123.global.rds.amazonaws.com"),
            "the writer's endpoint of a global database");
  EXPECT_EQ(described_host("Foo0bar1baz2quux3quuux4abc.dsql.us-east-1.on.aws."),
            "the endpoint of an Aurora DSQL cluster");
  EXPECT_EQ(described_host("foo0bar1baz2quux3quuux4abc.dsql-ab12.us-east-1.on.aws"),
            "the endpoint of an Aurora DSQL cluster");
  EXPECT_EQ(described_host("dw.abc.us-east-1.redshift.amazonaws.com"), "the endpoint of a Redshift cluster");
  EXPECT_EQ(described_host("wg.111122223333.us-east-1.redshift-serverless.amazonaws.com"),
            "the endpoint of a Redshift workgroup");
  EXPECT_EQ(described_host("x.elb.us-east-1.amazonaws.com"), "a load balancer");
  EXPECT_EQ(described_host("db.example"), "");
  EXPECT_EQ(described_host("ec2-192-0-2-1.compute-1.amazonaws.com"), "");
}

TEST(Names, TheGreenOneOfABlueGreenDeploymentIsSeen) {
  const auto rds = [](const std::string& start) { return described_host(start + ".eu-central-1.rds.amazonaws.com"); };
  EXPECT_EQ(rds("sales-green-0a1b2c.cabc123def45"), "the endpoint of an RDS instance, green");
  EXPECT_EQ(rds("Sales-Green-0a1b2c.cluster-cabc123def45"), "the writer's endpoint of a cluster, green");
  EXPECT_EQ(rds("sales-green-0a1b2c.cluster-ro-cabc123def45"), "the readers' endpoint of a cluster, green");
  for (const char* const other :
       {"sales-green.cabc123def45", "-green-0a1b2c.cabc123def45", "sales-green-0a1b2cd.cabc123def45",
        "sales-old1.cabc123def45", "sales.cluster-green-0a1b2c"})
    EXPECT_EQ(rds(other).find(", green"), std::string::npos) << other;
}

Settings settings_of(const std::string& server) {
  Settings settings;
  settings.server = settings.token_host = server;
  return settings;
}

TEST(Names, OnlyANameOfOnesOwnMayBeAnAlias) {
  EXPECT_TRUE(signs_own_name(settings_of("db.example")));
  EXPECT_TRUE(signs_own_name(settings_of("db")));
  EXPECT_TRUE(signs_own_name(settings_of("x.elb.us-east-1.amazonaws.com")));
  for (const char* const other :
       {"", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "sales.cabc123def45.eu-central-1.rds.amazonaws.com"})
    EXPECT_FALSE(signs_own_name(settings_of(other))) << other;
  Settings with_token_host = settings_of("db.example");
  with_token_host.has_token_host = true;
  EXPECT_FALSE(signs_own_name(with_token_host));
}

TEST(Names, WhatToWriteDependsOnWhatTheBaseDriverChecks) {
  EXPECT_EQ(line_for_endpoint("e", base_driver_profile(BaseKind::psqlodbc)), "TokenHost=e");
  EXPECT_EQ(line_for_endpoint("e", base_driver_profile(BaseKind::mariadb)), "Server=e");
  EXPECT_EQ(line_for_endpoint("e", base_driver_profile(BaseKind::mysql)), "Server=e");
}

// Without a name server: nothing is asked where nothing has to be.
TEST(Names, AServerThatIsAnEndpointStaysAsItIs) {
  Settings settings = settings_of("sales.cabc123def45.eu-central-1.rds.amazonaws.com");
  settings.resolves_cname = true;
  const auto same = with_resolved_server(std::move(settings), Log(), no_deadline, "127.0.0.1:9");
  ASSERT_TRUE(same);
  EXPECT_EQ(same.value().server, "sales.cabc123def45.eu-central-1.rds.amazonaws.com");
  EXPECT_EQ(same.value().asked_server, "");
  const auto not_asked = with_resolved_server(settings_of("db.example"), Log(), no_deadline, "127.0.0.1:9");
  ASSERT_TRUE(not_asked);
  EXPECT_EQ(not_asked.value().server, "db.example");
}

TEST(Names, AnAddressIsNoAlias) {
  Settings settings = settings_of("192.0.2.1");
  settings.resolves_cname = true;
  const auto none = with_resolved_server(std::move(settings), Log(), no_deadline, "127.0.0.1:9");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().sqlstate, "08001");
  EXPECT_NE(none.error().message.find("192.0.2.1 is no alias"), std::string::npos) << none.error().message;
}

}  // namespace
}  // namespace iamodbc
