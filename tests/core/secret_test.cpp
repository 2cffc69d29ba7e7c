// SPDX-License-Identifier: Apache-2.0
#include "core/secret.h"

#include <array>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

using namespace std::string_literals;

template <class T, class = void>
struct can_be_streamed : std::false_type {};
template <class T>
struct can_be_streamed<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>>
    : std::true_type {};

static_assert(can_be_streamed<std::string>::value);
static_assert(!can_be_streamed<Secret>::value);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
static_assert(!std::is_convertible_v<std::string_view, Secret> && !std::is_convertible_v<Secret, std::string_view>);

TEST(Secret, HoldsAnyBytesFollowedByANul) {
  const std::string bytes = "a\0\xFF=;}"s;
  const Secret secret(bytes);
  EXPECT_EQ(secret.reveal(), bytes);
  EXPECT_EQ(secret.size(), bytes.size());
  EXPECT_EQ(*(secret.reveal().data() + secret.size()), '\0');
}

TEST(Secret, AnEmptySecretRevealsAnEmptyTextThatIsNotNull) {
  const Secret secret;
  EXPECT_TRUE(secret.empty());
  EXPECT_NE(secret.reveal().data(), nullptr);
  EXPECT_EQ(*secret.reveal().data(), '\0');
  EXPECT_TRUE(Secret("").empty());
}

TEST(Secret, MovingEmptiesTheSource) {
  Secret first("key");
  Secret second(std::move(first));
  EXPECT_EQ(second.reveal(), "key");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(first.reveal(), "");
  Secret third("old");
  third = std::move(second);
  EXPECT_EQ(third.reveal(), "key");
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
  first.append("again");
  EXPECT_EQ(first.reveal(), "again");
}

TEST(Secret, MovingToItselfKeepsTheBytes) {
  Secret secret("key");
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.reveal(), "key");
}

TEST(Secret, AppendsPiecesOfAnyLength) {
  Secret secret;
  std::string expected;
  for (std::size_t i = 0; i < 300; ++i) {
    const std::string piece(i, static_cast<char>('a' + i % 26));
    secret.append(piece);
    expected += piece;
  }
  EXPECT_EQ(secret.reveal(), expected);
  EXPECT_EQ(*(secret.reveal().data() + secret.size()), '\0');
}

TEST(Secret, AppendsItself) {
  Secret secret("0123456789");
  for (int i = 0; i < 5; ++i) secret.append(secret.reveal());
  EXPECT_EQ(secret.size(), 320U);
  EXPECT_EQ(secret.reveal().substr(310), "0123456789");
}

TEST(Secret, ACloneIsIndependent) {
  Secret first("key");
  const Secret second = first.clone();
  first.append("more");
  EXPECT_EQ(second.reveal(), "key");
}

TEST(Secret, TakenFromAStringWipesTheString) {
  std::string text = "a password that does not fit into the string itself";
  const char* const bytes = text.data();
  const std::size_t size = text.size();
  const Secret secret = Secret::taken_from(text);
  EXPECT_EQ(secret.reveal(), "a password that does not fit into the string itself");
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), bytes);  // the same storage, still ours
  EXPECT_EQ(std::string(bytes, size), std::string(size, '\0'));
}

TEST(Secret, WipeReachesTheSpareCapacityOfAString) {
  std::string text(200, 's');
  text.resize(3);
  const char* const bytes = text.data();
  wipe(text);
  ASSERT_EQ(text.data(), bytes);
  EXPECT_EQ(std::string(bytes, 150).find('s'), std::string::npos);
}

static_assert(std::is_nothrow_move_constructible_v<WipedText>);  // else a vector that grows would copy

// What a text leaves where it stood: short ones stand within the object itself.
template <class Text>
std::string left_of(const char* bytes) {
  alignas(Text) std::array<char, sizeof(Text)> place{};
  auto* const text = new (place.data()) Text(bytes);
  text->~Text();
  __asm__ __volatile__("" : : "r"(place.data()) : "memory");
  return {place.begin(), place.end()};
}

TEST(WipedText, LeavesNothingWhereItStood) {
  EXPECT_NE(left_of<std::string>("a short key").find("short key"), std::string::npos) << "the test sees nothing";
  EXPECT_EQ(left_of<WipedText>("a short key").find("short"), std::string::npos);
}

TEST(WipedText, IsAnOrdinaryTextOtherwise) {
  WipedText text("one");
  text = "another";
  const WipedText copy = text;
  const WipedText moved = std::move(text);
  EXPECT_EQ(copy, "another");
  EXPECT_EQ(moved, "another");
  EXPECT_EQ(std::string(moved) + "!", "another!");
}

TEST(Hide, WritesStarsOverEveryOccurrence) {
  std::string text = "a hush and a hush";
  hide(text, "hush");
  EXPECT_EQ(text, "a *** and a ***");
  hide(text, "a");
  hide(text, "");
  EXPECT_EQ(text, "a *** and a ***");
}

TEST(Hide, WhatIsLongEnoughForAKeyIsLeftOut) {
  EXPECT_EQ(without_keys("id " + std::string(39, 'a') + ", key " + std::string(40, 'b') + "."),
            "id " + std::string(39, 'a') + ", key ***.");
  EXPECT_EQ(without_keys(""), "");
}

}  // namespace
}  // namespace iamodbc
