// SPDX-License-Identifier: Apache-2.0
#include "core/ini_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

std::string value(const AwsSection* section, const std::string& key) {
  if (section == nullptr) return "(no section)";
  const auto found = section->find(key);
  return found == section->end() ? "(no key)" : found->second.value;
}

std::string config_value(std::string_view config, const std::string& profile, const std::string& key) {
  return value(AwsFiles::from_text(config, "").config_profile(profile), key);
}

std::string credentials_value(std::string_view credentials, const std::string& profile, const std::string& key) {
  return value(AwsFiles::from_text("", credentials).credentials_profile(profile), key);
}

// A folder that goes with the test.
class IniFilesOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "iamodbc-ini-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    home_ = pattern;
    std::filesystem::create_directory(home_ / ".aws");
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(home_ / name, std::ios::binary) << text;
  }
  AwsFiles read(std::map<std::string, std::string> variables = {}) const {
    variables.emplace("HOME", home_.string());
    return AwsFiles::read(System(std::move(variables), [] { return Time(); }));
  }

  std::filesystem::path home_;
};

// ---- What inih would have spoiled ----

TEST(AwsFiles, LongValuesArriveWhole) {
  for (const std::size_t size : {150U, 180U, 199U, 200U, 201U, 1000U, 10'000U, 100'000U}) {
    const std::string token = std::string(size - 2, 't') + "==";
    EXPECT_EQ(credentials_value("[dev]\naws_session_token = " + token + "\nregion=x\n", "dev", "aws_session_token"),
              token);
  }
}

TEST(AwsFiles, LongProfileNamesArriveWhole) {
  const std::string name(60, 'p');
  EXPECT_EQ(config_value("[profile " + name + "]\nregion = eu-west-1\n", name, "region"), "eu-west-1");
  EXPECT_EQ(credentials_value("[" + name + "]\nregion = eu-west-1\n", name, "region"), "eu-west-1");
}

TEST(AwsFiles, ALoneQuoteIsNoNameAndHarmsNoOtherProfile) {
  for (const char* const section : {"[profile ']", "[profile \"]", "[sso-session ']", "[services \"]"}) {
    const std::string config = std::string(section) + "\nregion = x\n[profile dev]\nregion = eu-west-1\n";
    EXPECT_EQ(value(AwsFiles::from_text(config, config).config_profile("dev"), "region"), "eu-west-1") << section;
  }
}

TEST(AwsFiles, ProfilesEqualInTheirFirst41CharactersStayApart) {
  const std::string start(41, 'p');
  const std::string config =
      "[profile " + start + "-one]\nregion = eu-west-1\n[profile " + start + "-two]\nregion = eu-west-2\n";
  EXPECT_EQ(config_value(config, start + "-one", "region"), "eu-west-1");
  EXPECT_EQ(config_value(config, start + "-two", "region"), "eu-west-2");
}

TEST(AwsFiles, MarksBelongToTheValue) {
  for (const std::string text : {"abc==", "a=b=c", "secret # not a comment", "secret ; not a comment", "x#y;z",
                                 "\"quoted\"", "100%", "a:b", "[x]", "# all of it", "; all of it"}) {
    EXPECT_EQ(credentials_value("[dev]\nk = " + text + "\nlast=1\n", "dev", "k"), text);
    EXPECT_EQ(credentials_value("[dev]\nk=" + text, "dev", "k"), text);
  }
}

TEST(AwsFiles, LongKeysAndColonsInKeysArriveWhole) {
  const std::string key = std::string(70, 'k') + ":x";
  EXPECT_EQ(config_value("[default]\n" + key + " = v\n", "default", key), "v");
}

// ---- Grammar ----

TEST(AwsFiles, AnyLineEndWillDo) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const AwsFiles files = AwsFiles::from_text(
        "", "[dev]" + end + "a = 1" + end + end + "# c" + end + "b = 2" + end + "[x]" + end + "c=3");
    EXPECT_EQ(value(files.credentials_profile("dev"), "a"), "1");
    EXPECT_EQ(value(files.credentials_profile("dev"), "b"), "2");
    EXPECT_EQ(value(files.credentials_profile("x"), "c"), "3");
    EXPECT_TRUE(files.problems().empty());
  }
}

TEST(AwsFiles, ByteOrderMarkIsSkipped) {
  EXPECT_EQ(credentials_value("\xEF\xBB\xBF[dev]\na = 1\n", "dev", "a"), "1");
  EXPECT_EQ(config_value("\xEF\xBB\xBF[default]\na = 1\n", "default", "a"), "1");
}

TEST(AwsFiles, KeysLoseTheirCaseAndValuesTheBlanksAroundThem) {
  EXPECT_EQ(credentials_value("[dev]\nAWS_Access_Key_ID\t=  AKIA \t\n", "dev", "aws_access_key_id"), "AKIA");
  EXPECT_EQ(credentials_value("[dev]\nempty =\n", "dev", "empty"), "");
}

TEST(AwsFiles, LaterKeysWinAndSectionsOfOneNameMerge) {
  const std::string text = "[dev]\na = 1\nA = 2\n[other]\na = 9\n[dev]\nb = 3\na = 4\n";
  EXPECT_EQ(credentials_value(text, "dev", "a"), "4");
  EXPECT_EQ(credentials_value(text, "dev", "b"), "3");
}

TEST(AwsFiles, SectionNamesKeepTheirCase) {
  EXPECT_EQ(credentials_value("[Dev]\na = 1\n[dev]\na = 2\n", "Dev", "a"), "1");
  EXPECT_EQ(credentials_value("[DEFAULT]\na = 1\n[dev]\nb = 2\n", "dev", "a"), "(no key)");
}

TEST(AwsFiles, SectionsInConfigSayWhatTheyAre) {
  const AwsFiles files = AwsFiles::from_text(
      "[default]\nk=0\n[profile one]\nk=1\n[profile\ttwo]\nk=2\n[ profile three ]\nk=3\n[profile \"a b\"]\nk=4\n"
      "[profile 'c d']\nk=5\n[sso-session s]\nk=6\n[services v]\nk=7\n[profile x] # comment\nk=8\n[profile y]# "
      "comment\nk=9\n",
      "");
  const std::vector<std::string> names = {"default", "one", "two", "three", "a b", "c d"};
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(value(files.config_profile(names[i]), "k"), std::to_string(i));
  EXPECT_EQ(value(files.sso_session("s"), "k"), "6");
  EXPECT_EQ(value(files.services("v"), "k"), "7");
  EXPECT_EQ(value(files.config_profile("x"), "k"), "8");
  EXPECT_EQ(value(files.config_profile("y"), "k"), "9");
  EXPECT_TRUE(files.problems().empty());
}

TEST(AwsFiles, SectionsInConfigThatAreNoProfilesAreSkipped) {
  const AwsFiles files = AwsFiles::from_text(
      "[plain]\na=1\n[profile a b]\na=1\n[profilefoo]\na=1\n[profile]\na=1\n[Profile foo]\na=1\n[profile \"x]\na=1\n"
      "[profile \"\"]\na=1\n[]\na=1\n[DEFAULT]\na=1\n[profile last]\nb=1\n",
      "");
  EXPECT_EQ(files.profile_names(), std::vector<std::string>{"last"});
  EXPECT_EQ(value(files.config_profile("last"), "a"), "(no key)");
}

TEST(AwsFiles, HintsTellHowAMissingProfileWasWritten) {
  const AwsFiles files = AwsFiles::from_text("[dev]\na=1\n", "[profile live]\na=1\n");
  EXPECT_EQ(files.hint("dev"), "config has a section [dev], but a profile in that file is written [profile dev].");
  EXPECT_EQ(files.hint("live"),
            "credentials has a section [profile live], but a profile in that file is written [live].");
  EXPECT_EQ(files.hint("other"), "");
}

TEST(AwsFiles, PrefixedDefaultWinsUnmerged) {
  for (const char* const text :
       {"[default]\na=1\nb=1\n[profile default]\na=2\n", "[profile default]\na=2\n[default]\na=1\nb=1\n"}) {
    EXPECT_EQ(config_value(text, "default", "a"), "2");
    EXPECT_EQ(config_value(text, "default", "b"), "(no key)");
  }
}

TEST(AwsFiles, IndentedBlocksNestOneLevelDeep) {
  const AwsFiles files = AwsFiles::from_text(
      "[default]\ns3 =\n  Max = 10\n  # comment\n\n  min=1=2\nregion = eu-west-1\n[services v]\nsts =\n endpoint_url = "
      "http://x:1\n",
      "");
  const AwsProperty& s3 = files.config_profile("default")->at("s3");
  EXPECT_EQ(s3.value, "");
  EXPECT_EQ(s3.nested.at("max"), "10");
  EXPECT_EQ(s3.nested.at("min"), "1=2");
  EXPECT_EQ(s3.nested.size(), 2U);
  EXPECT_EQ(value(files.config_profile("default"), "region"), "eu-west-1");
  EXPECT_EQ(files.services("v")->at("sts").nested.at("endpoint_url"), "http://x:1");
}

TEST(AwsFiles, IndentedLinesContinueAValue) {
  EXPECT_EQ(config_value("[default]\nk = one\n  two = 2\n\tthree\nm = 1\n", "default", "k"), "one\ntwo = 2\nthree");
}

TEST(AwsFiles, SectionsThatAreIndentedAsAWholeReadAsUsual) {
  const std::string text = "[default]\n  a = 1\n  b = 2\n    more\n  c = 3\n[profile x]\n    d = 4\n";
  EXPECT_EQ(config_value(text, "default", "a"), "1");
  EXPECT_EQ(config_value(text, "default", "b"), "2\nmore");
  EXPECT_EQ(config_value(text, "default", "c"), "3");
  EXPECT_EQ(config_value(text, "x", "d"), "4");
}

TEST(AwsFiles, EntriesRememberTheirLine) {
  const AwsFiles files = AwsFiles::from_text("# c\r\n\r\n[default]\r\na = 1\r\n\r\nb = 2\r\n", "");
  EXPECT_EQ(files.config_profile("default")->at("b").line, 6);
  EXPECT_EQ(files.config_profile("default")->at("b").file, "config");
}

TEST(AwsFiles, MergingTakesTheCredentialsFileKeyByKey) {
  const AwsFiles files =
      AwsFiles::from_text("[profile dev]\na=config\nb=config\n", "[dev]\nb=credentials\nc=credentials\n");
  const AwsSection merged = files.profile("dev").value();
  EXPECT_EQ(merged.at("a").value, "config");
  EXPECT_EQ(merged.at("b").value, "credentials");
  EXPECT_EQ(merged.at("c").value, "credentials");
  EXPECT_FALSE(files.profile("nobody"));
  EXPECT_EQ(value(files.config_profile("dev"), "b"), "config");
}

// ---- Problems ----

struct Broken {
  const char* text;
  const char* problem;
};

TEST(AwsFiles, ProblemsNameFileAndLineAndSpareTheRest) {
  for (const Broken& broken : std::vector<Broken>{
           {"[dev]\ngood = 1\nTOPSECRET\n", "credentials, line 3: this is not `key = value`."},
           {"[dev]\ngood = 1\nTOPSECRET: x\n", "credentials, line 3: this is not `key = value`."},
           {"[dev]\ngood = 1\n= TOPSECRET\n", "credentials, line 3: this is not `key = value`."},
           {"TOPSECRET = 1\n[dev]\ngood = 1\n", "credentials, line 1: there is text before the first [section]."},
           {"[dev]\ngood = 1\n[TOPSECRET\nother = 1\n",
            "credentials, line 3: a [section] without its closing bracket; it is skipped."},
           {"[dev] TOPSECRET\ngood = 1\n", "credentials, line 1: there is text after the [section]."},
           {"[dev]\ngood = 1\ns3 =\n  TOPSECRET\n",
            "credentials, line 4: this is not `key = value`, as the lines of an indented block are."},
       }) {
    const AwsFiles files = AwsFiles::from_text("", broken.text);
    ASSERT_EQ(files.problems(), std::vector<std::string>{broken.problem});
    EXPECT_EQ(value(files.credentials_profile("dev"), "good"), "1");
    EXPECT_EQ(value(files.credentials_profile("dev"), "other"), "(no key)") << "a key moved into another profile";
  }
}

TEST(AwsFiles, GarbageIsReportedWithoutEnd) {
  std::string garbage = "[dev]\n";
  for (int i = 0; i < 5000; ++i) garbage += "garbage\n";
  EXPECT_EQ(AwsFiles::from_text("", garbage).problems().size(), 10U);
}

TEST(AwsFiles, NulByteIsNamedByItsLine) {
  const std::string text("[dev]\na = 1\nb = x\0y\n", 20);
  const AwsFiles files = AwsFiles::from_text("", text);
  ASSERT_EQ(files.problems().size(), 1U);
  EXPECT_NE(files.problems()[0].find("credentials, line 3: there is a NUL byte"), std::string::npos);
  EXPECT_EQ(files.credentials_profile("dev"), nullptr);
}

// ---- Files ----

TEST_F(IniFilesOnDisk, DefaultPlacesAreBelowHome) {
  write(".aws/config", "[profile dev]\nregion = eu-west-1\n");
  write(".aws/credentials", "[dev]\naws_access_key_id = A\n");
  const AwsFiles files = read();
  EXPECT_EQ(value(files.config_profile("dev"), "region"), "eu-west-1");
  EXPECT_EQ(value(files.credentials_profile("dev"), "aws_access_key_id"), "A");
  EXPECT_EQ(files.config_path(), (home_ / ".aws/config").string());
}

TEST_F(IniFilesOnDisk, VariablesNameTheFilesAndAreExpanded) {
  std::filesystem::create_directory(home_ / "d x");
  write("d x/c", "[dev]\nk = 1\n");
  for (const std::string path : {"~/d x/c", "$HOME/d x/c", "${HOME}/d x/c", "$HOME/${SUB}/c", "$HOME/d $LETTER/c"}) {
    const AwsFiles files = read({{"AWS_SHARED_CREDENTIALS_FILE", path}, {"SUB", "d x"}, {"LETTER", "x"}});
    EXPECT_EQ(value(files.credentials_profile("dev"), "k"), "1") << path;
  }
  EXPECT_EQ(read({{"AWS_CONFIG_FILE", "/x/$UNSET/${UNSET}/$/${/~/a$"}}).config_path(), "/x/$UNSET/${UNSET}/$/${/~/a$");
  EXPECT_EQ(read({{"AWS_CONFIG_FILE", ""}}).config_path(), (home_ / ".aws/config").string());
}

TEST_F(IniFilesOnDisk, MissingFilesAndFoldersAreEmpty) {
  EXPECT_TRUE(read().problems().empty());
  std::filesystem::create_directory(home_ / ".aws/config");
  EXPECT_TRUE(read().problems().empty());
  EXPECT_TRUE(read({{"AWS_CONFIG_FILE", "/dev/null"}}).problems().empty());
  EXPECT_TRUE(read({{"AWS_CONFIG_FILE", "/dev/null/x"}}).problems().empty());
}

TEST_F(IniFilesOnDisk, UnreadableFilesAreReported) {
  std::filesystem::create_symlink(home_ / "loop", home_ / "loop");  // unreadable for root, too
  const AwsFiles files = read({{"AWS_CONFIG_FILE", (home_ / "loop").string()}});
  ASSERT_EQ(files.problems().size(), 1U);
  EXPECT_NE(files.problems()[0].find((home_ / "loop").string() + " cannot be read: "), std::string::npos);
}

TEST_F(IniFilesOnDisk, HugeFilesAreNotRead) {
  write(".aws/credentials", "[dev]\nk = 1\n");
  std::filesystem::resize_file(home_ / ".aws/credentials", (std::size_t{16} << 20U) + 1);
  const AwsFiles files = read();
  ASSERT_EQ(files.problems().size(), 1U);
  EXPECT_NE(files.problems()[0].find("larger than 16 MB"), std::string::npos);
}

TEST_F(IniFilesOnDisk, OdbcFilesAreFoundThroughTheEnvironment) {
  write("user.ini", "[dsn]\nServer=h\n");
  write("odbc.ini", "[system]\nServer=s\n");
  write("odbcinst.ini", "[driver]\nDriver=/d.so\n");
  const OdbcFiles files = OdbcFiles::read(
      System({{"ODBCINI", (home_ / "user.ini").string()}, {"ODBCSYSINI", home_.string()}, {"HOME", "/nowhere"}},
             [] { return Time(); }));
  EXPECT_EQ(files.data_source("DSN")->find("SERVER")->value, "h");
  EXPECT_EQ(files.data_source_file("dsn"), (home_ / "user.ini").string());
  EXPECT_EQ(files.data_source_file("system"), (home_ / "odbc.ini").string());
  EXPECT_EQ(files.driver("Driver")->find("driver")->value, "/d.so");
  EXPECT_EQ(files.driver("nobody"), nullptr);
  EXPECT_EQ(files.data_source("nobody"), nullptr);
  EXPECT_EQ(files.data_source_file("nobody"), "");
  EXPECT_EQ(files.data_source_names(), (std::vector<std::string>{"dsn", "system"}));
  EXPECT_TRUE(files.problems().empty());
}

TEST(OdbcIni, EmptyKeysAndEmptySectionsAreKept) {
  const IniFile file = parse_odbc_ini("f", "[]\n[empty]\n[full]\n=v\n==\n");
  ASSERT_EQ(file.sections.size(), 3U);
  EXPECT_EQ(file.sections[0].name, "");
  EXPECT_EQ(file.sections[1].entries.size(), 0U);
  ASSERT_EQ(file.sections[2].entries.size(), 2U);
  EXPECT_EQ(file.sections[2].entries[0].key, "");
  EXPECT_EQ(file.sections[2].entries[0].value, "v");
  EXPECT_EQ(file.sections[2].entries[1].value, "=");
  EXPECT_EQ(file.sections[2].line, 3);
}

TEST(ChosenProfile, ExplicitThenAwsProfileThenAwsDefaultProfileThenDefault) {
  const auto choice = [](std::map<std::string, std::string> variables, std::string_view explicit_profile) {
    const ProfileChoice result = chosen_profile(System(std::move(variables), [] { return Time(); }), explicit_profile);
    return result.name + " by " + result.why;
  };
  EXPECT_EQ(choice({{"AWS_PROFILE", "a"}, {"AWS_DEFAULT_PROFILE", "b"}}, "x"), "x by Profile=");
  EXPECT_EQ(choice({{"AWS_PROFILE", "a"}, {"AWS_DEFAULT_PROFILE", "b"}}, ""), "a by AWS_PROFILE");
  EXPECT_EQ(choice({{"AWS_PROFILE", ""}, {"AWS_DEFAULT_PROFILE", "b"}}, ""), "b by AWS_DEFAULT_PROFILE");
  EXPECT_EQ(choice({{"AWS_PROFILE", ""}}, ""), "default by the default");
}

}  // namespace
}  // namespace iamodbc
