// SPDX-License-Identifier: Apache-2.0
#include "core/base_driver_profile.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

TEST(BaseDriverProfile, IsChosenByTheFilesName) {
  EXPECT_EQ(base_driver_profile("/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so").kind, BaseKind::psqlodbc);
  EXPECT_EQ(base_driver_profile("psqlodbca.so").kind, BaseKind::psqlodbc);
  EXPECT_EQ(base_driver_profile("/opt/PSQLODBCW.SO").kind, BaseKind::psqlodbc);
  EXPECT_EQ(base_driver_profile("libmaodbc.so").kind, BaseKind::mariadb);
  EXPECT_EQ(base_driver_profile("/opt/libmyodbc9w.so").kind, BaseKind::mysql);
  EXPECT_EQ(base_driver_profile("/opt/psqlodbc/libother.so").kind, BaseKind::unknown);
  EXPECT_EQ(base_driver_profile("").kind, BaseKind::unknown);
}

TEST(BaseDriverProfile, RowsStandAtTheirKind) {
  for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb, BaseKind::mysql, BaseKind::unknown}) {
    EXPECT_EQ(base_driver_profile(kind).kind, kind);
  }
}

TEST(BaseDriverProfile, ReadsItsOwnSpellings) {
  for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb, BaseKind::mysql}) {
    const auto& profile = base_driver_profile(kind);
    for (const char* name : {profile.server, profile.port, profile.database, profile.uid, profile.pwd}) {
      EXPECT_TRUE(reads(profile, name)) << profile.title << " " << name;
      EXPECT_NE(our_attribute(profile, name), nullptr) << profile.title << " " << name;
    }
  }
}

TEST(BaseDriverProfile, ANameIsASpellingOfTheRowThatItBelongsToAndOfNoOther) {
  for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb, BaseKind::mysql, BaseKind::unknown}) {
    const auto& profile = base_driver_profile(kind);
    std::vector<std::string> names{"Nothing", "", "sErVeR"};
    for (const Spelling& spelling : profile.spellings) names.emplace_back(spelling.name);
    names.insert(names.end(), profile.names.begin(), profile.names.end());
    for (const AttributeRow& row : attribute_table()) {
      names.emplace_back(row.name);
      names.insert(names.end(), row.aliases.begin(), row.aliases.end());
    }
    for (const std::string& name : names) {
      for (const AttributeRow& row : attribute_table()) {
        EXPECT_EQ(is_spelling_of(profile, row, name), our_attribute(profile, name) == &row)
            << profile.title << " " << row.name << " " << name;
      }
    }
  }
}

// Any name under which a base driver would read the server, user or password must be ours, or it would go down beside our own.
TEST(BaseDriverProfile, NoSpellingOfWhatIsSignedIsForeign) {
  const auto& psqlodbc = base_driver_profile(BaseKind::psqlodbc);
  for (const char* name : {"Servername", "Server", "Port", "Database", "DX", "UID", "Username", "PWD", "Password"}) {
    EXPECT_NE(our_attribute(psqlodbc, name), nullptr) << name;
  }
  const auto& mariadb = base_driver_profile(BaseKind::mariadb);
  for (const char* name : {"SERVER", "SERVERNAME", "PORT", "DATABASE", "DB", "UID", "USER", "PWD", "PASSWORD"}) {
    EXPECT_NE(our_attribute(mariadb, name), nullptr) << name;
  }
  EXPECT_EQ(our_attribute(mariadb, "DX"), nullptr);
  const auto& mysql = base_driver_profile(BaseKind::mysql);
  for (const char* name : {"SERVER", "PORT", "DATABASE", "DB", "UID", "USER", "PWD", "PASSWORD"})
    EXPECT_NE(our_attribute(mysql, name), nullptr) << name;
}

TEST(BaseDriverProfile, TlsLevelsOfEverySpelling) {
  const auto& psqlodbc = base_driver_profile(BaseKind::psqlodbc);
  const std::pair<const char*, TlsLevel> good[] = {{"require", TlsLevel::require},
                                                   {"REQUIRE", TlsLevel::require},
                                                   {"r", TlsLevel::require},
                                                   {"verify-ca", TlsLevel::verify_ca},
                                                   {"vc", TlsLevel::verify_ca},
                                                   {"verify-full", TlsLevel::verify_full},
                                                   {"VF", TlsLevel::verify_full},
                                                   {" Verify-Full ", TlsLevel::verify_full},
                                                   {"VERIFY_IDENTITY", TlsLevel::verify_full}};
  for (const auto& [word, level] : good) {
    const auto read = tls_level_of(psqlodbc, "SSLmode", word);
    ASSERT_TRUE(read) << word;
    EXPECT_EQ(read.value(), level) << word;
  }
}

TEST(BaseDriverProfile, LessThanEncryptionIsAnErrorThatNamesIt) {
  const auto& psqlodbc = base_driver_profile(BaseKind::psqlodbc);
  for (const char* word : {"disable", "d", "allow", "a", "prefer", "PREFER", "p", ""}) {
    const auto read = tls_level_of(psqlodbc, "CA", word);
    ASSERT_FALSE(read) << word;
    EXPECT_NE(read.error().message.find(std::string("CA=") + word), std::string::npos) << read.error().message;
  }
  for (const char* word : {"tls", "verify", "requir", "verify-fully", "{require}"}) {
    const auto read = tls_level_of(psqlodbc, "SSLmode", word);
    ASSERT_FALSE(read) << word;
    EXPECT_NE(read.error().message.find("verify-full, verify-ca, require"), std::string::npos) << read.error().message;
  }
  const auto& mariadb = base_driver_profile(BaseKind::mariadb);
  EXPECT_FALSE(tls_level_of(mariadb, "FORCETLS", "0"));
  ASSERT_TRUE(tls_level_of(mariadb, "FORCETLS", "1"));
  EXPECT_FALSE(tls_level_of(mariadb, "forcetls", "1").value());
  EXPECT_EQ(tls_level_of(mariadb, "SSLVERIFY", "1").value(), TlsLevel::verify_full);
  EXPECT_EQ(tls_level_of(mariadb, "SSLVERIFY", "0").value(), TlsLevel::require);
  const auto& mysql = base_driver_profile(BaseKind::mysql);
  for (const char* word : {"DISABLED", "preferred", ""}) EXPECT_FALSE(tls_level_of(mysql, "SSLMODE", word)) << word;
  EXPECT_FALSE(tls_level_of(mysql, "DISABLE_SSL_DEFAULT", "1"));
  EXPECT_FALSE(tls_level_of(mysql, "SSL_ENFORCE", "0"));
  for (const auto& [name, value] :
       {std::pair("DISABLE_SSL_DEFAULT", "0"), std::pair("SSL_ENFORCE", "1"), std::pair("SSLVERIFY", "0")}) {
    const auto read = tls_level_of(mysql, name, value);
    ASSERT_TRUE(read) << name;
    EXPECT_FALSE(read.value()) << name << " says nothing about the level";
  }
  EXPECT_EQ(tls_level_of(mysql, "SSLVERIFY", "1").value(), TlsLevel::verify_full);
}

TEST(BaseDriverProfile, AMissingCleartextPluginIsNamedWithPackageAndFile) {
  const Hint& hint = base_driver_profile(BaseKind::mariadb).hints.front();
  EXPECT_NE(std::string("Plugin mysql_clear_password could not be loaded: x").find(hint.in_message), std::string::npos);
  for (const char* word : {"libmariadb3", "mysql_clear_password.so", "PLUGIN_DIR"})
    EXPECT_NE(std::string(hint.advice).find(word), std::string::npos) << word;
}

std::optional<Error> exceeded(BaseKind kind, const char* version, Width width, std::size_t secret, std::size_t string) {
  return exceeded_limit(BaseDriverFacts{"base.so", "", version, 150000, &base_driver_profile(kind)}, width, secret,
                        string);
}

TEST(BaseDriverProfile, LimitsAreThoseOfVersionAndWidth) {
  EXPECT_FALSE(exceeded(BaseKind::psqlodbc, "13.02.0000", Width::wide, 30000, 32767));
  EXPECT_TRUE(exceeded(BaseKind::psqlodbc, "13.02.0000", Width::wide, 30000, 32768));
  EXPECT_FALSE(exceeded(BaseKind::psqlodbc, "13.02.0000", Width::narrow, 65530, 66000));
  EXPECT_TRUE(exceeded(BaseKind::psqlodbc, "13.02.0000", Width::narrow, 65531, 66000));
  EXPECT_FALSE(exceeded(BaseKind::mariadb, "03.01.0015", Width::wide, 131000, 131072));
  EXPECT_TRUE(exceeded(BaseKind::mariadb, "03.01.0015", Width::wide, 131000, 131073));
  EXPECT_FALSE(exceeded(BaseKind::mysql, "08.00.0033", Width::wide, 5000, 6000));
  EXPECT_TRUE(exceeded(BaseKind::mysql, "08.00.0033", Width::narrow, 5000, 32768));
  EXPECT_FALSE(exceeded(BaseKind::unknown, "", Width::wide, 1000000, 1000000));
}

TEST(BaseDriverProfile, ALimitNamesItselfAndAWayOut) {
  const BaseDriverFacts mysql{"base.so", "", "09.01.0000", 0, &base_driver_profile(BaseKind::mysql)};
  const auto error = exceeded_value_limit(mysql, "The token", std::string(1500, 'x'));
  ASSERT_TRUE(error);
  for (const char* word :
       {"The token", "1500", "1023", "MySQL Connector/ODBC", "09.01.0000", "119511", "MariaDB Connector/ODBC"}) {
    EXPECT_NE(error->message.find(word), std::string::npos) << word << " in " << error->message;
  }
  const auto narrow = exceeded(BaseKind::mysql, "08.00.0033", Width::narrow, 5000, 32768);
  ASSERT_TRUE(narrow);
  EXPECT_NE(narrow->message.find("32767"), std::string::npos) << narrow->message;
}

TEST(BaseDriverProfile, CancellingInClearIsKnownByVersion) {
  const auto in_clear = [](BaseKind kind, const char* version) {
    return cancels_in_clear(BaseDriverFacts{"x", "", version, 0, &base_driver_profile(kind)});
  };
  for (const char* version : {"03.01.0015", "03.01.0021", "03.02.0000", "03.02.0007", ""})
    EXPECT_TRUE(in_clear(BaseKind::mariadb, version)) << version;
  for (const char* version : {"03.01.0022", "03.02.0008", "04.00.0000"})
    EXPECT_FALSE(in_clear(BaseKind::mariadb, version)) << version;
  EXPECT_FALSE(in_clear(BaseKind::psqlodbc, "13.02.0000"));
  EXPECT_FALSE(in_clear(BaseKind::mysql, "08.00.0033"));
}

}  // namespace
}  // namespace iamodbc
