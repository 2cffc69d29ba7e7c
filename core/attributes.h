// attributes: THE table of our attributes. The parser, the checks, "did you mean", the command's help, the setup library and the README's table read it.
// Names and aliases compare without ASCII case, in odbc.ini and in a connection string alike.
// Thread rule: constant data.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iamodbc {

enum class AttributeId {
  base_driver,
  base_dsn,
  engine,
  server,
  port,
  database,
  uid,
  pwd,
  auth_type,
  secret_id,
  secret_region,
  secret_username_key,
  secret_password_key,
  secret_lifetime,
  cluster_id,
  workgroup,
  auto_create,
  db_groups,
  group_federation,
  iam_duration,
  region,
  token_host,
  token_port,
  resolve_cname,
  token_lifetime,
  tunnel,
  access_key_id,
  secret_access_key,
  session_token,
  profile,
  credential_process,
  credentials,
  role_arn,
  external_id,
  role_session_name,
  role_duration,
  mfa_serial,
  mfa_prompt,
  sso_start_url,
  sso_region,
  sso_account_id,
  sso_role_name,
  sso_session,
  sso_login,
  sso_login_timeout,
  web_identity_token_file,
  expected_account_id,
  key_prompt,
  login_cache,
  strict_permissions,
  tls,
  tls_ca_file,
  log_level,
  log_file,
};
inline constexpr std::size_t attribute_count = static_cast<std::size_t>(AttributeId::log_file) + 1;

enum class AttributeKind { text, number, port, choice, file, command };

struct AttributeRow {
  AttributeId id;
  const char* name;  // canonical
  std::span<const char* const> aliases;
  AttributeKind kind;
  const char* default_value;  // for people; empty: none
  bool is_secret;             // never shown
  bool ini_only;              // an error in a connection string, unless the driver's section says AllowInString=yes
  std::span<const char* const> choices;  // of AttributeKind::choice
  const char* help;                      // one line
};

// In the order in which they are documented; row i has id i.
std::span<const AttributeRow, attribute_count> attribute_table();
const AttributeRow& attribute_row(AttributeId id);

// The row with this name or alias, or nullptr.
const AttributeRow* find_attribute(std::string_view name);

// Names that the driver manager reads in a connection string or a DSN section; never ours, never a spelling mistake.
bool is_driver_manager_attribute(std::string_view name);

// The canonical name or alias of ours that `name` is probably a slip of the finger for: one edit away, two from 8 letters on. Empty: none.
std::string_view near_miss(std::string_view name);

}  // namespace iamodbc
