// Logins through MySQL Connector/ODBC, which comes as a wide and as a narrow library. A recording base driver stands in
// for it and reads what it is given by the real one's rules (tests/core/mysql_reads.h): the tests ask what it understood.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>

#include "core/connection_string.h"
#include "core/login/rds_token.h"
#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

constexpr const char* key_id = "AKIAIOSFODNN7EXAMPLE";

class Mysql : public DriverTest {
 protected:
  Mysql() {
    setenv("AWS_ACCESS_KEY_ID", key_id, 1);
    // One for each test: the process keeps logins.
    static int tests = 0;
    secret_ = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" + std::to_string(++tests);
    setenv("AWS_SECRET_ACCESS_KEY", secret_.c_str(), 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    for (const char* const variable : {"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
                                       "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "RECORDING_VERSION"}) {
      unsetenv(variable);
    }
    ca_ = folder_ + "/ca.pem";
    std::ofstream(ca_) << "no certificate\n";
  }
  ~Mysql() override {
    for (const char* const variable : {"RECORDING_CONNECT", "RECORDING_VERSION", "AWS_SESSION_TOKEN"})
      unsetenv(variable);
  }

  // The library and the base driver of one width.
  struct Shape {
    const char* ours;
    const char* base;
  };
  static constexpr std::array shapes{Shape{IAMODBC_WIDE_LIBRARY, RECORDING_WIDE_FILE},
                                     Shape{IAMODBC_NARROW_LIBRARY, RECORDING_MYSQL_NARROW_FILE}};

  // An IAM login with more attributes.
  [[nodiscard]] std::string iam(const std::string& more = "", const std::string& base = RECORDING_WIDE_FILE) const {
    return "BaseDriver=" + base + ";Server=db.example;UID=jane;Region=eu-central-1;TLSCAFile=" + ca_ +
           (more.empty() ? "" : ";" + more);
  }
  static std::string password_login(const std::string& more, const std::string& base = RECORDING_WIDE_FILE) {
    return "BaseDriver=" + base + ";AuthType=Password;Server=db.example;" + more;
  }
  void odbc_ini(const std::string& text) const { std::ofstream(folder_ + "/odbc.ini") << text; }

  // A copy of the stand-in that tells another version.
  [[nodiscard]] std::string of_version(const std::string& version) const {
    setenv("RECORDING_VERSION", version.c_str(), 1);
    const std::string folder = folder_ + "/" + version;
    std::filesystem::create_directory(folder);
    std::filesystem::copy_file(RECORDING_WIDE_FILE, folder + "/libmyodbc8w.so");
    return folder + "/libmyodbc8w.so";
  }

  // What the stand-in understood at the last connect under this key of mysql_reads.h.
  [[nodiscard]] std::string understood(const std::string& key) const {
    const std::string all = log();
    std::size_t at = all.rfind("\"understood\":{");
    at = at == std::string::npos ? at : all.find("\"" + key + "\":\"", at);
    if (at == std::string::npos) return "nothing";
    std::string value;
    for (at += key.size() + 4; all[at] != '"'; ++at) {
      if (all[at] == '\\') ++at;
      value += all[at];
    }
    return value;
  }
  [[nodiscard]] std::size_t connects() const {
    const std::string all = log();
    std::size_t count = 0;
    for (std::size_t at = all.find("\"understood\""); at != std::string::npos; at = all.find("\"understood\"", at + 1))
      ++count;
    return count;
  }
  void expect_login_over_verified_tls() const {
    EXPECT_EQ(understood("protocol"), "TCP");
    EXPECT_EQ(understood("host"), "db.example");
    EXPECT_EQ(understood("port"), "3306");
    EXPECT_EQ(understood("user"), "jane");
    EXPECT_EQ(understood("tls"), "VERIFY_IDENTITY");
    EXPECT_EQ(understood("ca"), ca_);
    EXPECT_EQ(understood("cleartext"), "1");
    EXPECT_EQ(understood("option_file"), "0");
    EXPECT_EQ(understood("password"), token());
  }
  // The token that these keys sign for jane at the second that stands in the one that was understood.
  [[nodiscard]] std::string token() const {
    const std::string told = understood("password");
    const auto at = told.find("X-Amz-Date=");
    std::tm when{};
    if (at == std::string::npos || strptime(told.c_str() + at, "X-Amz-Date=%Y%m%dT%H%M%SZ", &when) == nullptr)
      return "no token";
    Credentials keys;
    keys.access_key_id = key_id;
    keys.secret_access_key = Secret(secret_);
    if (const char* const session = std::getenv("AWS_SESSION_TOKEN")) keys.session_token = Secret(session);
    const Secret signed_again = rds_token(keys, {"db.example", 3306, "eu-central-1"}, "jane",
                                          std::chrono::system_clock::from_time_t(timegm(&when)));
    return std::string(signed_again.reveal());
  }

  std::string secret_;
  std::string ca_;
};

// ---- what it understands ----

TEST_F(Mysql, UnderstandsTheTokenByteForByteAndEverythingThatProtectsIt) {
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(shape.base);
    const Flavour driver(shape.ours);
    ASSERT_EQ(driver.connect(iam("", shape.base)), SQL_SUCCESS) << driver.record(1);
    expect_login_over_verified_tls();
    driver.disconnect();
    odbc_ini(std::string("[sales]\nBaseDriver=") + shape.base +
             "\nServer=db.example\nDatabase=app\nUID=jane\nRegion=eu-central-1\nTLSCAFile=" + ca_ +
             "\nPWD=of the section\nINITSTMT=select 1\n");
    ASSERT_EQ(driver.connect("DSN=sales"), SQL_SUCCESS) << driver.record(1);
    expect_login_over_verified_tls();
    EXPECT_EQ(understood("database"), "app");
    EXPECT_EQ(understood("init"), "select 1");
  }
}

TEST_F(Mysql, WhateverStandsInTheStringOrTheSectionATokenGoesOverTcpAndVerifiedTls) {
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  for (const char* more :
       {"OPTION=598016", "USER=evil;PASSWORD=evil;SERVER=evil;UID=jane;Server=db.example", "SSLVERIFY=0",
        "SSL-MODE=REQUIRED;SSLMODE=verify_identity", "ENABLE_CLEARTEXT_PLUGIN=0", "SOCKET=", "NAMED_PIPE=0;USE_MYCNF=0",
        "DISABLE_SSL_DEFAULT=0", "SSL_ENFORCE=1", "FOO={x}", "INITSTMT={set a=1;set SERVER='evil'}", "PORT={3306}"}) {
    SCOPED_TRACE(more);
    ASSERT_EQ(driver.connect(iam(more)), SQL_SUCCESS) << driver.record(1);
    expect_login_over_verified_tls();
    driver.disconnect();
  }
  odbc_ini("[sales]\nOPTION=598016\nENABLE_CLEARTEXT_PLUGIN=0\nSSLVERIFY=0\nPWD1=x\nSERVER=db.example\n");
  ASSERT_EQ(driver.connect(iam("DSN=sales")), SQL_SUCCESS) << driver.record(1);
  expect_login_over_verified_tls();
  // Its log has statements in it and never the string: that is the user's affair.
  EXPECT_EQ(understood("log_query"), "1");
}

TEST_F(Mysql, EverySpellingOfItsTlsAttributesIsUnderstoodAsItWasMeant) {
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  const std::string other = folder_ + "/other ca.pem";
  std::ofstream(other) << "no certificate\n";
  const std::string login = "BaseDriver=" + std::string(RECORDING_WIDE_FILE) + ";Server=db.example;UID=jane;Region=r;";
  struct Row {
    std::string given;
    const char* tls;
    std::string ca;
  };
  for (const Row& row :
       {Row{"SSLMODE=verify_ca;SSLCA=" + other, "VERIFY_CA", other},
        Row{"ssl-mode=VERIFY_IDENTITY;SSL-CA=" + other, "VERIFY_IDENTITY", other},
        Row{"SSL_MODE=required;SSL_CA={" + other + "}", "REQUIRED", other},
        Row{"SSLVERIFY=1;TLSCAFile=" + other, "VERIFY_IDENTITY", other}, Row{"TLS=require", "REQUIRED", ""},
        Row{"sslmode=VERIFY_IDENTITY;SSLVERIFY=0;SSLCA=" + other, "VERIFY_IDENTITY", other}}) {
    SCOPED_TRACE(row.given);
    ASSERT_EQ(driver.connect(login + row.given), SQL_SUCCESS) << driver.record(1);
    EXPECT_EQ(understood("tls"), row.tls);
    EXPECT_EQ(understood("ca"), row.ca);
    driver.disconnect();
  }
}

TEST_F(Mysql, IsNotAskedWhatWouldLoseTheToken) {
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  for (const char* more : {"SSLMODE=DISABLED", "SSLMODE=PREFERRED", "DISABLE_SSL_DEFAULT=1", "SSL_ENFORCE=0",
                           "SOCKET=/tmp/s", "SOCKET=0", "NAMED_PIPE=1", "ENABLE_DNS_SRV=1", "MULTI_HOST=1",
                           "USE_MYCNF=1", "Server=a,b", "Server=::1", "SSLCAPATH=/etc", "TLS-VERSIONS=TLSv1.1"}) {
    EXPECT_EQ(driver.connect(iam(more)), SQL_ERROR) << more;
    EXPECT_NE(driver.record(1).find(std::string(more).substr(0, std::string(more).find('='))), std::string::npos)
        << driver.record(1);
    EXPECT_EQ(driver.record(2), "") << more;
  }
  EXPECT_EQ(connects(), 0U);
}

// Of any characters; %41 and + are no escapes to it.
TEST_F(Mysql, UnderstandsPasswordsAndNamesOfEveryPrintableCharacter) {
  std::string every;
  for (char c = ' '; c <= '~'; ++c) every += c;
  const std::string odd[] = {every,      "}",        "}}",    "a}b}}c",  "}start",
                             "{braced}", " blanks ", "%41+%", "a;PWD=x", "zo\xC3\xAB\xF0\x9F\x98\x80"};
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  for (const std::string& text : odd) {
    SCOPED_TRACE(text);
    const std::string braced_text(braced(text).reveal());
    ASSERT_EQ(driver.connect(password_login("UID=" + braced_text + ";DATABASE=" + braced_text + ";PWD=" + braced_text)),
              SQL_SUCCESS)
        << driver.record(1);
    EXPECT_EQ(understood("password"), text);
    EXPECT_EQ(understood("user"), text);
    EXPECT_EQ(understood("database"), text);
    driver.disconnect();
  }
}

// ---- limits ----

TEST_F(Mysql, ATokenThatItWouldWriteBehindItsBufferIsRefusedBeforeDialling) {
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  setenv("AWS_SESSION_TOKEN", std::string(2000, 'x').c_str(), 1);
  for (const char* version : {"08.00.0034", "08.00.0035", "08.04.0000", "09.01.0000"}) {
    SCOPED_TRACE(version);
    EXPECT_EQ(driver.connect(iam("", of_version(version))), SQL_ERROR);
    for (const char* word : {"The token", "1023", version, "MariaDB Connector/ODBC"})
      EXPECT_NE(driver.record(1).find(word), std::string::npos) << driver.record(1);
  }
  EXPECT_EQ(connects(), 0U);
  EXPECT_EQ(driver.connect(iam("", of_version("08.00.0033"))), SQL_SUCCESS) << driver.record(1);
  expect_login_over_verified_tls();
  driver.disconnect();
  EXPECT_EQ(driver.connect(iam("", of_version("08.00.0018"))), SQL_ERROR);
  EXPECT_NE(driver.record(1).find("8.0.19"), std::string::npos) << driver.record(1);
  EXPECT_EQ(connects(), 1U);
}

TEST_F(Mysql, PasswordsAreTakenUpToItsLimitAndRefusedAbove) {
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  const std::string longest(1023, 'x');
  ASSERT_EQ(driver.connect(password_login("UID=u;PWD=" + longest)), SQL_SUCCESS) << driver.record(1);
  EXPECT_EQ(understood("password"), longest);
  driver.disconnect();
  EXPECT_EQ(driver.connect(password_login("UID=u;PWD=" + longest + "x")), SQL_ERROR);
  EXPECT_NE(driver.record(1).find("1023"), std::string::npos) << driver.record(1);
  EXPECT_EQ(connects(), 1U);
}

// ---- refused logins ----

constexpr const char* refusal =
    "refuse:HY000:1045:[MySQL][ODBC 9.1(w) Driver]Access denied for user 'jane'@'10.0.0.1' (using password: YES)";

TEST_F(Mysql, ARefusedTokenIsTriedOnceMoreAndThenExplained) {
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  ASSERT_EQ(driver.connect(iam()), SQL_SUCCESS) << driver.record(1);
  const std::string kept = understood("password");
  driver.disconnect();
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));  // tokens that are signed from now on are other ones
  setenv("RECORDING_CONNECT", (std::string(refusal) + "|succeed").c_str(), 1);
  ASSERT_EQ(driver.connect(iam()), SQL_SUCCESS) << driver.record(1);
  EXPECT_EQ(connects(), 3U) << "the kept one, and a new one";
  EXPECT_NE(understood("password"), kept);
  EXPECT_EQ(understood("password"), token());
  driver.disconnect();

  setenv("RECORDING_CONNECT", refusal, 1);
  EXPECT_EQ(driver.connect(iam()), SQL_ERROR);
  EXPECT_EQ(driver.record(1).find("HY000 [MySQL][ODBC 9.1(w) Driver]Access denied for user 'jane'"), 0U)
      << driver.record(1);
  EXPECT_NE(driver.record(1).find("[iamodbc]"), std::string::npos) << driver.record(1);
  for (const char* word : {"HY000 ", "db.example:3306", "eu-central-1", "AKIA...MPLE", "AWSAuthenticationPlugin",
                           "rds-db:connect", "clock"}) {
    EXPECT_NE(driver.record(2).find(word), std::string::npos) << word << " in " << driver.record(2);
  }
  EXPECT_EQ(driver.record(3), "");
}

TEST_F(Mysql, OtherFailuresAreNotTriedAgain) {
  const Flavour driver(IAMODBC_WIDE_LIBRARY);
  ASSERT_EQ(driver.connect(iam()), SQL_SUCCESS) << driver.record(1);
  driver.disconnect();
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  for (const char* told :
       {"refuse:08004:2059:Authentication plugin 'mysql_clear_password' cannot be loaded: plugin not enabled",
        "refuse:HY000:2026:SSL connection error: error:0A000086:SSL routines::certificate verify failed",
        "refuse:HY000:1049:Unknown database 'x'", "refuse:HY000:1044:Access denied for user 'jane'@'%' to database 'x'",
        "refuse:HY000:2005:Unknown MySQL server host 'db.example'"}) {
    setenv("RECORDING_CONNECT", told, 1);
    const std::size_t before = connects();
    EXPECT_EQ(driver.connect(iam()), SQL_ERROR);
    EXPECT_EQ(connects(), before + 1) << told;
    EXPECT_EQ(driver.record(2), "") << told;
  }
}

}  // namespace
}  // namespace iamodbc
