// SPDX-License-Identifier: Apache-2.0
#include "core/aws/endpoints.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/aws/regions.h"

namespace iamodbc {
namespace {

TEST(Endpoints, FollowPartitionAndSwitches) {
  struct Row {
    const AwsService& service;
    const char* region;
    EndpointSwitches switches;
    const char* host;
  };
  const EndpointSwitches none;
  const EndpointSwitches fips{true, false};
  const EndpointSwitches dual{false, true};
  const EndpointSwitches both{true, true};
  for (const Row& row : {
           Row{sts_service, "eu-central-1", none, "sts.eu-central-1.amazonaws.com"},
           Row{sts_service, "", none, "sts.amazonaws.com"},
           Row{sts_service, "aws-global", none, "sts.amazonaws.com"},
           Row{sts_service, "xx-unknown-9", none, "sts.xx-unknown-9.amazonaws.com"},
           Row{sso_service, "us-east-1", none, "portal.sso.us-east-1.amazonaws.com"},
           Row{sso_oidc_service, "us-east-1", none, "oidc.us-east-1.amazonaws.com"},
           Row{sts_service, "cn-north-1", none, "sts.cn-north-1.amazonaws.com.cn"},
           Row{sts_service, "cn-north-1", dual, "sts.cn-north-1.api.amazonwebservices.com.cn"},
           Row{sts_service, "us-west-2", fips, "sts-fips.us-west-2.amazonaws.com"},
           Row{sts_service, "us-west-2", dual, "sts.us-west-2.api.aws"},
           Row{sts_service, "us-west-2", both, "sts-fips.us-west-2.api.aws"},
           Row{sso_service, "us-west-2", fips, "portal.sso-fips.us-west-2.amazonaws.com"},
           Row{sts_service, "us-gov-west-1", fips, "sts.us-gov-west-1.amazonaws.com"},
           Row{sts_service, "us-gov-west-1", both, "sts-fips.us-gov-west-1.api.aws"},
           Row{secrets_manager_service, "us-gov-west-1", fips, "secretsmanager-fips.us-gov-west-1.amazonaws.com"},
           Row{secrets_manager_service, "eu-west-1", dual, "secretsmanager.eu-west-1.amazonaws.com"},
           Row{secrets_manager_service, "eu-west-1", both, "secretsmanager-fips.eu-west-1.amazonaws.com"},
           Row{redshift_serverless_service, "us-gov-east-1", fips,
               "redshift-serverless-fips.us-gov-east-1.amazonaws.com"},
           Row{dsql_service, "eu-west-1", none, "dsql.eu-west-1.api.aws"},
           Row{dsql_service, "eu-west-1", both, "dsql-fips.eu-west-1.api.aws"},
           Row{dsql_service, "us-gov-west-1", fips, "dsql-fips.us-gov-west-1.api.aws"},
           Row{dsql_service, "cn-north-1", none, "dsql.cn-north-1.api.amazonwebservices.com.cn"},
           Row{sts_service, "us-iso-east-1", none, "sts.us-iso-east-1.c2s.ic.gov"},
           Row{sts_service, "us-isob-east-1", none, "sts.us-isob-east-1.sc2s.sgov.gov"},
           Row{sts_service, "eu-isoe-west-1", none, "sts.eu-isoe-west-1.cloud.adc-e.uk"},
           Row{sts_service, "us-isof-south-1", none, "sts.us-isof-south-1.csp.hci.ic.gov"},
           Row{sts_service, "eusc-de-east-1", none, "sts.eusc-de-east-1.amazonaws.eu"},
           Row{signin_service, "us-east-1", none, "us-east-1.signin.aws.amazon.com"},
           Row{signin_service, "cn-north-1", none, "cn-north-1.signin.amazonaws.cn"},
           Row{signin_service, "us-gov-west-1", fips, "signin-fips.amazonaws-us-gov.com"},
           Row{signin_service, "us-gov-east-1", fips, "us-gov-east-1.signin-fips.amazonaws-us-gov.com"},
           Row{signin_service, "us-east-1", fips, "signin-fips.us-east-1.amazonaws.com"},
       }) {
    EXPECT_EQ(service_url(row.service, row.region, row.switches), std::string("https://") + row.host);
  }
}

TEST(Regions, AreThoseOfTheirPartition) {
  EXPECT_EQ(regions_of("aws-cn"), (std::vector<std::string>{"cn-north-1", "cn-northwest-1"}));
  EXPECT_EQ(regions_of("aws-us-gov").size(), 2U);
  for (const std::string& name : regions_of("aws")) EXPECT_EQ(partition_name(name), "aws") << name;
  std::size_t all = 0;
  for (const char* const partition :
       {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"})
    all += regions_of(partition).size();
  EXPECT_EQ(all, aws_regions().size());
  EXPECT_TRUE(is_opt_in_region("af-south-1"));
  EXPECT_FALSE(is_opt_in_region("us-east-1"));
  EXPECT_FALSE(is_opt_in_region("xx-unknown-9"));
}

}  // namespace
}  // namespace iamodbc
