// answers: what AWS's services answer: who is asked and the status (first part), headers, `name: value` a line (second), the body (third) and those of further answers
// (fourth and fifth). Keys that come of it are whole, and no message holds a secret that was sent.
// No socket stands between the fuzzer and the readers: told.h.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/aws/client.h"
#include "core/aws/instance_metadata.h"
#include "core/aws/signin.h"
#include "core/aws/sso_oidc.h"
#include "core/aws/sso_portal.h"
#include "core/aws/sts.h"
#include "core/credentials/container.h"
#include "core/credentials/instance.h"
#include "core/json.h"
#include "core/text.h"
#include "core/xml.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/told.h"

namespace iamodbc::fuzz {
namespace of_answers {

HttpHeaders headers_in(std::string_view part) {
  HttpHeaders headers;
  while (!part.empty()) {
    const std::size_t end = std::min(part.find('\n'), part.size());
    const std::string_view line = part.substr(0, end);
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string name = lower(line.substr(0, colon));
    // A clock that is learned would last longer than this input.
    if (name != "date" && colon < line.size()) headers.emplace_back(name, trimmed(line.substr(colon + 1)));
    part.remove_prefix(std::min(end + 1, part.size()));
  }
  return headers;
}

void are_whole(const RoleKeys& keys) {
  require(!keys.access_key_id.empty() && !keys.secret_access_key.empty() && !keys.session_token.empty(),
          "keys that are not whole");
  // Whatever the answer said, the clock can hold it.
  require(parse_time(extended_time(keys.expiration)).has_value(), "an end that is no moment");
}

template <class Value>
const Value* value_of(const std::variant<Value, AwsFault>& result) {
  if (const auto* const fault = std::get_if<AwsFault>(&result)) shows_nothing(fault->error);
  return std::get_if<Value>(&result);
}

void ask_sts(std::string_view whom, const AwsClient& client, const SigningKeys& keys) {
  RoleRequest role;
  role.role_arn = "arn:aws:iam::123456789012:role/r";
  role.session_name = "s";
  role.mfa_serial = "m";
  role.mfa_code = Secret(sent_token);
  if (says(whom, "identity")) {
    const auto result = get_caller_identity(client, keys);
    const auto* const identity = value_of(result);
    require(identity == nullptr || !identity->account.empty(), "an identity without an account");
  } else if (says(whom, "web")) {
    const auto result = assume_role_with_web_identity(client, role, Secret(sent_token));
    if (const auto* const made = value_of(result)) are_whole(*made);
  } else {
    const auto result = assume_role(client, keys, role);
    if (const auto* const made = value_of(result)) are_whole(*made);
  }
}

void ask_identity_center(std::string_view whom, const AwsClient& client) {
  const OidcClient program{"id", Secret(sent_key), noon};
  const auto is_a_time = [](std::chrono::seconds time) {
    require(time.count() >= 0 && time < std::chrono::hours(24) * 366 * 300, "a time beyond the clock");
  };
  if (says(whom, "register")) {
    const auto result = register_oidc_client(client, "eu-west-1", {"sso:account:access"}, true, "https://x/start");
    const auto* const made = value_of(result);
    require(made == nullptr || !made->id.empty(), "a registration without an id");
    if (made != nullptr) extended_time(made->end);
  } else if (says(whom, "device")) {
    const auto result = start_device_authorization(client, "eu-west-1", program, "https://x/start");
    if (const auto* const made = value_of(result)) {
      require(!made->user_code.empty() && !made->verification_uri.empty(), "nothing to type");
      require(made->interval.count() >= 1, "a question after the other");
      is_a_time(made->expires_in);
      is_a_time(made->interval);
    }
  } else if (says(whom, "token")) {
    const auto result = token_by_refresh(client, "eu-west-1", program, Secret(sent_token));
    if (const auto* const made = value_of(result)) {
      require(!made->access_token.empty(), "an empty token");
      is_a_time(made->expires_in);
    } else {
      oidc_code(std::get<AwsFault>(result));
    }
  } else {
    const auto result = get_role_credentials(client, "eu-west-1", "123456789012", "r", Secret(sent_token));
    if (const auto* const made = value_of(result)) are_whole(*made);
  }
}

void ask_container(const AwsFiles& files) {
  static int asked = 0;  // what another one was told is kept for the process
  const System system =
      closed_system({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/" + std::to_string(asked++)},
                     {"AWS_CONTAINER_AUTHORIZATION_TOKEN", std::string(sent_token)}});
  const CredentialSettings settings;
  const Log log;
  const Context context{system, files, settings, log,
                        std::chrono::steady_clock::now() + std::chrono::milliseconds(500)};
  const Answer answer = container_provider()->provide(context);
  if (const auto* const error = std::get_if<Error>(&answer)) shows_nothing(*error);
  if (const auto* const found = std::get_if<SharedCredentials>(&answer))
    require(!(*found)->access_key_id.empty() && !(*found)->secret_access_key.empty(), "keys that are not whole");
}

void ask_instance(const AwsFiles& files) {
  const System system({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"}}, [] { return noon; });
  const Log log;
  const AwsClient client{system, files, "default",
                         "",     log,   std::chrono::steady_clock::now() + std::chrono::milliseconds(500)};
  const auto opened = InstanceMetadata::open(client);
  if (const auto* const error = std::get_if<Error>(&opened)) shows_nothing(*error);
  if (const auto* const service = std::get_if<InstanceMetadata>(&opened)) {
    const auto answer = service->get(client, "meta-data/iam/security-credentials/");
    const auto* const text = std::get_if<Secret>(&answer);
    require(text == nullptr || !text->empty(), "an answer of nothing");
  }
  static_cast<void>(region_of_instance(client));
}

// Token, name of the role, keys.
void ask_instance_for_role(const AwsFiles& files) {
  static unsigned asked = 0;  // what another one was told is kept for the process
  const System system(
      {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:" + std::to_string(asked++ % 60000 + 1)}},
      [] { return noon; });
  const CredentialSettings settings;
  const Log log;
  const Context context{system, files, settings, log,
                        std::chrono::steady_clock::now() + std::chrono::milliseconds(500)};
  const Answer answer = instance_provider()->provide(context);
  if (const auto* const error = std::get_if<Error>(&answer)) shows_nothing(*error);
  if (const auto* const none = std::get_if<NotConfigured>(&answer))
    require(is_one_printable_line(none->reason), "a reason of two lines: ", none->reason);
  const auto* const found = std::get_if<SharedCredentials>(&answer);
  if (found == nullptr) return;
  const Credentials& keys = **found;
  require(!keys.access_key_id.empty() && !keys.secret_access_key.empty() && !keys.session_token.empty(),
          "keys that are not whole");
  require(keys.expiration && *keys.expiration > noon, "keys that have ended");
  require(is_one_printable_line(keys.source), "a source of two lines: ", keys.source);
}

void is_an_error_of(const HttpAnswer& answer) {
  const AwsErrorText text = error_of(answer);
  const std::string type = answer.header("x-amzn-errortype");
  const std::string_view body = answer.body.reveal();
  require(body.find(text.code) != std::string_view::npos || type.find(text.code) != std::string::npos ||
              body.find_first_of("\\&\r") != std::string_view::npos || type.find_first_of("\\&\r") != std::string::npos,
          "an error of nowhere: ", text.code);
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 5);
  told_answers() = Answers{status_in(parts[0]), headers_in(parts[1]), {parts[2], parts[3]}, 0};
  if (!parts[4].empty()) told_answers().bodies.push_back(parts[4]);
  is_an_error_of(HttpAnswer{told_answers().status, told_answers().headers, Secret(parts[2])});

  const AwsFiles files = AwsFiles::from_text("", "");
  if (says(parts[0], "container")) return ask_container(files);
  if (says(parts[0], "instance")) return ask_instance(files);
  if (says(parts[0], "role")) return ask_instance_for_role(files);
  const System system = closed_system({{"AWS_MAX_ATTEMPTS", "2"}});
  const Log log;
  // No time to wait for another attempt.
  const AwsClient client{system, files, "", "eu-west-1", log, std::chrono::steady_clock::now()};
  const Secret secret(sent_key);
  const Secret token(sent_token);
  const std::string id = "AKIAIOSFODNN7EXAMPLE";
  const SigningKeys keys{id, secret, token};
  if (says(parts[0], "sso") || says(parts[0], "register") || says(parts[0], "device") || says(parts[0], "token"))
    return ask_identity_center(parts[0], client);
  if (says(parts[0], "signin")) {
    const auto result = refresh_login_session(client, "id", token, secret);
    value_of(result);
    return;
  }
  ask_sts(parts[0], client, keys);
}

const Registration registered("answers", run);

}  // namespace of_answers
}  // namespace iamodbc::fuzz
