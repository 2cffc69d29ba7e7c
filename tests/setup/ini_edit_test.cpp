// SPDX-License-Identifier: Apache-2.0
#include "setup/ini_edit.h"

#include <string>

#include <gtest/gtest.h>

#include "core/ini_files.h"

namespace iamodbc {
namespace {

std::string set(std::string_view text, std::string_view section, std::string_view key, std::string_view value) {
  const auto result = with_value(text, section, key, value);
  return result.ok() ? result.value() : "failed: " + result.error().message;
}

std::string refusal(std::string_view section, std::string_view key, std::string_view value) {
  const auto result = with_value("[a]\n", section, key, value);
  return result.ok() ? "written" : result.error().message;
}

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

std::string with_driver(std::string_view text) {
  return set(set(text, "iamodbc", "Description", "x"), "iamodbc", "Driver", "/lib/a.so");
}

TEST(IniEdit, AnIndentedSectionThatBecomesTheFirstIsReadOn) {
  EXPECT_EQ(without_section("[a]\nx=1\n; mine\n  [b]\ny=2\n", "a"), "; mine\n[b]\ny=2\n");
  EXPECT_EQ(without_section("[c]\nz=3\n[a]\nx=1\n  [b]\ny=2\n", "a"), "[c]\nz=3\n  [b]\ny=2\n");
}

TEST(IniEdit, ASectionBehindAVerticalTabIsOne) {
  EXPECT_EQ(without_section("[c]\nz=3\n[a]\nx=1\n\v[b]\ny=2\n", "a"), "[c]\nz=3\n\v[b]\ny=2\n");
  EXPECT_EQ(without_value("[c]\nz=3\n\f[a]\nx=1\n", "a", "x"), "[c]\nz=3\n\f[a]\n");
}

// To unixODBC all of it is one section, and taking that out would take the rest.
TEST(IniEdit, AFileWithSectionsThatUnixOdbcDoesNotSeeIsNotEdited) {
  for (const char* const text :
       {"[a]\rk=v\r[b]\rk=v\r", "[a]\nk=v\rl=w\n", "[a]\nk=v\n\xEF\xBB\xBF[b]\nk=v\n", "[a]\nk=v\n\xC2\xA0[b]\nk=v\n",
        "[a]\nk=v\n \xE2\x80\x8B [b]\nk=v\n", "[a]\nk=v\n\xA0[b]\nk=v\n"}) {
    const auto file = parse_to_edit("f", text);
    ASSERT_FALSE(file.ok()) << text;
    EXPECT_NE(file.error().message.find("Nothing was changed"), std::string::npos) << file.error().message;
    EXPECT_NE(file.error().message.find("f, line "), std::string::npos) << file.error().message;
  }
  EXPECT_TRUE(parse_to_edit("f", "[a]\r\nk=v\r\r\n\r[b]\r\n").ok());
  EXPECT_TRUE(parse_to_edit("f", "[\xC3\xB6]\nk=\xC2\xA0[v]\n# \xC2\xA0[b]\n\xC3\xB6=[v]\n").ok());
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

TEST(IniEdit, AValueIsReplacedInItsLineAndNothingElseOfTheLine) {
  EXPECT_EQ(set("[a]\n Driver = x\n;Driver=z\nk=v\n", "A", "driver", "y"), "[a]\n Driver = y\n;Driver=z\nk=v\n");
  EXPECT_EQ(set("[a]\r\nDriver\t=\tx  \r\nk=v\n", "a", "Driver", ""), "[a]\r\nDriver\t=\t\r\nk=v\n");
  EXPECT_EQ(set("[a]\nDriver =   \nk", "a", "Driver", "y"), "[a]\nDriver =y\nk");
  EXPECT_EQ(set("[a]\nDriver=x", "a", "Driver", "y"), "[a]\nDriver=y\n");
}

TEST(IniEdit, AKeyWithoutAnEqualsSignGetsItsValue) {
  EXPECT_EQ(set("[a]\nk\n", "a", "k", "v"), "[a]\nk=v\n");
  EXPECT_EQ(set("[a]\nk\n", "a", "k", ""), "[a]\nk=\n");
}

TEST(IniEdit, EachLineKeepsTheEndThatItHas) {
  EXPECT_EQ(set("[a]\r\nk=1\n[b]\r\nk=1\r\n", "a", "k", "2"), "[a]\r\nk=2\n[b]\r\nk=1\r\n");
  EXPECT_EQ(set("[a]\nk=1\n[b]\r\nk=1\r\n", "b", "n", "2"), "[a]\nk=1\n[b]\r\nk=1\r\nn=2\r\n");
}

TEST(IniEdit, BytesOfNoUtf8StayAsTheyAre) {
  EXPECT_EQ(set("[a]\n; \xE9\xFF\nk=\xE4\n", "a", "n", "\xFC"), "[a]\n; \xE9\xFF\nk=\xE4\nn=\xFC\n");
}

TEST(IniEdit, AKeyTakenOutGoesInEveryLineOfItsSection) {
  EXPECT_EQ(without_value("[a]\nk=1\n; k=2\nK = 3\nx=k\n[b]\nk=4\n", "A", "k"), "[a]\n; k=2\nx=k\n[b]\nk=4\n");
  EXPECT_EQ(without_value("[b]\nk=4\n", "a", "k"), "[b]\nk=4\n");
}

TEST(IniEdit, TheFirstOfTwoKeysIsMeant) {
  EXPECT_EQ(set("[a]\nk=1\nk=2\n", "a", "k", "3"), "[a]\nk=3\nk=2\n");
}

TEST(IniEdit, AnEqualValueChangesNothing) {
  const std::string text = "[a]\n  k  =  v  \n";
  EXPECT_EQ(set(text, "a", "K", "v"), text);
}

TEST(IniEdit, ANewKeyComesBehindTheLastLineOfItsSection) {
  EXPECT_EQ(set("[a]\nk=v\n\n; about b\n[b]\n", "a", "n", "1"), "[a]\nk=v\nn=1\n\n; about b\n[b]\n");
  EXPECT_EQ(set("[a]\nk=v", "a", "n", "1"), "[a]\nk=v\nn=1\n");
}

TEST(IniEdit, ACommentedHeaderIsNoSection) {
  EXPECT_EQ(set("#[a]\n[b]\n", "a", "k", "v"), "#[a]\n[b]\n\n[a]\nk=v\n");
}

TEST(IniEdit, OurOwnReaderFindsWhatWasWritten) {
  const IniFile file = parse_odbc_ini("f", with_driver(odd_file));
  ASSERT_NE(file.find("iamodbc"), nullptr);
  EXPECT_EQ(file.find("iamodbc")->find("Driver")->value, "/lib/a.so");
  EXPECT_EQ(file.find("PostgreSQL Unicode")->find("Driver")->value, "psqlodbcw.so");
}

TEST(IniEdit, ALineThatUnixOdbcWouldCutIsRefused) {
  const std::string longest(unixodbc_line_limit - 2, 'x');
  EXPECT_EQ(refusal("a", "k", longest), "written");
  EXPECT_EQ(refusal("a", "k", longest + "x"),
            "[a] the line k=... would have 1000 bytes, and unixODBC cuts lines of more than 999. It is not written. "
            "Give this value in the connection string, or shorten it.");
}

TEST(IniEdit, BlanksOfALineGoWhereTheyWouldMakeItTooLong) {
  const std::string longest(unixodbc_line_limit - 2, 'x');
  EXPECT_EQ(set("[a]\n  k  =  v\n", "a", "k", longest), "[a]\nk=" + longest + "\n");
}

TEST(IniEdit, AValueThatWouldNotBeReadAsItIsWrittenIsRefused) {
  for (const char* const value : {"a\nb", "a\rb", "x\n[b]\nDriver=/tmp/bad.so"}) {
    EXPECT_EQ(refusal("a", "k", value),
              "[a] the value of k holds a line end or a NUL byte, and a line of an ini file "
              "cannot. It is not written.");
  }
  EXPECT_NE(refusal("a", "k", std::string_view("a\0b", 3)), "written");
  for (const char* const value : {" a", "a ", "a\t"}) {
    EXPECT_EQ(refusal("a", "k", value),
              "[a] the value of k starts or ends with a blank, which every reader of an ini "
              "file drops. It is not written.");
  }
  for (const char* const value : {"", "a b", "a;b", "#a", "[a]", "{a=b}"})
    EXPECT_EQ(refusal("a", "k", value), "written");
}

TEST(IniEdit, ANameThatWouldNotBeReadAsItIsWrittenIsRefused) {
  for (const char* const key : {"", "a=b", "#a", ";a", "[a", " a", "a\nb"})
    EXPECT_NE(refusal("a", key, "v"), "written");
  for (const char* const section : {"", "a]b", " a", "a\nb"}) EXPECT_NE(refusal(section, "k", "v"), "written");
  for (const char* const section : {"a=b", "a[b", "PostgreSQL Unicode"})
    EXPECT_EQ(refusal(section, "k", "v"), "written");
}

TEST(IniEdit, ANameThatOdbcDoesNotTakeForADsnIsRefused) {
  const auto reason = [](const std::string& name) {
    const auto error = unusable_dsn_name(name);
    return error ? error->message : "usable";
  };
  EXPECT_EQ(reason(std::string(32, 'd')), "usable");
  EXPECT_EQ(reason("My sales-db.2_\xC3\xA9"), "usable");
  EXPECT_EQ(
      reason(std::string(33, 'd')),
      "\"" + std::string(33, 'd') + "\" cannot be the name of a DSN: it has 33 bytes, and ODBC takes 32 at most.");
  EXPECT_EQ(reason("a]b"), "\"a]b\" cannot be the name of a DSN: ODBC takes none of []{}(),;?*=!@\\ in one.");
  for (const char* const name :
       {"", " a", "a ", "a=b", "a[b", "a{b", "a;b", "a\\b", "a\nb", "a\x7f", "odbc", "ODBC data sources"}) {
    EXPECT_NE(reason(name), "usable") << name;
  }
}

TEST(IniEdit, AFileThatUnixOdbcIgnoresIsNotWorthWritingTo) {
  EXPECT_TRUE(parse_to_edit("f", "; words\n[a]\nk=v\n").ok());
  EXPECT_TRUE(parse_to_edit("f", "").ok());
  EXPECT_EQ(
      parse_to_edit("f", "k=v\n[a]\n").error().message,
      "f, line 1: there is text before the first [section], so unixODBC ignores the whole file. Nothing was changed.");
  EXPECT_FALSE(parse_to_edit("f", std::string_view("\xFF\xFE[\0a\0]\0", 8)).ok());
}

}  // namespace
}  // namespace iamodbc
