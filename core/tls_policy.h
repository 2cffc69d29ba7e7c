// tls_policy: how a token's connection is protected. Decided before anything is dialled; refuses rather than weakens.
//   - one TCP host, no list, no socket;
//   - the base driver's TLS switches are forced, whatever spelling the user chose, to the level that was asked for (verify-full unless told);
//   - libpq's side doors (pqopt, PG* variables) that would redirect or weaken are overridden or refused, by name;
//   - the CA file is known by name, and a region whose root it lacks is told before dialling.
// Errors: 08001, with what to change.
// Thread rule: values.
// Source: docs/connecting.md; https://www.postgresql.org/docs/15/libpq-envars.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base_driver_profile.h"
#include "core/given.h"
#include "core/libpq_options.h"
#include "core/login/login.h"
#include "core/result.h"
#include "core/settings.h"
#include "core/system.h"

namespace iamodbc {

struct CaFile {
  std::string path;            // empty: none is needed (TLS=require)
  std::string why;             // for people
  bool is_of_string = false;   // chosen by a connection string
  bool is_of_section = false;  // TLSCAFile or its like in odbc.ini
  bool is_of_public = false;  // the system's store or our file, by whatever way it was chosen: they vouch for everybody
};

struct TlsPlan {
  TlsLevel level = TlsLevel::verify_full;
  CaFile ca;
  // The name that the certificate is checked against, and that is written as Server; dialled is Settings::server.
  std::string checked_host;
  bool dials_another_host =
      false;  // checked_host is not what is dialled: the base driver is given a numeric address besides
  LibpqOptions libpq_options;  // of the user, checked; ours are not among them
};

// `data_directory`: where iamodbc's own files are (…/share/iamodbc), or empty.
Result<TlsPlan> plan_tls(const Settings& settings, const Given& given, const BaseDriverProfile& profile,
                         const System& system, const std::string& data_directory);

// Fails when the CA file that comes with iamodbc holds no root for the region of `name`, where that is an RDS endpoint.
std::optional<Error> missing_root(const TlsPlan& plan, const std::string& name);

}  // namespace iamodbc
