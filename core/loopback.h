// loopback: a listener on 127.0.0.1 and a free port that a browser of this machine is sent to, for the length of a sign-in.
// Shape: GET requests with a head of at most 16 kB; anything else, and any Host but our own address (a name that somebody points at it), is answered 4xx here. One request a
// connection; connections that browsers open in advance and say nothing on hold nobody up.
// Errors: 08001 when there is no port. Thread rule: one thread; polls, starts none; SIGPIPE is not raised. Source: RFC 9112; RFC 8252, section 7.3
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "core/deadline.h"
#include "core/result.h"

namespace iamodbc {

class Loopback {
 public:
  static Result<Loopback> open();
  Loopback(Loopback&& other) noexcept;
  Loopback& operator=(Loopback&&) = delete;
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;
  ~Loopback();

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Somebody who waits for an answer.
  struct Visit {
    int connection = -1;
    std::string path;   // as it came, without the query
    std::string query;  // as it came; may be a secret
  };
  // The next one, at most until then.
  std::optional<Visit> next(Deadline until);
  // Answers and hangs up. `location`: of a redirect; empty: none. `html` is a whole page.
  void answer(const Visit& visit, std::string_view status, std::string_view location, std::string_view html);

 private:
  struct Connection {
    int descriptor = -1;
    std::string head;
  };

  Loopback(int descriptor, int port) : descriptor_(descriptor), port_(port) {}
  void take_connections();
  // What a whole head asks for; nothing when it was answered here.
  std::optional<Visit> visit_of(Connection& connection);
  void hang_up(int descriptor);

  int descriptor_ = -1;
  int port_ = 0;
  std::list<Connection> connections_;
};

// ---- pure part ----

// What a whole head asks for, as it came; or the status that it is refused with.
struct Asked {
  std::string_view refusal;
  std::string_view path;
  std::string_view query;
};
Asked read_request(std::string_view head, std::string_view address);

}  // namespace iamodbc
