// SPDX-License-Identifier: Apache-2.0
#include "core/user_keyring.h"

#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/keyrings.h"

namespace iamodbc {
namespace {

using std::chrono::seconds;

const Time then{seconds(1'700'000'000)};
constexpr seconds an_hour{3600};

// Names that no other test and no program has, removed at the end.
class UserKeyring : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_keyrings()) GTEST_SKIP() << "needs keyrings, which this namespace forbids";  // by seccomp
  }
  void TearDown() override {
    for (const std::string& name : names_) remove_from_user_keyring(name);
  }

  std::string name(const std::string& what = "one") {
    names_.push_back("test " + std::to_string(getpid()) + " " + what);
    return names_.back();
  }
  static std::string text(const std::string& name) {
    const auto kept = read_user_keyring(name);
    return kept ? std::string(kept->bytes.reveal()) : "nothing";
  }
  static std::string keep(const std::string& name, const std::string& text, Time at = then,
                          seconds lifetime = an_hour) {
    const auto error = keep_in_user_keyring(name, Secret(text), at, lifetime);
    return error ? error->message : "kept";
  }

 private:
  std::vector<std::string> names_;
};

// Runs it in a child, which may change who it is and what it may do: what it says comes back.
std::string in_child(const std::function<std::string()>& action) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const std::string said = action();
    const bool is_written = write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
    _exit(is_written ? 0 : 1);
  }
  close(ends[1]);
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(ends[0], buffer.data(), buffer.size())) > 0;)
    said.append(buffer.data(), static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? said : "ended by signal " + std::to_string(WTERMSIG(status));
}

long user_key(const std::string& name, const std::string& payload) {
  const std::string description = "iamodbc:1:" + name;
  return syscall(SYS_add_key, "user", description.c_str(), payload.data(), payload.size(), KEY_SPEC_USER_KEYRING);
}

// The line of /proc/keys: "1275c7df I--Q--- 2 59m 003f0000 4242 4242 user iamodbc:1:NAME: 6"
std::string line_of(const std::string& name) {
  std::ifstream keys("/proc/keys");
  for (std::string line; std::getline(keys, line);) {
    if (line.find("iamodbc:1:" + name + ":") != std::string::npos) return line;
  }
  return "no line";
}

// As container managers forbid it: the calls of the keyring end with this error.
void forbid_keyrings(unsigned reason) {
  const auto number = [](long call) { return static_cast<unsigned>(call); };
  std::array<sock_filter, 6> filter{
      {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number(SYS_add_key), 2, 0),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number(SYS_keyctl), 1, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | reason), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  sock_fprog program{filter.size(), filter.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

TEST_F(UserKeyring, GivesBackWhatWasKeptAndWhen) {
  const std::string one = name();
  EXPECT_EQ(text(one), "nothing");
  EXPECT_EQ(keep(one, std::string("a\0secret\n", 9)), "kept");
  const auto kept = read_user_keyring(one);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->bytes.reveal(), std::string("a\0secret\n", 9));
  EXPECT_EQ(kept->kept_at, then);
  EXPECT_EQ(keep(one, "another", then + seconds(5)), "kept");
  EXPECT_EQ(text(one), "another");
  remove_from_user_keyring(one);
  EXPECT_EQ(text(one), "nothing");
}

TEST_F(UserKeyring, OnlyThisUserMayReadItAndTheKernelDropsItAtItsEnd) {
  const std::string one = name();
  ASSERT_EQ(keep(one, "secret"), "kept");
  std::istringstream line(line_of(one));
  std::string serial;
  std::string flags;
  std::string uses;
  std::string left;
  std::string permissions;
  std::string uid;
  line >> serial >> flags >> uses >> left >> permissions >> uid;
  EXPECT_TRUE(left == "59m" || left == "60m" || left == "1h") << left;
  EXPECT_EQ(permissions, "003f0000");
  EXPECT_EQ(uid, std::to_string(geteuid()));

  const std::string soon = name("soon");
  ASSERT_EQ(keep(soon, "secret", then, seconds(1)), "kept");
  EXPECT_EQ(text(soon), "secret");
  usleep(1'050'000);
  EXPECT_EQ(text(soon), "nothing");
}

TEST_F(UserKeyring, NothingStaysInTheSessionWhereItWasMade) {
  const std::string one = name();
  ASSERT_EQ(keep(one, "secret"), "kept");
  std::vector<std::int32_t> keys(1000);
  const long bytes = syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, keys.data(), keys.size() * 4);
  const long made = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", ("iamodbc:1:" + one).c_str(), 0);
  ASSERT_GT(made, 0);
  for (long i = 0; i < bytes / 4; ++i) EXPECT_NE(keys[static_cast<std::size_t>(i)], made);
}

// Services, cron jobs and PHP workers have a session of their own, which does not hold the user's keyring.
TEST_F(UserKeyring, ASessionThatDoesNotHoldTheKeyringReadsAndKeeps) {
  const std::string one = name();
  const std::string other = name("other");
  ASSERT_EQ(keep(one, "secret"), "kept");
  EXPECT_EQ(in_child([&] {
              if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0) return std::string("no session");
              return text(one) + ", " + keep(other, "from the service");
            }),
            "secret, kept");
  EXPECT_EQ(text(other), "from the service");
}

TEST_F(UserKeyring, ASessionThatWasRevokedReadsAndKeeps) {
  const std::string one = name();
  const std::string other = name("other");
  ASSERT_EQ(keep(one, "secret"), "kept");
  EXPECT_EQ(in_child([&] {
              syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
              if (syscall(SYS_keyctl, KEYCTL_REVOKE, KEY_SPEC_SESSION_KEYRING) != 0) return std::string("not revoked");
              return text(one) + ", " + keep(other, "after the login");
            }),
            "secret, kept");
  EXPECT_EQ(text(other), "after the login");
}

TEST_F(UserKeyring, WhatIsNotOursIsNotThere) {
  const std::string one = name();
  ASSERT_GT(user_key(one, "1 1700000000\nfrom somebody who leaves it to every holder"), 0);
  EXPECT_EQ(text(one), "nothing");
  EXPECT_EQ(keep(one, "ours"), "kept");
  EXPECT_EQ(text(one), "ours");
}

TEST_F(UserKeyring, WhatIsNotInOurShapeIsNotThere) {
  const std::string one = name();
  for (const std::string payload :
       {"-", "1", "1 ", "1 x\nsecret", "1 -5\nsecret", "2 1700000000\nsecret", "1 1700000000 secret",
        "1 99999999999999999999\nsecret", "1 999999999999\nsecret", "\n", "1 \nsecret"}) {
    ASSERT_EQ(keep(one, "ours"), "kept");
    const long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", ("iamodbc:1:" + one).c_str(), 0);
    ASSERT_EQ(syscall(SYS_keyctl, KEYCTL_UPDATE, key, payload.data(), payload.size()), 0);
    EXPECT_EQ(text(one), "nothing") << payload;
  }
}

TEST_F(UserKeyring, WhatIsTooLongOrHasEndedIsNotKept) {
  const std::string one = name();
  EXPECT_EQ(keep(one, std::string(max_kept_bytes + 1, 'x')), "longer than 12000 bytes");
  EXPECT_EQ(keep(one, "secret", then, seconds(0)), "it has ended");
  EXPECT_EQ(text(one), "nothing");
  EXPECT_EQ(keep(one, std::string(max_kept_bytes, 'x')), "kept");
  EXPECT_EQ(text(one).size(), max_kept_bytes);
}

TEST_F(UserKeyring, WhereTheKeyringIsForbiddenItSaysSo) {
  const std::string one = name();
  ASSERT_EQ(keep(one, "secret"), "kept");
  for (const auto& [reason, words] : {std::pair{EPERM, "Operation not permitted"},
                                      {ENOSYS, "Function not implemented"},
                                      {EACCES, "Permission denied"}}) {
    EXPECT_EQ(in_child([&, forbidden_by = reason] {
                forbid_keyrings(static_cast<unsigned>(forbidden_by));
                const auto looked = look_at_user_keyring();
                return text(one) + ", " + keep(one, "more") + ", " + (looked ? "usable" : looked.error().message);
              }),
              std::string("nothing, ") + words + ", " + words);
  }
}

// In a child that is another user: the quota is that user's.
TEST_F(UserKeyring, WhereTheQuotaIsReachedTheOldestOfOursMakeRoom) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";  // to be a user whose quota is untouched
  const auto user = static_cast<uid_t>(200'000 + getpid());
  const auto as_user = [&](const std::function<std::string()>& action) {
    return in_child([&] {
      syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
      if (setresuid(user, user, user) != 0) return std::string("no such user");
      return action();
    });
  };
  EXPECT_EQ(as_user([&] {
              const std::string large(6000, 'x');
              std::string said = keep("b", large, then + seconds(2)) + ' ' + keep("a", large, then + seconds(1)) + ' ' +
                                 keep("c", large, then + seconds(3)) + ' ' + keep("d", large, then + seconds(4));
              for (const char* const one : {"a", "b", "c", "d"})
                said += text(one) == "nothing" ? " -" : std::string(" ") + one;
              // Many small ones: the number of keys has its own bound.
              for (int i = 0; i < 205; ++i) {
                if (keep("small " + std::to_string(i), "x", then + seconds(5 + i)) != "kept")
                  return said + " stopped at " + std::to_string(i);
              }
              said +=
                  text("small 204") == "x" && text("small 0") == "nothing" ? ", small ones too" : ", small ones not";
              for (int i = 0; i < 205; ++i) remove_from_user_keyring("small " + std::to_string(i));
              for (const char* const one : {"a", "b", "c", "d"}) remove_from_user_keyring(one);
              return said;
            }),
            "kept kept kept kept - b c d, small ones too");
  EXPECT_EQ(as_user([&] {
              usleep(300'000);  // until the kernel has counted what was just let go
              std::vector<long> foreign;
              for (int i = 0; i < 200; ++i)
                foreign.push_back(syscall(SYS_add_key, "user", ("another program's " + std::to_string(i)).c_str(), "x",
                                          1, KEY_SPEC_USER_KEYRING));
              const std::string said = keep("one", "secret") + ", " + text("one");
              for (const long key : foreign) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
              return said;
            }),
            "Disk quota exceeded, nothing");
}

TEST_F(UserKeyring, WhatIsMadeAgainInNoTimeMakesRoomFirstAndTakesNoneFromOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";  // to be a user whose quota is untouched
  const auto user = static_cast<uid_t>(400'000 + getpid());
  EXPECT_EQ(in_child([&] {
              syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
              if (setresuid(user, user, user) != 0) return std::string("no such user");
              const std::string large(6000, 'x');
              const auto there = [&] {
                std::string said;
                for (const char* const one : {"a", "b", "token 1", "token 2", "c"})
                  said += text(one) == "nothing" ? " -" : std::string(" ") + one;
                return said;
              };
              std::string said =
                  keep("a", large, then) + keep("b", large, then) + keep("token 1", large, then + seconds(5));
              said += there();
              // A token makes room for a token; where the kernel is slow it is there at the next try.
              for (int i = 0; i < 20 && keep("token 2", large, then + seconds(6)) != "kept"; ++i) usleep(20'000);
              said += there();
              said += ' ' + keep("c", large, then + seconds(1));
              said += there();
              said += ' ' + keep("token 1", large, then + seconds(7));
              said += there();
              for (const char* const one : {"a", "b", "c", "token 1", "token 2"}) remove_from_user_keyring(one);
              return said;
            }),
            "keptkeptkept a b token 1 - - a b - token 2 - kept a b - - c Disk quota exceeded a b - - c");
}

TEST_F(UserKeyring, ASetuidProgramDoesNotTouchIt) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";  // to be two users at once
  const std::string one = name();
  ASSERT_EQ(keep(one, "secret"), "kept");
  EXPECT_EQ(in_child([&] {
              if (setresuid(0, 4242, 0) != 0) return std::string("not two users");
              return text(one) + ", " + keep(one, "more");
            }),
            "nothing, this program has another user's rights (setuid)");
}

TEST_F(UserKeyring, AnotherUserFindsNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";  // to be another user
  const std::string one = name();
  ASSERT_EQ(keep(one, "secret"), "kept");
  const long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", ("iamodbc:1:" + one).c_str(), 0);
  // Even who was left the first user's session, as by `su`.
  EXPECT_EQ(in_child([&] {
              if (setresuid(4242, 4242, 4242) != 0) return std::string("not another user");
              std::array<char, 100> buffer{};
              const long length = syscall(SYS_keyctl, KEYCTL_READ, key, buffer.data(), buffer.size());
              return text(one) + ", " + (length < 0 ? "not readable" : "readable");
            }),
            "nothing, not readable");
}

}  // namespace
}  // namespace iamodbc
