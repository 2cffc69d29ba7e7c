// SPDX-License-Identifier: Apache-2.0
#include "core/login/rds_token.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/aws/sigv4.h"
#include "core/encoding.h"
#include "core/login/dsql_token.h"
#include "core/text.h"

namespace iamodbc {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr const char* host = "mydb.cabc123def45.us-east-1.rds.amazonaws.com";

json vectors() {
  return json::parse(std::ifstream(TEST_DATA "/vectors.json"));
}

std::string text_of(const json& vector, const char* key) {
  return vector.at(key).is_null() ? std::string() : vector.at(key).get<std::string>();
}

// "20240102T030405Z"
Time moment_of(const std::string& amz_date) {
  const std::string extended = amz_date.substr(0, 4) + '-' + amz_date.substr(4, 2) + '-' + amz_date.substr(6, 5) + ':' +
                               amz_date.substr(11, 2) + ':' + amz_date.substr(13);
  return parse_time(extended).value();
}

Credentials credentials_of(const json& vector) {
  Credentials credentials;
  credentials.access_key_id = text_of(vector, "access_key_id");
  credentials.secret_access_key = Secret(text_of(vector, "secret_access_key"));
  credentials.session_token = Secret(text_of(vector, "session_token"));
  return credentials;
}

Credentials example_credentials(std::string_view session_token = "") {
  Credentials credentials;
  credentials.access_key_id = "AKIAIOSFODNN7EXAMPLE";
  credentials.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  credentials.session_token = Secret(session_token);
  return credentials;
}

std::string token_of(const json& vector) {
  const Endpoint endpoint{text_of(vector, "host"), vector.at("port").get<int>(), text_of(vector, "region")};
  return std::string(
      rds_token(credentials_of(vector), endpoint, text_of(vector, "user"), moment_of(text_of(vector, "amz_date")))
          .reveal());
}

// The letters of the host in lower case, the parameters sorted: what must be equal whoever wrote the token.
std::string comparable(const std::string& token) {
  const std::size_t question_mark = token.find('?');
  std::vector<std::string> parameters;
  std::size_t begin = question_mark + 1;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = token.find('&', begin);
    parameters.push_back(token.substr(begin, end == std::string::npos ? end : end - begin));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string text = lower(token.substr(0, question_mark)) + '?';
  for (const std::string& parameter : parameters) text += parameter + '\n';
  return text;
}

TEST(RdsToken, EqualsEveryVectorButForTheLetterCaseOfTheHost) {
  const json all = vectors();
  int seen = 0;
  for (const json& vector : all.at("tokens")) {
    if (vector.at("kind") != "rds") continue;
    SCOPED_TRACE(text_of(vector, "name"));
    const std::string token = token_of(vector);
    const std::string expected = text_of(vector, "token");
    EXPECT_EQ(token, lower(expected.substr(0, expected.find('?'))) + expected.substr(expected.find('?')));
    EXPECT_TRUE(token.ends_with("&X-Amz-Signature=" + text_of(vector, "signature")));
    EXPECT_EQ(comparable(token), comparable(expected));
    ++seen;
  }
  EXPECT_EQ(seen, 18);
}

TEST(RdsToken, BehavesAsRecommendedWhereSdksDiffer) {
  const json all = vectors();
  int seen = 0;
  for (const json& vector : all.at("token_edge_behaviour")) {
    if (vector.at("recommended").is_null()) continue;
    SCOPED_TRACE(text_of(vector, "name"));
    EXPECT_EQ(token_of(vector), text_of(vector, "recommended"));
    ++seen;
  }
  EXPECT_EQ(seen, 4);  // IPv6, IDN, region, empty session token
}

// Made with botocore 1.29.27.
TEST(RdsToken, ASessionTokenOf10000CharactersIsWhole) {
  std::string session_token;
  while (session_token.size() < 10000) session_token += "FwoGZXIvYXdzE/+=";
  session_token.resize(10000);
  const Secret token = rds_token(example_credentials(session_token), {host, 5432, "us-east-1"}, "jane_doe",
                                 moment_of("20240102T030405Z"));
  EXPECT_EQ(token.size(), 14124U);
  EXPECT_TRUE(
      token.reveal().ends_with("&X-Amz-Signature=580c1e37b546a980af1f27ca7579789063bc570a047ad5a956ca00979d4e047a"));
  EXPECT_EQ(hex(view(sha256(token.reveal()))), "93cd2042ee99305e736ae947b09a376f041f505ffdfa866c8e3fe86e311b1c17");
}

TEST(RdsToken, ManyThreadsSignTheSameToken) {
  const Credentials credentials = example_credentials("session");
  const Time now = moment_of("20240102T030405Z");
  const std::string expected(rds_token(credentials, {host, 5432, "us-east-1"}, "jane_doe", now).reveal());
  std::vector<int> equal(8);
  std::vector<std::thread> threads;
  for (int& count : equal) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        if (rds_token(credentials, {host, 5432, "us-east-1"}, "jane_doe", now).reveal() == expected) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(8, 200));
}

TEST(RdsToken, EndsAfter15MinutesOrWithTheCredentials) {
  const Time now = moment_of("20240102T030405Z");
  Credentials credentials = example_credentials();
  EXPECT_EQ(token_end(credentials, now, rds_token_lifetime), now + seconds(900));
  credentials.expiration = now + seconds(901);
  EXPECT_EQ(token_end(credentials, now, rds_token_lifetime), now + seconds(900));
  credentials.expiration = now + seconds(60);
  EXPECT_EQ(token_end(credentials, now, rds_token_lifetime), now + seconds(60));
}

TEST(DsqlToken, EqualsEveryVector) {
  const json all = vectors();
  int seen = 0;
  for (const json& vector : all.at("tokens")) {
    if (vector.at("kind") != "dsql") continue;
    SCOPED_TRACE(text_of(vector, "name"));
    const Endpoint endpoint{text_of(vector, "host"), 5432, text_of(vector, "region")};
    const std::string user = vector.at("action") == "DbConnectAdmin" ? "admin" : "jane_doe";
    const Secret token = dsql_token(credentials_of(vector), endpoint, user, moment_of(text_of(vector, "amz_date")),
                                    seconds(vector.at("expires").get<int>()));
    EXPECT_EQ(token.reveal(), text_of(vector, "token"));
    ++seen;
  }
  EXPECT_EQ(seen, 2);
}

TEST(DsqlToken, IsForAdminOrForEverybodyElseAndNeverForAPort) {
  const Time now = moment_of("20240102T030405Z");
  const auto token = [&](const std::string& user, int port) {
    return std::string(
        dsql_token(example_credentials(), {"Id.dsql.us-east-1.on.aws", port, "us-east-1"}, user, now, seconds(900))
            .reveal());
  };
  EXPECT_TRUE(token("admin", 5432).starts_with("id.dsql.us-east-1.on.aws/?Action=DbConnectAdmin&X-Amz-Algorithm="));
  EXPECT_TRUE(token("jane_doe", 5432).starts_with("id.dsql.us-east-1.on.aws/?Action=DbConnect&X-Amz-Algorithm="));
  EXPECT_EQ(token("jane_doe", 5432), token("zoe", 15432));
  EXPECT_EQ(dsql_action("Admin"), "DbConnect");  // names of PostgreSQL's users have letter case
}

}  // namespace
}  // namespace iamodbc
