// settings: what was given, typed and checked. Nothing is looked up on disk or network here.
// Errors: a value that is not one of those allowed (HY024, lists them); a name close to one of ours (HY024, "did you mean"); an attribute that may not stand
// in a connection string; what an IAM login cannot do without (08001).
// Thread rule: values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base_driver_profile.h"
#include "core/credentials/provider.h"
#include "core/given.h"
#include "core/log.h"
#include "core/result.h"
#include "core/secret.h"

namespace iamodbc {

// In the words of Tunnel, where the port of this computer goes.
inline constexpr std::string_view tunnel_port_word = "{port}";

// What `AuthType` says; the order of its choices in the table of attributes.
enum class AuthType { iam, password, secrets_manager, redshift, dsql };
const char* text(AuthType type);  // as the table of attributes writes it
// Whether we sign or fetch what opens the database: AWS credentials are needed, TLS is forced, and a given PWD has no use.
bool brings_login(AuthType type);
// Whether an AWS service is asked for it: then what it tells of the database counts where the DSN is silent.
bool fetches_login(AuthType type);
// Whether that is a token, which we sign for one host by ourselves.
bool signs_token(AuthType type);

// Where one attribute's value came from; for `check`.
struct Provenance {
  AttributeId id;
  std::string value;  // "***" when secret
  std::string where;
};

struct Settings {
  AuthType auth_type = AuthType::iam;
  std::string server;
  int port = 0;
  std::string database;
  bool has_database = false;
  std::string user;
  std::string region;      // as given; empty: to be chosen
  std::string token_host;  // Server unless given
  int token_port = 0;      // Port unless given
  bool has_token_host = false;
  std::vector<std::string> tunnel;           // the words of Tunnel: a program and its arguments; empty: none
  bool tunnel_takes_port = false;            // {port} is among them
  bool resolves_cname = false;               // ResolveCNAME=yes: DNS is believed
  std::string asked_server;                  // that Server was an alias of; empty: it was none
  std::chrono::seconds token_lifetime{900};  // of AuthType=DSQL
  CredentialSettings credentials;
  TlsLevel tls = TlsLevel::verify_full;
  // The string says something about where a token signed for TokenHost goes, or a password that is fetched; then only certificates that the string did not choose will do.
  bool string_leads_token = false;
  // The string itself gives Server, Port, TokenHost or hostaddr in pqopt, and the administrator did not allow it more.
  bool string_says_where = false;
  std::string tls_where;         // for people: where the level came from
  bool asks_for_tls = false;     // TLS or TLSCAFile were given; with AuthType=Password only then do we force anything
  std::string tls_ca_file;       // as given; empty: to be chosen
  std::string tls_ca_file_name;  // the attribute that gave it, in its spelling there
  Origin tls_ca_file_origin = Origin::base_data_source;
  LogLevel log_level = LogLevel::off;
  std::string log_file;
  bool ignored_password = false;  // a PWD was given that this AuthType has no use for
  std::vector<Provenance> provenance;
};

// What decides which base driver it is; asked first, because the base driver's profile decides how the rest is spelled.
struct BaseChoice {
  std::string base_driver;  // BaseDriver, or empty
  std::string engine;       // Engine in lower case, or empty
  std::optional<int> port;
};
Result<BaseChoice> read_base_choice(const Given& given);

// What decides which login is fetched; asked before the base driver is chosen, because it may tell which one that is.
struct FetchSettings {
  AuthType auth_type = AuthType::iam;
  std::string server;
  std::string token_host;  // Server unless given
  std::string database;
  std::string user;
  std::string region;  // as given, lower case; empty: to be chosen
  CredentialSettings credentials;
  // Of AuthType=SecretsManager.
  std::string secret_id;
  std::string secret_region;  // as region
  std::string username_key = "username";
  std::string password_key = "password";
  std::chrono::seconds secret_lifetime{900};
  // Of AuthType=Redshift.
  std::string cluster;
  std::string workgroup;
  bool creates_user = false;
  std::vector<std::string> groups;
  bool is_federated = false;  // GroupFederation
  std::optional<int> duration;
};
// Of a login that is not fetched auth_type alone. Fails as well when what has to be fetched is not named. `may_prompt`: as in CredentialSettings.
Result<FetchSettings> read_fetch_settings(const Given& given, bool may_prompt = true);

// The log that the user asked for; asked early, so that later rooms can write to it.
Result<Log> read_log(const Given& given);

// `may_prompt`: as in CredentialSettings.
Result<Settings> read_settings(const Given& given, const BaseDriverProfile& profile, bool may_prompt = true);

// Why no token can be signed for what the attribute `name` (Server or TokenHost) gives as a host.
std::optional<Error> not_one_host(const char* name, const std::string& host);

}  // namespace iamodbc
