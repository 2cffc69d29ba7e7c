// SPDX-License-Identifier: Apache-2.0
#include "core/tls_policy.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

constexpr std::string_view login = "Server=db.example;UID=jane;";

Walked with(std::string_view more, WalkOptions options = {}, BaseKind kind = BaseKind::psqlodbc) {
  return walked(kind, std::string(login) + std::string(more), options);
}

WalkOptions variables(std::map<std::string, std::string> given) {
  WalkOptions options;
  options.variables = std::move(given);
  return options;
}

void expect_refused(const Walked& walk, std::initializer_list<const char*> words) {
  ASSERT_TRUE(walk.error) << walk.text;
  EXPECT_EQ(walk.room, "tls");
  EXPECT_EQ(walk.error->sqlstate, "08001");
  for (const char* word : words)
    EXPECT_NE(walk.error->message.find(word), std::string::npos) << word << " in " << walk.error->message;
}

WalkOptions in_section(const std::string& lines) {
  WalkOptions options;
  options.odbc_ini = "[b]\n" + lines;
  return options;
}

TEST(TlsPolicy, IsVerifyFullWithTheRdsCertificatesUnlessTold) {
  const auto walk = with("");
  ASSERT_TRUE(walk.plan) << walk.error->message;
  EXPECT_EQ(walk.plan->level, TlsLevel::verify_full);
  EXPECT_EQ(walk.plan->ca.path, data_folder() + "/rds-ca.pem");
  EXPECT_EQ(walk.plan->checked_host, "db.example");
  EXPECT_FALSE(walk.plan->dials_another_host);
}

// A secret has told user and host; `section` is the DSN's, `string` the application's.
// Authorities of an administrator's own.
std::string own_authorities() {
  std::string file = data_folder() + "/own-ca.pem";
  std::ofstream(file) << "no certificate\n";
  return file;
}

Walked led(std::string section, std::string_view string, BaseKind kind = BaseKind::psqlodbc) {
  WalkOptions options;
  options.odbc_ini = "[sales]\nAuthType=SecretsManager\nUID=jane\n" + section;
  return walked(kind, "DSN=sales;" + std::string(string), options);
}

TEST(TlsPolicy, AStringCannotLeadAPasswordThatIsFetched) {
  const std::string file = own_authorities();
  const std::string aws = "db.cabc123def45.eu-central-1.rds.amazonaws.com";
  const std::string redshift = "sales.cabc123def45.eu-central-1.redshift.amazonaws.com";
  for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb}) {
    for (const std::string& string : std::vector<std::string>{
             "Server=evil.example", "Server=evil.example;TLSCAFile=" + file, "Server=" + aws + ";TLSCAFile=" + file,
             "Server=evil." + aws + ".example", "Server=x.elb.eu-central-1.amazonaws.com"}) {
      const auto walk = led("", string, kind);
      ASSERT_TRUE(walk.error) << string;
      EXPECT_EQ(walk.error->sqlstate, "HY024") << string;
      EXPECT_NE(walk.error->message.find("lead the password to any host"), std::string::npos) << walk.error->message;
    }
    EXPECT_FALSE(led("", "Server=" + aws, kind).error);
    EXPECT_FALSE(led("", "Server=" + redshift, kind).error);
    EXPECT_FALSE(led("Server=db.example\n", "", kind).error);
    EXPECT_FALSE(led("Server=db.example\n", "TLSCAFile=" + file, kind).error);  // it does not say where
    EXPECT_FALSE(led("TLSCAFile=" + file + "\n", "Server=db.example", kind).error);
  }
  // libpq dials hostaddr in place of Server, and there somebody may have a certificate of that file.
  EXPECT_TRUE(led("Server=" + aws + "\n", "pqopt={hostaddr=192.0.2.1 sslrootcert='" + file + "'}").error);
  EXPECT_TRUE(led("Server=" + aws + "\n", "pqopt={hostaddr=192.0.2.1};TLSCAFile=" + file).error);
  EXPECT_TRUE(led("Server=db.example\n", "pqopt={hostaddr=192.0.2.1}").error);
  EXPECT_FALSE(led("Server=" + aws + "\n", "pqopt={hostaddr=192.0.2.1}").error);
  EXPECT_FALSE(led("Server=db.example\nTLSCAFile=" + file + "\n", "pqopt={hostaddr=192.0.2.1}").error);
  EXPECT_TRUE(led("Server=db.example\n", "Port=1").error);
  EXPECT_TRUE(led("Server=db.example\n", "TLS=require").error);
  EXPECT_TRUE(led("Server=db.example\n", "TLS=verify-ca").error);
  EXPECT_TRUE(led("", "TLS=verify-ca;Server=" + aws).error);
  // What the certificate is checked against counts, and for psqlODBC that is TokenHost.
  EXPECT_FALSE(led("TokenHost=" + aws + "\n", "Server=127.0.0.1").error);
  EXPECT_TRUE(led("TokenHost=" + aws + "\n", "Server=127.0.0.1", BaseKind::mariadb).error);
  // A token is worth nothing elsewhere.
  EXPECT_FALSE(with("Server=evil.example").error);
}

TEST(TlsPolicy, RefusesHostLists) {
  for (const char* name : {"Server", "TokenHost"}) {
    for (const char* host : {"a,b", "a,", ",a", ","}) {
      expect_refused(with(std::string(name) + "=" + host), {name, host, "list"});
    }
  }
}

TEST(TlsPolicy, RefusesSocketsAndPipes) {
  for (const char* host : {"/var/run/postgresql", "@abstract", "\\\\.\\pipe\\x", "."})
    expect_refused(with(std::string("Server=") + host), {"Server", host});
}

TEST(TlsPolicy, RefusesWhatIsNoHostName) {
  for (const char* host :
       {"a/b", "a b", " a", "a ", "user@a", "postgresql://a", "{a;b}", "a'b", "a\"b", "a\\b", "a=b", "a\tb", "a\nb"}) {
    const auto walk = with(std::string("Server=") + host);
    ASSERT_TRUE(walk.error) << host;
    EXPECT_EQ(walk.error->sqlstate, "08001") << host;
  }
}

TEST(TlsPolicy, RepeatsNoPasswordThatStandsInAHost) {
  for (const char* name : {"Server", "TokenHost"}) {
    for (const char* host : {"jane:hunter2@a", "jane:hunter2@a:5432", "/x:hunter2@a", "password=hunter2,a"}) {
      const auto walk = with(std::string(name) + "=" + host);
      expect_refused(walk, {name, "is not a host name"});
      EXPECT_EQ(walk.error->message.find("hunter2"), std::string::npos) << walk.error->message;
    }
  }
}

TEST(TlsPolicy, TakesNamesAndAddresses) {
  for (const char* host : {"localhost", "127.0.0.1", "[::1]", "::1", "a-b.c_d.example.",
                           "b\xC3\xBC"
                           "cher.example"}) {
    const auto walk = with(std::string("Server=") + host);
    EXPECT_FALSE(walk.error) << walk.error->message;
  }
}

TEST(TlsPolicy, SocketsOfTheBaseDriverAreRefusedWhereverTheyStand) {
  for (const BaseKind kind : {BaseKind::mariadb, BaseKind::mysql}) {
    expect_refused(with("SOCKET=/tmp/x.sock", {}, kind), {"SOCKET"});
    WalkOptions options;
    options.odbc_ini = "[a]\nServer=a\nUID=b\nSOCKET=/tmp/x.sock\n[c]\nServer=a\nUID=b\nBaseDSN=a\n";
    expect_refused(walked(kind, "DSN=a", options), {"SOCKET", "[a]"});
    expect_refused(walked(kind, "DSN=c", options), {"SOCKET", "[a]"});
  }
  expect_refused(with("NamedPipe=1", {}, BaseKind::mariadb), {"NamedPipe"});
  expect_refused(with("NAMED_PIPE=1", {}, BaseKind::mysql), {"NAMED_PIPE"});
  expect_refused(with("MULTI_HOST=1", {}, BaseKind::mysql), {"MULTI_HOST"});
  expect_refused(with("ENABLE_DNS_SRV=1", {}, BaseKind::mysql), {"ENABLE_DNS_SRV"});
  EXPECT_FALSE(with("SOCKET=;NamedPipe=0", {}, BaseKind::mariadb).error);
}

TEST(TlsPolicy, AHarmlessValueInTheStringHidesNoSocketOfTheSection) {
  for (const BaseKind kind : {BaseKind::mariadb, BaseKind::mysql}) {
    WalkOptions options;
    options.odbc_ini = "[a]\nServer=a\nUID=b\nSOCKET=/tmp/x.sock\n";
    expect_refused(walked(kind, "DSN=a;SOCKET=0", options), {"SOCKET"});
    expect_refused(walked(kind, "DSN=a;SOCKET=", options), {"SOCKET", "[a]"});
    expect_refused(walked(kind, "DSN=a;socket=/x;SOCKET=", options), {"socket"});
  }
}

TEST(TlsPolicy, AuthoritiesAndCiphersAreNotWidenedBesideOurs) {
  for (const BaseKind kind : {BaseKind::mariadb, BaseKind::mysql}) {
    expect_refused(with("SSLCAPATH=/evil", {}, kind), {"SSLCAPATH", "TLSCAFile"});
    expect_refused(with("SSLCIPHER=eNULL", {}, kind), {"SSLCIPHER", "encryption"});
  }
  expect_refused(with("ssl-capath=/evil", {}, BaseKind::mysql), {"ssl-capath", "TLSCAFile"});
  expect_refused(with("SSL-CIPHER=eNULL", {}, BaseKind::mysql), {"SSL-CIPHER"});
  for (const char* text : {"TLSVERSION=TLSv1.0", "tlsversion=TLSv1.2, TLSv1.1", "TLSVERSION=tlsv1", "TLSVERSION=1",
                           "TLSVERSION=xTLSv1.1", "TLSVERSION=TLSv1.1:TLSv1.3", "TLSVERSION=TLSv1.1 TLSv1.2"})
    expect_refused(with(text, {}, BaseKind::mariadb), {"older than 1.2"});
  expect_refused(with("TLS-VERSIONS=TLSv1.1,TLSv1.3", {}, BaseKind::mysql), {"older than 1.2"});
  EXPECT_FALSE(with("TLSVERSION=TLSv1.2,TLSv1.3", {}, BaseKind::mariadb).error);
  EXPECT_FALSE(with("TLSVERSION=TLSv1.3", {}, BaseKind::mariadb).error);
  expect_refused(with("NO_TLS_1_2=1;NO_TLS_1_3=1", {}, BaseKind::mysql), {"NO_TLS_1_2", "1.2"});
  EXPECT_FALSE(with("NO_TLS_1_2=1;NO_TLS_1_3=0", {}, BaseKind::mysql).error);
}

TEST(TlsPolicy, MariadbsConnectorInsistsOnTlsOnlyWhileItChecksTheName) {
  for (const char* text : {"TLS=require", "TLS=verify-ca", "SSLVERIFY=0", "SSLVERIFY=0;FORCETLS=1"}) {
    expect_refused(with(text, {}, BaseKind::mariadb), {"verify-full", "TLSCAFile"});
    expect_refused(with(std::string(text) + ";TLS=require;AuthType=Password;PWD=x", {}, BaseKind::mariadb),
                   {"verify-full"});
  }
  EXPECT_FALSE(with("TLS=verify-ca", {}, BaseKind::mysql).error);
}

TEST(TlsPolicy, AFingerprintDoesNotReplaceTheCertificateAuthority) {
  for (const char* name : {"TLSPEERFP", "TLSPEERFPLIST", "SSLFP", "SSLFPLIST"}) {
    expect_refused(with(std::string(name) + "=00:11", {}, BaseKind::mariadb), {name, "TLSCAFile"});
    WalkOptions options;
    options.odbc_ini = std::string("[a]\nServer=a\nUID=b\n") + name + "=/x\n";
    expect_refused(walked(BaseKind::mariadb, "DSN=a", options), {name, "[a]"});
  }
  EXPECT_FALSE(with("TLSPEERFP=", {}, BaseKind::mariadb).error);
}

// MySQL's connector takes what stands behind the first colon for a port.
TEST(TlsPolicy, AnIpv6AddressIsNoServerForMysql) {
  expect_refused(with("Server=2001:db8::1", {}, BaseKind::mysql), {"2001:db8::1", "MariaDB Connector/ODBC"});
  expect_refused(with("Server=[::1]", {}, BaseKind::mysql), {"[::1]"});
  EXPECT_FALSE(with("Server=::1", {}, BaseKind::mariadb).error);
}

TEST(TlsPolicy, AnOptionFileIsNotReadForAToken) {
  for (const BaseKind kind : {BaseKind::mariadb, BaseKind::mysql}) {
    expect_refused(with("USE_MYCNF=1", {}, kind), {"USE_MYCNF", "my.cnf"});
    EXPECT_FALSE(with("USE_MYCNF=0", {}, kind).error);
  }
}

TEST(TlsPolicy, AnUnknownBaseDriverGetsNoToken) {
  expect_refused(walked(BaseKind::unknown, login), {"AuthType=Password"});
  EXPECT_FALSE(walked(BaseKind::unknown, std::string(login) + "AuthType=Password").error);
}

TEST(TlsPolicy, PqoptMayNotRedirectIdentifyOrWeaken) {
  const char* const forbidden[] = {"host",          "port",
                                   "user",          "dbname",
                                   "password",      "passfile",
                                   "service",       "sslmode",
                                   "sslcert",       "sslkey",
                                   "sslcrl",        "sslsni",
                                   "sslpassword",   "ssl_min_protocol_version",
                                   "gssencmode",    "gsslib",
                                   "gssdelegation", "sslnegotiation",
                                   "sslcertmode"};
  for (const char* name : forbidden) {
    for (const char* spelling : {"pqopt", "D5", "PQOPT"}) {
      expect_refused(with(std::string(spelling) + "={application_name=x " + name + "=y}"), {spelling, name});
    }
    WalkOptions options;
    options.odbc_ini = std::string("[a]\nServer=a\nUID=b\npqopt=") + name + " = 'y'\n";
    expect_refused(walked(BaseKind::psqlodbc, "DSN=a", options), {"pqopt", name, "line 4"});
  }
}

TEST(TlsPolicy, PqoptNeverShowsAPassword) {
  const auto walk = with("pqopt={password=hunter2}");
  ASSERT_TRUE(walk.error);
  EXPECT_EQ(walk.error->message.find("hunter2"), std::string::npos);
}

TEST(TlsPolicy, PqoptThatIsNoListOfOptionsIsRefused) {
  for (const char* text :
       {"pqopt={postgresql://evil/x=y}", "pqopt={a}", "pqopt={a='b}", "pqopt=postgres://evil/?hostaddr=10.0.0.1"}) {
    expect_refused(with(text), {"pqopt"});
  }
}

TEST(TlsPolicy, TheRestOfPqoptStays) {
  const auto good = with(R"(pqopt={application_name='it\'s' connect_timeout=5})");
  ASSERT_TRUE(good.plan);
  EXPECT_EQ(good.plan->libpq_options, (LibpqOptions{{"application_name", "it's"}, {"connect_timeout", "5"}}));
}

TEST(TlsPolicy, SslrootcertInPqoptMeansTlsCaFile) {
  const std::string ca = data_folder() + "/rds-ca.pem";
  const auto walk = with("pqopt={sslrootcert=" + ca + "}");
  ASSERT_TRUE(walk.plan) << walk.error->message;
  EXPECT_EQ(walk.plan->ca.path, ca);
  EXPECT_EQ(walk.plan->ca.why, "sslrootcert in pqopt");
  EXPECT_EQ(with("TLSCAFile=" + ca + ";pqopt={sslrootcert=/nowhere}").plan->ca.why, "TLSCAFile");
}

TEST(TlsPolicy, HostaddrIsForVerifyFullOnly) {
  EXPECT_FALSE(with("pqopt={hostaddr=127.0.0.1}").error);
  expect_refused(with("pqopt={hostaddr=127.0.0.1};TLS=verify-ca"), {"hostaddr", "verify-full"});
  expect_refused(with("pqopt={hostaddr=127.0.0.1};TLS=require"), {"hostaddr", "verify-full"});
}

TEST(TlsPolicy, PgserviceIsAnErrorThatNamesIt) {
  expect_refused(with("", variables({{"PGSERVICE", "x"}})), {"PGSERVICE"});
}

TEST(TlsPolicy, PghostaddrIsAnErrorUnlessWeSetTheAddress) {
  const WalkOptions set = variables({{"PGHOSTADDR", "10.0.0.1"}});
  expect_refused(with("", set), {"PGHOSTADDR"});
  EXPECT_FALSE(with("TokenHost=other.example", set).error);
  EXPECT_FALSE(with("pqopt={hostaddr=127.0.0.1}", set).error);
}

TEST(TlsPolicy, OldTlsByVariableIsAnError) {
  expect_refused(with("", variables({{"PGSSLMINPROTOCOLVERSION", "TLSv1"}})), {"PGSSLMINPROTOCOLVERSION"});
  expect_refused(with("", variables({{"PGSSLMAXPROTOCOLVERSION", "TLSv1.1"}})), {"PGSSLMAXPROTOCOLVERSION"});
  EXPECT_FALSE(with("", variables({{"PGSSLMINPROTOCOLVERSION", "TLSv1.3"}})).error);
}

TEST(TlsPolicy, LibpqsVariablesAreNothingToOtherBaseDrivers) {
  EXPECT_FALSE(with("", variables({{"PGSERVICE", "x"}, {"PGHOSTADDR", "y"}}), BaseKind::mariadb).error);
}

TEST(TlsPolicy, BehindATunnelOfAFreePortTheDatabasesNameIsCheckedAndAnotherHostDialled) {
  const auto in_ini = [](const std::string& tunnel, BaseKind kind) {
    WalkOptions options;
    options.odbc_ini = "[a]\nServer=rds.example\nUID=jane\nTunnel=" + tunnel + "\n";
    return walked(kind, "DSN=a", options);
  };
  const auto walk = in_ini("ssh -L {port}:rds.example:5432", BaseKind::psqlodbc);
  ASSERT_TRUE(walk.plan);
  EXPECT_TRUE(walk.plan->dials_another_host);
  EXPECT_EQ(walk.plan->checked_host, "rds.example");
  EXPECT_FALSE(in_ini("ssh -L 1:rds.example:5432", BaseKind::psqlodbc).plan->dials_another_host);
  EXPECT_FALSE(in_ini("ssh -L {port}:rds.example:5432", BaseKind::mariadb).plan->dials_another_host);
}

TEST(TlsPolicy, WithTokenHostTheCertificateIsCheckedAgainstIt) {
  const auto walk = with("TokenHost=rds.example");
  ASSERT_TRUE(walk.plan);
  EXPECT_EQ(walk.plan->checked_host, "rds.example");
  EXPECT_TRUE(walk.plan->dials_another_host);
  EXPECT_FALSE(with("TokenHost=DB.EXAMPLE").plan->dials_another_host);
  EXPECT_FALSE(with("TokenHost=rds.example;pqopt={hostaddr=127.0.0.1}").plan->dials_another_host);
}

// Any certificate of a public authority passes verify-ca: the string may then not choose where a token signed for another host goes.
TEST(TlsPolicy, AStringMayNotLeadATokenWithCertificatesOfItsOwnChoice) {
  const std::string ca = own_authorities();
  WalkOptions dsn;
  dsn.odbc_ini = "[a]\nTLSCAFile=" + ca + "\n";
  for (const std::string& file : {"TLSCAFile=" + ca, "pqopt={sslrootcert=" + ca + "}"}) {
    const auto walk = with("TokenHost=rds.example;TLS=verify-ca;" + file);
    ASSERT_TRUE(walk.error) << walk.text;
    EXPECT_NE(walk.error->message.find("TokenHost"), std::string::npos) << walk.error->message;
    EXPECT_TRUE(with("TLS=verify-ca;" + file).plan);
  }
  EXPECT_TRUE(with("DSN=a;TokenHost=rds.example;TLS=verify-ca", dsn).plan);
  // Ours hold Amazon's public authorities, whose certificates anybody can get for a host of their own.
  EXPECT_TRUE(with("TokenHost=rds.example;TLS=verify-ca").error);
  EXPECT_TRUE(with("DSN=b;Server=evil.example", in_section("TokenHost=rds.example\nTLS=verify-ca\n")).error);
  EXPECT_TRUE(walked(BaseKind::psqlodbc, "DSN=b;UID=jane",
                     in_section("Server=db.example\nTokenHost=rds.example\nTLS=verify-ca\n"))
                  .plan);
}

// A store that vouches for everybody proves nothing, though the administrator has named it.
TEST(TlsPolicy, APublicStoreInOdbcIniLetsNoStringLeadALogin) {
  const std::string store = "/etc/ssl/certs/ca-certificates.crt";
  const std::string link = data_folder() + "/link-to-the-store.pem";
  std::filesystem::remove(link);
  std::filesystem::create_symlink(store, link);
  // Ours as well: it holds Amazon's public authorities.
  const std::string link_to_ours = data_folder() + "/link-to-ours.pem";
  std::filesystem::remove(link_to_ours);
  std::filesystem::create_symlink("rds-ca.pem", link_to_ours);
  const std::string aws = "db.cabc123def45.eu-central-1.rds.amazonaws.com";
  for (const std::string& file : {store, link, data_folder() + "/rds-ca.pem", link_to_ours}) {
    if (access(file.c_str(), R_OK) != 0) continue;  // this system has its store elsewhere
    const std::string section = "TLSCAFile=" + file + "\n";
    for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb}) {
      EXPECT_TRUE(led(section, "Server=evil.example", kind).error) << file;
      EXPECT_FALSE(led(section, "Server=" + aws, kind).error) << file;
      EXPECT_FALSE(led(section + "Server=db.example\n", "", kind).error) << file;
    }
    EXPECT_TRUE(with("DSN=b;TokenHost=rds.example;TLS=verify-ca", in_section(section)).error) << file;
  }
}

// As long as our own file is not installed, libpq's counts; nobody has named it.
TEST(TlsPolicy, LibpqsOwnFileLetsNoStringLeadALogin) {
  const std::string home = data_folder() + "/home-with-root-crt";
  std::filesystem::create_directories(home + "/.postgresql");
  std::ofstream(home + "/.postgresql/root.crt") << "no certificate\n";
  const auto plan = [&](const std::string& section, const std::string& string) {
    const BaseDriverProfile& profile = base_driver_profile(BaseKind::psqlodbc);
    const auto files = odbc_files("[b]\n" + section);
    const auto given = Given::gather(parsed("DSN=b;UID=jane;" + string), files);
    const auto settings = read_settings(given.value(), profile);
    return plan_tls(settings.value(), given.value(), profile, closed_system({{"HOME", home}}), "");
  };
  const std::string fetched = "AuthType=SecretsManager\n";
  const auto led = plan(fetched, "Server=evil.example");
  ASSERT_FALSE(led);
  EXPECT_NE(led.error().message.find("lead the password to any host"), std::string::npos) << led.error().message;
  EXPECT_FALSE(plan("", "Server=evil.example;TokenHost=rds.example;TLS=verify-ca"));
  EXPECT_TRUE(plan(fetched + "Server=db.example\n", ""));
  EXPECT_TRUE(plan(fetched, "Server=db.cabc123def45.eu-central-1.rds.amazonaws.com"));
}

// Whoever has a certificate for the signed name from an authority of the string's choice gets the token that verify-full seems to guard.
TEST(TlsPolicy, AStringMayNotChooseBothWhereATokenGoesAndWhoVouchesForIt) {
  const std::string ca = data_folder() + "/rds-ca.pem";
  const auto in_dsn = [](const std::string& section, const std::string& string, const char* driver = "") {
    WalkOptions options;
    options.odbc_ini = "[a]\nDriver=iamodbc\n" + section;
    options.odbcinst_ini = std::string("[iamodbc]\n") + driver;
    return walked(BaseKind::psqlodbc, "DSN=a;UID=jane;" + string, options);
  };
  const std::string rds = "Server=rds.example\n";
  for (const std::string& file : {"TLSCAFile=" + ca, "pqopt={sslrootcert=" + ca + "}"}) {
    for (const char* const type : {"AuthType=IAM;", "AuthType=DSQL;"}) {
      const bool is_option = file.starts_with("pqopt");
      const std::string hostaddr =
          is_option ? "pqopt={hostaddr=192.0.2.1 sslrootcert=" + ca + "}" : "pqopt={hostaddr=192.0.2.1};" + file;
      for (const auto& walk : {in_dsn(rds, type + hostaddr), in_dsn("", type + ("Server=rds.example;" + hostaddr)),
                               in_dsn(rds, type + ("Server=evil.example;TokenHost=rds.example;" + file)),
                               in_dsn("TokenHost=rds.example\n", type + ("Server=evil.example;" + file)),
                               in_dsn("TokenHost=rds.example\nServer=127.0.0.1\n", type + ("Port=1;" + file))}) {
        ASSERT_TRUE(walk.error) << walk.text;
        EXPECT_EQ(walk.room, "tls");
        EXPECT_EQ(walk.error->sqlstate, "HY024");
        for (const char* const word :
             {"could lead the token to", "odbc.ini", "AllowInString", is_option ? "sslrootcert" : "TLSCAFile"})
          EXPECT_NE(walk.error->message.find(word), std::string::npos) << walk.error->message;
      }
      // One of both leads nowhere.
      EXPECT_TRUE(in_dsn("", type + ("Server=rds.example;Port=1;" + file)).plan);
      EXPECT_TRUE(in_dsn("", type + ("Server=rds.example;TokenHost=RDS.example;" + file)).plan);
      EXPECT_TRUE(in_dsn("Server=127.0.0.1\nTokenHost=rds.example\n", type + file).plan);
      // The administrator may think otherwise.
      EXPECT_TRUE(in_dsn(rds, type + hostaddr, "AllowInString=yes\n").plan);
    }
  }
  EXPECT_TRUE(in_dsn(rds + "pqopt=hostaddr=192.0.2.1\n", "TLSCAFile=" + ca).plan);
  EXPECT_TRUE(in_dsn(rds + "TLSCAFile=" + ca + "\n", "pqopt={hostaddr=192.0.2.1}").plan);
  EXPECT_TRUE(in_dsn(rds + "TLSCAFile=" + ca + "\n", "Server=192.0.2.1;TokenHost=rds.example").plan);
  EXPECT_TRUE(in_dsn(rds, "pqopt={hostaddr=192.0.2.1}").plan);
  EXPECT_TRUE(in_dsn(rds, "Server=192.0.2.1;TokenHost=rds.example").plan);
  // A tunnel of odbc.ini ends where odbc.ini says, whatever is signed.
  const std::string tunnel = "Tunnel=ssh -L {port}:rds.example:5432 jane@bastion\n";
  EXPECT_TRUE(in_dsn(tunnel, "Server=rds.example;TLSCAFile=" + ca).plan);
  EXPECT_TRUE(in_dsn(rds + tunnel, "pqopt={hostaddr=192.0.2.1};TLSCAFile=" + ca).error);
}

TEST(TlsPolicy, ACaFileOfTheStringCountsMoreThanTheDsns) {
  const std::string ca = data_folder() + "/rds-ca.pem";
  WalkOptions dsn;
  dsn.odbc_ini = "[a]\nTLSCAFile=/nowhere\n";
  const auto walk = with("DSN=a;pqopt={sslrootcert=" + ca + "}", dsn);
  ASSERT_TRUE(walk.plan) << walk.error->message;
  EXPECT_EQ(walk.plan->ca.path, ca);
  dsn.odbc_ini = "[a]\npqopt=sslrootcert=/nowhere\n";
  EXPECT_EQ(with("DSN=a;TLSCAFile=" + ca, dsn).plan->ca.path, ca);
}

TEST(TlsPolicy, ACaFileThatCannotBeReadIsAnErrorThatNamesIt) {
  expect_refused(with("TLSCAFile=/nowhere/ca.pem"), {"TLSCAFile=/nowhere/ca.pem"});
  expect_refused(with("TLSCAFile=/"), {"TLSCAFile=/"});
  expect_refused(with("SSLCA=/nowhere/ca.pem", {}, BaseKind::mariadb), {"SSLCA=/nowhere/ca.pem cannot"});
  const auto option = with("pqopt={sslrootcert=/nowhere/ca.pem}");
  expect_refused(option, {"sslrootcert", "pqopt", "/nowhere/ca.pem"});
  EXPECT_EQ(option.error->message.find("TLSCAFile"), std::string::npos) << option.error->message;
}

TEST(TlsPolicy, RequireNeedsNoCaFile) {
  EXPECT_EQ(with("TLS=require").plan->ca.path, "");
}

TEST(TlsPolicy, TheCaFileIsOursThenLibpqsThenTheSystems) {
  const auto plan = [](const std::string& home, const std::string& folder, BaseKind kind) {
    const auto files = odbc_files("");
    const auto given = Given::gather(parsed(login), files);
    const auto settings = read_settings(given.value(), base_driver_profile(kind));
    return plan_tls(settings.value(), given.value(), base_driver_profile(kind), closed_system({{"HOME", home}}),
                    folder);
  };
  std::string home = testing::TempDir() + "iamodbc-home-XXXXXX";
  ASSERT_NE(mkdtemp(home.data()), nullptr);
  EXPECT_EQ(plan(home, data_folder(), BaseKind::psqlodbc).value().ca.path, data_folder() + "/rds-ca.pem");
  const auto system_store = plan(home, "", BaseKind::psqlodbc);
  if (system_store) {
    EXPECT_EQ(system_store.value().ca.path.rfind("/etc/", 0), 0U);
  }
  ASSERT_EQ(system(("mkdir -p '" + home + "/.postgresql' && echo x > '" + home + "/.postgresql/root.crt'").c_str()), 0);
  EXPECT_EQ(plan(home, "", BaseKind::psqlodbc).value().ca.path, home + "/.postgresql/root.crt");
  const auto mariadb = plan(home, "", BaseKind::mariadb);
  if (mariadb) {
    EXPECT_EQ(mariadb.value().ca.path.rfind("/etc/", 0), 0U);
  }
}

TEST(TlsPolicy, ARegionWithoutARootIsToldBeforeDialling) {
  std::string folder = testing::TempDir() + "iamodbc-ca-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/rds-ca.pem") << frankfurt_root;
  TlsPlan plan;
  plan.ca = CaFile{folder + "/rds-ca.pem", "the RDS certificates of iamodbc"};
  const auto missing = [&](const char* host) { return missing_root(plan, host); };
  EXPECT_FALSE(missing("mydb.cabc123def45.eu-central-1.rds.amazonaws.com"));
  EXPECT_FALSE(missing("db.example"));
  const auto error = missing("mydb.cabc123def45.il-central-1.rds.amazonaws.com");
  ASSERT_TRUE(error);
  for (const char* word : {"il-central-1", "TLSCAFile"})
    EXPECT_NE(error->message.find(word), std::string::npos) << error->message;
  // A file that the user has named is his business, whatever it is called.
  for (const char* why : {"TLSCAFile", "sslrootcert in pqopt"}) {
    plan.ca.why = why;
    EXPECT_FALSE(missing("mydb.cabc123def45.il-central-1.rds.amazonaws.com")) << why;
  }
}

}  // namespace
}  // namespace iamodbc
