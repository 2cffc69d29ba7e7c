// redshift: Amazon Redshift, clusters and Redshift Serverless: temporary database passwords, and where a database answers.
// Errors: AwsFault (client.h). Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentials.html;
//   https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_GetCredentials.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/aws/client.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

// Empty texts are not sent.
struct RedshiftRequest {
  std::string name;  // of the cluster, or of the workgroup
  std::string database;
  std::string user;                   // of a cluster; GetClusterCredentials only
  bool creates_user = false;          // likewise
  std::vector<std::string> groups{};  // likewise
  std::optional<int> duration_seconds{};
};

// Its user is not the one that was asked for: "IAM:jane", "IAMA:jane:group", "IAMR:role".
struct RedshiftPassword {
  std::string user;
  Secret password;
  Time expiration;
};
using RedshiftPasswordResult = std::variant<RedshiftPassword, AwsFault>;

// For a user of the database.
RedshiftPasswordResult get_cluster_credentials(const AwsClient& client, const SigningKeys& keys,
                                               const RedshiftRequest& wanted);
// For the user that is named after the identity who asks.
RedshiftPasswordResult get_cluster_credentials_with_iam(const AwsClient& client, const SigningKeys& keys,
                                                        const RedshiftRequest& wanted);
// Redshift Serverless; likewise.
RedshiftPasswordResult get_workgroup_credentials(const AwsClient& client, const SigningKeys& keys,
                                                 const RedshiftRequest& wanted);

// A cluster that is paused or being made has no host.
struct RedshiftEndpoint {
  std::string host;
  int port = 0;
  std::string database{};  // the first one of a cluster; empty: not told
  std::string status;      // "available", "paused"; of a workgroup "AVAILABLE"
};
using RedshiftEndpointResult = std::variant<RedshiftEndpoint, AwsFault>;

RedshiftEndpointResult describe_cluster(const AwsClient& client, const SigningKeys& keys, const std::string& cluster);
RedshiftEndpointResult get_workgroup(const AwsClient& client, const SigningKeys& keys, const std::string& workgroup);

}  // namespace iamodbc
