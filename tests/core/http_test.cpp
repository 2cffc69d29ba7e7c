// What of http needs no answer; the rest is tested against real servers in tests/aws.
// SPDX-License-Identifier: Apache-2.0
#include "core/aws/http.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <thread>

#include <gtest/gtest.h>

#include "core/sigpipe.h"

namespace iamodbc {
namespace {

using std::chrono::steady_clock;

HttpFailure failure_of(const HttpRequest& request, Deadline deadline = steady_clock::now() + std::chrono::seconds(5)) {
  HttpResult result = http_send(request, deadline);
  const auto* const failure = std::get_if<HttpFailure>(&result);
  EXPECT_NE(failure, nullptr) << "there was an answer";
  return failure == nullptr ? HttpFailure{} : *failure;
}

TEST(Http, AUrlIsShownWithoutQueryUserAndPassword) {
  EXPECT_EQ(shown_url("https://host/path?a=b"), "https://host/path");
  EXPECT_EQ(shown_url("http://me:hush@host:1/path"), "http://host:1/path");
  EXPECT_EQ(shown_url("http://me:hu@sh@host"), "http://host");
  EXPECT_EQ(shown_url("http://host/path@1"), "http://host/path@1");
  EXPECT_EQ(shown_url("me:hush@host"), "host");
}

TEST(Http, NoMessageShowsAPassword) {
  for (const char* const proxy :
       {"http://me:hush@127.0.0.1:9", "http://me:hush@host:port", "http://me:hush@[::1", "strange://me:hush@127.0.0.1",
        "http://me:hush hush@127.0.0.1:9", "socks5://me:hush@127.0.0.1:9"}) {
    HttpRequest request;
    request.url = "https://me:hush@127.0.0.1:9/path?token=hush";
    request.proxy = proxy;
    const HttpFailure failure = failure_of(request);
    EXPECT_EQ(failure.reason.find("hush"), std::string::npos) << failure.reason;
    EXPECT_NE(failure.reason.find("\"https://127.0.0.1:9/path\""), std::string::npos) << failure.reason;
  }
  HttpRequest request;
  request.url = "http://me:hush@127.0.0.1:port/";
  EXPECT_EQ(failure_of(request).reason.find("hush"), std::string::npos);
}

TEST(Http, OnlyHttpIsSpoken) {
  for (const char* const url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"}) {
    HttpRequest request;
    request.url = url;
    EXPECT_EQ(failure_of(request).kind, HttpFailure::Kind::other) << url;
  }
}

TEST(Http, AHeaderHoldsNoLineBreak) {
  for (const auto& [name, value] : HttpHeaders{{"X-A", "hush\r\nX-B: c"}, {"X-A\nX-B", "c"}, {"X-A", {"a\0b", 3}}}) {
    HttpRequest request;
    request.url = "http://127.0.0.1:9/";
    request.headers = {{name, value}};
    const std::string reason = failure_of(request).reason;
    EXPECT_NE(reason.find("line break"), std::string::npos) << reason;
    EXPECT_EQ(reason.find("hush"), std::string::npos) << reason;
  }
}

TEST(Http, AnAddressThatIsNotAllowedIsNotDialled) {
  HttpRequest request;
  request.url = "http://192.0.2.1/";
  request.may_dial = [](std::string_view address) { return address != "192.0.2.1"; };
  const auto started = steady_clock::now();
  EXPECT_EQ(failure_of(request).kind, HttpFailure::Kind::not_allowed);
  EXPECT_LT(steady_clock::now() - started, std::chrono::seconds(1));
  request.url = "http://[::1]:9/";
  request.may_dial = [](std::string_view address) { return address == "::1"; };
  EXPECT_EQ(failure_of(request).kind, HttpFailure::Kind::cannot_connect);
}

// A Date header decides how far our clock is off; a date beyond what a clock can hold would be any other.
TEST(Http, ADateIsOneThatTheClockCanHold) {
  EXPECT_EQ(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Time(std::chrono::seconds(784111777)));
  EXPECT_EQ(http_date("Sat, 01 Jan 2255 00:00:00 GMT"), Time(std::chrono::seconds(8993721600)));
  for (const char* const text :
       {"", "now", "Sun, 06 Nov 2299 08:49:37 GMT", "Sun, 06 Nov:99019 9:37 GMT", "Sun, 06 Nov 1899 08:49:37 GMT"})
    EXPECT_EQ(http_date(text), std::nullopt) << text;
}

TEST(Sigpipe, OneThatAnotherThreadTakesIsNotWaitedFor) {
  sigset_t pipe;
  sigset_t before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  std::atomic<bool> is_done{false};
  std::thread other([&] {
    constexpr timespec at_once{};
    while (!is_done) sigtimedwait(&pipe, nullptr, &at_once);
  });
  alarm(30);
  for (int i = 0; i < 50'000; ++i) {
    const SigpipeHeld held;
    kill(getpid(), SIGPIPE);
  }
  alarm(0);
  is_done = true;
  other.join();
  constexpr timespec at_once{};
  sigtimedwait(&pipe, nullptr, &at_once);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Http, WithoutTimeNothingIsAsked) {
  HttpRequest request;
  request.url = "http://127.0.0.1:9/";
  EXPECT_EQ(failure_of(request, steady_clock::now()).kind, HttpFailure::Kind::deadline);
}

}  // namespace
}  // namespace iamodbc
