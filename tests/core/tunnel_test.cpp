// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/rooms.h"

namespace iamodbc {
namespace {

using std::chrono::milliseconds;

// A program that answers at the port of its argument, and one more that it may be given.
constexpr const char* listens =
    "import socket, sys, time\n"
    "all = [socket.create_server(('127.0.0.1', int(port))) for port in sys.argv[1:]]\n"
    "print('listening', flush=True)\n"
    "time.sleep(60)";

const BaseDriverProfile& postgresql() {
  return base_driver_profile(BaseKind::psqlodbc);
}

Settings settings_of(std::vector<std::string> words, int port = 0) {
  Settings settings;
  settings.server = settings.token_host = "127.0.0.1";
  settings.port = port > 0 ? port : 5432;
  settings.tunnel = std::move(words);
  settings.tunnel_takes_port = port == 0;
  return settings;
}

// A listener of this process, and its port.
class Listener {
 public:
  Listener() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~Listener() { close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  void answer() const { EXPECT_EQ(listen(descriptor_, 10), 0); }
  int port = 0;

 private:
  int descriptor_;
};

// Of all threads.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(thread.path() / "children");
    for (pid_t child = 0; file >> child;) found.push_back(child);
  }
  return found;
}

class TunnelTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) << "a tunnel was left behind";
  }
  Result<TunnelUse> open(const Settings& settings, milliseconds limit = milliseconds(20000),
                         const BaseDriverProfile& profile = postgresql()) {
    return open_tunnel(settings, profile, &plan_, system_, Log(), std::chrono::steady_clock::now() + limit);
  }
  Settings listening(int port = 0) {
    return settings_of({"python3", "-I", "-c", listens, port == 0 ? "{port}" : std::to_string(port)}, port);
  }

  TlsPlan plan_;
  System system_ = closed_system({{"HOME", "/nonexistent"}, {"AWS_SECRET_ACCESS_KEY", "hunter2hunter2"}});
};

TEST_F(TunnelTest, NoneIsNone) {
  const auto use = open_tunnel(settings_of({}, 1), postgresql(), nullptr, system_, Log(), no_deadline);
  ASSERT_TRUE(use);
  EXPECT_FALSE(use.value().is_in_use());
}

TEST_F(TunnelTest, IsSharedAndEndsWithTheLastUse) {
  auto first = open(listening());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first.value().host(), "127.0.0.1");
  const auto program = children();
  ASSERT_EQ(program.size(), 1U);
  {
    const auto second = open(listening());
    ASSERT_TRUE(second);
    EXPECT_EQ(second.value().port(), first.value().port());
    EXPECT_EQ(children(), program);
  }
  EXPECT_EQ(children(), program) << "one still uses it";
  EXPECT_NE(first.value().report(system_).find("Tunnel (python3): it runs. Its last lines: listening"),
            std::string::npos);
  first.value() = TunnelUse();
  EXPECT_TRUE(children().empty());
}

TEST_F(TunnelTest, ThreadsThatComeAtOnceShareOne) {
  std::atomic<int> ready = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto use = open(listening());
      EXPECT_TRUE(use) << use.error().message;
      ++ready;
      while (ready < 8) std::this_thread::sleep_for(milliseconds(1));
      most = std::max(most.load(), static_cast<int>(children().size()));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 1);
  EXPECT_TRUE(children().empty());
}

TEST_F(TunnelTest, OneThatHasDiedIsStartedAnewAndTheOldUsesDoNotEndIt) {
  auto old = open(listening());
  ASSERT_TRUE(old);
  const pid_t first = children().front();
  kill(first, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(first), &info, WEXITED | WNOWAIT), 0);
  EXPECT_NE(old.value().report(system_).find("it was ended by signal 9"), std::string::npos);
  auto fresh = open(listening());
  ASSERT_TRUE(fresh) << fresh.error().message;
  old.value() = TunnelUse();
  ASSERT_EQ(children().size(), 1U);
  EXPECT_NE(children().front(), first);
  EXPECT_TRUE(open(listening()));
}

TEST_F(TunnelTest, APortThatAnswersAlreadyIsSomebodyElses) {
  const Listener other;
  other.answer();
  const auto use = open(listening(other.port));
  ASSERT_FALSE(use);
  EXPECT_EQ(use.error().sqlstate, "08001");
  EXPECT_NE(use.error().message.find("somebody answers at 127.0.0.1:" + std::to_string(other.port) + " already"),
            std::string::npos)
      << use.error().message;
}

TEST_F(TunnelTest, AProgramThatNeverAnswersIsEndedAtTheDeadline) {
  const auto begin = std::chrono::steady_clock::now();
  const auto use = open(settings_of({"sh", "-c", "echo waiting for the code; exec sleep 60"}), milliseconds(400));
  ASSERT_FALSE(use);
  EXPECT_EQ(use.error().sqlstate, "HYT00");
  EXPECT_NE(use.error().message.find("Its last lines: waiting for the code"), std::string::npos) << use.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(3000));
  EXPECT_TRUE(children().empty());
}

TEST_F(TunnelTest, AProgramThatEndsIsShownWithItsLastLinesAndNoSecret) {
  const auto failure = [&](const std::string& script, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"/bin/sh", "-c", script};
    words.insert(words.end(), more.begin(), more.end());
    const auto use = open(settings_of(std::move(words)));
    return use ? "it answers" : use.error().sqlstate + " " + use.error().message;
  };
  const std::string text = failure("for i in 1 2 3 4 5 6; do echo line $i; done; exit 255");
  EXPECT_NE(text.find("08001 Tunnel (sh) leads nowhere: it failed with exit status 255 before anything answered at "
                      "127.0.0.1:"),
            std::string::npos)
      << text;
  EXPECT_TRUE(text.ends_with("Its last lines: line 2 | line 3 | line 4 | line 5 | line 6")) << text;
  EXPECT_NE(failure("exit 0").find("without an error; a tunnel has to stay in the foreground"), std::string::npos);
  EXPECT_NE(failure("exit 1").find("It said nothing"), std::string::npos);
  const std::string hidden =
      failure("echo \"$@\" hunter2hunter2 wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY; exit 1",
              {"sh", "--password=rumpelstilz", "--token", "abracadabra", "socks5://jane:sesame99@proxy:1"});
  for (const char* secret : {"hunter2", "wJalr", "rumpelstilz", "abracadabra", "sesame99"})
    EXPECT_EQ(hidden.find(secret), std::string::npos) << hidden;
  EXPECT_NE(hidden.find("proxy:1"), std::string::npos) << hidden;
  EXPECT_NE(open(settings_of({"/nowhere/ssh"})).error().message.find("Tunnel (ssh) cannot be started"),
            std::string::npos);
}

TEST_F(TunnelTest, SaysWhereServerHasToLead) {
  const std::string endpoint = "mydb.cabc123def45.eu-central-1.rds.amazonaws.com";
  Settings settings = settings_of({"sleep", "60"}, 15432);
  settings.server = settings.token_host = "192.0.2.1";
  EXPECT_FALSE(open(settings, milliseconds(100)));  // a tunnel may end on another computer
  settings.tunnel_takes_port = true;
  const auto mariadb = open(settings, milliseconds(20000), base_driver_profile(BaseKind::mariadb));
  ASSERT_FALSE(mariadb);
  EXPECT_NE(mariadb.error().message.find("`127.0.0.1 192.0.2.1` to the hosts file"), std::string::npos)
      << mariadb.error().message;
  settings.server = settings.token_host = std::string(64, 'x') + ".example.com";  // no name has such a label
  const auto unknown = open(settings, milliseconds(20000), base_driver_profile(BaseKind::mariadb));
  ASSERT_FALSE(unknown);
  for (const std::string& text :
       {std::string("it has no address here"), "`127.0.0.1 " + settings.server + "` to the hosts file"})
    EXPECT_NE(unknown.error().message.find(text), std::string::npos) << unknown.error().message;

  // Nobody can have typed the end of a tunnel here.
  settings.tunnel_takes_port = false;
  const auto nowhere = open(settings);
  ASSERT_FALSE(nowhere);
  for (const char* text : {"it has no address here", "Write {port} into Tunnel", "Server=127.0.0.1"})
    EXPECT_NE(nowhere.error().message.find(text), std::string::npos) << nowhere.error().message;
  // Without TLS of ours no certificate is checked, and there is no TokenHost.
  for (const bool takes_port : {true, false}) {
    settings.tunnel_takes_port = takes_port;
    for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb}) {
      const auto bare = open_tunnel(settings, base_driver_profile(kind), nullptr, system_, Log(),
                                    std::chrono::steady_clock::now() + milliseconds(20000));
      ASSERT_FALSE(bare);
      const std::string& message = bare.error().message;
      EXPECT_NE(message.find("write Server=127.0.0.1"), std::string::npos) << message;
      EXPECT_NE(message.find("TLS=verify-full"), std::string::npos) << message;
      EXPECT_EQ(message.find("the port here into Port") == std::string::npos, takes_port) << message;
      EXPECT_EQ(message.find("Token"), std::string::npos) << message;
    }
  }

  settings.server = "127.0.0.1";
  settings.token_host = endpoint;
  EXPECT_EQ(tunnel_name_advice(settings, postgresql()), "");
  EXPECT_NE(tunnel_name_advice(settings, base_driver_profile(BaseKind::mariadb)).find("write Server=" + endpoint),
            std::string::npos);
}

TEST_F(TunnelTest, AChildGoesThroughItsParentsTunnelAndDoesNotEndIt) {
  auto use = open(listening());
  ASSERT_TRUE(use);
  const auto program = children();
  const pid_t child = fork();
  if (child == 0) {
    int status = 0;
    {
      const auto guest = open(listening());
      if (!guest || guest.value().port() != use.value().port() || !children().empty()) status = 1;
    }
    use.value() = TunnelUse();
    kill(program.front(), SIGKILL);
    std::this_thread::sleep_for(milliseconds(100));
    const auto own = open(listening());  // the parent's does not answer any more
    if (!own || children().size() != 1) status += 2;
    _exit(status);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(children(), program) << "a zombie, which is the parent's";
}

}  // namespace
}  // namespace iamodbc
