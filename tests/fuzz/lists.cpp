// lists: what AWS's services list page by page: which list and the status (first part), and up to five pages, the last one again and again. What is read stands in
// there, reading ends, the next question is one question, and no message holds a key.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/aws/dsql.h"
#include "core/aws/rds_lists.h"
#include "core/aws/redshift_lists.h"
#include "core/credentials/credentials.h"
#include "core/login/writer_region.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/told.h"

namespace iamodbc::fuzz {
namespace of_lists {

constexpr std::size_t most_pages = 5;

// What an answer writes in more than one way, or not as UTF-8, is not found in it letter by letter.
bool is_literal(const std::vector<std::string_view>& pages) {
  return std::none_of(pages.begin(), pages.end(), [](std::string_view page) {
    return page.find_first_of("&\r\\") != std::string_view::npos ||
           std::any_of(page.begin(), page.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  });
}

void stands_there(const std::string& text) {
  const auto& pages = told_answers().bodies;
  const bool is_there = std::any_of(pages.begin(), pages.end(),
                                    [&](std::string_view page) { return page.find(text) != std::string_view::npos; });
  require(text.empty() || !is_literal(pages) || is_there, "a text of nowhere: ", text);
}

void is_port(int port) {
  require(port >= 0 && port <= 65535, "not a port: ", port);
  if (port != 0) stands_there(std::to_string(port).substr(0, 1));  // 54.32e2 is one as well
}

void check(const DbInstance& one) {
  for (const std::string& text :
       {one.id, one.arn, one.resource_id, one.engine, one.version, one.status, one.address, one.database, one.cluster})
    stands_there(text);
  is_port(one.port);
}
void check(const DbCluster& one) {
  for (const std::string& text :
       {one.id, one.arn, one.resource_id, one.engine, one.version, one.status, one.writer, one.reader, one.database})
    stands_there(text);
  is_port(one.port);
}
void check(const DbClusterEndpoint& one) {
  for (const std::string& text : {one.id, one.cluster, one.address, one.type, one.status}) stands_there(text);
}
void check(const DbProxy& one) {
  for (const std::string& text : {one.name, one.arn, one.family, one.status, one.address}) stands_there(text);
  require(!one.is_iam_to_the_end || one.family.size() <= told_answers().bodies.front().size(), "a proxy of nowhere");
}
void check(const DbProxyEndpoint& one) {
  for (const std::string& text : {one.name, one.arn, one.proxy, one.status, one.address}) stands_there(text);
}
void check(const GlobalClusterMember& one) {
  stands_there(one.cluster_arn);
}
void check(const RedshiftCluster& one) {
  for (const std::string& text : {one.id, one.namespace_arn, one.version, one.status, one.address, one.database})
    stands_there(text);
  is_port(one.port);
}
void check(const RedshiftWorkgroup& one) {
  for (const std::string& text : {one.name, one.arn, one.status, one.address}) stands_there(text);
  is_port(one.port);
}
void check(const DsqlCluster& one) {
  for (const std::string& text : {one.id, one.arn, one.status}) stands_there(text);
  if (one.address != dsql_host(one.id, "eu-west-1")) stands_there(one.address);
}

template <class Row>
void check_all(const AwsList<Row>& list) {
  if (const auto* const fault = std::get_if<AwsFault>(&list)) return shows_nothing(fault->error);
  std::size_t room = 0;
  for (const std::string_view page : told_answers().bodies) room += page.size();
  const auto& rows = std::get<std::vector<Row>>(list);
  require(rows.size() <= room, "more rows than bytes");
  for (const Row& row : rows) check(row);
}

void ask_for_writer(const AwsClient& client) {
  static int asked = 0;  // what is known of another one is kept for the process
  Credentials keys;
  keys.access_key_id = "AKIAIOSFODNN7EXAMPLE";
  keys.secret_access_key = Secret(sent_key);
  keys.session_token = Secret(sent_token);
  const auto region =
      writer_region(client, keys, "db" + std::to_string(asked++) + ".global-x.global.rds.amazonaws.com");
  if (!region) return shows_nothing(region.error());
  require(!region.value().empty() && region.value().size() <= 63 &&
              region.value().find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos,
          "not a region: ", region.value());
}

void ask(std::string_view whom, const AwsClient& client, const SigningKeys& keys) {
  if (says(whom, "clusters")) return check_all(describe_db_clusters(client, keys));
  if (says(whom, "endpoints")) return check_all(describe_db_cluster_endpoints(client, keys));
  if (says(whom, "proxies")) return check_all(describe_db_proxies(client, keys, "name"));
  if (says(whom, "proxy_endpoints")) return check_all(describe_db_proxy_endpoints(client, keys));
  if (says(whom, "members")) return check_all(describe_global_cluster_members(client, keys, "name"));
  if (says(whom, "redshift")) return check_all(list_redshift_clusters(client, keys));
  if (says(whom, "workgroups")) return check_all(list_redshift_workgroups(client, keys));
  if (says(whom, "dsql")) return check_all(list_dsql_clusters(client, keys));
  if (says(whom, "writer")) return ask_for_writer(client);
  if (!says(whom, "cluster_of_dsql")) return check_all(describe_db_instances(client, keys));
  const auto cluster = get_dsql_cluster(client, keys, "id");
  if (const auto* const fault = std::get_if<AwsFault>(&cluster)) return shows_nothing(fault->error);
  check(std::get<DsqlCluster>(cluster));
}

void run(std::string_view input) {
  auto parts = parts_of(input, most_pages + 1);
  while (parts.size() > 2 && parts.back().empty()) parts.pop_back();
  told_answers() = Answers{status_in(parts[0]), {}, {parts.begin() + 1, parts.end()}, 0};
  const AwsFiles files = AwsFiles::from_text("", "");
  const System system = closed_system({{"AWS_MAX_ATTEMPTS", "1"}});
  const Log log;
  const AwsClient client{system, files, "", "eu-west-1", log, std::chrono::steady_clock::now()};
  const std::string id = "AKIAIOSFODNN7EXAMPLE";
  const Secret secret(sent_key);
  const Secret token(sent_token);
  ask(parts[0], client, SigningKeys{id, secret, token});
  // A page that names one that was read as the next is not asked for again and again.
  require(told_answers().asked <= most_pages + 1, "asked without end");
}

const Registration registered("lists", run);

}  // namespace of_lists
}  // namespace iamodbc::fuzz
