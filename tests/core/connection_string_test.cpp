// SPDX-License-Identifier: Apache-2.0
#include "core/connection_string.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

// What parse() makes of a text, as "name|value" pairs; an error's message begins with "!".
std::vector<std::string> read(std::string_view text) {
  const auto string = ConnectionString::parse(text);
  if (!string) return {"!" + string.error().sqlstate + " " + string.error().message};
  std::vector<std::string> pairs;
  for (const Attribute& attribute : string.value().attributes())
    pairs.push_back(attribute.name() + "|" + std::string(attribute.value()));
  return pairs;
}

std::string rewritten(std::string_view text) {
  const auto string = ConnectionString::parse(text);
  return string ? std::string(string.value().write().reveal()) : "!" + string.error().message;
}

using Words = std::vector<std::string>;

TEST(ConnectionString, ReadsNamesAndValuesInOrder) {
  EXPECT_EQ(read("DSN=sales;UID=jane;PWD=a b"), (Words{"DSN|sales", "UID|jane", "PWD|a b"}));
  EXPECT_EQ(read(""), Words{});
  EXPECT_EQ(read("a=1;"), Words{"a|1"});
  EXPECT_EQ(read("a="), Words{"a|"});
  EXPECT_EQ(read("a={}"), Words{"a|"});
  EXPECT_EQ(read("a=x=y=z"), Words{"a|x=y=z"});
  EXPECT_EQ(read("=x"), Words{"|x"});
}

TEST(ConnectionString, BracesHoldAnything) {
  EXPECT_EQ(read("a={x;b=y};c=z"), (Words{"a|x;b=y", "c|z"}));
  EXPECT_EQ(read("a={x}}y};c=z"), (Words{"a|x}y", "c|z"}));
  EXPECT_EQ(read("a={}}};c=z"), (Words{"a|}", "c|z"}));
  EXPECT_EQ(read("a={x}};b=y}"), Words{"a|x};b=y"});
  EXPECT_EQ(read("a={{x}"), Words{"a|{x"});
}

TEST(ConnectionString, BracesBehindTheFirstCharacterAreText) {
  EXPECT_EQ(read("a=x{y;b=}z"), (Words{"a|x{y", "b|}z"}));
  EXPECT_EQ(read("{a=x;b}=y"), (Words{"{a|x", "b}|y"}));
}

TEST(ConnectionString, EmptyPartsCarryNothing) {
  EXPECT_EQ(read(";;a=1;;;b=2;;"), (Words{"a|1", "b|2"}));
}

TEST(ConnectionString, PartsWithoutEqualsAreKeptWithoutValue) {
  EXPECT_EQ(read("trusted;a=1;last"), (Words{"trusted|", "a|1", "last|"}));
  EXPECT_EQ(rewritten("trusted;a=1; last "), "trusted;a=1; last ");
}

TEST(ConnectionString, BlanksAroundANameDoNotBelongToIt) {
  for (const char* blank : {" ", "\t", "\n", "\v", "\f", "\r", " \t\n\r"}) {
    EXPECT_EQ(read(std::string(blank) + "UID" + blank + "=x"), Words{"UID|x"}) << static_cast<int>(*blank);
  }
}

TEST(ConnectionString, BlanksAroundAValueBelongToIt) {
  EXPECT_EQ(read("a= x ;b=\ty"), (Words{"a| x ", "b|\ty"}));
}

TEST(ConnectionString, RefusesWhatBaseDriversReadDifferently) {
  for (const char* text : {"a={x", "a={x}}", "a={", "a={x}y;b=z", "a={x} ;b=z", "a={x}\t", "a= {x}", "a=\t{x;y}",
                           "a=\n{x}", "a=\v{x}", "a=\f{x}", "a=\r{x}", "b=1;a=  {x;UID=root}"}) {
    const auto result = read(text);
    ASSERT_EQ(result.size(), 1U) << text;
    EXPECT_EQ(result[0].substr(0, 7), "!08001 ") << text << ": " << result[0];
    EXPECT_NE(result[0].find("attribute a "), std::string::npos) << "does not name it: " << result[0];
  }
  EXPECT_EQ(read(std::string_view("a=x\0;b=y", 8))[0].substr(0, 7), "!08001 ");
}

TEST(ConnectionString, AnErrorNeverShowsAValue) {
  for (const char* text : {"PWD={hunter2", "PWD={hunter2}x", "PWD= {hunter2}"}) {
    const auto result = read(text);
    EXPECT_EQ(result[0].find("hunter"), std::string::npos) << result[0];
  }
}

TEST(ConnectionString, TheLastOfANameWinsWhateverItsCase) {
  const auto string = ConnectionString::parse("uid=a;UID=b;Uid=c;pwd=x");
  ASSERT_TRUE(string);
  EXPECT_EQ(string.value().find("UID")->value(), "c");
  EXPECT_EQ(string.value().find("PWD")->value(), "x");
  EXPECT_EQ(string.value().find("DSN"), nullptr);
}

TEST(ConnectionString, KeepsEveryAttributeByteForByte) {
  for (const char* text : {"DSN=sales", " DSN =sales;a={x};b={x}}y}; c = d ;;"}) {
    std::string want = text;
    while (want.ends_with(';')) want.pop_back();
    EXPECT_EQ(rewritten(text), want);
  }
  EXPECT_EQ(rewritten("b=2;a=1;b=3;A={1}"), "b=2;a=1;b=3;A={1}");
}

TEST(ConnectionString, TextIsBytes) {
  const std::string zoe = "UID=zo\xC3\xAB;a=\xFF\xFE;b=\xED\xA0\x80";
  EXPECT_EQ(rewritten(zoe), zoe);
}

TEST(ConnectionString, WrittenValueKeepsItsBraces) {
  const auto string = ConnectionString::parse(" a ={x=}}y};b=z;c");
  ASSERT_TRUE(string);
  EXPECT_EQ(string.value().attributes()[0].written_value(), "{x=}}y}");
  EXPECT_EQ(string.value().attributes()[1].written_value(), "z");
  EXPECT_EQ(string.value().attributes()[2].written_value(), "");
}

TEST(ConnectionString, WritesAnyValueSoThatItComesBack) {
  std::mt19937 random(20240102);
  const std::string alphabet = "ab {};=\t'\"%+\\\xC3\xAB\n";
  for (int round = 0; round < 20000; ++round) {
    ConnectionString string;
    Words want;
    const auto count = random() % 4 + 1;
    for (std::size_t i = 0; i < count; ++i) {
      std::string value;
      for (std::size_t size = random() % 8; size > 0; --size) value += alphabet[random() % alphabet.size()];
      string.add(Attribute("n" + std::to_string(i), value));
      want.push_back("n" + std::to_string(i) + "|" + value);
    }
    const Secret text = string.write();
    ASSERT_EQ(read(text.reveal()), want) << text.reveal();
  }
}

TEST(ConnectionString, BracedAlwaysComesBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string value;
    for (std::size_t size = random() % 12; size > 0; --size) value += static_cast<char>(random() % 255 + 1);
    const Secret written = braced(value);
    ASSERT_EQ(read("a=" + std::string(written.reveal()) + ";b=1"), (Words{"a|" + value, "b|1"}));
  }
}

TEST(ConnectionString, WhatItReadsItWritesAsItWas) {
  std::mt19937 random(42);
  const std::string alphabet = "aB {};== \t}";
  int good = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string text;
    for (std::size_t size = random() % 24; size > 0; --size) text += alphabet[random() % alphabet.size()];
    const auto first = read(text);
    if (!first.empty() && first[0].starts_with("!")) continue;
    ++good;
    ASSERT_EQ(read(rewritten(text)), first) << text;
    ASSERT_EQ(rewritten(rewritten(text)), rewritten(text)) << text;
  }
  EXPECT_GT(good, 10000);
}

TEST(ConnectionString, RedactedShowsOnlyWhatItMay) {
  const auto string = ConnectionString::parse("DSN=sales;PWD={hun;ter};note=hello");
  ASSERT_TRUE(string);
  const std::string shown = string.value().redacted([](std::string_view name) { return name == "DSN"; });
  EXPECT_EQ(shown, "DSN=sales;PWD=***;note=***");
}

// `PWD=hun;ter2` without braces: the rest of the password stands where a name would.
TEST(ConnectionString, RedactedHidesWhatMayBeTheRestOfAPassword) {
  const auto string = ConnectionString::parse("DSN=sales;PWD=hun;ter2;more=");
  ASSERT_TRUE(string);
  const std::string shown = string.value().redacted([](std::string_view name) { return name == "DSN"; });
  EXPECT_EQ(shown.find("ter2"), std::string::npos) << shown;
}

}  // namespace
}  // namespace iamodbc
