// redshift_lists: the Redshift clusters and the Redshift Serverless workgroups of a region.
// Texts are as AWS writes them; what an answer does not have is empty or 0. With a name, that one alone: an unknown one is an AwsFault (ClusterNotFound,
// ResourceNotFoundException).
// Errors: AwsFault (client.h). Thread rule: any thread, no lock held. The region is the client's.
// Source: https://docs.aws.amazon.com/redshift/latest/APIReference/API_DescribeClusters.html;
//         https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_ListWorkgroups.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "core/aws/pages.h"

namespace iamodbc {

struct RedshiftCluster {
  std::string id;
  std::string namespace_arn;  // arn:aws:redshift:region:account:namespace:...
  std::string version;
  std::string status;
  std::string address;  // empty while it is being made
  int port = 0;
  std::string database;
};
AwsList<RedshiftCluster> list_redshift_clusters(const AwsClient& client, const SigningKeys& keys,
                                                const std::string& name = "");

struct RedshiftWorkgroup {
  std::string name;
  std::string arn;  // ends in /<id>, which is not the name
  std::string status;
  std::string address;
  int port = 0;
};
std::variant<RedshiftWorkgroup, AwsFault> get_redshift_workgroup(const AwsClient& client, const SigningKeys& keys,
                                                                 const std::string& name);
AwsList<RedshiftWorkgroup> list_redshift_workgroups(const AwsClient& client, const SigningKeys& keys);

}  // namespace iamodbc
