// SPDX-License-Identifier: Apache-2.0
#include "core/addresses.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/text.h"

namespace iamodbc {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

enum class Answers { always, never, not_for_ipv6 };

// A name server on a port of its own: it answers for two.example and with "no such name" for others ending in .example, but for those of `aliases`, which lead to
// others: as far as it goes in one answer, for `most_in_answer` of them.
class NameServer {
 public:
  explicit NameServer(Answers answers, std::map<std::string, std::string> aliases = {}, int most_in_answer = 100)
      : is_silent_about_ipv6_(answers == Answers::not_for_ipv6),
        aliases_(std::move(aliases)),
        most_in_answer_(most_in_answer),
        fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    name_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    if (answers != Answers::never) thread_ = std::thread([this] { serve(); });
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
    close(fd_);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void serve() {
    while (!ends_) {
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, 20) <= 0) continue;
      std::array<char, 512> query{};
      sockaddr_in client{};
      socklen_t size = sizeof client;
      const auto got = recvfrom(fd_, query.data(), query.size(), 0, reinterpret_cast<sockaddr*>(&client), &size);
      if (got < 12) continue;
      const std::string reply = answer(std::string_view(query.data(), static_cast<std::size_t>(got)));
      if (reply.empty()) continue;
      sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&client), size);
    }
  }

  // As in the question, and back.
  static std::string wire(const std::string& name) {
    std::string labels;
    for (std::size_t from = 0; from <= name.size();) {
      const auto dot = std::min(name.find('.', from), name.size());
      labels += static_cast<char>(dot - from) + name.substr(from, dot - from);
      from = dot + 1;
    }
    return labels + '\0';
  }
  static std::string text(std::string_view wire) {
    std::string name;
    for (std::size_t at = 0; wire[at] != 0; at += 1 + static_cast<unsigned char>(wire[at])) {
      name += (at == 0 ? "" : ".") + std::string(wire.substr(at + 1, static_cast<unsigned char>(wire[at])));
    }
    return name;
  }

  // RFC 1035: header, the question again, the aliases, and for two.example two addresses or one of IPv6.
  [[nodiscard]] std::string answer(std::string_view query) const {
    using std::string_literals::operator""s;
    const auto name_end = query.find('\0', 12);
    const std::string_view question = query.substr(12, name_end + 5 - 12);
    const bool wants_ipv6 = question[question.size() - 3] == 28;
    if (wants_ipv6 && is_silent_about_ipv6_) return {};
    std::string name = lower(text(question));
    std::string records;
    char count = 0;
    const auto add = [&](std::string_view type, std::string_view data) {
      records +=
          wire(name) + std::string(type) + "\0\1\0\0\0\x3c\0"s + static_cast<char>(data.size()) + std::string(data);
      ++count;
    };
    for (auto next = aliases_.find(name); next != aliases_.end() && count < most_in_answer_;
         next = aliases_.find(name)) {
      add("\0\5"s, wire(next->second));
      name = next->second;
    }
    const bool is_known = name == "two.example" || aliases_.count(name) != 0;
    if (name == "two.example" && wants_ipv6) add("\0\x1c"s, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s);
    if (name == "two.example" && !wants_ipv6) {
      add("\0\1"s, "\xc0\0\2\1"s);
      add("\0\1"s, "\xc0\0\2\2"s);
    }
    return std::string(query.substr(0, 2)) + "\x81"s + (is_known ? "\x80"s : "\x83"s) + "\0\1\0"s + count +
           "\0\0\0\0"s + std::string(question) + records;
  }

  bool is_silent_about_ipv6_;
  std::map<std::string, std::string> aliases_;
  int most_in_answer_;
  int fd_;
  std::string name_;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

TEST(Addresses, ANumericAddressIsItself) {
  ASSERT_TRUE(numeric_addresses("127.0.0.1", no_deadline));
  EXPECT_EQ(numeric_addresses("127.0.0.1", no_deadline).value(), std::vector<std::string>{"127.0.0.1"});
  ASSERT_TRUE(numeric_addresses("[::1]", no_deadline));
  EXPECT_EQ(numeric_addresses("[::1]", no_deadline).value(), std::vector<std::string>{"::1"});
}

TEST(Addresses, LocalhostIsThisMachineAndEachAddressComesOnce) {
  const auto found = numeric_addresses("localhost", no_deadline);
  ASSERT_TRUE(found);
  auto addresses = found.value();
  EXPECT_TRUE(std::count(addresses.begin(), addresses.end(), "127.0.0.1") == 1 ||
              std::count(addresses.begin(), addresses.end(), "::1") == 1);
  std::sort(addresses.begin(), addresses.end());
  EXPECT_EQ(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

TEST(Addresses, EveryAddressThatDnsKnowsIsFound) {
  const NameServer server(Answers::always);
  const auto found = numeric_addresses("two.example", steady_clock::now() + seconds(10), server.name());
  ASSERT_TRUE(found) << found.error().message;
  auto addresses = found.value();
  std::sort(addresses.begin(), addresses.end());
  EXPECT_EQ(addresses, (std::vector<std::string>{"192.0.2.1", "192.0.2.2", "2001:db8::1"}));
}

using Names = std::vector<std::string>;

bool no_name_is_enough(const std::string&) {
  return false;
}

Result<Names> aliases_at(const NameServer& server, const std::string& host,
                         const std::function<bool(const std::string&)>& is_enough = no_name_is_enough) {
  return aliases(host, steady_clock::now() + seconds(10), is_enough, server.name());
}

TEST(Aliases, AreToldInTheirOrder) {
  for (const int in_one_answer : {100, 2, 1}) {
    const NameServer server(Answers::always,
                            {{"db.example", "b.example"}, {"b.example", "c.example"}, {"c.example", "two.example"}},
                            in_one_answer);
    const auto found = aliases_at(server, "DB.example.");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found.value(), (Names{"b.example", "c.example", "two.example"})) << in_one_answer;
  }
}

TEST(Aliases, AreNoneOfANameThatIsNoAliasAndOfAnAddress) {
  const NameServer server(Answers::always);
  EXPECT_EQ(aliases_at(server, "two.example").value(), Names());
  EXPECT_EQ(aliases_at(server, "192.0.2.7").value(), Names());
  EXPECT_EQ(aliases_at(server, "::1").value(), Names());
}

TEST(Aliases, EndWithTheNameThatIsEnough) {
  const NameServer server(Answers::always, {{"db.example", "b.example"}, {"b.example", "two.example"}});
  const auto until_b = [](const std::string& name) { return name == "b.example"; };
  EXPECT_EQ(aliases_at(server, "db.example", until_b).value(), Names{"b.example"});
  EXPECT_EQ(aliases_at(server, "b.example", until_b).value(), Names());
}

TEST(Aliases, MayLeadToANameThatDnsDoesNotKnow) {
  const NameServer server(Answers::always, {{"db.example", "gone.example"}});
  ASSERT_TRUE(aliases_at(server, "db.example"));
  EXPECT_EQ(aliases_at(server, "db.example").value(), Names{"gone.example"});
  const auto found = aliases_at(server, "db.example", [](const std::string& name) { return name == "gone.example"; });
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found.value(), Names{"gone.example"});
}

std::string failure_at(const NameServer& server, const std::string& host) {
  const auto found = aliases_at(server, host);
  EXPECT_FALSE(found);
  return found ? "" : found.error().sqlstate + " " + found.error().message;
}

TEST(Aliases, InACircleAreAnErrorThatNamesIt) {
  for (const int in_one_answer : {5, 1}) {
    const NameServer server(Answers::always, {{"db.example", "b.example"}, {"b.example", "db.example"}}, in_one_answer);
    const std::string message = failure_at(server, "db.example");
    EXPECT_NE(message.find("08001 What db.example is an alias of"), std::string::npos) << message;
    EXPECT_NE(message.find("in a circle, to db.example twice"), std::string::npos) << message;
  }
}

TEST(Aliases, WithoutAnEndAreAnError) {
  std::map<std::string, std::string> chain;
  for (int i = 0; i < 20; ++i) chain["n" + std::to_string(i) + ".example"] = "n" + std::to_string(i + 1) + ".example";
  for (const int in_one_answer : {8, 1}) {
    const NameServer server(Answers::always, chain, in_one_answer);
    const std::string message = failure_at(server, "n0.example");
    EXPECT_NE(message.find("more than 16 names, the last one n17.example"), std::string::npos) << message;
    const auto sixteen =
        aliases_at(server, "n4.example", [](const std::string& name) { return name == "n20.example"; });
    EXPECT_TRUE(sixteen && sixteen.value().size() == 16) << (sixteen ? "" : sixteen.error().message);
  }
}

TEST(Aliases, OfAnUnknownNameOrASilentServerAreAnError) {
  const NameServer server(Answers::always);
  const std::string message = failure_at(server, "no-such-host.example");
  EXPECT_NE(message.find("08001"), std::string::npos) << message;
  EXPECT_NE(message.find("not found"), std::string::npos) << message;
  const NameServer silent(Answers::never);
  const auto begun = steady_clock::now();
  const auto found = aliases("db.example", begun + std::chrono::milliseconds(300), no_name_is_enough, silent.name());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().sqlstate, "HYT00");
  EXPECT_NE(found.error().message.find("db.example"), std::string::npos);
  EXPECT_LT(steady_clock::now() - begun, seconds(3));
}

TEST(Addresses, ANameThatDnsDoesNotKnowIsAnErrorThatNamesIt) {
  const NameServer server(Answers::always);
  const auto found = numeric_addresses("no-such-host.example", no_deadline, server.name());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().sqlstate, "08001");
  EXPECT_NE(found.error().message.find("no-such-host.example"), std::string::npos);
  EXPECT_NE(found.error().message.find("not found"), std::string::npos) << found.error().message;
}

TEST(Addresses, ANameServerThatIsSilentAboutIpv6KeepsNobodyWaiting) {
  const NameServer server(Answers::not_for_ipv6);
  const auto begun = steady_clock::now();
  const auto found = numeric_addresses("two.example", no_deadline, server.name());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found.value(), (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
  EXPECT_LT(steady_clock::now() - begun, seconds(3));
}

TEST(Addresses, ASilentNameServerIsLeftAtTheDeadline) {
  const NameServer server(Answers::never);
  const auto begun = steady_clock::now();
  const auto found = numeric_addresses("two.example", begun + seconds(1), server.name());
  const auto took = steady_clock::now() - begun;
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().sqlstate, "HYT00");
  EXPECT_NE(found.error().message.find("two.example"), std::string::npos);
  EXPECT_GE(took, seconds(1));
  EXPECT_LT(took, seconds(4));
}

}  // namespace
}  // namespace iamodbc
