// SPDX-License-Identifier: Apache-2.0
#include "core/xml.h"

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

TEST(Xml, ReadsTextsByPathBelowTheRoot) {
  const auto xml = Xml::parse(
      "<?xml version=\"1.0\"?><R xmlns=\"https://x/\"><A><B>one &amp; "
      "two</B></A><L><m><n>1</n></m><m/><m><n>3</n></m></L></R>");
  ASSERT_TRUE(xml);
  EXPECT_EQ(xml->text("A/B"), "one & two");
  EXPECT_EQ(xml->text("A/C"), "");
  EXPECT_EQ(xml->texts("L/m", "n"), (std::vector<std::string>{"1", "", "3"}));
  EXPECT_EQ(xml->texts("A", "B"), std::vector<std::string>{"one & two"});
  EXPECT_TRUE(xml->texts("L/x", "n").empty());
  EXPECT_TRUE(xml->has("L"));
  EXPECT_TRUE(xml->has("A/B"));
  EXPECT_FALSE(xml->has("A/C"));
}

TEST(Xml, WhatIsNoXmlIsNothing) {
  for (const char* text : {"", "x", "<a>", "{\"a\":1}", "<a></b>"}) EXPECT_FALSE(Xml::parse(text)) << text;
}

TEST(Xml, EntitiesFromOutsideAreNotFetched) {
  const auto xml = Xml::parse("<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><r><a>&e;</a></r>");
  EXPECT_TRUE(!xml || xml->text("a").find("root") == std::string::npos);
}

}  // namespace
}  // namespace iamodbc
