// SPDX-License-Identifier: Apache-2.0
#include "core/login/shared_tokens.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "core/aws/client.h"
#include "core/credentials/credential_key.h"
#include "core/encoding.h"
#include "core/text.h"
#include "core/user_keyring.h"

namespace iamodbc {
namespace {

using std::chrono::seconds;

// The digest of a digest of the keys, and of all else that decides the token.
std::string name_of(const LoginKey& key) {
  CredentialKey name("token");
  name.add(key.host)
      .add(std::to_string(key.port))
      .add(key.region)
      .add(key.user)
      .add(std::to_string(key.dsql_lifetime.count()))
      .add(key.access_key_id)
      .add(view(key.secrets))
      .add(key.what);
  return std::string(quickly_made) + hex(view(name.digest()));
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

// Of this endpoint and key, as far as can be told without signing: a stranger's text would be sent to the server.
bool is_token_of(std::string_view text, const LoginKey& key, Time signed_at) {
  const bool is_dsql = key.dsql_lifetime.count() != 0;
  const std::string start = key.host + (is_dsql ? "" : ':' + std::to_string(key.port)) + "/?Action=";
  const std::string moment = "&X-Amz-Date=" + basic_time(signed_at) + '&';
  const std::string keys = "&X-Amz-Credential=" + percent_encoded(key.access_key_id) + "%2F";
  const std::string user = "&DBUser=" + percent_encoded(key.user) + '&';
  return is_visible_ascii(text) && text.starts_with(start) && text.find(moment) != std::string_view::npos &&
         text.find(keys) != std::string_view::npos && (is_dsql || text.find(user) != std::string_view::npos);
}

// "1704196800\nTOKEN": the second in which it was signed, by AWS's clock.
struct Written {
  Time signed_at;
  std::string_view token;
};
std::optional<Written> parts_of(std::string_view text) {
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return std::nullopt;
  const auto at = parse_integer(text.substr(0, line_end));
  if (!at || *at < 0 || *at > std::numeric_limits<std::int32_t>::max() * 4LL) return std::nullopt;
  return Written{Time(seconds(*at)), text.substr(line_end + 1)};
}

}  // namespace

bool shares_tokens(const Settings& settings, const Credentials& credentials) {
  return settings.credentials.login_cache == CacheReach::user && !credentials.stays_in_process;
}

std::optional<Token> find_shared_token(const LoginKey& key, const Credentials& credentials, seconds lifetime,
                                       const System& system) {
  const auto kept = read_user_keyring(name_of(key));
  const auto written = kept ? parts_of(kept->bytes.reveal()) : std::nullopt;
  if (!written || !is_token_of(written->token, key, written->signed_at)) return std::nullopt;
  Token token{Secret(written->token), written->signed_at, token_end(credentials, written->signed_at, lifetime), true};
  if (!is_good(token, std::chrono::floor<seconds>(aws_now(system)), token.margin)) return std::nullopt;
  return token;
}

void share_token(const Login& login, const System& system, const Log& log) {
  if (!login.may_be_shared || login.is_from_cache || !login.end) return;
  const std::string name = name_of(login.key);
  const Time now = aws_now(system);
  const auto kept = read_user_keyring(name);
  const auto written = kept ? parts_of(kept->bytes.reveal()) : std::nullopt;
  // Another process was faster.
  const bool is_there = written && is_token_of(written->token, login.key, written->signed_at) &&
                        written->signed_at <= now &&
                        now < written->signed_at + (*login.end - login.signed_at) - token_margin;
  if (is_there) return;
  Secret text(std::to_string(std::chrono::duration_cast<seconds>(login.signed_at.time_since_epoch()).count()) + '\n');
  text.append(login.secret.reveal());
  const auto left = std::chrono::floor<seconds>(*login.end - token_margin - now);
  if (left.count() < 1) return;
  const auto error = keep_in_user_keyring(name, text, system.now(), left);
  log.debug(error ? "token: the user keyring does not keep it, this process does: " + error->message
                  : "token: put into the user keyring, for other processes");
}

void drop_shared_token(const Login& refused) {
  if (!refused.may_be_shared) return;
  const std::string name = name_of(refused.key);
  const auto kept = read_user_keyring(name);
  const auto written = kept ? parts_of(kept->bytes.reveal()) : std::nullopt;
  if (written && written->token == refused.secret.reveal()) remove_from_user_keyring(name);
}

}  // namespace iamodbc
