// inventory: what there is to connect to in an AWS account: RDS instances, clusters with their endpoints, proxies, Redshift clusters and workgroups, Aurora DSQL clusters;
// and whom to ask in vain. For `iamodbc discover`, `iamodbc dsn add` and `iamodbc policy`.
// One call after the other of one list, but the lists of all regions at the same time, in threads of its own: this is for the command, never for the driver. A region or
// service that denies is reported beside what the others gave.
// Thread rule: discover() from one thread; the rest are values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/aws/client.h"

namespace iamodbc {

// What its clients speak, as far as iamodbc knows a base driver for it.
enum class Family { none, postgresql, mysql, redshift, dsql };
// How one gets in: IAM on or off; `never`: this engine has no such login; `no_odbc`: it is not reached by ODBC at all (DocumentDB, Neptune).
enum class IamLogin { on, off, never, no_odbc };

struct FoundDatabase {
  std::string region;
  std::string name;
  std::string kind;  // instance, writer, reader, custom, proxy, proxy endpoint, cluster, workgroup
  std::string engine;
  std::string version;
  std::string status;
  std::string host;  // empty while it is being made
  int port = 0;
  Family family = Family::none;
  IamLogin iam = IamLogin::never;
  std::string cluster;      // that it belongs to; of a proxy endpoint the proxy
  std::string resource_id;  // as rds-db:connect names it; empty where that is not asked for
  std::string arn;
  std::string database;  // that was made with it
};

// Who did not answer as hoped.
struct Unanswered {
  std::string region;
  std::string service;  // "Amazon RDS"
  std::vector<std::string> operations;
  AwsFault fault;  // of the first
  bool is_not_there =
      false;  // the service is not offered in this region, or the region is not switched on for this account
};

struct Inventory {
  std::vector<FoundDatabase> databases;  // by region in the order asked, what belongs together side by side
  std::vector<Unanswered> unanswered;
  std::size_t answers = 0;  // lists that came whole
};

struct InventoryQuestion {
  std::vector<std::string> regions;
  std::vector<Family> families;  // empty: all there are
};

// `done`, if given, hears how many of all lists have come; from any thread, one at a time.
using InventoryProgress = std::function<void(std::size_t done, std::size_t all)>;
Inventory discover(const AwsClient& client, const SigningKeys& keys, const InventoryQuestion& question,
                   const InventoryProgress& done = {});

// The resource id in the ARN of a proxy: "prx-0123456789abcdef0".
std::string proxy_resource_id(std::string_view arn);

// Words of the table and of JSON: "postgresql", "IAM".
const char* name_of(Family family);
const char* name_of(IamLogin iam);

}  // namespace iamodbc
