// SPDX-License-Identifier: Apache-2.0
#include "setup/policy/lookup.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/aws/dsql.h"
#include "core/aws/rds_lists.h"
#include "core/aws/redshift_lists.h"
#include "core/aws/region.h"
#include "core/aws/sts.h"
#include "core/credentials/assumed_role.h"
#include "core/login/fetched_login.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr int account_field = 4;  // of an ARN

// One of the resources that a DSN leads to: of a global database each of its clusters.
struct Target {
  std::string region;
  std::string account;      // empty: not known
  std::string resource_id;  // empty: not known
};

struct Lookup {
  std::vector<Target> targets;
  std::vector<std::string> remarks;
  bool through_password = false;
};

std::string first_label(const std::string& host) {
  return host.substr(0, host.find('.'));
}

std::string bare(const std::string& host) {
  return lower(host.ends_with('.') ? std::string_view(host).substr(0, host.size() - 1) : host);
}

bool is_address_of(const std::string& address, const std::string& host) {
  return !address.empty() && bare(address) == bare(host);
}

// The only one that was asked for, or why there is none.
template <class T>
std::variant<T, std::string> single(AwsList<T> list, const std::string& what) {
  if (const auto* const fault = std::get_if<AwsFault>(&list)) return fault->error.message;
  auto& all = std::get<std::vector<T>>(list);
  if (all.size() != 1) return "AWS knows no " + what + " in this account and region.";
  return std::move(all.front());
}

class RdsLookup {
 public:
  RdsLookup(const PolicyAsker& asker, std::string host) : asker_(asker), host_(std::move(host)) {}

  Lookup run() {
    const HostKind kind = read_host_name(host_).kind;
    const std::string label = first_label(host_);
    if (asker_.keys == nullptr) {
      not_found(asker_.why_not);
    } else if (kind == HostKind::rds_instance) {
      instance(label);
    } else if (kind == HostKind::rds_cluster || kind == HostKind::rds_reader) {
      cluster(asker_.client, label, true);
    } else if (kind == HostKind::rds_custom) {
      custom(label);
    } else if (kind == HostKind::rds_proxy) {
      proxy(label);
    } else if (kind == HostKind::rds_global) {
      global(label);
    } else {
      not_found(host_ +
                " is no RDS endpoint, so it does not tell which database that is; set TokenHost to the endpoint.");
    }
    if (lookup_.targets.empty()) lookup_.targets.push_back({asker_.client.region, "", ""});
    return std::move(lookup_);
  }

 private:
  void not_found(const std::string& why) { lookup_.remarks.push_back(why); }

  // A database of another account may have the same name.
  bool is_another(const std::vector<std::string>& addresses, const std::string& what) {
    if (std::any_of(addresses.begin(), addresses.end(),
                    [&](const std::string& one) { return is_address_of(one, host_); }))
      return false;
    not_found(what + " of this account has another endpoint than " + host_ +
              ": that database is of another account. Run this with credentials of its account.");
    return true;
  }

  void found(const std::string& region, const std::string& arn, const std::string& resource_id) {
    lookup_.targets.push_back({region, arn_field(arn, account_field), resource_id});
  }

  void warn_of_iam(bool has_iam, const std::string& what, const char* command) {
    if (has_iam) return;
    lookup_.remarks.push_back("IAM authentication is off for " + what + "; switch it on: aws rds " + command + " " +
                              what + " --enable-iam-database-authentication --apply-immediately");
  }

  void instance(const std::string& name) {
    auto one = single(describe_db_instances(asker_.client, *asker_.keys, name), "DB instance " + name);
    if (const auto* const why = std::get_if<std::string>(&one)) return not_found(*why);
    const auto& row = std::get<DbInstance>(one);
    if (is_another({row.address}, "DB instance " + name)) return;
    // Of a member of a cluster the cluster's id counts.
    if (!row.cluster.empty()) return cluster(asker_.client, row.cluster, false);
    found(asker_.client.region, row.arn, row.resource_id);
    warn_of_iam(row.has_iam, name, "modify-db-instance --db-instance-identifier");
  }

  void cluster(const AwsClient& client, const std::string& name, bool is_host) {
    auto one = single(describe_db_clusters(client, *asker_.keys, name), "DB cluster " + name);
    if (const auto* const why = std::get_if<std::string>(&one)) return not_found(*why);
    const auto& row = std::get<DbCluster>(one);
    if (is_host && is_another({row.writer, row.reader}, "DB cluster " + name)) return;
    found(client.region, row.arn, row.resource_id);
    warn_of_iam(row.has_iam, name, "modify-db-cluster --db-cluster-identifier");
  }

  void custom(const std::string& name) {
    auto one = single(describe_db_cluster_endpoints(asker_.client, *asker_.keys, name), "cluster endpoint " + name);
    if (const auto* const why = std::get_if<std::string>(&one)) return not_found(*why);
    const auto& row = std::get<DbClusterEndpoint>(one);
    if (is_another({row.address}, "Cluster endpoint " + name)) return;
    cluster(asker_.client, row.cluster, false);
  }

  void proxy(const std::string& label) {
    std::string name = label;
    // name.endpoint.proxy-...: an endpoint of its own, not the proxy's.
    const bool is_endpoint = bare(host_).find(".endpoint.proxy-") != std::string::npos;
    if (is_endpoint) {
      auto one =
          single(describe_db_proxy_endpoints(asker_.client, *asker_.keys, label), "endpoint of a proxy " + label);
      if (const auto* const why = std::get_if<std::string>(&one)) return not_found(*why);
      const auto& row = std::get<DbProxyEndpoint>(one);
      if (is_another({row.address}, "Proxy endpoint " + label)) return;
      name = row.proxy;
    }
    auto one = single(describe_db_proxies(asker_.client, *asker_.keys, name), "DB proxy " + name);
    if (const auto* const why = std::get_if<std::string>(&one)) return not_found(*why);
    const auto& row = std::get<DbProxy>(one);
    if (!is_endpoint && is_another({row.address}, "DB proxy " + name)) return;
    found(asker_.client.region, row.arn, proxy_resource_id(row.arn));
    lookup_.through_password = !row.is_iam_to_the_end;
    if (!row.has_iam) {
      lookup_.remarks.push_back(
          "The proxy " + name +
          " does not ask for IAM: set IAMAuth of its Auth to REQUIRED (aws rds modify-db-proxy).");
    } else if (!row.has_iam_for_all) {
      lookup_.remarks.push_back("The proxy " + name +
                                " asks for IAM for some of its secrets only: IAMAuth of the secret of this user has to "
                                "be REQUIRED (aws rds modify-db-proxy).");
    }
  }

  // Any of its clusters may write tomorrow.
  void global(const std::string& name) {
    auto list = describe_global_cluster_members(asker_.client, *asker_.keys, name);
    if (const auto* const fault = std::get_if<AwsFault>(&list)) return not_found(fault->error.message);
    for (const GlobalClusterMember& member : std::get<std::vector<GlobalClusterMember>>(list)) {
      constexpr int region_field = 3;
      constexpr int name_field = 6;
      const AwsClient there{asker_.client.system,  asker_.client.files,
                            asker_.client.profile, arn_field(member.cluster_arn, region_field),
                            asker_.client.log,     asker_.client.deadline};
      const std::size_t before = lookup_.targets.size();
      cluster(there, arn_field(member.cluster_arn, name_field), false);
      if (lookup_.targets.size() == before) found(there.region, member.cluster_arn, "");
    }
  }

  const PolicyAsker& asker_;
  std::string host_;
  Lookup lookup_;
};

std::optional<CallerIdentity> caller_of(const PolicyAsker& asker) {
  if (asker.keys == nullptr) return std::nullopt;
  auto caller = get_caller_identity(asker.client, *asker.keys);
  if (auto* const identity = std::get_if<CallerIdentity>(&caller)) return std::move(*identity);
  return std::nullopt;
}

// The account where nothing described tells it: that of whoever asks, which is most likely the database's.
std::string account_of(const PolicyAsker& asker, std::vector<std::string>& remarks) {
  if (const auto caller = caller_of(asker)) {
    remarks.push_back("The account " + caller->account +
                      " is that of the credentials; where the database is of another one, write that.");
    return caller->account;
  }
  remarks.push_back(std::string("The account is not known; replace ") + unknown_account + " by its twelve digits.");
  return unknown_account;
}

Family family_of(const Source& source) {
  const BaseKind kind = source.profile->kind;
  if (kind == BaseKind::mariadb || kind == BaseKind::mysql) return Family::mysql;
  return Family::postgresql;
}

AccessPolicy rds_policy(const Source& source, const PolicyAsker& asker) {
  const Settings& settings = source.settings;
  Lookup lookup = RdsLookup(asker, settings.token_host).run();
  AccessPolicy policy;
  policy.remarks = std::move(lookup.remarks);
  PolicyStatement statement{{"rds-db:connect"}, {}};
  std::string asked_account;
  const bool is_proxy = read_host_name(settings.token_host).kind == HostKind::rds_proxy;
  for (Target& target : lookup.targets) {
    if (target.region == unknown_region) {
      policy.remarks.push_back(std::string("The region of the database is not known; replace ") + unknown_region +
                               " by it.");
    }
    if (target.account.empty()) {
      if (asked_account.empty()) asked_account = account_of(asker, policy.remarks);
      target.account = asked_account;
    }
    if (target.resource_id.empty()) {
      target.resource_id = "<RESOURCE-ID>";
      policy.remarks.push_back(
          "The resource id of the database is not known; replace <RESOURCE-ID> by the " +
          std::string(is_proxy ? "prx-... at the end of the proxy's ARN (aws rds describe-db-proxies)."
                               : "DbiResourceId (db-...) that `aws rds describe-db-instances` shows, or for Aurora by "
                                 "the DbClusterResourceId (cluster-...) of `aws rds describe-db-clusters`."));
    }
    statement.resources.push_back(arn_of("rds-db", target.region, target.account,
                                         "dbuser:" + target.resource_id + "/" + literal_in_resource(settings.user)));
  }
  policy.statements.push_back(std::move(statement));
  if (is_proxy && lookup.targets.front().resource_id == "<RESOURCE-ID>") lookup.through_password = true;
  policy.sql = sql_for_user(family_of(source), settings.user, lookup.through_password);
  return policy;
}

// Who AWS IAM GRANT names: of a session of a role, the role.
std::string granted_arn(const CallerIdentity& caller) {
  const std::string start = ":assumed-role/";
  const auto at = caller.arn.find(start);
  if (at == std::string::npos) return caller.arn;
  const std::string rest = caller.arn.substr(at + start.size());
  return "arn:" + arn_field(caller.arn, 1) + ":iam::" + caller.account + ":role/" + rest.substr(0, rest.find('/'));
}

AccessPolicy dsql_policy(const Source& source, const PolicyAsker& asker) {
  const Settings& settings = source.settings;
  const std::string id = first_label(settings.token_host);
  const bool is_admin = settings.user == "admin";
  AccessPolicy policy;
  std::string account;
  if (asker.keys != nullptr) {
    auto told = get_dsql_cluster(asker.client, *asker.keys, id);
    if (const auto* const cluster = std::get_if<DsqlCluster>(&told)) account = arn_field(cluster->arn, account_field);
  }
  if (account.empty()) account = account_of(asker, policy.remarks);
  policy.statements.push_back({{is_admin ? "dsql:DbConnectAdmin" : "dsql:DbConnect"},
                               {arn_of("dsql", asker.client.region, account, "cluster/" + id)}});
  if (is_admin) {
    policy.sql = {"-- The user admin is there from the beginning."};
    return policy;
  }
  const auto caller = caller_of(asker);
  const std::string who = caller ? granted_arn(*caller) : "<ARN-OF-THE-ROLE-OR-USER>";
  policy.sql = {"CREATE ROLE " + postgres_name(settings.user) + " WITH LOGIN;",
                "AWS IAM GRANT " + postgres_name(settings.user) + " TO '" + who + "';"};
  if (!caller) {
    policy.remarks.emplace_back("Who logs in is not known; replace <ARN-OF-THE-ROLE-OR-USER> by their ARN.");
  } else if (caller->arn != who) {
    policy.remarks.emplace_back("A role in a path has the path in its ARN; the session's does not tell it.");
  }
  return policy;
}

// ---- what is fetched ----

// Permissions on a cluster of Redshift, as GetClusterCredentials asks for them.
AccessPolicy cluster_policy(const FetchSettings& settings, const std::string& cluster, const PolicyAsker& asker) {
  AccessPolicy policy;
  std::string account;
  std::string database = settings.database;
  if (asker.keys != nullptr) {
    auto one = single(list_redshift_clusters(asker.client, *asker.keys, cluster), "Redshift cluster " + cluster);
    if (const auto* const row = std::get_if<RedshiftCluster>(&one)) {
      account = arn_field(row->namespace_arn, account_field);
      if (database.empty()) database = row->database;
    } else {
      policy.remarks.push_back(std::get<std::string>(one));
    }
  }
  if (account.empty()) account = account_of(asker, policy.remarks);
  if (database.empty()) {
    database = "<DATABASE>";
    policy.remarks.emplace_back("The database is not known; replace <DATABASE> by its name.");
  }
  const auto resource = [&](const char* kind, const std::string& name) {
    return arn_of("redshift", asker.client.region, account,
                  std::string(kind) + ":" + cluster + "/" + literal_in_resource(name));
  };
  const std::string name = resource("dbname", database);
  if (settings.is_federated || settings.user.empty()) {
    policy.statements.push_back({{"redshift:GetClusterCredentialsWithIAM"}, {name}});
    policy.sql = {"-- The user is named after the IAM identity, and made at its first login."};
  } else {
    PolicyStatement login{{"redshift:GetClusterCredentials"}, {resource("dbuser", settings.user), name}};
    if (settings.creates_user) login.actions.emplace_back("redshift:CreateClusterUser");
    if (!settings.groups.empty()) login.actions.emplace_back("redshift:JoinGroup");
    for (const std::string& group : settings.groups) {
      login.resources.push_back(resource("dbgroup", group));
      policy.sql.push_back("CREATE GROUP " + postgres_name(group) + ";");
    }
    policy.statements.push_back(std::move(login));
    policy.sql.push_back(settings.creates_user ? "-- The user is made at its first login."
                                               : "CREATE USER " + postgres_name(settings.user) + " PASSWORD DISABLE;");
  }
  if (settings.server.empty()) {
    policy.statements.push_back(
        {{"redshift:DescribeClusters"}, {arn_of("redshift", asker.client.region, account, "cluster:" + cluster)}});
  }
  return policy;
}

AccessPolicy workgroup_policy(const FetchSettings& settings, const std::string& workgroup, const PolicyAsker& asker) {
  AccessPolicy policy;
  std::string arn;
  if (asker.keys != nullptr) {
    auto list = list_redshift_workgroups(asker.client, *asker.keys);
    if (const auto* const fault = std::get_if<AwsFault>(&list)) {
      policy.remarks.push_back(fault->error.message);
    } else {
      for (const RedshiftWorkgroup& one : std::get<std::vector<RedshiftWorkgroup>>(list)) {
        if (one.name == workgroup) arn = one.arn;
      }
    }
  }
  if (arn.empty()) {
    arn = arn_of("redshift-serverless", asker.client.region, account_of(asker, policy.remarks),
                 "workgroup/<WORKGROUP-ID>");
    policy.remarks.emplace_back(
        "The id of the workgroup is not known; replace <WORKGROUP-ID> by the end of the workgroupArn that `aws "
        "redshift-serverless list-workgroups` shows.");
  }
  PolicyStatement statement{{"redshift-serverless:GetCredentials"}, {arn}};
  if (settings.server.empty()) statement.actions.emplace_back("redshift-serverless:GetWorkgroup");
  policy.statements.push_back(std::move(statement));
  policy.sql = {"-- The user is named after the IAM identity, and made at its first login."};
  return policy;
}

AccessPolicy secret_policy(const FetchSettings& settings, const PolicyAsker& asker) {
  AccessPolicy policy;
  std::string arn = settings.secret_id;
  if (!arn.starts_with("arn:")) {
    // Behind the name stand six letters that only AWS knows.
    arn = arn_of("secretsmanager", asker.client.region, account_of(asker, policy.remarks),
                 "secret:" + literal_in_resource(settings.secret_id) + "-??????");
  }
  policy.statements.push_back({{"secretsmanager:GetSecretValue"}, {std::move(arn)}});
  policy.remarks.emplace_back(
      "Where the secret has an encryption key of its own, kms:Decrypt on that key is needed too.");
  policy.sql = {"-- The user that the secret names logs in with its password; nothing is to be granted for IAM."};
  return policy;
}

}  // namespace

AccessPolicy token_policy(const Source& source, const PolicyAsker& asker) {
  return source.settings.auth_type == AuthType::dsql ? dsql_policy(source, asker) : rds_policy(source, asker);
}

Result<AccessPolicy> fetched_policy(const FetchSettings& settings, const PolicyAsker& asker) {
  if (settings.auth_type == AuthType::secrets_manager) return secret_policy(settings, asker);
  const auto target = redshift_target(settings);
  if (!target) return target.error();
  return target.value().is_serverless ? workgroup_policy(settings, target.value().name, asker)
                                      : cluster_policy(settings, target.value().name, asker);
}

}  // namespace iamodbc
