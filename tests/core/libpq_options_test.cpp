// SPDX-License-Identifier: Apache-2.0
#include "core/libpq_options.h"

#include <random>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

LibpqOptions read(std::string_view text) {
  auto options = parse_libpq_options(text);
  EXPECT_TRUE(options) << text << ": " << (options ? "" : options.error().message);
  return options ? std::move(options).value() : LibpqOptions{};
}

TEST(LibpqOptions, ReadsLibpqsGrammar) {
  EXPECT_EQ(read(""), LibpqOptions{});
  EXPECT_EQ(read(" \t\n\v\f\r"), LibpqOptions{});
  EXPECT_EQ(read("a=1 b=2"), (LibpqOptions{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(read(" a = 1\tb\n=\n2 "), (LibpqOptions{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(read("a='x y' b=''"), (LibpqOptions{{"a", "x y"}, {"b", ""}}));
  EXPECT_EQ(read(R"(a='it\'s' b=it\'s c=x\ y d='\\')"),
            (LibpqOptions{{"a", "it's"}, {"b", "it's"}, {"c", "x y"}, {"d", "\\"}}));
  EXPECT_EQ(read("a='x'b='y'"), (LibpqOptions{{"a", "x"}, {"b", "y"}}));
  EXPECT_EQ(read("a=x'y z=1"), (LibpqOptions{{"a", "x'y"}, {"z", "1"}}));
  EXPECT_EQ(read("a=b=c"), (LibpqOptions{{"a", "b=c"}}));
}

TEST(LibpqOptions, RefusesWhatLibpqRefuses) {
  for (const char* text : {"a", "a b=1", "=1", " =1", "a='x", "a='x\\'", "a=1 b", "a='"}) {
    const auto options = parse_libpq_options(text);
    ASSERT_FALSE(options) << text;
    EXPECT_EQ(options.error().sqlstate, "08001") << text;
  }
}

// libpq takes a text that begins like an URI for one, whatever follows; and no option of libpq has a name of other letters.
TEST(LibpqOptions, RefusesNamesThatAreNone) {
  for (const char* text : {"postgresql://evil/x=y", "postgres://evil/?hostaddr=10.0.0.1", "a.b=1", "a'b=1", "a\\b=1",
                           "host,x=1", "h\xC3\xB6st=1"}) {
    EXPECT_FALSE(parse_libpq_options(text)) << text;
  }
}

TEST(LibpqOptions, AnErrorNeverShowsAValue) {
  const auto options = parse_libpq_options("password='hunter2");
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().message.find("hunter2"), std::string::npos);
  const auto valueless = parse_libpq_options("password= hunter2 hunter3");
  ASSERT_FALSE(valueless);
  EXPECT_EQ(valueless.error().message.find("hunter"), std::string::npos) << valueless.error().message;
}

TEST(LibpqOptions, WhatItWritesComesBack) {
  std::mt19937 random(1);
  const std::string alphabet = "ab '\\=\t\n{};%";
  for (int round = 0; round < 20000; ++round) {
    LibpqOptions options;
    for (std::size_t count = random() % 4; count > 0; --count) {
      std::string value;
      for (std::size_t size = random() % 8; size > 0; --size) value += alphabet[random() % alphabet.size()];
      options.emplace_back("name_" + std::to_string(count), value);
    }
    ASSERT_EQ(read(write_libpq_options(options)), options) << write_libpq_options(options);
  }
}

}  // namespace
}  // namespace iamodbc
