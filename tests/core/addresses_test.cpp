// SPDX-License-Identifier: Apache-2.0
#include "core/addresses.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

TEST(Addresses, ANumericAddressIsItself) {
  ASSERT_TRUE(numeric_addresses("127.0.0.1"));
  EXPECT_EQ(numeric_addresses("127.0.0.1").value(), std::vector<std::string>{"127.0.0.1"});
  ASSERT_TRUE(numeric_addresses("[::1]"));
  EXPECT_EQ(numeric_addresses("[::1]").value(), std::vector<std::string>{"::1"});
}

TEST(Addresses, LocalhostIsThisMachineAndEachAddressComesOnce) {
  const auto found = numeric_addresses("localhost");
  ASSERT_TRUE(found);
  auto addresses = found.value();
  EXPECT_TRUE(std::count(addresses.begin(), addresses.end(), "127.0.0.1") == 1 ||
              std::count(addresses.begin(), addresses.end(), "::1") == 1);
  std::sort(addresses.begin(), addresses.end());
  EXPECT_EQ(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

TEST(Addresses, AnUnknownNameIsAnErrorThatNamesIt) {
  const auto found = numeric_addresses("no-such-host.invalid");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().sqlstate, "08001");
  EXPECT_NE(found.error().message.find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace iamodbc
