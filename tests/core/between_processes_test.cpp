// Two caches stand for two processes: what they share goes through the kernel.
// SPDX-License-Identifier: Apache-2.0
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/credentials/cache.h"
#include "core/private_file.h"
#include "core/user_keyring.h"
#include "tests/core/keyrings.h"
#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::vector<std::int32_t> keys_of_user() {
  std::vector<std::int32_t> keys(1000);
  const long bytes = syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_USER_KEYRING, keys.data(), keys.size() * 4);
  keys.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes) / 4);
  return keys;
}

class BetweenProcessesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_keyrings()) GTEST_SKIP() << "needs keyrings, which this namespace forbids";  // by seccomp
    before_ = keys_of_user();
    std::string pattern = testing::TempDir() + "iamodbc-locks-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    settings.login_cache = CacheReach::user;
  }
  void TearDown() override {
    for (const std::int32_t key : made()) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
    learn_clock(noon, noon);
  }

  // The keys that this test has put there.
  [[nodiscard]] std::vector<std::int32_t> made() const {
    std::vector<std::int32_t> found;
    for (const std::int32_t key : keys_of_user()) {
      if (std::find(before_.begin(), before_.end(), key) == before_.end()) found.push_back(key);
    }
    return found;
  }

  [[nodiscard]] System system() const {
    return {{{"XDG_RUNTIME_DIR", folder_}}, [this] { return now(); }};
  }
  [[nodiscard]] Time now() const { return noon + seconds(moved.load()); }

  std::string get(CredentialCache& cache, const Sharing& sharing = {}, RefreshWindows windows = {}) {
    const System own = system();
    return shown(cache.get(
        key(), Context{own, files, settings, log, no_deadline}, [this](const Context&) { return fetch(); }, windows,
        sharing));
  }
  [[nodiscard]] CredentialKey key() const { return CredentialKey("test").add(folder_); }

  Answer fetch() {
    const int count = ++fetches;
    if (failure) return *failure;
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = "ASIA" + std::to_string(count);
    credentials->secret_access_key = Secret("secret+/" + std::to_string(count));
    credentials->session_token = Secret("token");
    credentials->expiration = now() + lifetime;
    credentials->account_id = "111122223333";
    credentials->source = "a test in " + folder_;
    credentials->stays_in_process = stays;
    return SharedCredentials(std::move(credentials));
  }

  static std::string shown(const Answer& answer) {
    if (const auto* const credentials = std::get_if<SharedCredentials>(&answer)) return (*credentials)->access_key_id;
    if (const auto* const error = std::get_if<Error>(&answer)) return error->message;
    return "not configured";
  }

  std::atomic<long> moved{0};
  AwsFiles files = AwsFiles::from_text("", "");
  CredentialSettings settings;
  Log log;
  std::atomic<int> fetches{0};
  std::optional<Answer> failure;
  seconds lifetime = hours(1);
  bool stays = false;
  CredentialCache first;
  CredentialCache second;

 private:
  std::vector<std::int32_t> before_;
  std::string folder_;
};

TEST_F(BetweenProcessesTest, WhatOneFetchedTheOtherTakesWhole) {
  EXPECT_EQ(get(first), "ASIA1");
  const System own = system();
  const Answer answer =
      second.get(key(), Context{own, files, settings, log, no_deadline}, [this](const Context&) { return fetch(); });
  const auto& taken = *std::get<SharedCredentials>(answer);
  EXPECT_EQ(taken.access_key_id, "ASIA1");
  EXPECT_EQ(taken.secret_access_key.reveal(), "secret+/1");
  EXPECT_EQ(taken.session_token.reveal(), "token");
  EXPECT_EQ(taken.expiration, noon + hours(1));
  EXPECT_EQ(taken.account_id, "111122223333");
  EXPECT_NE(taken.source.find("a test in "), std::string::npos);
  EXPECT_EQ(fetches, 1);
}

TEST_F(BetweenProcessesTest, OnlyWhereLoginCacheSaysUser) {
  for (const CacheReach reach : {CacheReach::process, CacheReach::off}) {
    settings.login_cache = reach;
    CredentialCache one;
    CredentialCache other;
    const int before = fetches;
    get(one);
    get(other);
    EXPECT_EQ(fetches, before + 2);
  }
  EXPECT_TRUE(made().empty());
}

TEST_F(BetweenProcessesTest, OffKeepsNothingInTheProcessEither) {
  settings.login_cache = CacheReach::off;
  EXPECT_EQ(get(first), "ASIA1");
  EXPECT_EQ(get(first), "ASIA2");
  EXPECT_EQ(first.size(), 0);
}

TEST_F(BetweenProcessesTest, WhatAPersonHadToGiveStaysInTheProcess) {
  stays = true;
  EXPECT_EQ(get(first), "ASIA1");
  EXPECT_EQ(get(second), "ASIA2");
  stays = false;
  CredentialCache third;
  EXPECT_EQ(get(third, {}, at_the_end), "ASIA3");
  EXPECT_EQ(get(second, Sharing{false}), "ASIA2");
  EXPECT_TRUE(made().empty());
}

TEST_F(BetweenProcessesTest, WhatHasNoEndStaysInTheProcess) {
  const System own = system();
  const auto endless = [](const Context&) -> Answer {
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = "AKIA";
    credentials->secret_access_key = Secret("secret");
    credentials->source = "a test";
    return SharedCredentials(std::move(credentials));
  };
  first.get(key(), Context{own, files, settings, log, no_deadline}, endless);
  EXPECT_TRUE(made().empty());
}

TEST_F(BetweenProcessesTest, ContentsThatDifferAreAnotherIdentity) {
  std::string content = "token of jane";
  const Sharing sharing{true, [&](CredentialKey& own) { own.add(content); }};
  EXPECT_EQ(get(first, sharing), "ASIA1");
  EXPECT_EQ(get(second, sharing), "ASIA1");
  content = "token of joe";
  CredentialCache third;
  EXPECT_EQ(get(third, sharing), "ASIA2");
  EXPECT_EQ(made().size(), 2);
}

TEST_F(BetweenProcessesTest, WhatIsDueIsFetchedAnewForAll) {
  get(first);
  get(second);
  moved = std::chrono::duration_cast<seconds>(minutes(45)).count();
  EXPECT_EQ(get(first), "ASIA2");
  EXPECT_EQ(get(second), "ASIA2");
  CredentialCache third;
  EXPECT_EQ(get(third), "ASIA2");
  EXPECT_EQ(made().size(), 1);
}

TEST_F(BetweenProcessesTest, WhatEndsSoonAnywayIsSharedForAMinute) {
  lifetime = minutes(15);
  EXPECT_EQ(get(first), "ASIA1");
  EXPECT_EQ(get(second), "ASIA1");
  moved = 60;
  CredentialCache third;
  EXPECT_EQ(get(third), "ASIA2");
}

TEST_F(BetweenProcessesTest, WhenARefreshFailsWhatAnotherKeptGoesOn) {
  get(first);
  moved = std::chrono::duration_cast<seconds>(minutes(50)).count();
  failure = Error{State::cannot_connect, "nobody answers", 0};
  EXPECT_EQ(get(second), "ASIA1");
  EXPECT_EQ(fetches, 2);
  moved = std::chrono::duration_cast<seconds>(minutes(60)).count();
  CredentialCache third;
  EXPECT_EQ(get(third), "nobody answers");
}

TEST_F(BetweenProcessesTest, WhatTheServerRefusedIsReplacedForAll) {
  get(first);
  const System own = system();
  const Context context{own, files, settings, log, no_deadline};
  moved = 61;
  const Answer kept = second.get(key(), context, [this](const Context&) { return fetch(); });
  EXPECT_TRUE(std::get<SharedCredentials>(kept)->may_be_outdated);
  second.doubt(std::get<SharedCredentials>(kept));
  EXPECT_EQ(get(second), "ASIA2");
  CredentialCache third;
  const Answer newer = third.get(key(), context, [this](const Context&) { return fetch(); });
  EXPECT_EQ(shown(newer), "ASIA2");
  EXPECT_FALSE(std::get<SharedCredentials>(newer)->may_be_outdated) << "fetched within the minute";
}

TEST_F(BetweenProcessesTest, WhoeverComesMeanwhileWaitsForTheOneWhoFetches) {
  const System own = system();
  const Context context{own, files, settings, log, no_deadline};
  std::latch is_fetching(1);
  std::latch may_end(1);
  std::thread slow([&] {
    first.get(key(), context, [&](const Context&) {
      is_fetching.count_down();
      may_end.wait();
      return fetch();
    });
  });
  is_fetching.wait();
  std::string taken;
  std::thread waiting([&] { taken = get(second); });
  usleep(50'000);
  EXPECT_EQ(fetches, 0);
  may_end.count_down();
  slow.join();
  waiting.join();
  EXPECT_EQ(taken, "ASIA1");
  EXPECT_EQ(fetches, 1);
}

TEST_F(BetweenProcessesTest, WhoWaitedSharesTheFailureAndWhoComesLaterAsks) {
  const System own = system();
  const Context context{own, files, settings, log, no_deadline};
  failure = Error{State::invalid_authorization, "the service said no", 0};
  std::latch is_fetching(1);
  std::latch may_end(1);
  std::thread slow([&] {
    first.get(key(), context, [&](const Context&) {
      is_fetching.count_down();
      may_end.wait();
      return fetch();
    });
  });
  is_fetching.wait();
  std::string said;
  std::thread waiting([&] { said = get(second); });
  usleep(50'000);
  may_end.count_down();
  slow.join();
  waiting.join();
  EXPECT_EQ(said, "the service said no");
  EXPECT_EQ(fetches, 1);
  CredentialCache third;
  EXPECT_EQ(get(third), "the service said no");
  EXPECT_EQ(fetches, 2);
  failure.reset();
  EXPECT_EQ(get(third), "ASIA3");
}

TEST_F(BetweenProcessesTest, WhoHasNoTimeAsksHimself) {
  const System own = system();
  const FileLock held(lock_folder(own).value() + "/stopped", std::chrono::steady_clock::now(),
                      FileLock::Missing::is_made);
  std::latch is_fetching(1);
  std::latch may_end(1);
  std::thread stopped([&] {
    first.get(key(), Context{own, files, settings, log, no_deadline}, [&](const Context&) {
      is_fetching.count_down();
      may_end.wait();
      return fetch();
    });
  });
  is_fetching.wait();
  const auto begun = std::chrono::steady_clock::now();
  const Answer answer = second.get(key(), Context{own, files, settings, log, begun + std::chrono::milliseconds(400)},
                                   [this](const Context&) { return fetch(); });
  const auto took = std::chrono::steady_clock::now() - begun;
  may_end.count_down();
  stopped.join();
  EXPECT_EQ(shown(answer), "ASIA1");
  EXPECT_GE(took, std::chrono::milliseconds(200));
  EXPECT_LT(took, std::chrono::milliseconds(400));
}

TEST_F(BetweenProcessesTest, WhatSomebodyElsePutThereIsNotTaken) {
  get(first);
  ASSERT_EQ(made().size(), 1);
  const std::int32_t serial = made().front();
  for (const char* const text :
       {"no JSON", "{}", "[]", R"({"AccessKeyId":"ASIA9","SecretAccessKey":"x","Source":"x"})",
        R"({"AccessKeyId":"ASIA9","SecretAccessKey":"","Source":"x","Expiration":"2024-01-02T13:00:00Z"})",
        R"({"AccessKeyId":"ASIA9","SecretAccessKey":"x","Source":"x","Expiration":"2024-01-02T11:00:00Z"})",
        R"({"AccessKeyId":"ASIA9","SecretAccessKey":"x","Source":"","Expiration":"2024-01-02T13:00:00Z"})",
        R"({"AccessKeyId":"AS\r\nX-Y: z","SecretAccessKey":"x","Source":"x","Expiration":"2024-01-02T13:00:00Z"})",
        R"({"AccessKeyId":"ASIA9","SecretAccessKey":"x","Source":"\u001b[2J","Expiration":"2024-01-02T13:00:00Z"})",
        R"({"AccessKeyId":9,"SecretAccessKey":"x","Source":"x","Expiration":"2024-01-02T13:00:00Z"})"}) {
    const std::string payload = "1 1704196800\n" + std::string(text);
    ASSERT_EQ(syscall(SYS_keyctl, KEYCTL_UPDATE, serial, payload.data(), payload.size()), 0);
    failure = Error{State::cannot_connect, "nobody answers", 0};
    CredentialCache other;
    EXPECT_EQ(get(other), "nobody answers") << text;
    failure.reset();
  }
  // The same with nothing wrong is.
  const std::string payload =
      "1 1704196800\n"
      R"({"AccessKeyId":"ASIA9","SecretAccessKey":"x","Source":"x","Expiration":"2024-01-02T13:00:00Z"})";
  ASSERT_EQ(syscall(SYS_keyctl, KEYCTL_UPDATE, serial, payload.data(), payload.size()), 0);
  EXPECT_EQ(get(second), "ASIA9");
}

TEST_F(BetweenProcessesTest, TheClockOfAwsComesWithThem) {
  learn_clock(noon + hours(2), noon);
  lifetime = hours(3);
  get(first);
  learn_clock(noon, noon);
  EXPECT_EQ(get(second), "ASIA1");
  EXPECT_EQ(clock_offset(), hours(2));
}

TEST_F(BetweenProcessesTest, TheClockOfAwsIsNotTakenFromBeforeTheClockWasSet) {
  learn_clock(noon + hours(2), noon);
  lifetime = hours(3);
  get(first);
  learn_clock(noon, noon);
  moved = 2 * 60 * 60;  // set right
  EXPECT_EQ(get(second), "ASIA1");
  EXPECT_EQ(clock_offset(), hours(0));
}

TEST_F(BetweenProcessesTest, TheFolderForLocksIsOursAlone) {
  const std::string folder = testing::TempDir() + "iamodbc-runtime-" + std::to_string(getpid());
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  const System with{{{"XDG_RUNTIME_DIR", folder}}, [] { return noon; }};
  EXPECT_EQ(lock_folder(with).value(), folder + "/iamodbc");
  get(first);
  const FileLock made(folder + "/iamodbc/ab.lock", std::chrono::steady_clock::now(), FileLock::Missing::is_made);
  const auto status = std::filesystem::status(folder + "/iamodbc/ab.lock");
  EXPECT_EQ(status.permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(std::filesystem::file_size(folder + "/iamodbc/ab.lock"), 0);

  // One that others can enter is passed over, and so is a link.
  std::filesystem::permissions(folder + "/iamodbc", std::filesystem::perms::all);
  const System elsewhere{{{"XDG_RUNTIME_DIR", folder}, {"TMPDIR", folder}}, [] { return noon; }};
  EXPECT_NE(lock_folder(elsewhere).value(), folder + "/iamodbc");
  std::filesystem::remove_all(folder + "/iamodbc");
  std::filesystem::create_directory_symlink("/tmp", folder + "/iamodbc");
  EXPECT_NE(lock_folder(elsewhere).value(), folder + "/iamodbc");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace iamodbc
