// SPDX-License-Identifier: Apache-2.0
#include "core/login/names.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "core/addresses.h"
#include "core/text.h"

namespace iamodbc {
namespace {

struct Title {
  HostKind kind;
  const char* text;
};
constexpr std::array titles{
    Title{HostKind::rds_instance, "the endpoint of an RDS instance"},
    Title{HostKind::rds_cluster, "the writer's endpoint of a cluster"},
    Title{HostKind::rds_reader, "the readers' endpoint of a cluster"},
    Title{HostKind::rds_custom, "a custom endpoint of a cluster"},
    Title{HostKind::rds_proxy, "the endpoint of an RDS proxy"},
    Title{HostKind::rds_shard_group, "the endpoint of a shard group"},
    Title{HostKind::rds_global, "the writer's endpoint of a global database"},
    Title{HostKind::dsql, "the endpoint of an Aurora DSQL cluster"},
    Title{HostKind::redshift, "the endpoint of a Redshift cluster"},
    Title{HostKind::redshift_serverless, "the endpoint of a Redshift workgroup"},
    Title{HostKind::load_balancer, "a load balancer"},
};

// "sales-green-0a1b2c.cabc...": of a blue/green deployment, the copy that is to take over; afterwards it has the other's name.
bool is_green(std::string_view host) {
  constexpr std::string_view mark = "-green-";
  constexpr std::size_t id_size = 6;
  const std::string_view label = host.substr(0, host.find('.'));
  const auto at = label.rfind(mark);
  return at != std::string_view::npos && at > 0 && label.size() - at - mark.size() == id_size;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string described_host(const std::string& host) {
  const HostKind kind = read_host_name(host).kind;
  for (const Title& title : titles) {
    if (title.kind != kind) continue;
    const bool is_of_rds = kind == HostKind::rds_instance || kind == HostKind::rds_cluster ||
                           kind == HostKind::rds_reader || kind == HostKind::rds_custom;
    return title.text + std::string(is_of_rds && is_green(lower(host)) ? ", green" : "");
  }
  return "";
}

bool is_database_endpoint(std::string_view host) {
  const HostKind kind = read_host_name(host).kind;
  return kind != HostKind::other && kind != HostKind::load_balancer;
}

Result<NameTrail> follow_name(const std::string& host, Deadline deadline, const std::string& dns_servers) {
  auto names = aliases(
      host, deadline, [](const std::string& name) { return is_database_endpoint(name); }, dns_servers);
  if (!names) return names.error();
  NameTrail trail{std::move(names).value(), ""};
  if (!trail.names.empty() && is_database_endpoint(trail.names.back())) trail.endpoint = trail.names.back();
  return trail;
}

bool signs_own_name(const Settings& settings) {
  const std::string& host = settings.server;
  const bool is_bracketed = host.starts_with('[');
  return !host.empty() && !is_bracketed && !same_name(host, "localhost") && !settings.has_token_host &&
         !is_database_endpoint(host) && !is_numeric_address(host);
}

std::string advised_endpoint(const Settings& settings, Deadline deadline) {
  constexpr std::chrono::seconds longest{2};
  if (!signs_token(settings.auth_type) || !signs_own_name(settings)) return "";
  const auto trail = follow_name(settings.server, std::min(deadline, std::chrono::steady_clock::now() + longest));
  return trail ? trail.value().endpoint : "";
}

std::string line_for_endpoint(const std::string& endpoint, const BaseDriverProfile& profile) {
  return (profile.kind == BaseKind::psqlodbc ? "TokenHost=" : "Server=") + endpoint;
}

Result<Settings> with_resolved_server(Settings settings, const Log& log, Deadline deadline,
                                      const std::string& dns_servers) {
  if (!settings.resolves_cname || is_database_endpoint(settings.server)) return settings;
  const auto trail = follow_name(settings.server, deadline, dns_servers);
  if (!trail) {
    return Error{trail.error().sqlstate,
                 "ResolveCNAME=yes: " + trail.error().message +
                     " Check Server and DNS, or write the endpoint, as the console of AWS shows it, into Server, and "
                     "remove ResolveCNAME.",
                 0};
  }
  const auto& [names, endpoint] = trail.value();
  if (endpoint.empty()) {
    const std::string where = names.empty()
                                  ? settings.server + " is no alias (CNAME) in DNS"
                                  : settings.server + " leads to " + joined(names) + ", which is " +
                                        (described_host(names.back()).empty() ? "not the endpoint of a database in AWS"
                                                                              : described_host(names.back()));
    return cannot_connect("ResolveCNAME=yes: " + where +
                          ", so what has to be signed is not known. Write the endpoint, as the console of AWS shows "
                          "it, into Server, or into TokenHost beside this Server, and remove ResolveCNAME.");
  }
  log.info("Server=" + settings.server + " is an alias of " + endpoint + ", " + described_host(endpoint) +
           "; it is what is signed, dialled and checked (ResolveCNAME=yes)");
  settings.asked_server = std::exchange(settings.server, endpoint);
  settings.token_host = endpoint;
  return settings;
}

}  // namespace iamodbc
