// SPDX-License-Identifier: Apache-2.0
#include "core/addresses.h"

#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

namespace iamodbc {
namespace {

// The longest look-up where no login time-out was asked for.
constexpr std::chrono::seconds longest_look_up{30};
// Between looks at the clock, should c-ares ask for more.
constexpr std::chrono::milliseconds longest_wait{1000};

using Channel = std::unique_ptr<ares_channeldata, void (*)(ares_channel)>;

struct Found {
  bool is_done = false;
  int status = ARES_SUCCESS;
  std::vector<std::string> addresses;
};

void add_numeric(std::vector<std::string>& addresses, const sockaddr* address, socklen_t length) {
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(address, length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) return;
  std::string numeric = text.data();
  if (std::find(addresses.begin(), addresses.end(), numeric) == addresses.end())
    addresses.push_back(std::move(numeric));
}

// c-ares calls it once, in our thread: from its own processing, or when the channel goes.
void take_answer(void* context, int status, int, ares_addrinfo* answer) noexcept {
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owner(answer, ares_freeaddrinfo);
  auto& found = *static_cast<Found*>(context);
  found.is_done = true;
  found.status = status;
  try {
    for (const auto* node = answer != nullptr ? answer->nodes : nullptr; node != nullptr; node = node->ai_next)
      add_numeric(found.addresses, node->ai_addr, node->ai_addrlen);
  } catch (...) {  // no exception through c-ares
    found.addresses.clear();
    found.status = ARES_ENOMEM;
  }
}

// What is numeric already comes back as it is; this asks nobody.
std::vector<std::string> already_numeric(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* result = nullptr;
  std::vector<std::string> addresses;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &result) != 0) return addresses;
  add_numeric(addresses, result->ai_addr, result->ai_addrlen);
  freeaddrinfo(result);
  return addresses;
}

Channel open_channel(const std::string& dns_servers) {
  ares_options options{};
  // An answer too long for one datagram is taken as far as it goes: a TCP connection of c-ares could raise SIGPIPE.
  options.flags = ARES_FLAG_IGNTC | ARES_FLAG_EDNS;
  ares_channel raw = nullptr;
  if (ares_init_options(&raw, &options, ARES_OPT_FLAGS) != ARES_SUCCESS) return {nullptr, ares_destroy};
  Channel channel(raw, ares_destroy);
  if (!dns_servers.empty() && ares_set_servers_ports_csv(raw, dns_servers.c_str()) != ARES_SUCCESS) channel.reset();
  return channel;
}

// Waits once for the sockets of the channel and lets c-ares work: with what came, or with the time that passed.
void wait_and_process(ares_channel channel, Deadline until) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto wanted = static_cast<unsigned>(ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM));
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
  nfds_t count = 0;
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
    const bool writes = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
    if (!reads && !writes) break;
    polled[count].fd = sockets[i];
    polled[count++].events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  const auto most = std::clamp(left, std::chrono::milliseconds(0), longest_wait);
  timeval limit{most.count() / 1000, static_cast<suseconds_t>(most.count() % 1000 * 1000)};
  timeval next{};
  const timeval* const wait = ares_timeout(channel, &limit, &next);
  const auto ready = poll(polled.data(), count, static_cast<int>(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000));
  if (ready <= 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (nfds_t i = 0; ready > 0 && i < count; ++i) {
    if (polled[i].revents == 0) continue;
    const bool writes = (polled[i].revents & POLLOUT) != 0;
    const bool reads = (polled[i].revents & ~POLLOUT) != 0;
    ares_process_fd(channel, reads ? polled[i].fd : ARES_SOCKET_BAD, writes ? polled[i].fd : ARES_SOCKET_BAD);
  }
}

Error no_address(const std::string& host, const std::string& why) {
  return cannot_connect(
      "Server=" + host + " has no address: " + why +
      ". Check its spelling, and DNS or VPN; only the hosts file and DNS are asked, a numeric address always works.");
}

}  // namespace

Result<std::vector<std::string>> numeric_addresses(const std::string& host, Deadline deadline,
                                                   const std::string& dns_servers) {
  const std::string name =
      host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
  if (auto numeric = already_numeric(name); !numeric.empty()) return numeric;

  Found found;
  const Channel channel = open_channel(dns_servers);
  if (!channel) return no_address(host, "c-ares cannot read the system's DNS configuration");
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel.get(), name.c_str(), nullptr, &hints, take_answer, &found);
  const auto limit = std::chrono::steady_clock::now() + longest_look_up;
  while (!found.is_done) {
    if (auto error = passed(deadline, "DNS was asked for the address of Server=" + host)) return *error;
    if (std::chrono::steady_clock::now() >= limit) return no_address(host, "DNS did not answer in 30 s");
    wait_and_process(channel.get(), std::min(deadline, limit));
  }
  if (found.addresses.empty()) return no_address(host, ares_strerror(found.status));
  return std::move(found.addresses);
}

}  // namespace iamodbc
