// SPDX-License-Identifier: Apache-2.0
#include "setup/ini_edit.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/ini_files.h"

namespace iamodbc {
namespace {

constexpr const char* odd_file =
    "; first words\r\n"
    "\r\n"
    "  # indented\r\n"
    "[PostgreSQL Unicode]\r\n"
    "Driver = psqlodbcw.so   \r\n"
    "; inside\r\n"
    "Empty =\r\n"
    "no equals sign\r\n"
    "\r\n"
    "[ODBC]\r\n"
    "Trace=No\r\n"
    "; last words";

std::string with_driver(std::string text) {
  for (const auto& [key, value] : {std::pair{"Description", "x"}, std::pair{"Driver", "/lib/a.so"}}) {
    text = with_value(text, "iamodbc", key, value);
  }
  return text;
}

TEST(IniEdit, ANewSectionComesLastAndNothingElseChanges) {
  EXPECT_EQ(with_driver(odd_file),
            odd_file + std::string("\r\n\r\n[iamodbc]\r\nDescription=x\r\nDriver=/lib/a.so\r\n"));
}

TEST(IniEdit, ASectionTakenOutLeavesTheFileAsItWas) {
  EXPECT_EQ(without_section(with_driver(odd_file), "iamodbc"), odd_file + std::string("\r\n"));
  EXPECT_EQ(without_section(with_driver("[a]\nb=c\n"), "IAMODBC"), "[a]\nb=c\n");
  EXPECT_EQ(without_section(with_driver(""), "iamodbc"), "");
}

TEST(IniEdit, ASectionBetweenOthersGoesAlone) {
  const std::string before = "[a]\nb=c\n\n[iamodbc]\nDriver=x\n; of the next\n\n[d]\ne=f\n";
  EXPECT_EQ(without_section(before, "iamodbc"), "[a]\nb=c\n\n; of the next\n\n[d]\ne=f\n");
  EXPECT_EQ(without_section("[a]\n\n[iamodbc]\nx=y\n\n[d]\n", "iamodbc"), "[a]\n\n[d]\n");
}

TEST(IniEdit, EverySectionOfTheNameGoes) {
  EXPECT_EQ(without_section("[x]\na=b\n[y]\n[X]\nc=d\n", "x"), "[y]\n");
}

TEST(IniEdit, AValueIsReplacedInItsLine) {
  EXPECT_EQ(with_value("[a]\n Driver = x\n;Driver=z\nk=v\n", "A", "driver", "y"), "[a]\ndriver=y\n;Driver=z\nk=v\n");
}

TEST(IniEdit, TheFirstOfTwoKeysIsMeant) {
  EXPECT_EQ(with_value("[a]\nk=1\nk=2\n", "a", "k", "3"), "[a]\nk=3\nk=2\n");
}

TEST(IniEdit, AnEqualValueChangesNothing) {
  const std::string text = "[a]\n  k  =  v  \n";
  EXPECT_EQ(with_value(text, "a", "K", "v"), text);
}

TEST(IniEdit, ANewKeyComesBehindTheLastLineOfItsSection) {
  EXPECT_EQ(with_value("[a]\nk=v\n\n; about b\n[b]\n", "a", "n", "1"), "[a]\nk=v\nn=1\n\n; about b\n[b]\n");
  EXPECT_EQ(with_value("[a]\nk=v", "a", "n", "1"), "[a]\nk=v\nn=1\n");
}

TEST(IniEdit, ACommentedHeaderIsNoSection) {
  EXPECT_EQ(with_value("#[a]\n[b]\n", "a", "k", "v"), "#[a]\n[b]\n\n[a]\nk=v\n");
}

TEST(IniEdit, OurOwnReaderFindsWhatWasWritten) {
  const IniFile file = parse_odbc_ini("f", with_driver(odd_file));
  ASSERT_NE(file.find("iamodbc"), nullptr);
  EXPECT_EQ(file.find("iamodbc")->find("Driver")->value, "/lib/a.so");
  EXPECT_EQ(file.find("PostgreSQL Unicode")->find("Driver")->value, "psqlodbcw.so");
}

// ---- files ----

class EditFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "ini_edit.XXXXXX";
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
  static Result<bool> set(const std::string& file, const char* value) {
    return edit_file(file,
                     [&](const std::string& text) { return Result<std::string>(with_value(text, "a", "k", value)); });
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::string folder_;
};

TEST_F(EditFile, MakesAFileThatEverybodyMayRead) {
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_EQ(read(path()), "[a]\nk=v\n");
  EXPECT_EQ(std::filesystem::status(path()).permissions(), std::filesystem::perms(0644));
  EXPECT_EQ(files(), 1U);
}

TEST_F(EditFile, KeepsTheMode) {
  write(path(), "[a]\n");
  chmod(path().c_str(), 0640);
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_EQ(std::filesystem::status(path()).permissions(), std::filesystem::perms(0640));
}

TEST_F(EditFile, ALinkStaysALink) {
  write(path("real"), "[a]\n");
  std::filesystem::create_symlink("real", path());
  ASSERT_TRUE(set(path(), "v").value());
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_EQ(read(path("real")), "[a]\nk=v\n");
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
  const auto result = edit_file(path(), [](const std::string&) { return Result<std::string>(cannot_connect("no")); });
  EXPECT_EQ(result.error().message, "no");
  EXPECT_EQ(read(path()), "[a]\n");
}

TEST_F(EditFile, AMissingFolderIsNamed) {
  const auto result = set(folder_ + "/none/odbcinst.ini", "v");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, folder_ + "/none/odbcinst.ini cannot be written: No such file or directory.");
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

TEST_F(EditFile, TwoWritersLoseNothing) {
  constexpr int rounds = 50;
  const auto writer = [&](const char* section) {
    for (int i = 0; i < rounds; ++i) {
      const auto done = edit_file(path(), [&](const std::string& text) {
        return Result<std::string>(with_value(text, section, "key" + std::to_string(i), "v"));
      });
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
