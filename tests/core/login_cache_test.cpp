// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/aws/client.h"
#include "core/login/cache.h"
#include "core/login/dsql_token.h"
#include "core/login/login.h"
#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// A clock that is moved by hand, and a signer that counts.
class Bench {
 public:
  explicit Bench(std::size_t bound = 256) : cache(bound) {}

  Result<Token> get(const LoginKey& of, Deadline deadline = no_deadline) {
    return cache.get(of, system, deadline, [&](Time now) { return sign(of, now); });
  }
  Token sign(const LoginKey& of, Time now) {
    ++signings;
    Time end = now + rds_token_lifetime;
    if (credentials_end) end = std::min(end, *credentials_end);
    return Token{Secret(of.user + "@" + of.host + " at " + basic_time(now)), now, end};
  }
  void move(std::chrono::milliseconds by) { moved = moved.load() + by.count(); }
  [[nodiscard]] Time now() const { return noon + std::chrono::milliseconds(moved.load()); }

  std::atomic<std::int64_t> moved{0};
  System system{{}, [this] { return now(); }};
  std::optional<Time> credentials_end;
  std::atomic<int> signings{0};
  LoginCache cache;
};

LoginKey key(std::string user = "jane") {
  LoginKey made;
  made.host = "db.example";
  made.port = 5432;
  made.region = "eu-central-1";
  made.user = std::move(user);
  return made;
}

std::string text(const Result<Token>& token) {
  return token ? std::string(token.value().secret.reveal()) : token.error().sqlstate;
}

TEST(LoginCache, GivesTheSameTokenAgainAndSaysSo) {
  Bench bench;
  const auto first = bench.get(key());
  bench.move(minutes(13));
  const auto second = bench.get(key());
  EXPECT_FALSE(first.value().is_from_cache);
  EXPECT_TRUE(second.value().is_from_cache);
  EXPECT_EQ(text(first), text(second));
  EXPECT_EQ(second.value().end, noon + minutes(15));
  EXPECT_EQ(second.value().signed_at, noon);
  EXPECT_EQ(bench.signings, 1);
}

TEST(LoginCache, SignsOncePerLifetimeOverTenExpiries) {
  Bench bench;
  const auto end = noon + 10 * minutes(14);
  for (; bench.now() < end; bench.move(seconds(7))) {
    const auto token = bench.get(key());
    ASSERT_GE(token.value().end - bench.now(), seconds(59)) << "a token so near to its end was given";
    EXPECT_EQ(bench.signings, 1 + (bench.now() - noon) / minutes(14));
  }
  EXPECT_EQ(bench.signings, 10);
}

TEST(LoginCache, ATokenEndsWithTheCredentials) {
  Bench bench;
  bench.credentials_end = noon + minutes(5);
  ASSERT_TRUE(bench.get(key()));
  bench.move(minutes(4) - seconds(1));
  EXPECT_TRUE(bench.get(key()).value().is_from_cache);
  bench.move(seconds(1));
  EXPECT_FALSE(bench.get(key()).value().is_from_cache);
  EXPECT_EQ(bench.signings, 2);
}

TEST(LoginCache, ATokenFromTheFutureIsNotGiven) {
  Bench bench;
  ASSERT_TRUE(bench.get(key()));
  bench.move(-minutes(5));
  EXPECT_FALSE(bench.get(key()).value().is_from_cache) << "the clock was set back";
  EXPECT_EQ(bench.signings, 2);
}

TEST(LoginCache, TokensAreSignedAndEndByTheClockOfAwsOnceItIsKnown) {
  Bench bench;
  EXPECT_EQ(text(bench.get(key())), "jane@db.example at " + basic_time(noon));
  learn_clock(noon + minutes(20), noon);
  EXPECT_EQ(text(bench.get(key())), "jane@db.example at " + basic_time(noon + minutes(20)));
  learn_clock(noon, noon);
}

// ---- threads ----

TEST(LoginCache, AThousandThreadsSignOnce) {
  for (const bool end_soon : {false, true}) {
    Bench bench;
    if (end_soon) bench.credentials_end = noon + seconds(30);  // too soon to be kept for those who come later
    constexpr int count = 1000;
    std::atomic<int> here{0};
    std::latch all_are_here(1);
    std::vector<std::thread> threads;
    std::vector<std::string> texts(count);
    const auto sign = [&](Time now) {
      while (here != count) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(end_soon ? 300 : 0));  // until they wait
      return bench.sign(key(), now);
    };
    threads.reserve(count);
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        ++here;
        const auto a_minute = std::chrono::steady_clock::now() + minutes(1);  // so that waiting for ever is a failure
        texts[static_cast<std::size_t>(i)] = text(bench.cache.get(key(), bench.system, a_minute, sign));
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 1U);
    if (end_soon) {
      EXPECT_LT(bench.signings, count / 2) << "those who waited take the token that they waited for";
    } else {
      EXPECT_EQ(bench.signings, 1);
    }
  }
}

// A thread that signs for `key()` until it is released.
class Signer {
 public:
  explicit Signer(Bench& bench)
      : thread_([&bench, this] {
          text_ = text(bench.cache.get(key(), bench.system, no_deadline, [&](Time now) {
            begun_.count_down();
            released_.wait();
            return bench.sign(key(), now);
          }));
        }) {
    begun_.wait();
  }
  ~Signer() { thread_.join(); }
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  void release() { released_.count_down(); }

 private:
  std::latch begun_{1};
  std::latch released_{1};
  std::string text_;
  std::thread thread_;
};

TEST(LoginCache, NoOtherKeyWaitsForASigning) {
  Bench bench;
  Signer signer(bench);
  EXPECT_TRUE(bench.get(key("john")));
  signer.release();
}

TEST(LoginCache, WhoWaitsIsNotGivenTheOldTokenWhenAnotherKeyIsSigned) {
  Bench bench;
  ASSERT_TRUE(bench.get(key()));
  bench.move(minutes(15) - seconds(5));  // five seconds are left of it
  Signer signer(bench);
  std::string waited;
  std::thread waiter([&] { waited = text(bench.get(key(), std::chrono::steady_clock::now() + seconds(20))); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_TRUE(bench.get(key("john")));  // wakes all who wait
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  signer.release();
  waiter.join();
  EXPECT_EQ(waited, "jane@db.example at " + basic_time(bench.now()));
}

TEST(LoginCache, WhatIsBeingSignedIsNotEvicted) {
  Bench bench(1);
  Signer signer(bench);
  for (const char* user : {"a", "b", "c"}) ASSERT_TRUE(bench.get(key(user)));
  EXPECT_EQ(text(bench.get(key(), std::chrono::steady_clock::now() + std::chrono::milliseconds(50))), "HYT00")
      << "it was forgotten that a thread signs it";
  signer.release();
}

TEST(LoginCache, WhoWaitsLeavesAtTheDeadline) {
  Bench bench;
  Signer signer(bench);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(text(bench.get(key(), start + std::chrono::milliseconds(50))), "HYT00");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  signer.release();
}

TEST(LoginCache, WhoWaitedSharesTheFailure) {
  Bench bench;
  constexpr int threads = 20;
  std::atomic<int> asked = 0;
  std::atomic<int> failed = 0;
  const auto ask = [&](Time) -> Result<Token> {
    ++asked;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return Error{"28000", "denied", 0};
  };
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      const auto token = bench.cache.get(key(), bench.system, no_deadline, ask);
      if (!token && token.error().message == "denied") ++failed;
    });
  }
  for (std::thread& one : all) one.join();
  EXPECT_EQ(failed, threads);
  EXPECT_LT(asked, threads / 2);                           // one, but for those who came late
  EXPECT_EQ(text(bench.get(key())).substr(0, 4), "jane");  // a failure is not kept
}

TEST(LoginCache, WhoWaitedDoesNotShareATimeOut) {
  Bench bench;
  std::latch is_asking(1);
  std::thread impatient([&] {
    const auto token = bench.cache.get(key(), bench.system, no_deadline, [&](Time) -> Result<Token> {
      is_asking.count_down();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      return Error{"HYT00", "late", 0};
    });
    EXPECT_EQ(text(token), "HYT00");
  });
  is_asking.wait();
  EXPECT_EQ(text(bench.get(key())).substr(0, 4), "jane");
  impatient.join();
}

TEST(LoginCache, WhatHasNoMarginIsKeptToItsEnd) {
  Bench bench;
  int asked = 0;
  const auto ask = [&](Time now) -> Result<Token> {
    ++asked;
    return Token{Secret("x"), now, now + seconds(10), false, seconds(0)};
  };
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(bench.cache.get(key(), bench.system, no_deadline, ask));
    bench.move(seconds(1));
  }
  EXPECT_EQ(asked, 2);
}

TEST(LoginCache, AFailedSigningLetsTheNextOneSign) {
  Bench bench;
  const auto fail = [](Time) -> Token { throw std::runtime_error("no SHA-256"); };
  EXPECT_THROW((void)bench.cache.get(key(), bench.system, no_deadline, fail), std::runtime_error);
  EXPECT_EQ(text(bench.get(key(), std::chrono::steady_clock::now() + seconds(5))).substr(0, 4), "jane");
}

TEST(LoginCache, AChildDoesNotWaitForThreadsOfItsParent) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer ends such a child";  // it runs in the plain and the ASan build
#endif
  LoginCache& cache = LoginCache::of_process();
  Bench bench;
  const auto soon = [] { return std::chrono::steady_clock::now() + seconds(5); };
  const auto sign = [&](Time now) { return bench.sign(key(), now); };
  ASSERT_TRUE(cache.get(key("kept"), bench.system, soon(), sign));
  std::latch begun(1);
  std::latch released(1);
  const auto sign_slowly = [&](Time now) {
    begun.count_down();
    released.wait();
    return bench.sign(key(), now);
  };
  std::thread signer([&] { (void)cache.get(key(), bench.system, no_deadline, sign_slowly); });
  begun.wait();
  std::thread waiter([&] { (void)cache.get(key(), bench.system, no_deadline, sign); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    const bool signs = !cache.get(key(), bench.system, soon(), sign).value().is_from_cache;
    const bool keeps = cache.get(key("kept"), bench.system, soon(), sign).value().is_from_cache;
    _exit(signs && keeps ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  released.count_down();
  signer.join();
  waiter.join();
}

// ---- keys ----

TEST(LoginCache, TheKeyHoldsEverythingThatDecidesTheToken) {
  struct Who {
    std::string host = "db.example";
    int port = 5432;
    std::string region = "eu-central-1";
    std::string user = "jane";
    std::string id = "AKIAIOSFODNN7EXAMPLE";
    std::string secret = "hunter2";
    std::string session = "session";
    seconds dsql_lifetime{0};
  };
  std::vector<Who> all(1);
  const auto other = [&](auto change) {
    Who who;
    change(who);
    all.push_back(who);
  };
  other([](Who& who) { who.host = "db2.example"; });
  other([](Who& who) { who.port = 5433; });
  other([](Who& who) { who.region = "eu-west-1"; });
  other([](Who& who) { who.user = "john"; });
  other([](Who& who) { who.user = "Jane"; });
  other([](Who& who) { who.id = "AKIAIOSFODNN8EXAMPLE"; });
  other([](Who& who) { who.secret = "hunter3"; });
  other([](Who& who) { who.session = ""; });
  other([](Who& who) { who.dsql_lifetime = seconds(900); });
  other([](Who& who) { who.dsql_lifetime = seconds(901); });
  other([](Who& who) { who.secret = "hunter2s", who.session = "ession"; });  // the same bytes in a row

  Bench bench;
  LoginCache& cache = bench.cache;
  std::set<std::string> tokens;
  for (const bool again : {false, true}) {
    for (const Who& who : all) {
      Settings settings;
      settings.user = who.user;
      const bool is_dsql = who.dsql_lifetime != seconds(0);
      if (is_dsql) settings.auth_type = AuthType::dsql;
      if (is_dsql) settings.token_lifetime = who.dsql_lifetime;
      Credentials credentials;
      credentials.access_key_id = who.id;
      credentials.secret_access_key = Secret(who.secret);
      credentials.session_token = Secret(who.session);
      const SignedEndpoint endpoint{Endpoint{who.host, who.port, who.region}, {}, false, {}};
      const auto login = token_login(cache, settings, endpoint, credentials, bench.system, no_deadline);
      ASSERT_TRUE(login);
      EXPECT_EQ(login.value().is_from_cache, again);
      const Secret expected = is_dsql ? dsql_token(credentials, endpoint.endpoint, who.user, noon, who.dsql_lifetime)
                                      : rds_token(credentials, endpoint.endpoint, who.user, noon);
      EXPECT_EQ(login.value().secret.reveal(), expected.reveal());
      tokens.emplace(login.value().secret.reveal());
      const LoginKey& of = login.value().key;
      const std::string shown = of.host + of.region + of.user + of.access_key_id + std::string(view(of.secrets));
      EXPECT_EQ(shown.find(who.secret), std::string::npos) << "the secret itself is in the key";
    }
  }
  EXPECT_EQ(tokens.size(), all.size());
  EXPECT_EQ(cache.size(), all.size());
  const auto spelled = [](const char* host, const char* region) {
    return login_key(Endpoint{host, 1, region}, "u", Credentials());
  };
  EXPECT_EQ(spelled("DB.Example", "EU-west-1"), spelled("db.example", "eu-west-1")) << "signed in lower case";
}

TEST(LoginCache, IsBoundedAndWhatEndsFirstGoesFirst) {
  Bench bench(3);
  for (const char* user : {"a", "b", "c", "d", "e"}) {
    ASSERT_TRUE(bench.get(key(user)));
    bench.move(seconds(1));
  }
  EXPECT_EQ(bench.cache.size(), 3U);
  for (const char* user : {"c", "d", "e"}) EXPECT_TRUE(bench.get(key(user)).value().is_from_cache) << user;
  EXPECT_FALSE(bench.get(key("a")).value().is_from_cache);
}

TEST(LoginCache, TokensOfKeysThatAreGoneDoNotOutliveTheirEnd) {
  Bench bench;
  bench.credentials_end = noon + minutes(5);
  ASSERT_TRUE(bench.get(key("before the keys changed")));
  ASSERT_TRUE(bench.get(key("another one")));
  bench.move(minutes(5) - seconds(1));
  bench.credentials_end = noon + minutes(20);
  ASSERT_TRUE(bench.get(key("after they changed")));
  EXPECT_EQ(bench.cache.size(), 3U);
  bench.move(seconds(1));
  ASSERT_TRUE(bench.get(key("one more")));
  EXPECT_EQ(bench.cache.size(), 2U);
  EXPECT_TRUE(bench.get(key("after they changed")).value().is_from_cache);
}

// ---- refusals ----

TEST(LoginCache, WhatWasRefusedIsNotGivenAgain) {
  Bench bench;
  ASSERT_TRUE(bench.get(key()));
  bench.cache.drop(key("john"), noon);
  bench.cache.drop(key(), noon - seconds(5));  // another token than the one that is kept
  EXPECT_TRUE(bench.get(key()).value().is_from_cache);
  bench.cache.drop(key(), noon);
  bench.move(seconds(1));
  EXPECT_FALSE(bench.get(key()).value().is_from_cache);
}

TEST(LoginCache, WhoIsRefusedWhileANewLoginIsOnItsWayWaitsForIt) {
  Bench bench;
  EXPECT_FALSE(bench.cache.has_newer(key(), noon - seconds(1)));
  EXPECT_TRUE(bench.cache.take_fresh_try(key(), noon - seconds(1), bench.now()));
  EXPECT_TRUE(bench.cache.has_newer(key(), noon - seconds(1)));
  EXPECT_FALSE(bench.cache.has_newer(key("john"), noon - seconds(1)));
  bench.cache.end_fresh_try(key());
  EXPECT_FALSE(bench.cache.has_newer(key(), noon - seconds(1))) << "it could not be had";
}

TEST(LoginCache, OneFreshTryAMinuteForAKey) {
  Bench bench;
  const auto tries = [&](const LoginKey& of) { return bench.cache.take_fresh_try(of, noon, bench.now()); };
  EXPECT_FALSE(tries(key())) << "in the second of the refused one";
  bench.move(std::chrono::milliseconds(999));
  EXPECT_FALSE(tries(key())) << "still in that second";
  bench.move(std::chrono::milliseconds(1));
  EXPECT_TRUE(tries(key())) << "what was no try does not count";
  EXPECT_TRUE(tries(key("john")));
  bench.move(seconds(59));
  EXPECT_FALSE(tries(key()));
  bench.move(seconds(1));
  EXPECT_TRUE(tries(key()));
  bench.move(-seconds(30));
  EXPECT_TRUE(tries(key())) << "the clock was set back";
}

TEST(LoginCache, ATryThatWasTakenIsRememberedWhereOnlyOneKeyFits) {
  Bench bench(2);
  bench.move(seconds(1));
  EXPECT_TRUE(bench.cache.take_fresh_try(key(), noon, bench.now()));  // until 61 s past noon
  bench.credentials_end = noon + seconds(30);
  ASSERT_TRUE(bench.get(key("a")));
  bench.credentials_end = noon + seconds(900);
  ASSERT_TRUE(bench.get(key("b")));  // "a" ends first, so it makes room
  EXPECT_FALSE(bench.cache.take_fresh_try(key(), noon, bench.now()));
}

TEST(LoginCache, ANewerTokenIsKnownWhenItIsKeptOrBeingSigned) {
  Bench bench;
  EXPECT_FALSE(bench.cache.has_newer(key(), noon));
  ASSERT_TRUE(bench.get(key()));
  EXPECT_FALSE(bench.cache.has_newer(key(), noon)) << "it is the same";
  EXPECT_TRUE(bench.cache.has_newer(key(), noon - seconds(1)));
  bench.cache.drop(key(), noon);
  EXPECT_FALSE(bench.cache.has_newer(key(), noon - seconds(1)));
  Signer signer(bench);
  EXPECT_TRUE(bench.cache.has_newer(key(), noon));
  EXPECT_FALSE(bench.cache.has_newer(key("john"), noon));
  signer.release();
}

}  // namespace
}  // namespace iamodbc
