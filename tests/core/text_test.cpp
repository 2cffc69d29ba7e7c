// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <string>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

TEST(Text, LowerAndUpperChangeAsciiLettersOnly) {
  EXPECT_EQ(lower("AZ@[`{ \xC3\x84"), "az@[`{ \xC3\x84");
  EXPECT_EQ(upper("az@[`{ \xC3\xA4"), "AZ@[`{ \xC3\xA4");
  EXPECT_EQ(lower(""), "");
}

TEST(Text, SameNameIgnoresAsciiCaseAndNothingElse) {
  EXPECT_TRUE(same_name("BaseDriver", "basedRIVER"));
  EXPECT_TRUE(same_name("", ""));
  EXPECT_FALSE(same_name("Server", "Servers"));
  EXPECT_FALSE(same_name("Servers", "Server"));
  EXPECT_FALSE(same_name("@", "`"));  // 0x40 and 0x60 differ by the bit that makes letters lower case
}

TEST(Text, StartsWithNameIgnoresAsciiCase) {
  EXPECT_TRUE(starts_with_name("SSLmode", "ssl"));
  EXPECT_TRUE(starts_with_name("SSLmode", ""));
  EXPECT_FALSE(starts_with_name("SS", "ssl"));
}

TEST(Text, TrimmedTakesBlanksTabsAndLineEndsFromBothEnds) {
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \t\r\n"), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\va\f"), "\va\f");
}

TEST(Text, ParseIntegerTakesDecimalDigitsAndAMinus) {
  EXPECT_EQ(parse_integer("5432"), 5432);
  EXPECT_EQ(parse_integer("-1"), -1);
  EXPECT_EQ(parse_integer("007"), 7);
  EXPECT_EQ(parse_integer("9223372036854775807"), 9223372036854775807LL);
}

TEST(Text, ParseIntegerRefusesEverythingElse) {
  for (const char* text : {"", " 1", "1 ", "+1", "1.0", "0x10", "1e3", "-", "1,000", "9223372036854775808"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(Text, EditDistanceCountsEachKindOfEditOnce) {
  EXPECT_EQ(edit_distance("Region", "region"), 0U);
  EXPECT_EQ(edit_distance("Region", "Regon"), 1U);    // left out
  EXPECT_EQ(edit_distance("Region", "Reegion"), 1U);  // put in
  EXPECT_EQ(edit_distance("Region", "Ragion"), 1U);   // replaced
  EXPECT_EQ(edit_distance("Region", "Reigon"), 1U);   // neighbours swapped
  EXPECT_EQ(edit_distance("Region", "eRgino"), 2U);   // two swaps
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Text, OnOneLineNothingSpeaksToATerminal) {
  EXPECT_EQ(on_one_line("  a\n\tb \x1b[31mc\x7f\xc3\xa9\n", 100), "a b [31mc???");
  EXPECT_EQ(on_one_line("abcdef", 3), "abc");
}

TEST(Text, AWordForAShellIsQuotedWhereTheShellWouldNotTakeItAsItIs) {
  for (const char* const plain : {"sales", "/home/me/.aws/credentials", "C:a,b+c@d%e-f_g"})
    EXPECT_EQ(quoted_for_shell(plain), plain);
  EXPECT_EQ(quoted_for_shell(""), "''");
  EXPECT_EQ(quoted_for_shell("~/my keys; rm $x"), "'~/my keys; rm $x'");
  EXPECT_EQ(quoted_for_shell("Jane's"), "'Jane'\\''s'");
}

}  // namespace
}  // namespace iamodbc
