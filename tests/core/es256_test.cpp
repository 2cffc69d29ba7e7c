// SPDX-License-Identifier: Apache-2.0
#include "core/es256.h"

#include <gtest/gtest.h>

#include "core/aws/signin.h"
#include "core/encoding.h"
#include "core/random.h"

namespace iamodbc {
namespace {

// Made for this test and used nowhere.
constexpr const char* key =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIPbNm2Du7VWG4sk4BGPXGtDaxK9dYayQOciIcC9rwKpFoAoGCCqGSM49\n"
    "AwEHoUQDQgAEobvwHuKK9Jq18X8H5Zjk77rSdbN9kO5zKTIyLRHZRCAPbjDJuhD4\n"
    "LIr01RKq7D0L+I709zZ6YCL5IgXbCRXAQA==\n"
    "-----END EC PRIVATE KEY-----\n";

TEST(Es256, ReadsTheCoordinatesOfAKey) {
  const auto point = es256_public_key(Secret(key));
  ASSERT_TRUE(point);
  EXPECT_EQ(hex(point->x), "a1bbf01ee28af49ab5f17f07e598e4efbad275b37d90ee732932322d11d94420");
  EXPECT_EQ(hex(point->y), "0f6e30c9ba10f82c8af4d512aaec3d0bf88ef4f7367a6022f92205db0915c040");
}

TEST(Es256, ASignatureIsTwoNumbersOf32Bytes) {
  for (int i = 0; i < 300; ++i) {  // of which one in 128 begins with a zero byte
    const auto signature = es256_signature(Secret(key), "text " + std::to_string(i));
    ASSERT_TRUE(signature);
    ASSERT_EQ(signature->size(), 64U);
  }
}

TEST(Es256, WhatIsNoKeyGivesNothing) {
  for (const char* const text : {"", "none", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n"}) {
    EXPECT_FALSE(es256_public_key(Secret(text))) << text;
    EXPECT_FALSE(es256_signature(Secret(text), "x")) << text;
    EXPECT_FALSE(dpop_token(Secret(text), "https://h/v1/token", Time(), "id")) << text;
  }
}

TEST(Dpop, SaysWhatTheKeyIsUsedForNow) {
  const auto token = dpop_token(Secret(key), "https://h/v1/token", Time(std::chrono::seconds(1700000000)), "an-id");
  ASSERT_TRUE(token);
  const std::string payload = R"({"htm":"POST","htu":"https://h/v1/token","iat":1700000000,"jti":"an-id"})";
  const auto first = token->find('.');
  EXPECT_EQ(token->substr(first + 1, token->rfind('.') - first - 1), base64url(payload));
}

TEST(Random, IsOfItsLettersAndNeverTheSame) {
  EXPECT_EQ(random_text(200, "ab").find_first_not_of("ab"), std::string::npos);
  EXPECT_EQ(random_text(0, "ab"), "");
  EXPECT_EQ(random_text(100, "a"), std::string(100, 'a'));
  EXPECT_NE(random_text(64, "0123456789"), random_text(64, "0123456789"));
  for (const char c : std::string("abcdefgh")) EXPECT_NE(random_text(500, "abcdefgh").find(c), std::string::npos);
}

TEST(Random, AUuidIsOfVersion4) {
  const std::string one = random_uuid();
  ASSERT_EQ(one.size(), 36U);
  EXPECT_EQ(one[14], '4');
  EXPECT_NE(std::string("89ab").find(one[19]), std::string::npos);
  EXPECT_NE(one, random_uuid());
}

}  // namespace
}  // namespace iamodbc
