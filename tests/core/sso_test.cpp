// The parts of a sign-in to IAM Identity Center that ask nobody: names of cache files, PKCE, addresses, what comes back
// from a browser; and, through real files, what is kept. The rest is in tests/aws.
// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/aws/sso_oidc.h"
#include "core/credentials/aws_login.h"
#include "core/credentials/sso_sign_in.h"
#include "core/credentials/sso_token.h"
#include "core/encoding.h"
#include "core/loopback.h"
#include "core/sha1.h"

namespace iamodbc {
namespace {

using nlohmann::json;

json vectors() {
  std::ifstream file(std::string(TEST_DATA) + "/vectors.json");
  return json::parse(file);
}

const System& home() {
  static const System system({{"HOME", "/home/me"}}, [] { return Time(std::chrono::seconds(1700000000)); });
  return system;
}

SsoLogin corp() {
  return {"dev",
          "my-sso",
          "https://d-abc.awsapps.com/start",
          "us-east-1",
          "123456789012",
          "MyRole",
          {"sso:account:access"}};
}

SsoLogin legacy() {
  SsoLogin login = corp();
  login.session.clear();
  login.scopes.clear();
  return login;
}

TEST(SsoToken, FilesHaveTheNamesOfTheAwsCli) {
  const json names = vectors().at("cache_keys");
  const auto path = [&](const char* key) {
    return "/home/me/.aws/sso/cache/" + names.at(key).at("file").get<std::string>();
  };
  EXPECT_EQ(token_file(home(), corp()), path("sso_token_session"));
  EXPECT_EQ(token_file(home(), legacy()), path("sso_token_legacy"));
  EXPECT_EQ(registration_file(home(), corp()), path("sso_registration_session_scopes"));
  EXPECT_EQ(registration_file(home(), legacy()), path("sso_registration_legacy"));
  EXPECT_EQ(registration_key(corp()), names.at("sso_registration_session_scopes").at("input").get<std::string>());
  EXPECT_EQ(registration_key(legacy()), names.at("sso_registration_legacy").at("input").get<std::string>());
  for (const auto& [name, one] : names.items()) {
    if (name == "login_session") continue;
    EXPECT_EQ(hex(sha1(one.at("input").get<std::string>())) + ".json", one.at("file").get<std::string>()) << name;
  }
}

TEST(SsoToken, ARegistrationsNameEscapesAsPythonDoes) {
  SsoLogin login = corp();
  login.session = "b\xC3\xBCro \"1\"";
  login.scopes = {"a", "b"};
  EXPECT_EQ(registration_key(login),
            R"({"region": "us-east-1", "scopes": ["a", "b"], "session_name": "b\u00fcro \"1\"", )"
            R"("startUrl": "https://d-abc.awsapps.com/start", "tool": "botocore"})");
}

TEST(AwsLogin, ASessionsFileHasTheNameOfTheAwsCli) {
  const json one = vectors().at("cache_keys").at("login_session");
  const auto session = one.at("input").get<std::string>();
  const auto file = one.at("file").get<std::string>();
  EXPECT_EQ(login_session_file(home(), session), "/home/me/.aws/login/cache/" + file);
  const System elsewhere({{"HOME", "/home/me"}, {"AWS_LOGIN_CACHE_DIRECTORY", "~/x/$DIR"}, {"DIR", "y"}},
                         [] { return Time(); });
  EXPECT_EQ(login_session_file(elsewhere, session), "/home/me/x/y/" + file);
}

TEST(SsoOidc, TheChallengeIsThatOfRfc7636) {
  const json pkce = vectors().at("pkce");
  EXPECT_EQ(pkce_challenge(Secret(pkce.at("verifier").get<std::string>())),
            pkce.at("challenge_S256").get<std::string>());
}

TEST(SsoOidc, TheBrowsersAddressIsThatOfTheAwsCli) {
  EXPECT_EQ(authorize_url("https://oidc.us-east-1.amazonaws.com", "id 1", "http://127.0.0.1:5/oauth/callback", "s-1",
                          "c_2", {"sso:account:access", "b"}),
            "https://oidc.us-east-1.amazonaws.com/"
            "authorize?response_type=code&client_id=id%201&redirect_uri=http%3A%2F%2F127.0."
            "0.1%3A5%2Foauth%2Fcallback&state=s-1&code_challenge_method=S256&scopes=sso%3Aaccount%3Aaccess%20b&code_"
            "challenge=c_2");
}

TEST(SsoOidc, ErrorsHaveOneNameInEitherForm) {
  const auto fault = [](const char* code, const char* detail) { return AwsFault{Error{}, code, 400, detail}; };
  EXPECT_EQ(oidc_code(fault("AuthorizationPendingException", "")), "authorization_pending");
  EXPECT_EQ(oidc_code(fault("SlowDownException", "slow_down")), "slow_down");
  EXPECT_EQ(oidc_code(fault("expired_token", "expired_token")), "expired_token");
  EXPECT_EQ(oidc_code(fault("", "")), "");
}

TEST(SsoSignIn, OnlyTheRightStateIsOurs) {
  EXPECT_TRUE(read_callback("code=c&state=right", "right").is_ours);
  for (const char* const query :
       {"", "state", "code=c", "code=c&state=", "code=c&state=Right", "code=c&state=rightt", "code=c&state=righ"})
    EXPECT_FALSE(read_callback(query, "right").is_ours) << query;
}

TEST(SsoSignIn, WhatComesBackIsACodeOrTheReason) {
  const Callback good = read_callback("state=s&code=a%2Bb%3D+c", "s");
  EXPECT_EQ(std::string(good.code.reveal()), "a+b= c");
  EXPECT_EQ(good.error, "");
  EXPECT_EQ(read_callback("state=s", "s").error, "no code");
  EXPECT_EQ(read_callback("state=s&code=", "s").error, "no code");
  EXPECT_EQ(read_callback("error=access_denied&error_description=not%1Bnow&state=s", "s").error,
            "access_denied: not now");
  EXPECT_EQ(read_callback("error=" + std::string(999, 'x'), "s").error.size(), 300U);
}

TEST(SsoSignIn, APageShowsNoMarkupOfOthers) {
  EXPECT_NE(final_page("").find("You can close this tab"), std::string::npos);
  const std::string page = final_page("<script>&\"");
  EXPECT_NE(page.find("&lt;script&gt;&amp;&quot;"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
}

TEST(SsoSignIn, TheWayFollowsWhatIsAllowedAndWhatIsThere) {
  using Way = std::optional<SignInWay>;
  const auto way = [](SsoSignIn allowed, bool display, bool terminal) {
    return sign_in_way(allowed, display, terminal);
  };
  for (const bool display : {false, true})
    for (const bool terminal : {false, true}) EXPECT_EQ(way(SsoSignIn::never, display, terminal), Way());
  EXPECT_EQ(way(SsoSignIn::browser, true, false), Way(SignInWay::browser));
  EXPECT_EQ(way(SsoSignIn::browser, false, true), Way(SignInWay::browser));  // the address is shown
  EXPECT_EQ(way(SsoSignIn::browser, false, false), Way());
  EXPECT_EQ(way(SsoSignIn::device, true, false), Way());
  EXPECT_EQ(way(SsoSignIn::device, true, true), Way(SignInWay::device));
  EXPECT_EQ(way(SsoSignIn::automatic, true, true), Way(SignInWay::browser));
  EXPECT_EQ(way(SsoSignIn::automatic, false, true), Way(SignInWay::device));
  EXPECT_EQ(way(SsoSignIn::automatic, false, false), Way());
}

TEST(SsoSignIn, ADisplayIsWhatTheEnvironmentSays) {
  for (const char* const name : {"BROWSER", "DISPLAY", "WAYLAND_DISPLAY"}) {
    EXPECT_TRUE(has_display(System({{name, "x"}}, [] { return Time(); }))) << name;
    EXPECT_FALSE(has_display(System({{name, ""}}, [] { return Time(); }))) << name;
  }
}

// ---- where the browser comes back to ----

TEST(Loopback, WaitsInPeaceWhereAProgramHasNoOpenFilesLeft) {
  auto opened = Loopback::open();
  ASSERT_TRUE(opened);
  Loopback loopback = std::move(opened).value();
  const int visitor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(loopback.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(visitor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  rlimit usual{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int next_file = dup(visitor);
  close(next_file);
  const rlimit none{static_cast<rlim_t>(next_file), usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto before = std::clock();
  const auto visit = loopback.next(std::chrono::steady_clock::now() + std::chrono::milliseconds(300));
  const auto used = std::clock() - before;
  setrlimit(RLIMIT_NOFILE, &usual);
  close(visitor);
  EXPECT_FALSE(visit);
  EXPECT_LT(used, CLOCKS_PER_SEC / 10);
}

}  // namespace
}  // namespace iamodbc
