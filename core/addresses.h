// addresses: the numeric addresses of a host, in the order in which they are to be tried (RFC 6724), and the names that DNS leads it to.
// Addresses are used where the name that is dialled is not the name that the certificate is checked against. Asks what the system's resolver asks first: the hosts file, then DNS with
// the servers and options of resolv.conf. Other sources of names (mDNS, NIS, ...) are not asked: their modules can be neither bounded in time nor stopped.
// Errors: 08001 with the reason, HYT00 at the deadline; without one a look-up ends after half a minute. Starts no thread. Thread rule: any thread.
// Source: https://c-ares.org/docs/ares_getaddrinfo.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/deadline.h"
#include "core/result.h"

namespace iamodbc {

// `host`: a name, or a numeric address with or without brackets. `dns_servers`: asked instead of the system's, as "127.0.0.1:5353,[::1]:5353"; empty: the system's.
Result<std::vector<std::string>> numeric_addresses(const std::string& host, Deadline deadline,
                                                   const std::string& dns_servers = "");

// The names that DNS leads `host` to (CNAME), in order and in lower case, without their trailing dot; none when it is no alias, or a numeric address. `is_enough` is
// asked about each name, `host` first, and ends the search with it. The last name need not have an address. The hosts file is not asked: it has no aliases.
// Errors, besides the above: names that lead in a circle, or on and on.
constexpr std::size_t most_aliases = 16;
Result<std::vector<std::string>> aliases(const std::string& host, Deadline deadline,
                                         const std::function<bool(const std::string&)>& is_enough,
                                         const std::string& dns_servers = "");

// Written as IPv4 or IPv6 in full, without brackets.
bool is_numeric_address(const std::string& host);

}  // namespace iamodbc
