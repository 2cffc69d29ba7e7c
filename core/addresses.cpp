// SPDX-License-Identifier: Apache-2.0
#include "core/addresses.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <initializer_list>

#include "core/not_cancelled.h"
#include "core/text.h"

namespace iamodbc {
namespace {

// The longest look-up where no login time-out was asked for.
constexpr std::chrono::seconds longest_look_up{30};
// Between looks at the clock, should c-ares ask for more.
constexpr std::chrono::milliseconds longest_wait{1000};
// How long the addresses of one family wait for those of the other: some name servers answer for one and are silent about the other.
constexpr std::chrono::milliseconds wait_for_other{500};

void destroy(ares_channel channel) {
  const NotCancelled held;
  ares_destroy(channel);  // closes its sockets
}

// What c-ares writes its answer to is left, however that happens: it is told that nobody waits any more. It calls back a last time.
class Awaited {
 public:
  explicit Awaited(ares_channel channel) : channel_(channel) {}
  ~Awaited() {
    const NotCancelled held;
    ares_cancel(channel_);
  }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;

 private:
  ares_channel channel_;
};

using Channel = std::unique_ptr<ares_channeldata, void (*)(ares_channel)>;

// Of one family.
struct Found {
  bool is_done = false;
  int status = ARES_SUCCESS;
  std::vector<std::string> reachable;
  std::vector<std::string> unreachable;  // this machine has no way there; tried last

  [[nodiscard]] bool has_any() const { return !reachable.empty() || !unreachable.empty(); }
};

std::string numeric(const sockaddr* address, socklen_t length) {
  std::array<char, NI_MAXHOST> text{};
  const int status = getnameinfo(address, length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return status == 0 ? text.data() : "";
}

// Whether there is a route and an address of our own for it; nothing is sent.
bool can_reach(const sockaddr* address, socklen_t length) {
  sockaddr_storage target{};
  std::memcpy(&target, address, std::min<std::size_t>(length, sizeof target));
  // Port 0 is refused by some systems; which one does not matter.
  if (target.ss_family == AF_INET) reinterpret_cast<sockaddr_in&>(target).sin_port = htons(9);
  if (target.ss_family == AF_INET6) reinterpret_cast<sockaddr_in6&>(target).sin6_port = htons(9);
  const NotCancelled held;  // the socket would stay behind
  const int fd = socket(target.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool reaches = connect(fd, reinterpret_cast<const sockaddr*>(&target), length) == 0;
  close(fd);
  return reaches;
}

// c-ares calls it once, in our thread: from its own processing, or when the channel goes.
void take_answer(void* context, int status, int, ares_addrinfo* answer) noexcept {
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owner(answer, ares_freeaddrinfo);
  auto& found = *static_cast<Found*>(context);
  found.is_done = true;
  found.status = status;
  try {
    for (const auto* node = answer != nullptr ? answer->nodes : nullptr; node != nullptr; node = node->ai_next) {
      std::string address = numeric(node->ai_addr, node->ai_addrlen);
      auto& list = can_reach(node->ai_addr, node->ai_addrlen) ? found.reachable : found.unreachable;
      if (!address.empty() && std::find(list.begin(), list.end(), address) == list.end())
        list.push_back(std::move(address));
    }
  } catch (...) {  // no exception through c-ares
    found.status = ARES_ENOMEM;
  }
}

void ask(ares_channel channel, const std::string& name, int family, Found& found) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  const NotCancelled held;  // c-ares cannot be left in the middle
  ares_getaddrinfo(channel, name.c_str(), nullptr, &hints, take_answer, &found);
}

// What is numeric already comes back as it is; this asks nobody.
std::string already_numeric(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* result = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &result) != 0) return {};
  std::string address = numeric(result->ai_addr, result->ai_addrlen);
  freeaddrinfo(result);
  return address;
}

// `sources`: "f" for the hosts file, "b" for DNS.
Channel open_channel(const std::string& dns_servers, std::string sources) {
  ares_options options{};
  options.lookups = sources.data();
  // HOSTALIASES is a file of whoever starts the program. An answer too long for one datagram is taken as far as it goes: a TCP connection of c-ares could raise SIGPIPE.
  options.flags = ARES_FLAG_IGNTC | ARES_FLAG_EDNS | ARES_FLAG_NOALIASES;
  ares_channel raw = nullptr;
  if (ares_init_options(&raw, &options, ARES_OPT_FLAGS | ARES_OPT_LOOKUPS) != ARES_SUCCESS) return {nullptr, destroy};
  Channel channel(raw, destroy);
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
  const NotCancelled held;  // c-ares cannot be left in the middle
  if (ready <= 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (nfds_t i = 0; ready > 0 && i < count; ++i) {
    if (polled[i].revents == 0) continue;
    const bool writes = (polled[i].revents & POLLOUT) != 0;
    const bool reads = (polled[i].revents & ~POLLOUT) != 0;
    ares_process_fd(channel, reads ? polled[i].fd : ARES_SOCKET_BAD, writes ? polled[i].fd : ARES_SOCKET_BAD);
  }
}

// Those that can be reached first.
std::vector<std::string> all_of(std::initializer_list<Found*> families) {
  std::vector<std::string> addresses;
  for (const auto list : {&Found::reachable, &Found::unreachable}) {
    for (Found* const family : families)
      std::move((family->*list).begin(), (family->*list).end(), std::back_inserter(addresses));
  }
  return addresses;
}

Error no_alias(const std::string& host, const std::string& why) {
  return cannot_connect("What " + host + " is an alias of is not known: " + why + ".");
}

Error no_address(const std::string& host, const std::string& why) {
  return cannot_connect(
      "Server=" + host + " has no address: " + why +
      ". Check its spelling, and DNS or VPN; only the hosts file and DNS are asked, a numeric address always works.");
}

// ---- aliases ----

// A name as it is compared and told.
std::string plain_name(std::string_view name) {
  return lower(name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0)));
}

// An answer of DNS, as far as aliases go (RFC 1035, section 4.1).
struct Aliases {
  bool is_done = false;
  int status = ARES_SUCCESS;
  std::string asked;  // the name in the question: with a domain of resolv.conf's search list, if one was tried
  std::map<std::string, std::string> target;  // of each alias
};

class AnswerReader {
 public:
  AnswerReader(const unsigned char* bytes, int length) : bytes_(bytes), length_(length) {}

  // False when it is no whole answer; what was read until there counts.
  bool read(Aliases& into) {
    constexpr int header_bytes = 12;
    if (length_ < header_bytes || number(4) != 1) return false;
    const int records = number(6);
    at_ = header_bytes;
    if (!read_name(into.asked) || !skip(4)) return false;
    for (int i = 0; i < records; ++i) {
      if (!read_record(into)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] int number(int at) const { return bytes_[at] << 8 | bytes_[at + 1]; }

  bool skip(int count) {
    if (length_ - at_ < count) return false;
    at_ += count;
    return true;
  }

  bool read_name(std::string& name) {
    char* text = nullptr;
    long taken = 0;
    if (at_ >= length_ || ares_expand_name(bytes_ + at_, bytes_, length_, &text, &taken) != ARES_SUCCESS) return false;
    const std::unique_ptr<char, void (*)(void*)> owner(text, ares_free_string);
    name = plain_name(text);
    return skip(static_cast<int>(taken));
  }

  bool read_record(Aliases& into) {
    constexpr int fixed_bytes = 10;  // type, class, time to live, length of what follows
    constexpr int cname = 5;
    std::string name;
    if (!read_name(name)) return false;
    const int fixed = at_;
    if (!skip(fixed_bytes)) return false;
    const int type = number(fixed);
    const int data_bytes = number(fixed + 8);
    const int data = at_;
    std::string target;
    if (type == cname && read_name(target) && !target.empty()) into.target.emplace(std::move(name), std::move(target));
    at_ = data;
    return skip(data_bytes);
  }

  const unsigned char* bytes_;
  int length_;
  int at_ = 0;
};

// c-ares calls it once, in our thread: from its own processing, or when the channel goes.
void take_aliases(void* context, int status, int, unsigned char* answer, int length) noexcept {
  auto& found = *static_cast<Aliases*>(context);
  found.is_done = true;
  found.status = status;
  try {
    if (answer != nullptr) AnswerReader(answer, length).read(found);
  } catch (...) {  // no exception through c-ares
    found.status = ARES_ENOMEM;
  }
}

// What DNS says when it is asked for the address of `name`: the aliases on the way there, as far as the name server followed them.
Result<Aliases> ask_for_aliases(ares_channel channel, const std::string& name, bool searches, Deadline deadline,
                                Deadline until) {
  constexpr int internet = 1;
  constexpr int address = 1;
  Aliases found;
  const Awaited awaited(channel);
  {
    const NotCancelled held;  // c-ares cannot be left in the middle
    (searches ? ares_search : ares_query)(channel, name.c_str(), internet, address, take_aliases, &found);
  }
  while (!found.is_done && std::chrono::steady_clock::now() < until) wait_and_process(channel, until);
  if (!found.is_done) {
    if (auto error = passed(deadline, "DNS was asked what " + name + " is an alias of")) return *error;
    return no_alias(name, "DNS did not answer in 30 s");
  }
  // A name without an IPv4 address may be an alias all the same, and an alias may lead to a name that does not exist.
  const bool is_told = found.status == ARES_SUCCESS || found.status == ARES_ENODATA || !found.target.empty();
  if (!is_told && (searches || found.status != ARES_ENOTFOUND)) return no_alias(name, ares_strerror(found.status));
  return found;
}

// The names on the way.
class Trail {
 public:
  Trail(const std::string& host, const std::function<bool(const std::string&)>& is_enough)
      : host_(host), is_enough_(is_enough), name_(plain_name(host)), met_{name_} {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] bool is_at_its_end() const { return is_enough_(name_); }

  std::optional<Error> follow(const Aliases& answer) {
    const bool is_searched = names_.empty() && !answer.asked.empty() && answer.asked != name_;  // by the search list
    if (is_searched) {
      if (auto error = go_on_to(answer.asked)) return error;
    }
    for (auto next = answer.target.find(name_); next != answer.target.end() && !is_at_its_end();
         next = answer.target.find(name_)) {
      if (auto error = go_on_to(next->second)) return error;
    }
    return std::nullopt;
  }

 private:
  std::optional<Error> go_on_to(std::string next) {
    name_ = std::move(next);
    if (!met_.insert(name_).second)
      return no_alias(host_, "DNS leads it in a circle, to " + name_ + " twice. Have the records mended");
    names_.push_back(name_);
    if (names_.size() <= most_aliases) return std::nullopt;
    return no_alias(host_, "DNS leads it through more than " + std::to_string(most_aliases) + " names, the last one " +
                               name_ + ". Have the records mended");
  }

  const std::string& host_;
  const std::function<bool(const std::string&)>& is_enough_;
  std::string name_;
  std::vector<std::string> names_;
  std::set<std::string> met_;
};

}  // namespace

Result<std::vector<std::string>> aliases(const std::string& host, Deadline deadline,
                                         const std::function<bool(const std::string&)>& is_enough,
                                         const std::string& dns_servers) {
  Trail trail(host, is_enough);
  if (trail.is_at_its_end() || !already_numeric(trail.name()).empty()) return trail.names();
  const Channel channel = open_channel(dns_servers, "b");
  if (!channel) return no_alias(host, "c-ares cannot read the system's DNS configuration");
  const auto until = std::min(deadline, std::chrono::steady_clock::now() + longest_look_up);
  while (true) {
    const bool is_first = trail.names().empty();
    const std::string before = trail.name();
    auto asked = ask_for_aliases(channel.get(), is_first ? host : before, is_first, deadline, until);
    if (!asked) return asked.error();
    if (auto error = trail.follow(asked.value())) return *error;
    // What the name server has not followed itself is asked for; in the end it has nothing to add.
    if (trail.name() == before || trail.is_at_its_end()) return trail.names();
  }
}

Result<std::vector<std::string>> numeric_addresses(const std::string& host, Deadline deadline,
                                                   const std::string& dns_servers) {
  const std::string name =
      host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
  if (std::string address = already_numeric(name); !address.empty())
    return std::vector<std::string>{std::move(address)};

  // The hosts file first, for both families at once: this asks nobody, and c-ares 1.18 forgets to free a name that it finds for one family alone.
  Found listed;
  std::array<Found, 2> found;  // of IPv6 and of IPv4; all three outlive the channels, which tell them of their end
  const Channel file = open_channel(dns_servers, "f");
  const Channel channel = open_channel(dns_servers, "b");
  if (!file || !channel) return no_address(host, "c-ares cannot read the system's DNS configuration");
  ask(file.get(), name, AF_UNSPEC, listed);
  if (listed.has_any()) return all_of({&listed});
  auto& [six, four] = found;
  ask(channel.get(), name, AF_INET6, six);
  ask(channel.get(), name, AF_INET, four);
  auto limit = std::chrono::steady_clock::now() + longest_look_up;
  bool has_some = false;
  while (!six.is_done || !four.is_done) {
    if (!has_some && (six.has_any() || four.has_any())) {
      has_some = true;
      limit = std::min(limit, std::chrono::steady_clock::now() + wait_for_other);
    }
    if (std::chrono::steady_clock::now() >= std::min(deadline, limit)) break;
    wait_and_process(channel.get(), std::min(deadline, limit));
  }

  std::vector<std::string> addresses = all_of({&six, &four});
  if (!addresses.empty()) return addresses;
  if (auto error = passed(deadline, "DNS was asked for the address of Server=" + host)) return *error;
  if (!six.is_done || !four.is_done) return no_address(host, "DNS did not answer in 30 s");
  return no_address(host, ares_strerror(four.status));
}

bool is_numeric_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace iamodbc
