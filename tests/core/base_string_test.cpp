// SPDX-License-Identifier: Apache-2.0
// What the base driver is told. The heart are the last tests: whatever an application writes before our attributes, each base driver, read by an
// independent retelling of its parser, sees our server, port, user, TLS level and secret.
#include "core/base_string.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/core/mysql_reads.h"
#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

constexpr std::string_view login = "Server=db.example;UID=jane;";

std::string ca() {
  return data_folder() + "/rds-ca.pem";
}

Walked with(std::string_view more, const WalkOptions& options = {}, BaseKind kind = BaseKind::psqlodbc) {
  return walked(kind, std::string(login) + std::string(more), options);
}

void expect_refused(const Walked& walk, std::initializer_list<std::string_view> words) {
  ASSERT_TRUE(walk.error) << walk.text;
  for (const auto word : words)
    EXPECT_NE(walk.error->message.find(word), std::string::npos) << word << " in " << walk.error->message;
}

std::string ours(const std::string& server = "db.example") {
  return "Servername=" + server + ";Port=5432;UID=jane;SSLmode=verify-full;pqopt={sslrootcert='" + ca() +
         "' gssencmode='disable'};Debug=0;CommLog=0;PWD={" + std::string(a_token) + "}";
}

// ---- shape ----

TEST(BaseString, IsForeignThenOursThenForcedThenTheSecret) {
  EXPECT_EQ(with("Fetch=7").text, "Fetch=7;" + ours());
  const auto walk = walked(BaseKind::mariadb, std::string(login) + "CHARSET=utf8");
  EXPECT_EQ(walk.text, "CHARSET=utf8;SERVER=db.example;PORT=3306;UID=jane;FORCETLS=1;SSLVERIFY=1;SSLCA=" + ca() +
                           ";TLSVERSION=TLSv1.2,TLSv1.3;TCPIP=1;PWD={" + std::string(a_token) + "}");
}

// Which cluster is meant it learns from the name in the TLS handshake.
TEST(BaseString, AnOldLibpqIsNotUsedWithDsql) {
  WalkOptions options;
  options.libpq_version = 130009;
  const std::string dsql = "AuthType=DSQL;" + std::string(login);
  const auto old = walked(BaseKind::psqlodbc, dsql, options);
  ASSERT_TRUE(old.error);
  EXPECT_EQ(old.error->sqlstate, "08001");
  EXPECT_NE(old.error->message.find("libpq 14"), std::string::npos) << old.error->message;
  EXPECT_FALSE(walked(BaseKind::psqlodbc, std::string(login), options).error);
  for (const int fit : {140000, 170000, 0}) {  // 0: it does not tell
    options.libpq_version = fit;
    EXPECT_FALSE(walked(BaseKind::psqlodbc, dsql, options).error) << fit;
  }
  EXPECT_NE(walked(BaseKind::psqlodbc, dsql).text.find("Database=postgres;"), std::string::npos);
  EXPECT_NE(walked(BaseKind::psqlodbc, dsql + ";Database=").text.find("Database=postgres;"), std::string::npos);
}

TEST(BaseString, APortThatATunnelHasChosenIsDialledInThePlaceOfPort) {
  WalkOptions options;
  options.port = 40001;
  EXPECT_NE(with("Port=5432", options).text.find(";Port=40001;"), std::string::npos);
  for (const char* port : {"Port=5432;", ""}) {
    const auto walk = with(std::string(port) + "AuthType=Password;PWD=x", options, BaseKind::mariadb);
    EXPECT_NE(walk.text.find(";PORT=40001;"), std::string::npos) << walk.text;
    EXPECT_EQ(walk.text.find("5432"), std::string::npos) << walk.text;
  }
}

TEST(BaseString, ForeignAttributesStayByteForByteInOrderWithDuplicates) {
  const std::string foreign = " Fetch = 7;B6={1};x={a;}}b=c};Fetch=8;trusted;zo\xC3\xAB=\xFF";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "UID=a;" + foreign + ";" + std::string(login)).text, foreign + ";" + ours());
}

TEST(BaseString, EverySpellingOfOursIsTakenOutAndWrittenOnce) {
  const auto walk = with(
      "SERVERNAME=x;Host=y;server={db.example};User=z;Username=jane;Port=1;pORT=5432;Password=p;PWD=q;AuthType=IAM;"
      "Region=r;Profile=s;TLS=verify-full;"
      "Debug=1;B2=1;CommLog=1;B3=1;SSLmode=require;CA=vf;LogLevel=off;Engine=postgresql");
  EXPECT_EQ(walk.text, ours());
}

TEST(BaseString, OurDriverNeverGoesDown) {
  EXPECT_EQ(with("Driver={iamodbc};SAVEFILE=/tmp/x;FILEDSN=/tmp/y").text, ours());
}

TEST(BaseString, PsqlodbcGetsTheApplicationsDsnAndItsOwnSection) {
  WalkOptions options;
  options.odbc_ini = "[sales]\nDriver=iamodbc\nServer=db.example\nUID=jane\nFetch=3\n";
  options.section = "PostgreSQL Unicode";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "DSN=sales", options).text, "DSN=sales;Driver=PostgreSQL Unicode;" + ours());
}

TEST(BaseString, WithoutDsnAndSectionPsqlodbcGetsItsFileLestItInventsADsn) {
  WalkOptions options;
  options.file = "/lib/psqlodbcw.so";
  EXPECT_EQ(with("", options).text, "Driver=/lib/psqlodbcw.so;" + ours());
}

TEST(BaseString, MariadbGetsADriverOnlyWithoutADsn) {
  WalkOptions options;
  options.odbc_ini = "[sales]\nDriver=iamodbc\nServer=db.example\nUID=jane\n";
  options.section = "MariaDB";
  EXPECT_EQ(walked(BaseKind::mariadb, "DSN=sales", options).text.rfind("DSN=sales;SERVER=", 0), 0U);
  EXPECT_EQ(walked(BaseKind::mariadb, login, options).text.rfind("Driver=MariaDB;SERVER=", 0), 0U);
}

TEST(BaseString, WithABaseDsnItsNameGoesDownAndWhatOurSectionHoldsForTheBase) {
  WalkOptions options;
  options.odbc_ini =
      "[sales]\nDriver=iamodbc\nDescription=x\nBaseDSN=base\nUID=jane\nFetch=3\nRegion=r\n[base]\nServername=db."
      "example\nPort=5432\nFetch=4\n";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "DSN=sales;A0=1", options).text, "DSN=base;Fetch=3;A0=1;" + ours());
}

TEST(BaseString, AnEmptyUserOrPasswordMeansAbsent) {
  WalkOptions options;
  options.odbc_ini = "[sales]\nServer=db.example\nUID=jane\nPassword=of the section\n";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "DSN=sales;UID=;PWD=", options).text, "DSN=sales;" + ours());
}

TEST(BaseString, APasswordTypedInDoesNotGoDown) {
  EXPECT_EQ(with("PWD=typed").text, ours());
}

// ---- TLS ----

TEST(BaseString, LevelsAreWrittenInTheBaseDriversWords) {
  EXPECT_NE(with("SSLmode=REQUIRE").text.find(";SSLmode=require;"), std::string::npos);
  EXPECT_NE(with("TLS=Verify-CA").text.find(";SSLmode=verify-ca;"), std::string::npos);
  EXPECT_NE(with("", {}, BaseKind::mariadb).text.find(";FORCETLS=1;SSLVERIFY=1;"), std::string::npos);
  EXPECT_NE(with("", {}, BaseKind::mysql).text.find(";SSLMODE=VERIFY_IDENTITY;"), std::string::npos);
  EXPECT_NE(with("SSLMODE=VERIFY_CA", {}, BaseKind::mysql).text.find(";SSLMODE=VERIFY_CA;"), std::string::npos);
  EXPECT_NE(with("TLS=require", {}, BaseKind::mysql).text.find(";SSLMODE=REQUIRED;"), std::string::npos);
  EXPECT_NE(with("", {}, BaseKind::mysql).text.find(";ENABLE_CLEARTEXT_PLUGIN=1;"), std::string::npos);
}

TEST(BaseString, PqoptIsWrittenAnew) {
  const auto walk = with("pqopt={application_name='a b;c}}d' connect_timeout=5};D5={}");
  ASSERT_FALSE(walk.error);
  EXPECT_NE(walk.text.find(";pqopt={application_name='a b;c}}d' connect_timeout='5' sslrootcert='" + ca() +
                           "' gssencmode='disable'};"),
            std::string::npos)
      << walk.text;
  EXPECT_EQ(walk.text.find("pqopt"), walk.text.rfind("pqopt"));
  EXPECT_EQ(walk.text.find("D5"), std::string::npos);
}

TEST(BaseString, APassFileStandsInPqoptAndPwdIsEmptyAndLast) {
  WalkOptions options;
  options.pass_file = "/proc/self/fd/7";
  const auto walk = with("", options);
  EXPECT_NE(walk.text.find("passfile='/proc/self/fd/7'"), std::string::npos);
  EXPECT_TRUE(walk.text.ends_with(";PWD=")) << walk.text;
  EXPECT_EQ(walk.text.find("X-Amz"), std::string::npos);
}

TEST(BaseString, AnAddressIsDialledWhileTheCheckedHostIsWritten) {
  WalkOptions options;
  options.address = "127.0.0.1";
  const auto walk = with("TokenHost=rds.example", options);
  EXPECT_NE(walk.text.find("Servername=rds.example;"), std::string::npos);
  EXPECT_NE(walk.text.find(" hostaddr='127.0.0.1'"), std::string::npos);
}

TEST(BaseString, MysqlIsToldNoSocketPipeHostListOrOptionFileAndToTakeClearText) {
  EXPECT_EQ(with("CHARSET=utf8mb4;NAMED_PIPE=0;sockeT=;USE_MYCNF=0;OPTION=73730;ssl-mode=verify_identity;SSLVERIFY=0",
                 {}, BaseKind::mysql)
                .text,
            "CHARSET=utf8mb4;OPTION=73730;SERVER=db.example;PORT=3306;UID=jane;SOCKET=;NAMED_PIPE=0;ENABLE_DNS_SRV=0;"
            "MULTI_HOST=0;USE_MYCNF=0;SSLMODE=VERIFY_IDENTITY;SSLCA=" +
                ca() + ";ENABLE_CLEARTEXT_PLUGIN=1;PWD={" + std::string(a_token) + "}");
}

TEST(BaseString, MariadbsDebugLogIsTakenOutOfItsOptions) {
  EXPECT_NE(with("OPTIONS=7", {}, BaseKind::mariadb).text.find("OPTIONS=3;"), std::string::npos);
  EXPECT_NE(with("OPTION=4", {}, BaseKind::mariadb).text.find("OPTIONS=0;"), std::string::npos);
  WalkOptions options;
  options.odbc_ini = "[a]\nServer=a\nUID=b\nOPTIONS=6\n";
  EXPECT_NE(walked(BaseKind::mariadb, "DSN=a", options).text.find("OPTIONS=2;"), std::string::npos);
}

TEST(BaseString, MariadbsOptionsHoldNoDebugLogNoPipeAndNoOptionFile) {
  EXPECT_NE(with("OPTION=4;OPTIONS=73734", {}, BaseKind::mariadb).text.find("OPTIONS=0;OPTIONS=2;"), std::string::npos);
  const auto walk = with("OPTIONS=2;option=6", {}, BaseKind::mariadb);
  EXPECT_NE(walk.text.find("OPTIONS=2;OPTIONS=2;"), std::string::npos) << walk.text;
  EXPECT_EQ(walk.text.find("option="), std::string::npos) << walk.text;
}

TEST(BaseString, MariadbsOptionsStayWhereTheyStood) {
  const auto walk = with("FORWARDONLY=0;OPTIONS=3;FORWARDONLY=1", {}, BaseKind::mariadb);
  EXPECT_NE(walk.text.find("FORWARDONLY=0;OPTIONS=3;FORWARDONLY=1;"), std::string::npos) << walk.text;
  WalkOptions options;
  options.odbc_ini = "[a]\nServer=a\nUID=b\nOPTION=4\n[b]\nServer=a\nUID=b\nOPTION=6\nBaseDSN=a\n";
  const auto from_section = walked(BaseKind::mariadb, "DSN=a;FORWARDONLY=1", options);
  EXPECT_TRUE(from_section.text.starts_with("DSN=a;OPTIONS=0;FORWARDONLY=1;")) << from_section.text;
  const auto over_base_dsn = walked(BaseKind::mariadb, "DSN=b;FORWARDONLY=1", options);
  EXPECT_TRUE(over_base_dsn.text.starts_with("DSN=a;OPTIONS=2;FORWARDONLY=1;")) << over_base_dsn.text;
}

TEST(BaseString, MariadbDialsTcpWhateverTheHostIsCalled) {
  const auto walk = with("Server=localhost;TCPIP=0;NamedPipe=0;tcpip=0", {}, BaseKind::mariadb);
  ASSERT_FALSE(walk.error) << walk.error->message;
  EXPECT_NE(walk.text.find(";TCPIP=1;"), std::string::npos) << walk.text;
  EXPECT_EQ(walk.text.find("TCPIP=0"), std::string::npos) << walk.text;
  EXPECT_EQ(walk.text.find("tcpip"), std::string::npos) << walk.text;
}

TEST(BaseString, MariadbsTlsIsForcedWhateverWasGiven) {
  for (const char* text : {"forcetls=1", "ForceTLS=1;SSLVERIFY=1", "TLS=verify-full;sslverify=0;TLS=verify-full"}) {
    const auto walk = with(text, {}, BaseKind::mariadb);
    ASSERT_FALSE(walk.error) << walk.error->message;
    EXPECT_NE(walk.text.find(";FORCETLS=1;SSLVERIFY=1;SSLCA=" + ca() + ";"), std::string::npos) << walk.text;
    EXPECT_EQ(walk.text.find("FORCETLS"), walk.text.rfind("FORCETLS")) << walk.text;
    EXPECT_EQ(walk.text.find("forcetls"), std::string::npos) << walk.text;
    EXPECT_EQ(walk.text.find("sslverify"), std::string::npos) << walk.text;
  }
}

// ---- what cannot be written ----

TEST(BaseString, WhatPsqlodbcCannotReadIsAnErrorThatSaysSo) {
  expect_refused(with("UID={o'neil;x}"), {"UID", "psqlODBC"});
  expect_refused(with("UID={{x}"), {"UID"});
  expect_refused(with("Database={a;b}"), {"Database"});
  expect_refused(with("UID={jane }", {}, BaseKind::mariadb), {"UID", "MariaDB Connector/ODBC"});
  EXPECT_NE(with("UID={o'neil;x}", {}, BaseKind::mariadb).text.find(";UID={o'neil;x};"), std::string::npos);
}

TEST(BaseString, WhatPsqlodbcWouldCutIsAnErrorThatNamesTheLimit) {
  EXPECT_FALSE(with("UID=" + std::string(255, 'x')).error);
  expect_refused(with("UID=" + std::string(256, 'x')), {"UID", "256", "255"});
  expect_refused(with("Database=" + std::string(256, 'x')), {"Database", "256", "255"});
  expect_refused(with("Server=" + std::string(256, 'x')), {"Server", "256", "255"});
}

TEST(BaseString, ALimitIsAnErrorBeforeDialling) {
  WalkOptions options;
  options.secret = std::string(33000, 'x');
  EXPECT_FALSE(with("", options).error);
  options.width = Width::wide;
  expect_refused(with("", options), {"32767", "psqlODBC"});
  options.pass_file = "/proc/self/fd/7";
  EXPECT_FALSE(with("", options).error);
  options.secret = std::string(65531, 'x');  // the server's own limit
  expect_refused(with("", options), {"65530", "psqlODBC"});
}

// It would write behind a buffer of 1,024 units, whatever the attribute.
TEST(BaseString, MysqlTakesNoValueAbove1023CharactersFrom8034On) {
  WalkOptions options;
  for (const char* version : {"08.00.0034", "08.00.0040", "08.04.0000", "09.01.0000", ""}) {
    options.version = version;
    EXPECT_FALSE(with("INITSTMT=" + std::string(1023, 'x'), options, BaseKind::mysql).error) << version;
    for (const char* name : {"INITSTMT", "charset", "UID", "Database", "SSLKEY"}) {
      expect_refused(with(name + std::string("=") + std::string(1024, 'x'), options, BaseKind::mysql),
                     {"1024", "1023", "MariaDB Connector/ODBC"});
    }
    const std::string password = "AuthType=Password;PWD=";
    std::string umlauts;
    for (int i = 0; i < 1023; ++i) umlauts += "\xC3\xBC";
    EXPECT_FALSE(with(password + umlauts, options, BaseKind::mysql).error) << version;
    expect_refused(with(password + umlauts + "x", options, BaseKind::mysql), {"PWD", "1024"});
    std::string smileys;
    for (int i = 0; i < 512; ++i) smileys += "\xF0\x9F\x98\x80";
    expect_refused(with(password + smileys, options, BaseKind::mysql), {"PWD", "1024"});
    expect_refused(with(password + std::string(1024, '\x80'), options, BaseKind::mysql), {"PWD", "1024"});
    EXPECT_FALSE(with("FOO=" + std::string(5000, 'x'), options, BaseKind::mysql).error) << "it does not read FOO";
    options.secret = std::string(1024, 'x');
    expect_refused(with("", options, BaseKind::mysql), {"The token", "1024", "MariaDB Connector/ODBC"});
    options.secret = std::string(1023, 'x');
    EXPECT_FALSE(with("", options, BaseKind::mysql).error) << version;
  }
  options.version = "08.00.0033";
  options.secret = std::string(30000, 'x');
  EXPECT_FALSE(with("INITSTMT=" + std::string(1024, 'x'), options, BaseKind::mysql).error);
}

TEST(BaseString, APasswordThatWouldArriveAsAnotherIsRefusedWithoutBeingShown) {
  WalkOptions options;
  options.odbc_ini = "[a]\nServer=db.example\nUID=jane\nAuthType=SecretsManager\nSecretID=s\nTLSCAFile=" + ca() + "\n";
  const auto refused = [&](const std::string& password, BaseKind kind, std::string_view why) {
    options.secret = password;
    const auto walk = walked(kind, "DSN=a", options);
    expect_refused(walk, {"The password that was fetched", why, "Choose another password"});
    EXPECT_EQ(walk.error->message.find("hunter2"), std::string::npos) << walk.error->message;
  };
  for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb, BaseKind::mysql})
    refused(std::string("hunter2\0x", 9), kind, "NUL");
  refused(" hunter2", BaseKind::mariadb, "a blank");
  refused("hunter2 ", BaseKind::mariadb, "a blank");
  options.secret = " hunter2 ";
  EXPECT_NE(walked(BaseKind::psqlodbc, "DSN=a", options).text.find("PWD={ hunter2 }"), std::string::npos);
}

TEST(BaseString, AMysqlDriverThatCannotBeMadeToUseTlsGetsNoToken) {
  WalkOptions options;
  for (const char* version : {"05.01.0013", "05.03.0014", "08.00.0011", "08.00.0018"}) {
    options.version = version;
    expect_refused(with("", options, BaseKind::mysql), {version, "8.0.19", "MariaDB Connector/ODBC"});
    expect_refused(with("AuthType=Password;TLS=verify-full", options, BaseKind::mysql), {version});
    EXPECT_FALSE(with("AuthType=Password", options, BaseKind::mysql).error) << version;
    EXPECT_FALSE(with("", options, BaseKind::mariadb).error) << version;
  }
  options.version = "08.00.0019";
  EXPECT_FALSE(with("", options, BaseKind::mysql).error);
}

TEST(BaseString, AClosingBraceIsTakenByMysqlFrom8030On) {
  WalkOptions options;
  options.version = "08.00.0029";
  expect_refused(with("UID={a}}b}", options, BaseKind::mysql), {"UID", "8.0.30"});
  expect_refused(with("INITSTMT={a}};SERVER=evil}", options, BaseKind::mysql), {"INITSTMT", "8.0.30"});
  options.odbc_ini = "[a]\nAuthType=Password\nBaseDSN=b\nPassword=p}\n[b]\nSERVER=db.example\n";
  expect_refused(walked(BaseKind::mysql, "DSN=a", options), {"PWD", "8.0.30"});
  options.version = "08.00.0030";
  EXPECT_NE(with("UID={a}}b}", options, BaseKind::mysql).text.find(";UID={a}}b};"), std::string::npos);
}

// It loses its place behind the braces of a number or of an unknown name; when the next value opens with a brace it never comes back.
TEST(BaseString, MysqlWouldLookForTheEndOfABraceForEver) {
  for (const char* text : {"FOO={x};BAR={y}", "PREFETCH={1};INITSTMT={select 1}", "a}b={x}", "OPTION={3};FOO={}"}) {
    expect_refused(with(text, {}, BaseKind::mysql), {"braces", "MySQL Connector/ODBC"});
  }
  for (const char* text : {"FOO={x};BAR=y", "INITSTMT={select 1};FOO={x}", "CHARSET={utf8};DESCRIPTION={a b}"})
    EXPECT_FALSE(with(text, {}, BaseKind::mysql).error) << text;
  for (const char* section :
       {"FOO={x}\nBAR={y}\n", "PREFETCH={1}\n"}) {  // of ours, which the base driver does not read
    WalkOptions options;
    options.odbc_ini = std::string("[a]\nServer=a\nUID=b\nBaseDSN=c\n") + section + "[c]\nPort=3306\n";
    expect_refused(walked(BaseKind::mysql, "DSN=a;INITSTMT={select 1}", options), {"braces", "MySQL Connector/ODBC"});
  }
  // With a password the application's words go down as they are, but ours do not make it worse.
  const auto walk = walked(BaseKind::mysql, "AuthType=Password;FOO={x};PORT=3307;SERVER={h};UID={u};PWD={p}");
  MysqlReads reads(90100);
  reads.read(walk.text, [](const std::string&) { return MysqlReads::Section{}; });
  EXPECT_EQ(reads.understood()["host"], "h") << walk.text;
  EXPECT_EQ(reads.understood()["password"], "p") << walk.text;
  EXPECT_EQ(reads.problem(), "") << walk.text;
}

TEST(BaseString, WhatMysqlWouldCutOfASectionIsWrittenOrRefused) {
  const std::string password(300, 'p');
  WalkOptions options;
  options.odbc_ini =
      "[a]\nSERVER=h\nUID=u\nPWD=" + password + "\n[b]\nSERVER=h\nUID=u\nPWD=x\nINITSTMT=" + password + "\n";
  const auto walk = walked(BaseKind::mysql, "DSN=a;AuthType=Password", options);
  EXPECT_NE(walk.text.find("PWD={" + password + "}"), std::string::npos) << walk.text;
  expect_refused(walked(BaseKind::mysql, "DSN=b;AuthType=Password", options), {"INITSTMT", "255"});
  EXPECT_FALSE(walked(BaseKind::mariadb, "DSN=b;AuthType=Password", options).error);
}

TEST(BaseString, MariadbIsToldTheLoginTimeOutThatIsLeft) {
  WalkOptions options;
  options.seconds_left = 7;
  EXPECT_NE(with("", options, BaseKind::mariadb).text.find(";CONN_TIMEOUT=7;"), std::string::npos);
  EXPECT_NE(with("CONN_TIMEOUT=9", options, BaseKind::mariadb).text.find(";CONN_TIMEOUT=7;"), std::string::npos);
  EXPECT_EQ(with("CONN_TIMEOUT=5", options, BaseKind::mariadb).text.find("CONN_TIMEOUT=7"), std::string::npos);
  EXPECT_EQ(with("", {}, BaseKind::mariadb).text.find("CONN_TIMEOUT"), std::string::npos);
  EXPECT_EQ(with("", options).text.find("CONN_TIMEOUT"), std::string::npos) << "psqlODBC takes it as an attribute";
}

TEST(BaseString, ADsnNameCannotCarryAttributes) {
  for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mysql, BaseKind::mariadb}) {
    const auto walk = with("Driver=iamodbc;DSN={a;SOCKET=/tmp/s;x}", {}, kind);
    if (walk.error) continue;
    EXPECT_EQ(walk.text.rfind("DSN={a;SOCKET=/tmp/s;x};", 0), 0U) << walk.text;
  }
  expect_refused(with("Driver=iamodbc;DSN={a;Servername=evil}"), {"DSN"});
}

TEST(BaseString, AKeyOfOurSectionCannotCarryAttributes) {
  WalkOptions options;
  options.odbc_ini = "[a]\nServer=a\nUID=b\nBaseDSN=base\nx;SOCKET=/tmp/s\n[base]\nPort=3306\n";
  expect_refused(walked(BaseKind::mariadb, "DSN=a", options), {"x;SOCKET"});
}

// MariaDB skips a name that it does not know to the next semicolon, braces or not.
TEST(BaseString, MariadbWouldReadInsideTheBracesOfAnUnknownName) {
  for (const char* text : {"FOO={x;SOCKET=/tmp/s}", "FOO={x;DRIVER=y}", "RCALLBACK={1;SOCKET=/tmp/s}", "={;}"}) {
    expect_refused(with(text, {}, BaseKind::mariadb), {"MariaDB Connector/ODBC"});
  }
  EXPECT_FALSE(with("INITSTMT={set a=1;set b=2};FOO={x}", {}, BaseKind::mariadb).error);
  EXPECT_FALSE(with("FOO={x;SOCKET=/tmp/s}").error) << "psqlODBC respects the braces";
}

// MariaDB takes all up to the next = for a name, so it would not see the attribute behind.
TEST(BaseString, MariadbWouldJoinAPartWithoutEqualsToTheNextAttribute) {
  expect_refused(with("trusted", {}, BaseKind::mariadb), {"MariaDB Connector/ODBC", "="});
  EXPECT_FALSE(with("trusted").error);
}

// ---- AuthType=Password ----

TEST(BaseString, APasswordOfTheStringGoesDownAsItWasWritten) {
  EXPECT_EQ(with("AuthType=Password;PWD=p%41;SSLmode=prefer;Debug=1").text,
            "SSLmode=prefer;Debug=1;Servername=db.example;UID=jane;PWD=p%41");
  EXPECT_EQ(with("AuthType=Password;Password={p;}}q}").text, "Servername=db.example;UID=jane;PWD={p;}}q}");
}

TEST(BaseString, EveryPrintableCharacterOfAPasswordGoesDown) {
  std::string password;
  for (char c = ' '; c <= '~'; ++c) password += c;
  const auto walk = with("AuthType=Password;PWD=" + std::string(braced(password).reveal()));
  const auto pairs = as_psqlodbc_reads(walk.text);
  ASSERT_TRUE(pairs);
  EXPECT_EQ(psqlodbc_decoded(*last_of(*pairs, {"pwd", "password"})), password);
}

TEST(BaseString, WithAPasswordNothingIsForcedUnlessTlsIsAskedFor) {
  EXPECT_EQ(with("AuthType=Password").text, "Servername=db.example;UID=jane");
  const auto walk = with("AuthType=Password;TLS=verify-full;PWD=x");
  EXPECT_NE(walk.text.find(";SSLmode=verify-full;"), std::string::npos);
  EXPECT_TRUE(walk.text.ends_with(";PWD=x"));
}

// psqlODBC reads Servername, Username and Password of a section, not Server, UID and PWD.
TEST(BaseString, WhatTheBaseDoesNotReadOfASectionIsWrittenForIt) {
  WalkOptions options;
  options.odbc_ini = "[a]\nAuthType=Password\nServer=db.example\nUID=jane\nPWD=p%41;x}\nPort=5432\n";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "DSN=a", options).text, "DSN=a;Servername=db.example;UID=jane;PWD={p%41;x}}}");
  options.odbc_ini = "[a]\nAuthType=Password\nServername=db.example\nUsername=o'neil;x\nPassword=p%41\n";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "DSN=a", options).text, "DSN=a");
}

TEST(BaseString, APasswordOfOurSectionReachesABaseDsn) {
  WalkOptions options;
  options.odbc_ini =
      "[a]\nAuthType=Password\nBaseDSN=b\nPassword=p%41+%7D\n[b]\nServername=db.example\nUsername=jane\nPassword=q\n";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "DSN=a", options).text, "DSN=b;PWD={pA }}}");
  options.odbc_ini = "[a]\nAuthType=Password\nBaseDSN=b\nPassword=p%41\n[b]\nSERVER=db.example\n";
  EXPECT_EQ(walked(BaseKind::mariadb, "DSN=a", options).text, "DSN=b;PWD={p%41}");
}

TEST(BaseString, APasswordThatUnixOdbcWouldCutIsWrittenForTheBase) {
  const std::string password(1000, 'x');
  WalkOptions options;
  options.odbc_ini = "[a]\nAuthType=Password\nServername=db.example\nUsername=jane\nPassword=%41" + password + "\n";
  EXPECT_EQ(walked(BaseKind::psqlodbc, "DSN=a", options).text, "DSN=a;PWD={A" + password + "}");
  options.odbc_ini = "[a]\nAuthType=Password\nSERVER=db.example\nUID=jane\nPWD=" + password + "\n";
  EXPECT_EQ(walked(BaseKind::mariadb, "DSN=a", options).text, "DSN=a;PWD={" + password + "}");
  options.odbc_ini = "[a]\nAuthType=Password\nBaseDSN=b\nUID=jane\n[b]\nSERVER=db.example\nPWD=" + password + "\n";
  EXPECT_EQ(walked(BaseKind::mariadb, "DSN=a", options).text, "DSN=b;UID=jane;PWD={" + password + "}");
}

TEST(BaseString, MariadbWouldTakeTheBlanksAtTheEndsOfAPassword) {
  for (const char* password : {"{ x}", "{x\t}", "{ }"}) {
    const std::string text = std::string("AuthType=Password;PWD=") + password;
    expect_refused(with(text, {}, BaseKind::mariadb), {"PWD", "blank", "MariaDB"});
    EXPECT_EQ(with(text).text, std::string("Servername=db.example;UID=jane;PWD=") + password);
  }
  EXPECT_EQ(with("AuthType=Password;PWD= x ", {}, BaseKind::mariadb).text, "SERVER=db.example;UID=jane;PWD= x ");
}

TEST(BaseString, BlanksAroundAValueDoNotBelongToItOverMariadb) {
  const auto blank = walked(BaseKind::mariadb, " Server = db.example ; UID = jane ; Port = 3307 ;PWD= x ");
  const auto plain = walked(BaseKind::mariadb, "Server=db.example;UID=jane;Port=3307");
  ASSERT_FALSE(blank.error) << blank.error->message;
  EXPECT_EQ(blank.text, plain.text);
  expect_refused(walked(BaseKind::mariadb, "Server=db.example;UID={ jane}"), {"UID", "blank", "MariaDB"});
}

TEST(BaseString, AUserThatPsqlodbcCannotReadIsAnErrorWithAPasswordToo) {
  expect_refused(with("AuthType=Password;UID={a;b}"), {"UID", "psqlODBC"});
}

// ---- out string ----

std::string out_of(std::string_view text, const std::string& odbc_ini = "") {
  const auto files = odbc_files(odbc_ini);
  const auto given = Given::gather(parsed(text), files);
  const auto& profile = base_driver_profile(BaseKind::psqlodbc);
  const auto settings = read_settings(given.value(), profile);
  EXPECT_TRUE(settings) << settings.error().message;
  return std::string(write_out_string(given.value(), settings.value(), profile).reveal());
}

TEST(OutString, IsWhatWasAskedForCompletedFromTheDsn) {
  EXPECT_EQ(out_of("DSN=a;Fetch={7}", "[a]\nServer=s\nPort=6000\nDatabase=app\nUID=jane\nRegion=r\n"),
            "DSN=a;Fetch={7};Server=s;Port=6000;Database=app;UID=jane");
  EXPECT_EQ(out_of("DSN=a;User=zoe;DX=b", "[a]\nServer=s\nUID=jane\nDatabase=app\n"), "DSN=a;User=zoe;DX=b;Server=s");
  EXPECT_EQ(out_of("Server=s;UID=j"), "Server=s;UID=j");
}

TEST(OutString, WhereASecretGoesStaysWithTheDsn) {
  const std::string ini = "[a]\nServer=s\nPort=6000\nUID=jane\n";
  EXPECT_EQ(out_of("DSN=a", ini + "TokenHost=t\nTLS=require\n"), "DSN=a;UID=jane");
  EXPECT_EQ(out_of("DSN=a", ini + "AuthType=SecretsManager\nSecretID=x\nTLS=require\n"), "DSN=a;UID=jane");
  EXPECT_EQ(out_of("DSN=a;Server=mine", ini + "TokenHost=t\n"), "DSN=a;Server=mine;UID=jane");
  EXPECT_EQ(out_of("DSN=a;SAVEFILE=/tmp/x", ini + "TokenHost=t\n"),
            "DSN=a;SAVEFILE=/tmp/x;Server=s;Port=6000;UID=jane;TokenHost=t");
  for (const char* const more : {"TokenHost=t\nTLS=require\n", "AuthType=SecretsManager\nSecretID=x\nTLS=require\n"})
    out_of(out_of("DSN=a", ini + more), ini + more);  // is taken again
}

TEST(OutString, AnEmptyUserIsCompletedToo) {
  const std::string out = out_of("DSN=a;UID=;PWD=", "[a]\nServer=s\nUID=jane\n");
  const auto again = parsed(out);
  EXPECT_EQ(again.find("UID")->value(), "jane") << out;
}

TEST(OutString, HoldsNoSecretOfTheDsn) {
  const std::string out = out_of("DSN=a",
                                 "[a]\nServer=s\nUID=j\nPWD=hunter2\nSecretAccessKey=hunter3\nSessionToken="
                                 "hunter4\nAccessKeyID=AK\nConnSettings=hunter5\n");
  EXPECT_EQ(out, "DSN=a;Server=s;UID=j");
}

TEST(OutString, SecretsOfTheApplicationComeLast) {
  EXPECT_EQ(out_of("PWD=p;DSN=a;ConnSettings={x};SecretAccessKey={k;k};Server=s;UID=j;Fetch=1"),
            "DSN=a;Server=s;UID=j;Fetch=1;PWD=p;ConnSettings={x};SecretAccessKey={k;k}");
}

TEST(OutString, WithSavefileItHoldsNoSecretAtAll) {
  EXPECT_EQ(out_of("PWD=p;SAVEFILE=/tmp/x;SecretAccessKey=k;Server=s;UID=j;pqopt={application_name=x}"),
            "SAVEFILE=/tmp/x;Server=s;UID=j");
}

TEST(OutString, WithSavefileItHoldsWhatTheDsnHoldsAndAStringMay) {
  EXPECT_EQ(out_of("DSN=a;SAVEFILE=/tmp/x;Fetch=2;Region=q",
                   "[a]\nDriver=iamodbc\nBaseDriver=psqlodbcw.so\nServername=s\nUID=j\nPWD=p\nRegion=r\nProfile=two\n"
                   "AccessKeyID=AK\nSecretAccessKey=k\nCredentialProcess=/bin/"
                   "x\nFetch=1\nReadOnly=1\npqopt={application_name=x}\n"),
            "DSN=a;SAVEFILE=/tmp/x;Fetch=2;Region=q;Server=s;UID=j;BaseDriver=psqlodbcw.so;Profile=two;ReadOnly=1");
}

TEST(OutString, GivenBackItMeansTheSame) {
  const auto files = odbc_files("[a]\nServer=s\nUID={x;y\nDatabase=app\n");
  const auto given = Given::gather(parsed("DSN=a"), files);
  const auto& profile = base_driver_profile(BaseKind::mariadb);
  const auto settings = read_settings(given.value(), profile);
  const auto again = parsed(write_out_string(given.value(), settings.value(), profile).reveal());
  EXPECT_EQ(again.find("UID")->value(), "{x;y");
}

TEST(MayShow, HidesSecretsCommandsAndWhatNobodyKnows) {
  const auto& profile = base_driver_profile(BaseKind::psqlodbc);
  for (const char* name : {"PWD", "password", "SecretAccessKey", "AWS_SECRET_ACCESS_KEY", "SessionToken", "pqopt", "D5",
                           "ConnSettings", "A6", "CredentialProcess", "AccessKeyID", "PWDD", "Secret", ""}) {
    EXPECT_FALSE(may_show(profile, name)) << name;
  }
  for (const char* name : {"DSN", "Driver", "Server", "UID", "Region", "TLS", "Fetch", "SSLmode"})
    EXPECT_TRUE(may_show(profile, name)) << name;
}

// ---- whatever stands before ours ----

// Sanitizers take twenty times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 2000;
#else
constexpr int rounds = 20000;
#endif

// Fragments that attack a reader: names of ours and of base drivers, odd blanks, braces, separators.
std::string garbage(std::mt19937& random) {
  static const std::vector<std::string> pieces{";",
                                               ";",
                                               ";",
                                               "=",
                                               "=",
                                               "=",
                                               "{",
                                               "}",
                                               "}}",
                                               " ",
                                               "\t",
                                               "\n",
                                               "x",
                                               "FOO",
                                               "FOO={",
                                               "Fetch",
                                               "SOCKET",
                                               "Servername",
                                               "SERVER",
                                               "Server ",
                                               " Server",
                                               "{Server}",
                                               "server=evil",
                                               "UID",
                                               "USER=evil",
                                               "PWD",
                                               "PWD=evil",
                                               "SSLmode",
                                               "SSLmode=d",
                                               "CA=d",
                                               "FORCETLS=0",
                                               "SSLVERIFY=0",
                                               "D5",
                                               "pqopt={hostaddr=10.0.0.1}",
                                               "pqopt",
                                               "hostaddr=10.0.0.1",
                                               "DSN=other",
                                               "Driver=z",
                                               "Port=1",
                                               "DB=evil",
                                               "={",
                                               "};",
                                               "};x={",
                                               "a=b",
                                               "INITSTMT={",
                                               "B2=1",
                                               "B3=1",
                                               "Debug=1",
                                               "CX=1",
                                               "\xC3\xAB",
                                               "\xED\xA0\x80",
                                               "TLSPEERFP",
                                               "DX",
                                               "Username",
                                               "=;",
                                               ";;",
                                               "'",
                                               "\\",
                                               "OPTIONS=4",
                                               "NamedPipe=1",
                                               "\v",
                                               "\r"};
  std::string text;
  for (std::size_t count = random() % 14; count > 0; --count) text += pieces[random() % pieces.size()];
  return text;
}

struct Attack {
  std::string text;
  WalkOptions options;
};

// An application's string (and for one in three a DSN) with garbage before and behind what it needs.
Attack attack(std::mt19937& random) {
  Attack made;
  const std::string tail = garbage(random);
  made.text = garbage(random) + (random() % 8 != 0 ? ";" : "") +
              "Server=db.example;UID=jane;Port=6000;Region=eu-west-1" + (tail.empty() ? "" : ";" + tail);
  if (random() % 3 == 0) {
    made.options.odbc_ini =
        "[sales]\nDriver=iamodbc\nServer=of.the.section\nUID=section\nPassword=section\nPort=7000\n[other]\nServer="
        "other\n";
    made.text = "DSN=sales;" + made.text;
  }
  if (random() % 4 == 0) made.options.pass_file = "/proc/self/fd/9";
  if (random() % 5 == 0) made.options.section = "PostgreSQL Unicode";
  return made;
}

TEST(WhateverStandsBefore, PsqlodbcSeesExactlyOurs) {
  std::mt19937 random(5432);
  int written = 0;
  for (int round = 0; round < rounds; ++round) {
    const Attack made = attack(random);
    const Walked walk = walked(BaseKind::psqlodbc, made.text, made.options);
    if (walk.error) continue;
    ++written;
    const auto pairs = as_psqlodbc_reads(walk.text);
    ASSERT_TRUE(pairs) << made.text << "\n" << walk.text;
    ASSERT_EQ(last_of(*pairs, {"servername", "server"}), walk.settings.server) << made.text << "\n" << walk.text;
    ASSERT_EQ(last_of(*pairs, {"servername", "server"}), walk.settings.token_host) << made.text;
    ASSERT_EQ(last_of(*pairs, {"port"}), std::to_string(walk.settings.token_port)) << made.text;
    ASSERT_EQ(last_of(*pairs, {"uid", "username"}), walk.settings.user) << made.text;
    ASSERT_EQ(last_of(*pairs, {"sslmode", "ca"}), text(walk.settings.tls)) << made.text;
    if (walk.settings.has_database) {
      ASSERT_EQ(last_of(*pairs, {"database", "dx"}), walk.settings.database) << made.text;
    } else {
      ASSERT_EQ(last_of(*pairs, {"database", "dx"}), std::nullopt) << made.text;
    }
    const bool in_file = !made.options.pass_file.empty();
    ASSERT_EQ(psqlodbc_decoded(*last_of(*pairs, {"pwd", "password"})), in_file ? "" : a_token) << made.text;
    const std::string pqopt = psqlodbc_decoded(*last_of(*pairs, {"pqopt", "d5"}));
    ASSERT_NE(pqopt.find("gssencmode='disable'"), std::string::npos) << made.text;
    ASSERT_TRUE(pqopt.find("hostaddr") == std::string::npos || walk.settings.tls == TlsLevel::verify_full) << made.text;
    ASSERT_EQ(last_of(*pairs, {"debug", "b2"}), "0") << made.text;
    ASSERT_EQ(last_of(*pairs, {"commlog", "b3"}), "0") << made.text;
    std::set<std::string> seen;
    for (const auto& [name, value] : *pairs) {
      ASSERT_TRUE(name != "driver" || value == made.options.section) << made.text;
      const bool is_one_of_ours = name == "servername" || name == "server" || name == "port" || name == "uid" ||
                                  name == "username" || name == "pwd" || name == "password" || name == "sslmode" ||
                                  name == "ca" || name == "pqopt" || name == "d5" || name == "debug" || name == "b2" ||
                                  name == "commlog" || name == "b3" || name == "dsn";
      ASSERT_FALSE(is_one_of_ours && !seen.insert(name).second) << name << " twice: " << walk.text;
    }
  }
  EXPECT_GT(written, rounds / 20);
}

TEST(WhateverStandsBefore, MariadbSeesExactlyOurs) {
  std::mt19937 random(3306);
  int written = 0;
  for (int round = 0; round < rounds; ++round) {
    Attack made = attack(random);
    made.options.pass_file.clear();
    const Walked walk = walked(BaseKind::mariadb, made.text, made.options);
    if (walk.error) continue;
    ++written;
    const auto pairs = as_mariadb_reads(walk.text, mariadb_names);
    ASSERT_TRUE(pairs) << made.text << "\n" << walk.text;
    ASSERT_EQ(last_of(*pairs, {"server", "servername"}), walk.settings.server) << made.text << "\n" << walk.text;
    ASSERT_EQ(last_of(*pairs, {"server", "servername"}), walk.settings.token_host) << made.text;
    ASSERT_EQ(last_of(*pairs, {"port"}), std::to_string(walk.settings.token_port)) << made.text;
    ASSERT_EQ(last_of(*pairs, {"uid", "user"}), walk.settings.user) << made.text;
    ASSERT_EQ(last_of(*pairs, {"pwd", "password"}), a_token) << made.text;
    ASSERT_EQ(last_of(*pairs, {"forcetls"}), "1") << made.text;
    ASSERT_EQ(last_of(*pairs, {"sslverify"}), walk.settings.tls == TlsLevel::verify_full ? "1" : "0") << made.text;
    ASSERT_EQ(last_of(*pairs, {"socket"}), std::nullopt) << made.text << "\n" << walk.text;
    ASSERT_EQ(last_of(*pairs, {"namedpipe"}), std::nullopt) << made.text << "\n" << walk.text;
    const auto options = last_of(*pairs, {"options", "option"});
    ASSERT_TRUE(!options || (std::stoi(*options) & 4) == 0) << made.text;
    ASSERT_FALSE(last_of(*pairs, {"dsn"}) && last_of(*pairs, {"driver"}))
        << "with a Driver it ignores the DSN: " << walk.text;
  }
  EXPECT_GT(written, rounds / 20);
}

TEST(WhateverStandsBefore, MysqlSeesExactlyOurs) {
  for (const auto& [number, version] : {std::pair(80019, "08.00.0019"), std::pair(90100, "09.01.0000")}) {
    std::mt19937 random(33060);
    int written = 0;
    for (int round = 0; round < rounds; ++round) {
      Attack made = attack(random);
      made.options.pass_file.clear();
      made.options.version = version;
      if (random() % 3 == 0) made.text += random() % 2 == 0 ? ";OPTION=598016" : ";FOO={x};BAR={y}";
      const Walked walk = walked(BaseKind::mysql, made.text, made.options);
      if (walk.error) continue;
      ++written;
      MysqlReads reads(number);
      reads.read(walk.text, [](const std::string&) {
        return MysqlReads::Section{{"SERVER", "of.the.section"}, {"SOCKET", "/tmp/s"}, {"OPTION", "73728"},
                                   {"PWD", "section"},           {"UID", "section"},   {"ENABLE_DNS_SRV", "1"}};
      });
      auto seen = reads.understood();
      ASSERT_EQ(reads.problem(), "") << made.text << "\n" << walk.text;
      ASSERT_EQ(seen["protocol"], "TCP") << made.text << "\n" << walk.text;
      ASSERT_EQ(seen["host"], walk.settings.server) << made.text << "\n" << walk.text;
      ASSERT_EQ(seen["host"], walk.settings.token_host) << made.text;
      ASSERT_EQ(seen["port"], std::to_string(walk.settings.token_port)) << made.text;
      ASSERT_EQ(seen["user"], walk.settings.user) << made.text;
      ASSERT_EQ(seen["password"], a_token) << made.text;
      ASSERT_EQ(seen["tls"], walk.settings.tls == TlsLevel::verify_full ? "VERIFY_IDENTITY"
                             : walk.settings.tls == TlsLevel::verify_ca ? "VERIFY_CA"
                                                                        : "REQUIRED")
          << made.text;
      ASSERT_EQ(seen["ca"], walk.plan->ca.path) << made.text;
      ASSERT_EQ(seen["cleartext"], "1") << made.text;
      ASSERT_EQ(seen["option_file"], "0") << made.text;
    }
    EXPECT_GT(written, rounds / 20);
  }
}

// Every foreign attribute arrives as it was written, in its order.
TEST(WhateverStandsBefore, ForeignAttributesArriveUnchanged) {
  std::mt19937 random(99);
  int written = 0;
  for (int round = 0; round < rounds; ++round) {
    const Attack made = attack(random);
    const Walked walk = walked(BaseKind::psqlodbc, made.text, made.options);
    if (walk.error) continue;
    ++written;
    std::size_t at = 0;
    const auto& profile = base_driver_profile(BaseKind::psqlodbc);
    const ConnectionString asked = parsed(made.text);
    for (const Attribute& attribute : asked.attributes()) {
      const std::string name = lowered(attribute.name());
      if (our_attribute(profile, name) != nullptr || is_one_of(profile.forced_names, name) ||
          is_one_of(profile.tls_names, name) || is_one_of(profile.libpq_option_names, name) || name == "dsn" ||
          name == "driver" || name == "filedsn" || name == "savefile") {
        continue;
      }
      const auto found = walk.text.find(attribute.text(), at);
      ASSERT_NE(found, std::string::npos) << attribute.text() << " of " << made.text << "\nin " << walk.text;
      at = found + attribute.text().size();
    }
  }
  EXPECT_GT(written, rounds / 20);
}

// It may read Host= and User= and nothing else; with a password it is told as it would be without us.
TEST(BaseString, AnUnknownBaseDriverIsToldInTheApplicationsOwnWords) {
  const auto walk = walked(BaseKind::unknown, "Host=db.example;User=jane;Password={p;w};AuthType=Password;Other=x");
  ASSERT_FALSE(walk.error) << walk.error->message;
  EXPECT_EQ(walk.text, "Other=x;Host=db.example;User=jane;Password={p;w}");
}

}  // namespace
}  // namespace iamodbc
