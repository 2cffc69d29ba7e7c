// SPDX-License-Identifier: Apache-2.0
#include "core/login/cache.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "core/aws/client.h"
#include "core/no_destructor.h"
#include "core/text.h"

namespace iamodbc {
namespace {

NoDestructor<LoginCache> the_cache;

// A fork in one thread while another holds the lock would leave it locked for ever in the child.
[[gnu::constructor]] void hold_cache_over_fork() {
  pthread_atfork([] { the_cache.get().hold_over_fork(); }, [] { the_cache.get().let_go_in_parent(); },
                 [] { the_cache.get().let_go_in_child(); });
}

Token copy(const Token& token, bool is_from_cache) {
  return Token{token.secret.clone(), token.signed_at, token.end, is_from_cache, token.margin};
}

}  // namespace

bool is_good(const Token& token, Time now, std::chrono::seconds margin) {
  return token.signed_at <= now && now < token.end - margin;
}

LoginKey login_key(const Endpoint& endpoint, const std::string& user, const Credentials& credentials,
                   std::chrono::seconds dsql_lifetime) {
  // With the first one's length, so that no two pairs read the same.
  Secret secrets(std::to_string(credentials.secret_access_key.size()) + ':');
  secrets.append(credentials.secret_access_key.reveal());
  secrets.append(credentials.session_token.reveal());
  return LoginKey{lower(endpoint.host),
                  endpoint.port,
                  lower(endpoint.region),
                  user,
                  dsql_lifetime,
                  credentials.access_key_id,
                  sha256(secrets.reveal()),
                  {}};
}

// The thread that signs for a key; when it is done, well or not, the others go on.
class LoginCache::Signing {
 public:
  Signing(LoginCache& cache, const LoginKey& key) : cache_(cache), key_(key) {}
  Signing(const Signing&) = delete;
  Signing& operator=(const Signing&) = delete;
  ~Signing() {
    const std::scoped_lock hold(cache_.slots_.lock());
    if (Slot* const own = cache_.slots_.find(key_)) {
      own->is_being_made = false;
      ++own->times;
      own->failure = std::move(failure_);
      if (token_) own->token = std::move(token_);
    }
    cache_.slots_.tell_all();
  }

  void keep(Token token) { token_ = std::move(token); }
  void keep(Error failure) { failure_ = std::move(failure); }

 private:
  LoginCache& cache_;
  const LoginKey& key_;
  std::optional<Token> token_;
  std::optional<Error> failure_;
};

LoginCache& LoginCache::of_process() {
  return the_cache.get();
}

Result<Token> LoginCache::get(const LoginKey& key, const System& system, Deadline deadline, const Sign& sign) {
  Time now;
  {
    std::unique_lock hold(slots_.lock());
    unsigned long long times = 0;  // that it was made before we waited
    for (bool has_waited = false;; has_waited = true) {
      now = std::chrono::floor<std::chrono::seconds>(aws_now(system));
      Slot& own = slots_.at(key, now);
      // Who waited for a token takes it even if it ends too soon to be kept.
      if (own.token && is_good(*own.token, now, has_waited ? std::chrono::seconds(0) : own.token->margin))
        return copy(*own.token, true);
      if (!has_waited) times = own.times;
      if (!own.is_being_made) {
        if (has_waited && own.times != times && own.failure) return *own.failure;
        own.is_being_made = true;
        own.token.reset();  // it ends too soon; who waits is to have the new one
        break;
      }
      if (!slots_.wait(hold, deadline)) {
        return Error{State::login_timeout, "The login time-out passed while another thread signed the same login.", 0};
      }
    }
  }
  Signing signing(*this, key);
  auto token = sign(now);
  if (token) {
    signing.keep(copy(token.value(), false));
  } else if (token.error().sqlstate != State::login_timeout) {  // that is the caller's own: who waits may have time
    signing.keep(token.error());
  }
  return token;
}

void LoginCache::drop(const LoginKey& key, Time signed_at) {
  const std::scoped_lock hold(slots_.lock());
  Slot* const own = slots_.find(key);
  if (own != nullptr && own->token && own->token->signed_at == signed_at) own->token.reset();
}

bool LoginCache::has_newer(const LoginKey& key, Time signed_at) {
  const std::scoped_lock hold(slots_.lock());
  const Slot* const own = slots_.find(key);
  return own != nullptr && (own->is_being_made || own->is_tried || (own->token && own->token->signed_at > signed_at));
}

bool LoginCache::take_fresh_try(const LoginKey& key, Time signed_at, Time now) {
  now = std::chrono::floor<std::chrono::seconds>(now);
  if (now <= signed_at) return false;
  const std::scoped_lock hold(slots_.lock());
  Slot& own = slots_.at(key, now);
  if (own.fresh_try && now >= *own.fresh_try && now - *own.fresh_try < between_fresh_tries) return false;
  own.fresh_try = now;
  own.is_tried = true;
  return true;
}

void LoginCache::end_fresh_try(const LoginKey& key) {
  const std::scoped_lock hold(slots_.lock());
  if (Slot* const own = slots_.find(key)) own->is_tried = false;
}

void LoginCache::let_go_in_child() {
  slots_.for_each([](Slot& one) { one.is_tried = false; });  // the threads that try are the parent's
  slots_.let_go_in_child();
}

Time LoginCache::Slot::end() const {
  Time last = Time::min();
  if (token) last = token->end;
  if (fresh_try) last = std::max(last, *fresh_try + between_fresh_tries);
  return last;
}

}  // namespace iamodbc
