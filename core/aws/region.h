// region: which AWS region a database is in. Never guessed.
// Order: Region=, the signed host name, AWS_REGION, AWS_DEFAULT_REGION, `region` of the profile, the region of the EC2
// instance that this runs on, an error that says so.
// Result in lower case, without the "fips-" or "-fips" of a FIPS endpoint. A region that contradicts the host name is
// used, with a warning. Empty texts count as unset.
// Source: https://docs.aws.amazon.com/general/latest/gr/rande.html (endpoint names); docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/ini_files.h"
#include "core/result.h"
#include "core/system.h"

namespace iamodbc {

enum class HostKind {
  other,
  rds_instance,
  rds_cluster,
  rds_reader,
  rds_custom,
  rds_proxy,
  rds_shard_group,
  rds_global,
  dsql,
  redshift,
  redshift_serverless,
  load_balancer
};

struct HostName {
  HostKind kind = HostKind::other;
  std::string region;  // empty: the name does not tell
};

// Whether it is written as the name of a region: letters, digits and dashes. Whether there is such a region only AWS knows.
bool is_region_name(std::string_view text);

// What an endpoint name tells; ASCII case and one trailing dot ignored.
HostName read_host_name(std::string_view host);

// Of the partition of a host name a region that each of its accounts has; empty for the partition aws, whose services have names for all regions (and for GovCloud,
// whose hosts have the same domain).
std::string region_of_partition(std::string_view host);

struct RegionChoice {
  std::string region;
  std::string why;      // for people: "the host name", "Region=", "AWS_REGION", "profile dev in /home/me/.aws/config"
  std::string warning;  // empty, or that it contradicts the host name
};

// `explicit_region`: Region= of the DSN, or empty. `signed_host`: the name that is signed. `profile`: the profile that
// applies. `ask_instance`: gives the region of the instance or an empty text; asked only when all else is silent. Fails (08001) when nothing tells a region, or a given one is not a region name.
Result<RegionChoice> choose_region(std::string_view explicit_region, std::string_view signed_host, const System& system,
                                   const AwsFiles& files, std::string_view profile,
                                   const std::function<Result<std::string>()>& ask_instance = {});

}  // namespace iamodbc
