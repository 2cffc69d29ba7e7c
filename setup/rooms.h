// rooms: what the rooms of a connect hold, in words without secrets, and what a server says of a session: for `check` and `doctor`.
// Thread rule: values; what takes a Connection is for one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base_driver_file.h"
#include "core/given.h"
#include "core/settings.h"
#include "core/tls_policy.h"
#include "core/walk.h"
#include "setup/base_probe.h"
#include "setup/connection.h"
#include "setup/source.h"

namespace iamodbc {

// "Port=5432 ([sales] in /home/me/.odbc.ini, line 4; overridden)", one line each.
std::vector<std::string> described(const Given& given, const BaseDriverProfile& profile);
// "/usr/lib/odbc/libiamodbc.so ([iamodbc] in odbcinst.ini)"
std::string described(const OwnLibrary& library);
std::string described(const BaseDriverFile& file, const BaseProbe& base, const BaseDriverProfile& profile);
// "AuthType=IAM, user jane at host:5432, database app"
std::string described(const Settings& settings);
// What LoginCache comes to here: "the kernel's user keyring, 2 entries; locks in /run/user/1000/iamodbc".
std::string described(CacheReach login_cache, const System& system);
// "verify-full (the default)"; without a plan it is the base driver's.
std::string described(const std::optional<TlsPlan>& tls, const Settings& settings);
// "eu-central-1 (SecretRegion=)"
std::string described(const RegionChoice& region);
// "the secret prod/sales: user jane, host db.example, port 5432, database app, engine postgresql; until 2026-11-22T06:39:02Z"
std::string fetched_described(const Login& login, const Given& given);
// "localhost:5432 (Server)"
std::string described(const SignedEndpoint& endpoint, const Settings& settings);
// What DNS says of a Server that is signed and is no endpoint: where it leads, and what to write; or that it is no alias.
std::vector<std::string> name_described(const Settings& settings, const BaseDriverProfile& profile, Deadline deadline);
// "320 bytes, until 2026-11-22T06:39:02Z"
std::string token_described(const Login& login);

struct CaFileFound {
  std::string text;
  std::size_t ended = 0;             // of its certificates
  std::optional<Time> earliest_end;  // of the others; nothing when there are none, or no file is needed
  bool is_needed = true;
};
Result<CaFileFound> described(const CaFile& ca, Time now);

// What a server says of itself once we are in.
struct Session {
  std::string version;
  std::string tls;   // "TLSv1.3, <cipher>"; empty: none
  std::string time;  // UTC, ISO 8601
};
std::optional<Session> session_of(Connection& connection, BaseKind kind);
// "0.3 s ahead of the server's"
std::string seconds_apart(Time server, Time here);

// The records of a failed connect, the base driver's own first. The driver manager cuts messages, so our advice is written anew, whole.
std::vector<Error> whole_records(std::vector<Error> records, const Settings& settings,
                                 const std::optional<Login>& login, const BaseDriverProfile& profile,
                                 const System& system);

}  // namespace iamodbc
