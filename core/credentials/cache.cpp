// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/cache.h"

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "core/no_destructor.h"

namespace iamodbc {
namespace {

NoDestructor<CredentialCache> the_cache;

// A fork in one thread while another holds the lock would leave it locked for ever in the child.
[[gnu::constructor]] void hold_cache_over_fork() {
  pthread_atfork([] { the_cache.get().hold_over_fork(); }, [] { the_cache.get().let_go_in_parent(); },
                 [] { the_cache.get().let_go_in_child(); });
}

bool is_valid(const SharedCredentials& credentials, Time now) {
  return credentials && (!credentials->expiration || *credentials->expiration > now);
}

bool needs_person(const RefreshWindows& windows) {
  return windows.advisory <= at_the_end.advisory;
}

// When a refresh of what is still valid has to be done: others wait, and the connect itself needs time.
Deadline refresh_deadline(Deadline deadline) {
  const auto now = std::chrono::steady_clock::now();
  const Deadline patience = now + CredentialCache::refresh_patience;
  return deadline == no_deadline ? patience : std::min(patience, now + (deadline - now) / 2);
}

// An answer whose credentials have ended already is an error.
Answer checked(Answer answer, const System& system) {
  const auto* const credentials = std::get_if<SharedCredentials>(&answer);
  if (credentials == nullptr || is_valid(*credentials, aws_now(system))) return answer;
  return Error{State::invalid_authorization,
               "Credentials were refreshed, but the refreshed credentials are still expired: those from " +
                   (*credentials)->source + " ended at " + extended_time(*(*credentials)->expiration) + "; it is " +
                   extended_time(aws_now(system)) + ". Check this computer's clock, and where they come from.",
               0};
}

std::string reason_of(const Answer& failure) {
  const auto* const error = std::get_if<Error>(&failure);
  return error != nullptr ? error->message : std::get<NotConfigured>(failure).reason;
}

// Others do not share a failure that was only the caller's own lack of time.
bool is_shared(const Answer& failure) {
  const auto* const error = std::get_if<Error>(&failure);
  return error == nullptr || error->sqlstate != State::login_timeout;
}

}  // namespace

CredentialCache& CredentialCache::of_process() {
  return the_cache.get();
}

Time CredentialCache::Slot::end() const {
  return credentials && credentials->expiration ? *credentials->expiration : Time::min();
}

// What a caller is given at once, if anything; `valid` is what is there and has not ended.
std::optional<Answer> CredentialCache::Slot::answer(const SharedCredentials& valid, Time now, RefreshWindows windows,
                                                    bool has_waited, bool may_prompt) const {
  if (has_waited && valid) return valid;
  if (has_waited && failure && (failed_with_prompt || !may_prompt)) return failure;
  if (!valid || !valid->expiration) return std::nullopt;
  const auto left = *valid->expiration - now;
  const bool was_just_fetched = fetched_at && now >= *fetched_at && now - *fetched_at < between_refreshes;
  const bool is_due = is_doubted || (left <= windows.advisory && !was_just_fetched);
  const bool may_go_on = is_being_made ? left > windows.mandatory && !is_doubted : !is_due;
  if (may_go_on) return valid;
  return std::nullopt;
}

// What a caller is to do: take the answer, or fetch, with `valid` to fall back on.
struct CredentialCache::Turn {
  std::optional<Answer> answer;
  SharedCredentials valid;
  SharedCredentials doubted{};
};

// The thread that fetches for a key; when it is done, well or not, the others go on.
class CredentialCache::Fetching {
 public:
  Fetching(CredentialCache& cache, const CredentialKey& key, const Context& context)
      : cache_(cache),
        key_(key),
        system_(context.system),
        begun_(aws_now(context.system)),
        may_prompt_(context.settings.may_prompt) {}
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;
  ~Fetching() {
    const std::scoped_lock hold(cache_.slots_.lock());
    if (Slot* const own = cache_.slots_.find(key_.digest())) {
      own->is_being_made = false;
      own->is_doubted = false;
      if (answer_) {
        ++own->fetches;
        own->fetched_at = begun_;
        if (const auto* const credentials = std::get_if<SharedCredentials>(&*answer_)) {
          own->credentials = *credentials;
        } else {
          // What has ended meanwhile must not take with it what those who waited are to share.
          if (!is_valid(own->credentials, answered_)) own->credentials.reset();
          if (is_shared(*answer_)) {
            own->failure = std::move(answer_);
            own->failed_with_prompt = may_prompt_;
          }
        }
      }
    }
    cache_.slots_.tell_all();
  }

  void keep(const Answer& answer) {
    answered_ = aws_now(system_);
    answer_ = answer;
  }

 private:
  CredentialCache& cache_;
  const CredentialKey& key_;
  const System& system_;
  Time begun_;
  Time answered_{};
  bool may_prompt_;
  std::optional<Answer> answer_;
};

// The caller fetches.
CredentialCache::Turn CredentialCache::Slot::begun(SharedCredentials valid) {
  is_being_made = true;
  failure.reset();
  if (!valid) credentials.reset();
  SharedCredentials doubted = is_doubted ? valid : nullptr;
  return {{}, std::move(valid), std::move(doubted)};
}

CredentialCache::Turn CredentialCache::wait_for_turn(const CredentialKey& key, const Context& context,
                                                     RefreshWindows windows) {
  std::unique_lock hold(slots_.lock());
  std::optional<unsigned long long> waited_after;  // so many fetches
  Deadline patience = no_deadline;                 // of who has something valid
  while (true) {
    const Time now = aws_now(context.system);
    Slot& own = slots_.at(key.digest(), now);
    const bool has_waited = waited_after && own.fetches != *waited_after;
    SharedCredentials valid = is_valid(own.credentials, now) ? own.credentials : nullptr;
    if (auto answer = own.answer(valid, now, windows, has_waited, context.settings.may_prompt))
      return {std::move(answer), {}};
    if (valid && !valid->expiration) valid = nullptr;  // was for others
    if (!own.is_being_made) {
      own.needs_person = needs_person(windows);
      return own.begun(std::move(valid));
    }
    if (!waited_after) {
      waited_after = own.fetches;
      patience = valid ? refresh_deadline(context.deadline) : no_deadline;
    }
    if (slots_.wait(hold, std::min(context.deadline, patience))) continue;
    if (valid) return {valid, {}};
    return {Error{State::login_timeout,
                  "The login time-out passed while another thread asked for the same AWS credentials. Give the "
                  "application a longer login time-out, or look at what takes so long with LogLevel=debug.",
                  0},
            {}};
  }
}

// Fetches; `turn.valid` becomes what another process kept, if that is better.
Answer CredentialCache::fetch_in_turn(Turn& turn, const CredentialKey& key, const Context& context, const Fetch& fetch,
                                      RefreshWindows windows, const Sharing& sharing) {
  const auto end_of = [](const SharedCredentials& one) { return one && one->expiration ? *one->expiration : Time(); };
  std::optional<BetweenProcesses> others;
  if (context.settings.login_cache == CacheReach::user && sharing.is_allowed && !needs_person(windows))
    others.emplace(key, sharing, context, windows.advisory, between_refreshes);
  if (auto kept = others ? others->look() : std::nullopt; kept && end_of(kept->credentials) > end_of(turn.valid)) {
    if (!kept->is_due) return std::move(kept->credentials);
    turn.valid = std::move(kept->credentials);
  }
  Context limited = context;
  // A person is asked when it has to be only, and then needs time.
  if (turn.valid && !needs_person(windows)) {
    limited.is_refresh = true;
    limited.deadline = refresh_deadline(context.deadline);
  }
  const auto checked_fetch = [&](const Context& own) { return checked(fetch(own), own.system); };
  if (!others) return checked_fetch(limited);
  return others->fetch(limited, turn.doubted ? nullptr : turn.valid, turn.doubted, checked_fetch);
}

Answer CredentialCache::get(const CredentialKey& key, const Context& context, const Fetch& fetch,
                            RefreshWindows windows, const Sharing& sharing) {
  if (context.settings.login_cache == CacheReach::off) return checked(fetch(context), context.system);
  CredentialKey own_key = key;  // whoever is strict is not given what came from a file that others can read
  if (context.settings.are_permissions_strict) own_key.add("StrictPermissions");
  Turn turn = wait_for_turn(own_key, context, windows);
  if (turn.answer) return *std::move(turn.answer);

  Fetching fetching(*this, own_key, context);
  Answer answer = fetch_in_turn(turn, own_key, context, fetch, windows, sharing);
  fetching.keep(answer);
  if (std::holds_alternative<SharedCredentials>(answer) || !is_valid(turn.valid, aws_now(context.system)))
    return answer;
  context.log.warning("credentials from " + turn.valid->source + " could not be refreshed and go on being used until " +
                      extended_time(*turn.valid->expiration) + ": " + reason_of(answer));
  return turn.valid;
}

void CredentialCache::doubt(const SharedCredentials& refused) {
  const std::scoped_lock hold(slots_.lock());
  slots_.for_each([&](Slot& slot) {
    if (refused && slot.credentials == refused && !slot.needs_person) slot.is_doubted = true;
  });
}

bool CredentialCache::doubt_if_old(const std::string& refused_key, const System& system) {
  if (refused_key.empty()) return false;
  const Time now = aws_now(system);
  bool is_doubted = false;
  const std::scoped_lock hold(slots_.lock());
  slots_.for_each([&](Slot& slot) {
    const auto is_recent = [&](const std::optional<Time>& at) {
      return at && now >= *at && now - *at < between_refreshes;
    };
    // Somebody was refused with the same keys within the minute: what is new since, or is about to come, is for all.
    const bool is_known = slot.doubted_key == refused_key;
    const bool has_others = slot.credentials && slot.credentials->access_key_id != refused_key;
    if (is_known && is_recent(slot.doubted_at) && (slot.is_doubted || has_others)) is_doubted = true;
    if (!slot.credentials || slot.credentials->access_key_id != refused_key || slot.needs_person) return;
    const bool is_new = is_recent(slot.fetched_at) && !slot.credentials->may_be_outdated;
    // A place that is doubted and that nobody asks any more stays so: the same keys may be in another one.
    if (is_new || is_recent(slot.doubted_at) || (is_known && slot.is_doubted)) return;
    slot.is_doubted = true;
    slot.doubted_at = now;
    slot.doubted_key = refused_key;
    is_doubted = true;
  });
  return is_doubted;
}

}  // namespace iamodbc
