// SPDX-License-Identifier: Apache-2.0
#include "setup/file_edit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "core/ini_files.h"
#include "setup/ini_edit.h"

namespace iamodbc {
namespace {

class EditFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "file_edit.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const char* name = "odbcinst.ini") const { return folder_ + "/" + name; }
  static void write(const std::string& file, const std::string& text) { std::ofstream(file) << text; }
  static std::string read(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static Result<bool> set(const std::string& file, const std::string& value, bool holds_secret = false) {
    return edit_file(file, {[&](const std::string& text) { return with_value(text, "a", "k", value); }, holds_secret});
  }
  static unsigned mode(const std::string& file) {
    struct stat status {};
    return lstat(file.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::string folder_;
};

TEST_F(EditFile, MakesAFileThatEverybodyMayRead) {
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_EQ(read(path()), "[a]\nk=v\n");
  EXPECT_EQ(mode(path()), 0644U);
  EXPECT_EQ(files(), 1U);
}

TEST_F(EditFile, KeepsTheMode) {
  write(path(), "[a]\n");
  chmod(path().c_str(), 0640);
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_EQ(mode(path()), 0640U);
}

TEST_F(EditFile, ALinkStaysALink) {
  write(path("real"), "[a]\n");
  std::filesystem::create_symlink("real", path());
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_EQ(read(path("real")), "[a]\nk=v\n");
}

TEST_F(EditFile, ALinkToAFileThatIsNotThereYetStaysALink) {
  std::filesystem::create_directory(path("dotfiles"));
  std::filesystem::create_symlink("dotfiles/link", path());
  std::filesystem::create_symlink(path("dotfiles/real"), path("dotfiles/link"));
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_TRUE(std::filesystem::is_symlink(path("dotfiles/link")));
  EXPECT_EQ(read(path("dotfiles/real")), "[a]\nk=v\n");
}

TEST_F(EditFile, ALinkThatLeadsNowhereIsAnErrorAndStays) {
  std::filesystem::create_symlink("none/real", path());
  EXPECT_FALSE(set(path(), "v").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  std::filesystem::create_symlink(path("loop"), path("loop"));
  EXPECT_FALSE(set(path("loop"), "v").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(path("loop")));
  EXPECT_EQ(files(), 2U);
}

TEST_F(EditFile, AFileWithASecondNameIsLeftAlone) {
  write(path(), "[a]\n");
  std::filesystem::create_hard_link(path(), path("other"));
  const auto result = set(path(), "v");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, path() +
                                        " cannot be written: it has 2 names (hard links), which would be different "
                                        "files afterwards.");
  EXPECT_EQ(read(path()), "[a]\n");
}

TEST_F(EditFile, KeepsOwnerAndGroupAlsoInAFolderWithAGroupOfItsOwn) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";  // who alone gives files away
  write(path(), "[a]\n");
  ASSERT_EQ(chown(path().c_str(), 12345, 12346), 0);
  ASSERT_TRUE(set(path(), "v").value());
  struct stat status {};
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 12345U);
  EXPECT_EQ(status.st_gid, 12346U);

  // What is made here gets the folder's group, which is not that of the file.
  ASSERT_EQ(chown(folder_.c_str(), 0, 12347), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 02755), 0);
  ASSERT_EQ(chown(path().c_str(), 0, 0), 0);
  ASSERT_TRUE(set(path(), "w").value());
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, 0U);
}

TEST_F(EditFile, KeepsAnAccessList) {
  write(path(), "[a]\n");
  // Version 2; owner rw, user 12345 r, group none, mask r, others none. Each entry: tag, rights, id.
  const std::string list = std::string("\x02\0\0\0", 4) + std::string("\x01\0\x06\0\xff\xff\xff\xff", 8) +
                           std::string("\x02\0\x04\0\x39\x30\0\0", 8) + std::string("\x04\0\0\0\xff\xff\xff\xff", 8) +
                           std::string("\x10\0\x04\0\xff\xff\xff\xff", 8) +
                           std::string("\x20\0\0\0\xff\xff\xff\xff", 8);
  const char* const name = "system.posix_acl_access";
  const bool has_lists = setxattr(path().c_str(), name, list.data(), list.size(), 0) == 0;
  if (!has_lists) GTEST_SKIP() << "no access lists";  // a file system may have none to keep
  ASSERT_TRUE(set(path(), "v").value());
  std::string found(100, '\0');
  const ssize_t size = getxattr(path().c_str(), name, found.data(), found.size());
  ASSERT_GT(size, 0);
  found.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(found, list);
  EXPECT_EQ(mode(path()), 0640U);
}

TEST_F(EditFile, AFileWithASecretIsForItsOwnerAlone) {
  ASSERT_TRUE(set(path("new"), "v", true).value());
  EXPECT_EQ(mode(path("new")), 0600U);
  write(path(), "[a]\nk=v\n");
  chmod(path().c_str(), 0664);
  ASSERT_TRUE(set(path(), "v", true).value());  // the text stays
  EXPECT_EQ(mode(path()), 0600U);
  EXPECT_FALSE(set(path(), "v", true).value());
}

// Runs `body` in a process without root's rights.
template <class Body>
bool succeeds_as_nobody(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    const bool is_ready = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
    _exit(is_ready && body() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(EditFile, AReadOnlyFileIsLeftAlone) {
  write(path(), "[a]\n");
  chmod(folder_.c_str(), 0777);
  chmod(path().c_str(), 0444);
  EXPECT_TRUE(succeeds_as_nobody([&] {
    const auto result = set(path(), "v");
    return !result.ok() && result.error().message == path() + " cannot be written: Permission denied.";
  }));
  EXPECT_EQ(read(path()), "[a]\n");
  EXPECT_EQ(files(), 1U);
}

TEST_F(EditFile, AReadOnlyFolderIsNamed) {
  write(path(), "[a]\n");
  chmod(path().c_str(), 0666);
  chmod(folder_.c_str(), 0555);
  EXPECT_TRUE(succeeds_as_nobody([&] {
    const auto result = set(path(), "v");
    return !result.ok() && result.error().message == path() + " cannot be written: no file can be made in its folder " +
                                                         folder_ + " (Permission denied).";
  }));
  chmod(folder_.c_str(), 0755);
  EXPECT_EQ(read(path()), "[a]\n");
}

TEST_F(EditFile, WhoseOwnerCannotBeKeptIsLeftAlone) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";  // who alone gives files away
  write(path(), "[a]\n");
  chmod(path().c_str(), 0666);
  chmod(folder_.c_str(), 0777);
  EXPECT_TRUE(succeeds_as_nobody([&] {
    const auto result = set(path(), "v");
    return !result.ok() &&
           result.error().message.find("owner, group or access list cannot be kept") != std::string::npos;
  }));
  EXPECT_EQ(read(path()), "[a]\n");
  EXPECT_EQ(files(), 1U);
}

TEST_F(EditFile, ALargeFileKeepsEveryByte) {
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) {
    text += "[dsn " + std::to_string(i) + "]\r\nDriver = x\r\n; \xE9\r\n" + std::string(1200, 'l') + "=1\r\n\r\n";
  }
  write(path(), text);
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_EQ(read(path()), text + "\r\n[a]\r\nk=v\r\n");
  ASSERT_TRUE(edit_file(path(), {[](const std::string& now) { return Result<std::string>(without_section(now, "a")); }})
                  .value());
  EXPECT_EQ(read(path()), text);
}

TEST_F(EditFile, WhatAnotherProgramWritesMeanwhileIsKept) {
  write(path(), "[b]\nk=1\n");
  int calls = 0;
  const auto result = edit_file(path(), {[&](const std::string& text) {
                                  if (calls++ == 0) write(path(), "[b]\nk=2\n");  // without our lock
                                  return with_value(text, "a", "k", "v");
                                }});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(read(path()), "[b]\nk=2\n\n[a]\nk=v\n");
  EXPECT_EQ(files(), 1U);
}

TEST_F(EditFile, AFileThatAnotherProgramMakesMeanwhileIsKept) {
  int calls = 0;
  const auto result = edit_file(path(), {[&](const std::string& text) {
                                  if (calls++ == 0) write(path(), "[b]\nk=2\n");
                                  return with_value(text, "a", "k", "v");
                                }});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(read(path()), "[b]\nk=2\n\n[a]\nk=v\n");
}

TEST_F(EditFile, WaitsForALockOnlySoLong) {
  const int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(folder, LOCK_EX), 0);
  const auto result = edit_file(
      path(), {[](const std::string&) { return Result<std::string>("[a]\n"); }, false, std::chrono::milliseconds(30)});
  close(folder);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message,
            path() + " cannot be written: another program keeps its folder " + folder_ + " locked.");
  EXPECT_EQ(files(), 0U);
}

TEST_F(EditFile, WritesNothingWhereNothingChanges) {
  write(path(), "[a]\nk=v\n");
  struct stat before {};
  struct stat after {};
  stat(path().c_str(), &before);
  EXPECT_FALSE(set(path(), "v").value());
  stat(path().c_str(), &after);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(EditFile, AFailedChangeLeavesTheFile) {
  write(path(), "[a]\n");
  const auto result = edit_file(path(), {[](const std::string&) { return Result<std::string>(cannot_connect("no")); }});
  EXPECT_EQ(result.error().message, "no");
  EXPECT_EQ(read(path()), "[a]\n");
}

TEST_F(EditFile, AMissingFolderIsNamed) {
  const auto result = set(folder_ + "/none/odbcinst.ini", "v");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, folder_ +
                                        "/none/odbcinst.ini cannot be written: no file can be made in its folder " +
                                        folder_ + "/none (No such file or directory).");
}

TEST_F(EditFile, WhatIsNoFileIsLeftAlone) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(set(path("pipe"), "v").ok());
  EXPECT_TRUE(std::filesystem::is_fifo(path("pipe")));
  EXPECT_FALSE(set(folder_, "v").ok());
}

TEST_F(EditFile, AFullDiskLeavesTheOldFile) {
  write(path(), "[a]\n");
  // A limit on the size of files stands in for the disk's end.
  struct rlimit before {};
  getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit small { 5, before.rlim_max };
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const auto result = set(path(), "v");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, path() + " cannot be written: File too large.");
  EXPECT_EQ(read(path()), "[a]\n");
  EXPECT_EQ(files(), 1U);
}

TEST_F(EditFile, AProcessThatIsEndedWhileItWritesLeavesOneWholeFile) {
  write(path(), "[a]\n");
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0;; ++i) static_cast<void>(set(path(), std::string(900, static_cast<char>('a' + i % 26))));
  }
  while (read(path()).size() < 900) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const std::string text = read(path());
  EXPECT_EQ(text.size(), std::string("[a]\nk=\n").size() + 900);
  EXPECT_EQ(text.find_first_not_of(text[6], 6), text.size() - 1);
}

TEST_F(EditFile, TwoWritersLoseNothing) {
  constexpr int rounds = 50;
  const auto writer = [&](const char* section) {
    for (int i = 0; i < rounds; ++i) {
      const auto done = edit_file(
          path(), {[&](const std::string& text) { return with_value(text, section, "key" + std::to_string(i), "v"); }});
      EXPECT_TRUE(done.ok());
    }
  };
  std::thread one(writer, "one");
  std::thread two(writer, "two");
  one.join();
  two.join();
  const IniFile file = parse_odbc_ini(path(), read(path()));
  ASSERT_NE(file.find("one"), nullptr);
  ASSERT_NE(file.find("two"), nullptr);
  EXPECT_EQ(file.find("one")->entries.size(), rounds);
  EXPECT_EQ(file.find("two")->entries.size(), rounds);
}

}  // namespace
}  // namespace iamodbc
