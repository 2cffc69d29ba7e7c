// Two caches stand for two processes: what they share goes through the kernel.
// SPDX-License-Identifier: Apache-2.0
#include "core/login/shared_tokens.h"

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/keyrings.h"
#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// The keys of this user's that are tokens of ours.
std::vector<std::int32_t> tokens_of_user() {
  std::vector<std::int32_t> keys(1000);
  const long bytes = syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_USER_KEYRING, keys.data(), keys.size() * 4);
  keys.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes) / 4);
  std::erase_if(keys, [](std::int32_t key) {
    std::array<char, 512> text{};
    return syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text.data(), text.size()) < 0 ||
           std::string(text.data()).find(";iamodbc:1:token ") == std::string::npos;
  });
  return keys;
}

std::string payload_of(std::int32_t key) {
  std::string text(40'000, '\0');
  const long length = syscall(SYS_keyctl, KEYCTL_READ, key, text.data(), text.size());
  return text.substr(0, length < 0 ? 0 : static_cast<std::size_t>(length));
}

// As /proc/keys shows it: "13m"
std::string left_of(std::int32_t key) {
  std::ifstream keys("/proc/keys");
  std::string serial;
  std::string flags;
  std::string uses;
  std::string left;
  for (std::string line; keys >> serial >> flags >> uses >> left && std::getline(keys, line);) {
    if (std::stol(serial, nullptr, 16) == key) return left;
  }
  return "no line";
}

class SharedTokens : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_keyrings()) GTEST_SKIP() << "needs keyrings, which this namespace forbids";  // by seccomp
    before_ = tokens_of_user();
    settings.user = "jane " + std::to_string(getpid());  // nobody else's tokens
    settings.credentials.login_cache = CacheReach::user;
    endpoint.endpoint = Endpoint{"db.example", 5432, "eu-central-1"};
    credentials.access_key_id = "ASIAIOSFODNN7EXAMPLE";
    credentials.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    credentials.session_token = Secret("IQoJb3JpZ2luX2VjEXAMPLE");
    credentials.source = "a test";
  }
  void TearDown() override {
    for (const std::int32_t key : made()) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
  }

  [[nodiscard]] std::vector<std::int32_t> made() const {
    std::vector<std::int32_t> found = tokens_of_user();
    std::erase_if(found,
                  [&](std::int32_t key) { return std::find(before_.begin(), before_.end(), key) != before_.end(); });
    return found;
  }
  [[nodiscard]] System system() const {
    return {{}, [this] { return noon + moved; }};
  }

  // The login of a new process.
  Login log_in() {
    LoginCache process;
    return token_login(process, settings, endpoint, credentials, system(), no_deadline).value();
  }
  Login log_in_and_share() {
    Login login = log_in();
    share_token(login, system(), log);
    return login;
  }

  seconds moved{0};
  Settings settings;
  SignedEndpoint endpoint;
  Credentials credentials;
  Log log;

 private:
  std::vector<std::int32_t> before_;
};

TEST_F(SharedTokens, AnotherProcessTakesTheTokenOnceTheServerLetItIn) {
  const Login first = log_in();
  moved = seconds(5);
  EXPECT_FALSE(log_in().is_from_cache) << "nobody knows yet whether it is good";
  share_token(first, system(), log);
  const Login second = log_in();
  EXPECT_TRUE(second.is_from_cache);
  EXPECT_EQ(second.secret.reveal(), first.secret.reveal());
  EXPECT_EQ(second.signed_at, noon);
  EXPECT_EQ(second.end, noon + minutes(15));
}

TEST_F(SharedTokens, WhatIsTakenIsKeptByTheProcessToo) {
  log_in_and_share();
  LoginCache process;
  const auto get = [&] { return token_login(process, settings, endpoint, credentials, system(), no_deadline).value(); };
  EXPECT_TRUE(get().is_from_cache);
  for (const std::int32_t key : made()) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
  moved = seconds(5);
  EXPECT_EQ(get().signed_at, noon);
}

TEST_F(SharedTokens, OnlyWhereLoginCacheSaysUserAndTheKeysAreNotOfThisProcessAlone) {
  settings.credentials.login_cache = CacheReach::process;
  log_in_and_share();
  EXPECT_TRUE(made().empty());
  settings.credentials.login_cache = CacheReach::user;
  credentials.stays_in_process = true;
  log_in_and_share();
  EXPECT_TRUE(made().empty());
  credentials.stays_in_process = false;
  log_in_and_share();
  EXPECT_EQ(made().size(), 1);
  // Nor is what others put there found by those.
  credentials.stays_in_process = true;
  EXPECT_FALSE(log_in().is_from_cache);
}

TEST_F(SharedTokens, AllThatDecidesATokenIsTheSameForWhoeverFindsIt) {
  log_in_and_share();
  const auto differs = [&](const std::function<void()>& change, const std::function<void()>& back) {
    change();
    const bool is_other = !log_in().is_from_cache;
    back();
    return is_other && log_in().is_from_cache;
  };
  const auto text_differs = [&](std::string& text, const std::string& other) {
    std::string own = text;
    return differs([&] { text = other; }, [&] { text = own; });
  };
  const auto secret_differs = [&](Secret& secret) {
    const std::string own(secret.reveal());
    return differs([&] { secret = Secret("another"); }, [&] { secret = Secret(own); });
  };
  EXPECT_TRUE(text_differs(settings.user, "joe"));
  EXPECT_TRUE(text_differs(endpoint.endpoint.host, "other.example"));
  EXPECT_TRUE(text_differs(endpoint.endpoint.region, "eu-west-1"));
  EXPECT_TRUE(text_differs(credentials.access_key_id, "ASIAOTHER"));
  EXPECT_TRUE(secret_differs(credentials.secret_access_key));
  EXPECT_TRUE(secret_differs(credentials.session_token));
  EXPECT_TRUE(differs([&] { endpoint.endpoint.port = 5433; }, [&] { endpoint.endpoint.port = 5432; }));
  EXPECT_TRUE(differs([&] { settings.auth_type = AuthType::dsql; }, [&] { settings.auth_type = AuthType::iam; }));
}

TEST_F(SharedTokens, ItEndsAMinuteBeforeTheTokenAndTheKeys) {
  log_in_and_share();
  ASSERT_EQ(made().size(), 1);
  EXPECT_TRUE(left_of(made().front()) == "13m" || left_of(made().front()) == "14m") << left_of(made().front());
  moved = minutes(14) - seconds(1);
  EXPECT_TRUE(log_in().is_from_cache);
  moved = minutes(14);
  EXPECT_FALSE(log_in().is_from_cache);
  log_in_and_share();
  EXPECT_EQ(made().size(), 1) << "the new one has the place of the old";

  settings.user += " with other keys";
  credentials.expiration = noon + moved + minutes(4);
  log_in_and_share();
  ASSERT_EQ(made().size(), 2);
  const auto lefts = made();
  EXPECT_TRUE(std::any_of(lefts.begin(), lefts.end(),
                          [](std::int32_t key) { return left_of(key) == "2m" || left_of(key) == "3m"; }));
  moved += minutes(3) - seconds(1);
  EXPECT_TRUE(log_in().is_from_cache);
  moved += seconds(1);
  EXPECT_FALSE(log_in().is_from_cache);
  settings.user += " that end at once";
  credentials.expiration = noon + moved + seconds(60);
  log_in_and_share();
  EXPECT_EQ(made().size(), 2);
}

TEST_F(SharedTokens, ATokenOfDsqlIsFoundByItsLifetime) {
  settings.auth_type = AuthType::dsql;
  settings.token_lifetime = std::chrono::hours(2);
  log_in_and_share();
  moved = minutes(100);
  EXPECT_TRUE(log_in().is_from_cache);
  settings.token_lifetime = std::chrono::hours(1);
  EXPECT_FALSE(log_in().is_from_cache);
}

TEST_F(SharedTokens, WhatTheServerRefusedIsTakenAwayAndNothingElse) {
  const Login refused = log_in_and_share();
  moved = seconds(5);
  drop_shared_token(refused);
  EXPECT_TRUE(made().empty());
  EXPECT_FALSE(log_in().is_from_cache);
  const Login newer = log_in_and_share();
  drop_shared_token(refused);
  moved = seconds(10);
  EXPECT_EQ(log_in().secret.reveal(), newer.secret.reveal());
}

TEST_F(SharedTokens, OneThatIsGoodIsNotReplaced) {
  const Login first = log_in_and_share();
  moved = seconds(5);
  Login second = log_in();
  second.is_from_cache = false;
  second.signed_at = noon + moved;
  second.secret = Secret("of one who came at the same moment");
  share_token(second, system(), log);
  EXPECT_EQ(log_in().secret.reveal(), first.secret.reveal());
}

TEST_F(SharedTokens, WhatSomebodyElsePutThereIsNotTaken) {
  const Login login = log_in_and_share();
  ASSERT_EQ(made().size(), 1);
  const std::int32_t key = made().front();
  const std::string whole = payload_of(key);
  const std::string token(login.secret.reveal());
  const auto at = std::to_string(noon.time_since_epoch() / seconds(1));
  ASSERT_TRUE(whole.ends_with(at + '\n' + token)) << "the rest of this test looks at nothing";
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = token;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return at + '\n' + text.replace(text.find(from), from.size(), to);
  };
  moved = seconds(5);
  for (const std::string& text :
       {std::string(), std::string("\n"), at, token, '\n' + token, "-5\n" + token, "x\n" + token,
        "99999999999999999999\n" + token, std::to_string(std::stoll(at) + 60) + '\n' + token,
        std::to_string(std::stoll(at) - 60) + '\n' + token, changed("db.example:5432", "db.elsewhere:5432"),
        changed("DBUser=jane", "DBUser=admin"), changed("ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7ANOTHER"),
        changed("&X-Amz-Signature", "\n&X-Amz-Signature"), changed("&X-Amz-Signature", "\x1b&X-Amz-Signature"),
        changed("&X-Amz-Signature", "\xC3\xA9&X-Amz-Signature")}) {
    const std::string payload = "1 1704196800\n" + text;
    ASSERT_EQ(syscall(SYS_keyctl, KEYCTL_UPDATE, key, payload.data(), payload.size()), 0);
    EXPECT_FALSE(log_in().is_from_cache) << text;
  }
  ASSERT_EQ(syscall(SYS_keyctl, KEYCTL_UPDATE, key, whole.data(), whole.size()), 0);
  EXPECT_TRUE(log_in().is_from_cache);
}

}  // namespace
}  // namespace iamodbc
