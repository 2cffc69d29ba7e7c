// SPDX-License-Identifier: Apache-2.0
#include "core/base_driver_file.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

// An odbcinst.ini as if read.
OdbcFiles registered(const std::vector<std::pair<std::string, Entries>>& sections) {
  IniFile file;
  file.path = "/etc/odbcinst.ini";
  file.exists = true;
  for (const auto& [name, entries] : sections) {
    IniSection section;
    section.name = name;
    for (const auto& [key, value] : entries) {
      IniEntry entry;
      entry.key = key;
      entry.value = value;
      section.entries.push_back(entry);
    }
    file.sections.push_back(section);
  }
  return {{}, {file}};
}

// As on Debian with all three packages, and ourselves first.
OdbcFiles debian() {
  return registered({{"iamodbc", {{"Driver", "/usr/lib/x86_64-linux-gnu/odbc/libiamodbc.so"}}},
                     {"PostgreSQL ANSI", {{"Driver", "psqlodbca.so"}}},
                     {"PostgreSQL Unicode", {{"Driver", "psqlodbcw.so"}}},
                     {"MySQL ANSI", {{"Driver", "/opt/mysql/lib/libmyodbc8a.so"}}},
                     {"MySQL Unicode", {{"Driver", "/opt/mysql/lib/libmyodbc8w.so"}}},
                     {"MariaDB Unicode", {{"Driver", "libmaodbc.so"}}}});
}

System world(std::map<std::string, std::string> variables = {}) {
  return {std::move(variables), [] { return Time(); }};
}

void expect_words(const std::string& message, const std::vector<std::string>& words) {
  for (const std::string& word : words) EXPECT_NE(message.find(word), std::string::npos) << word << "\nin " << message;
}

TEST(BaseDriverFile, ASectionNamesItsFile) {
  const auto found = find_base_driver(" mysql unicode ", debian(), world(), "");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found.value().section, "MySQL Unicode");
  EXPECT_EQ(found.value().name, "/opt/mysql/lib/libmyodbc8w.so");
  EXPECT_EQ(found.value().candidates, std::vector<std::string>{"/opt/mysql/lib/libmyodbc8w.so"});
}

TEST(BaseDriverFile, Driver64GoesFirstUnlessItIsEmpty) {
  static_assert(sizeof(void*) == 8);
  const OdbcFiles files = registered({{"a", {{"Driver", "/lib/a32.so"}, {"Driver64", "/lib64/a.so"}}},
                                      {"b", {{"Driver64", ""}, {"Driver", "/lib/b.so"}}}});
  EXPECT_EQ(find_base_driver("a", files, world(), "").value().name, "/lib64/a.so");
  EXPECT_EQ(find_base_driver("b", files, world(), "").value().name, "/lib/b.so");
}

TEST(BaseDriverFile, ABareFileNameIsSearchedInOrder) {
  const auto found = find_base_driver("PostgreSQL Unicode", debian(),
                                      world({{"LTDL_LIBRARY_PATH", "/first:/second/::/first"}}), "/ours");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found.value().section, "PostgreSQL Unicode");
  const std::vector<std::string>& candidates = found.value().candidates;
  ASSERT_GE(candidates.size(), 5U);
  EXPECT_EQ(candidates[0], "psqlodbcw.so");
  EXPECT_EQ(candidates[1], "/first/psqlodbcw.so");
  EXPECT_EQ(candidates[2], "/second/psqlodbcw.so");
  EXPECT_TRUE(candidates[3].ends_with("/odbc/psqlodbcw.so")) << candidates[3];
  EXPECT_EQ(candidates.back(), "/ours/psqlodbcw.so");
  EXPECT_NE(std::find(candidates.begin(), candidates.end(), "/usr/lib/odbc/psqlodbcw.so"), candidates.end());
  for (const std::string& candidate : candidates) {
    EXPECT_EQ(std::count(candidates.begin(), candidates.end(), candidate), 1) << candidate;
  }
}

TEST(BaseDriverFile, APathIsTakenAsItIs) {
  const auto found = find_base_driver("/no/such/driver", debian(), world({{"LTDL_LIBRARY_PATH", "/first"}}), "/ours");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found.value().section, "");
  EXPECT_EQ(found.value().candidates, std::vector<std::string>{"/no/such/driver"});
}

TEST(BaseDriverFile, ALibraryNameNeedsNoSection) {
  const auto found = find_base_driver("other.so.1", debian(), world(), "");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found.value().section, "");
  EXPECT_EQ(found.value().candidates.front(), "other.so.1");
}

TEST(BaseDriverFile, AFileThatASectionNamesBringsItsSection) {
  EXPECT_EQ(find_base_driver("psqlodbcw.so", debian(), world(), "").value().section, "PostgreSQL Unicode");
  EXPECT_EQ(find_base_driver("/usr/lib/odbc/psqlodbca.so", debian(), world(), "").value().section, "PostgreSQL ANSI");
  EXPECT_EQ(find_base_driver("/opt/mysql/lib/libmyodbc8w.so", debian(), world(), "").value().section, "MySQL Unicode");
  EXPECT_EQ(find_base_driver("/elsewhere/libmyodbc8w.so", debian(), world(), "").value().section, "");
}

TEST(BaseDriverFile, AnUnknownNameIsAnErrorThatListsTheNames) {
  const auto found = find_base_driver("Postgres", debian(), world(), "");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().sqlstate, "IM003");
  expect_words(found.error().message,
               {"BaseDriver=Postgres", "/etc/odbcinst.ini", "PostgreSQL Unicode", "MariaDB Unicode"});
  EXPECT_EQ(found.error().message.find("iamodbc,"), std::string::npos) << found.error().message;
}

TEST(BaseDriverFile, NoOdbcinstIniAtAllIsSaid) {
  IniFile missing;
  missing.path = "/etc/odbcinst.ini";
  const auto found = find_base_driver("Postgres", OdbcFiles({}, {missing}), world(), "");
  ASSERT_FALSE(found.ok());
  expect_words(found.error().message, {"No base driver is registered in /etc/odbcinst.ini (missing)"});
}

TEST(BaseDriverFile, ASectionWithoutAFileIsAnError) {
  const auto found = find_base_driver("a", registered({{"a", {{"Description", "x"}, {"Driver", " "}}}}), world(), "");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().sqlstate, "IM003");
  expect_words(found.error().message, {"BaseDriver=a", "no Driver= line"});
}

TEST(BaseDriverFile, WeAreNotOurOwnBaseDriver) {
  for (const char* name : {"iamodbc", "/usr/lib/libiamodbcw.so", "libiamodbca.so"}) {
    const auto found = find_base_driver(name, debian(), world(), "");
    ASSERT_FALSE(found.ok()) << name;
    expect_words(found.error().message, {"is iamodbc itself", "PostgreSQL Unicode"});
  }
}

TEST(DefaultBaseDriver, FollowsFromTheEngineElseFromThePort) {
  EXPECT_EQ(default_base_driver("postgresql", 3306, debian()).value(), "PostgreSQL Unicode");
  EXPECT_EQ(default_base_driver("MySQL", 5432, debian()).value(), "MariaDB Unicode");
  EXPECT_EQ(default_base_driver("mariadb", 0, debian()).value(), "MariaDB Unicode");
  EXPECT_EQ(default_base_driver("", 5432, debian()).value(), "PostgreSQL Unicode");
  EXPECT_EQ(default_base_driver("", 3306, debian()).value(), "MariaDB Unicode");
}

TEST(DefaultBaseDriver, TakesTheNextBestThatIsInstalled) {
  const OdbcFiles files = registered({{"my a", {{"Driver", "libmyodbc9a.so"}}},
                                      {"my w", {{"Driver", "/opt/libmyodbc9w.so"}}},
                                      {"pg a", {{"Driver", "psqlodbca.so"}}}});
  EXPECT_EQ(default_base_driver("mysql", 0, files).value(), "my w");
  EXPECT_EQ(default_base_driver("postgresql", 0, files).value(), "pg a");
  EXPECT_EQ(default_base_driver("mysql", 0, registered({{"my a", {{"Driver", "libmyodbc9a.so"}}}})).value(), "my a");
}

TEST(DefaultBaseDriver, AnUnknownEngineIsAnErrorThatListsWhatIsInstalled) {
  const auto by_port = default_base_driver("", 33306, debian());
  ASSERT_FALSE(by_port.ok());
  EXPECT_EQ(by_port.error().sqlstate, "08001");
  expect_words(by_port.error().message, {"port 33306", "Engine=", "BaseDriver", "PostgreSQL Unicode, MySQL ANSI"});
  const auto by_nothing = default_base_driver("", 0, debian());
  ASSERT_FALSE(by_nothing.ok());
  expect_words(by_nothing.error().message, {"neither BaseDriver nor Engine is given, nor a Port"});
  EXPECT_EQ(by_nothing.error().message.find("port 0"), std::string::npos);
  const auto by_engine = default_base_driver("oracle", 5432, debian());
  ASSERT_FALSE(by_engine.ok());
  expect_words(by_engine.error().message, {"Engine=oracle", "postgresql, mysql or mariadb"});
}

TEST(DefaultBaseDriver, NoneInstalledNamesThePackage) {
  const OdbcFiles none = registered({{"iamodbc", {{"Driver", "libiamodbc.so"}}}, {"x", {{"Driver", "x.so"}}}});
  const auto postgresql = default_base_driver("postgresql", 0, none);
  ASSERT_FALSE(postgresql.ok());
  EXPECT_EQ(postgresql.error().sqlstate, "IM003");
  expect_words(postgresql.error().message, {"odbc-postgresql"});
  const auto mysql = default_base_driver("", 3306, none);
  ASSERT_FALSE(mysql.ok());
  expect_words(mysql.error().message, {"odbc-mariadb"});
}

TEST(DriverName, IsTheSectionOfTheFileElseOneOfItsNameElseTheFile) {
  const std::string file = "/usr/lib/x86_64-linux-gnu/odbc/libiamodbcw.so";
  EXPECT_EQ(driver_name(file, debian()), file);
  EXPECT_EQ(driver_name(file, registered({{"by name", {{"Driver", "libiamodbcw.so"}}}})), "by name");
  EXPECT_EQ(driver_name(file, registered({{"elsewhere", {{"Driver", "/opt/libiamodbcw.so"}}},
                                          {"narrow", {{"Driver", "/opt/libiamodbca.so"}}},
                                          {"iamodbc wide", {{"Driver", file}}}})),
            "iamodbc wide");
}

TEST(BaseDriverNotLoaded, SaysWhatIsWrongBeforeItListsWhereNothingWas) {
  const BaseDriverFile driver{
      "PostgreSQL Unicode", "psqlodbcw.so", {"psqlodbcw.so", "/a/psqlodbcw.so", "/b/psqlodbcw.so"}};
  const std::string absent = ": cannot open shared object file: No such file or directory";
  const Error error = base_driver_not_loaded(driver, {{"psqlodbcw.so", "psqlodbcw.so" + absent},
                                                      {"/a/psqlodbcw.so", "libpq.so.5" + absent},
                                                      {"/b/psqlodbcw.so", "/b/psqlodbcw.so: file too short"}});
  EXPECT_EQ(error.sqlstate, "IM003");
  EXPECT_EQ(
      error.message,
      "The base driver \"PostgreSQL Unicode\" (psqlodbcw.so) could not be loaded. /a/psqlodbcw.so: libpq.so.5: cannot "
      "open shared object file: No such file or directory. /b/psqlodbcw.so: file too short. No such file: "
      "psqlodbcw.so.");
}

TEST(BaseDriverNotLoaded, ThatNoneIsThereBringsTheAdvice) {
  const std::string absent = ": cannot open shared object file: No such file or directory";
  const Error error = base_driver_not_loaded({"", "/a/x.so", {"/a/x.so"}}, {{"/a/x.so", "/a/x.so" + absent}});
  EXPECT_EQ(
      error.message,
      "The base driver /a/x.so could not be loaded. Install it, or set BaseDriver to the path of its library. No such "
      "file: /a/x.so.");
}

}  // namespace
}  // namespace iamodbc
