// SPDX-License-Identifier: Apache-2.0
#include "core/aws/dsql.h"

#include <utility>

#include "core/encoding.h"

namespace iamodbc {
namespace {

AwsResult get(const AwsClient& client, const SigningKeys& keys, const char* operation, std::string path) {
  AwsCall request{dsql_service, operation};
  request.region = client.region;
  request.keys = &keys;
  request.method = "GET";
  request.path = std::move(path);
  request.max_answer_bytes = page_answer_bytes;
  return call(client, request);
}

DsqlCluster cluster_of(const Json& json) {
  return {json.text("identifier").value_or(""), json.text("arn").value_or(""), json.text("status").value_or(""),
          json.text("endpoint").value_or("")};
}

}  // namespace

AwsList<DsqlCluster> list_dsql_clusters(const AwsClient& client, const SigningKeys& keys) {
  constexpr const char* operation = "ListClusters";
  std::vector<DsqlCluster> clusters;
  const auto ask = [&](const std::string& marker) {
    return get(client, keys, operation, marker.empty() ? "/cluster" : "/cluster?next-token=" + percent_encoded(marker));
  };
  auto fault = read_pages(dsql_service, operation, ask, [&](const HttpAnswer& answer) -> std::optional<std::string> {
    const auto json = Json::parse(answer.body.reveal());
    if (!json || !json->has("clusters")) return std::nullopt;
    for (const Json& one : json->objects("clusters")) clusters.push_back(cluster_of(one));
    return json->text("nextToken").value_or("");
  });
  if (fault) return *std::move(fault);
  return clusters;
}

std::variant<DsqlCluster, AwsFault> get_dsql_cluster(const AwsClient& client, const SigningKeys& keys,
                                                     const std::string& id) {
  constexpr const char* operation = "GetCluster";
  AwsResult result = get(client, keys, operation, "/cluster/" + percent_encoded(id));
  if (auto* const fault = std::get_if<AwsFault>(&result)) return std::move(*fault);
  const auto json = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  if (!json || !json->has("identifier")) return unreadable_answer(dsql_service, operation);
  DsqlCluster cluster = cluster_of(*json);
  if (cluster.address.empty()) cluster.address = dsql_host(cluster.id, client.region);  // as older answers are
  return cluster;
}

std::string dsql_host(const std::string& id, const std::string& region) {
  const std::string partition = partition_name(region);
  const char* const suffix = partition == "aws-cn"     ? "on.amazonwebservices.com.cn"
                             : partition == "aws-eusc" ? "on.amazonwebservices.eu"
                                                       : "on.aws";
  return id + ".dsql." + region + "." + suffix;
}

}  // namespace iamodbc
