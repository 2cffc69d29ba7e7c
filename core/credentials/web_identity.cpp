// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/web_identity.h"

#include <utility>

#include "core/credentials/assumed_role.h"
#include "core/credentials/cache.h"
#include "core/credentials/caller.h"
#include "core/private_file.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_token_bytes = 20000;  // STS takes no more

Error broken(std::string message) {
  return Error{State::invalid_authorization, std::move(message), 0};
}

Result<Secret> token_of(const std::string& path) {
  auto token = read_secret_file(path, max_token_bytes);
  if (token && !token.value().empty()) return token;
  return broken("The web identity token file " + path + " " + (token ? "is empty" : token.error().message) +
                ". Check WebIdentityTokenFile, AWS_WEB_IDENTITY_TOKEN_FILE or web_identity_token_file of the profile, "
                "and who may read the file.");
}

class WebIdentityProvider : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "web identity"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    WebIdentity identity = web_identity_of_environment(context.system);
    const auto prefer = [](std::string& value, const std::string& given) {
      if (!given.empty()) value = given;
    };
    prefer(identity.token_file, context.settings.web_identity_token_file);
    prefer(identity.role_arn, context.settings.role_arn);
    prefer(identity.session_name, context.settings.role_session_name);
    identity.duration_seconds = context.settings.role_duration;
    if (identity.token_file.empty())
      return NotConfigured{"neither WebIdentityTokenFile nor AWS_WEB_IDENTITY_TOKEN_FILE is set"};
    if (identity.role_arn.empty()) {
      return broken("A web identity token file is given (" + identity.token_file +
                    ") but no role. Set RoleArn in the DSN, or AWS_ROLE_ARN.");
    }
    if (!context.settings.role_arn.empty()) {
      auto role = role_arn_without_asking(context);
      if (!role) {
        return Error{State::invalid_attribute_value,
                     "RoleArn=" + identity.role_arn +
                         " is a name without its account, and before a web identity takes its role there are no keys "
                         "to ask AWS with. Write the role's whole ARN, or add ExpectedAccountID.",
                     0};
      }
      identity.role_arn = *std::move(role);
    }
    return take_web_identity(identity, context, chosen_profile(context.system, context.settings.profile).name);
  }
};

}  // namespace

Answer take_web_identity(const WebIdentity& identity, const Context& context, const std::string& profile) {
  const std::string session = role_session_name(identity.session_name, context.system);
  CredentialKey key("web identity");
  const auto duration = identity.duration_seconds;
  key.add(identity.token_file).add(identity.role_arn).add(session).add(duration ? std::to_string(*duration) : "");
  add_sts(key, aws_client(context, profile));
  const auto fetch = [&](const Context& limited) -> Answer {
    if (auto error = open_to_others_error(identity.token_file, limited.settings, limited.log)) return *std::move(error);
    const auto token = token_of(identity.token_file);
    if (!token) return token.error();
    RoleRequest request;
    request.role_arn = identity.role_arn;
    request.session_name = session;
    request.duration_seconds = duration;
    limited.log.debug("assuming role " + identity.role_arn + " as session " + session + ", with the web identity of " +
                      identity.token_file);
    const std::string with = "the web identity of " + identity.token_file;
    return assumed(assume_role_with_web_identity(aws_client(limited, profile), request, token.value()),
                   "Role " + identity.role_arn + " could not be assumed with " + with,
                   "role " + identity.role_arn + ", with " + with, false);
  };
  // Another program may have put another identity's token there.
  const Sharing sharing{true, [&](CredentialKey& own) { add_token(own, identity); }};
  return CredentialCache::of_process().get(key, context, fetch, RefreshWindows{}, sharing);
}

void add_token(CredentialKey& key, const WebIdentity& identity) {
  const auto token = read_secret_file(identity.token_file, max_token_bytes);
  key.add(token ? token.value().reveal() : std::string_view());
}

WebIdentity web_identity_of_environment(const System& system) {
  return {system.set_variable("AWS_WEB_IDENTITY_TOKEN_FILE").value_or(""),
          system.set_variable("AWS_ROLE_ARN").value_or(""),
          system.set_variable("AWS_ROLE_SESSION_NAME").value_or(""),
          {}};
}

std::unique_ptr<Provider> web_identity_provider() {
  return std::make_unique<WebIdentityProvider>();
}

}  // namespace iamodbc
