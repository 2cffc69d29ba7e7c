// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/environment.h"

namespace iamodbc {
namespace {

Secret secret_variable(const System& system, std::string_view name) {
  std::string value = system.set_variable(name).value_or("");
  return Secret::taken_from(value);
}

class Environment : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "environment"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const System& system = context.system;
    const auto key_id = system.set_variable("AWS_ACCESS_KEY_ID");
    if (!key_id) return NotConfigured{"AWS_ACCESS_KEY_ID is not set"};

    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = *key_id;
    credentials->secret_access_key = secret_variable(system, "AWS_SECRET_ACCESS_KEY");
    if (credentials->secret_access_key.empty()) {
      return Error{State::invalid_authorization,
                   "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY. Set it as well, or unset "
                   "AWS_ACCESS_KEY_ID to use a profile."};
    }
    credentials->session_token = secret_variable(system, "AWS_SECURITY_TOKEN");
    if (credentials->session_token.empty()) credentials->session_token = secret_variable(system, "AWS_SESSION_TOKEN");
    credentials->account_id = system.set_variable("AWS_ACCOUNT_ID").value_or("");
    if (const auto expiration = system.set_variable("AWS_CREDENTIAL_EXPIRATION")) {
      credentials->expiration = parse_time(*expiration);
      if (!credentials->expiration) {
        return Error{State::invalid_authorization,
                     "AWS_CREDENTIAL_EXPIRATION is not a time as in 2024-01-02T03:04:05Z. Set the variables of the "
                     "credentials anew, all together."};
      }
    }
    credentials->source = "environment variables";
    return SharedCredentials(std::move(credentials));
  }
};

}  // namespace

std::unique_ptr<Provider> environment_provider() {
  return std::make_unique<Environment>();
}

}  // namespace iamodbc
