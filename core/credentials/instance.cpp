// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/instance.h"

#include <algorithm>
#include <random>
#include <utility>

#include "core/aws/instance_metadata.h"
#include "core/credentials/cache.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::string_view roles_path = "meta-data/iam/security-credentials/";

// A page of a network's own sign-in is no name of a role.
bool is_role_name(std::string_view text) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
  return !text.empty() && text.size() <= 128 && text.find_first_not_of(allowed) == std::string_view::npos;
}

// The service is behind: its keys stay in use, for a while that differs from instance to instance.
void move_end(Credentials& credentials, const Context& context) {
  std::minstd_rand random(static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count()));
  const std::chrono::seconds while_longer(900 + std::uniform_int_distribution<>(120, 600)(random));
  const Time now = aws_now(context.system);
  if (*credentials.expiration - while_longer > now) return;
  context.log.warning("the keys from the metadata service of the instance end at " +
                      extended_time(*credentials.expiration) + "; they are used until it has newer ones");
  credentials.expiration = now + while_longer;
}

class Instance : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "instance"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const AwsClient client = aws_client(context, chosen_profile(context.system, context.settings.profile).name);
    const auto where = InstanceMetadata::address(client);
    if (const auto* const none = std::get_if<NoMetadata>(&where)) return passed_over(*none);
    if (const auto* const error = std::get_if<Error>(&where)) return *error;
    CredentialKey key("instance");
    key.add(std::get<std::string>(where)).add(client.profile);
    return CredentialCache::of_process().get(key, context, fetch);
  }

 private:
  static Answer fetch(const Context& context) {
    const AwsClient client = aws_client(context, chosen_profile(context.system, context.settings.profile).name);
    auto opened = InstanceMetadata::open(client);
    if (const auto* const none = std::get_if<NoMetadata>(&opened)) return passed_over(*none);
    if (auto* const error = std::get_if<Error>(&opened)) return std::move(*error);
    const auto& metadata = std::get<InstanceMetadata>(opened);

    auto roles = metadata.get(client, roles_path);
    if (const auto* const none = std::get_if<NoMetadata>(&roles)) return passed_over(*none);
    if (auto* const error = std::get_if<Error>(&roles)) return std::move(*error);
    const std::string_view lines = trimmed(std::get<Secret>(roles).reveal());
    const std::string role(trimmed(lines.substr(0, lines.find('\n'))));
    if (!is_role_name(role)) return passed_over({"its answer is not the name of a role"});

    auto keys = metadata.get(client, std::string(roles_path) + role);
    if (const auto* const none = std::get_if<NoMetadata>(&keys)) return passed_over(*none);
    if (auto* const error = std::get_if<Error>(&keys)) return std::move(*error);
    return credentials_in(std::get<Secret>(keys), role, context);
  }

  static NotConfigured passed_over(const NoMetadata& none) { return NotConfigured{"no role: " + none.why}; }

  static Answer credentials_in(const Secret& text, const std::string& role, const Context& context) {
    const auto object = Json::parse(text.reveal());
    if (!object) return passed_over({"its answer for the role " + role + " is not JSON"});
    auto credentials = std::make_shared<Credentials>(credentials_of(*object, "Token"));
    if (credentials->access_key_id.empty() || credentials->secret_access_key.empty() ||
        credentials->session_token.empty() || !credentials->expiration) {
      const std::string code = on_one_line(object->text("Code").value_or(""), 80);
      return passed_over(
          {"its answer for the role " + role + " holds no keys" + (code.empty() ? "" : " (" + code + ")")});
    }
    move_end(*credentials, context);
    credentials->source = "the role " + role + " of the EC2 instance";
    return SharedCredentials(std::move(credentials));
  }
};

}  // namespace

std::unique_ptr<Provider> instance_provider() {
  return std::make_unique<Instance>();
}

}  // namespace iamodbc
