// provider: one place where AWS credentials may be found. One file a provider; providers never include each other.
// A provider gives one of three answers:
//   credentials          they are here;
//   not configured here  with the reason, in a few words ("AWS_ACCESS_KEY_ID is not set"): the chain asks the next;
//   error                what the user chose is broken: the chain stops, and nothing else is used in its place.
// Thread rule: provide() is called from the connecting thread, with no lock held, and may be called from several
// threads. Source: the order and rules in docs/credentials.md SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/aws/client.h"
#include "core/credentials/credentials.h"
#include "core/deadline.h"
#include "core/error.h"
#include "core/ini_files.h"
#include "core/log.h"
#include "core/system.h"

namespace iamodbc {

struct NotConfigured {
  std::string reason;
};

using Answer = std::variant<SharedCredentials, NotConfigured, Error>;

// What `Credentials` says; the order of its choices in the table of attributes.
enum class CredentialSource {
  default_chain,
  keys,
  profile,
  sso,
  environment,
  web_identity,
  container,
  instance,
  process,
  keyring
};
// What `SSOLogin` says; likewise.
enum class SsoSignIn { never, browser, device, automatic };

// What `LoginCache` says; likewise. How far logins and credentials are kept.
enum class CacheReach { process, user, off };

// What the DSN says about credentials. Empty texts mean "not given".
struct CredentialSettings {
  std::optional<CredentialSource> source;  // absent: by what else is given
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;
  std::string profile;             // explicit: environment variables are then not asked
  std::string credential_process;  // a command line, from ini files only, as are the other two
  std::string mfa_prompt;
  std::string key_prompt;
  std::string role_arn;  // or a bare role name
  std::string external_id;
  std::string role_session_name;
  std::optional<int> role_duration;  // seconds
  std::string mfa_serial;
  std::string sso_start_url;
  std::string sso_region;
  std::string sso_account_id;
  std::string sso_role_name;
  std::string sso_session;
  SsoSignIn sso_login = SsoSignIn::never;
  int sso_login_timeout = 120;  // seconds
  std::string web_identity_token_file;
  std::string expected_account_id;
  CacheReach login_cache = CacheReach::process;
  bool are_permissions_strict = false;        // StrictPermissions
  bool are_keys_in_string = false;            // the keys are the application's, not of a file
  std::vector<std::string> files_of_secrets;  // of the DSN
  std::vector<std::string> files_of_dsn;      // all that its sections are in
  std::string dsn;                            // its name, for messages; empty: none
  bool may_prompt = true;  // whether the program that connects lets us ask: not under SQL_DRIVER_NOPROMPT
};

// What every provider may look at.
struct Context {
  const System& system;
  const AwsFiles& files;  // the shared config and credentials files, read once for a connect
  const CredentialSettings& settings;
  const Log& log;
  Deadline deadline;        // of the whole login
  std::string region{};     // of the database, for the services that are asked; empty: not known
  bool is_refresh = false;  // credentials that are still good stand by: nobody is to be asked anything
  bool holds_lock = false;  // between_processes.h: what is fetched on the way takes no further one
};

// Who asks AWS's services: `profile` is the one whose settings count, and its region where the database's is not known. Without any, empty.
AwsClient aws_client(const Context& context, const std::string& profile);

// For a file that secrets are taken from: an error where others can read or change it (private_file.h) and
// StrictPermissions=yes; else a warning in the log.
std::optional<Error> open_to_others_error(const std::string& path, const CredentialSettings& settings, const Log& log);
// Likewise for the files in which the DSN has its secrets, and for its other files where others can change them.
std::optional<Error> open_files_error(const CredentialSettings& settings, const Log& log);
// Likewise for the two AWS files where others can change them: they may name programs, services and authorities.
std::optional<Error> changeable_files_error(const AwsFiles& files, const CredentialSettings& settings, const Log& log);

class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  [[nodiscard]] virtual std::string name() const = 0;  // as in messages: "environment", "profile dev"
  [[nodiscard]] virtual Answer provide(const Context& context) const = 0;
};

}  // namespace iamodbc
