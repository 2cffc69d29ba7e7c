// tunnel: the program of Tunnel=, which leads a port of this computer to the database (`ssh -L`, port forwarding of `aws ssm start-session`), for as long as connections of
// the process need it.
// Connections whose Tunnel has the same words share one program; the last of them ends it. One that has ended by itself is started anew by the next connect. Where {port}
// stands in the words, a free port of 127.0.0.1 takes its place and is dialled instead of Port; else Server and Port are the tunnel's end. What answers there before the
// program was started is somebody else's and gets no login.
// Errors: 08001 with the program's last lines, without what is a secret or looks like one; HYT00 when nothing answered within the login time-out (without one: a minute).
// Thread rule: any thread; no lock is held while the program is started, waited for or ended. A child of a fork goes through its parent's tunnel while that answers, and never
// ends it.
// Source: docs/tunnel.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "core/base_driver_profile.h"
#include "core/deadline.h"
#include "core/log.h"
#include "core/result.h"
#include "core/settings.h"
#include "core/system.h"
#include "core/tls_policy.h"

namespace iamodbc {

struct Tunnel;

// One connection's part in a tunnel; empty: it needs none. The last one that goes ends the program, which may take some seconds if that does not obey.
class TunnelUse {
 public:
  TunnelUse() = default;
  explicit TunnelUse(Tunnel* tunnel) : tunnel_(tunnel) {}
  TunnelUse(TunnelUse&& other) noexcept { swap(other); }
  TunnelUse& operator=(TunnelUse&& other) noexcept {
    TunnelUse moved(std::move(other));  // what this one had ends with it
    swap(moved);
    return *this;
  }
  TunnelUse(const TunnelUse&) = delete;
  TunnelUse& operator=(const TunnelUse&) = delete;
  ~TunnelUse();

  [[nodiscard]] bool is_in_use() const { return tunnel_ != nullptr; }
  // Whether it has ended by itself, or does so in this moment: asked when what went through it was lost.
  [[nodiscard]] bool has_ended() const;
  // What to dial.
  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] int port() const { return port_; }
  void leads_to(std::string host, int port) {
    host_ = std::move(host);
    port_ = port;
  }
  // How the program is and what it printed last, for people whose connect failed.
  [[nodiscard]] std::string report(const System& system) const;

 private:
  void swap(TunnelUse& other) noexcept {
    std::swap(tunnel_, other.tunnel_);
    host_.swap(other.host_);
    std::swap(port_, other.port_);
  }

  Tunnel* tunnel_ = nullptr;
  std::string host_;
  int port_ = 0;
};

// Starts the tunnel, or takes part in it, and waits until it answers. `tls`: nullptr when it is the base driver's own business.
Result<TunnelUse> open_tunnel(const Settings& settings, const BaseDriverProfile& profile, const TlsPlan* tls,
                              const System& system, const Log& log, Deadline deadline);

// "ssh, which is to answer at 127.0.0.1:15432"; empty without a tunnel.
std::string described_tunnel(const Settings& settings, const BaseDriverProfile& profile, const TlsPlan* tls);

// Why the certificate cannot be checked against the database's name where this base driver checks what it dials, and what to do; empty where it can.
std::string tunnel_name_advice(const Settings& settings, const BaseDriverProfile& profile);

}  // namespace iamodbc
