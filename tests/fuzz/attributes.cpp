// attributes: which base driver (first part: psqlodbc, mariadb, mysql or unknown), odbc.ini (second), a connection string (third) and a name (fourth): what is read
// as a setting is in range and from where it may come, no message holds a secret, and "did you mean" names what is near.
// SPDX-License-Identifier: Apache-2.0
#include "core/attributes.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base_string.h"
#include "core/settings.h"
#include "core/text.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scene.h"

namespace iamodbc::fuzz {
namespace of_attributes {

// By the whole table; only for short names.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

void is_found_by_its_names(std::string_view name) {
  const AttributeRow* const row = find_attribute(name);
  const std::string near(near_miss(name));
  const AttributeRow* const near_row = find_attribute(near);
  require(near.empty() == (near_row == nullptr), "a near name that is none: ", near);
  const std::string text = lowered(std::string(name));
  const auto is_its_name = [&](const AttributeRow& one) {
    return lowered(one.name) == text || std::any_of(one.aliases.begin(), one.aliases.end(),
                                                    [&](const char* alias) { return lowered(alias) == text; });
  };
  bool is_one_edit_away = false;
  for (const AttributeRow& one : attribute_table()) {
    require(is_its_name(one) == (row == &one), "found by its name is another than ", one.name);
    if (text.size() < 64) is_one_edit_away = is_one_edit_away || distance(lowered(one.name), text) == 1;
  }
  if (text.size() >= 64) {
    require(near.empty(), "nothing is near a name of that length");
    return;
  }
  require(!is_one_edit_away || row != nullptr || !near.empty(), "one slip of the finger is not noticed");
  if (near.empty() || row != nullptr) return;
  const std::size_t most = near.size() >= 8 ? 2 : 1;
  require(distance(lowered(near), text) <= most, "not near: ", near);
}

void are_in_range(const Settings& settings) {
  const auto is_port = [](int port) { return port >= 0 && port <= 65535; };
  require(is_port(settings.port) && is_port(settings.token_port), "not a port");
  const int role = settings.credentials.role_duration.value_or(900);
  require(role >= 900 && role <= 43200, "not a duration of a role");
  require(settings.credentials.sso_login_timeout >= 10 && settings.credentials.sso_login_timeout <= 3600,
          "not a time for a sign-in");
  require(settings.token_lifetime.count() >= 1 && settings.token_lifetime.count() <= 604800, "not a life of a token");
  if (brings_login(settings.auth_type))
    require(!settings.server.empty() && !settings.user.empty(), "nobody to log in, or nowhere");
  for (const Provenance& one : settings.provenance)
    require(!attribute_row(one.id).is_secret || one.value == "***", "a secret is shown");
}

void fetched_is_in_range(const FetchSettings& settings) {
  if (!fetches_login(settings.auth_type)) return;
  const bool is_secret = settings.auth_type == AuthType::secrets_manager;
  require(!is_secret || !settings.secret_id.empty(), "no secret to fetch");
  require(is_secret || settings.cluster.empty() || settings.workgroup.empty(), "a cluster and a workgroup");
  require(settings.secret_lifetime.count() >= 0 && settings.secret_lifetime.count() <= 86400, "not a life of a secret");
  const int duration = settings.duration.value_or(900);
  require(duration >= 900 && duration <= 3600, "not a life of a password");
}

// What starts a program or loosens a check was not taken from the string.
void is_from_where_it_may_come(const Given& given, const BaseDriverProfile& profile) {
  if (given.allows_in_string()) return;
  for (const Attribute& attribute : given.string().attributes()) {
    const AttributeRow* const row = our_attribute(profile, attribute.name());
    require(row == nullptr || !row->ini_only || attribute.value().empty() ||
                (profile.kind == BaseKind::mariadb && without_blanks(attribute.value()).empty()),
            attribute.name(), " was taken from the string");
  }
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 4);
  is_found_by_its_names(parts[3]);
  const BaseDriverProfile& profile = base_driver_profile(kind_in(parts[0]));
  const OdbcFiles files = odbc_files(parts[1], says(parts[0], "allowed") ? "[ours]\nAllowInString=yes\n" : "");
  auto string = ConnectionString::parse(parts[2]);
  if (!string) return;
  const auto secrets = secrets_of(string.value(), files, profile, input);
  const auto given = Given::gather(std::move(string).value(), files);
  if (!given) return holds_none(given.error().message, secrets);
  const auto choice = read_base_choice(given.value());
  if (!choice) holds_none(choice.error().message, secrets);
  const auto log = read_log(given.value());
  if (!log) holds_none(log.error().message, secrets);
  const auto fetch = read_fetch_settings(given.value());
  if (!fetch) holds_none(fetch.error().message, secrets);
  if (fetch) fetched_is_in_range(fetch.value());
  const auto settings = read_settings(given.value(), profile);
  if (!settings) return holds_none(settings.error().message, secrets);
  are_in_range(settings.value());
  is_from_where_it_may_come(given.value(), profile);
}

const Registration registered("attributes", run);

}  // namespace of_attributes
}  // namespace iamodbc::fuzz
