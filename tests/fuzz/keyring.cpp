// keyring: what somebody put into the user keyring in the place of credentials (first part), of the reason why there are none (second; of the moment 100, for who began at 50) and of a token
// (third): what is taken is well-formed, has not ended, is of the endpoint and the key that it is for, and comes back from what is kept.
// What is here stands in the place of core/user_keyring.cpp's functions that ask the kernel.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/aws/client.h"
#include "core/credentials/between_processes.h"
#include "core/json.h"
#include "core/login/shared_tokens.h"
#include "core/user_keyring.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_keyring {

using std::chrono::seconds;

struct Payloads {
  std::string credentials;
  std::string token;
  bool is_asked = false;  // by another target it is empty
};
Payloads& payloads() {
  static Payloads now;
  return now;
}

std::string& payload_of(std::string_view name) {
  Payloads& now = payloads();
  return name.starts_with(quickly_made) ? now.token : now.credentials;
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

void are_sound(const Credentials& found, std::string_view payload) {
  const auto json = Json::parse(payload.substr(payload.find('\n') + 1));
  require(json.has_value(), "keys out of no JSON");
  require(found.secret_access_key.reveal() == json->text("SecretAccessKey").value_or(""), "another key");
  require(found.session_token.reveal() == json->text("SessionToken").value_or(""), "another session token");
  for (const std::string_view text : {std::string_view(found.access_key_id), found.secret_access_key.reveal(),
                                      found.session_token.reveal(), std::string_view(found.account_id)})
    require(is_visible(text), "what would break a header");
  require(found.access_key_id.empty() == found.secret_access_key.empty(), "half of a pair of keys");
  require(is_one_printable_line(found.source) && !found.source.empty(), "a source that is not for a terminal");
  require(found.expiration && *found.expiration > noon + clock_offset(), "keys that have ended");
}

void are_kept_whole(const BetweenProcesses& between, const Context& context, const SharedCredentials& found) {
  Context own = context;
  own.holds_lock = true;
  const Answer answer = between.fetch(own, nullptr, found, [&](const Context&) { return Answer(found); });
  require(std::holds_alternative<SharedCredentials>(answer), "what was fetched is not given");
  const auto again = between.look();
  require(again.has_value(), "what is kept is not found");
  const Credentials& other = *again->credentials;
  require(other.access_key_id == found->access_key_id && other.account_id == found->account_id &&
              other.secret_access_key.reveal() == found->secret_access_key.reveal() &&
              other.session_token.reveal() == found->session_token.reveal() && other.source == found->source,
          "what is kept comes back as something else");
  require(std::chrono::floor<seconds>(*other.expiration) == std::chrono::floor<seconds>(*found->expiration),
          "with another end");
}

void look_for_credentials(const Context& context) {
  const CredentialKey key("fuzz");
  const Sharing sharing;
  const BetweenProcesses between(key, sharing, context, seconds(900), seconds(5));
  const auto kept = between.look();
  const auto offset = clock_offset();
  require(std::chrono::abs(offset) <= std::chrono::hours(24 * 400), "a clock that is a year off");
  if (!kept) return;
  are_sound(*kept->credentials, payloads().credentials);
  are_kept_whole(between, context, kept->credentials);
}

void look_for_failure(std::string_view text) {
  const auto free = read_failure(text, 50, 100, false);
  const auto asking = read_failure(text, 50, 100, true);
  require(!asking || free, "of use for who may ask, and not for who may not");
  if (!free) return;
  require(free->sqlstate.size() == 5 && is_visible(free->sqlstate), "no SQLSTATE");
  require(is_one_printable_line(free->message), "not for a terminal");
  require(!read_failure(text, 101, 200, false) && !read_failure(text, 0, 49, false), "of another fetch");
}

void look_for_token(const System& system) {
  Credentials credentials;
  credentials.access_key_id = "ASIAIOSFODNN7EXAMPLE";
  credentials.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  const LoginKey key =
      login_key(Endpoint{"db.cluster.eu-central-1.rds.amazonaws.com", 5432, "eu-central-1"}, "jane doe", credentials);
  const auto token = find_shared_token(key, credentials, seconds(900), system);
  if (!token) return;
  const std::string_view text = token->secret.reveal();
  require(is_visible(text), "what would break a connection string");
  require(text.starts_with("db.cluster.eu-central-1.rds.amazonaws.com:5432/?Action="), "of another endpoint");
  require(text.find("&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F") != std::string_view::npos, "of another key");
  require(text.find("&DBUser=jane%20doe&") != std::string_view::npos, "of another user");
  require(token->is_from_cache, "it was not signed here");
  const Time now = noon + clock_offset();
  require(token->signed_at <= now && now < token->end && token->end - token->signed_at == seconds(900), "it has ended");
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 3);
  payloads() = {std::string(parts[0]), std::string(parts[2]), true};
  learn_clock(noon, noon);
  const System system = closed_system();
  const AwsFiles files = AwsFiles::from_text("", "");
  const CredentialSettings settings;
  const Log log;
  const Context context{system, files, settings, log, no_deadline};
  look_for_credentials(context);
  look_for_failure(parts[1]);
  look_for_token(system);
  learn_clock(noon, noon);
  payloads() = {};
}

const Registration registered("keyring", run);

}  // namespace of_keyring
}  // namespace iamodbc::fuzz

namespace iamodbc {

std::optional<KeptSecret> read_user_keyring(const std::string& name) {
  return kept_in(fuzz::of_keyring::payload_of(name));
}

std::optional<Error> keep_in_user_keyring(const std::string& name, const Secret& bytes, Time now,
                                          std::chrono::seconds lifetime) {
  if (!fuzz::of_keyring::payloads().is_asked) return Error{State::general_error, "closed", 0};
  fuzz::require(lifetime.count() > 0 && bytes.size() <= 12000 + 4000, "kept beyond its end, or too long");
  const auto kept_at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  fuzz::of_keyring::payload_of(name) = "1 " + std::to_string(kept_at) + "\n" + std::string(bytes.reveal());
  return std::nullopt;
}

}  // namespace iamodbc
