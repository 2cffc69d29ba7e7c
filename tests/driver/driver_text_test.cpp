// Text at the driver's borders.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "driver/text.h"

namespace iamodbc {
namespace {

SQLCHAR* narrow(const char* text) {
  return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text));
}
SQLWCHAR* wide(const char16_t* text) {
  return reinterpret_cast<SQLWCHAR*>(const_cast<char16_t*>(text));
}

TEST(Text, IsReadByLengthOrToItsEnd) {
  EXPECT_EQ(text_from(narrow("abcdef"), 3).value(), "abc");
  EXPECT_EQ(text_from(narrow("abcdef"), SQL_NTS).value(), "abcdef");
  EXPECT_EQ(text_from(narrow("abcdef"), 0).value(), "");
  EXPECT_EQ(text_from(narrow("\xff\x80"), 2).value(), "\xff\x80");
  EXPECT_EQ(text_from(narrow("a\0b"), 3).value(), std::string("a\0b", 3));
  EXPECT_EQ(text_from(wide(u"caf\u00e9!"), 4).value(), "caf\xc3\xa9");
  EXPECT_EQ(text_from(wide(u"caf\u00e9!"), SQL_NTS).value(), "caf\xc3\xa9!");
  EXPECT_EQ(text_from(wide(u"\U0001f600"), 2).value(), "\xf0\x9f\x98\x80");
}

TEST(Text, NullIsEmptyAndANegativeLengthIsRefused) {
  EXPECT_EQ(text_from(static_cast<SQLCHAR*>(nullptr), SQL_NTS).value(), "");
  EXPECT_EQ(text_from(static_cast<SQLWCHAR*>(nullptr), 7).value(), "");
  EXPECT_EQ(text_from(narrow("abc"), -1).error().sqlstate, "HY090");
  EXPECT_EQ(text_from(wide(u"abc"), -4).error().sqlstate, "HY090");
}

TEST(Text, IsWrittenWithItsTerminatorAndTheLengthOfAll) {
  SQLCHAR buffer[8] = {};
  SQLSMALLINT length = 0;
  EXPECT_TRUE(put_text("abc", buffer, 4, &length));
  EXPECT_STREQ(reinterpret_cast<char*>(buffer), "abc");
  EXPECT_EQ(length, 3);
  EXPECT_FALSE(put_text("abc", buffer, 3, &length));
  EXPECT_STREQ(reinterpret_cast<char*>(buffer), "ab");
  EXPECT_EQ(length, 3);
  EXPECT_FALSE(put_text("abc", buffer, 0, &length));
  EXPECT_TRUE(put_text("abc", static_cast<SQLCHAR*>(nullptr), 0, &length));
  EXPECT_TRUE(put_text("abc", buffer, 8, nullptr));
  EXPECT_TRUE(put_text(std::string(40000, 'x'), static_cast<SQLCHAR*>(nullptr), 0, &length));
  EXPECT_EQ(length, 32767);
}

TEST(Text, WideCountsUnitsAndLoneSurrogatesSurvive) {
  const char16_t lone[] = {u'a', 0xd800, u'b', 0};
  SQLWCHAR buffer[8] = {};
  SQLSMALLINT length = 0;
  EXPECT_TRUE(put_text(text_from(wide(lone), SQL_NTS).value(), buffer, 8, &length));
  EXPECT_EQ(length, 3);
  EXPECT_EQ(std::u16string(reinterpret_cast<char16_t*>(buffer)), std::u16string(lone));
  EXPECT_FALSE(put_text("\xf0\x9f\x98\x80", buffer, 2, &length));
  EXPECT_EQ(length, 2);
}

}  // namespace
}  // namespace iamodbc
