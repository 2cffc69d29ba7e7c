// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/system.h"

namespace iamodbc {
namespace {

// A folder of its own for each test.
class LogFile : public testing::Test {
 protected:
  LogFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "iamodbc-log-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    file_ = folder_ + "/a.log";
  }
  ~LogFile() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string text() const {
    std::ifstream stream(file_, std::ios::binary);
    std::ostringstream all;
    all << stream.rdbuf();
    return all.str();
  }
  [[nodiscard]] mode_t mode() const {
    struct stat status {};
    EXPECT_EQ(stat(file_.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
  [[nodiscard]] Log log(LogLevel level = LogLevel::debug) const { return {level, file_}; }
  void create(mode_t mode) const {
    std::ofstream(file_) << "before\n";
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
  }

  std::string folder_;
  std::string file_;
};

TEST_F(LogFile, ALineHoldsTimeProcessLevelAndText) {
  log().warning("the region contradicts the host name");
  const std::string line = text();
  const auto moment = parse_time(line.substr(0, 20));
  ASSERT_TRUE(moment) << line;
  EXPECT_LT(std::chrono::abs(System().now() - *moment), std::chrono::minutes(1)) << line;
  EXPECT_EQ(line.substr(20), ' ' + std::to_string(getpid()) + " warning the region contradicts the host name\n");
}

TEST_F(LogFile, WritesItsLevelAndWhatIsMoreUrgent) {
  log(LogLevel::info).error("one");
  log(LogLevel::info).warning("two");
  log(LogLevel::info).info("three");
  log(LogLevel::info).debug("four");
  const std::string lines = text();
  EXPECT_NE(lines.find(" error   one\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find(" warning two\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find(" info    three\n"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("four"), std::string::npos) << lines;
}

TEST_F(LogFile, OffWritesNothingAndCreatesNoFile) {
  log(LogLevel::off).error("text");
  Log().error("text");
  EXPECT_FALSE(Log().logs(LogLevel::error));
  EXPECT_FALSE(log().logs(LogLevel::off));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(LogFile, IsCreatedForItsOwnerAlone) {
  const mode_t before = umask(0);
  log().info("text");
  umask(before);
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(LogFile, AWiderFileOfOursIsNarrowed) {
  create(0666);
  log().info("after");
  EXPECT_EQ(mode(), 0600U);
  EXPECT_EQ(text().substr(0, 7), "before\n");
  EXPECT_NE(text().find("after"), std::string::npos);
}

TEST_F(LogFile, AWiderFileOfSomebodyElseIsNotWrittenTo) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";  // who alone makes a file of somebody else
  create(0666);
  ASSERT_EQ(chown(file_.c_str(), 65534, 65534), 0);
  log().info("after");
  EXPECT_EQ(text(), "before\n");
  EXPECT_EQ(mode(), 0666U);
}

TEST_F(LogFile, ASymbolicLinkIsNotFollowed) {
  std::ofstream(folder_ + "/target") << "before\n";
  ASSERT_EQ(symlink((folder_ + "/target").c_str(), file_.c_str()), 0);
  log().info("after");
  EXPECT_EQ(text(), "before\n");
}

TEST_F(LogFile, ControlCharactersDoNotMakeASecondLine) {
  log().info(std::string_view("a\nb\r\x1B[31m\t\x7F\0c \xC3\xA9", 16));
  EXPECT_NE(text().find(" info    a\\nb\\x0d\\x1b[31m\\x09\\x7f\\x00c \xC3\xA9\n"), std::string::npos) << text();
}

TEST_F(LogFile, LinesOfManyThreadsDoNotMix) {
  constexpr int lines_of_each = 50;
  const std::string filler(3000, 'x');
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, &filler] {
      for (int line = 0; line < lines_of_each; ++line) log().info(filler);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream stream(text());
  int lines = 0;
  for (std::string line; std::getline(stream, line); ++lines) {
    ASSERT_EQ(line.size(), filler.size() + 30 + std::to_string(getpid()).size()) << line.substr(0, 100);
  }
  EXPECT_EQ(lines, 4 * lines_of_each);
}

TEST_F(LogFile, WhatCannotBeWrittenIsSilentAndLeavesErrnoAlone) {
  errno = 4711;
  Log(LogLevel::debug, folder_ + "/absent/a.log").info("text");
  Log(LogLevel::debug, folder_).info("text");
  EXPECT_EQ(errno, 4711);
}

TEST_F(LogFile, AFifoWithoutAReaderIsNotWaitedFor) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  log().info("text");  // would hang
}

TEST_F(LogFile, AFifoGetsTheLine) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  const int reader = open(file_.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  log().info("text");
  char line[100] = {};
  EXPECT_GT(read(reader, line, sizeof line - 1), 0);
  EXPECT_NE(std::string(line).find("text\n"), std::string::npos);
  close(reader);
}

TEST(LogToStandardError, IsUsedWithoutAFile) {
  testing::internal::CaptureStderr();
  Log(LogLevel::info, "").info("text");
  EXPECT_NE(testing::internal::GetCapturedStderr().find(" info    text\n"), std::string::npos);
}

// The child ends with 0 only if neither the signal ended it nor is left pending.
TEST(LogToStandardError, APipeThatNobodyReadsEndsNoProcess) {
  EXPECT_EXIT(
      {
        int ends[2] = {};
        if (pipe(ends) != 0) _exit(2);
        close(ends[0]);
        dup2(ends[1], STDERR_FILENO);
        Log(LogLevel::info, "").info("text");
        sigset_t pending;
        sigpending(&pending);
        _exit(sigismember(&pending, SIGPIPE) == 1 ? 3 : 0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace iamodbc
