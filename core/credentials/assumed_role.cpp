// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/assumed_role.h"

#include <algorithm>
#include <utility>

namespace iamodbc {
namespace {

constexpr std::size_t max_session_name = 64;

bool is_of_a_session_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("_+=,.@-").find(c) != std::string_view::npos;
}

}  // namespace

std::string role_session_name(const std::string& given, const System& system) {
  if (!given.empty()) return given;
  std::string name = "iamodbc-" + system.user_name();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_of_a_session_name(c); }, '-');
  return name.substr(0, max_session_name);
}

CredentialKey& add_sts(CredentialKey& key, const AwsClient& client) {
  const auto url = endpoint_url(client, sts_service, client.region);
  return key.add(url ? url.value() : std::string()).add(client.region);
}

Answer assumed(std::variant<RoleKeys, AwsFault> result, const std::string& what, std::string source,
               bool stays_in_process) {
  if (const auto* const fault = std::get_if<AwsFault>(&result)) {
    std::string message = what + ": " + fault->error.message;
    if (fault->code == "AccessDenied") {
      message +=
          " The role's trust policy has to name that identity, with the external id or MFA that it asks for, and that "
          "identity needs sts:AssumeRole.";
    }
    return Error{fault->error.sqlstate, std::move(message), 0, fault->error.refused_key};
  }
  auto& keys = std::get<RoleKeys>(result);
  auto credentials = std::make_shared<Credentials>();
  credentials->access_key_id = std::move(keys.access_key_id);
  credentials->secret_access_key = std::move(keys.secret_access_key);
  credentials->session_token = std::move(keys.session_token);
  credentials->expiration = keys.expiration;
  credentials->account_id = arn_field(keys.assumed_role_arn, 4);
  credentials->source = std::move(source);
  credentials->stays_in_process = stays_in_process;
  return SharedCredentials(std::move(credentials));
}

std::string arn_field(const std::string& arn, int index) {
  std::size_t start = 0;
  for (; index > 0; --index) {
    start = arn.find(':', start);
    if (start == std::string::npos) return {};
    ++start;
  }
  return arn.substr(start, arn.find(':', start) - start);
}

}  // namespace iamodbc
