// base_string: the connection string that the base driver sees.
// Order: DSN= (BaseDSN, else the application's), Driver= where the base driver needs it, what is not ours exactly as the application wrote it and in its order,
// then ours under the base driver's own names, each once, then what is forced, the secret last. As the last occurrence wins in every base driver, nothing that
// stands earlier can redirect or weaken; the host that is signed is the host that is dialled.
// With AuthType=Password nothing is forced (unless TLS or TLSCAFile were given) and a password of the string is passed on as it was written.
// Errors (08001): a value that this base driver cannot take whole; a limit that the secret exceeds.
// Thread rule: pure functions.
// Source: docs/connecting.md, docs/base-drivers.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base_driver_profile.h"
#include "core/given.h"
#include "core/login/login.h"
#include "core/result.h"
#include "core/secret.h"
#include "core/settings.h"
#include "core/tls_policy.h"

namespace iamodbc {

struct BaseStringInput {
  const Given& given;
  const Settings& settings;
  const BaseDriverFacts& base;
  const Login* login;     // that we bring; else nullptr
  const TlsPlan* tls;     // nullptr: the base driver's own business
  std::string pass_file;  // path of the in-memory password file; empty: the secret stands in the string
  std::string address;    // numeric address to dial when it is not the checked host's; empty: none
  int seconds_left = 0;   // of the login time-out, for a base driver that takes it from the string alone; 0: none
  int port = 0;           // to dial, where a tunnel has chosen it; 0: Port
};

Result<Secret> write_base_string(const BaseStringInput& input, Width width);

// The string that SQLDriverConnect gives back: what the application asked for, completed from the DSN. A secret of a DSN or of a provider is never in it; secrets
// that the application itself gave come last, and not at all when the string has SAVEFILE (the driver manager would write them to that file).
Secret write_out_string(const Given& given, const Settings& settings, const BaseDriverProfile& profile);

// Whether the value of this attribute may be shown whole to people: no secret, no command line, no access key id (check masks it).
bool may_show(const BaseDriverProfile& profile, std::string_view name);

}  // namespace iamodbc
