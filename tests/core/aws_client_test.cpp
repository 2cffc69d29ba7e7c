// The parts of a call that ask nobody; the rest is tested against loopback servers.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/aws/client.h"
#include "core/aws/pages.h"

namespace iamodbc {
namespace {

using Vars = std::map<std::string, std::string>;

class World {
 public:
  explicit World(Vars variables, std::string_view config = "")
      : system_(std::move(variables), [] { return Time(std::chrono::seconds(1700000000)); }),
        files_(AwsFiles::from_text(config, "")) {}
  [[nodiscard]] AwsClient client() const { return {system_, files_, "default", "eu-central-1", log_, no_deadline}; }
  [[nodiscard]] std::string url(const AwsService& service = sts_service) const {
    const auto found = endpoint_url(client(), service, "eu-central-1");
    return found ? found.value() : found.error().message;
  }
  [[nodiscard]] std::string proxy(std::string_view url) const { return proxy_for(url, system_); }

 private:
  System system_;
  AwsFiles files_;
  Log log_;
};

TEST(AwsClient, AConfiguredEndpointIsTakenInTheOrderOfTheAwsTools) {
  const std::string config =
      "[default]\nendpoint_url = http://profile\nservices = mine\n[services mine]\nsts =\n  endpoint_url = "
      "http://section\n";
  EXPECT_EQ(World(Vars{}).url(), "https://sts.eu-central-1.amazonaws.com");
  EXPECT_EQ(World(Vars{}, config).url(), "http://section");
  EXPECT_EQ(World(Vars{}, config).url(sso_service), "http://profile");
  EXPECT_EQ(World(Vars{{"AWS_ENDPOINT_URL", "http://all"}}, config).url(), "http://all");
  EXPECT_EQ(World(Vars{{"AWS_ENDPOINT_URL", "http://all"}, {"AWS_ENDPOINT_URL_STS", "http://one/"}}, config).url(),
            "http://one");
  EXPECT_EQ(World(Vars{{"AWS_ENDPOINT_URL_SECRETSMANAGER", "http://x"}}).url(secrets_manager_service),
            "https://secretsmanager.eu-central-1.amazonaws.com");
  for (const char* yes : {"true", "TRUE"})
    EXPECT_EQ(
        World(Vars{{"AWS_ENDPOINT_URL", "http://all"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", yes}}, config).url(),
        "https://sts.eu-central-1.amazonaws.com");
  EXPECT_EQ(World(Vars{{"AWS_ENDPOINT_URL", "http://all"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "1"}}, config).url(),
            "http://all");
}

TEST(AwsClient, AnEndpointThatIsNoneIsAnError) {
  EXPECT_NE(World(Vars{{"AWS_ENDPOINT_URL", "x:1"}}).url().find("Invalid endpoint: x:1"), std::string::npos);
  EXPECT_NE(World(Vars{{"AWS_ENDPOINT_URL", "ftp://x"}}).url().find("Invalid endpoint"), std::string::npos);
  EXPECT_NE(World(Vars{}, "[default]\nservices = nope\n").url().find("[services nope]"), std::string::npos);
}

// A region is part of the host that keys and sign-ins are sent to, and some regions come from a connection string.
TEST(AwsClient, ARegionThatIsNoneLeadsToNoOtherHost) {
  const World world{Vars{}};
  for (const char* const region : {"evil.example/", "x@evil.example:443", "x.evil.example#", "eu-west-1.evil.example?",
                                   "-", "eu-west-1-", "12", "e\n", "eu west 1"}) {
    const auto url = endpoint_url(world.client(), sso_service, region);
    ASSERT_FALSE(url) << region << " leads to " << url.value();
    EXPECT_NE(url.error().message.find("is not the name of an AWS region"), std::string::npos) << url.error().message;
  }
  EXPECT_EQ(endpoint_url(world.client(), sso_service, "eu-west-1").value(),
            "https://portal.sso.eu-west-1.amazonaws.com");
  EXPECT_EQ(endpoint_url(world.client(), sts_service, "aws-global").value(), "https://sts.amazonaws.com");
  EXPECT_EQ(endpoint_url(world.client(), sts_service, "").value(), "https://sts.amazonaws.com");
}

TEST(AwsClient, SwitchesChooseTheHost) {
  EXPECT_EQ(World(Vars{{"AWS_USE_FIPS_ENDPOINT", "True"}}).url(), "https://sts-fips.eu-central-1.amazonaws.com");
  EXPECT_EQ(World(Vars{}, "[default]\nuse_dualstack_endpoint = true\n").url(), "https://sts.eu-central-1.api.aws");
  EXPECT_EQ(World(Vars{{"AWS_USE_FIPS_ENDPOINT", "1"}}).url(), "https://sts.eu-central-1.amazonaws.com");
}

TEST(AwsClient, ProxiesAreThoseOfTheAwsTools) {
  const char* const https = "https://sts.eu-central-1.amazonaws.com/";
  EXPECT_EQ(World(Vars{{"HTTPS_PROXY", "http://p:1"}}).proxy(https), "http://p:1");
  EXPECT_EQ(World(Vars{{"HTTPS_PROXY", "http://p:1"}}).proxy("http://h/"), "");
  EXPECT_EQ(World(Vars{{"HTTP_PROXY", "p:1"}}).proxy("http://h/"), "http://p:1");
  EXPECT_EQ(World(Vars{{"HTTPS_PROXY", "http://a"}, {"https_proxy", "http://b"}}).proxy(https), "http://b");
  EXPECT_EQ(World(Vars{{"HTTPS_PROXY", "http://a"}, {"https_proxy", ""}}).proxy(https), "");
  EXPECT_EQ(World(Vars{{"ALL_PROXY", "http://a"}}).proxy(https), "");
  for (const char* none : {"*", "amazonaws.com", ".amazonaws.com", "x, sts.eu-central-1.amazonaws.com",
                           "STS.eu-central-1.amazonaws.com:443"})
    EXPECT_EQ(World(Vars{{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", none}}).proxy(https), "") << none;
  for (const char* other : {"", "azonaws.com", "sts.eu-central-1.amazonaws.com:80", "10.0.0.0/8", "example.com"})
    EXPECT_EQ(World(Vars{{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", other}}).proxy(https), "http://p:1") << other;
}

TEST(AwsClient, InACgiProgramTheVisitorDoesNotChooseTheProxy) {
  EXPECT_EQ(World(Vars{{"HTTP_PROXY", "http://p:1"}, {"REQUEST_METHOD", "GET"}}).proxy("http://h/"), "");
  EXPECT_EQ(World(Vars{{"http_proxy", "http://p:1"}, {"REQUEST_METHOD", "GET"}}).proxy("http://h/"), "http://p:1");
  EXPECT_EQ(World(Vars{{"HTTPS_PROXY", "http://p:1"}, {"REQUEST_METHOD", "GET"}}).proxy("https://h/"), "http://p:1");
}

TEST(AwsClient, AnEndpointIsShownWithoutItsPassword) {
  const std::string message = World(Vars{{"AWS_ENDPOINT_URL", "ftp://me:hush@x/"}}).url();
  EXPECT_NE(message.find("Invalid endpoint: ftp://x/"), std::string::npos) << message;
  EXPECT_EQ(message.find("hush"), std::string::npos);
}

TEST(AwsClient, ReadsAwsErrorsOfEveryProtocol) {
  const auto error = [](const char* body, HttpHeaders headers = {}) {
    const HttpAnswer answer{400, std::move(headers), Secret(body)};
    const AwsErrorText text = error_of(answer);
    return text.code + "|" + text.message;
  };
  EXPECT_EQ(error("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></"
                  "ErrorResponse>"),
            "AccessDenied|no");
  EXPECT_EQ(error("{\"__type\":\"com.amazon#ExpiredTokenException:x\",\"message\":\"m\"}"), "ExpiredTokenException|m");
  EXPECT_EQ(error("{\"message\":\"m\"}", {{"x-amzn-errortype", "UnauthorizedException:http://x"}}),
            "UnauthorizedException|m");
  EXPECT_EQ(error("{\"error\":\"slow_down\",\"error_description\":\"wait\"}"), "slow_down|wait");
  EXPECT_EQ(error("<html>gateway</html>"), "|");
  EXPECT_EQ(error("plain"), "|plain");
}

TEST(AwsClient, AClockThatIsFarOffIsLearnedAndForgottenAgain) {
  const Time noon{std::chrono::seconds(1700000000)};
  learn_clock(noon + std::chrono::minutes(3), noon);
  EXPECT_EQ(clock_offset().count(), 0);
  learn_clock(noon + std::chrono::minutes(20), noon);
  EXPECT_EQ(clock_offset().count(), 1200);
  learn_clock(noon - std::chrono::minutes(20), noon);
  EXPECT_EQ(clock_offset().count(), -1200);
  learn_clock(noon, noon);
  EXPECT_EQ(clock_offset().count(), 0);
}

TEST(AwsClient, WhatWasLearnedOfAClockIsForgottenOnceTheClockIsSet) {
  Time now{std::chrono::seconds(1700000000)};
  const System system({}, [&now] { return now; });
  const Time theirs = now - std::chrono::hours(1);
  learn_clock(theirs, now);
  EXPECT_EQ(aws_now(system), theirs);
  now += std::chrono::minutes(2);  // by little, as a clock is kept right
  EXPECT_EQ(aws_now(system), theirs + std::chrono::minutes(2));
  now = theirs;  // and set right
  EXPECT_EQ(aws_now(system), theirs);
  EXPECT_EQ(clock_offset().count(), 0);
}

TEST(Pages, AListThatGoesOnAndOnIsGivenUp) {
  int asked = 0;
  const auto fault = read_pages(
      rds_service, "DescribeDBInstances",
      [&](const std::string&) {
        ++asked;
        return AwsResult(HttpAnswer());
      },
      [&](const HttpAnswer&) { return std::optional(asked < 20000 ? std::to_string(asked) : ""); });
  ASSERT_TRUE(fault);
  EXPECT_NE(fault->error.message.find("DescribeDBInstances"), std::string::npos) << fault->error.message;
  EXPECT_EQ(asked, 5001);
}

}  // namespace
}  // namespace iamodbc
