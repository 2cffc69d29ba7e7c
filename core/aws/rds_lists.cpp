// SPDX-License-Identifier: Apache-2.0
#include "core/aws/rds_lists.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr const char* version = "2014-10-31";

int port_of(const std::string& text) {
  const auto port = parse_integer(text).value_or(0);
  return port > 0 && port <= 65535 ? static_cast<int>(port) : 0;
}

// A list of one kind: where its rows stand in an answer, which member names one of them, and its columns.
struct Table {
  QueryList list;
  const char* row;     // in the list
  const char* member;  // of the request
};

// Each row's texts of a column: most have one.
using Columns = std::map<std::string, std::vector<std::vector<std::string>>>;

class Row {
 public:
  Row(const Columns& columns, std::size_t at) : columns_(columns), at_(at) {}
  [[nodiscard]] const std::vector<std::string>& texts(const std::string& column) const {
    return columns_.at(column)[at_];
  }
  [[nodiscard]] std::string text(const std::string& column) const {
    return texts(column).empty() ? "" : texts(column).front();
  }
  [[nodiscard]] bool is(const std::string& column, const char* value) const { return same_name(text(column), value); }

 private:
  const Columns& columns_;
  std::size_t at_;
};

// Each row of all pages as `made` makes it from its columns.
template <class Made, std::size_t count>
auto rows_of(const AwsClient& client, const SigningKeys& keys, const Table& table, const std::string& name,
             const std::array<const char*, count>& columns, const Made& made)
    -> AwsList<decltype(made(std::declval<Row>()))> {
  std::vector<decltype(made(std::declval<Row>()))> rows;
  QueryPairs members;
  if (!name.empty()) members.emplace_back(table.member, name);
  const std::string path = std::string(table.list.operation) + "Result/" + table.list.list + "/" + table.row;
  auto fault = query_pages(client, keys, table.list, members, [&](const Xml& xml) {
    Columns texts;
    for (const char* const column : columns) texts[column] = xml.all_texts(path, column);
    const std::size_t size = texts.begin()->second.size();
    for (std::size_t at = 0; at < size; ++at) rows.push_back(made(Row(texts, at)));
  });
  if (fault) return *std::move(fault);
  return rows;
}

}  // namespace

AwsList<DbInstance> describe_db_instances(const AwsClient& client, const SigningKeys& keys, const std::string& name) {
  const Table table{{rds_service, version, "DescribeDBInstances", "DBInstances"}, "DBInstance", "DBInstanceIdentifier"};
  constexpr std::array columns{"DBInstanceIdentifier",
                               "DBInstanceArn",
                               "DbiResourceId",
                               "Engine",
                               "EngineVersion",
                               "DBInstanceStatus",
                               "Endpoint/Address",
                               "Endpoint/Port",
                               "DBName",
                               "DBClusterIdentifier",
                               "IAMDatabaseAuthenticationEnabled"};
  return rows_of(client, keys, table, name, columns, [](const Row& row) {
    return DbInstance{row.text("DBInstanceIdentifier"),
                      row.text("DBInstanceArn"),
                      row.text("DbiResourceId"),
                      row.text("Engine"),
                      row.text("EngineVersion"),
                      row.text("DBInstanceStatus"),
                      row.text("Endpoint/Address"),
                      port_of(row.text("Endpoint/Port")),
                      row.text("DBName"),
                      row.text("DBClusterIdentifier"),
                      row.is("IAMDatabaseAuthenticationEnabled", "true")};
  });
}

AwsList<DbCluster> describe_db_clusters(const AwsClient& client, const SigningKeys& keys, const std::string& name) {
  const Table table{{rds_service, version, "DescribeDBClusters", "DBClusters"}, "DBCluster", "DBClusterIdentifier"};
  constexpr std::array columns{"DBClusterIdentifier",
                               "DBClusterArn",
                               "DbClusterResourceId",
                               "Engine",
                               "EngineVersion",
                               "Status",
                               "Endpoint",
                               "ReaderEndpoint",
                               "Port",
                               "DatabaseName",
                               "IAMDatabaseAuthenticationEnabled"};
  return rows_of(client, keys, table, name, columns, [](const Row& row) {
    return DbCluster{row.text("DBClusterIdentifier"),
                     row.text("DBClusterArn"),
                     row.text("DbClusterResourceId"),
                     row.text("Engine"),
                     row.text("EngineVersion"),
                     row.text("Status"),
                     row.text("Endpoint"),
                     row.text("ReaderEndpoint"),
                     port_of(row.text("Port")),
                     row.text("DatabaseName"),
                     row.is("IAMDatabaseAuthenticationEnabled", "true")};
  });
}

AwsList<DbClusterEndpoint> describe_db_cluster_endpoints(const AwsClient& client, const SigningKeys& keys,
                                                         const std::string& name) {
  // The rows have the name of their list.
  const Table table{{rds_service, version, "DescribeDBClusterEndpoints", "DBClusterEndpoints"},
                    "DBClusterEndpointList",
                    "DBClusterEndpointIdentifier"};
  constexpr std::array columns{"DBClusterEndpointIdentifier", "DBClusterIdentifier", "Endpoint", "EndpointType",
                               "Status"};
  return rows_of(client, keys, table, name, columns, [](const Row& row) {
    return DbClusterEndpoint{row.text("DBClusterEndpointIdentifier"), row.text("DBClusterIdentifier"),
                             row.text("Endpoint"), row.text("EndpointType"), row.text("Status")};
  });
}

AwsList<DbProxy> describe_db_proxies(const AwsClient& client, const SigningKeys& keys, const std::string& name) {
  const Table table{{rds_service, version, "DescribeDBProxies", "DBProxies"}, "member", "DBProxyName"};
  constexpr std::array columns{"DBProxyName", "DBProxyArn",          "EngineFamily",     "Status",
                               "Endpoint",    "Auth/member/IAMAuth", "DefaultAuthScheme"};
  return rows_of(client, keys, table, name, columns, [](const Row& row) {
    const bool is_to_the_end = row.is("DefaultAuthScheme", "IAM_AUTH");
    // One of each secret that it logs in to the database with.
    const auto& each = row.texts("Auth/member/IAMAuth");
    const auto is_asked_for = [](const std::string& one) {
      return same_name(one, "REQUIRED") || same_name(one, "ENABLED");
    };
    return DbProxy{row.text("DBProxyName"),
                   row.text("DBProxyArn"),
                   row.text("EngineFamily"),
                   row.text("Status"),
                   row.text("Endpoint"),
                   is_to_the_end || std::any_of(each.begin(), each.end(), is_asked_for),
                   is_to_the_end || (!each.empty() && std::all_of(each.begin(), each.end(), is_asked_for)),
                   is_to_the_end};
  });
}

AwsList<DbProxyEndpoint> describe_db_proxy_endpoints(const AwsClient& client, const SigningKeys& keys,
                                                     const std::string& name) {
  const Table table{
      {rds_service, version, "DescribeDBProxyEndpoints", "DBProxyEndpoints"}, "member", "DBProxyEndpointName"};
  constexpr std::array columns{"DBProxyEndpointName", "DBProxyEndpointArn", "DBProxyName", "Status", "Endpoint",
                               "TargetRole",          "IsDefault"};
  return rows_of(client, keys, table, name, columns, [](const Row& row) {
    return DbProxyEndpoint{row.text("DBProxyEndpointName"),
                           row.text("DBProxyEndpointArn"),
                           row.text("DBProxyName"),
                           row.text("Status"),
                           row.text("Endpoint"),
                           row.is("TargetRole", "READ_ONLY"),
                           row.is("IsDefault", "true")};
  });
}

AwsList<GlobalClusterMember> describe_global_cluster_members(const AwsClient& client, const SigningKeys& keys,
                                                             const std::string& name) {
  // Global databases and their clusters are both called GlobalClusterMember.
  const Table table{{rds_service, version, "DescribeGlobalClusters", "GlobalClusters"},
                    "GlobalClusterMember/GlobalClusterMembers/GlobalClusterMember",
                    "GlobalClusterIdentifier"};
  constexpr std::array columns{"DBClusterArn", "IsWriter"};
  return rows_of(client, keys, table, name, columns, [](const Row& row) {
    return GlobalClusterMember{row.text("DBClusterArn"), row.is("IsWriter", "true")};
  });
}

}  // namespace iamodbc
