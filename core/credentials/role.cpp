// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/role.h"

#include <algorithm>
#include <utility>

#include "core/credentials/assumed_role.h"
#include "core/credentials/prompt.h"
#include "core/text.h"

namespace iamodbc {
namespace {

// Who asks for the role: "Profile ops" or "RoleArn".
std::string asker(const RoleStep& step) {
  return step.profile.empty() ? "RoleArn" : "Profile " + step.profile;
}

Result<Secret> mfa_code(const RoleStep& step, const Context& context) {
  const Question question{
      "Enter MFA code for " + step.mfa_serial + ": ",
      asker(step) + " takes role " + step.role_arn + " with the code of MFA device " + step.mfa_serial, "MFAPrompt",
      context.settings.mfa_prompt};
  auto code = ask_person(question, context);
  if (!code) return code;
  const std::string_view digits = code.value().reveal();
  const bool is_code =
      digits.size() == 6 && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_code) return code;
  return Error{State::invalid_authorization,
               "What was given as the code of MFA device " + step.mfa_serial +
                   " is not six digits. Connect again, and give the code that the device shows.",
               0};
}

Answer assume_one(const SharedCredentials& base, const RoleStep& step, const Context& context,
                  const AwsClient& client) {
  RoleRequest request;
  request.role_arn = step.role_arn;
  request.session_name = role_session_name(step.session_name, context.system);
  request.external_id = step.external_id;
  request.duration_seconds = step.duration_seconds;
  if (!step.mfa_serial.empty()) {
    auto code = mfa_code(step, context);
    if (!code) return code.error();
    request.mfa_serial = step.mfa_serial;
    request.mfa_code = std::move(code).value();
  }
  context.log.debug("assuming role " + step.role_arn + " as session " + request.session_name + ", with key " +
                    masked_key_id(base->access_key_id) + " from " + base->source);
  const SigningKeys keys{base->access_key_id, base->secret_access_key, base->session_token};
  return assumed(
      assume_role(client, keys, request),
      asker(step) + ": role " + step.role_arn + " could not be assumed with key " + masked_key_id(base->access_key_id) +
          " from " + base->source,
      "role " + step.role_arn + (step.profile.empty() ? "" : " of profile " + step.profile) + ", with " + base->source,
      base->stays_in_process || !step.mfa_serial.empty());
}

}  // namespace

Answer assume_roles(SharedCredentials base, const std::vector<RoleStep>& roles, const Context& context,
                    const std::string& profile) {
  const AwsClient client = aws_client(context, profile);
  for (const RoleStep& step : roles) {
    Answer answer = assume_one(base, step, context, client);
    if (!std::holds_alternative<SharedCredentials>(answer)) return answer;
    base = std::get<SharedCredentials>(std::move(answer));
  }
  return base;
}

CredentialKey& add_roles(CredentialKey& key, const std::vector<RoleStep>& roles, const Context& context,
                         const std::string& profile) {
  add_sts(key, aws_client(context, profile));
  for (const RoleStep& step : roles) {
    key.add(step.profile)
        .add(step.role_arn)
        .add(step.external_id)
        .add(step.mfa_serial)
        .add(role_session_name(step.session_name, context.system))
        .add(step.duration_seconds ? std::to_string(*step.duration_seconds) : "");
  }
  return key;
}

RefreshWindows refresh_windows(const std::vector<RoleStep>& roles) {
  const bool needs_person =
      std::any_of(roles.begin(), roles.end(), [](const RoleStep& step) { return !step.mfa_serial.empty(); });
  return needs_person ? at_the_end : RefreshWindows{};
}

Answer assume_role_of_dsn(const SharedCredentials& found, const std::string& role_arn, const Context& context,
                          const std::string& profile) {
  const CredentialSettings& settings = context.settings;
  const std::vector<RoleStep> roles{
      {"", role_arn, settings.external_id, settings.mfa_serial, settings.role_session_name, settings.role_duration}};
  CredentialKey key("RoleArn");
  key.add(*found);
  add_roles(key, roles, context, profile);
  return CredentialCache::of_process().get(
      key, context, [&](const Context& limited) { return assume_roles(found, roles, limited, profile); },
      refresh_windows(roles), Sharing{!found->stays_in_process});
}

}  // namespace iamodbc
