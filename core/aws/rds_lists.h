// rds_lists: what Amazon RDS says that there is in a region: instances, clusters, their endpoints, proxies. Aurora, Multi-AZ clusters, DocumentDB and Neptune are all
// listed by it.
// Texts are as AWS writes them; what an answer does not have is empty, 0 or false. With a name, that one alone: an unknown one is an AwsFault (DBInstanceNotFound,
// DBClusterNotFoundFault, DBProxyNotFoundFault ...).
// Errors: AwsFault (client.h). Thread rule: any thread, no lock held. The region is the client's.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html and its neighbours
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/aws/pages.h"

namespace iamodbc {

struct DbInstance {
  std::string id;
  std::string arn;
  std::string resource_id;  // db-...
  std::string engine;
  std::string version;
  std::string status;
  std::string address;  // empty while it is being made
  int port = 0;
  std::string database;
  std::string cluster;  // that it is a member of
  bool has_iam = false;
};
AwsList<DbInstance> describe_db_instances(const AwsClient& client, const SigningKeys& keys,
                                          const std::string& name = "");

struct DbCluster {
  std::string id;
  std::string arn;
  std::string resource_id;  // cluster-...
  std::string engine;
  std::string version;
  std::string status;
  std::string writer;  // addresses
  std::string reader;
  int port = 0;
  std::string database;
  bool has_iam = false;
};
AwsList<DbCluster> describe_db_clusters(const AwsClient& client, const SigningKeys& keys, const std::string& name = "");

// The two that every cluster has are listed too; their id is empty.
struct DbClusterEndpoint {
  std::string id;
  std::string cluster;
  std::string address;
  std::string type;  // WRITER, READER, CUSTOM
  std::string status;
};
AwsList<DbClusterEndpoint> describe_db_cluster_endpoints(const AwsClient& client, const SigningKeys& keys,
                                                         const std::string& name = "");

struct DbProxy {
  std::string name;
  std::string arn;     // ends in :prx-...
  std::string family;  // POSTGRESQL, MYSQL, SQLSERVER
  std::string status;
  std::string address;
  bool has_iam = false;            // for who connects to it, by one of its secrets at least
  bool has_iam_for_all = false;    // by each of them
  bool is_iam_to_the_end = false;  // it logs in to the database with IAM itself
};
AwsList<DbProxy> describe_db_proxies(const AwsClient& client, const SigningKeys& keys, const std::string& name = "");

// Besides the one of the proxy itself.
struct DbProxyEndpoint {
  std::string name;
  std::string arn;
  std::string proxy;
  std::string status;
  std::string address;
  bool is_read_only = false;
  bool is_default = false;
};
AwsList<DbProxyEndpoint> describe_db_proxy_endpoints(const AwsClient& client, const SigningKeys& keys,
                                                     const std::string& name = "");

// The clusters of a global database, of all regions; one at most writes. GlobalClusterNotFoundFault: the region that is asked does not know the database.
// `name`: first label of the database's endpoint.
struct GlobalClusterMember {
  std::string cluster_arn;  // arn:aws:rds:region:account:cluster:name
  bool is_writer = false;
};
AwsList<GlobalClusterMember> describe_global_cluster_members(const AwsClient& client, const SigningKeys& keys,
                                                             const std::string& name);

}  // namespace iamodbc
