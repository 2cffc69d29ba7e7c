// SPDX-License-Identifier: Apache-2.0
#include "core/pass_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(PassFile, IsOneLineForEveryHost) {
  const auto file = PassFile::create("token");
  ASSERT_TRUE(file);
  EXPECT_EQ(content(file->path()), "*:*:*:*:token\n");
  EXPECT_EQ(content(file->path()), "*:*:*:*:token\n") << "a second reader sees it from its beginning";
}

TEST(PassFile, EscapesColonAndBackslash) {
  const auto file = PassFile::create(R"(:db:5432/?a=\b\)");
  ASSERT_TRUE(file);
  EXPECT_EQ(content(file->path()), R"(*:*:*:*:\:db\:5432/?a=\\b\\)"
                                   "\n");
}

TEST(PassFile, TakesSecretsOfAnyLength) {
  const std::string secret(200000, 'x');
  const auto file = PassFile::create(secret);
  ASSERT_TRUE(file);
  EXPECT_EQ(content(file->path()), "*:*:*:*:" + secret + "\n");
}

TEST(PassFile, IsForItsUserAloneAndNotForPrograms) {
  const auto file = PassFile::create("token");
  ASSERT_TRUE(file);
  struct stat status {};
  ASSERT_EQ(stat(file->path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_TRUE(S_ISREG(status.st_mode));  // libpq ignores anything else
  const int descriptor = std::stoi(file->path().substr(std::string("/proc/self/fd/").size()));
  EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(PassFile, IsOverwrittenAndClosedAtItsEnd) {
  auto file = PassFile::create("the token itself");
  ASSERT_TRUE(file);
  const std::string path = file->path();
  const int kept = open(path.c_str(), O_RDONLY | O_CLOEXEC);  // somebody who holds it open
  ASSERT_GE(kept, 0);
  file.reset();
  struct stat status {};
  EXPECT_NE(stat(path.c_str(), &status), 0);
  std::string left(64, '?');
  const ssize_t size = read(kept, left.data(), left.size());
  ASSERT_GE(size, 0);
  left.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(left.find("token"), std::string::npos);
  close(kept);
}

TEST(PassFile, MovesWithoutACopy) {
  auto first = PassFile::create("one");
  auto second = PassFile::create("two");
  ASSERT_TRUE(first && second);
  const std::string path = second->path();
  PassFile moved(std::move(*second));
  EXPECT_EQ(moved.path(), path);
  moved = std::move(*first);
  EXPECT_EQ(content(moved.path()), "*:*:*:*:one\n");
}

// One descriptor more is free than the file itself takes away: it cannot be opened by its name.
TEST(PassFile, IsNotMadeWhereItCannotBeOpened) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = dup(0);
  ASSERT_GE(next, 0);
  close(next);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  const bool made = PassFile::create("token").has_value();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(made);
  const int again = dup(0);
  EXPECT_EQ(again, next) << "a descriptor was left open";
  close(again);
}

TEST(PassFile, IsNotMadeForWhatALineCannotHold) {
  EXPECT_FALSE(PassFile::create(""));
  EXPECT_FALSE(PassFile::create("a\nb"));
  EXPECT_FALSE(PassFile::create("a\r"));
  EXPECT_FALSE(PassFile::create(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace iamodbc
