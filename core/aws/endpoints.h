// endpoints: where an AWS service answers. Pure: names in, URL out; nothing is asked.
// Source: https://docs.aws.amazon.com/general/latest/gr/rande.html; https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace iamodbc {

struct AwsService {
  const char* id;            // as AWS_ENDPOINT_URL_<id> has it; in lower case the key of a services section
  const char* host;          // first label or labels of the host name
  const char* signing_name;  // in the scope of a signature
};

inline constexpr AwsService sts_service{"STS", "sts", "sts"};
inline constexpr AwsService sso_service{"SSO", "portal.sso", "awsssoportal"};
inline constexpr AwsService sso_oidc_service{"SSO_OIDC", "oidc", "sso-oauth"};
inline constexpr AwsService signin_service{"SIGNIN", "signin", "signin"};
inline constexpr AwsService secrets_manager_service{"SECRETS_MANAGER", "secretsmanager", "secretsmanager"};
inline constexpr AwsService rds_service{"RDS", "rds", "rds"};
inline constexpr AwsService redshift_service{"REDSHIFT", "redshift", "redshift"};
inline constexpr AwsService redshift_serverless_service{"REDSHIFT_SERVERLESS", "redshift-serverless",
                                                        "redshift-serverless"};
inline constexpr AwsService dsql_service{"DSQL", "dsql", "dsql"};

// "aws", "aws-cn": what ARNs of a region begin with; an unknown region is taken for one of aws.
std::string partition_name(std::string_view region);

struct EndpointSwitches {
  bool fips = false;
  bool dual_stack = false;
};

// "https://sts.eu-central-1.amazonaws.com", no path. `region` in lower case; an unknown one is taken for one of the partition aws. Empty, for STS: its global host.
std::string service_url(const AwsService& service, std::string_view region, EndpointSwitches switches);

}  // namespace iamodbc
