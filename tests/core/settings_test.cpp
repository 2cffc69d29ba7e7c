// SPDX-License-Identifier: Apache-2.0
#include "core/settings.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

constexpr std::string_view login = "Server=db.example;UID=jane;";

Result<Settings> read(std::string_view text, std::string_view odbc_ini = "", std::string_view odbcinst_ini = "",
                      BaseKind kind = BaseKind::psqlodbc) {
  const OdbcFiles files = odbc_files(odbc_ini, odbcinst_ini);
  const auto given = Given::gather(parsed(text), files);
  if (!given) return given.error();
  return read_settings(given.value(), base_driver_profile(kind));
}
Result<Settings> with(std::string_view more) {
  return read(std::string(login) + std::string(more));
}

std::string error_of(const Result<Settings>& settings) {
  return settings ? "(no error)" : settings.error().sqlstate + " " + settings.error().message;
}

template <class T>
void expect_says(const Result<T>& settings, std::initializer_list<const char*> words) {
  ASSERT_FALSE(settings) << *words.begin();
  for (const char* word : words)
    EXPECT_NE(settings.error().message.find(word), std::string::npos) << word << " in " << settings.error().message;
}

TEST(Settings, DefaultsAreSafe) {
  const auto settings = with("");
  ASSERT_TRUE(settings) << error_of(settings);
  EXPECT_EQ(settings.value().auth_type, AuthType::iam);
  EXPECT_EQ(settings.value().tls, TlsLevel::verify_full);
  EXPECT_EQ(settings.value().port, 5432);
  EXPECT_EQ(settings.value().token_host, "db.example");
  EXPECT_EQ(settings.value().token_port, 5432);
  EXPECT_FALSE(settings.value().has_token_host);
  EXPECT_TRUE(settings.value().asks_for_tls);
  EXPECT_EQ(settings.value().log_level, LogLevel::off);
}

TEST(Settings, ReadsEveryAttribute) {
  const auto settings = with(
      "Port=6000;Database=app;Region=EU-central-1;TokenHost=t.example;TokenPort=5433;AccessKeyID=AK;SecretAccessKey={s;"
      "k};SessionToken=st;Profile=p;TLS=verify-ca;"
      "TLSCAFile=/ca.pem;LogLevel=debug");
  ASSERT_TRUE(settings) << error_of(settings);
  const Settings& s = settings.value();
  EXPECT_EQ(s.port, 6000);
  EXPECT_EQ(s.database, "app");
  EXPECT_EQ(s.region, "eu-central-1");
  EXPECT_EQ(s.token_host, "t.example");
  EXPECT_EQ(s.token_port, 5433);
  EXPECT_EQ(s.credentials.access_key_id, "AK");
  EXPECT_EQ(s.credentials.secret_access_key.reveal(), "s;k");
  EXPECT_EQ(s.credentials.session_token.reveal(), "st");
  EXPECT_EQ(s.credentials.profile, "p");
  EXPECT_EQ(s.tls, TlsLevel::verify_ca);
  EXPECT_EQ(s.tls_ca_file, "/ca.pem");
  EXPECT_EQ(s.log_level, LogLevel::debug);
}

TEST(Settings, WhatIsSignedFollowsWhatIsDialled) {
  const auto settings = with("Port=6000");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings.value().token_port, 6000);
}

TEST(Settings, AWrongValueIsAnErrorThatListsWhatIsAllowed) {
  expect_says(with("AuthType=kerberos"), {"AuthType=kerberos", "the connection string", "IAM, Password"});
  expect_says(with("RDS_AUTH_TYPE=x"), {"RDS_AUTH_TYPE=x", "IAM, Password"});
  expect_says(with("TLS=off"), {"TLS=off", "verify-full, verify-ca, require"});
  const auto maria = read(std::string(login) + "TLS=off", "", "", BaseKind::mariadb);
  expect_says(maria, {"TLS=off", "Allowed: verify-full."});
  expect_says(with("TLS=disable"), {"TLS=disable", "verify-full", "verify-ca", "require"});
  expect_says(with("LogLevel=loud"), {"LogLevel=loud", "off, error, warning, info, debug"});
  for (const char* port : {"0", "65536", "x", "54 32", "5432x", "+1", "-1", "99999999999999999999"}) {
    expect_says(with("Port=" + std::string(port)), {"Port=", "1 to 65535"});
    expect_says(with("TokenPort=" + std::string(port)), {"TokenPort=", "1 to 65535"});
  }
}

TEST(Settings, ANameCloseToOursIsAnErrorWithDidYouMean) {
  expect_says(with("Regoin=x"), {"Regoin", "the connection string", "Did you mean Region?"});
  expect_says(with("Token Host=x"), {"Did you mean TokenHost?"});
  expect_says(with("Serverr=x"), {"Did you mean Server?"});
  expect_says(read("DSN=sales", "[sales]\nServer=a\nUID=b\nRegoin=x\n"), {"Regoin", "line 4", "Did you mean Region?"});
}

TEST(Settings, NamesOfTheBaseDriverAndTheDriverManagerAreNoMistakes) {
  EXPECT_TRUE(with("Protocol=7.4;Fetch=100;DX=app;Trace=no;Pooling=no;UIX=1;nonsense=1"))
      << error_of(with("Protocol=7.4;Fetch=100;DX=app"));
  EXPECT_TRUE(read(std::string(login) + "OPTIONS=2;PCALLBACK=1;EDSERVER=1", "", "", BaseKind::mariadb));
  EXPECT_TRUE(read("DSN=a;BaseDSN=b", "[a]\nServer=a\nUID=b\n[b]\nRegoin=x\n")) << "the base driver's own section";
}

TEST(Settings, AnUnknownBaseDriverMayReadAnything) {
  EXPECT_TRUE(read(std::string(login) + "Regoin=x", "", "", BaseKind::unknown));
}

TEST(Settings, ServerAndUserMustBeKnownForAToken) {
  expect_says(read("UID=jane"), {"Server is missing"});
  expect_says(read("Server=a"), {"UID is missing"});
  EXPECT_TRUE(read("AuthType=Password"));
}

TEST(Settings, WithASecretThatHasNoHostTheServerIsAskedFor) {
  expect_says(read("AuthType=SecretsManager;SecretID=s"), {"Server is missing", "the secret has no host"});
}

TEST(Settings, AnAliasIsFollowedOnlyWhereTheServerHasToProveWhereItLeads) {
  EXPECT_TRUE(with("ResolveCNAME=yes"));
  expect_says(with("ResolveCNAME=yes;AuthType=Password;PWD=x"), {"ResolveCNAME=yes", "a login with a token"});
  expect_says(with("ResolveCNAME=yes;TokenHost=other.example"), {"TokenHost says already"});
  expect_says(with("ResolveCNAME=yes;TLS=verify-ca"), {"TLS=verify-full"});
}

TEST(Settings, ATokenOfDsqlAloneHasALifeToChooseAndNoMysqlProtocol) {
  expect_says(with("TokenLifetime=60"), {"TokenLifetime", "AuthType=DSQL alone"});
  EXPECT_TRUE(with("AuthType=DSQL;TokenLifetime=60"));
  for (const BaseKind kind : {BaseKind::mariadb, BaseKind::mysql})
    expect_says(read(std::string(login) + "AuthType=DSQL", "", "", kind), {"DSQL", "Use psqlODBC"});
}

TEST(Settings, WhatStartsProgramsOrWritesFilesIsNotTakenFromAString) {
  for (const char* text :
       {"CredentialProcess=/bin/x", "Credential_Process=/bin/x", "LogFile=/tmp/x", "MFAPrompt=/bin/x",
        "KeyPrompt=/bin/x", "SSOLogin=browser", "StrictPermissions=no", "Tunnel=/bin/x"}) {
    const auto settings = with(text);
    expect_says(settings, {"odbc.ini", "AllowInString=yes"});
    EXPECT_EQ(settings.error().message.find("/bin/x"), std::string::npos);
  }
  EXPECT_TRUE(read("DSN=a", "[a]\nServer=a\nUID=b\nCredentialProcess=/bin/x\nLogFile=/tmp/x\n"));
  EXPECT_TRUE(read(std::string(login) + "Driver=iamodbc;CredentialProcess=/bin/x", "",
                   "[iamodbc]\nDriver=x\nAllowInString=1\n"));
}

// Whose name is refused is told by messages, and by the server's log: with SecretUsernameKey=password it would be a password.
TEST(Settings, AStringDoesNotSayWhichPartOfASecretIsShownAsTheUser) {
  const auto fetch = [](const char* string, const char* section, const char* driver = "") {
    return read_fetch_settings(Given::gather(parsed(std::string("DSN=a;") + string),
                                             odbc_files(std::string("[a]\nDriver=iamodbc\nAuthType=SecretsManager\n"
                                                                    "SecretID=prod/sales\n") +
                                                            section,
                                                        std::string("[iamodbc]\n") + driver))
                                   .value());
  };
  expect_says(fetch("SecretUsernameKey=password", ""), {"SecretUsernameKey", "shown", "odbc.ini", "AllowInString=yes"});
  expect_says(fetch("SecretUsernameKey=password", "SecretUsernameKey=u\n"), {"SecretUsernameKey", "odbc.ini"});
  EXPECT_EQ(fetch("SecretPasswordKey=p", "SecretUsernameKey=u\n").value().username_key, "u");
  EXPECT_EQ(fetch("SecretUsernameKey=u", "", "AllowInString=yes\n").value().username_key, "u");
}

TEST(Settings, TheWordsOfATunnelAreSplitWithoutAShell) {
  const auto settings = read("DSN=a", "[a]\nServer=a\nUID=b\nTunnel=ssh -o \"A B\" -L {port}:$HOME:5432 'it; rm'\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings.value().tunnel,
            (std::vector<std::string>{"ssh", "-o", "A B", "-L", "{port}:$HOME:5432", "it; rm"}));
  EXPECT_TRUE(settings.value().tunnel_takes_port);
  EXPECT_FALSE(read("DSN=a", "[a]\nServer=a\nUID=b\nTunnel=ssh bastion\n").value().tunnel_takes_port);
  EXPECT_TRUE(read("DSN=a", "[a]\nServer=a\nUID=b\n").value().tunnel.empty());
  for (const char* wrong : {"ssh 'bastion", "ssh \\", "''"}) {
    const auto none = read("DSN=a", std::string("[a]\nServer=a\nUID=b\nTunnel=") + wrong + "\n");
    ASSERT_FALSE(none) << wrong;
    EXPECT_EQ(none.error().sqlstate, "HY024");
    EXPECT_NE(none.error().message.find("Tunnel"), std::string::npos);
  }
}

TEST(Settings, HowFarCredentialsAreKept) {
  EXPECT_EQ(read(login).value().credentials.login_cache, CacheReach::process);
  EXPECT_EQ(read(std::string(login) + "LoginCache=user").value().credentials.login_cache, CacheReach::user);
  EXPECT_EQ(read(std::string(login) + "LoginCache=OFF").value().credentials.login_cache, CacheReach::off);
  expect_says(read(std::string(login) + "LoginCache=disk"), {"LoginCache", "Allowed: process, user, off"});
}

TEST(Settings, KeysOfAStringAreToldFromThoseOfAFile) {
  const char* const keys = "AccessKeyID=AKIA;SecretAccessKey=x";
  EXPECT_TRUE(read(std::string(login) + keys).value().credentials.are_keys_in_string);
  EXPECT_FALSE(read("DSN=a", "[a]\nServer=a\nUID=b\nAccessKeyID=AKIA\nSecretAccessKey=x\n")
                   .value()
                   .credentials.are_keys_in_string);
}

TEST(Settings, ALoginThatIsFetchedFindsItsCredentialsAsAnyOther) {
  const OdbcFiles files = odbc_files(
      "[a]\nAuthType=SecretsManager\nSecretID=s\nAccessKeyID=AKIA\nSecretAccessKey=x\nStrictPermissions=yes\n"
      "LoginCache=off\n",
      "");
  auto given = Given::gather(parsed("DSN=a"), files);
  ASSERT_TRUE(given);
  given.value().learn({Told{"UID", "jane", "the secret s"}});
  const auto fetch = read_fetch_settings(given.value());
  ASSERT_TRUE(fetch) << fetch.error().message;
  const CredentialSettings& credentials = fetch.value().credentials;
  EXPECT_EQ(credentials.dsn, "a");
  EXPECT_EQ(credentials.login_cache, CacheReach::off);
  EXPECT_TRUE(credentials.are_permissions_strict);
  EXPECT_EQ(credentials.files_of_secrets.size(), 1U);
  EXPECT_FALSE(credentials.are_keys_in_string);
}

TEST(Settings, LessTlsTogetherWithTokenHostIsNotTakenFromAString) {
  constexpr const char* allowing = "[iamodbc]\nDriver=x\nAllowInString=yes\n";
  expect_says(with("TokenHost=t;TLS=require"), {"TLS=require", "TokenHost", "odbc.ini"});
  expect_says(with("TokenHost=t;SSLmode=require"), {"TokenHost"});
  expect_says(read("DSN=a;TLS=require", "[a]\nServer=a\nUID=b\nTokenHost=t\n"), {"TokenHost"});
  expect_says(read("DSN=a;TokenHost=t", "[a]\nServer=a\nUID=b\nTLS=require\n"), {"TokenHost"});
  EXPECT_TRUE(read("DSN=a", "[a]\nServer=a\nUID=b\nTokenHost=t\nTLS=require\n"));
  EXPECT_TRUE(read(std::string(login) + "Driver=iamodbc;TokenHost=t;TLS=require", "", allowing));
  EXPECT_TRUE(with("TokenHost=t;TLS=verify-ca"));
  EXPECT_TRUE(with("TLS=require"));
}

// The DSN trusts its own Server without a certificate; the string must not put another one in its place.
TEST(Settings, AStringMayNotMoveTheServerOfATokenHostWithLessTls) {
  expect_says(read("DSN=a;Server=evil", "[a]\nServer=a\nUID=b\nTokenHost=t\nTLS=require\n"), {"TokenHost"});
  expect_says(read("DSN=a;Port=1", "[a]\nServer=a\nUID=b\nTokenHost=t\nTLS=require\n"), {"TokenHost"});
}

TEST(Settings, TheBaseDriversTlsAttributeMeansTheLevelItAsksFor) {
  const std::pair<const char*, TlsLevel> cases[] = {{"SSLmode=require", TlsLevel::require},
                                                    {"SSLmode=REQUIRE", TlsLevel::require},
                                                    {"CA=r", TlsLevel::require},
                                                    {"sslmode=Verify-CA", TlsLevel::verify_ca},
                                                    {"CA=vf", TlsLevel::verify_full},
                                                    {"SSLmode=", TlsLevel::verify_full},
                                                    {"TLS=REQUIRE", TlsLevel::require}};
  for (const auto& [text, level] : cases) {
    const auto settings = with(text);
    ASSERT_TRUE(settings) << text << error_of(settings);
    EXPECT_EQ(settings.value().tls, level) << text;
  }
}

TEST(Settings, LessThanTlsIsAnErrorThatNamesIt) {
  for (const char* text : {"SSLmode=disable", "SSLmode=allow", "SSLmode=prefer", "CA=d", "ca=p", "CA=a"}) {
    const auto settings = with(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_NE(settings.error().message.find(text), std::string::npos) << settings.error().message;
  }
  expect_says(read("DSN=a", "[a]\nServer=a\nUID=b\nSSLmode=prefer\n"), {"SSLmode=prefer", "line 4"});
  expect_says(read("DSN=a", "[a]\nServer=a\nUID=b\nBaseDSN=b\n[b]\nSSLmode=disable\n"), {"SSLmode=disable", "[b]"});
  expect_says(read(std::string(login) + "FORCETLS=0", "", "", BaseKind::mariadb), {"FORCETLS=0"});
}

TEST(Settings, OfTwoTlsLevelsTheLastCountsAndTheStringBeforeTheDsn) {
  EXPECT_EQ(with("SSLmode=require;TLS=verify-ca").value().tls, TlsLevel::verify_ca);
  EXPECT_EQ(with("TLS=verify-ca;CA=r").value().tls, TlsLevel::require);
  EXPECT_EQ(read("DSN=a;CA=vc", "[a]\nServer=a\nUID=b\nTLS=require\n").value().tls, TlsLevel::verify_ca);
}

TEST(Settings, ForcedTlsSaysNothingAboutTheLevel) {
  const auto maria = [](const std::string& text) { return read(std::string(login) + text, "", "", BaseKind::mariadb); };
  EXPECT_EQ(maria("SSLVERIFY=0;FORCETLS=1").value().tls, TlsLevel::require);
  EXPECT_EQ(maria("TLS=verify-ca;ForceTLS=1").value().tls, TlsLevel::verify_ca);
  EXPECT_EQ(maria("FORCETLS=1").value().tls, TlsLevel::verify_full);
  EXPECT_EQ(read("DSN=a;FORCETLS=1", "[a]\nServer=a\nUID=b\nSSLVERIFY=0\n", "", BaseKind::mariadb).value().tls,
            TlsLevel::require);
  expect_says(maria("SSLVERIFY=1;FORCETLS=0"), {"FORCETLS=0"});
}

// These base drivers check the certificate against the name that they dial, so nothing ties the dialled host to the signed one.
TEST(Settings, MariadbAndMysqlTakeAnotherTokenHostFromIniFilesOnly) {
  constexpr const char* section = "[a]\nServer=a\nUID=b\nTokenHost=t\n";
  for (const BaseKind kind : {BaseKind::mariadb, BaseKind::mysql}) {
    expect_says(read(std::string(login) + "TokenHost=t", "", "", kind), {"TokenHost", "odbc.ini", "AllowInString"});
    expect_says(read("DSN=a;Server=evil", section, "", kind), {"TokenHost"});
    expect_says(read("DSN=a;Port=1", section, "", kind), {"TokenHost"});
    EXPECT_TRUE(read("DSN=a", section, "", kind));
    EXPECT_TRUE(read("DSN=a;TokenHost=A", "[a]\nServer=a\nUID=b\n", "", kind)) << "the same host";
    EXPECT_TRUE(
        read(std::string(login) + "Driver=iamodbc;TokenHost=t", "", "[iamodbc]\nDriver=x\nAllowInString=yes\n", kind));
  }
  EXPECT_TRUE(with("TokenHost=t")) << "psqlODBC checks against TokenHost";
}

TEST(Settings, TheBaseDriversCaFileMeansTlsCaFile) {
  EXPECT_EQ(read(std::string(login) + "SSLCA=/x.pem", "", "", BaseKind::mariadb).value().tls_ca_file, "/x.pem");
  // Spellings of one thing: the last counts, the string before the DSN.
  EXPECT_EQ(read(std::string(login) + "SSLCA=/x.pem;TLSCAFile=/y.pem", "", "", BaseKind::mariadb).value().tls_ca_file,
            "/y.pem");
  EXPECT_EQ(
      read("DSN=a;SSLCA=/x.pem", "[a]\nServer=a\nUID=b\nTLSCAFile=/y.pem\n", "", BaseKind::mariadb).value().tls_ca_file,
      "/x.pem");
}

TEST(Settings, APasswordIsNotUsedForAToken) {
  EXPECT_TRUE(with("PWD=typed").value().ignored_password);
  EXPECT_FALSE(with("PWD=").value().ignored_password);
  EXPECT_FALSE(with("AuthType=Password;PWD=x").value().ignored_password);
}

TEST(Settings, WithAPasswordTlsIsTheBaseDriversBusiness) {
  EXPECT_FALSE(with("AuthType=Password;SSLmode=prefer").value().asks_for_tls);
  EXPECT_TRUE(with("AuthType=Password;TLS=verify-full").value().asks_for_tls);
  EXPECT_TRUE(with("AuthType=Password;TLSCAFile=/ca.pem").value().asks_for_tls);
}

TEST(Settings, ProvenanceShowsNoSecret) {
  const auto settings = with("PWD=hunter2;SecretAccessKey=hunter3;SessionToken=hunter4;AccessKeyID=AK");
  ASSERT_TRUE(settings);
  bool has_key = false;
  for (const Provenance& one : settings.value().provenance) {
    EXPECT_EQ(one.value.find("hunter"), std::string::npos);
    has_key = has_key || (one.id == AttributeId::access_key_id && one.value == "AK");
  }
  EXPECT_TRUE(has_key);
}

TEST(Settings, NoErrorShowsASecret) {
  for (const char* text : {"SecretAccessKy=hunter2", "SessionTokn=hunter2", "PWDD=hunter2"}) {
    const auto settings = with(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().message.find("hunter"), std::string::npos) << settings.error().message;
  }
}

TEST(Settings, TheBaseIsChosenByDriverEngineOrPort) {
  const auto files = odbc_files("");
  const auto given = Given::gather(parsed("BASE_DRIVER={My Driver};Engine=PostgreSQL;Port=5433"), files);
  ASSERT_TRUE(given);
  const auto choice = read_base_choice(given.value());
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice.value().base_driver, "My Driver");
  EXPECT_EQ(choice.value().engine, "postgresql");
  EXPECT_EQ(choice.value().port, 5433);
}

TEST(Settings, AnUnknownEngineIsAnErrorThatListsThem) {
  const auto files = odbc_files("");
  const auto given = Given::gather(parsed("Engine=oracle"), files);
  ASSERT_TRUE(given);
  const auto choice = read_base_choice(given.value());
  ASSERT_FALSE(choice);
  EXPECT_NE(choice.error().message.find("postgresql, mysql, mariadb"), std::string::npos) << choice.error().message;
}

TEST(Settings, ALogFileWithoutALevelMeansInfo) {
  const auto files = odbc_files("[a]\nLogFile=/tmp/x.log\n[b]\nLogLevel=Debug\n");
  const auto log_of = [&](const char* text) {
    const auto given = Given::gather(parsed(text), files);
    EXPECT_TRUE(given);
    return read_log(given.value());
  };
  ASSERT_TRUE(log_of("DSN=a"));
  EXPECT_TRUE(log_of("DSN=a").value().logs(LogLevel::info));
  EXPECT_FALSE(log_of("DSN=a").value().logs(LogLevel::debug));
  EXPECT_TRUE(log_of("DSN=b").value().logs(LogLevel::debug));
  EXPECT_FALSE(log_of("").value().logs(LogLevel::error));
  EXPECT_FALSE(log_of("LogFile=/tmp/x"));
}

}  // namespace
}  // namespace iamodbc
