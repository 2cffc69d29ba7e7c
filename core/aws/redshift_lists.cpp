// SPDX-License-Identifier: Apache-2.0
#include "core/aws/redshift_lists.h"

#include <utility>

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

AwsList<RedshiftWorkgroup> list_redshift_workgroups(const AwsClient& client, const SigningKeys& keys) {
  constexpr const char* operation = "ListWorkgroups";
  std::vector<RedshiftWorkgroup> groups;
  const auto ask = [&](const std::string& marker) {
    AwsCall request{redshift_serverless_service, operation};
    request.region = client.region;
    request.keys = &keys;
    request.max_answer_bytes = page_answer_bytes;
    request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                       {"X-Amz-Target", std::string("RedshiftServerless.") + operation}};
    Json members;
    if (!marker.empty()) members.set("nextToken", marker);
    request.body = Secret(members.write());
    return call(client, request);
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
