// SPDX-License-Identifier: Apache-2.0
#include "core/encoding.h"

#include <string>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

using namespace std::string_literals;

TEST(Encoding, PercentEncodesAllButTheUnreservedCharacters) {
  std::string plain;
  std::string encoded;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = percent_encoded(std::string(1, static_cast<char>(byte)));
    if (text.size() == 1) plain += text;
    if (text.size() == 3) encoded += text;
  }
  EXPECT_EQ(plain, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
  EXPECT_EQ(encoded.size(), 3U * (256 - 66));
  EXPECT_EQ(percent_encoded("a/+=@ b\xC3\xB6\xFF\0"s), "a%2F%2B%3D%40%20b%C3%B6%FF%00");
}

TEST(Encoding, HexIsLowerCase) {
  EXPECT_EQ(hex("\x00\x1F\xAB\xFF"s), "001fabff");
  EXPECT_EQ(hex(""), "");
}

TEST(Encoding, Base64UrlIsThatOfRfc4648WithoutPadding) {
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("\xFB\xFF\xBF\0"s), "-_-_AA");
}

TEST(Encoding, PercentDecodingUndoesTheEncodingAndLeavesTheRest) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_EQ(percent_decoded(percent_encoded(bytes)), bytes);
  EXPECT_EQ(percent_decoded("a+b%2b%2B"), "a b++");
  EXPECT_EQ(percent_decoded("%%4%zz%4g%"), "%%4%zz%4g%");
}

TEST(Encoding, Utf16BecomesUtf8) {
  EXPECT_EQ(utf8_from_utf16(u"A\u007F\u0080\u07FF\u0800\uFFFF"), "A\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF");
  EXPECT_EQ(utf8_from_utf16(u"\U00010000\U0001F600\U0010FFFF"), "\xF0\x90\x80\x80\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF");
  EXPECT_EQ(utf8_from_utf16(std::u16string(u"a\0b", 3)), "a\0b"s);
}

TEST(Encoding, EveryUnitAndEveryCharacterSurvivesARoundTrip) {
  for (unsigned unit = 0; unit < 0x10000; ++unit) {  // lone surrogates included
    const std::u16string text{u'x', static_cast<char16_t>(unit), u'y'};
    ASSERT_EQ(utf16_from_utf8(utf8_from_utf16(text)), text) << std::hex << unit;
  }
  for (char32_t c = 0x10000; c <= 0x10FFFF; c += 0x3F) {
    const std::u16string text{static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)),
                              static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF))};
    ASSERT_EQ(utf8_from_utf16(text).size(), 4U);
    ASSERT_EQ(utf16_from_utf8(utf8_from_utf16(text)), text) << std::hex << static_cast<unsigned>(c);
  }
}

TEST(Encoding, SurrogatesInTheWrongOrderStayTwo) {
  const std::u16string text{char16_t{0xDC00}, char16_t{0xD800}};
  EXPECT_EQ(utf8_from_utf16(text), "\xED\xB0\x80\xED\xA0\x80");
  EXPECT_EQ(utf16_from_utf8("\xED\xB0\x80\xED\xA0\x80"), text);
}

TEST(Encoding, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  EXPECT_EQ(utf16_from_utf8("a\xFF"
                            "b"),
            u"a\uFFFDb");
  EXPECT_EQ(utf16_from_utf8("\xC3"), u"\uFFFD");      // ends too early
  EXPECT_EQ(utf16_from_utf8("\xE2\x82"), u"\uFFFD");  // likewise: one run
  EXPECT_EQ(utf16_from_utf8("\xE2\x82"
                            "A"),
            u"\uFFFDA");
  EXPECT_EQ(utf16_from_utf8("\xC0\x80"), u"\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(utf16_from_utf8("\xE0\x80\x80"), u"\uFFFD\uFFFD\uFFFD");  // overlong
  EXPECT_EQ(utf16_from_utf8("\xF0\x80\x80\x80"), u"\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(utf16_from_utf8("\xF4\x90\x80\x80"), u"\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
  EXPECT_EQ(utf16_from_utf8("\x80"), u"\uFFFD");
  EXPECT_EQ(utf16_from_utf8("\xF5\x80"), u"\uFFFD\uFFFD");
}

}  // namespace
}  // namespace iamodbc
