// cache: logins that were signed or fetched and are still good, for all connections of the process.
// "To sign" stands for both; what cannot be fetched is an error, which those share who waited for it.
// A token is given again until the earlier of its end and its credentials' end, less a margin; one thread signs for a key,
// the others wait for it; at most `bound` keys are kept, the one that ends first goes first. What the server refused is
// dropped, and a fresh try is allowed once a minute for a key.
// Moments are AWS's, where its clock is known (client.h), in whole seconds: tokens that are signed within one second are equal. A token from the future (the clock was
// set back) is not given.
// Thread rule: any thread; no lock is held while signing. The cache of the process is held over fork: a child keeps the
// tokens and does not wait for threads that it does not have.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "core/credentials/credentials.h"
#include "core/deadline.h"
#include "core/login/rds_token.h"
#include "core/result.h"
#include "core/secret.h"
#include "core/sha256.h"
#include "core/slots.h"
#include "core/system.h"

namespace iamodbc {

// Everything that decides a login but the second in which it is signed. Holds no secret.
struct LoginKey {
  std::string host;  // as region in lower case
  int port = 0;
  std::string region;
  std::string user;
  std::chrono::seconds dsql_lifetime{0};  // of a token of Aurora DSQL; 0: it is one of RDS
  std::string access_key_id;
  Sha256 secrets{};    // digest of secret access key and session token
  std::string what{};  // of a login that is fetched: from where, and what is asked for

  auto operator<=>(const LoginKey&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 misreads it
};
LoginKey login_key(const Endpoint& endpoint, const std::string& user, const Credentials& credentials,
                   std::chrono::seconds dsql_lifetime = std::chrono::seconds(0));

// How long before its end a token is given no more.
inline constexpr std::chrono::seconds token_margin{60};

struct Token {
  Secret secret;
  Time signed_at;
  Time end;  // of the token itself, without margin
  bool is_from_cache = false;
  std::chrono::seconds margin = token_margin;
};
// Whether it may be given at this moment by AWS's clock.
bool is_good(const Token& token, Time now, std::chrono::seconds margin);

class LoginCache {
 public:
  static constexpr std::chrono::seconds between_fresh_tries{60};
  // Signs at this moment; what it throws is thrown on, and the next thread in line signs.
  using Sign = std::function<Result<Token>(Time now)>;

  explicit LoginCache(std::size_t bound = 256) : slots_(bound) {}
  LoginCache(const LoginCache&) = delete;
  LoginCache& operator=(const LoginCache&) = delete;

  static LoginCache& of_process();

  // The token that is kept for `key`, else what `sign` gives, or why there is none. HYT00 when the deadline passes while another thread signs.
  Result<Token> get(const LoginKey& key, const System& system, Deadline deadline, const Sign& sign);

  // The server refused the token of that moment: it is not given again.
  void drop(const LoginKey& key, Time signed_at);
  // Whether a login newer than that one is kept, is being signed, or will be by who took the turn: to try it costs no turn.
  bool has_newer(const LoginKey& key, Time signed_at);
  // Whether a login newer than that one may be tried now, and takes the turn: not within the second in which the refused
  // one was signed, because the new one would be equal, and not twice within a minute for a key.
  bool take_fresh_try(const LoginKey& key, Time signed_at, Time now);
  // The one who took the turn has a new login, or none.
  void end_fresh_try(const LoginKey& key);

  [[nodiscard]] std::size_t size() { return slots_.size(); }

  // For fork; slots.h says what they do.
  void hold_over_fork() { slots_.hold_over_fork(); }
  void let_go_in_parent() { slots_.let_go_in_parent(); }
  void let_go_in_child();

 private:
  struct Slot {
    std::optional<Token> token;
    std::optional<Time> fresh_try;
    bool is_tried = false;         // by who took the turn, who has not signed yet
    std::optional<Error> failure;  // of the last time, for those who waited
    unsigned long long times = 0;
    bool is_being_made = false;

    [[nodiscard]] Time end() const;
  };
  class Signing;

  Slots<LoginKey, Slot> slots_;
};

}  // namespace iamodbc
