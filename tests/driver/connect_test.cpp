// SPDX-License-Identifier: Apache-2.0
// The connect functions over a base driver that records what it was told: entry, string, options, diagnostics, out
// connection string.
#include <sys/stat.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/encoding.h"
#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

class Connect : public DriverTest {
 protected:
  Connect() {
    setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
    // One for each test: the process keeps logins.
    static int tests = 0;
    setenv("AWS_SECRET_ACCESS_KEY", ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" + std::to_string(++tests)).c_str(), 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    for (const char* const variable : {"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
                                       "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}) {
      unsetenv(variable);
    }
  }
  ~Connect() override {
    for (const char* const variable : {"RECORDING_CONNECT", "RECORDING_SECONDS", "RECORDING_STEPS"}) unsetenv(variable);
  }

  // An IAM login over the recording psqlODBC (or another), with more attributes.
  static std::string iam(const std::string& more = "", const char* base_driver = RECORDING_PSQLODBC) {
    return std::string("BaseDriver=") + base_driver +
           ";Server=db.example;Port=5432;UID=jane;Region=eu-central-1;TLSCAFile=" TEST_DATA "/vectors.json" +
           (more.empty() ? "" : ";" + more);  // a recording base driver does not read that file
  }
  void odbc_ini(const std::string& text) const { std::ofstream(folder_ + "/odbc.ini") << text; }
  // The strings that the base driver was given, one an attempt.
  [[nodiscard]] std::vector<std::string> strings() const {
    std::vector<std::string> found;
    const std::string all = log();
    constexpr std::string_view key = "\"string\":\"";
    for (std::size_t at = all.find(key); at != std::string::npos; at = all.find(key, at)) {
      std::string text;
      for (at += key.size(); all[at] != '"'; ++at) {
        if (all[at] == '\\') ++at;
        text += all[at];
      }
      found.push_back(text);
    }
    return found;
  }
  // A connect that is closed again, while the base driver does as RECORDING_CONNECT says; the tokens that it was given.
  std::vector<std::string> tokens_of(const std::string& told, SQLRETURN status, const std::string& string) {
    setenv("RECORDING_CONNECT", told.c_str(), 1);
    const auto before = strings().size();
    EXPECT_EQ(connect(string), status) << record(1);
    if (SQL_SUCCEEDED(status)) driver().SQLDisconnect(dbc_);
    EXPECT_LE(live(SQL_HANDLE_DBC), 1) << "the handle of a refused try stays";
    std::vector<std::string> tokens;
    const auto all = strings();
    for (std::size_t i = before; i < all.size(); ++i) {
      const auto at = all[i].find("PWD={");
      tokens.push_back(all[i].substr(at, all[i].find('}', at) - at));
    }
    return tokens;
  }
  // Tokens that are signed from now on are other ones.
  static void next_second() { std::this_thread::sleep_for(std::chrono::milliseconds(1050)); }
  struct Out {
    SQLRETURN status;
    std::string text;
    SQLSMALLINT length;
  };
  Out connect_narrow(const std::string& string, SQLSMALLINT capacity) {
    std::string buffer(8192, '?');
    Out out{SQL_ERROR, "", -1};
    out.status = driver().SQLDriverConnect(dbc_, nullptr, characters(string), SQL_NTS, characters(buffer), capacity,
                                           &out.length, SQL_DRIVER_COMPLETE);
    EXPECT_EQ(buffer[static_cast<std::size_t>(capacity)], '?') << "wrote behind the buffer";
    if (capacity > 0) out.text = buffer.c_str();
    return out;
  }
  Out connect_wide(const std::string& string, SQLSMALLINT capacity) {
    std::u16string in = utf16_from_utf8(string);
    std::u16string buffer(8192, u'?');
    Out out{SQL_ERROR, "", -1};
    out.status = driver().SQLDriverConnectW(dbc_, nullptr, reinterpret_cast<SQLWCHAR*>(in.data()), SQL_NTS,
                                            reinterpret_cast<SQLWCHAR*>(buffer.data()), capacity, &out.length,
                                            SQL_DRIVER_COMPLETE);
    EXPECT_EQ(buffer[static_cast<std::size_t>(capacity)], u'?') << "wrote behind the buffer";
    if (capacity > 0) out.text = utf8_from_utf16(buffer.c_str());
    return out;
  }
  [[nodiscard]] std::string record(SQLSMALLINT number) const { return diagnostics(SQL_HANDLE_DBC, dbc_, number); }
};

TEST_F(Connect, TheBaseIsCalledByTheSameWidthWithoutPromptWindowOrOutBuffer) {
  ASSERT_EQ(connect(), SQL_SUCCESS) << record(1);
  const RecordedCall narrow = base().last();
  ASSERT_STREQ(narrow.function, "SQLDriverConnect");
  EXPECT_EQ(narrow.arguments[1], 0U) << "window";
  EXPECT_EQ(narrow.arguments[4], 0U) << "out buffer";
  EXPECT_EQ(narrow.arguments[5], 0U);
  EXPECT_EQ(narrow.arguments[6], 0U);
  EXPECT_EQ(narrow.arguments[7], std::uint64_t{SQL_DRIVER_NOPROMPT});
  driver().SQLDisconnect(dbc_);
  ASSERT_EQ(connect_wide(connection_string(), 4096).status, SQL_SUCCESS);
  EXPECT_NE(log().find("\"SQLDriverConnectW\""), std::string::npos);
}

TEST_F(Connect, SQLConnectIsOneMoreConnectionString) {
  odbc_ini(std::string("[sales]\nBaseDriver=") + RECORDING_PSQLODBC + "\nServer=127.0.0.1\nAuthType=Password\n");
  const std::string password = "p;a}s{s=w%41";
  ASSERT_EQ(driver().SQLConnect(dbc_, characters("sales"), SQL_NTS, characters("jane and more"), 4,
                                characters(password), SQL_NTS),
            SQL_SUCCESS)
      << record(1);
  ASSERT_EQ(strings().size(), 1U);
  EXPECT_EQ(strings()[0], "DSN=sales;Servername=127.0.0.1;UID=jane;PWD={p;a}}s{s=w%41}");
  EXPECT_NE(log().find("\"SQLDriverConnect\""), std::string::npos);
}

TEST_F(Connect, WithATokenTheSecretAndWhatIsForcedComeLast) {
  ASSERT_EQ(connect(iam("Fetch=7;PWD=typed;Debug=1;SSLmode=require")), SQL_SUCCESS) << record(1);
  const std::string text = strings().at(0);
  EXPECT_EQ(
      text.rfind(std::string("Driver=") + RECORDING_PSQLODBC +
                     ";Fetch=7;Servername=db.example;Port=5432;UID=jane;SSLmode=require;pqopt={sslrootcert='" TEST_DATA
                     "/vectors.json"
                     "' gssencmode='disable'};"
                     "Debug=0;CommLog=0;PWD={db.example:5432/?",
                 0),
      0U)
      << text;
  EXPECT_NE(text.find("X-Amz-Signature="), std::string::npos);
  EXPECT_EQ(text.find("typed"), std::string::npos);
}

// They would write the string, and here the token stands in it: the recording driver has no libpq that could read a file.
TEST_F(Connect, PsqlodbcsLogAttributesWaitWhileTheTokenIsInTheString) {
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, 65536, pointer(1), SQL_IS_UINTEGER), SQL_SUCCESS);
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, 65540, pointer(1), SQL_IS_UINTEGER), SQL_SUCCESS);
  ASSERT_EQ(connect(iam("AccessKeyID=AK;SecretAccessKey=SK")), SQL_SUCCESS) << record(1);
  EXPECT_NE(strings().at(0).find("X-Amz-Signature"), std::string::npos);
  EXPECT_NE(log().find("\"attribute\":65540,"), std::string::npos) << log();
  EXPECT_EQ(log().find("\"attribute\":65536,"), std::string::npos) << log();
  EXPECT_EQ(base().last().arguments[1], 65536U) << base().last().function;
}

// Programs that count the terminator, or their whole buffer, are many; driver managers and base drivers stop there.
TEST_F(Connect, WhatIsCountedBehindTheEndOfATextIsNotRead) {
  const std::string whole = iam("Fetch=7");
  for (const std::string& behind : {std::string(1, '\0'), std::string("\0;UID=mallory;PWD={\0?", 21)}) {
    std::string text = whole + behind;
    ASSERT_EQ(driver().SQLDriverConnect(dbc_, nullptr, characters(text), static_cast<SQLSMALLINT>(text.size()), nullptr,
                                        0, nullptr, SQL_DRIVER_NOPROMPT),
              SQL_SUCCESS)
        << record(1);
    EXPECT_EQ(strings().back().find("mallory"), std::string::npos) << strings().back();
    driver().SQLDisconnect(dbc_);
    std::u16string units = utf16_from_utf8(text);
    ASSERT_EQ(
        driver().SQLDriverConnectW(dbc_, nullptr, reinterpret_cast<SQLWCHAR*>(units.data()),
                                   static_cast<SQLSMALLINT>(units.size()), nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT),
        SQL_SUCCESS)
        << record(1);
    EXPECT_EQ(strings().back().find("mallory"), std::string::npos) << strings().back();
    driver().SQLDisconnect(dbc_);
    EXPECT_EQ(
        driver().SQLBrowseConnect(dbc_, characters(text), static_cast<SQLSMALLINT>(text.size()), nullptr, 0, nullptr),
        SQL_ERROR);
    EXPECT_NE(record(1).find("told not to browse"), std::string::npos) << record(1);
  }
}

TEST_F(Connect, WhatIsCountedBehindTheEndOfANameOrPasswordIsNotRead) {
  odbc_ini(std::string("[sales]\nBaseDriver=") + RECORDING_PSQLODBC + "\nServer=127.0.0.1\nAuthType=Password\n");
  std::string dsn("sales\0?", 7);
  std::string user("jane\0?", 6);
  std::string password("p}w\0?", 5);
  ASSERT_EQ(driver().SQLConnect(dbc_, characters(dsn), 7, characters(user), 6, characters(password), 5), SQL_SUCCESS)
      << record(1);
  EXPECT_EQ(strings().back(), "DSN=sales;Servername=127.0.0.1;UID=jane;PWD={p}}w}");
}

TEST_F(Connect, BrowsingTakesNoAwsKeysDown) {
  std::string text = iam("AccessKeyID=AK;SecretAccessKey=hunter2");
  EXPECT_EQ(driver().SQLBrowseConnect(dbc_, characters(text), SQL_NTS, nullptr, 0, nullptr), SQL_ERROR);
  EXPECT_EQ(record(1).substr(0, 5), "HYC00");
  EXPECT_EQ(log().find("hunter2"), std::string::npos);
}

TEST_F(Connect, WideTextArrivesAsItWas) {
  // A lone surrogate, a character outside the BMP.
  const std::string odd = "x=zo\xC3\xAB\xF0\x9F\x98\x80\xED\xA0\x80;";
  ASSERT_EQ(connect_wide(odd + connection_string(), 4096).status, SQL_SUCCESS) << record(1);
  EXPECT_NE(strings().at(0).find(";" + odd), std::string::npos) << strings().at(0);
}

TEST_F(Connect, WhatIsNotAStringIsRefusedBeforeAnything) {
  for (const char* text : {"PWD={hunter2", "PWD={hunter2}x", "PWD= {hunter2}"}) {
    EXPECT_EQ(connect(text), SQL_ERROR);
    EXPECT_EQ(record(1).substr(0, 5), "08001");
    EXPECT_EQ(record(1).find("hunter2"), std::string::npos);
    EXPECT_EQ(record(2), "");
  }
  const std::string text = connection_string();
  EXPECT_EQ(driver().SQLDriverConnect(dbc_, nullptr, characters(text), -7, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT),
            SQL_ERROR);
  EXPECT_EQ(record(1).substr(0, 5), "HY090");
  EXPECT_TRUE(strings().empty());
}

TEST_F(Connect, ASecondConnectOnAnOpenConnectionIsRefused) {
  connect_well();
  EXPECT_EQ(connect(), SQL_ERROR);
  EXPECT_EQ(record(1).substr(0, 5), "08002");
}

// ---- deadline ----

TEST_F(Connect, TheBaseGetsWhatIsLeftOfTheLoginTimeout) {
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_LOGIN_TIMEOUT, pointer(30), SQL_IS_UINTEGER), SQL_SUCCESS);
  connect_well();
  // The queued attribute is replayed first, then comes what is left: the last one counts.
  const std::string all = log();
  const auto last = all.rfind("\"attribute\":103,");
  ASSERT_NE(last, std::string::npos) << all;
  const auto value = std::stoul(all.substr(all.find("\"value\":", last) + 8));
  EXPECT_LE(value, 30U);
  EXPECT_GE(value, 25U);
}

TEST_F(Connect, APassedLoginTimeoutIsHYT00AndTheBaseIsNotAsked) {
  std::ofstream(folder_ + "/slow")
      << "#!/bin/sh\nsleep 2\necho '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}'\n";
  chmod((folder_ + "/slow").c_str(), 0700);
  odbc_ini("[sales]\nCredentialProcess=" + folder_ + "/slow\n");
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_LOGIN_TIMEOUT, pointer(1), SQL_IS_UINTEGER), SQL_SUCCESS);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(connect(iam("DSN=sales")), SQL_ERROR);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  EXPECT_TRUE(strings().empty());
  EXPECT_TRUE(record(1).starts_with("HYT00")) << record(1);
}

// ---- attempts and diagnostics ----

TEST_F(Connect, ARefusedAttemptIsReadOutAndFreed) {
  setenv("RECORDING_CONNECT", "refuse:08001:101:no route", 1);
  EXPECT_EQ(connect(), SQL_ERROR);
  EXPECT_EQ(record(1), "08001 no route");
  EXPECT_EQ(live(SQL_HANDLE_DBC), 0);
  setenv("RECORDING_CONNECT", "succeed", 1);
  EXPECT_EQ(connect(), SQL_SUCCESS) << record(1);
  EXPECT_EQ(live(SQL_HANDLE_DBC), 1);
}

TEST_F(Connect, OurOwnFailureIsOurRecordAlone) {
  EXPECT_EQ(connect(iam("TLS=off")), SQL_ERROR);
  EXPECT_EQ(record(1).substr(0, 5), "HY024");
  EXPECT_EQ(record(2), "");
  EXPECT_TRUE(strings().empty());
  EXPECT_EQ(live(SQL_HANDLE_DBC), 0);
}

TEST_F(Connect, ARefusedTokenHasTheBaseDriversRecordThenOurs) {
  setenv("RECORDING_CONNECT", "refuse:08001:101:FATAL:  PAM authentication failed for user \"jane\"\n", 1);
  EXPECT_EQ(connect(iam()), SQL_ERROR);
  EXPECT_EQ(strings().size(), 1U) << "tried once";
  EXPECT_EQ(record(1).rfind("08001 FATAL:  PAM authentication failed for user \"jane\"", 0), 0U) << record(1);
  EXPECT_NE(record(1).find("[iamodbc]"), std::string::npos);
  for (const char* word : {"db.example:5432", "eu-central-1", "AKIA...MPLE", "rds_iam", "rds-db:connect", "clock"}) {
    EXPECT_NE(record(2).find(word), std::string::npos) << word << " in " << record(2);
  }
  EXPECT_EQ(record(2).substr(0, 6), "08001 ") << "unixODBC would sort another state before the base driver's record";
  EXPECT_EQ((record(1) + record(2)).find("X-Amz-"), std::string::npos);
  EXPECT_EQ(record(3), "");
}

TEST_F(Connect, AdviceIsAppendedOnlyWhileRecord1StaysWhole) {
  for (const std::size_t size : {100U, 400U, 450U, 505U, 511U, 600U}) {
    std::string text = "authentication failed for user ";
    text.resize(size, 'x');
    setenv("RECORDING_CONNECT", ("refuse:08001:101:" + text).c_str(), 1);
    EXPECT_EQ(connect(iam()), SQL_ERROR);
    const std::string shown = record(1).substr(6);
    EXPECT_EQ(shown.substr(0, size), text);
    EXPECT_TRUE(shown.size() == size || shown.size() <= 511) << shown.size();
    EXPECT_TRUE(size > 100 || shown.size() > size) << "no advice";
  }
}

TEST_F(Connect, LibpqsRemarkAboutOurFileIsTakenOut) {
  setenv("RECORDING_CONNECT",
         "refuse:08001:101:PAM authentication failed for user \"jane\"\npassword retrieved from file "
         "\"/proc/self/fd/7\"\n",
         1);
  EXPECT_EQ(connect(iam()), SQL_ERROR);
  EXPECT_EQ(record(1).find("password retrieved"), std::string::npos) << record(1);
  EXPECT_EQ(record(1).find("/proc/self"), std::string::npos) << record(1);
}

TEST_F(Connect, APasswordLoginIsRefusedInTheBaseDriversWordsAlone) {
  setenv("RECORDING_CONNECT", "refuse:08001:101:password authentication failed for user \"u\"", 1);
  EXPECT_EQ(connect(), SQL_ERROR);
  EXPECT_EQ(record(1), "08001 password authentication failed for user \"u\"");
  EXPECT_EQ(record(2), "");
}

// ---- login cache ----

constexpr const char* refusal = "refuse:08001:101:FATAL:  PAM authentication failed for user \"jane\"\n";
using Tokens = std::vector<std::string>;

TEST_F(Connect, WhatWouldCancelInClearIsNotAskedToOnceItHasATokenOrTls) {
  struct Row {
    std::string text;
    bool cancels;
  };
  const std::string password =
      std::string("BaseDriver=") + RECORDING_MARIADB + ";AuthType=Password;Server=s;UID=u;PWD=p";
  for (const Row& row : {Row{iam("", RECORDING_MARIADB), false}, Row{iam(), true}, Row{password, true},
                         Row{password + ";TLS=verify-full;TLSCAFile=" TEST_DATA "/vectors.json", false}}) {
    ASSERT_EQ(connect(row.text), SQL_SUCCESS) << record(1);
    SQLHSTMT stmt = nullptr;
    ASSERT_EQ(driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc_, &stmt), SQL_SUCCESS);
    EXPECT_EQ(driver().SQLCancel(stmt), row.cancels ? SQL_SUCCESS : SQL_ERROR) << row.text;
    EXPECT_EQ(driver().SQLCancelHandle(SQL_HANDLE_STMT, stmt), row.cancels ? SQL_SUCCESS : SQL_ERROR) << row.text;
    if (!row.cancels) {
      SQLCHAR state[6] = {};
      SQLCHAR text[512] = {};
      ASSERT_EQ(driver().SQLGetDiagRec(SQL_HANDLE_STMT, stmt, 1, state, nullptr, text, 512, nullptr), SQL_SUCCESS);
      EXPECT_STREQ(reinterpret_cast<const char*>(state), "HYC00");
      EXPECT_NE(std::string(reinterpret_cast<const char*>(text)).find("3.1.22"), std::string::npos) << text;
    }
    driver().SQLDisconnect(dbc_);
  }
}

TEST_F(Connect, ATokenIsUsedAgainByWhoeverLogsInTheSameWay) {
  const Tokens first = tokens_of("succeed", SQL_SUCCESS, iam());
  next_second();
  EXPECT_EQ(tokens_of("succeed", SQL_SUCCESS, iam("Database=other")), first);
  EXPECT_NE(tokens_of("succeed", SQL_SUCCESS, iam("UID=john")), first);
  EXPECT_NE(tokens_of("succeed", SQL_SUCCESS, iam("TokenPort=5433")), first);
  setenv("AWS_SECRET_ACCESS_KEY", "another", 1);
  EXPECT_NE(tokens_of("succeed", SQL_SUCCESS, iam()), first);
}

TEST_F(Connect, ARefusedTokenOutOfTheCacheIsFollowedByOneNewOneAMinute) {
  const Tokens first = tokens_of("succeed", SQL_SUCCESS, iam());
  next_second();
  const Tokens second = tokens_of(std::string(refusal) + "|succeed", SQL_SUCCESS, iam());
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0], first[0]);
  EXPECT_NE(second[1], first[0]);
  EXPECT_EQ(tokens_of("succeed", SQL_SUCCESS, iam()), Tokens{second[1]}) << "the new one is kept";
  next_second();
  EXPECT_EQ(tokens_of(refusal, SQL_ERROR, iam()), Tokens{second[1]}) << "twice within a minute";
  EXPECT_NE(record(2).find("was signed for"), std::string::npos) << record(2);
}

TEST_F(Connect, ANewTokenThatIsRefusedTooIsTheMessageOfAFreshOne) {
  tokens_of("succeed", SQL_SUCCESS, iam());
  next_second();
  EXPECT_EQ(tokens_of(refusal, SQL_ERROR, iam()).size(), 2U);
  EXPECT_EQ(record(1).rfind("08001 FATAL:  PAM authentication failed for user \"jane\"", 0), 0U) << record(1);
  EXPECT_NE(record(2).find("was signed for db.example:5432"), std::string::npos) << record(2);
  EXPECT_EQ(record(3), "");
  const Tokens later = tokens_of(refusal, SQL_ERROR, iam());
  EXPECT_EQ(later.size(), 1U) << "a refused token was kept";
}

TEST_F(Connect, ATokenOfTheSameSecondIsNoTry) {
  for (int i = 0; i < 10; ++i) {
    const std::string string = iam("UID=jane" + std::to_string(i));
    const auto second = std::time(nullptr);
    tokens_of("succeed", SQL_SUCCESS, string);
    const Tokens refused = tokens_of(refusal, SQL_ERROR, string);
    if (std::time(nullptr) != second) continue;  // not the same second
    EXPECT_EQ(refused.size(), 1U);
    next_second();
    EXPECT_NE(tokens_of("succeed", SQL_SUCCESS, string), refused) << "it is dropped all the same";
    return;
  }
  FAIL() << "two connects never were within one second";
}

TEST_F(Connect, WithoutLoginTimeThereIsNoSecondTry) {
  tokens_of("succeed", SQL_SUCCESS, iam());
  ASSERT_EQ(driver().SQLSetConnectAttr(dbc_, SQL_ATTR_LOGIN_TIMEOUT, pointer(1), SQL_IS_UINTEGER), SQL_SUCCESS);
  setenv("RECORDING_SECONDS", "1.1", 1);
  EXPECT_EQ(tokens_of(refusal, SQL_ERROR, iam()).size(), 1U);
  EXPECT_EQ(record(1).substr(0, 11), "08001 FATAL") << "the refusal stands";
}

TEST_F(Connect, OnlyARefusedLoginIsFollowedByAnother) {
  const auto maria = iam("", RECORDING_MARIADB);
  const Tokens kept = tokens_of("succeed", SQL_SUCCESS, iam());
  const Tokens kept_maria = tokens_of("succeed", SQL_SUCCESS, maria);
  next_second();
  for (const char* const told :
       {"refuse:08001:101:SSL error: certificate verify failed",
        "refuse:08001:101:FATAL:  database \"x\" does not exist",
        "refuse:08001:101:FATAL:  no pg_hba.conf entry for host", "refuse:08001:101:Connection refused",
        "refuse:28000:101:PAM authentication failed for user \"jane\""}) {
    EXPECT_EQ(tokens_of(told, SQL_ERROR, iam()), kept) << told;
  }
  for (const char* const told :
       {"refuse:28000:1045:Plugin mysql_clear_password could not be loaded: no such file",
        "refuse:HY000:2059:Authentication plugin 'mysql_clear_password' cannot be loaded",
        "refuse:HY000:2026:SSL error: certificate verify failed", "refuse:42000:1049:Unknown database 'x'",
        "refuse:42000:1044:Access denied for user 'jane'@'%' to database 'x'"}) {
    EXPECT_EQ(tokens_of(told, SQL_ERROR, maria), kept_maria) << told;
  }
  EXPECT_EQ(tokens_of("refuse:28000:1045:Access denied for user 'jane'@'%'", SQL_ERROR, maria).size(), 2U);
}

TEST_F(Connect, ALostRaceForMariadbsPluginIsRunOnceMore) {
  const char* const race = "refuse:28000:1045:Plugin mysql_clear_password could not be loaded: it is already loaded";
  setenv("RECORDING_CONNECT", race, 1);
  const auto before = strings().size();
  EXPECT_EQ(connect(iam("", RECORDING_MARIADB)), SQL_ERROR);
  EXPECT_EQ(strings().size(), before + 2);
  EXPECT_EQ(strings().back(), strings()[before]);
  EXPECT_NE(record(1).find("already loaded"), std::string::npos) << "who loses twice is told";
}

// ---- success with information ----

TEST_F(Connect, SuccessWithInfoOfTheBasePasses) {
  setenv("RECORDING_CONNECT", "info:01000:7:the server is old", 1);
  EXPECT_EQ(connect(), SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(record(1), "01000 the server is old");
}

TEST_F(Connect, TheBasesWordAboutTheOutBufferDoesNotPass) {
  setenv("RECORDING_CONNECT", "info:01004:7:cut", 1);
  EXPECT_EQ(connect(), SQL_SUCCESS);
}

TEST_F(Connect, BrowseConnectIsTheBaseDriversOwnAnswerWithoutALogin) {
  std::string out(512, '\0');
  SQLSMALLINT length = 0;
  const std::string text = iam();
  EXPECT_EQ(driver().SQLBrowseConnect(dbc_, characters(text), SQL_NTS, characters(out), 512, &length), SQL_ERROR);
  EXPECT_EQ(record(1), "HYC00 told not to browse");
  EXPECT_TRUE(strings().empty());
  EXPECT_EQ(live(SQL_HANDLE_DBC), 0);
}

TEST_F(Connect, BrowsingStepByStepEndsWithWhatToUseInstead) {
  std::u16string text = utf16_from_utf8(iam());
  auto* const units = reinterpret_cast<SQLWCHAR*>(text.data());
  EXPECT_EQ(driver().SQLBrowseConnectW(dbc_, units, SQL_NTS, nullptr, 0, nullptr), SQL_ERROR);
  EXPECT_EQ(record(1), "HYC00 told not to browse");
  setenv("RECORDING_STEPS", "1", 1);
  EXPECT_EQ(driver().SQLBrowseConnectW(dbc_, units, SQL_NTS, nullptr, 0, nullptr), SQL_ERROR);
  EXPECT_EQ(record(1).substr(0, 5), "HYC00");
  EXPECT_NE(record(1).find("Use SQLDriverConnect"), std::string::npos) << record(1);
  EXPECT_TRUE(strings().empty());
  EXPECT_EQ(live(SQL_HANDLE_DBC), 0);
}

TEST_F(Connect, GetInfoIsTheBaseDrivers) {
  connect_well();
  std::string name(64, '\0');
  ASSERT_EQ(driver().SQLGetInfo(dbc_, SQL_DRIVER_NAME, characters(name), 64, nullptr), SQL_SUCCESS);
  EXPECT_STREQ(name.c_str(), "psqlodbcw.so");
}

// ---- limits ----

TEST_F(Connect, ASecretThatTheBaseWouldCutIsRefusedBeforeDialling) {
  setenv("AWS_SESSION_TOKEN", std::string(1200, 'x').c_str(), 1);
  EXPECT_EQ(connect_wide(iam("", RECORDING_MARIADB), 4096).status, SQL_SUCCESS) << record(1);
  driver().SQLDisconnect(dbc_);
  setenv("AWS_SESSION_TOKEN", std::string(33000, 'x').c_str(), 1);
  const auto before = strings().size();
  EXPECT_EQ(connect_wide(iam(), 4096).status, SQL_ERROR);
  EXPECT_NE(record(1).find("32767"), std::string::npos) << record(1);
  EXPECT_EQ(strings().size(), before);
}

// Its libpq does not tell a version: it may be too old for long lines in a password file.
TEST_F(Connect, AnOldLibpqAndOtherBaseDriversGetTheSecretInTheString) {
  for (const char* base_driver : {RECORDING_PSQLODBC, RECORDING_MARIADB}) {
    ASSERT_EQ(connect(iam("", base_driver)), SQL_SUCCESS) << record(1);
    EXPECT_NE(strings().back().find(";PWD={db.example:5432/?Action=connect&"), std::string::npos) << strings().back();
    EXPECT_EQ(strings().back().find("passfile"), std::string::npos);
    driver().SQLDisconnect(dbc_);
  }
}

// ---- out connection string ----

TEST_F(Connect, TheOutStringIsWhatWasAskedForWithItsSecretsLast) {
  const std::string text = std::string("PWD=p;BaseDriver=") + RECORDING_PSQLODBC + ";AuthType=Password;Server=s;UID=u";
  const std::string want = std::string("BaseDriver=") + RECORDING_PSQLODBC + ";AuthType=Password;Server=s;UID=u;PWD=p";
  const Out narrow = connect_narrow(text, 4096);
  EXPECT_EQ(narrow.status, SQL_SUCCESS) << record(1);
  EXPECT_EQ(narrow.text, want);
  EXPECT_EQ(narrow.length, static_cast<SQLSMALLINT>(want.size()));
  driver().SQLDisconnect(dbc_);
  const Out wide = connect_wide(text, 4096);
  EXPECT_EQ(wide.status, SQL_SUCCESS);
  EXPECT_EQ(wide.text, want);
  EXPECT_EQ(wide.length, static_cast<SQLSMALLINT>(want.size()));
}

TEST_F(Connect, TheOutStringHoldsNoToken) {
  for (const bool is_wide : {false, true}) {
    const Out out = is_wide ? connect_wide(iam(), 4096) : connect_narrow(iam(), 4096);
    ASSERT_EQ(out.status, SQL_SUCCESS) << record(1);
    EXPECT_EQ(out.text, iam());
    driver().SQLDisconnect(dbc_);
  }
}

TEST_F(Connect, AShortBufferIsCutWithAWarningAndTheWholeLength) {
  const std::string want = connection_string();
  const auto whole = static_cast<SQLSMALLINT>(want.size());
  for (const bool is_wide : {false, true}) {
    for (const SQLSMALLINT capacity : {static_cast<SQLSMALLINT>(whole + 1), whole, SQLSMALLINT{10}, SQLSMALLINT{1}}) {
      const Out out = is_wide ? connect_wide(want, capacity) : connect_narrow(want, capacity);
      EXPECT_EQ(out.text, want.substr(0, static_cast<std::size_t>(capacity) - 1));
      EXPECT_EQ(out.length, whole);
      if (capacity > whole) {
        EXPECT_EQ(out.status, SQL_SUCCESS);
      } else {
        EXPECT_EQ(out.status, SQL_SUCCESS_WITH_INFO);
        EXPECT_EQ(record(1).substr(0, 5), "01004");
      }
      driver().SQLDisconnect(dbc_);
    }
  }
}

TEST_F(Connect, WithoutABufferOnlyTheLengthIsTold) {
  const std::string text = connection_string();
  SQLSMALLINT length = 0;
  EXPECT_EQ(
      driver().SQLDriverConnect(dbc_, nullptr, characters(text), SQL_NTS, nullptr, 0, &length, SQL_DRIVER_NOPROMPT),
      SQL_SUCCESS);
  EXPECT_EQ(length, static_cast<SQLSMALLINT>(text.size()));
  driver().SQLDisconnect(dbc_);
  SQLCHAR out[4] = "???";
  EXPECT_EQ(driver().SQLDriverConnect(dbc_, nullptr, characters(text), SQL_NTS, out, -1, &length, SQL_DRIVER_NOPROMPT),
            SQL_ERROR);
  EXPECT_EQ(record(1).substr(0, 5), "HY090");
}

TEST_F(Connect, InfoOfTheBaseAndACutOutStringAreBothTold) {
  setenv("RECORDING_CONNECT", "info:01000:7:the server is old", 1);
  EXPECT_EQ(connect_narrow(connection_string(), 5).status, SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(record(1), "01000 the server is old");
  EXPECT_EQ(record(2).substr(0, 5), "01004");
}

}  // namespace
}  // namespace iamodbc
