// Compares what our reader makes of odbc.ini and odbcinst.ini with what libodbcinst makes of the same files, section by
// section, key by key. libodbcinst caches values for 20 s and paths for ever, so each case runs in a process of its
// own. Where we differ on purpose, the test's name says so. SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <odbcinst.h>

#include "core/ini_files.h"
#include "core/text.h"

namespace iamodbc {
namespace {

// A file in lines "[section] key = value", as each side sees it.
using Dump = std::vector<std::string>;

std::vector<std::string> multi_string(const std::vector<char>& buffer) {
  std::vector<std::string> result;
  for (const char* text = buffer.data(); *text != '\0'; text += result.back().size() + 1) result.emplace_back(text);
  return result;
}

std::string odbcinst_value(const std::string& section, const std::string& key, const char* file) {
  std::vector<char> buffer(4096);
  SQLGetPrivateProfileString(section.c_str(), key.c_str(), "(absent)", buffer.data(), static_cast<int>(buffer.size()),
                             file);
  return buffer.data();
}

bool is_odbcs_own(const std::string& section) {
  return same_name(section, "ODBC") || same_name(section, "ODBC Data Sources");
}

Dump odbcinst_dump(const char* file) {
  Dump dump;
  std::vector<char> sections(1U << 16U);
  SQLGetPrivateProfileString(nullptr, nullptr, "", sections.data(), static_cast<int>(sections.size()), file);
  std::set<std::string> seen;
  for (const std::string& section : multi_string(sections)) {
    if (is_odbcs_own(section) || !seen.insert(lower(section)).second) continue;
    dump.push_back("[" + section + "]");
    std::vector<char> keys(1U << 16U);
    SQLGetPrivateProfileString(section.c_str(), nullptr, "", keys.data(), static_cast<int>(keys.size()), file);
    for (const std::string& key : multi_string(keys)) {
      dump.push_back("[" + section + "] " + key + " = " + odbcinst_value(section, key, file));
    }
  }
  return dump;
}

Dump our_dump(const std::vector<std::string>& names,
              const std::function<const IniSection*(std::string_view)>& section_of) {
  Dump dump;
  for (const std::string& name : names) {
    dump.push_back("[" + name + "]");
    const IniSection* const section = section_of(name);
    for (const IniEntry& entry : section->entries) {
      dump.push_back("[" + name + "] " + entry.key + " = " + section->find(entry.key)->value);
    }
  }
  return dump;
}

struct Dumps {
  Dump odbcinst;
  Dump ours;
};

// Files by their path below a new folder, and variables in whose values DIR stands for that folder.
class IniOdbcinstComparison : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "iamodbc-ini-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    for (const char* const name : {"system", "user", "home"}) std::filesystem::create_directory(folder_ / name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  void set(const std::string& variable, std::string value) { variables_[variable] = std::move(value); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // Runs `body` in a child with the variables; what it returns comes back.
  std::string in_child(const std::function<std::string()>& body) const {
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
      for (const char* const name : {"ODBCINI", "ODBCSYSINI", "ODBCINSTINI", "ODBCSEARCH"}) unsetenv(name);
      for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
      const std::string result = body();
      for (std::size_t sent = 0; sent < result.size();) {
        const ssize_t count = ::write(ends[1], result.data() + sent, result.size() - sent);
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
      }
      _exit(0);
    }
    close(ends[1]);
    std::string result;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof(buffer))) > 0;) {
      result.append(buffer, static_cast<std::size_t>(count));
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "the child crashed";
    return result;
  }

  // `file`: "odbc.ini" or "odbcinst.ini". `user_id`: who reads; 0 for whoever runs the test.
  Dumps dumps(const std::string& file, uid_t user_id = 0) const {
    constexpr char separator = '\x1e';
    const std::string text = in_child([&] {
      if (user_id != 0 && setuid(user_id) != 0) return std::string("no setuid");
      std::string result;
      const OdbcFiles files = OdbcFiles::read(System());
      const Dump ours =
          file == "odbc.ini"
              ? our_dump(files.data_source_names(), [&](std::string_view name) { return files.data_source(name); })
              : our_dump(files.driver_names(), [&](std::string_view name) { return files.driver(name); });
      for (const std::string& line : odbcinst_dump(file.c_str())) result += line + separator;
      result += separator;
      for (const std::string& line : ours) result += line + separator;
      return result;
    });
    Dumps dumps;
    Dump* dump = &dumps.odbcinst;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find(separator, start), text.size());
      if (end == start) {
        dump = &dumps.ours;
      } else {
        dump->push_back(text.substr(start, end - start));
      }
      start = end + 1;
    }
    return dumps;
  }

  void expect_equal(const std::string& file, std::size_t least_lines) const {
    const Dumps both = dumps(file);
    EXPECT_EQ(both.ours, both.odbcinst);
    EXPECT_GE(both.odbcinst.size(), least_lines) << "libodbcinst saw too little for the comparison to mean something";
  }

  // A user's odbc.ini with this text, and an empty system.
  void expect_equal_text(const std::string& text, std::size_t least_lines) {
    write("user/odbc.ini", text);
    set("ODBCINI", path("user/odbc.ini"));
    set("ODBCSYSINI", path("system"));
    expect_equal("odbc.ini", least_lines);
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> variables_;
};

TEST_F(IniOdbcinstComparison, ValuesWithMarksArriveAlike) {
  expect_equal_text(
      "; a comment\n# another\n\n[one]\nDriver=/x/y.so\nequals = a=b==\nsemicolon=a ; b;c\nhash=a # b#c\nbracket=[x]\n"
      "brackets=a]b[c\ncolon: x\nk:v=w\nquotes=\"x y\"\nsingle='x'\nbraces={a;b}}c}\npercent=%41%\nbackslash=a\\nb\n"
      "dollar=$HOME ${HOME}\ncomma=a,b\nonly_semicolon=;\nonly_hash=#\nonly_equals==\n",
      18);
}

TEST_F(IniOdbcinstComparison, BlanksAroundAndInsideKeysAndValues) {
  expect_equal_text(
      "[ one ]\n  indented = 1\n\ttabbed\t=\t2\t\nkey with blanks = value with  blanks  \n\v\fvertical\v=\fx\v\n"
      "trailing   =   \n   ; indented comment\n\t# another\n   [two]   \na=b\n[three] junk after\nc=d\n[ f o u r "
      "]\ne=f\n",
      11);
}

TEST_F(IniOdbcinstComparison, EmptyValuesAndLinesWithoutEqualsSign) {
  expect_equal_text("[one]\nempty=\nblank=   \nno equals sign\nlast_without_end=x", 5);
}

TEST_F(IniOdbcinstComparison, FirstSectionAndFirstKeyOfANameWin) {
  expect_equal_text("[one]\na=1\nA=2\na=3\n[two]\nx=1\n[ONE]\na=4\nb=5\n[two]\nx=2\ny=3\n", 5);
}

TEST_F(IniOdbcinstComparison, LettersCaseOfNamesDoesNotMatter) {
  write("user/odbc.ini", "[MyDsn]\nServerName=h\n");
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  const std::string both = in_child([] {
    return odbcinst_value("mYdSN", "SERVERNAME", "odbc.ini") + "|" +
           OdbcFiles::read(System()).data_source("mYdSN")->find("SERVERNAME")->value;
  });
  EXPECT_EQ(both, "h|h");
}

TEST_F(IniOdbcinstComparison, CarriageReturnsBeforeLineEndsGo) {
  expect_equal_text("[one]\r\na=1\r\n\r\n; comment\r\n[two]\r\nb = 2 \r\nc=\r\n", 5);
}

TEST_F(IniOdbcinstComparison, LoneCarriageReturnDoesNotEndALine) {
  expect_equal_text("[one]\na=1\rb=2\nc=3\r\r\n", 3);
}

TEST_F(IniOdbcinstComparison, UnclosedSectionRunsToTheEndOfItsLine) {
  expect_equal_text("[one]\na=1\n[two and more\nb=2\n[th]ree]\nc=3\n", 6);
}

TEST_F(IniOdbcinstComparison, BytesAboveAsciiPass) {
  expect_equal_text("[d\xC3\xA9j\xC3\xA0]\nk\xC3\xA9y=v\xE9\xFF\x80\n\xC3\x84=\xC3\xA4\n", 3);
}

TEST_F(IniOdbcinstComparison, LinesUpTo999BytesArriveWhole) {
  std::string text = "[one]\n";
  for (const std::size_t length : {196U, 197U, 198U, 199U, 200U, 201U, 997U, 998U, 999U}) {
    const std::string key = "k" + std::to_string(length);
    text += key + "=" + std::string(length - key.size() - 1, 'x') + "\n";
  }
  const std::string long_name(300, 'n');
  expect_equal_text(text + "crlf=" + std::string(994, 'y') + "\r\n[" + long_name + "]\n" + long_name + "=v\n", 13);
}

TEST_F(IniOdbcinstComparison, ManyBlanksAfterAValueAreNoLongLine) {
  expect_equal_text("[one]\na=1" + std::string(3000, ' ') + "\nb=2\n", 3);
  const IniFile file = parse_odbc_ini("f", "[one]\na=1" + std::string(3000, ' ') + "\n");
  EXPECT_LE(file.sections[0].entries[0].length, unixodbc_line_limit);
}

TEST_F(IniOdbcinstComparison, EmptyAndCommentOnlyFilesHoldNothing) {
  write("user/odbc.ini", "; nothing\n\n# here\n");
  write("system/odbc.ini", "[one]\na=1\n");
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  expect_equal("odbc.ini", 2);
}

// unixODBC gives such a file up as a whole; so do we, with a word about it.
TEST_F(IniOdbcinstComparison, UserFileThatUnixodbcGivesUpLeavesTheSystems) {
  for (const std::string start : {"key=value\n", " [indented]\n", "\xEF\xBB\xBF", "junk\n"}) {
    write("user/odbc.ini", start + "[mine]\na=1\n");
    write("system/odbc.ini", "[systems]\nb=2\n");
    set("ODBCINI", path("user/odbc.ini"));
    set("ODBCSYSINI", path("system"));
    const Dumps both = dumps("odbc.ini");
    EXPECT_EQ(both.odbcinst, (Dump{"[systems]", "[systems] b = 2"}));
    EXPECT_EQ(both.ours, both.odbcinst) << start;
    const std::string problem = in_child([] { return OdbcFiles::read(System()).problems().at(0); });
    EXPECT_NE(problem.find(path("user/odbc.ini") + ", line 1: "), std::string::npos) << problem;
  }
}

TEST_F(IniOdbcinstComparison, SystemFileThatUnixodbcGivesUpLeavesTheUsers) {
  write("user/odbc.ini", "[mine]\na=1\n");
  write("system/odbc.ini", "; comment\noops\n[systems]\nb=2\n");
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  expect_equal("odbc.ini", 2);
}

TEST_F(IniOdbcinstComparison, UsersSectionHidesAllOfTheSystemsOfThatName) {
  write("user/odbc.ini", "[both]\na=user\n[mine]\nx=1\n");
  write("system/odbc.ini", "[BOTH]\na=system\nb=system\n[systems]\nc=2\n[systems]\nd=3\n[ODBC Data Sources]\nmine=x\n");
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  expect_equal("odbc.ini", 6);
}

TEST_F(IniOdbcinstComparison, OdbcsearchLeavesOneOfTheTwoOut) {
  write("user/odbc.ini", "[both]\na=user\n[mine]\nx=1\n");
  write("system/odbc.ini", "[both]\na=system\n[systems]\nc=2\n");
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  for (const std::string search : {"ODBC_SYSTEM_DSN", "ODBC_USER_DSN", "ODBC_BOTH_DSN", "nonsense", ""}) {
    set("ODBCSEARCH", search);
    expect_equal("odbc.ini", 4);
  }
}

TEST_F(IniOdbcinstComparison, UserFileThatIsAFolderIsPassedOver) {
  write("system/odbc.ini", "[systems]\nc=2\n");
  set("ODBCINI", path("user"));
  set("ODBCSYSINI", path("system"));
  expect_equal("odbc.ini", 2);
}

TEST_F(IniOdbcinstComparison, UserFileThatTheUserMayNotWriteIsPassedOver) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";  // to become another user
  write("user/odbc.ini", "[both]\na=user\n[mine]\nx=1\n");
  write("system/odbc.ini", "[both]\na=system\n");
  std::filesystem::permissions(folder_ / "user/odbc.ini", std::filesystem::perms(0444));
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  const Dumps both = dumps("odbc.ini", 65534);
  EXPECT_EQ(both.odbcinst, (Dump{"[both]", "[both] a = system"}));
  EXPECT_EQ(both.ours, both.odbcinst);
}

TEST_F(IniOdbcinstComparison, DriversComeFromTheSystemBeforeTheUser) {
  write("system/odbcinst.ini", "[ODBC]\nTrace=No\n[both]\nDriver=/system.so\n[systems]\nDriver=/s.so\nSetup=/t.so\n");
  write("home/.odbcinst.ini", "[both]\nDriver=/user.so\nSetup=/u.so\n[mine]\nDriver=/m.so\n");
  set("ODBCSYSINI", path("system"));
  set("HOME", path("home"));
  expect_equal("odbcinst.ini", 7);
}

TEST_F(IniOdbcinstComparison, OdbcinstiniIsANameBelowTheSystemsFolder) {
  write("system/other.ini", "[other]\nDriver=/o.so\n");
  write("system/odbcinst.ini", "[usual]\nDriver=/u.so\n");
  set("HOME", path("home"));
  set("ODBCSYSINI", path("system"));
  set("ODBCINSTINI", "other.ini");
  expect_equal("odbcinst.ini", 2);
  set("ODBCSYSINI", "/");
  set("ODBCINSTINI", path("system/other.ini"));
  expect_equal("odbcinst.ini", 2);
}

TEST_F(IniOdbcinstComparison, NastyDriverSectionsArriveAlike) {
  write("system/odbcinst.ini",
        "# c\n[ A b ]\nDescription = x ; y # z\nDriver\t=\t/a b.so \r\nFileUsage=1\nThreading\n\n[a "
        "B]\nDriver=/2.so\n[c]\nq=a=b=c\n");
  set("ODBCSYSINI", path("system"));
  set("HOME", path("home"));
  expect_equal("odbcinst.ini", 6);
}

// ---- Where we differ, on purpose ----

TEST_F(IniOdbcinstComparison, WeReadLongerLinesWholeAndSayThatUnixodbcDoesNot) {
  for (const std::size_t length : {1000U, 1001U, 1500U, 12'000U}) {
    const std::string value(length - 2, 'v');
    write("user/odbc.ini", "[one]\nk=" + value + "\nz=after\n");
    set("ODBCINI", path("user/odbc.ini"));
    set("ODBCSYSINI", path("system"));
    const std::string theirs = in_child([] { return odbcinst_value("one", "k", "odbc.ini"); });
    EXPECT_EQ(theirs, value.substr(0, 997));
    const std::string ours = in_child([] { return OdbcFiles::read(System()).data_source("one")->find("k")->value; });
    EXPECT_EQ(ours, value);
    const IniFile file = parse_odbc_ini("f", "[one]\nk=" + value + "\nz=after\n");
    EXPECT_EQ(file.sections[0].entries[0].length, length);
    EXPECT_GT(file.sections[0].entries[0].length, unixodbc_line_limit);
    EXPECT_EQ(file.sections[0].find("z")->value, "after");
  }
}

TEST_F(IniOdbcinstComparison, WeReadIndentedLinesOfASystemFileAsThoseOfAUserFile) {
  // unixODBC appends the system's file by other rules than it reads the user's: it passes over indented lines there.
  write("user/odbc.ini", "[mine]\nx=1\n");
  write("system/odbc.ini", "[systems]\na=1\n  b=2\n_c=3\n");
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  const Dumps both = dumps("odbc.ini");
  EXPECT_EQ(both.odbcinst, (Dump{"[mine]", "[mine] x = 1", "[systems]", "[systems] a = 1"}));
  EXPECT_EQ(both.ours,
            (Dump{"[mine]", "[mine] x = 1", "[systems]", "[systems] a = 1", "[systems] b = 2", "[systems] _c = 3"}));
}

TEST_F(IniOdbcinstComparison, WeFollowAnAbsoluteOdbcinstiniWhereUnixodbcFindsNothing) {
  write("user/other.ini", "[other]\nDriver=/o.so\n");
  set("HOME", path("home"));
  set("ODBCSYSINI", path("system"));
  set("ODBCINSTINI", path("user/other.ini"));
  const Dumps both = dumps("odbcinst.ini");
  EXPECT_EQ(both.odbcinst, Dump{});
  EXPECT_EQ(both.ours, (Dump{"[other]", "[other] Driver = /o.so"}));
}

TEST_F(IniOdbcinstComparison, WeGiveUpAFileWithANulByte) {
  const std::string text("[one]\na=1\nb=2\0x\nc=3\n", 21);
  write("user/odbc.ini", text);
  set("ODBCINI", path("user/odbc.ini"));
  set("ODBCSYSINI", path("system"));
  const Dumps both = dumps("odbc.ini");
  EXPECT_EQ(both.odbcinst.size(), 4U);
  EXPECT_EQ(both.ours, Dump{});
  EXPECT_NE(parse_odbc_ini("f", text).problem.find("f, line 3: there is a NUL byte"), std::string::npos);
}

}  // namespace
}  // namespace iamodbc
