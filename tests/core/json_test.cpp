// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

TEST(Json, ReadsWhatIsThereInItsKindAndNothingElse) {
  const auto json = Json::parse(R"( {"a":"x","n":1.5,"null":null,"o":{"b":"y"},"l":["p",2,"q"],"r":[{"k":"v"},3]} )");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->text("a"), "x");
  EXPECT_EQ(json->secret("a")->reveal(), "x");
  EXPECT_EQ(json->number("n"), 1.5);
  EXPECT_EQ(json->object("o")->text("b"), "y");
  EXPECT_EQ(json->texts("l"), (std::vector<std::string>{"p", "q"}));
  ASSERT_EQ(json->objects("r").size(), 1U);
  EXPECT_EQ(json->objects("r")[0].text("k"), "v");
  EXPECT_FALSE(json->text("n") || json->number("a") || json->object("a") || json->text("A") || json->text("null"));
  EXPECT_TRUE(json->has("n"));
  EXPECT_FALSE(json->has("null")) << "null counts as absent";
  EXPECT_EQ(json->written("a") + json->written("n") + json->written("null") + json->written("z"), "\"x\"1.5null");
}

TEST(Json, WhatIsNoObjectIsNothing) {
  for (const char* text : {"", "[]", "\"x\"", "1", "{", "{\"a\":}", "{} x", "null"})
    EXPECT_FALSE(Json::parse(text)) << text;
}

TEST(Json, ATextDoesNotEndAtANulByte) {
  using namespace std::string_view_literals;
  for (const auto text : {"{}\0"sv, "{\"a\": 1}\0{\"b\": 2}"sv, "{\"a\": \"x\0y\"}"sv, "\0{}"sv})
    EXPECT_FALSE(Json::parse(text));
  EXPECT_EQ(Json::parse("{\"a\": \"x\\u0000y\"}")->text("a"), "x\0y"sv);
}

TEST(Json, WhatIsDeeperThanTheStackIsNothing) {
  const auto nested = [](int levels) {
    const auto count = static_cast<std::size_t>(levels - 1);  // besides the object itself
    return "{\"a\":" + std::string(count, '[') + std::string(count, ']') + "}";
  };
  EXPECT_TRUE(Json::parse(nested(64)));
  EXPECT_FALSE(Json::parse(nested(65)));
  EXPECT_FALSE(Json::parse(nested(1'000'000)));
}

TEST(Json, IsWrittenSortedAndComesBack) {
  Json json;
  json.set("z", "\xC3\xBC\n\"");
  json.set("a", 12);
  json.set("l", std::vector<std::string>{"p", "q"});
  Json inner;
  inner.set("k", Secret("v"));
  json.set("o", std::move(inner));
  json.set("gone", "x");
  json.remove("gone");
  EXPECT_EQ(json.write(), "{\"a\":12,\"l\":[\"p\",\"q\"],\"o\":{\"k\":\"v\"},\"z\":\"\xC3\xBC\\n\\\"\"}");
  EXPECT_EQ(Json::parse(json.write())->write(), json.write());
  EXPECT_EQ(json_quoted("\xC3\xBC\""), "\"\\u00fc\\\"\"");
  json.set("z", "\xFF");
  EXPECT_EQ(Json::parse(json.write())->text("z"), "\xEF\xBF\xBD") << "no UTF-8 becomes the replacement character";
}

TEST(Json, MovesWithoutLosingAnything) {
  Json first;
  first.set("a", "x");
  Json second = std::move(first);
  Json third;
  third = std::move(second);
  EXPECT_EQ(third.text("a"), "x");
}

}  // namespace
}  // namespace iamodbc
