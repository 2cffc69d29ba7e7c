// examination: what a doctor knows so far, handed from one group of steps to the next; each group is a file and adds its findings.
// The order is that of a connect. A step whose ground is missing is left out, or marked as skipped.
// Thread rule: one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/deadline.h"
#include "core/walk.h"
#include "setup/base_probe.h"
#include "setup/doctor/findings.h"
#include "setup/progress.h"
#include "setup/source.h"

namespace iamodbc {

struct Examination {
  Examination(std::string asked, std::chrono::seconds login_timeout, Findings& list)
      : argument(std::move(asked)), timeout(login_timeout), findings(list) {}
  Examination(const Examination&) = delete;
  Examination& operator=(const Examination&) = delete;

  std::string argument;  // a DSN, a connection string or `-`; empty: the installation alone
  std::chrono::seconds timeout;
  Findings& findings;
  System system;
  OdbcFiles files = OdbcFiles::read(system);

  // What was reached.
  std::optional<Given> given;
  std::optional<OwnLibrary> our_library;
  std::optional<BaseDriverFile> base_file;
  const BaseDriverProfile* profile = nullptr;
  std::optional<Settings> settings;
  PreparedLogin prepared;
  std::optional<Error> login_error;  // of preparing it
  std::string account;               // of the credentials; empty: AWS was not asked
  std::vector<std::string> hosts;    // names and addresses that were met, each once
  bool is_reached = false;           // a TCP connection was made, and who is there answers

  void met(const std::string& host) {
    if (!host.empty() && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  }
  // The end of the login time-out, counted from now.
  [[nodiscard]] Deadline whole() const {
    return timeout.count() > 0 ? std::chrono::steady_clock::now() + timeout : no_deadline;
  }
  // `seconds` from now, or the time-out if that is less; for what waits for others.
  [[nodiscard]] Deadline soon(std::chrono::seconds seconds) const {
    return std::chrono::steady_clock::now() + (timeout.count() > 0 ? std::min(seconds, timeout) : seconds);
  }
};

// ---- installation.cpp ----
void look_at_ini_files(Examination& examination);
// Every library of ours and every base driver that is registered.
void look_at_all_drivers(Examination& examination);
// Those of the DSN, its settings, and where AuthType fetches a login that login; false when there is no going on.
bool look_at_settings(Examination& examination, bool is_offline);

// ---- aws.cpp ----
void look_at_permissions(Examination& examination);
// Of this environment, without a DSN.
void look_at_own_credentials(Examination& examination);
// TLS as planned, region, credentials, token.
void look_at_login(Examination& examination);
// Clock and identity, by asking AWS STS.
void ask_aws(Examination& examination);

// ---- network.cpp ----
void look_at_rds_certificates(Examination& examination, const CaFile& ca);
void look_at_network(Examination& examination);

// ---- database.cpp ----
void look_at_cleartext_plugin(Examination& examination);
void look_at_database(Examination& examination);

}  // namespace iamodbc
