// SPDX-License-Identifier: Apache-2.0
#include "core/system.h"

#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Time at(long long seconds_since_1970) {
  return Time(seconds(seconds_since_1970));
}

// Sets a variable of this process and puts it back.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* const before = std::getenv(name)) before_ = before;
    if (value != nullptr) {
      setenv(name, value, 1);
    } else {
      unsetenv(name);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(System, ReadsTheProcessEnvironmentAsItIsNow) {
  const System system;
  const Variable unset("IAMODBC_TEST_VARIABLE", nullptr);
  EXPECT_EQ(system.variable("IAMODBC_TEST_VARIABLE"), std::nullopt);
  const Variable set("IAMODBC_TEST_VARIABLE", "value");
  EXPECT_EQ(system.variable("IAMODBC_TEST_VARIABLE"), "value");
  EXPECT_EQ(system.variable(std::string_view("IAMODBC_TEST_VARIABLES").substr(0, 21)), "value");
}

TEST(System, AnEmptyVariableIsSetButCountsAsUnsetForAws) {
  const System system({{"AWS_REGION", ""}}, [] { return Time(); });
  EXPECT_EQ(system.variable("AWS_REGION"), "");
  EXPECT_EQ(system.set_variable("AWS_REGION"), std::nullopt);
}

TEST(System, WhatLibrariesReadIsWhatTheEnvironmentSays) {
  ASSERT_EQ(setenv("IAMODBC_SYSTEM_TEST", "value", 1), 0);
  EXPECT_EQ(System().set_for_libraries("IAMODBC_SYSTEM_TEST"), "value");
  ASSERT_EQ(setenv("IAMODBC_SYSTEM_TEST", "", 1), 0);
  EXPECT_FALSE(System().set_for_libraries("IAMODBC_SYSTEM_TEST"));
  ASSERT_EQ(unsetenv("IAMODBC_SYSTEM_TEST"), 0);
  EXPECT_FALSE(System().set_for_libraries("IAMODBC_SYSTEM_TEST"));
  const System closed({{"PGSERVICE", "x"}}, [] { return Time{}; });
  EXPECT_EQ(closed.set_for_libraries("PGSERVICE"), "x");
  EXPECT_FALSE(closed.set_for_libraries("HOME"));
}

TEST(System, AClosedWorldKnowsNothingOfTheProcess) {
  const Variable set("IAMODBC_TEST_VARIABLE", "value");
  const System system({{"A", "b"}}, [] { return at(1); });
  EXPECT_EQ(system.variable("A"), "b");
  EXPECT_EQ(system.variable("IAMODBC_TEST_VARIABLE"), std::nullopt);
  EXPECT_EQ(system.home(), "");
  EXPECT_EQ(system.now(), at(1));
}

TEST(System, HomeIsHomeElseThePasswdEntry) {
  const Variable set("HOME", "/some/where");
  EXPECT_EQ(System().home(), "/some/where");
  const passwd* const entry = getpwuid(getuid());
  ASSERT_NE(entry, nullptr);
  const Variable empty("HOME", "");
  EXPECT_EQ(System().home(), entry->pw_dir);
  const Variable unset("HOME", nullptr);
  EXPECT_EQ(System().home(), entry->pw_dir);
}

TEST(System, NowIsTheClock) {
  const Time before = std::chrono::system_clock::now();
  const Time now = System().now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

TEST(SystemTime, IsWrittenInBothForms) {
  EXPECT_EQ(basic_time(at(1704164645)), "20240102T030405Z");
  EXPECT_EQ(extended_time(at(1704164645)), "2024-01-02T03:04:05Z");
  EXPECT_EQ(extended_time(at(1704164645) + milliseconds(999)), "2024-01-02T03:04:05Z");
  EXPECT_EQ(extended_time(at(1709251199)), "2024-02-29T23:59:59Z");
  EXPECT_EQ(extended_time(at(1709251200)), "2024-03-01T00:00:00Z");
  EXPECT_EQ(extended_time(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(extended_time(at(-1)), "1969-12-31T23:59:59Z");
}

TEST(SystemTime, IsReadInEveryFormThatAwsToolsWrite) {
  for (const char* text :
       {"2024-01-02T03:04:05Z", "2024-01-02T03:04:05z", "2024-01-02t03:04:05Z", "2024-01-02T03:04:05UTC",
        "2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05-00:00",
        "2024-01-02T05:04:05+02:00", "2024-01-01T23:34:05-0330", "2024-01-02T05:04:05+02", "2024-01-02T03:04:05.0Z"}) {
    EXPECT_EQ(parse_time(text), at(1704164645)) << text;
  }
  EXPECT_EQ(parse_time("2024-01-02T03:04:05.471Z"), at(1704164645) + milliseconds(471));
  EXPECT_EQ(parse_time("2024-01-02T03:04:05.4719999999999999Z").value() - at(1704164645),
            std::chrono::nanoseconds(471999999));
  EXPECT_EQ(parse_time("2024-02-29T23:59:59Z"), at(1709251199));
  EXPECT_EQ(parse_time("1969-12-31T23:59:59Z"), at(-1));
}

TEST(SystemTime, RefusesEverythingElse) {
  for (const char* text : {"",
                           "Z",
                           "2024",
                           "2024-01-02",
                           "2024-01-02T03:04:05",
                           "2024-01-02T03:04Z",
                           "2023-02-29T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-01-32T00:00:00Z",
                           "2024-01-02T24:00:00Z",
                           "2024-01-02T03:60:00Z",
                           "2024-01-02T03:04:60Z",
                           "2024-01-02T03:04:05.Z",
                           "2024-01-02T03:04:05+24:00",
                           "2024-01-02T03:04:05+2:00",
                           "2024-01-02T03:04:05+02:",
                           "2024-01-02T03:04:05+02:00x",
                           "2024-01-02T03:04:05Zx",
                           "2024-01-02T03:04:05GMT",
                           " 2024-01-02T03:04:05Z",
                           "+024-01-02T03:04:05Z",
                           "24-01-02T03:04:05Z",
                           "2024/01/02T03:04:05Z",
                           "1704164645"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(SystemTime, BeyondTheClockIsTheNearestMomentThatItHolds) {
  EXPECT_GT(parse_time("9999-12-31T23:59:59Z").value(), at(9'000'000'000));  // the year 2255
  EXPECT_LT(parse_time("0001-01-01T00:00:00Z").value(), at(-9'000'000'000));
  EXPECT_GT(parse_time("2262-04-11T23:47:16.999999999Z").value(), at(9'000'000'000));
}

TEST(SystemTime, DoesNotDependOnTheTimeZone) {
  const Variable zone("TZ", "America/New_York");
  tzset();
  EXPECT_EQ(extended_time(at(1704164645)), "2024-01-02T03:04:05Z");
  EXPECT_EQ(parse_time("2024-07-01T00:00:00Z"), at(1719792000));
}

}  // namespace
}  // namespace iamodbc
