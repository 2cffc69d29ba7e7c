// AuthType=Redshift: a temporary password of a cluster or a workgroup, and where the DSN has no Server its endpoint.
// SPDX-License-Identifier: Apache-2.0
#include "core/aws/redshift.h"

#include <utility>
#include <variant>
#include <vector>

#include "core/aws/redshift_lists.h"
#include "core/json.h"
#include "core/login/fetched_login.h"
#include "core/text.h"

namespace iamodbc {
namespace {

Error not_given(const std::string& what, const AwsFault& fault, const char* action) {
  std::string advice;
  if (fault.code == "ClusterNotFound" || fault.code == "ClusterNotFoundFault" ||
      fault.code == "ResourceNotFoundException")
    advice = " Check its name, and Region.";
  if (fault.code == "AccessDenied" || fault.code == "AccessDeniedException" || fault.code == "UnauthorizedOperation")
    advice = std::string(" The identity needs ") + action + ".";
  return Error{fault.error.sqlstate, what + ": " + fault.error.message + advice, 0, fault.error.refused_key};
}

std::string shown(const RedshiftTarget& target) {
  return (target.is_serverless ? "workgroup " : "cluster ") + target.name;
}

// The policy action is named after the call.
struct Asked {
  RedshiftPasswordResult result;
  const char* action;
};

Asked ask_for_password(const FetchSettings& settings, const RedshiftTarget& target, const AwsClient& client,
                       const SigningKeys& keys) {
  RedshiftRequest wanted{target.name,           settings.database, settings.user,
                         settings.creates_user, settings.groups,   settings.duration};
  if (target.is_serverless)
    return {get_workgroup_credentials(client, keys, wanted), "redshift-serverless:GetCredentials"};
  if (settings.user.empty() || settings.is_federated)
    return {get_cluster_credentials_with_iam(client, keys, wanted), "redshift:GetClusterCredentialsWithIAM"};
  return {get_cluster_credentials(client, keys, wanted),
          "redshift:GetClusterCredentials for that user and database (and redshift:CreateClusterUser, "
          "redshift:JoinGroup for AutoCreate and DbGroups)"};
}

// One that is paused or being made has no host.
struct Place {
  std::string host;
  int port = 0;
  std::string database{};  // the first one of a cluster
  std::string status{};
};

std::variant<Place, AwsFault> place_of(const RedshiftTarget& target, const AwsClient& client, const SigningKeys& keys) {
  if (target.is_serverless) {
    auto found = get_redshift_workgroup(client, keys, target.name);
    if (auto* const fault = std::get_if<AwsFault>(&found)) return std::move(*fault);
    auto& group = std::get<RedshiftWorkgroup>(found);
    return Place{std::move(group.address), group.port, "", std::move(group.status)};
  }
  auto found = list_redshift_clusters(client, keys, target.name);
  if (auto* const fault = std::get_if<AwsFault>(&found)) return std::move(*fault);
  auto& clusters = std::get<std::vector<RedshiftCluster>>(found);
  if (clusters.empty()) return Place{};
  RedshiftCluster& cluster = clusters.front();
  return Place{std::move(cluster.address), cluster.port, std::move(cluster.database), std::move(cluster.status)};
}

std::optional<Error> add_endpoint(Json& document, const RedshiftTarget& target, const AwsClient& client,
                                  const SigningKeys& keys) {
  const auto result = place_of(target, client, keys);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) {
    return not_given("Where " + shown(target) + " answers is not known (region " + client.region + ")", *fault,
                     target.is_serverless ? "redshift-serverless:GetWorkgroup, or Server in the DSN"
                                          : "redshift:DescribeClusters, or Server in the DSN");
  }
  const auto& endpoint = std::get<Place>(result);
  if (endpoint.host.empty() || endpoint.port == 0) {
    return cannot_connect("The " + shown(target) + " has no endpoint" +
                          (endpoint.status.empty() ? "" : ": it is " + on_one_line(endpoint.status, 40)) +
                          ". Wait until it is available, or resume it.");
  }
  document.set("host", endpoint.host);
  document.set("port", static_cast<long long>(endpoint.port));
  if (!endpoint.database.empty()) document.set("dbname", endpoint.database);
  return std::nullopt;
}

}  // namespace

Result<RedshiftTarget> redshift_target(const FetchSettings& settings) {
  if (!settings.cluster.empty()) return RedshiftTarget{settings.cluster, false};
  if (!settings.workgroup.empty()) return RedshiftTarget{settings.workgroup, true};
  const HostKind kind = read_host_name(settings.token_host).kind;
  if (kind == HostKind::redshift || kind == HostKind::redshift_serverless) {
    return RedshiftTarget{settings.token_host.substr(0, settings.token_host.find('.')),
                          kind == HostKind::redshift_serverless};
  }
  return cannot_connect(
      "Which cluster or workgroup it is, is not known: " +
      (settings.token_host.empty() ? "there is no Server" : settings.token_host + " is not an endpoint of Redshift") +
      ". Give ClusterID, or Workgroup for Redshift Serverless.");
}

Result<FetchedDocument> fetch_redshift_login(const FetchSettings& settings, const AwsClient& client,
                                             const SigningKeys& keys) {
  const auto target = redshift_target(settings);
  if (!target) return target.error();
  Json document;
  document.set("engine", "redshift");
  if (settings.server.empty()) {
    if (auto error = add_endpoint(document, target.value(), client, keys)) return *error;
  }
  if (settings.database.empty() && !document.has("dbname")) {
    return cannot_connect("Database is missing, and " + shown(target.value()) +
                          " does not tell it. Give it in the DSN or the string; the first one is usually dev.");
  }
  auto asked = ask_for_password(settings, target.value(), client, keys);
  if (const auto* const fault = std::get_if<AwsFault>(&asked.result)) {
    return not_given("No login was given for " + shown(target.value()) + " (region " + client.region + ")", *fault,
                     asked.action);
  }
  const auto& password = std::get<RedshiftPassword>(asked.result);
  document.set("username", password.user);
  document.set("password", password.password);
  std::string written = document.write();
  // XML carries bytes that JSON replaces.
  const auto again = Json::parse(written);
  const auto kept = again ? again->secret("password") : std::nullopt;
  if (!kept || kept->reveal() != password.password.reveal() || again->text("username") != password.user) {
    wipe(written);
    return unreadable_answer(redshift_service, "GetClusterCredentials").error;
  }
  constexpr std::chrono::seconds margin{60};
  return FetchedDocument{Secret::taken_from(written), password.expiration, margin};
}

}  // namespace iamodbc
