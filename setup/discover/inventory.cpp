// SPDX-License-Identifier: Apache-2.0
#include "setup/discover/inventory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include "core/aws/dsql.h"
#include "core/aws/rds_lists.h"
#include "core/aws/redshift_lists.h"
#include "core/aws/regions.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::size_t most_threads = 32;  // nearly all of their time is waiting for far regions

// What one region gave. Each list is written by one thread alone.
struct RegionLists {
  std::string region;
  std::vector<DbInstance> instances;
  std::vector<DbCluster> clusters;
  std::vector<DbClusterEndpoint> endpoints;
  std::vector<DbProxy> proxies;
  std::vector<DbProxyEndpoint> proxy_endpoints;
  std::vector<RedshiftCluster> redshift;
  std::vector<RedshiftWorkgroup> workgroups;
  std::vector<DsqlCluster> dsql;
};

struct Missed {
  AwsFault fault;
  const char* operation = "";  // empty: that of the list
};
using Asked = std::optional<Missed>;

template <class T>
Asked taken(AwsList<T> list, std::vector<T>& into) {
  if (auto* const fault = std::get_if<AwsFault>(&list)) return Missed{std::move(*fault)};
  into = std::move(std::get<std::vector<T>>(list));
  return std::nullopt;
}

// The list gives names alone; what a cluster does not tell of itself is left empty.
Asked ask_dsql(const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
  if (auto fault = taken(list_dsql_clusters(client, keys), lists.dsql)) return fault;
  Asked first_fault;
  for (DsqlCluster& one : lists.dsql) {
    auto told = get_dsql_cluster(client, keys, one.id);
    if (auto* const cluster = std::get_if<DsqlCluster>(&told)) {
      one = std::move(*cluster);
      continue;
    }
    one.address = dsql_host(one.id, client.region);
    if (!first_fault) first_fault = Missed{std::get<AwsFault>(std::move(told)), "GetCluster"};
  }
  return first_fault;
}

struct List {
  const char* service;
  const char* operation;
  bool (*is_of)(Family family);
  Asked (*ask)(const AwsClient& client, const SigningKeys& keys, RegionLists& lists);
};

bool is_of_rds(Family family) {
  return family == Family::postgresql || family == Family::mysql;
}
bool is_redshift(Family family) {
  return family == Family::redshift;
}
bool is_dsql(Family family) {
  return family == Family::dsql;
}

constexpr std::array all_lists{
    List{"Amazon RDS", "DescribeDBClusters", is_of_rds,
         [](const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
           return taken(describe_db_clusters(client, keys), lists.clusters);
         }},
    List{"Amazon RDS", "DescribeDBInstances", is_of_rds,
         [](const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
           return taken(describe_db_instances(client, keys), lists.instances);
         }},
    List{"Amazon RDS", "DescribeDBClusterEndpoints", is_of_rds,
         [](const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
           return taken(describe_db_cluster_endpoints(client, keys), lists.endpoints);
         }},
    List{"Amazon RDS", "DescribeDBProxies", is_of_rds,
         [](const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
           return taken(describe_db_proxies(client, keys), lists.proxies);
         }},
    List{"Amazon RDS", "DescribeDBProxyEndpoints", is_of_rds,
         [](const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
           return taken(describe_db_proxy_endpoints(client, keys), lists.proxy_endpoints);
         }},
    List{"Amazon Redshift", "DescribeClusters", is_redshift,
         [](const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
           return taken(list_redshift_clusters(client, keys), lists.redshift);
         }},
    List{"Redshift Serverless", "ListWorkgroups", is_redshift,
         [](const AwsClient& client, const SigningKeys& keys, RegionLists& lists) {
           return taken(list_redshift_workgroups(client, keys), lists.workgroups);
         }},
    List{"Aurora DSQL", "ListClusters", is_dsql, ask_dsql},
};

// ---- faults ----

bool is_one_of(std::string_view code, std::initializer_list<const char*> codes) {
  return std::any_of(codes.begin(), codes.end(), [&](const char* one) { return code == one; });
}

// A region that is not switched on knows no key of the account.
bool is_unknown_key(const AwsFault& fault) {
  return is_one_of(fault.code, {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"});
}

// Not each region has each service, nor each old one each call.
bool is_not_offered(const AwsFault& fault, const List& list) {
  const bool is_rds_itself = std::string_view(list.operation) == "DescribeDBInstances" ||
                             std::string_view(list.operation) == "DescribeDBClusters";
  if (is_rds_itself) return false;
  return fault.is_unknown_name || is_one_of(fault.code, {"InvalidAction", "UnknownOperationException",
                                                         "UnsupportedOperation", "UnsupportedOperationException"});
}

// ---- the rows ----

struct Engine {
  const char* name;  // as AWS calls it, or what its name begins with
  Family family;
  bool has_odbc = true;
};
constexpr std::array engines{
    Engine{"postgres", Family::postgresql}, Engine{"aurora-postgresql", Family::postgresql},
    Engine{"mysql", Family::mysql},         Engine{"mariadb", Family::mysql},
    Engine{"aurora-mysql", Family::mysql},  Engine{"aurora", Family::mysql},  // MySQL 5.6's old name
    Engine{"docdb", Family::none, false},   Engine{"neptune", Family::none, false},
};

const Engine* engine_named(std::string_view name) {
  const auto found = std::find_if(engines.begin(), engines.end(), [&](const Engine& one) { return name == one.name; });
  return found == engines.end() ? nullptr : &*found;
}

void set_engine(FoundDatabase& database, const std::string& engine, const std::string& version, bool has_iam) {
  const Engine* const known = engine_named(engine);
  database.engine = engine;
  database.version = version;
  if (known != nullptr) database.family = known->family;
  if (database.family != Family::none) {
    database.iam = has_iam ? IamLogin::on : IamLogin::off;
  } else if (known != nullptr) {
    database.iam = IamLogin::no_odbc;
  }
}

FoundDatabase row_of(const RegionLists& lists, const std::string& name, const char* kind) {
  FoundDatabase row;
  row.region = lists.region;
  row.name = name;
  row.kind = kind;
  return row;
}

FoundDatabase cluster_row(const RegionLists& lists, const DbCluster& cluster, const std::string& name, const char* kind,
                          const std::string& host) {
  FoundDatabase row = row_of(lists, name, kind);
  set_engine(row, cluster.engine, cluster.version, cluster.has_iam);
  row.status = cluster.status;
  row.host = host;
  row.port = cluster.port;
  row.cluster = cluster.id;
  row.resource_id = cluster.resource_id;
  row.arn = cluster.arn;
  row.database = cluster.database;
  return row;
}

void add_clusters(const RegionLists& lists, std::vector<FoundDatabase>& rows) {
  for (const DbCluster& cluster : lists.clusters) {
    rows.push_back(cluster_row(lists, cluster, cluster.id, "writer", cluster.writer));
    if (!cluster.reader.empty()) rows.push_back(cluster_row(lists, cluster, cluster.id, "reader", cluster.reader));
  }
  for (const DbClusterEndpoint& endpoint : lists.endpoints) {
    if (!same_name(endpoint.type, "CUSTOM")) continue;
    const auto cluster = std::find_if(lists.clusters.begin(), lists.clusters.end(),
                                      [&](const DbCluster& one) { return one.id == endpoint.cluster; });
    DbCluster of_it;  // where clusters may not be listed
    of_it.id = endpoint.cluster;
    if (cluster != lists.clusters.end()) of_it = *cluster;
    FoundDatabase row = cluster_row(lists, of_it, endpoint.id, "custom", endpoint.address);
    row.status = endpoint.status;
    rows.push_back(std::move(row));
  }
}

void add_instances(const RegionLists& lists, std::vector<FoundDatabase>& rows) {
  for (const DbInstance& instance : lists.instances) {
    FoundDatabase row = row_of(lists, instance.id, "instance");
    // What decides over a member's logins is its cluster.
    const auto cluster = std::find_if(lists.clusters.begin(), lists.clusters.end(), [&](const DbCluster& one) {
      return !instance.cluster.empty() && one.id == instance.cluster;
    });
    const bool is_member = cluster != lists.clusters.end();
    set_engine(row, instance.engine, instance.version, is_member ? cluster->has_iam : instance.has_iam);
    row.status = instance.status;
    row.host = instance.address;
    row.port = instance.port;
    row.cluster = instance.cluster;
    row.resource_id = is_member ? cluster->resource_id : instance.cluster.empty() ? instance.resource_id : "";
    row.arn = instance.arn;
    row.database = instance.database;
    rows.push_back(std::move(row));
  }
}

FoundDatabase proxy_row(const RegionLists& lists, const DbProxy& proxy, const std::string& name, const char* kind,
                        const std::string& host) {
  FoundDatabase row = row_of(lists, name, kind);
  if (same_name(proxy.family, "POSTGRESQL")) row.family = Family::postgresql;
  if (same_name(proxy.family, "MYSQL")) row.family = Family::mysql;
  row.engine = lower(proxy.family);
  row.status = proxy.status;
  row.host = host;
  row.port = row.family == Family::postgresql ? 5432 : row.family == Family::mysql ? 3306 : 0;
  if (row.family != Family::none) row.iam = proxy.has_iam ? IamLogin::on : IamLogin::off;
  row.cluster = proxy.name;
  row.resource_id = proxy_resource_id(proxy.arn);
  row.arn = proxy.arn;
  return row;
}

void add_proxies(const RegionLists& lists, std::vector<FoundDatabase>& rows) {
  for (const DbProxy& proxy : lists.proxies) {
    rows.push_back(proxy_row(lists, proxy, proxy.name, "proxy", proxy.address));
  }
  for (const DbProxyEndpoint& endpoint : lists.proxy_endpoints) {
    if (endpoint.is_default) continue;  // the proxy's own address
    const auto proxy = std::find_if(lists.proxies.begin(), lists.proxies.end(),
                                    [&](const DbProxy& one) { return one.name == endpoint.proxy; });
    DbProxy of_it;
    of_it.name = endpoint.proxy;
    if (proxy != lists.proxies.end()) of_it = *proxy;
    FoundDatabase row = proxy_row(lists, of_it, endpoint.name, "proxy endpoint", endpoint.address);
    row.status = endpoint.status;
    rows.push_back(std::move(row));
  }
}

void add_warehouses(const RegionLists& lists, std::vector<FoundDatabase>& rows) {
  const auto add = [&](FoundDatabase row, const char* engine, Family family, const auto& one) {
    row.engine = engine;
    row.family = family;
    row.iam = IamLogin::on;  // by GetClusterCredentials, GetCredentials, DbConnect: nothing is to be switched on
    row.status = lower(one.status);
    row.host = one.address;
    row.cluster = row.name;
    rows.push_back(std::move(row));
    return &rows.back();
  };
  for (const RedshiftCluster& one : lists.redshift) {
    FoundDatabase* const row = add(row_of(lists, one.id, "cluster"), "redshift", Family::redshift, one);
    row->version = one.version;
    row->port = one.port;
    row->arn = one.namespace_arn;
    row->database = one.database;
  }
  for (const RedshiftWorkgroup& one : lists.workgroups) {
    FoundDatabase* const row = add(row_of(lists, one.name, "workgroup"), "redshift-serverless", Family::redshift, one);
    row->port = one.port;
    row->arn = one.arn;
  }
  for (const DsqlCluster& one : lists.dsql) {
    FoundDatabase* const row = add(row_of(lists, one.id, "cluster"), "aurora-dsql", Family::dsql, one);
    row->port = 5432;
    row->arn = one.arn;
    row->database = "postgres";  // there is no other
  }
}

int place_of(const std::string& kind) {
  constexpr std::array order{"writer",    "reader", "custom",         "cluster",
                             "workgroup", "proxy",  "proxy endpoint", "instance"};
  return static_cast<int>(std::find(order.begin(), order.end(), kind) - order.begin());
}

void add_rows(const RegionLists& lists, std::vector<FoundDatabase>& all) {
  std::vector<FoundDatabase> rows;
  add_clusters(lists, rows);
  add_instances(lists, rows);
  add_proxies(lists, rows);
  add_warehouses(lists, rows);
  std::stable_sort(rows.begin(), rows.end(), [](const FoundDatabase& a, const FoundDatabase& b) {
    const std::string& a_home = a.cluster.empty() ? a.name : a.cluster;
    const std::string& b_home = b.cluster.empty() ? b.name : b.cluster;
    return std::make_tuple(std::string_view(a_home), place_of(a.kind), std::string_view(a.name)) <
           std::make_tuple(std::string_view(b_home), place_of(b.kind), std::string_view(b.name));
  });
  std::move(rows.begin(), rows.end(), std::back_inserter(all));
}

// ---- the asking ----

struct Task {
  const List* list;
  RegionLists* into;
};

class Asking {
 public:
  Asking(const AwsClient& client, const SigningKeys& keys, const InventoryQuestion& question,
         const InventoryProgress& done)
      : client_(client), keys_(keys), question_(question), done_(done) {
    regions_.resize(question.regions.size());
    for (std::size_t i = 0; i < regions_.size(); ++i) regions_[i].region = question.regions[i];
    std::vector<const List*> wanted;
    for (const List& list : all_lists) {
      const bool is_wanted =
          question.families.empty() || std::any_of(question.families.begin(), question.families.end(), list.is_of);
      if (is_wanted) wanted.push_back(&list);
    }
    // Each region once, with another list than its neighbour, then each again: no region is asked much at once, and the long answers do not all come at the same time.
    for (std::size_t turn = 0; turn < wanted.size(); ++turn) {
      for (std::size_t i = 0; i < regions_.size(); ++i) {
        tasks_.push_back({wanted[(turn + i) % wanted.size()], &regions_[i]});
      }
    }
  }

  Inventory run() {
    std::vector<std::thread> threads;
    try {
      while (threads.size() + 1 < std::min(most_threads, tasks_.size())) threads.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // With those there are.
    }
    work();
    for (std::thread& one : threads) one.join();
    Inventory inventory;
    inventory.answers = answers_;
    for (const RegionLists& region : regions_) {
      add_rows(region, inventory.databases);
      const auto of_region = unanswered_.find(region.region);
      if (of_region == unanswered_.end()) continue;
      std::move(of_region->second.begin(), of_region->second.end(), std::back_inserter(inventory.unanswered));
    }
    if (!question_.families.empty()) {
      std::erase_if(inventory.databases, [this](const FoundDatabase& row) {
        return std::find(question_.families.begin(), question_.families.end(), row.family) == question_.families.end();
      });
    }
    return inventory;
  }

 private:
  void work() {
    for (std::size_t at = next_++; at < tasks_.size(); at = next_++) {
      Asked fault;
      try {
        fault = ask(tasks_[at]);
      } catch (const std::exception& error) {
        fault = Missed{AwsFault{cannot_connect(error.what()), "", 0}};
      }
      const std::scoped_lock hold(lock_);
      if (!fault || *fault->operation != '\0') ++answers_;
      if (fault) note(tasks_[at], *std::move(fault));
      if (done_) done_(++finished_, tasks_.size());
    }
  }

  Asked ask(const Task& task) {
    AwsClient of_region{client_.system,    client_.files, client_.profile,
                        task.into->region, client_.log,   client_.deadline};
    return task.list->ask(of_region, keys_, *task.into);
  }

  // One entry for the same answer to several calls of a service.
  void note(const Task& task, Missed missed) {
    AwsFault& fault = missed.fault;
    const char* const operation = *missed.operation == '\0' ? task.list->operation : missed.operation;
    const bool is_not_there =
        is_not_offered(fault, *task.list) || (is_unknown_key(fault) && is_opt_in_region(task.into->region));
    auto& of_region = unanswered_[task.into->region];
    const auto same = std::find_if(of_region.begin(), of_region.end(), [&](const Unanswered& one) {
      return one.service == task.list->service && one.fault.code == fault.code && one.fault.status == fault.status &&
             one.is_not_there == is_not_there;
    });
    if (same != of_region.end()) {
      same->operations.emplace_back(operation);
      return;
    }
    of_region.push_back({task.into->region, task.list->service, {operation}, std::move(fault), is_not_there});
  }

  const AwsClient& client_;
  const SigningKeys& keys_;
  const InventoryQuestion& question_;
  const InventoryProgress& done_;
  std::vector<RegionLists> regions_;
  std::vector<Task> tasks_;
  std::atomic<std::size_t> next_{0};
  std::mutex lock_;  // of all below
  std::size_t finished_ = 0;
  std::size_t answers_ = 0;
  std::map<std::string, std::vector<Unanswered>> unanswered_;
};

}  // namespace

Inventory discover(const AwsClient& client, const SigningKeys& keys, const InventoryQuestion& question,
                   const InventoryProgress& done) {
  return Asking(client, keys, question, done).run();
}

std::string proxy_resource_id(std::string_view arn) {
  const auto last = arn.rfind(':');
  const std::string_view id = last == std::string_view::npos ? "" : arn.substr(last + 1);
  return id.starts_with("prx-") ? std::string(id) : "";
}

const char* name_of(Family family) {
  constexpr std::array names{"", "postgresql", "mysql", "redshift", "dsql"};
  return names[static_cast<std::size_t>(family)];
}

const char* name_of(IamLogin iam) {
  constexpr std::array names{"on", "off", "never", "no ODBC"};
  return names[static_cast<std::size_t>(iam)];
}

}  // namespace iamodbc
