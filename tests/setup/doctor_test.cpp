// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "setup/doctor/advice.h"
#include "setup/doctor/findings.h"

namespace iamodbc {
namespace {

TEST(Advice, EachRowHasANameOfItsOwnACauseAndARemedy) {
  std::set<std::string> ids;
  for (const Advice& row : advice_table()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_EQ(find_advice(row.id), &row);
    EXPECT_TRUE(std::string(row.cause).ends_with('.')) << row.id;
    EXPECT_TRUE(std::string(row.remedy).ends_with('.')) << row.id;
  }
  EXPECT_EQ(find_advice("nosuch"), nullptr);
}

TEST(Advice, MessagesOfServersAndBaseDriversLeadToTheirs) {
  constexpr std::array<std::pair<const char*, const char*>, 31> messages{{
      {R"(connection to server at "h" (10.0.0.1), port 5432 failed: FATAL:  PAM authentication failed for user "jane")",
       "token-refused"},
      {R"(FATAL:  password authentication failed for user "jane")", "user-without-rds-iam"},
      {"[ma-3.1.15]Access denied for user 'jane'@'10.0.0.1' (using password: YES)", "access-denied"},
      {"[MySQL][ODBC 8.0(w) Driver]Access denied for user 'jane'@'10.0.0.1' (using password: YES)", "access-denied"},
      {"[ma-3.1.15]Access denied for user 'jane'@'%' to database 'nodb'", "database-unknown"},
      {R"(FATAL:  database "nodb" does not exist)", "database-unknown"},
      {"[ma-3.1.15]Unknown database 'nodb'", "database-unknown"},
      {R"(no pg_hba.conf entry for host "10.0.0.1", user "jane", database "app", no encryption)", "tls-required"},
      {R"(no pg_hba.conf entry for host "10.0.0.1", user "jane", database "app", SSL off)", "tls-required"},
      {"[ma-3.1.15]Connections using insecure transport are prohibited while --require_secure_transport=ON.",
       "tls-required"},
      {R"(no pg_hba.conf entry for host "10.0.0.1", user "jane", database "app", SSL encryption)", "no-pg-hba"},
      {R"(no pg_hba.conf entry for replication connection from host "10.0.0.1", user "jane", SSL encryption)",
       "replication"},
      {R"(connection to server at "h", port 1 failed: Connection refused
	Is the server running on that host and accepting TCP/IP connections?)",
       "connection-refused"},
      {"[ma-3.1.15]Can't connect to server on '127.0.0.1' (115)", "connection-refused"},
      {"[MySQL][ODBC 8.0(w) Driver]Can't connect to MySQL server on '127.0.0.1:1' (111)", "connection-refused"},
      {"[MySQL][ODBC 8.0(w) Driver]Can't connect to MySQL server on '10.0.0.1:3306' (110)", "no-answer"},
      {"timeout expired", "no-answer"},
      {R"(could not translate host name "x" to address: Name or service not known)", "dns-unknown"},
      {"[ma-3.1.15]Unknown server host 'x' (-2)", "dns-unknown"},
      {"[MySQL][ODBC 8.0(w) Driver]Unknown MySQL server host 'x' (-2)", "dns-unknown"},
      {"No route to host", "no-route"},
      {"server does not support SSL, but SSL was required", "tls-not-offered"},
      {"SSL error: certificate verify failed", "certificate-authority"},
      {"[ma-3.1.15]TLS/SSL error: self-signed certificate in certificate chain", "certificate-authority"},
      {R"(server certificate for "localhost" (and 3 other names) does not match host name "h")", "certificate-name"},
      {"[ma-3.1.15]TLS/SSL error: Validation of SSL server certificate failed", "certificate-name"},
      {"[ma-3.1.15]Plugin mysql_clear_password could not be loaded: x.so: cannot open", "cleartext-plugin"},
      {R"(FATAL:  too many connections for role "jane")", "login-rate"},
      {"SSL connection has been closed unexpectedly", "hung-up"},
      {"An error occurred (SignatureDoesNotMatch): Signature expired: 20261122T000000Z is now earlier than ...",
       "clock-wrong"},
      {"FATAL:  something nobody has heard of", "login-failed"},
  }};
  for (const auto& [message, id] : messages) EXPECT_STREQ(advice_for(message, "login-failed"), id) << message;
}

TEST(Redacted, ShortensAccountsAndKeyIds) {
  EXPECT_EQ(redacted("arn:aws:iam::111122223333:user/jane has AKIAIOSFODNN7EXAMPLE", {}),
            "arn:aws:iam::...3333:user/jane has AKIA...MPLE");
  EXPECT_EQ(redacted("1111222233334 is no account, nor is 11112222333", {}),
            "1111222233334 is no account, nor is 11112222333");
  EXPECT_EQ(redacted("AKIA...MPLE stays, as does ALPHABETICALLYLONG", {}),
            "AKIA...MPLE stays, as does ALPHABETICALLYLONG");
}

TEST(Redacted, LeavesNoNameOfASession) {
  EXPECT_EQ(redacted("by arn:aws:sts::111122223333:assumed-role/admin/jane@example.com, then", {}),
            "by arn:aws:sts::...3333:assumed-role/admin/..., then");
  EXPECT_EQ(redacted(":assumed-role/admin", {}), ":assumed-role/admin");
}

TEST(Redacted, ReplacesHostsWhereTheyStandByThemselves) {
  const Privacy privacy{{}, {"db.example", "10.0.0.1", "db"}, {}, false};
  EXPECT_EQ(redacted("Server=DB.example at 10.0.0.1 or 10.0.0.12, db, dbx, my-db", privacy),
            "Server=host-1 at host-2 or address, host-3, dbx, my-db");
}

TEST(Redacted, LeavesNoHostOfAUrlButAwssOwn) {
  const std::string text =
      "at https://corp.awsapps.com/start and http://proxy.corp:3128, not https://sts.eu-central-1.amazonaws.com/";
  EXPECT_EQ(redacted(text, {}),
            "at https://host/start and http://host:3128, not https://sts.eu-central-1.amazonaws.com/");
  EXPECT_EQ(redacted(text, {{}, {}, {}, true}), text);
  EXPECT_EQ(redacted("http://bob:hunter2@[fd00::1]:81/x, http://bob@host.corp?a=b", {}),
            "http://host:81/x, http://host?a=b");
  EXPECT_EQ(hosts_of_urls(text + " http://me@[fd00::1]:81/"),
            (std::vector<std::string>{"corp.awsapps.com", "proxy.corp", "fd00::1"}));
}

TEST(Redacted, LeavesNoAddressAndNoHostOfAClient) {
  EXPECT_EQ(redacted("from 10.1.2.3, port 5432; fd00::1 and ::ffff:10.1.2.3. At 2037-12-31T23:59:59Z, 13.02.0000", {}),
            "from address, port 5432; address and address. At 2037-12-31T23:59:59Z, 13.02.0000");
  EXPECT_EQ(redacted("arn:aws:s3:::bucket std::find ::", {}), "arn:aws:s3:::bucket std::find ::");
  EXPECT_EQ(redacted("Access denied for user 'jane'@'laptop.corp.example' (using", {}),
            "Access denied for user 'jane'@'host' (using");
}

TEST(Redacted, RepeatsNothingOfWhatAProgramSaidThatFailed) {
  EXPECT_EQ("custom-process: `keys` (Profile) failed with exit status 3: (what it said is left out)",
            redacted("custom-process: `keys` (Profile) failed with exit status 3: cannot open vault with hunter2", {}));
  EXPECT_EQ("it was ended by signal 9 and said nothing.", redacted("it was ended by signal 9 and said nothing.", {}));
}

TEST(Redacted, ReplacesSecretsAndTheHomeFolder) {
  const Privacy privacy{{"hunter2"}, {}, {"/home/jane"}, false};
  EXPECT_EQ(redacted("/home/jane/.aws has hunter2hunter2; /home/janet is another", privacy),
            "~/.aws has ******; /home/janet is another");
}

TEST(Findings, SayHowItEnded) {
  Findings findings(false);
  EXPECT_EQ(findings.summary(), "all is well");
  findings.add("clock", Mark::note, "not compared");
  EXPECT_EQ(findings.summary(), "all is well");
  findings.add("TLS", Mark::warning, "ends soon", {"certificate-ends"});
  EXPECT_EQ(findings.summary(), "0 failed, 1 warning");
  EXPECT_FALSE(findings.has_failed());
  findings.add_failure("login", "08001", "Connection refused", "login-failed");
  EXPECT_EQ(findings.summary(), "1 failed, 1 warning");
  EXPECT_TRUE(findings.has_failed());
  EXPECT_STREQ(findings.all().back().advice.front(), "connection-refused");
}

TEST(Findings, AreJson) {
  Findings findings(false);
  findings.add("TLS", Mark::ok, "a\"b\x1b hunter2");
  EXPECT_EQ(json_of(findings, "sales", {"hunter2"}).substr(json_of(findings, "sales", {"hunter2"}).find("\"subject\"")),
            "\"subject\": \"sales\", \"ok\": true, \"steps\": [\n{\"step\": \"TLS\", \"result\": \"ok\", \"found\": "
            "[\"a\\\"b\\\\x1b ***\"], \"advice\": []}]}");
}

}  // namespace
}  // namespace iamodbc
