// fetched_login: what an AWS service gives to log in with, whichever service: a JSON object with "username" and "password", and where the service tells them "host",
// "port", "dbname" and "engine". So a secret is handed on as it is, and what Redshift answers is written in the same words.
// Thread rule: values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/aws/client.h"
#include "core/credentials/credentials.h"
#include "core/given.h"
#include "core/login/cache.h"
#include "core/login/login.h"
#include "core/result.h"
#include "core/settings.h"

namespace iamodbc {

// The region of the service that is asked. As choose_region(); SecretRegion and the region in an ARN come first.
Result<RegionChoice> fetch_region(const FetchSettings& settings, const System& system, const AwsFiles& files,
                                  const Log& log, Deadline deadline);

// "secret prod/sales", "cluster sales", "workgroup sales"; for people. REQUIRES fetches_login().
Result<std::string> fetch_source(const FetchSettings& settings);

struct FetchedLogin {
  Login login;
  std::vector<Told> told;  // names as in the table of attributes
};

// Takes it from the cache, or asks the service. Fails when the service gives nothing, or nothing that is a login: 08001, or the state of the call.
// HYT00 when the deadline passes while another thread asks. `client` has the region of fetch_region().
Result<FetchedLogin> fetch_login(LoginCache& cache, const FetchSettings& settings, const AwsClient& client,
                                 const RegionChoice& region, const SharedCredentials& credentials);

// ---- the services, a file each ----

// What was fetched: that JSON object, and until when it may be used.
struct FetchedDocument {
  Secret json;
  Time end;
  std::chrono::seconds margin{0};  // how long before its end it is fetched anew
};
// `now`: when it is asked, by AWS's clock.
Result<FetchedDocument> fetch_secret(const FetchSettings& settings, const AwsClient& client, const SigningKeys& keys,
                                     Time now);
Result<FetchedDocument> fetch_redshift_login(const FetchSettings& settings, const AwsClient& client,
                                             const SigningKeys& keys);

// The name of the cluster or workgroup: as given, else as the host name tells it.
struct RedshiftTarget {
  std::string name;
  bool is_serverless = false;
};
Result<RedshiftTarget> redshift_target(const FetchSettings& settings);

// The region in "arn:aws:secretsmanager:eu-central-1:111122223333:secret:sales-AbCdEf"; empty for what is no ARN.
std::string region_of_arn(std::string_view arn);

// Of a JSON object as above; pure. `source` as of fetch_source().
Result<FetchedLogin> login_of(const FetchSettings& settings, const Secret& json, const std::string& source);

}  // namespace iamodbc
