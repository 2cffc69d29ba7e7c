// Every stage of the signature against vectors, so that a failure names the stage.
// SPDX-License-Identifier: Apache-2.0
#include "core/aws/sigv4.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/credentials/credentials.h"
#include "core/encoding.h"

namespace iamodbc {
namespace {

using nlohmann::json;

json vectors() {
  return json::parse(std::ifstream(TEST_DATA "/vectors.json"));
}

std::string text_of(const json& vector, const char* key) {
  return vector.at(key).is_null() ? std::string() : vector.at(key).get<std::string>();
}

Credentials credentials_of(const json& vector) {
  Credentials credentials;
  credentials.access_key_id = text_of(vector, "access_key_id");
  credentials.secret_access_key = Secret(text_of(vector, "secret_access_key"));
  credentials.session_token = Secret(text_of(vector, "session_token"));
  return credentials;
}

SigningScope scope_of(const json& vector) {
  return {text_of(vector, "amz_date").substr(0, 8), text_of(vector, "region"), text_of(vector, "service")};
}

TEST(Sigv4, EveryStageOfAPresignedTokenEqualsItsVector) {
  const json all = vectors();
  int seen = 0;
  for (const json& vector : all.at("tokens")) {
    SCOPED_TRACE(text_of(vector, "name"));
    const std::string amz_date = text_of(vector, "amz_date");
    const SigningScope scope = scope_of(vector);
    QueryPairs action;
    std::string header;
    if (vector.at("kind") == "rds") {
      action = {{"Action", "connect"}, {"DBUser", percent_encoded(text_of(vector, "user"))}};
      header = host_header(text_of(vector, "host"), vector.at("port").get<int>());
    } else {
      action = {{"Action", text_of(vector, "action")}};
      header = host_header(text_of(vector, "host"), 443);
    }
    const Credentials credentials = credentials_of(vector);
    const QueryPairs query = presigned_query(action, credentials.access_key_id, credentials.session_token, amz_date,
                                             scope, std::chrono::seconds(vector.at("expires").get<int>()));
    const std::string request = canonical_request(query, header);
    EXPECT_EQ(request, text_of(vector, "canonical_request"));
    const std::string to_sign = string_to_sign(amz_date, scope, request);
    EXPECT_EQ(to_sign, text_of(vector, "string_to_sign"));
    EXPECT_EQ(signature(signing_key(Secret(text_of(vector, "secret_access_key")), scope), to_sign),
              text_of(vector, "signature"));
    ++seen;
  }
  EXPECT_EQ(seen, 20);
}

TEST(Sigv4, TheLaterStagesServeSignedHeadersToo) {
  const json all = vectors();
  int seen = 0;
  for (const json& vector : all.at("header_signing")) {
    SCOPED_TRACE(text_of(vector, "name"));
    const SigningScope scope = scope_of(vector);
    const std::string to_sign =
        string_to_sign(text_of(vector, "amz_date"), scope, text_of(vector, "canonical_request"));
    EXPECT_EQ(to_sign, text_of(vector, "string_to_sign"));
    const std::string signed_hash =
        signature(signing_key(Secret(text_of(vector, "secret_access_key")), scope), to_sign);
    EXPECT_TRUE(text_of(vector, "authorization").ends_with("Signature=" + signed_hash)) << signed_hash;
    ++seen;
  }
  EXPECT_EQ(seen, 5);
}

// The example of AWS's own documentation of the key derivation.
TEST(Sigv4, TheSigningKeyEqualsTheDocumentedExample) {
  const Sha256 key = signing_key(Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {"20120215", "us-east-1", "iam"});
  EXPECT_EQ(hex(view(key)), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
}

TEST(Sigv4, TheCanonicalRequestSortsByNameThenValueWhateverTheOrderGiven) {
  const std::string expected =
      "GET\n/\nA=1&A=2&B=y&B-C=x&a=0\nhost:h\n\nhost\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(canonical_request({{"a", "0"}, {"A", "2"}, {"B", "y"}, {"A", "1"}, {"B-C", "x"}}, "h"), expected);
  EXPECT_EQ(canonical_request({{"B-C", "x"}, {"A", "1"}, {"A", "2"}, {"a", "0"}, {"B", "y"}}, "h"), expected);
}

TEST(Sigv4, TheHostHeaderIsInLowerCaseAndLeavesOutPort443) {
  EXPECT_EQ(host_header("MyDB.Example", 5432), "mydb.example:5432");
  EXPECT_EQ(host_header("MyDB.Example", 443), "mydb.example");
  EXPECT_EQ(host_header("h", 80), "h:80");
}

TEST(Sigv4, WipingAQueryLeavesNothing) {
  QueryPairs query{{"X-Amz-Security-Token", "a session token that is longer than a string's own bytes"}};
  wipe(query);
  EXPECT_TRUE(query.empty());
}

TEST(Sigv4, EveryStageOfASignedRequestEqualsItsVector) {
  const json all = vectors();
  int seen = 0;
  for (const json& vector : all.at("header_signing")) {
    SCOPED_TRACE(text_of(vector, "name"));
    const Credentials credentials = credentials_of(vector);
    const std::string amz_date = text_of(vector, "amz_date");
    const SigningScope scope = scope_of(vector);
    const std::string url = text_of(vector, "url");
    const std::string rest = url.substr(url.find("://") + 3);
    const std::string host = rest.substr(0, rest.find('/'));
    const std::string target = rest.substr(rest.find('/'));
    const std::string path = target.substr(0, target.find('?'));
    std::vector<std::pair<std::string, std::string>> headers;
    for (const auto& [name, value] : vector.at("headers").items()) headers.emplace_back(name, value);
    const std::string body = text_of(vector, "body");
    const std::string method = text_of(vector, "method");
    const RequestToSign request{method,  host, path, target.size() > path.size() ? target.substr(path.size() + 1) : "",
                                headers, body};
    const auto added = signature_headers(
        request, {credentials.access_key_id, credentials.secret_access_key, credentials.session_token}, amz_date,
        scope);
    ASSERT_EQ(added.back().first, "Authorization");
    EXPECT_EQ(added.back().second, text_of(vector, "authorization"));
    EXPECT_EQ(added.size(), credentials.session_token.empty() ? 2U : 3U);
    ++seen;
  }
  EXPECT_GE(seen, 5);
}

TEST(Sigv4, APathIsNormalisedAndEncodedOnceMore) {
  const std::vector<std::pair<std::string, std::string>> headers{{"host", "h"}};
  const auto path_of = [&](std::string_view path) {
    const std::string text = canonical_request(RequestToSign{"GET", "h", path, "b=2&a=1&c", {}, ""}, headers);
    return text.substr(4, text.find('\n', 4) - 4);
  };
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of(""), "/");
  EXPECT_EQ(path_of("//a/./b/../c%20d/"), "/a/c%2520d/");
  EXPECT_NE(canonical_request(RequestToSign{"GET", "h", "/", "b=2&a=1&c", {}, ""}, headers).find("\na=1&b=2&c=\n"),
            std::string::npos);
}

}  // namespace
}  // namespace iamodbc
