// login: the user and the secret that open the database, and what is known about them.
// Thread rule: values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/aws/region.h"
#include "core/credentials/default_chain.h"
#include "core/login/cache.h"
#include "core/login/rds_token.h"
#include "core/secret.h"
#include "core/settings.h"

namespace iamodbc {

struct Login {
  AuthType kind = AuthType::iam;  // never Password: that login is the user's own
  std::string user;               // of the database
  Secret secret;                  // the token, or the password that was fetched
  Endpoint signed_endpoint;       // of a token
  std::string source;             // of what was fetched, for people: "the secret prod/sales"
  std::string region_why;
  std::string region_warning;
  std::string identity;     // for people: masked key id and source
  std::optional<Time> end;  // of a token or a temporary password
  // Of what the cache gave or keeps.
  LoginKey key;
  Time signed_at;
  bool is_from_cache = false;
  bool may_be_shared = false;  // with the user's other processes (shared_tokens.h)
};

// The endpoint that is signed and why. Fails when no region is known; where nothing else tells it, the metadata service
// of an EC2 instance is asked, within the deadline.
struct SignedEndpoint {
  Endpoint endpoint;
  RegionChoice region;
  bool writer_is_to_be_asked = false;  // the endpoint of a global database, and no Region=: see settle_region()
  // Where AWS is asked for credentials and for the writer: the endpoint's region, else one of its partition; empty: the services' global names.
  std::string asked_region;
};
Result<SignedEndpoint> signed_endpoint(const Settings& settings, const System& system, const AwsFiles& files,
                                       const Log& log, Deadline deadline);

// Of a global database: asks Amazon RDS in which region it writes (writer_region.h). Where that cannot be asked, a region that something else told is signed,
// with a warning; without one it fails.
std::optional<Error> settle_region(SignedEndpoint& endpoint, const AwsClient& client, const Credentials& credentials);

// Signs. `endpoint` from signed_endpoint(), settled.
Login token_login(const Settings& settings, SignedEndpoint endpoint, const Credentials& credentials, Time now);
// Takes the token from the cache or, with LoginCache=user, from another process of the user; else signs one. HYT00 when the deadline passes while another thread signs.
Result<Login> token_login(LoginCache& cache, const Settings& settings, SignedEndpoint endpoint,
                          const Credentials& credentials, const System& system, Deadline deadline);

}  // namespace iamodbc
