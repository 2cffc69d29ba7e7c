// Loading base drivers: what is one, what is not, and what the error says.
// SPDX-License-Identifier: Apache-2.0
#include "driver/base_driver.h"

#include <sys/stat.h>

#include <thread>

#include <gtest/gtest.h>

#include "tests/driver/driver_library.h"

namespace iamodbc {
namespace {

class BaseDrivers : public DriverTest {
 protected:
  static std::string refusal(const std::vector<std::string>& candidates) {
    const auto loaded = load(candidates);
    if (loaded) return "loaded";
    return loaded.error().sqlstate + " " + loaded.error().message;
  }
  static Result<const BaseDriver*> load(const std::vector<std::string>& candidates) {
    return BaseDriver::load(BaseDriverFile{"", "x", candidates});
  }
  static bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
};

TEST_F(BaseDrivers, AreLoadedOnceAFileAndTellTheirVersion) {
  const auto first = load({"/nowhere/psqlodbcw.so", RECORDING_PSQLODBC});
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first.value()->path, std::filesystem::canonical(RECORDING_PSQLODBC));
  EXPECT_EQ(first.value()->name, "psqlodbcw.so");
  EXPECT_EQ(first.value()->version, "13.02.0000");
  EXPECT_EQ(first.value()->libpq_version, 0);
  EXPECT_TRUE(first.value()->widths.narrow && first.value()->widths.wide);
  const std::string link = folder_ + "/other-name.so";
  std::filesystem::create_symlink(RECORDING_PSQLODBC, link);
  EXPECT_EQ(load({link}).value(), first.value());
  EXPECT_NE(load({RECORDING_MARIADB}).value(), first.value());
}

TEST_F(BaseDrivers, TheVersionOfAWideOneIsReadAsWell) {
  const auto wide = load({RECORDING_WIDE_FILE});
  ASSERT_TRUE(wide.ok()) << wide.error().message;
  EXPECT_EQ(wide.value()->version, "09.01.0000");
  EXPECT_FALSE(wide.value()->widths.narrow);
}

TEST_F(BaseDrivers, EveryPlaceThatWasTriedIsNamedWithItsReason) {
  const std::string text_file = folder_ + "/text.so";
  std::ofstream(text_file) << "not a library";
  const std::string pipe = folder_ + "/pipe.so";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string text = refusal({folder_ + "/missing.so", text_file, folder_, pipe});
  EXPECT_TRUE(says(text, "IM003")) << text;
  EXPECT_TRUE(says(text, "No such file: " + folder_ + "/missing.so")) << text;
  EXPECT_TRUE(says(text, "text.so: ")) << text;
  EXPECT_TRUE(says(text, folder_ + ": not a file")) << text;
  EXPECT_TRUE(says(text, "pipe.so: not a file")) << text;
  EXPECT_TRUE(says(refusal({folder_ + "/missing.so"}), "Install it, or set BaseDriver"));
}

TEST_F(BaseDrivers, IamodbcItselfAndItsSiblingsAreNone) {
  for (const char* const ours : {IAMODBC_LIBRARY, IAMODBC_NARROW_LIBRARY, IAMODBC_WIDE_LIBRARY}) {
    ASSERT_EQ(connect(connection_string(ours)), SQL_ERROR) << ours;
    const std::string text = diagnostics(SQL_HANDLE_DBC, dbc_);
    EXPECT_TRUE(says(text, "IM003")) << text;
    EXPECT_TRUE(says(text, "is iamodbc itself")) << text;
  }
  const std::string copy = folder_ + "/disguise.so";
  std::filesystem::create_symlink(IAMODBC_LIBRARY, copy);
  ASSERT_EQ(connect(connection_string(copy.c_str())), SQL_ERROR);
  EXPECT_TRUE(says(diagnostics(SQL_HANDLE_DBC, dbc_), "is iamodbc itself"));
}

TEST_F(BaseDrivers, ALibraryWithoutODBCIsNone) {
  const std::string text = refusal({"libm.so.6"});
  EXPECT_TRUE(says(text, "IM003")) << text;
  EXPECT_TRUE(says(text, "is not an ODBC 3 driver")) << text;
}

// Every library of ours over every shape of base driver: "" where it connects, else the library to use instead.
struct Pairing {
  const char* ours;
  const char* base;
  std::string instead;
};

TEST_F(BaseDrivers, OfOneWidthNeedTheLibraryOfThatWidth) {
  const std::string narrow = IAMODBC_NARROW_LIBRARY;
  const std::string wide = IAMODBC_WIDE_LIBRARY;
  const Pairing table[] = {
      {IAMODBC_LIBRARY, RECORDING_PSQLODBC, ""},           {IAMODBC_LIBRARY, RECORDING_NARROW_FILE, narrow},
      {IAMODBC_LIBRARY, RECORDING_WIDE_FILE, wide},        {IAMODBC_NARROW_LIBRARY, RECORDING_PSQLODBC, ""},
      {IAMODBC_NARROW_LIBRARY, RECORDING_NARROW_FILE, ""}, {IAMODBC_NARROW_LIBRARY, RECORDING_WIDE_FILE, wide},
      {IAMODBC_WIDE_LIBRARY, RECORDING_PSQLODBC, ""},      {IAMODBC_WIDE_LIBRARY, RECORDING_NARROW_FILE, narrow},
      {IAMODBC_WIDE_LIBRARY, RECORDING_WIDE_FILE, ""}};
  for (const bool is_registered : {false, true}) {
    std::ofstream(folder_ + "/odbcinst.ini")
        << (is_registered ? "[iamodbc a]\nDriver=" + narrow + "\n[elsewhere]\nDriver=/opt/libiamodbcw.so\n" : "");
    for (const Pairing& pairing : table) {
      SCOPED_TRACE(std::string(pairing.ours) + " over " + pairing.base);
      const Flavour ours(pairing.ours);
      const SQLRETURN status = ours.connect(connection_string(pairing.base));
      if (pairing.instead.empty()) {
        EXPECT_EQ(status, SQL_SUCCESS) << ours.record(1);
        continue;
      }
      const std::string name = !is_registered              ? pairing.instead
                               : pairing.instead == narrow ? "iamodbc a"
                                                           : "elsewhere";  // its section is of the same kind
      EXPECT_EQ(status, SQL_ERROR);
      EXPECT_EQ(ours.record(1), "IM003 [iamodbc] the base driver " + std::filesystem::canonical(pairing.base).string() +
                                    " takes only " + (pairing.instead == narrow ? "narrow (ANSI)" : "wide (Unicode)") +
                                    " text and iamodbc converts none: use Driver=" + name + " for it");
      EXPECT_EQ(ours.record(2), "");
    }
  }
}

TEST_F(BaseDrivers, AreTheSameForThreadsThatLoadAtOnce) {
  std::vector<const BaseDriver*> found(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&found, i] { found[i] = load({RECORDING_NARROW_FILE}).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const BaseDriver* const one : found) EXPECT_EQ(one, found[0]);
}

TEST_F(BaseDrivers, ThatAreRealTellTheirVersions) {
  const auto psqlodbc =
      load({"/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so", "/usr/lib/aarch64-linux-gnu/odbc/psqlodbcw.so",
            "/usr/lib64/psqlodbcw.so", "psqlodbcw.so"});
  ASSERT_TRUE(psqlodbc.ok()) << psqlodbc.error().message;
  EXPECT_EQ(psqlodbc.value()->name, "psqlodbcw.so");
  EXPECT_EQ(psqlodbc.value()->version.size(), 10U) << psqlodbc.value()->version;
  EXPECT_GE(psqlodbc.value()->libpq_version, 90000);
  EXPECT_EQ(psqlodbc.value()->functions.SQLCancelHandle, nullptr);
}

}  // namespace
}  // namespace iamodbc
