// addresses: the numeric addresses of a host, in the order in which they are to be tried (RFC 6724).
// Used where the name that is dialled is not the name that the certificate is checked against. Asks what the system's resolver asks first: the hosts file, then DNS with
// the servers and options of resolv.conf. Other sources of names (mDNS, NIS, ...) are not asked: their modules can be neither bounded in time nor stopped.
// Errors: 08001 with the reason, HYT00 at the deadline; without one a look-up ends after half a minute. Starts no thread. Thread rule: any thread.
// Source: https://c-ares.org/docs/ares_getaddrinfo.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/deadline.h"
#include "core/result.h"

namespace iamodbc {

// `host`: a name, or a numeric address with or without brackets. `dns_servers`: asked instead of the system's, as "127.0.0.1:5353,[::1]:5353"; empty: the system's.
// `canonical_name`, if given, receives the name that DNS leads `host` to when that is another one.
Result<std::vector<std::string>> numeric_addresses(const std::string& host, Deadline deadline,
                                                   const std::string& dns_servers = "",
                                                   std::string* canonical_name = nullptr);

// Written as IPv4 or IPv6 in full, without brackets.
bool is_numeric_address(const std::string& host);

}  // namespace iamodbc
