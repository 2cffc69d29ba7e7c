// SPDX-License-Identifier: Apache-2.0
#include "core/aws/region.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::array<std::string_view, 9> suffixes{
    ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu",   ".amazonaws.au",   ".amazonaws.uk",
    ".c2s.ic.gov",    ".sc2s.sgov.gov",    ".cloud.adc-e.uk", ".csp.hci.ic.gov",
};
constexpr std::array<std::string_view, 3> dsql_suffixes{".on.aws", ".on.amazonwebservices.com.cn",
                                                        ".on.amazonwebservices.eu"};

struct PartitionRegion {
  std::string_view suffix;
  const char* region;
};
constexpr std::array<PartitionRegion, 6> partition_regions{{{".amazonaws.com.cn", "cn-north-1"},
                                                            {".amazonaws.eu", "eusc-de-east-1"},
                                                            {".c2s.ic.gov", "us-iso-east-1"},
                                                            {".sc2s.sgov.gov", "us-isob-east-1"},
                                                            {".cloud.adc-e.uk", "eu-isoe-west-1"},
                                                            {".csp.hci.ic.gov", "us-isof-south-1"}}};

struct RdsPrefix {
  std::string_view text;
  HostKind kind;
};
// The longer first: "cluster-" begins three of them.
constexpr std::array<RdsPrefix, 5> rds_prefixes{{
    {"proxy-", HostKind::rds_proxy},
    {"cluster-ro-", HostKind::rds_reader},
    {"cluster-custom-", HostKind::rds_custom},
    {"cluster-", HostKind::rds_cluster},
    {"shardgrp-", HostKind::rds_shard_group},
}};

using Labels = std::vector<std::string_view>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}
bool is_of_a_host_name(char c) {
  return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
}
bool is_plain(std::string_view label) {
  return !label.empty() && std::all_of(label.begin(), label.end(), is_letter_or_digit);
}

// In a host name a region has a dash as well: "global" and "rds" are no regions.
bool is_region_label(std::string_view label) {
  return is_region_name(label) && label.find('-') != std::string_view::npos;
}

Labels split(std::string_view host) {
  Labels labels;
  for (std::size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.')) {
    labels.push_back(host.substr(0, dot));
    host.remove_prefix(dot + 1);
  }
  labels.push_back(host);
  return labels;
}

// The labels before the suffix that `host` ends with; none when it ends with none of them.
template <std::size_t N>
Labels labels_before(std::string_view host, const std::array<std::string_view, N>& endings) {
  for (const std::string_view ending : endings) {
    if (host.size() > ending.size() && host.ends_with(ending))
      return split(host.substr(0, host.size() - ending.size()));
  }
  return {};
}

bool is_rds_label(std::string_view label) {
  return label == "rds" || label == "rds-fips";
}

// name.[prefix]id.region.rds or, in some partitions, name.[prefix]id.rds.region; name.global-id.global.rds for a global
// database.
HostName read_rds(const Labels& labels) {
  const std::size_t count = labels.size();
  if (count < 4 || labels.front().empty()) return {};
  const std::string_view last = labels[count - 1];
  const std::string_view before_last = labels[count - 2];
  std::string_view id = labels[count - 3];
  if (is_rds_label(last) && before_last == "global") {
    constexpr std::string_view prefix = "global-";
    return id.starts_with(prefix) && is_plain(id.substr(prefix.size())) ? HostName{HostKind::rds_global, ""}
                                                                        : HostName{};
  }
  std::string_view region;
  if (is_rds_label(last)) region = before_last;
  if (is_rds_label(before_last)) region = last;
  if (!is_region_label(region)) return {};
  HostKind kind = HostKind::rds_instance;
  for (const RdsPrefix& prefix : rds_prefixes) {
    if (!id.starts_with(prefix.text)) continue;
    kind = prefix.kind;
    id.remove_prefix(prefix.text.size());
    break;
  }
  return is_plain(id) ? HostName{kind, std::string(region)} : HostName{};
}

// cluster.id.region.redshift; workgroup.account.region.redshift-serverless
HostName read_redshift(const Labels& labels) {
  if (labels.size() != 4 || labels[0].empty() || labels[1].empty() || !is_region_label(labels[2])) return {};
  if (labels[3] == "redshift") return {HostKind::redshift, std::string(labels[2])};
  const bool is_account = labels[1].size() == 12 && std::all_of(labels[1].begin(), labels[1].end(), is_digit);
  if (labels[3] == "redshift-serverless" && is_account) return {HostKind::redshift_serverless, std::string(labels[2])};
  return {};
}

// name.elb.region
HostName read_load_balancer(const Labels& labels) {
  const std::size_t count = labels.size();
  if (count < 3 || labels.front().empty() || labels[count - 2] != "elb" || !is_region_label(labels[count - 1]))
    return {};
  return {HostKind::load_balancer, std::string(labels[count - 1])};
}

// id.dsql.region; through a private link id.dsql-abcd.region
HostName read_dsql(const Labels& labels) {
  if (labels.size() != 3 || !is_plain(labels[0]) || !is_region_label(labels[2])) return {};
  const bool is_dsql = labels[1] == "dsql" || labels[1].starts_with("dsql-");
  return is_dsql ? HostName{HostKind::dsql, std::string(labels[2])} : HostName{};
}

// "fips-us-east-1" and "us-east-1-fips" name a kind of endpoint; what is signed is the region.
std::string without_fips(std::string_view region) {
  constexpr std::string_view prefix = "fips-";
  constexpr std::string_view suffix = "-fips";
  if (region.starts_with(prefix)) region.remove_prefix(prefix.size());
  if (region.ends_with(suffix)) region.remove_suffix(suffix.size());
  return std::string(region);
}

Result<RegionChoice> chosen(std::string_view region, std::string why) {
  const std::string_view name = trimmed(region);
  if (!is_region_name(name)) {
    std::string message = "From " + why + ": \"";
    message.append(name).append("\" is not the name of an AWS region. A region looks like us-east-1 or eu-west-3.");
    return cannot_connect(std::move(message));
  }
  return RegionChoice{without_fips(lower(name)), std::move(why), ""};
}

}  // namespace

bool is_region_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-') return false;
  if (std::all_of(text.begin(), text.end(), is_digit)) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

HostName read_host_name(std::string_view host) {
  const std::string name = lower(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
  // DNS carries any bytes, and what has others than these is no name that AWS gives: a comma would make it a list of hosts.
  if (!std::all_of(name.begin(), name.end(), is_of_a_host_name)) return {};
  if (const Labels labels = labels_before(name, dsql_suffixes); !labels.empty()) return read_dsql(labels);
  const Labels labels = labels_before(name, suffixes);
  if (labels.empty()) return {};
  for (const auto read : {read_rds, read_redshift, read_load_balancer}) {
    if (HostName found = read(labels); found.kind != HostKind::other) return found;
  }
  return {};
}

std::string region_of_partition(std::string_view host) {
  const std::string name = lower(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
  for (const PartitionRegion& one : partition_regions) {
    if (name.ends_with(one.suffix)) return one.region;
  }
  return "";
}

Result<RegionChoice> choose_region(std::string_view explicit_region, std::string_view signed_host, const System& system,
                                   const AwsFiles& files, std::string_view profile,
                                   const std::function<Result<std::string>()>& ask_instance) {
  const HostName host = read_host_name(signed_host);
  if (!trimmed(explicit_region).empty()) {
    Result<RegionChoice> choice = chosen(explicit_region, "Region=");
    if (choice && !host.region.empty() && host.region != choice.value().region) {
      choice.value().warning = "Region=" + choice.value().region + " is signed, but the host name " +
                               std::string(signed_host) + " says " + host.region;
    }
    return choice;
  }
  if (!host.region.empty()) return RegionChoice{host.region, "the host name", ""};
  for (const char* const variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const auto region = system.set_variable(variable)) return chosen(*region, variable);
  }
  if (const auto section = files.profile(profile)) {
    const auto region = section->find("region");
    if (region != section->end() && !trimmed(region->second.value).empty()) {
      return chosen(region->second.value, "profile " + std::string(profile) + " in " + region->second.file);
    }
  }
  if (ask_instance) {
    const auto region = ask_instance();
    if (!region) return region.error();
    if (!region.value().empty()) return chosen(region.value(), "the EC2 instance this runs on");
  }
  const std::string where = host.kind == HostKind::rds_global
                                ? " is the endpoint of a global database, which has no region of its own"
                                : " does not tell it";
  std::string message =
      "The AWS region of the database is not known: Region= is not set, " +
      (signed_host.empty() ? "there is no Server" : "the host name " + std::string(signed_host) + where) +
      ", and neither AWS_REGION, AWS_DEFAULT_REGION nor the profile " + std::string(profile) +
      (ask_instance ? " names one, nor does the metadata service of an EC2 instance. Add" : " names one. Add") +
      " Region= to the DSN, for example Region=us-east-1.";
  for (const std::string& problem : files.problems()) message += ' ' + problem;
  return cannot_connect(std::move(message));
}

}  // namespace iamodbc
