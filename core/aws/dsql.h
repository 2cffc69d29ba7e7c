// dsql: the Aurora DSQL clusters of a region.
// Errors: AwsFault (client.h). Thread rule: any thread, no lock held. The region is the client's.
// Source: https://docs.aws.amazon.com/aurora-dsql/latest/APIReference/API_ListClusters.html and API_GetCluster.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/aws/pages.h"

namespace iamodbc {

struct DsqlCluster {
  std::string id;  // 26 letters and digits
  std::string arn;
  std::string status;   // ACTIVE ...; empty where only the list told of it
  std::string address;  // likewise
};
// Identifier and ARN alone.
AwsList<DsqlCluster> list_dsql_clusters(const AwsClient& client, const SigningKeys& keys);
std::variant<DsqlCluster, AwsFault> get_dsql_cluster(const AwsClient& client, const SigningKeys& keys,
                                                     const std::string& id);

// "<id>.dsql.<region>.on.aws"
std::string dsql_host(const std::string& id, const std::string& region);

}  // namespace iamodbc
