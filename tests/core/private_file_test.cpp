// SPDX-License-Identifier: Apache-2.0
#include "core/private_file.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

class PrivateFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "iamodbc-private-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static unsigned int mode(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }
  static std::string text(const std::string& path) {
    const auto bytes = read_private_file(path);
    return bytes ? std::string(bytes->reveal()) : "none";
  }

  std::string folder_;
};

TEST_F(PrivateFile, IsWrittenWholeAndForItsOwnerAlone) {
  const std::string file = path("a/b/c.json");
  const mode_t before = umask(0);
  EXPECT_FALSE(write_private_file(file, "one"));
  umask(before);
  EXPECT_EQ(text(file), "one");
  EXPECT_EQ(mode(file), 0600U);
  EXPECT_EQ(mode(path("a/b")), 0700U);
  EXPECT_EQ(mode(path("a")), 0700U);
  EXPECT_FALSE(write_private_file(file, std::string("t\0wo", 4)));
  EXPECT_EQ(text(file), std::string("t\0wo", 4));
  EXPECT_EQ(std::distance(fs::directory_iterator(path("a/b")), fs::directory_iterator()), 1);
}

TEST_F(PrivateFile, AWiderFileIsReplacedByANarrowOne) {
  std::ofstream(path("x")) << "old";
  fs::permissions(path("x"), fs::perms(0644));
  EXPECT_FALSE(write_private_file(path("x"), "new"));
  EXPECT_EQ(mode(path("x")), 0600U);
}

TEST_F(PrivateFile, WhatCannotBeReadIsNothing) {
  EXPECT_EQ(text(path("missing")), "none");
  EXPECT_EQ(text(folder_), "none");
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(text(path("fifo")), "");  // nobody writes to it; what counts is that nobody waits
  std::ofstream(path("big")) << std::string((1U << 20U) + 5000, 'x');
  EXPECT_EQ(text(path("big")), "none");
}

TEST_F(PrivateFile, WhatCannotBeWrittenIsAnErrorThatNamesIt) {
  std::ofstream(path("file")) << "x";
  const auto error = write_private_file(path("file/below"), "x");
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find(path("file")), std::string::npos) << error->message;
  EXPECT_NE(error->message.find("Not a directory"), std::string::npos) << error->message;
}

TEST_F(PrivateFile, ALockLetsOneInAtATime) {
  std::ofstream(path("x")) << "0";
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  const auto work = [&] {
    for (int i = 0; i < 5; ++i) {
      const FileLock lock(path("x"), no_deadline);
      most = std::max<int>(most, ++inside);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      // A new file in the place of the one that is held: the next one has to hold the new one.
      const int count = std::stoi(text(path("x"))) + 1;
      EXPECT_FALSE(write_private_file(path("x"), std::to_string(count)));
      --inside;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(text(path("x")), "20");
}

TEST_F(PrivateFile, ALockIsWaitedForUntilTheDeadline) {
  const FileLock first(folder_, no_deadline);  // a folder will do
  EXPECT_FALSE(first.is_busy());
  const auto start = Steady::now();
  const FileLock second(folder_, start + std::chrono::milliseconds(100));
  EXPECT_TRUE(second.is_busy());
  EXPECT_GE(Steady::now() - start, std::chrono::milliseconds(100));
}

TEST_F(PrivateFile, WithoutAFileNobodyWaits) {
  EXPECT_FALSE(FileLock(path("missing"), no_deadline).is_busy());
}

TEST_F(PrivateFile, ASecretOfAnotherProgramIsReadOrWhatIsWrongWithItIsTold) {
  std::ofstream(path("token"), std::ios::binary) << "a\n";
  EXPECT_EQ(read_secret_file(path("token"), 20).value().reveal(), "a\n");
  EXPECT_EQ(read_secret_file(path("token"), 1).error().message, "is larger than 1 bytes");
  EXPECT_EQ(read_secret_file(path("none"), 20).error().message, "cannot be read: No such file or directory");
  EXPECT_EQ(read_secret_file(folder_, 20).error().message, "cannot be read: Is a directory");
  EXPECT_EQ(read_secret_file("/dev/zero", 20).error().message, "is larger than 20 bytes");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(read_secret_file(path("pipe"), 20).value().empty());  // and nobody waits
}

// What a thread comes to that somebody has cancelled already; it ends at the first place where it may.
template <class Work>
bool is_done_whole(const Work& work) {
  std::atomic<bool> is_done{false};
  const auto run = [&] {
    pthread_cancel(pthread_self());
    work();
    is_done = true;
    pthread_testcancel();
  };
  pthread_t thread{};
  const auto start = [](void* argument) -> void* {
    (*static_cast<decltype(run)*>(argument))();
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, nullptr, start, const_cast<void*>(static_cast<const void*>(&run))), 0);
  pthread_join(thread, nullptr);
  return is_done;
}

TEST_F(PrivateFile, IsReadAndWrittenWholeByAThreadThatIsCancelledMeanwhile) {
  EXPECT_TRUE(is_done_whole([&] { write_private_file(path("token"), "new"); }));
  EXPECT_EQ(text(path("token")), "new");
  EXPECT_TRUE(is_done_whole([&] { static_cast<void>(read_secret_file(path("token"), 20)); }));
}

TEST_F(PrivateFile, AThreadThatIsCancelledWhileItWaitsForALockLeavesNothingOpen) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer fails over a stack that is unwound";  // it runs in the plain and the TSan build
#endif
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const FileLock held(folder_, Steady::now());
  const auto before = open_files();
  pthread_t thread{};
  const auto wait = [](void* folder) -> void* {
    const FileLock waiting(*static_cast<std::string*>(folder), Steady::now() + std::chrono::seconds(20));
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, nullptr, wait, &folder_), 0);
  while (open_files() == before) std::this_thread::yield();
  pthread_cancel(thread);
  void* result = nullptr;
  pthread_join(thread, &result);
  EXPECT_EQ(result, PTHREAD_CANCELED);
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace iamodbc
