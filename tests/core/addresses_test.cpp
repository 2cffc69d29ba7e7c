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
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

enum class Answers { always, never, not_for_ipv6 };

// A name server on a port of its own: it answers for two.example and for its alias db.example, and with "no such name" for others ending in .example.
class NameServer {
 public:
  explicit NameServer(Answers answers)
      : is_silent_about_ipv6_(answers == Answers::not_for_ipv6), fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
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

  // RFC 1035: header, the question again, and for two.example two addresses or one of IPv6.
  [[nodiscard]] std::string answer(std::string_view query) const {
    using std::string_literals::operator""s;
    const auto name_end = query.find('\0', 12);
    const std::string_view question = query.substr(12, name_end + 5 - 12);
    const bool is_alias = question.starts_with("\2db\7example");
    const bool known = is_alias || question.find("\3two\7example") != std::string_view::npos;
    const bool wants_ipv6 = question[question.size() - 3] == 28;
    if (wants_ipv6 && is_silent_about_ipv6_) return {};
    const std::string two = "\3two\7example\0"s;
    const auto named_record = [](const std::string& name, std::string_view type, std::string_view data) {
      return name + std::string(type) + "\0\1\0\0\0\x3c\0"s + static_cast<char>(data.size()) + std::string(data);
    };
    const auto record = [&](std::string_view type, std::string_view data) {
      return named_record(is_alias ? two : "\xc0\x0c"s, type, data);
    };
    const std::string alias = is_alias ? named_record("\xc0\x0c"s, "\0\5"s, two) : "";
    const std::string records = !known       ? ""
                                : wants_ipv6 ? record("\0\x1c"s, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s)
                                             : record("\0\1"s, "\xc0\0\2\1"s) + record("\0\1"s, "\xc0\0\2\2"s);
    const char count = static_cast<char>((!known ? 0 : wants_ipv6 ? 1 : 2) + (is_alias ? 1 : 0));
    return std::string(query.substr(0, 2)) + "\x81"s + (known ? "\x80"s : "\x83"s) + "\0\1\0"s + count + "\0\0\0\0"s +
           std::string(question) + alias + records;
  }

  bool is_silent_about_ipv6_;
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

TEST(Addresses, TheNameThatAnAliasLeadsToIsTold) {
  const NameServer server(Answers::always);
  std::string canonical;
  const auto found = numeric_addresses("db.example", steady_clock::now() + seconds(10), server.name(), &canonical);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found.value().size(), 3U);
  EXPECT_EQ(canonical, "two.example");
  ASSERT_TRUE(numeric_addresses("two.example", steady_clock::now() + seconds(10), server.name(), &canonical));
  EXPECT_EQ(canonical, "");
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
