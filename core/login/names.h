// names: what the host name of a database is, and the endpoint of AWS behind a name of one's own.
// A token is for one endpoint and a certificate has its name, so a name of one's own (Route 53, a CNAME in the company's DNS) is never signed with success. The
// endpoint is the first name of a database that DNS leads to: behind it may come others, of an instance or of EC2, which are not what was asked for.
// DNS is not believed unless ResolveCNAME=yes says so; without it, what it says is advice for people.
// Errors: 08001 with what to do, HYT00 at the deadline. Thread rule: any thread, no lock held.
// Source: docs/names.md, docs/security.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/aws/region.h"
#include "core/base_driver_profile.h"
#include "core/deadline.h"
#include "core/log.h"
#include "core/result.h"
#include "core/settings.h"

namespace iamodbc {

// "the endpoint of an RDS proxy"; empty for a name that is not AWS's.
std::string described_host(const std::string& host);

// One that a database answers to; a load balancer's is none.
bool is_database_endpoint(std::string_view host);

// Where DNS leads a name.
struct NameTrail {
  std::vector<std::string> names;  // behind the one that was asked for
  std::string endpoint;            // the last of them, if it is a database's
};
Result<NameTrail> follow_name(const std::string& host, Deadline deadline, const std::string& dns_servers = "");

// Whether Server is signed and may be an alias: it is no endpoint of a database, no address, and TokenHost does not say what it stands for.
bool signs_own_name(const Settings& settings);

// For advice to people: the endpoint that Server is an alias of. Asked within a few seconds; empty when there is none, or nobody tells it.
std::string advised_endpoint(const Settings& settings, Deadline deadline);

// What to write into the DSN for the endpoint that Server is an alias of: "TokenHost=...", or where the base driver checks the certificate against Server itself
// "Server=...".
std::string line_for_endpoint(const std::string& endpoint, const BaseDriverProfile& profile);

// With ResolveCNAME=yes: `settings` as if Server were the endpoint behind it. Fails when DNS leads to none.
Result<Settings> with_resolved_server(Settings settings, const Log& log, Deadline deadline,
                                      const std::string& dns_servers = "");

}  // namespace iamodbc
