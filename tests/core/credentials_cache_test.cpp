// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <latch>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/credentials/cache.h"
#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A clock that is moved by hand, and a source that counts and can be told to fail.
class Bench {
 public:
  explicit Bench(std::size_t bound = 256) : cache(bound) {}

  Answer get(const std::string& role = "admin", Deadline deadline = no_deadline, RefreshWindows windows = {}) {
    return cache.get(
        CredentialKey("role").add(role), Context{system, files, settings, log, deadline},
        [&](const Context& context) { return fetch(role, context); }, windows);
  }
  Answer fetch(const std::string& role, const Context& context) {
    const int count = ++fetches;
    last_deadline = context.deadline;
    was_refresh = context.is_refresh;
    if (while_fetching) while_fetching();
    if (failure) return *failure;
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = is_one_for_all ? "the same" : role + " " + std::to_string(count);
    if (lifetime != hours(0)) credentials->expiration = now() + lifetime;
    credentials->source = "a test";
    return SharedCredentials(std::move(credentials));
  }
  void move(std::chrono::milliseconds by) { moved = moved.load() + by.count(); }
  [[nodiscard]] Time now() const { return noon + std::chrono::milliseconds(moved.load()); }

  std::atomic<std::int64_t> moved{0};
  System system{{}, [this] { return now(); }};
  AwsFiles files = AwsFiles::from_text("", "");
  CredentialSettings settings;
  Log log;
  std::atomic<int> fetches{0};
  std::atomic<Deadline> last_deadline{no_deadline};
  std::atomic<bool> was_refresh{false};
  std::optional<Answer> failure;
  std::function<void()> while_fetching;
  bool is_one_for_all = false;
  std::chrono::seconds lifetime = hours(1);
  CredentialCache cache;
};

// Another thread that fetches for "admin", from here until end().
class LongFetch {
 public:
  explicit LongFetch(Bench& bench, bool may_prompt = true)
      : thread_([this, &bench, may_prompt] {
          CredentialSettings settings;
          settings.may_prompt = may_prompt;
          bench.cache.get(CredentialKey("role").add("admin"),
                          Context{bench.system, bench.files, settings, bench.log, no_deadline},
                          [&](const Context& context) {
                            is_fetching_.count_down();
                            may_end_.wait();
                            return bench.fetch("admin", context);
                          });
        }) {
    is_fetching_.wait();
  }
  void end() {
    may_end_.count_down();
    thread_.join();
  }

 private:
  std::latch is_fetching_{1};
  std::latch may_end_{1};
  std::thread thread_;
};

Error failure_of(const char* sqlstate) {
  return Error{sqlstate, "the service said no", 0};
}

std::string text(const Answer& answer) {
  if (const auto* const credentials = std::get_if<SharedCredentials>(&answer)) return (*credentials)->access_key_id;
  if (const auto* const error = std::get_if<Error>(&answer)) return error->sqlstate + " " + error->message;
  return "not configured: " + std::get<NotConfigured>(answer).reason;
}

// ---- windows ----

TEST(CredentialCache, GivesTheSameCredentialsUntilTheAdvisoryWindow) {
  Bench bench;
  EXPECT_EQ(text(bench.get()), "admin 1");
  bench.move(minutes(45) - seconds(1));
  EXPECT_EQ(text(bench.get()), "admin 1");
  bench.move(seconds(1));
  EXPECT_EQ(text(bench.get()), "admin 2");
  EXPECT_EQ(bench.fetches, 2);
}

TEST(CredentialCache, WhatNeedsAPersonIsNotRefreshedBeforeItsLastMinute) {
  Bench bench;
  const auto get = [&] { return text(bench.get("admin", no_deadline, at_the_end)); };
  get();
  bench.move(minutes(59) - seconds(1));
  EXPECT_EQ(get(), "admin 1");
  bench.move(seconds(1));
  EXPECT_EQ(get(), "admin 2");
}

TEST(CredentialCache, KeysThatDifferAnywhereAreNotMixed) {
  Bench bench;
  EXPECT_EQ(text(bench.get("admin")), "admin 1");
  EXPECT_EQ(text(bench.get("reader")), "reader 2");
  std::set<Sha256> digests;
  Credentials credentials;
  digests.insert(CredentialKey("role").add(credentials).digest());
  credentials.access_key_id = "AKIA";
  digests.insert(CredentialKey("role").add(credentials).digest());
  credentials.secret_access_key = Secret("one");
  digests.insert(CredentialKey("role").add(credentials).digest());
  credentials.session_token = Secret("two");
  digests.insert(CredentialKey("role").add(credentials).digest());
  for (const auto& [first, second] : {std::pair{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}})
    digests.insert(CredentialKey("role").add(first).add(second).digest());
  digests.insert(CredentialKey("sso").add("ab").add("c").digest());
  EXPECT_EQ(digests.size(), 9);
}

TEST(CredentialCache, CredentialsWithoutAnEndAreNotKept) {
  Bench bench;
  bench.lifetime = hours(0);
  EXPECT_EQ(text(bench.get()), "admin 1");
  EXPECT_EQ(text(bench.get()), "admin 2");
}

TEST(CredentialCache, WhatComesEndedIsAnErrorThatSaysSo) {
  Bench bench;
  bench.lifetime = -seconds(1);
  EXPECT_EQ(text(bench.get()),
            "28000 Credentials were refreshed, but the refreshed credentials are still expired: those from a test "
            "ended at 2024-01-02T11:59:59Z; it is 2024-01-02T12:00:00Z. Check this computer's clock, and where they "
            "come from.");
}

TEST(CredentialCache, TheEndIsJudgedByTheClockOfAwsOnceItIsKnown) {
  Bench bench;
  bench.get();
  learn_clock(noon + minutes(50), noon);
  EXPECT_EQ(text(bench.get()), "admin 2");
  learn_clock(noon, noon);
  EXPECT_EQ(text(bench.get()), "admin 2");
}

// ---- failures ----

TEST(CredentialCache, AFailedRefreshKeepsWhatIsValidAndIsNotRepeatedAtOnce) {
  Bench bench;
  bench.get();
  bench.failure = failure_of(State::cannot_connect);
  for (const auto& left : {minutes(15), minutes(10), minutes(1)}) {
    bench.moved = std::chrono::milliseconds(hours(1) - left).count();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(text(bench.get()), "admin 1") << left.count() << " minutes before the end";
  }
  EXPECT_EQ(bench.fetches, 4) << "one refresh a minute";
  bench.move(minutes(1));
  EXPECT_EQ(text(bench.get()), "08001 the service said no");
  EXPECT_EQ(text(bench.get()), "08001 the service said no");
  EXPECT_EQ(bench.fetches, 6) << "without anything valid everybody asks";
  bench.failure.reset();
  EXPECT_EQ(text(bench.get()), "admin 7");
}

TEST(CredentialCache, ShortLivedCredentialsAreNotFetchedForEachConnect) {
  Bench bench;
  bench.lifetime = minutes(15);
  for (int i = 0; i < 100; ++i) bench.get();
  EXPECT_EQ(bench.fetches, 1);
}

TEST(CredentialCache, ARefreshOfWhatIsValidGetsPartOfTheTimeOnly) {
  Bench bench;
  const auto start = std::chrono::steady_clock::now();
  bench.get("admin", start + seconds(60));
  EXPECT_EQ(bench.last_deadline.load(), start + seconds(60));
  bench.move(minutes(46));
  bench.get("admin", start + seconds(60));
  EXPECT_LE(bench.last_deadline.load(), std::chrono::steady_clock::now() + seconds(5));
  bench.get("reader");
  EXPECT_EQ(bench.last_deadline.load(), no_deadline);
  bench.move(minutes(46));
  bench.get("reader", std::chrono::steady_clock::now() + seconds(4));
  EXPECT_LE(bench.last_deadline.load(), std::chrono::steady_clock::now() + seconds(2));
}

TEST(CredentialCache, APersonWhoIsAskedInTheLastMinuteHasAllOfTheTime) {
  Bench bench;
  bench.get("admin", no_deadline, at_the_end);
  bench.move(minutes(59) + seconds(1));
  const auto deadline = std::chrono::steady_clock::now() + seconds(60);
  EXPECT_EQ(text(bench.get("admin", deadline, at_the_end)), "admin 2");
  EXPECT_EQ(bench.last_deadline.load(), deadline);
  bench.move(minutes(59) + seconds(1));
  bench.failure = failure_of("28000");
  EXPECT_EQ(text(bench.get("admin", deadline, at_the_end)), "admin 2");
}

TEST(CredentialCache, WhoFetchesIsToldWhetherSomethingValidStandsBy) {
  Bench bench;
  bench.get();
  EXPECT_FALSE(bench.was_refresh);
  bench.move(minutes(46));
  bench.get();
  EXPECT_TRUE(bench.was_refresh) << "nobody is to be asked for a sign-in";
  bench.move(minutes(61));
  bench.get();
  EXPECT_FALSE(bench.was_refresh);
}

TEST(CredentialCache, NotConfiguredIsPassedOnAndNotKept) {
  Bench bench;
  bench.failure = NotConfigured{"no role"};
  EXPECT_EQ(text(bench.get()), "not configured: no role");
  bench.failure.reset();
  EXPECT_EQ(text(bench.get()), "admin 2");
}

TEST(CredentialCache, WhatWasRefusedIsFetchedAnewIfThatIsPossible) {
  Bench bench;
  const auto refused = std::get<SharedCredentials>(bench.get());
  bench.cache.doubt(nullptr);
  EXPECT_EQ(text(bench.get()), "admin 1");
  bench.cache.doubt(refused);
  bench.failure = failure_of(State::cannot_connect);
  EXPECT_EQ(text(bench.get()), "admin 1");
  bench.failure.reset();
  EXPECT_EQ(text(bench.get()), "admin 1") << "one try";
  bench.cache.doubt(refused);
  EXPECT_EQ(text(bench.get()), "admin 3");
  bench.cache.doubt(refused);
  EXPECT_EQ(text(bench.get()), "admin 3") << "newer ones are not meant";
}

TEST(CredentialCache, KeysThatAwsRefusesAreFetchedAnewOnceAMinuteIfTheyAreThatOld) {
  Bench bench;
  ASSERT_EQ(text(bench.get()), "admin 1");
  const auto doubts = [&](const std::string& key) { return bench.cache.doubt_if_old(key, bench.system); };
  EXPECT_FALSE(doubts("admin 1")) << "just fetched";
  bench.move(seconds(60));
  EXPECT_FALSE(doubts(""));
  EXPECT_FALSE(doubts("somebody else's"));
  EXPECT_EQ(text(bench.get()), "admin 1");
  EXPECT_TRUE(doubts("admin 1"));
  bench.failure = failure_of(State::cannot_connect);
  EXPECT_EQ(text(bench.get()), "admin 1") << "there are no others";
  EXPECT_FALSE(doubts("admin 1"));
  bench.failure.reset();
  bench.move(seconds(60));
  EXPECT_TRUE(doubts("admin 1"));
  EXPECT_EQ(text(bench.get()), "admin 3");
  EXPECT_FALSE(doubts("admin 3")) << "just fetched";
}

// A session that many threads hold is revoked: each of them tries once more, with the new keys that the first one fetches.
TEST(CredentialCache, NewKeysAreForAllWhoWereRefusedWithTheOldOnes) {
  Bench bench;
  ASSERT_EQ(text(bench.get()), "admin 1");
  bench.move(seconds(60));
  const auto doubts = [&](const std::string& key) { return bench.cache.doubt_if_old(key, bench.system); };
  EXPECT_TRUE(doubts("admin 1"));
  EXPECT_TRUE(doubts("admin 1")) << "before they are asked for";
  std::string other;
  std::thread another;
  bench.while_fetching = [&] {
    if (bench.fetches != 2) return;
    EXPECT_TRUE(doubts("admin 1")) << "while they are asked for";
    another = std::thread([&] { other = text(bench.get()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  };
  EXPECT_EQ(text(bench.get()), "admin 2");
  another.join();
  EXPECT_EQ(other, "admin 2") << "who comes meanwhile is not given what was refused";
  EXPECT_TRUE(doubts("admin 1")) << "they are there";
  EXPECT_EQ(text(bench.get()), "admin 2") << "and are not doubted themselves";
  EXPECT_FALSE(doubts("admin 2"));
}

// As of an instance, for two profiles. A right is missing, and only one of the two places is asked.
TEST(CredentialCache, TheSameKeysInTwoPlacesAreDoubtedOnceAMinuteAsWell) {
  Bench bench;
  bench.is_one_for_all = true;
  bench.get("asked");
  bench.get("left");
  const auto doubts = [&] { return bench.cache.doubt_if_old("the same", bench.system); };
  bench.move(seconds(60));
  EXPECT_TRUE(doubts());
  bench.get("asked");
  for (int minute = 1; minute < 4; ++minute) {
    bench.move(seconds(60));
    EXPECT_TRUE(doubts()) << minute;
    bench.get("asked");
    bench.move(seconds(1));
    EXPECT_FALSE(doubts()) << minute;
  }
}

TEST(CredentialCache, NobodyIsAskedForACodeBecauseAwsRefusedKeys) {
  Bench bench;
  ASSERT_EQ(text(bench.get("admin", no_deadline, at_the_end)), "admin 1");
  bench.move(minutes(5));
  EXPECT_FALSE(bench.cache.doubt_if_old("admin 1", bench.system));
}

TEST(CredentialCache, NobodyIsAskedForACodeBecauseALoginWasRefused) {
  Bench bench;
  const auto refused = std::get<SharedCredentials>(bench.get("admin", no_deadline, at_the_end));
  bench.cache.doubt(refused);
  EXPECT_EQ(text(bench.get("admin", no_deadline, at_the_end)), "admin 1");
}

TEST(CredentialCache, WhatNobodyAsksForAnyMoreDoesNotOutliveItsEnd) {
  Bench bench;
  bench.get("a");
  bench.move(minutes(59));
  bench.get("b");
  EXPECT_EQ(bench.cache.size(), 2);
  bench.move(minutes(1));
  bench.get("c");
  EXPECT_EQ(bench.cache.size(), 2);
  EXPECT_EQ(text(bench.get("b")), "b 2");
}

// Credentials that end while new ones are looked for in vain are gone; why there are none is for those who waited, whoever comes for other keys at that moment.
TEST(CredentialCache, WhyThereIsNothingNewOutlivesWhatEndedMeanwhile) {
  Bench bench;
  const auto old = std::get<SharedCredentials>(bench.get());
  bench.move(minutes(59));
  bench.failure = failure_of("08001");
  bench.while_fetching = [&] { bench.move(minutes(1)); };
  EXPECT_EQ(text(bench.get()), "08001 the service said no");
  EXPECT_EQ(old.use_count(), 1) << "they are kept beyond their end";
  bench.while_fetching = nullptr;
  bench.failure.reset();
  bench.get("another");
  EXPECT_EQ(bench.cache.size(), 2);
}

TEST(CredentialCache, TheOneThatEndsFirstMakesRoom) {
  Bench bench(2);
  bench.get("a");
  bench.move(minutes(1));
  bench.get("b");
  bench.get("c");
  EXPECT_EQ(bench.cache.size(), 2);
  bench.get("b");
  bench.get("c");
  EXPECT_EQ(bench.fetches, 3);
  EXPECT_EQ(text(bench.get("a")), "a 4");
}

// ---- threads ----

// `count` threads ask at once; the one who fetches goes on when the others wait.
std::multiset<std::string> asked_at_once(Bench& bench, int count, Deadline deadline = no_deadline) {
  std::atomic<int> here{0};
  std::latch all_are_here(1);
  std::vector<std::string> texts(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (std::string& own : texts) {
    threads.emplace_back([&] {
      ++here;
      all_are_here.wait();
      own = text(bench.cache.get(CredentialKey("role").add("admin"),
                                 Context{bench.system, bench.files, bench.settings, bench.log, deadline},
                                 [&](const Context& context) {
                                   std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until they wait
                                   return bench.fetch("admin", context);
                                 }));
    });
  }
  while (here != count) std::this_thread::yield();
  all_are_here.count_down();
  for (std::thread& thread : threads) thread.join();
  return {texts.begin(), texts.end()};
}

TEST(CredentialCache, AThousandThreadsFetchOnceAndShareWhatComes) {
  Bench bench;
  EXPECT_EQ(asked_at_once(bench, 1000).count("admin 1"), 1000);
  EXPECT_EQ(bench.fetches, 1);
}

TEST(CredentialCache, AThousandThreadsShareOneFailure) {
  Bench bench;
  bench.failure = failure_of(State::invalid_authorization);
  EXPECT_EQ(asked_at_once(bench, 1000).count("28000 the service said no"), 1000);
  EXPECT_LE(bench.fetches, 2) << "one who was late may have asked anew";
}

TEST(CredentialCache, AnothersLackOfTimeIsNotShared) {
  Bench bench;
  bench.failure = failure_of(State::login_timeout);
  asked_at_once(bench, 3);
  EXPECT_EQ(bench.fetches, 3);
}

TEST(CredentialCache, InTheAdvisoryWindowTheOthersGoOn) {
  Bench bench;
  bench.get();
  bench.move(minutes(46));
  const auto given = asked_at_once(bench, 20);
  EXPECT_EQ(bench.fetches, 2);
  EXPECT_GE(given.count("admin 1"), 18) << "they did not wait";
  EXPECT_GE(given.count("admin 2"), 1);
}

TEST(CredentialCache, InTheMandatoryWindowTheOthersWait) {
  Bench bench;
  bench.get();
  bench.move(minutes(51));
  EXPECT_EQ(asked_at_once(bench, 20).count("admin 2"), 20);
  EXPECT_EQ(bench.fetches, 2);
}

TEST(CredentialCache, WhoWaitsForAnotherDoesSoUntilItsDeadline) {
  Bench bench;
  LongFetch other(bench);
  EXPECT_TRUE(text(bench.get("admin", std::chrono::steady_clock::now() + std::chrono::milliseconds(50)))
                  .starts_with("HYT00 The login time-out passed while another thread asked"));
  other.end();
  EXPECT_EQ(text(bench.get()), "admin 1");
}

TEST(CredentialCache, WhoMayAskAPersonDoesNotShareTheFailureOfOneWhoMayNot) {
  Bench bench;
  bench.failure = failure_of("28000");
  LongFetch other(bench, false);
  std::thread one([&] { bench.get(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until it waits
  other.end();
  one.join();
  EXPECT_EQ(bench.fetches, 2);
}

TEST(CredentialCache, AnExceptionLetsTheNextOneFetch) {
  Bench bench;
  const Context context{bench.system, bench.files, bench.settings, bench.log, no_deadline};
  EXPECT_THROW(bench.cache.get(CredentialKey("role").add("admin"), context,
                               [](const Context&) -> Answer { throw std::runtime_error("no memory"); }),
               std::runtime_error);
  EXPECT_EQ(text(bench.get()), "admin 1");
}

TEST(CredentialCache, AChildMadeWhileAnotherThreadFetchesDoesNotWaitForIt) {
  Bench bench;
  bench.get("kept");
  LongFetch other(bench);
  bench.cache.hold_over_fork();
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    bench.cache.let_go_in_child();
    const bool is_well = text(bench.get("kept")) == "kept 1" && text(bench.get("admin")) == "admin 2";
    _exit(is_well ? 0 : 1);
  }
  bench.cache.let_go_in_parent();
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  other.end();
}

}  // namespace
}  // namespace iamodbc
