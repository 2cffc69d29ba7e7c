// SPDX-License-Identifier: Apache-2.0
#include "core/background.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

using std::chrono::milliseconds;

std::set<std::string> open_descriptors() {
  std::set<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) result.insert(entry.path().filename());
  return result;
}

std::unique_ptr<Background> started(const std::string& script) {
  auto program = Background::start({"sh", "-c", script}, "Tunnel (sh)");
  EXPECT_TRUE(program) << program.error().message;
  return std::move(program).value();
}

// Waits for it, at most five seconds.
template <class Condition>
bool eventually(const Condition& condition) {
  for (int i = 0; i < 500 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(10));
  return condition();
}

std::string printed(Background& program, const std::string& awaited) {
  eventually([&] { return program.last_output(4096).find(awaited) != std::string::npos; });
  return program.last_output(4096);
}

// Neither gone nor a zombie: what has lost its parent is reaped by somebody else, some day.
bool runs(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto end = text.rfind(") ");
  return end != std::string::npos && text[end + 2] != 'Z';
}

class BackgroundTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(open_descriptors(), descriptors_) << "a descriptor was leaked";
    EXPECT_TRUE(waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) << "a child was left behind";
  }
  std::set<std::string> descriptors_ = open_descriptors();
};

TEST_F(BackgroundTest, KeepsTheEndOfWhatItPrintsAndNeverMakesItWait) {
  const auto program = started("echo first; head -c 500000 /dev/zero | tr '\\0' x >&2; echo; echo last; exec sleep 60");
  EXPECT_TRUE(printed(*program, "last\n").ends_with("x\nlast\n"));
  EXPECT_EQ(program->last_output(5), "last\n");
  EXPECT_EQ(program->last_output(4096).size(), 4096U) << "what was given back to the system is older";
  EXPECT_FALSE(program->has_ended());
}

// What is kept of what programs print, in bytes of memory.
long long kept_bytes() {
  long long sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry.path(), error);
    struct stat status {};
    if (target.find("iamodbc-output") != std::string::npos && stat(entry.path().c_str(), &status) == 0)
      sum += 512LL * status.st_blocks;
  }
  return sum;
}

// Nobody may connect for days, and nobody looks at what it prints then.
TEST_F(BackgroundTest, WhatItPrintsIsBoundedWhileNobodyLooks) {
  std::string folder = testing::TempDir() + "iamodbc-background-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto program = started("cd " + folder +
                               "; head -c 100000000 /dev/zero; touch printed; until [ -e more ]; do sleep 0.02; done; "
                               "echo again; exec sleep 60");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder + "/printed"); }));
  EXPECT_GT(kept_bytes(), 1 << 20);
  EXPECT_LT(kept_bytes(), 20 << 20);
  EXPECT_FALSE(program->has_ended());
  program->last_output(0);
  EXPECT_LT(kept_bytes(), 1 << 20) << "it is given back when somebody looks";
  std::ofstream(folder + "/more") << "";
  EXPECT_TRUE(printed(*program, "again\n").ends_with("again\n")) << "there is room for more again";
  std::filesystem::remove_all(folder);
}

TEST_F(BackgroundTest, NoFileOfOursReachesIt) {
  const int ours = open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): as hosts do
  const auto program = started("readlink /proc/$$/fd/0; ls /proc/$$/fd; echo .; exec sleep 60");
  close(ours);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  EXPECT_EQ(printed(*program, "."), "/dev/null\n0\n1\n2\n.\n");
#endif
}

TEST_F(BackgroundTest, HasNoTerminalAndNoSignalOfOursIsIgnoredThere) {
  ::signal(SIGTERM, SIG_IGN);
  const auto program =
      started("(echo x >/dev/tty) 2>/dev/null || echo none; grep SigIgn /proc/self/status; exec sleep 60");
  ::signal(SIGTERM, SIG_DFL);
  const std::string text = printed(*program, "SigIgn");
  EXPECT_TRUE(text.starts_with("none\n")) << text;
  EXPECT_EQ(std::stoull(text.substr(text.rfind('\t')), nullptr, 16) >> (SIGTERM - 1) & 1U, 0U) << text;
}

TEST_F(BackgroundTest, EndsWhatItHasStartedToo) {
  const auto program = started("sleep 60 & echo $!; wait");
  const pid_t grandchild = std::stoi(printed(*program, "\n"));
  ASSERT_TRUE(runs(grandchild));
  program->end();
  EXPECT_FALSE(runs(grandchild));
}

TEST_F(BackgroundTest, EndsWhatItHasStartedToIfItHasEndedItself) {
  const auto program = started("(trap '' TERM; exec sleep 60) & echo $!; exit 3");
  const pid_t grandchild = std::stoi(printed(*program, "\n"));
  EXPECT_TRUE(eventually([&] { return program->has_ended(); }));
  EXPECT_EQ(WEXITSTATUS(program->status().value()), 3);
  program->end();
  EXPECT_TRUE(eventually([&] { return !runs(grandchild); }));
}

TEST_F(BackgroundTest, EndsOneThatIgnoresSigterm) {
  const auto program = started("trap '' TERM; echo $$; while :; do sleep 1; done");
  const pid_t pid = std::stoi(printed(*program, "\n"));
  const auto begin = std::chrono::steady_clock::now();
  program->end();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(4000));
  EXPECT_FALSE(runs(pid));
}

TEST_F(BackgroundTest, TellsASignal) {
  const auto program = started("kill -9 $$");
  EXPECT_TRUE(eventually([&] { return program->has_ended(); }));
  EXPECT_EQ(WTERMSIG(program->status().value()), SIGKILL);
}

TEST_F(BackgroundTest, OutlivesTheThreadThatStartedIt) {
  std::unique_ptr<Background> program;
  std::thread([&] { program = started("exec sleep 60"); }).join();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_FALSE(program->has_ended());
}

TEST_F(BackgroundTest, DoesNotOutliveAProcessThatIsKilledWhateverItDidToItsStandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t host = fork();
  if (host == 0) {
    const auto program = Background::start({"sh", "-c", "exec sleep 60 </dev/null >/dev/null 2>&1"}, "Tunnel (sh)");
    pid_t child = 0;
    std::ifstream("/proc/self/task/" + std::to_string(getpid()) + "/children") >> child;
    _exit(write(ends[1], &child, sizeof child) == sizeof child ? kill(getpid(), SIGKILL) : 1);
  }
  pid_t program = 0;
  ASSERT_EQ(read(ends[0], &program, sizeof program), static_cast<ssize_t>(sizeof program));
  int status = 0;
  ASSERT_EQ(waitpid(host, &status, 0), host);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_GT(program, 1);
  EXPECT_TRUE(eventually([&] { return !runs(program); }));
  close(ends[0]);
  close(ends[1]);
}

TEST_F(BackgroundTest, AChildOfAForkLeavesItAlone) {
  const auto program = started("exec sleep 60");
  const pid_t child = fork();
  if (child == 0) {
    program->disown();
    program->end();
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(program->has_ended());
}

TEST_F(BackgroundTest, WorksWhereTheHostIgnoresOrTakesItsChildren) {
  ::signal(SIGCHLD, SIG_IGN);
  const auto ignored = started("exit 3");
  EXPECT_TRUE(eventually([&] { return ignored->has_ended(); }));
  EXPECT_FALSE(ignored->status());
  const auto running = started("exec sleep 60");
  EXPECT_FALSE(running->has_ended());
  running->end();
  ::signal(SIGCHLD, SIG_DFL);

  const auto taken = started("sleep 60 & echo $!; exit 3");
  const pid_t grandchild = std::stoi(printed(*taken, "\n"));
  EXPECT_GT(waitpid(-1, nullptr, 0), 0);
  EXPECT_TRUE(taken->has_ended());
  taken->end();  // its number may be another program's: what it has started is told by the kernel
  EXPECT_TRUE(eventually([&] { return !runs(grandchild); }));
}

TEST_F(BackgroundTest, SaysWhatCannotBeStarted) {
  const auto program = Background::start({"/nowhere/ssh", "secret"}, "Tunnel (ssh)");
  ASSERT_FALSE(program);
  EXPECT_TRUE(program.error().message.starts_with("Tunnel (ssh) cannot be started: No such file or directory."));
  EXPECT_EQ(program.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace iamodbc
