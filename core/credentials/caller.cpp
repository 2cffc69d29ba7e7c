// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/caller.h"

#include <algorithm>
#include <utility>

#include "core/aws/sts.h"
#include "core/credentials/assumed_role.h"
#include "core/credentials/cache.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::chrono::hours longest_kept{12};

Error broken(std::string message, const std::string& sqlstate = State::invalid_authorization) {
  return Error{sqlstate, std::move(message), 0};
}

std::string shown(const Credentials& credentials) {
  return "key " + masked_key_id(credentials.access_key_id) + " from " + credentials.source;
}

std::string role_arn_of(const std::string& name, const std::string& partition, std::string_view account) {
  return "arn:" + partition + ":iam::" + std::string(account) + ":role" + (name.starts_with('/') ? "" : "/") + name;
}

}  // namespace

Result<Caller> caller_of(const Credentials& credentials, const Context& context, const std::string& profile) {
  CredentialKey key("caller");
  key.add(credentials);
  add_sts(key, aws_client(context, profile));
  // What is kept are credentials without keys: the account, and the ARN as their source.
  const Answer answer = CredentialCache::of_process().get(
      key, context,
      [&](const Context& limited) -> Answer {
        const SigningKeys keys{credentials.access_key_id, credentials.secret_access_key, credentials.session_token};
        const auto result = get_caller_identity(aws_client(limited, profile), keys);
        if (const auto* const fault = std::get_if<AwsFault>(&result)) {
          Error error = fault->error;
          error.message =
              "AWS does not say whose the credentials are (" + shown(credentials) + "): " + fault->error.message;
          return error;
        }
        const auto& identity = std::get<CallerIdentity>(result);
        auto caller = std::make_shared<Credentials>();
        caller->account_id = identity.account;
        caller->source = identity.arn;
        caller->expiration = aws_now(context.system) + longest_kept;
        if (credentials.expiration) caller->expiration = std::min(*caller->expiration, *credentials.expiration);
        return SharedCredentials(std::move(caller));
      },
      RefreshWindows{std::chrono::seconds(0), std::chrono::seconds(0)}, Sharing{!credentials.stays_in_process});
  if (const auto* const error = std::get_if<Error>(&answer)) return *error;
  const auto& caller = *std::get<SharedCredentials>(answer);
  return Caller{caller.account_id, caller.source};
}

std::optional<Error> wrong_account_id(const std::string& expected_account_id) {
  const std::string_view expected = trimmed(expected_account_id);
  const bool is_account = expected.size() == 12 &&
                          std::all_of(expected.begin(), expected.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (expected.empty() || is_account) return std::nullopt;
  return broken("ExpectedAccountID=" + expected_account_id +
                    " is not an AWS account id. Write its twelve digits, without dashes.",
                State::invalid_attribute_value);
}

std::optional<Error> unexpected_account(const Credentials& credentials, const Context& context,
                                        const std::string& profile) {
  const std::string_view expected = trimmed(context.settings.expected_account_id);
  if (expected.empty()) return std::nullopt;
  const auto caller = caller_of(credentials, context, profile);
  if (!caller) return caller.error();
  if (caller.value().account == expected) return std::nullopt;
  return broken("The credentials are of AWS account " + caller.value().account + " (" + caller.value().arn + "; " +
                shown(credentials) + "), and ExpectedAccountID is " + std::string(expected) +
                ". Nothing was sent to the database. Choose another Profile or RoleArn, or correct "
                "ExpectedAccountID.");
}

std::optional<std::string> role_arn_without_asking(const Context& context) {
  const std::string& given = context.settings.role_arn;
  if (given.starts_with("arn:")) return given;
  const std::string_view account = trimmed(context.settings.expected_account_id);
  if (account.empty()) return std::nullopt;
  return role_arn_of(given, partition_name(context.region), account);
}

Result<std::string> full_role_arn(const Credentials& credentials, const Context& context, const std::string& profile) {
  if (auto known = role_arn_without_asking(context)) return *std::move(known);
  const auto caller = caller_of(credentials, context, profile);
  if (!caller) return caller.error();
  return role_arn_of(context.settings.role_arn, arn_field(caller.value().arn, 1), caller.value().account);
}

}  // namespace iamodbc
