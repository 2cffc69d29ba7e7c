// SPDX-License-Identifier: Apache-2.0
#include "core/aws/rds.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"
#include "core/xml.h"

namespace iamodbc {
namespace {

constexpr const char* version = "2014-10-31";

AwsResult rds_call(const AwsClient& client, const SigningKeys& keys, const char* operation, QueryPairs members) {
  AwsCall request{rds_service, operation};
  request.region = client.region;
  request.keys = &keys;
  return query_call(client, std::move(request), version, std::move(members));
}

}  // namespace

std::variant<std::string, AwsFault> writer_of_global_cluster(const AwsClient& client, const SigningKeys& keys,
                                                             const std::string& identifier) {
  constexpr const char* operation = "DescribeGlobalClusters";
  const AwsResult result = rds_call(client, keys, operation, {{"GlobalClusterIdentifier", identifier}});
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto xml = Xml::parse(std::get<HttpAnswer>(result).body.reveal());
  if (!xml) return unreadable_answer(rds_service, operation);
  // Both the databases and the clusters of one are called so.
  const std::string members =
      "DescribeGlobalClustersResult/GlobalClusters/GlobalClusterMember/GlobalClusterMembers/GlobalClusterMember";
  const std::vector<std::string> arns = xml->texts(members, "DBClusterArn");
  const std::vector<std::string> writers = xml->texts(members, "IsWriter");
  const auto writer =
      std::find_if(writers.begin(), writers.end(), [](const std::string& text) { return same_name(text, "true"); });
  if (writer != writers.end() && !arns[static_cast<std::size_t>(writer - writers.begin())].empty())
    return arns[static_cast<std::size_t>(writer - writers.begin())];
  return AwsFault{cannot_connect("The global database " + identifier +
                                 " has no cluster that writes at this moment: it may be in the middle of a failover. "
                                 "Try again later, or look at it in the console of Amazon RDS."),
                  "", std::get<HttpAnswer>(result).status};
}

}  // namespace iamodbc
