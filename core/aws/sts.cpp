// SPDX-License-Identifier: Apache-2.0
#include "core/aws/sts.h"

#include <array>
#include <utility>

#include "core/text.h"
#include "core/xml.h"

namespace iamodbc {
namespace {

constexpr const char* version = "2011-06-15";
constexpr std::array web_identity_retries{"IDPCommunicationError"};

AwsCall sts_call(const AwsClient& client, const char* operation) {
  AwsCall request{sts_service, operation};
  request.region = client.region;
  return request;
}

QueryPairs members_of(const RoleRequest& role) {
  QueryPairs members{{"RoleArn", role.role_arn}, {"RoleSessionName", role.session_name}};
  const auto add = [&](const char* name, std::string_view value) {
    if (!value.empty()) members.emplace_back(name, value);
  };
  add("ExternalId", role.external_id);
  if (role.duration_seconds) add("DurationSeconds", std::to_string(*role.duration_seconds));
  add("SerialNumber", role.mfa_serial);
  add("TokenCode", role.mfa_code.reveal());
  return members;
}

std::variant<RoleKeys, AwsFault> keys_of(const AwsResult& result, const std::string& operation) {
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto xml = Xml::parse(std::get<HttpAnswer>(result).body.reveal());
  if (!xml) return unreadable_answer(sts_service, operation);
  const std::string start = operation + "Result/Credentials/";
  RoleKeys keys;
  keys.access_key_id = xml->text(start + "AccessKeyId");
  std::string secret = xml->text(start + "SecretAccessKey");
  std::string token = xml->text(start + "SessionToken");
  keys.secret_access_key = Secret::taken_from(secret);
  keys.session_token = Secret::taken_from(token);
  keys.assumed_role_arn = xml->text(operation + "Result/AssumedRoleUser/Arn");
  const auto expiration = parse_time(xml->text(start + "Expiration"));
  if (keys.access_key_id.empty() || keys.secret_access_key.empty() || keys.session_token.empty() || !expiration)
    return unreadable_answer(sts_service, operation);
  keys.expiration = *expiration;
  return keys;
}

}  // namespace

std::variant<CallerIdentity, AwsFault> get_caller_identity(const AwsClient& client, const SigningKeys& keys) {
  AwsCall request = sts_call(client, "GetCallerIdentity");
  request.keys = &keys;
  const AwsResult result = query_call(client, std::move(request), version, {});
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return *fault;
  const auto xml = Xml::parse(std::get<HttpAnswer>(result).body.reveal());
  CallerIdentity identity;
  if (xml) {
    identity.account = xml->text("GetCallerIdentityResult/Account");
    identity.arn = xml->text("GetCallerIdentityResult/Arn");
    identity.user_id = xml->text("GetCallerIdentityResult/UserId");
  }
  if (identity.account.empty()) return unreadable_answer(sts_service, "GetCallerIdentity");
  return identity;
}

std::variant<RoleKeys, AwsFault> assume_role(const AwsClient& client, const SigningKeys& keys,
                                             const RoleRequest& role) {
  AwsCall request = sts_call(client, "AssumeRole");
  request.keys = &keys;
  request.secrets = {role.mfa_code.reveal()};
  return keys_of(query_call(client, std::move(request), version, members_of(role)), "AssumeRole");
}

std::variant<RoleKeys, AwsFault> assume_role_with_web_identity(const AwsClient& client, const RoleRequest& role,
                                                               const Secret& token) {
  AwsCall request = sts_call(client, "AssumeRoleWithWebIdentity");
  request.more_retried_codes = web_identity_retries;
  request.secrets = {token.reveal(), trimmed(token.reveal())};
  QueryPairs members = members_of(role);
  members.emplace_back("WebIdentityToken", token.reveal());
  return keys_of(query_call(client, std::move(request), version, std::move(members)), "AssumeRoleWithWebIdentity");
}

}  // namespace iamodbc
