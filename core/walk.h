// walk: the rooms of a connect between "what was given" and "what the base driver is told", in their order. The driver walks them to connect, `iamodbc check` to
// print them; there is no second way.
//   Given::gather -> fetch_login -> choose_base_driver -> read_settings -> with_resolved_server -> prepare_login -> write_base_string
// Thread rule: any thread, no lock held; fetch_login and prepare_login may run a program or ask the network, within the deadline.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base_driver_file.h"
#include "core/deadline.h"
#include "core/given.h"
#include "core/login/login.h"
#include "core/settings.h"
#include "core/tls_policy.h"

namespace iamodbc {

// Our own place: the folder of the library or program, and of the files that belong to it.
std::string data_directory(const std::string& own_folder);

// BaseDriver, else the installed driver for Engine or Port.
Result<BaseDriverFile> choose_base_driver(const Given& given, const OdbcFiles& files, const System& system,
                                          const std::string& own_folder);

// In the order in which it comes to be.
struct PreparedLogin {
  std::optional<TlsPlan> tls;
  std::optional<SignedEndpoint> endpoint;    // of a token
  std::optional<RegionChoice> fetch_region;  // of a login that is fetched
  std::vector<Attempt> attempts;
  SharedCredentials credentials;
  std::optional<Login> login;
};

// Secrets Manager or Redshift asked, with region and credentials, where AuthType wants it; `given` learns what it tells. First of all, because it may tell which base
// driver it is. `prepared` receives what was reached, on failure as well.
std::optional<Error> fetch_login(PreparedLogin& prepared, Given& given, const System& system, const Log& log,
                                 Deadline deadline, bool may_prompt = true);

// TLS plan, region, credentials, token (out of the process's cache if it is there); for AuthType=Password only the TLS plan that was asked for, for what fetch_login() fetched only the TLS plan.
// `prepared`: of fetch_login(); receives what was reached, on failure as well.
std::optional<Error> prepare_login(PreparedLogin& prepared, const Given& given, const Settings& settings,
                                   const BaseDriverProfile& profile, const System& system, const Log& log,
                                   const std::string& data_directory, Deadline deadline);

// What to look at when the server refuses a fresh login: what was signed or fetched and by whom, what the user needs, the clock.
// `endpoint_behind`: what Server is an alias of, if that is an endpoint (advised_endpoint() in names.h); else empty.
std::string refusal_advice(const Settings& settings, const Login& login, const BaseDriverProfile& profile, Time now,
                           const std::string& endpoint_behind = "");
// Whether that is what a message says; `[iamodbc] ` before it or not.
bool is_refusal_advice(std::string_view message);

}  // namespace iamodbc
