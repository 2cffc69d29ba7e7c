// SPDX-License-Identifier: Apache-2.0
#include "core/aws/redshift.h"

#include <chrono>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "core/xml.h"

namespace iamodbc {
namespace {

constexpr const char* version = "2012-12-01";

AwsResult cluster_call(const AwsClient& client, const SigningKeys& keys, const char* operation, QueryPairs members) {
  AwsCall request{redshift_service, operation};
  request.region = client.region;
  request.keys = &keys;
  return query_call(client, std::move(request), version, std::move(members));
}

// What both calls for a cluster's password send.
QueryPairs members_of(const RedshiftRequest& wanted) {
  QueryPairs members{{"ClusterIdentifier", wanted.name}};
  if (!wanted.database.empty()) members.emplace_back("DbName", wanted.database);
  if (wanted.duration_seconds) members.emplace_back("DurationSeconds", std::to_string(*wanted.duration_seconds));
  return members;
}

RedshiftPasswordResult password_of(const AwsResult& result, const std::string& operation) {
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto xml = Xml::parse(std::get<HttpAnswer>(result).body.reveal());
  if (!xml) return unreadable_answer(redshift_service, operation);
  const std::string start = operation + "Result/";
  RedshiftPassword found;
  found.user = xml->text(start + "DbUser");
  std::string password = xml->text(start + "DbPassword");
  found.password = Secret::taken_from(password);
  const auto expiration = parse_time(xml->text(start + "Expiration"));
  if (found.user.empty() || found.password.empty() || !expiration)
    return unreadable_answer(redshift_service, operation);
  found.expiration = *expiration;
  return found;
}

std::optional<long long> whole_number(std::optional<double> number, double most) {
  if (!number || !(*number >= 0) || *number > most) return std::nullopt;
  return static_cast<long long>(*number);
}

}  // namespace

AwsResult redshift_serverless_call(const AwsClient& client, const SigningKeys& keys, const char* operation,
                                   const Json& members, std::size_t max_answer_bytes) {
  AwsCall request{redshift_serverless_service, operation};
  request.region = client.region;
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", std::string("RedshiftServerless.") + operation}};
  std::string body = members.write();
  request.body = Secret::taken_from(body);
  request.keys = &keys;
  request.max_answer_bytes = max_answer_bytes;
  return call(client, request);
}

RedshiftPasswordResult get_cluster_credentials(const AwsClient& client, const SigningKeys& keys,
                                               const RedshiftRequest& wanted) {
  QueryPairs members = members_of(wanted);
  members.emplace_back("DbUser", wanted.user);
  if (wanted.creates_user) members.emplace_back("AutoCreate", "true");
  int number = 0;
  for (const std::string& group : wanted.groups)
    members.emplace_back("DbGroups.DbGroup." + std::to_string(++number), group);
  return password_of(cluster_call(client, keys, "GetClusterCredentials", std::move(members)), "GetClusterCredentials");
}

RedshiftPasswordResult get_cluster_credentials_with_iam(const AwsClient& client, const SigningKeys& keys,
                                                        const RedshiftRequest& wanted) {
  return password_of(cluster_call(client, keys, "GetClusterCredentialsWithIAM", members_of(wanted)),
                     "GetClusterCredentialsWithIAM");
}

RedshiftPasswordResult get_workgroup_credentials(const AwsClient& client, const SigningKeys& keys,
                                                 const RedshiftRequest& wanted) {
  Json members;
  members.set("workgroupName", wanted.name);
  if (!wanted.database.empty()) members.set("dbName", wanted.database);
  if (wanted.duration_seconds) members.set("durationSeconds", static_cast<long long>(*wanted.duration_seconds));
  const AwsResult result = redshift_serverless_call(client, keys, "GetCredentials", members);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto json = Json::parse(std::get<HttpAnswer>(result).body.reveal());
  auto password = json ? json->secret("dbPassword") : std::nullopt;
  constexpr double last_moment = 9e9;  // seconds, in the year 2255
  const auto expiration = json ? whole_number(json->number("expiration"), last_moment) : std::nullopt;
  if (!password || password->empty() || !expiration || json->text("dbUser").value_or("").empty())
    return unreadable_answer(redshift_serverless_service, "GetCredentials");
  return RedshiftPassword{*json->text("dbUser"), *std::move(password), Time(std::chrono::seconds(*expiration))};
}

}  // namespace iamodbc
