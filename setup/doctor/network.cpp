// The way to the database: certificate authorities, DNS, TCP, and the TLS that the server shows.
// SPDX-License-Identifier: Apache-2.0
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "core/addresses.h"
#include "core/log.h"
#include "core/login/names.h"
#include "core/tunnel.h"
#include "setup/doctor/examination.h"
#include "setup/doctor/tls_probe.h"
#include "setup/rooms.h"

namespace iamodbc {
namespace {

constexpr std::chrono::seconds longest_look_up{10};
constexpr std::chrono::seconds longest_connect{10};
constexpr std::chrono::seconds longest_tls{10};
constexpr std::chrono::hours day{24};
constexpr int days_to_renew_server = 30;
constexpr int days_to_renew_authority = 180;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Dialled {
  Socket socket{-1};
  int error = 0;  // of errno; ETIMEDOUT too when nobody answered in time
};

int finished(int descriptor, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return ETIMEDOUT;
    pollfd one{descriptor, POLLOUT, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min<long long>(left.count(), 60000)));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }
}

// `address`: numeric.
Dialled dial(const std::string& address, int port, Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &raw) != 0) return {Socket(-1), EINVAL};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> target(raw, freeaddrinfo);
  Socket made(socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.get() < 0) return {Socket(-1), errno};
  if (connect(made.get(), target->ai_addr, target->ai_addrlen) == 0) return {std::move(made), 0};
  const int error = errno == EINPROGRESS ? finished(made.get(), deadline) : errno;
  return {std::move(made), error};
}

const char* advice_of(int error) {
  if (error == ECONNREFUSED) return "connection-refused";
  return error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL || error == EAFNOSUPPORT ? "no-route"
                                                                                                          : "no-answer";
}

// Names of computers in the words of a command: user@host, port:host:port.
void meet_hosts_of(Examination& examination, const std::vector<std::string>& words) {
  constexpr const char* ends = "@:,=/[]";
  for (const std::string& word : words) {
    for (std::size_t start = 0; start < word.size();) {
      const auto end = std::min(word.find_first_of(ends, start), word.size());
      const std::string part = word.substr(start, end - start);
      if (part.find('.') != std::string::npos) examination.met(part);
      start = end + 1;
    }
  }
}

// A tunnel for as long as the network is looked at; the login through the driver starts its own. Nothing when it failed.
std::optional<TunnelUse> started_tunnel(Examination& examination) {
  const Settings& settings = *examination.settings;
  if (settings.tunnel.empty()) return TunnelUse();
  meet_hosts_of(examination, settings.tunnel);
  const TlsPlan* const tls = examination.prepared.tls ? &*examination.prepared.tls : nullptr;
  const auto started = std::chrono::steady_clock::now();
  auto tunnel = waited("starting the tunnel", [&] {
    return open_tunnel(settings, *examination.profile, tls, examination.system, Log(), examination.whole());
  });
  if (!tunnel) {
    examination.findings.add_failure("tunnel", tunnel.error().sqlstate, tunnel.error().message, "tunnel");
    return std::nullopt;
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  examination.findings.add("tunnel", Mark::ok,
                           tunnel.value().host() + ":" + std::to_string(tunnel.value().port()) + " answers after " +
                               std::to_string(took.count()) + " ms");
  return std::move(tunnel).value();
}

// The host that is dialled: of pqopt's hostaddr, else Server.
std::string dialled_host(const Examination& examination) {
  if (examination.prepared.tls) {
    for (const auto& [name, value] : examination.prepared.tls->libpq_options) {
      if (name == "hostaddr" && !value.empty()) return value;
    }
  }
  return examination.settings->server;
}

std::string in_words(std::chrono::system_clock::duration left) {
  const auto days = left / day;
  if (left.count() < 0) return "ended";
  return std::to_string(days) + (days == 1 ? " day left" : " days left");
}

// ---- what the server shows ----

const char* advice_of(TlsFault::Kind kind) {
  switch (kind) {
    case TlsFault::Kind::not_offered:
      return "tls-not-offered";
    case TlsFault::Kind::timed_out:
      return "no-answer";
    case TlsFault::Kind::failed:
      return "login-failed";
    case TlsFault::Kind::no_such_server:
    case TlsFault::Kind::hung_up:
      break;
  }
  return "hung-up";
}

std::string joined(const std::vector<std::string>& words) {
  constexpr std::size_t most = 6;
  std::string text;
  for (std::size_t i = 0; i < words.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + words[i];
  return text + (words.size() > most ? " and " + std::to_string(words.size() - most) + " more" : "");
}

void judge_certificate(Examination& examination, const TlsSeen& seen, const std::string& name) {
  const Time now = examination.system.now();
  const TlsLevel level = examination.prepared.tls ? examination.prepared.tls->level : TlsLevel::require;
  Finding finding{"TLS", Mark::ok, {seen.protocol + ", " + seen.cipher}, {}};
  const auto wrong = [&finding](bool is_checked, const char* advice) {
    finding.mark = std::max(finding.mark, is_checked ? Mark::failed : Mark::warning);
    finding.advice.push_back(advice);
  };
  for (const ShownCertificate& one : seen.chain) {
    const std::string end =
        one.end == Time::max() ? "it does not end" : "until " + extended_time(one.end) + ", " + in_words(one.end - now);
    finding.found.push_back("certificate of " + one.subject + ", signed by " + one.issuer + ": " + end);
  }
  if (!seen.names.empty()) finding.found.push_back("it is for " + joined(seen.names));
  if (!seen.chain_problem.empty()) {
    finding.found.push_back("it is not trusted: " + seen.chain_problem);
    wrong(level != TlsLevel::require,
          seen.chain_problem.find("expired") != std::string::npos ? "certificate-ends" : "certificate-authority");
  }
  if (!seen.has_name && examination.prepared.tls) {
    finding.found.push_back("it is not for " + name);
    wrong(level == TlsLevel::verify_full, "certificate-name");
  }
  const bool ends_soon = !seen.chain.empty() && seen.chain.front().end != Time::max() &&
                         seen.chain.front().end - now < days_to_renew_server * day;
  if (ends_soon && seen.chain_problem.empty()) wrong(false, "certificate-ends");
  examination.findings.add(std::move(finding));
}

void look_at_tls(Examination& examination, int descriptor) {
  const Settings& settings = *examination.settings;
  const BaseKind kind = examination.profile->kind;
  if (kind == BaseKind::unknown)
    return examination.findings.add("TLS", Mark::skipped, "how this base driver's server begins TLS is not known");
  std::string name = examination.prepared.tls ? examination.prepared.tls->checked_host : settings.server;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  const std::string ca_file = examination.prepared.tls ? examination.prepared.tls->ca.path : "";
  const auto result = waited("looking at the server's certificate", [&] {
    return probe_tls(descriptor, kind == BaseKind::psqlodbc ? DatabaseProtocol::postgresql : DatabaseProtocol::mysql,
                     name, ca_file, examination.soon(longest_tls));
  });
  if (const auto* const fault = std::get_if<TlsFault>(&result)) {
    const bool is_wanted = examination.prepared.tls.has_value();
    examination.is_reached = fault->kind != TlsFault::Kind::timed_out;
    return examination.findings.add("TLS", is_wanted ? Mark::failed : Mark::warning, fault->reason,
                                    {advice_of(fault->kind)});
  }
  for (const std::string& one : std::get<TlsSeen>(result).names) examination.met(one);
  // Of its own certificate; authorities have names that are not of hosts.
  if (const auto& chain = std::get<TlsSeen>(result).chain; !chain.empty()) examination.met(chain.front().subject);
  judge_certificate(examination, std::get<TlsSeen>(result), name);
}

// A name of one's own that leads to an endpoint: the endpoint is what has to be signed.
void add_dns(Examination& examination, const std::string& host, const std::string& text) {
  Finding finding{"DNS", Mark::ok, {text}, {}};
  const Settings& settings = *examination.settings;
  if (host == settings.server && signs_own_name(settings)) {
    const auto trail = waited("looking up what " + host + " is an alias of",
                              [&] { return follow_name(host, examination.soon(longest_look_up)); });
    if (trail) {
      for (const std::string& name : trail.value().names) {
        examination.met(name);
        finding.found.push_back("it is another name of " + name);
      }
    }
    const std::string endpoint = trail ? trail.value().endpoint : "";
    if (!endpoint.empty() && signs_token(settings.auth_type)) {
      finding.found.push_back("write " + line_for_endpoint(endpoint, *examination.profile) + ", or ResolveCNAME=yes");
      finding.mark = Mark::warning;
      finding.advice.push_back("custom-dns-name");
    }
  }
  examination.findings.add(std::move(finding));
}

}  // namespace

void look_at_rds_certificates(Examination& examination, const CaFile& ca) {
  const auto found = described(ca, examination.system.now());
  if (!found)
    return examination.findings.add_failure("CA file", found.error().sqlstate, found.error().message, "ca-file");
  const CaFileFound& file = found.value();
  if (!file.is_needed) return examination.findings.add("CA file", Mark::note, file.text);
  if (!file.earliest_end) return examination.findings.add("CA file", Mark::failed, file.text, {"ca-file-ends"});
  const bool ends_soon = *file.earliest_end - examination.system.now() < days_to_renew_authority * day;
  const bool is_old = file.ended > 0 || ends_soon;
  examination.findings.add("CA file", is_old ? Mark::warning : Mark::ok, file.text,
                           is_old ? std::vector<const char*>{"ca-file-ends"} : std::vector<const char*>());
}

void look_at_network(Examination& examination) {
  Findings& findings = examination.findings;
  const auto tunnel = started_tunnel(examination);
  if (!tunnel) return;
  const int port = tunnel->is_in_use() ? tunnel->port() : examination.settings->port;
  const std::string host = tunnel->is_in_use() ? tunnel->host() : dialled_host(examination);
  if (host.empty() || host.find_first_of("/\\@,") != std::string::npos || port <= 0)
    return findings.add("network", Mark::skipped, "Server is not one TCP host; the base driver finds it by itself");

  examination.met(host);
  const auto addresses =
      waited("looking up " + host, [&] { return numeric_addresses(host, examination.soon(longest_look_up)); });
  if (!addresses) {
    examination.is_reached = true;  // perhaps: the base driver may know other sources of names
    return findings.add("DNS", Mark::warning, addresses.error().message, {"dns-unknown"});
  }
  for (const std::string& address : addresses.value()) examination.met(address);
  add_dns(examination, host, host + " is " + joined(addresses.value()));

  std::vector<std::string> tries;
  int last_error = ETIMEDOUT;
  const Deadline deadline = examination.soon(longest_connect);
  for (const std::string& address : addresses.value()) {
    const auto started = std::chrono::steady_clock::now();
    const std::string at = address + " port " + std::to_string(port);
    const Dialled dialled = waited("dialling " + at, [&] { return dial(address, port, deadline); });
    if (dialled.error == 0) {
      const auto took =
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
      tries.push_back(at + " answers in " + std::to_string(took.count()) + " ms");
      findings.add(Finding{"TCP", Mark::ok, std::move(tries), {}});
      examination.is_reached = true;
      return look_at_tls(examination, dialled.socket.get());
    }
    last_error = dialled.error;
    tries.push_back(at + ": " + (last_error == ETIMEDOUT ? "no answer" : std::generic_category().message(last_error)));
  }
  findings.add(Finding{"TCP", Mark::failed, std::move(tries), {advice_of(last_error)}});
}

}  // namespace iamodbc
