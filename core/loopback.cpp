// SPDX-License-Identifier: Apache-2.0
#include "core/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/not_cancelled.h"
#include "core/secret.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_head_bytes = std::size_t{16} << 10U;
constexpr std::size_t max_connections = 32;  // browsers open a handful
constexpr std::chrono::milliseconds longest_poll{1000};
constexpr std::chrono::milliseconds pause_without_files{50};

// The value of a header field, or empty.
std::string_view field(std::string_view head, std::string_view name) {
  for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n')) {
    head.remove_prefix(at + 1);
    const auto line = head.substr(0, head.find('\n'));
    if (starts_with_name(line, name) && line.substr(name.size()).starts_with(':'))
      return trimmed(line.substr(name.size() + 1));
  }
  return {};
}

}  // namespace

Result<Loopback> Loopback::open() {
  const auto failed = [](int descriptor) -> Error {
    const std::string reason = std::generic_category().message(errno);
    if (descriptor >= 0) close(descriptor);
    return cannot_connect("The sign-in finds no free port on 127.0.0.1: " + reason + ".");
  };
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return failed(descriptor);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(descriptor, generic, size) != 0 || listen(descriptor, static_cast<int>(max_connections)) != 0 ||
      getsockname(descriptor, generic, &size) != 0) {
    return failed(descriptor);
  }
  return Loopback(descriptor, ntohs(address.sin_port));
}

Loopback::Loopback(Loopback&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      port_(other.port_),
      connections_(std::exchange(other.connections_, {})) {}

Loopback::~Loopback() {
  const NotCancelled held;
  for (Connection& one : connections_) {
    close(one.descriptor);
    wipe(one.head);
  }
  if (descriptor_ >= 0) close(descriptor_);
}

void Loopback::hang_up(int descriptor) {
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const Connection& one) { return one.descriptor == descriptor; });
  if (found == connections_.end()) return;
  close(found->descriptor);
  wipe(found->head);
  connections_.erase(found);
}

void Loopback::take_connections() {
  while (true) {
    const int taken = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    // Who waits there goes on waiting, and poll() says so at once.
    if (taken < 0 && errno != EAGAIN && errno != EINTR) std::this_thread::sleep_for(pause_without_files);
    if (taken < 0) return;
    if (connections_.size() >= max_connections) hang_up(connections_.front().descriptor);
    connections_.push_back({taken, {}});
  }
}

std::optional<Loopback::Visit> Loopback::visit_of(Connection& connection) {
  const Asked asked = read_request(connection.head, address());
  Visit visit{connection.descriptor, std::string(asked.path), std::string(asked.query)};
  if (asked.refusal.empty()) return visit;
  answer(visit, asked.refusal, "", "");
  return std::nullopt;
}

std::optional<Loopback::Visit> Loopback::next(Deadline until) {
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) return std::nullopt;
    const auto wait = std::min<std::chrono::milliseconds>(
        longest_poll,
        std::chrono::duration_cast<std::chrono::milliseconds>(until - now) + std::chrono::milliseconds(1));
    std::vector<pollfd> files{{descriptor_, POLLIN, 0}};
    for (const Connection& one : connections_) files.push_back({one.descriptor, POLLIN, 0});
    if (poll(files.data(), files.size(), static_cast<int>(wait.count())) <= 0) continue;
    for (auto one = connections_.begin(); one != connections_.end();) {
      Connection& connection = *one++;  // it may go
      std::array<char, 4096> buffer{};
      const ssize_t count = recv(connection.descriptor, buffer.data(), buffer.size(), 0);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (count <= 0 || connection.head.size() + static_cast<std::size_t>(count) > max_head_bytes) {
        hang_up(connection.descriptor);
        continue;
      }
      connection.head.append(buffer.data(), static_cast<std::size_t>(count));
      buffer.fill('\0');
      const bool is_whole =
          connection.head.find("\r\n\r\n") != std::string::npos || connection.head.find("\n\n") != std::string::npos;
      if (!is_whole) continue;
      if (auto visit = visit_of(connection)) return visit;
    }
    take_connections();
  }
}

void Loopback::answer(const Visit& visit, std::string_view status, std::string_view location, std::string_view html) {
  std::string text =
      "HTTP/1.1 " + std::string(status) +
      "\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: " + std::to_string(html.size()) +
      "\r\nConnection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
      "X-Content-Type-Options: nosniff\r\n"
      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n";
  if (!location.empty()) text += "Location: " + std::string(location) + "\r\n";
  text += "\r\n";
  text += html;
  // A page is far smaller than the buffer of a new connection: it goes out whole.
  [[maybe_unused]] const auto sent = send(visit.connection, text.data(), text.size(), MSG_NOSIGNAL);
  shutdown(visit.connection, SHUT_WR);
  wipe(text);
  hang_up(visit.connection);
}

Asked read_request(std::string_view head, std::string_view address) {
  const std::string_view line = trimmed(head.substr(0, head.find('\n')));
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !line.substr(last).starts_with(" HTTP/1."))
    return {"400 Bad Request", {}, {}};
  if (line.substr(0, first) != "GET") return {"405 Method Not Allowed", {}, {}};
  if (field(head, "Host") != address) return {"421 Misdirected Request", {}, {}};
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const auto question = std::min(target.find('?'), target.size());
  return {{}, target.substr(0, question), target.substr(std::min(question + 1, target.size()))};
}

}  // namespace iamodbc
