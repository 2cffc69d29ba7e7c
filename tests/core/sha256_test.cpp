// SPDX-License-Identifier: Apache-2.0
#include "core/sha256.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/encoding.h"

namespace iamodbc {
namespace {

std::string digest_of(std::string_view bytes) {
  return hex(view(sha256(bytes)));
}
std::string hmac_of(std::string_view key, std::string_view bytes) {
  return hex(view(hmac_sha256(key, bytes)));
}

// FIPS 180-4 examples.
TEST(Sha256, EqualsTheStandardsExamples) {
  EXPECT_EQ(digest_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest_of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(digest_of(std::string_view()), digest_of(""));
}

// RFC 4231, cases 1, 2, 6 and 7.
TEST(Sha256, HmacEqualsTheRfcsExamples) {
  EXPECT_EQ(hmac_of(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_of("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_of(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hmac_of(std::string(131, '\xaa'),
                    "This is a test using a larger than block-size key and a larger than block-size data. "
                    "The key needs to be hashed before being used by the HMAC algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(Sha256, HmacWithAnEmptyKeyIsNotTheKeyOfTheCallBefore) {
  hmac_of("some key", "text");
  EXPECT_EQ(hmac_of("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(hmac_of(std::string_view(), std::string_view()), hmac_of("", ""));
}

TEST(Sha256, ManyThreadsGetTheSameDigest) {
  const std::string expected = hmac_of("key", "text");
  std::vector<std::string> results(8);
  std::vector<std::thread> threads;
  for (std::string& result : results) {
    threads.emplace_back([&result, &expected] {
      for (int i = 0; i < 500; ++i) {
        result = hmac_of("key", "text");
        if (result != expected) return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, expected);
}

TEST(Sha256, WipeOverwritesTheDigest) {
  Sha256 digest = sha256("abc");
  wipe(digest);
  EXPECT_TRUE(std::all_of(digest.begin(), digest.end(), [](unsigned char byte) { return byte == 0; }));
}

}  // namespace
}  // namespace iamodbc
