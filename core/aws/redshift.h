// redshift: Amazon Redshift, clusters and Redshift Serverless: temporary database passwords.
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
#include "core/json.h"
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

// Any call of Redshift Serverless, for its lists too (redshift_lists.h).
AwsResult redshift_serverless_call(const AwsClient& client, const SigningKeys& keys, const char* operation,
                                   const Json& members, std::size_t max_answer_bytes = usual_answer_bytes);

}  // namespace iamodbc
