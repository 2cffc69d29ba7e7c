// SPDX-License-Identifier: Apache-2.0
#include "core/aws/redshift_lists.h"

#include <utility>

#include "core/aws/redshift.h"
#include "core/text.h"

namespace iamodbc {
namespace {

template <class Number>
int port_of(std::optional<Number> port) {
  return port && *port >= 1 && *port <= 65535 ? static_cast<int>(*port) : 0;
}

RedshiftWorkgroup workgroup_of(const Json& json) {
  RedshiftWorkgroup group;
  group.name = json.text("workgroupName").value_or("");
  group.arn = json.text("workgroupArn").value_or("");
  group.status = json.text("status").value_or("");
  if (const auto endpoint = json.object("endpoint")) {
    group.address = endpoint->text("address").value_or("");
    group.port = port_of(endpoint->number("port"));
  }
  return group;
}

}  // namespace

AwsList<RedshiftCluster> list_redshift_clusters(const AwsClient& client, const SigningKeys& keys,
                                                const std::string& name) {
  const QueryList list{redshift_service, "2012-12-01", "DescribeClusters", "Clusters"};
  QueryPairs members;
  if (!name.empty()) members.emplace_back("ClusterIdentifier", name);
  std::vector<RedshiftCluster> clusters;
  auto fault = query_pages(client, keys, list, members, [&](const Xml& xml) {
    const auto column = [&](const char* path) { return xml.texts("DescribeClustersResult/Clusters/Cluster", path); };
    const auto ids = column("ClusterIdentifier");
    const auto namespaces = column("ClusterNamespaceArn");
    const auto versions = column("ClusterVersion");
    const auto statuses = column("ClusterStatus");
    const auto addresses = column("Endpoint/Address");
    const auto ports = column("Endpoint/Port");
    const auto databases = column("DBName");
    for (std::size_t i = 0; i < ids.size(); ++i) {
      clusters.push_back({ids[i], namespaces[i], versions[i], statuses[i], addresses[i],
                          port_of(parse_integer(ports[i])), databases[i]});
    }
  });
  if (fault) return *std::move(fault);
  return clusters;
}

std::variant<RedshiftWorkgroup, AwsFault> get_redshift_workgroup(const AwsClient& client, const SigningKeys& keys,
                                                                 const std::string& name) {
  constexpr const char* operation = "GetWorkgroup";
  Json members;
  members.set("workgroupName", name);
  const AwsResult result = redshift_serverless_call(client, keys, operation, members);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto json = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  const auto found = json ? json->object("workgroup") : std::nullopt;
  if (!found) return unreadable_answer(redshift_serverless_service, operation);
  return workgroup_of(*found);
}

AwsList<RedshiftWorkgroup> list_redshift_workgroups(const AwsClient& client, const SigningKeys& keys) {
  constexpr const char* operation = "ListWorkgroups";
  std::vector<RedshiftWorkgroup> groups;
  const auto ask = [&](const std::string& marker) {
    Json members;
    if (!marker.empty()) members.set("nextToken", marker);
    return redshift_serverless_call(client, keys, operation, members, page_answer_bytes);
  };
  auto fault = read_pages(redshift_serverless_service, operation, ask,
                          [&](const HttpAnswer& answer) -> std::optional<std::string> {
                            const auto json = Json::parse(answer.body.reveal());
                            if (!json || !json->has("workgroups")) return std::nullopt;
                            for (const Json& one : json->objects("workgroups")) groups.push_back(workgroup_of(one));
                            return json->text("nextToken").value_or("");
                          });
  if (fault) return *std::move(fault);
  return groups;
}

}  // namespace iamodbc
