// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/keys.h"

namespace iamodbc {
namespace {

class Keys : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "keys of the DSN"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const CredentialSettings& settings = context.settings;
    const bool has_key_id = !settings.access_key_id.empty();
    const bool has_secret = !settings.secret_access_key.empty();
    if (!has_key_id && !has_secret && settings.session_token.empty()) return NotConfigured{"AccessKeyID is not given"};
    if (!has_key_id || !has_secret) {
      const std::string missing = has_key_id   ? "SecretAccessKey"
                                  : has_secret ? "AccessKeyID"
                                               : "AccessKeyID and SecretAccessKey";
      const std::string given = has_key_id ? "AccessKeyID" : has_secret ? "SecretAccessKey" : "SessionToken";
      return Error{State::invalid_authorization,
                   "Partial credentials found in the DSN or connection string, missing: " + missing +
                       ". Add it, or remove " + given + " to use the environment or a profile."};
    }
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = settings.access_key_id;
    credentials->secret_access_key = settings.secret_access_key.clone();
    credentials->session_token = settings.session_token.clone();
    credentials->stays_in_process = settings.are_keys_in_string;
    credentials->source = "AccessKeyID of the DSN or connection string";
    return SharedCredentials(std::move(credentials));
  }
};

}  // namespace

std::unique_ptr<Provider> keys_provider() {
  return std::make_unique<Keys>();
}

}  // namespace iamodbc
