// SPDX-License-Identifier: Apache-2.0
#include "core/given.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

const BaseDriverProfile& psqlodbc = base_driver_profile(BaseKind::psqlodbc);

Given gathered(std::string_view text, const OdbcFiles& files) {
  auto given = Given::gather(parsed(text), files);
  EXPECT_TRUE(given) << (given ? "" : given.error().message);
  return given ? std::move(given).value() : Given();
}

std::string value_of(const Given& given, AttributeId id) {
  const auto found = given.find(id, psqlodbc);
  return found ? std::string(found->value) : "-";
}

TEST(Given, TheStringWinsOverTheDsnAndTheDsnOverItsBaseDsn) {
  const auto files =
      odbc_files("[sales]\nServer=b\nUID=b\nBaseDSN=base\n[base]\nServername=c\nUsername=c\nPort=5433\n");
  const auto given = gathered("DSN=sales;Server=a", files);
  EXPECT_EQ(value_of(given, AttributeId::server), "a");
  EXPECT_EQ(value_of(given, AttributeId::uid), "b");
  EXPECT_EQ(value_of(given, AttributeId::port), "5433");
  EXPECT_EQ(value_of(given, AttributeId::region), "-");
  EXPECT_EQ(given.find(AttributeId::server, psqlodbc)->origin, Origin::connection_string);
  EXPECT_EQ(given.find(AttributeId::uid, psqlodbc)->origin, Origin::data_source);
  EXPECT_EQ(given.find(AttributeId::port, psqlodbc)->origin, Origin::base_data_source);
}

TEST(Given, TheLastSpellingWins) {
  const auto files = odbc_files("[sales]\nServer=a\nHost=b\nServername=c\n");
  EXPECT_EQ(value_of(gathered("DSN=sales", files), AttributeId::server), "c");
  EXPECT_EQ(value_of(gathered("Server=a;Host=b;SERVERNAME=c;server=d", files), AttributeId::server), "d");
  EXPECT_EQ(value_of(gathered("DX=a;Database=b", files), AttributeId::database), "b");
  EXPECT_EQ(value_of(gathered("Database=b;DX=a", files), AttributeId::database), "a");
}

// libodbcinst hands out the first entry of a name.
TEST(Given, TheFirstOfEqualKeysOfASectionWins) {
  const auto files = odbc_files("[sales]\nServer=a\nserver=b\n");
  EXPECT_EQ(value_of(gathered("DSN=sales", files), AttributeId::server), "a");
}

TEST(Given, TheBlanksAroundAValueAreNotReadWhereTheBaseDriverTakesThemAway) {
  const auto& mariadb = base_driver_profile(BaseKind::mariadb);
  const auto files = odbc_files("[sales]\nPort=3307\n");
  const auto given = gathered("DSN=sales; Server = db.example ;UID=\tjane\v;Database={ app };Port= ", files);
  EXPECT_EQ(given.find(AttributeId::server, mariadb)->value, "db.example");
  EXPECT_EQ(given.find(AttributeId::uid, mariadb)->value, "jane");
  EXPECT_EQ(given.find(AttributeId::database, mariadb)->value, " app ") << "in braces they may be meant";
  EXPECT_EQ(given.find(AttributeId::port, mariadb)->value, "3307") << "blanks alone are an empty value";
  EXPECT_EQ(value_of(given, AttributeId::server), " db.example ");
  EXPECT_EQ(value_of(given, AttributeId::uid), "\tjane\v");
}

TEST(Given, AnEmptyValueCountsAsNotGiven) {
  const auto files = odbc_files("[sales]\nUID=jane\nPWD=secret\nDatabase=app\n");
  const auto given = gathered("DSN=sales;UID=;PWD={};Database=", files);
  EXPECT_EQ(value_of(given, AttributeId::uid), "jane");
  EXPECT_EQ(value_of(given, AttributeId::pwd), "secret");
  EXPECT_EQ(given.find(AttributeId::database, psqlodbc, true)->value, "");
}

TEST(Given, SaysWhereEachCameFrom) {
  const auto files = odbc_files("[sales]\nServer=a\nUID=b\n");
  const auto given = gathered("dsn=Sales;Region=x", files);
  EXPECT_EQ(given.find(AttributeId::region, psqlodbc)->where, "the connection string");
  EXPECT_EQ(given.find(AttributeId::uid, psqlodbc)->where, "[sales] in /home/me/.odbc.ini, line 3");
}

TEST(Given, TheDsnMayStandInBraces) {
  const auto files = odbc_files("[sales]\nServer=a\n");
  EXPECT_EQ(value_of(gathered("DSN={sales}", files), AttributeId::server), "a");
}

TEST(Given, ABaseDsnThatIsNotThereIsAnErrorThatListsThoseThatAre) {
  const auto files = odbc_files("[sales]\nBaseDSN=bas\n[base]\nServername=c\n");
  const auto given = Given::gather(parsed("DSN=sales"), files);
  ASSERT_FALSE(given);
  for (const char* word : {"BaseDSN=bas", "sales", "base", "line 2"}) {
    EXPECT_NE(given.error().message.find(word), std::string::npos) << given.error().message;
  }
}

TEST(Given, ABaseDsnThatIsTheDsnItselfIsAnError) {
  const auto files = odbc_files("[sales]\nBaseDSN=SALES\n");
  EXPECT_FALSE(Given::gather(parsed("DSN=sales"), files));
}

TEST(Given, TheDriversSectionMayAllowMore) {
  const auto files = odbc_files("[sales]\nDriver=iamodbc\n",
                                "[iamodbc]\nDriver=/lib/libiamodbc.so\nAllowInString=yes\n[other]\nDriver=x\n");
  EXPECT_TRUE(gathered("DSN=sales", files).allows_in_string());
  EXPECT_TRUE(gathered("Driver={IAMODBC}", files).allows_in_string());
  EXPECT_FALSE(gathered("Driver=other", files).allows_in_string());
  EXPECT_FALSE(gathered("", files).allows_in_string());
  // Not the word of whoever writes the string, nor of the DSN.
  EXPECT_FALSE(gathered("Driver=other;AllowInString=yes", files).allows_in_string());
}

TEST(Given, ALineThatUnixOdbcCutsIsAnErrorThatNamesIt) {
  const std::string value(1000, 'x');
  const auto files = odbc_files("[sales]\nServer=a\nSessionToken=" + value + "\nConnSettings=" + value + "\n");
  const auto given = Given::gather(parsed("DSN=sales"), files);
  ASSERT_FALSE(given);
  for (const char* word : {"ConnSettings", "999", "line 4"})
    EXPECT_NE(given.error().message.find(word), std::string::npos) << given.error().message;
  EXPECT_EQ(given.error().message.find("xxx"), std::string::npos);
}

TEST(Given, OurOwnAttributesMayBeLongerThanUnixOdbcReads) {
  const std::string value(10000, 'x');
  const auto files = odbc_files("[sales]\nSessionToken=" + value + "\n");
  EXPECT_EQ(value_of(gathered("DSN=sales", files), AttributeId::session_token), value);
}

TEST(Given, AllIsInOrder) {
  const auto files = odbc_files("[sales]\nServer=b\nserver=shadowed\nBaseDSN=base\n[base]\nPort=1\n");
  const auto given = gathered("DSN=sales;x=1;x=2", files);
  std::string names;
  for (const Found& found : given.all()) names += std::string(found.name) + "=" + std::string(found.value) + " ";
  EXPECT_EQ(names, "DSN=sales x=1 x=2 Server=b BaseDSN=base Port=1 ");
}

TEST(Given, WhatAwsToldCountsWhereAllElseIsSilent) {
  const auto files = odbc_files("[sales]\nServer=\nBaseDSN=base\n[base]\nPort=1\n");
  auto given = gathered("DSN=sales;UID=jane", files);
  given.learn({{"Server", "db.example", "the secret sales"}, {"Port", "5439", "the secret sales"}, {"UID", "x", ""}});
  EXPECT_EQ(value_of(given, AttributeId::server), "db.example");
  EXPECT_EQ(value_of(given, AttributeId::port), "1");
  EXPECT_EQ(value_of(given, AttributeId::uid), "jane");
  const auto server = given.find(AttributeId::server, base_driver_profile(BaseKind::unknown));
  ASSERT_TRUE(server);
  EXPECT_EQ(server->origin, Origin::aws);
  EXPECT_EQ(server->where, "the secret sales");
  EXPECT_EQ(given.all().back().name, "UID");

  const Given moved = std::move(given);  // views of it are asked anew, and hold
  EXPECT_EQ(value_of(moved, AttributeId::server), "db.example");
}

TEST(Given, WhatAwsTellsLaterTakesThePlaceOfWhatItToldBefore) {
  const auto files = odbc_files("");
  auto given = gathered("UID=jane", files);
  given.learn({{"Server", "old.example", ""}, {"Port", "1", ""}});
  given.learn({{"Server", "new.example", ""}});
  EXPECT_EQ(value_of(given, AttributeId::server), "new.example");
  EXPECT_FALSE(given.find(AttributeId::port, base_driver_profile(BaseKind::unknown)));
}

}  // namespace
}  // namespace iamodbc
