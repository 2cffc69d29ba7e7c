// SPDX-License-Identifier: Apache-2.0
#include "setup/output.h"

#include <string_view>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

TEST(Output, ShowsControlCharactersInsteadOfSendingThem) {
  EXPECT_EQ(shown("a\x1b[2Jb\x7f"), "a\\x1b[2Jb\\x7f");
  EXPECT_EQ(shown(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(shown("a\xc2\x9b"
                  "2J"),
            "a\\xc2\\x9b2J");  // U+009B, as good as ESC and [
  EXPECT_EQ(shown("a\xc2\xa0"
                  "b\xc2"),
            "a\xc2\xa0"
            "b\xc2");
  EXPECT_EQ(shown("\xc2ge \xc2 x"), "\xc2ge \xc2 x");  // Latin-1
}

TEST(Output, IsOneLine) {
  EXPECT_EQ(shown("failed:\n\tserver is down\n"), "failed:  server is down");
}

TEST(Output, LeavesOtherLettersAlone) {
  EXPECT_EQ(shown("zoë 東京"), "zoë 東京");
}

TEST(JsonString, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(json_string("a\"b\\c\nd\x01"), "\"a\\\"b\\\\c\\u000ad\\u0001\"");
  EXPECT_EQ(json_string("a\xc2\x9b"
                        "2J\xc2\xa0"),
            "\"a\\u009b2J\xc2\xa0\"");
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_string("a\xff"), "\"a\xEF\xBF\xBD\"");
}

TEST(JsonString, KeepsUtf8) {
  EXPECT_EQ(json_string("zoë 𝄞"), "\"zoë 𝄞\"");
}

}  // namespace
}  // namespace iamodbc
