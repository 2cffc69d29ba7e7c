// SPDX-License-Identifier: Apache-2.0
#include "core/settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/program.h"
#include "core/text.h"

namespace iamodbc {
namespace {

std::string list(std::span<const char* const> words) {
  std::string text;
  for (const char* word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

// Reads our attributes one by one and remembers the first thing that is wrong, so that the caller reads as a list of attributes.
class Reader {
 public:
  Reader(const Given& given, const BaseDriverProfile& profile) : given_(given), profile_(profile) {}

  std::optional<Found> found(AttributeId id) {
    const AttributeRow& row = attribute_row(id);
    auto found = given_.find(id, profile_, id == AttributeId::database);
    if (!found) return found;
    if (row.ini_only && found->origin == Origin::connection_string && !given_.allows_in_string()) {
      const char* const harm = id == AttributeId::secret_username_key
                                   ? "could have any part of any secret shown as the name of a user"
                                   : "would decide what runs or is written on this machine";
      fail(State::invalid_attribute_value,
           std::string(row.name) + " is not taken from a connection string: whoever writes the string " + harm +
               ". Put it into the DSN's section of odbc.ini, or let the administrator write AllowInString=yes into the "
               "driver's section of odbcinst.ini.");
      return std::nullopt;
    }
    provenance_.push_back(Provenance{id, row.is_secret ? "***" : std::string(found->value), found->where});
    return found;
  }

  std::string text(AttributeId id) {
    const auto value = found(id);
    return value ? std::string(value->value) : std::string();
  }

  Secret secret(AttributeId id) {
    const auto value = found(id);
    return value ? Secret(value->value) : Secret();
  }

  std::optional<int> port(AttributeId id) { return number(id, "a TCP port. Allowed: a number", 1, 65535); }

  std::optional<int> seconds(AttributeId id, int least, int most) {
    return number(id, "a number of seconds", least, most);
  }

  // The position among the row's choices; nullopt when absent (or wrong, and then failed).
  std::optional<std::size_t> choice(AttributeId id) {
    const auto value = found(id);
    if (!value) return std::nullopt;
    const auto choices = attribute_row(id).choices;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (same_name(choices[i], trimmed(value->value))) return i;
    }
    fail(State::invalid_attribute_value, std::string(value->name) + "=" + std::string(value->value) + " (" +
                                             value->where + ") is not a value of " + attribute_row(id).name +
                                             ". Allowed: " + list(choices) + ".");
    return std::nullopt;
  }

  void fail(const char* sqlstate, std::string message) {
    if (!error_) error_ = Error{sqlstate, std::move(message), 0};
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  std::vector<Provenance> provenance() { return std::move(provenance_); }

 private:
  std::optional<int> number(AttributeId id, const std::string& what, int least, int most) {
    const auto value = found(id);
    if (!value) return std::nullopt;
    const auto number = parse_integer(trimmed(value->value));
    if (number && *number >= least && *number <= most) return static_cast<int>(*number);
    fail(State::invalid_attribute_value, std::string(value->name) + "=" + std::string(value->value) + " (" +
                                             value->where + ") is not " + what + " from " + std::to_string(least) +
                                             " to " + std::to_string(most) + ".");
    return std::nullopt;
  }

  const Given& given_;
  const BaseDriverProfile& profile_;
  std::optional<Error> error_;
  std::vector<Provenance> provenance_;
};

// A name that is one slip away from ours and that nobody else reads.
std::optional<Error> spelling_mistake(const Given& given, const BaseDriverProfile& profile) {
  if (profile.kind == BaseKind::unknown) return std::nullopt;  // who knows what it reads
  for (const Found& found : given.all()) {
    if (found.origin == Origin::base_data_source) continue;  // the base driver's own section
    if (our_attribute(profile, found.name) != nullptr || reads(profile, found.name) ||
        is_driver_manager_attribute(found.name))
      continue;
    if (is_one_of(profile.tls_names, found.name) || is_one_of(profile.ca_file_names, found.name)) continue;
    const std::string_view meant = near_miss(found.name);
    if (meant.empty()) continue;
    return Error{State::invalid_attribute_value,
                 std::string(found.name) + " (" + found.where + ") is not an attribute of iamodbc or of " +
                     profile.title + ". Did you mean " + std::string(meant) + "?",
                 0};
  }
  return std::nullopt;
}

// The TLS level: TLS itself and every spelling of the base driver, the string before the sections, the last before the first.
struct TlsChoice {
  TlsLevel level = TlsLevel::verify_full;
  std::string where = "the default";
  bool is_ours = false;    // TLS itself, not a base driver's spelling
  bool in_string = false;  // it stands in the connection string
};
Result<TlsChoice> choose_tls(const Given& given, const BaseDriverProfile& profile, bool below_encryption_is_an_error) {
  TlsChoice choice;
  std::vector<const char*> names(profile.tls_names.begin(), profile.tls_names.end());
  names.push_back(attribute_row(AttributeId::tls).name);
  while (const auto found = given.find(names)) {
    const bool is_ours = same_name(found->name, attribute_row(AttributeId::tls).name);
    if (!is_ours && !below_encryption_is_an_error) return choice;  // the base driver's own business
    const auto level = tls_level_of(profile, found->name, found->value);
    if (!level) {
      return Error{level.error().sqlstate, level.error().message + " (It stands in " + found->where + ".)", 0};
    }
    if (!level.value()) {  // FORCETLS=1 does not hide an SSLVERIFY=0 before it
      std::erase_if(names, [&](const char* name) { return same_name(name, found->name); });
      continue;
    }
    choice.is_ours = is_ours;
    choice.in_string = found->origin == Origin::connection_string;
    choice.level = *level.value();
    choice.where = std::string(found->name) + "=" + std::string(found->value) + " in " + found->where;
    return choice;
  }
  return choice;
}

bool is_in_string(const Given& given, const BaseDriverProfile& profile, AttributeId id) {
  const auto one = given.find(id, profile);
  return one && one->origin == Origin::connection_string;
}

// Whether the connection string itself says where a token goes, or a password that is fetched.
bool string_says_where(const Given& given, const BaseDriverProfile& profile) {
  const auto options = given.find(profile.libpq_option_names);
  const bool gives_address = options && options->origin == Origin::connection_string &&
                             options->value.find("hostaddr") != std::string_view::npos;
  return gives_address || is_in_string(given, profile, AttributeId::token_host) ||
         is_in_string(given, profile, AttributeId::server) || is_in_string(given, profile, AttributeId::port);
}

CredentialSettings read_credential_settings(Reader& reader, const Given& given, const BaseDriverProfile& profile,
                                            bool may_prompt) {
  using Id = AttributeId;
  CredentialSettings settings;
  if (const auto source = reader.choice(Id::credentials)) settings.source = static_cast<CredentialSource>(*source);
  settings.access_key_id = reader.text(Id::access_key_id);
  settings.secret_access_key = reader.secret(Id::secret_access_key);
  settings.session_token = reader.secret(Id::session_token);
  settings.profile = reader.text(Id::profile);
  settings.credential_process = reader.text(Id::credential_process);
  settings.mfa_prompt = reader.text(Id::mfa_prompt);
  settings.key_prompt = reader.text(Id::key_prompt);
  settings.role_arn = reader.text(Id::role_arn);
  settings.external_id = reader.text(Id::external_id);
  settings.role_session_name = reader.text(Id::role_session_name);
  settings.role_duration = reader.seconds(Id::role_duration, 900, 43200);
  settings.mfa_serial = reader.text(Id::mfa_serial);
  settings.sso_start_url = reader.text(Id::sso_start_url);
  settings.sso_region = reader.text(Id::sso_region);
  settings.sso_account_id = reader.text(Id::sso_account_id);
  settings.sso_role_name = reader.text(Id::sso_role_name);
  settings.sso_session = reader.text(Id::sso_session);
  if (const auto sign_in = reader.choice(Id::sso_login)) settings.sso_login = static_cast<SsoSignIn>(*sign_in);
  settings.sso_login_timeout = reader.seconds(Id::sso_login_timeout, 10, 3600).value_or(settings.sso_login_timeout);
  settings.web_identity_token_file = reader.text(Id::web_identity_token_file);
  settings.expected_account_id = reader.text(Id::expected_account_id);
  if (const auto reach = reader.choice(Id::login_cache)) settings.login_cache = static_cast<CacheReach>(*reach);
  settings.are_permissions_strict = reader.choice(Id::strict_permissions) == 1U;
  settings.dsn = given.dsn();
  settings.files_of_secrets = given.files_of_secrets(profile);
  settings.files_of_dsn = given.files();
  settings.are_keys_in_string = is_in_string(given, profile, Id::secret_access_key);
  settings.may_prompt = may_prompt;
  return settings;
}

// Why AWS's word on where the database is was not enough.
const char* missing_server(AuthType type) {
  if (type == AuthType::secrets_manager) {
    return "Server is missing, and the secret has no host (one that RDS manages holds no more than user and password). "
           "Give the endpoint of the database: Server=name.cluster-....rds.amazonaws.com in the DSN or the string.";
  }
  return "Server is missing. Give the endpoint of the database: Server=name.cluster-....rds.amazonaws.com in the DSN "
         "or "
         "the string.";
}

// What a login that we bring cannot do without, and where it may not be led.
void check_login(Reader& reader, const Given& given, const BaseDriverProfile& profile, Settings& settings,
                 bool tls_in_string) {
  const bool is_fetched = fetches_login(settings.auth_type);
  if (settings.server.empty()) reader.fail(State::cannot_connect, missing_server(settings.auth_type));
  if (settings.user.empty()) {
    reader.fail(State::cannot_connect,
                "UID is missing. Give the database user that may log in with IAM: UID=name in the DSN or the string.");
  }
  settings.string_says_where = !given.allows_in_string() && string_says_where(given, profile);
  settings.string_leads_token = (settings.has_token_host || is_fetched) && !given.allows_in_string() &&
                                (tls_in_string || settings.string_says_where);
  if (!settings.string_leads_token) return;
  if (settings.tls == TlsLevel::require) {
    reader.fail(State::invalid_attribute_value,
                is_fetched
                    ? std::string("TLS=require is not taken for a password that is fetched when the connection string "
                                  "says it, or Server or Port: whoever writes the string could lead the password to "
                                  "any host. Put all of them into the DSN's section of odbc.ini, or use "
                                  "TLS=verify-full.")
                    : std::string("TLS=require together with TokenHost is not taken from a connection string, nor a "
                                  "Server or Port beside them: whoever writes the string could lead "
                                  "the token to any host. Put all of them into the DSN's section of odbc.ini, or use "
                                  "TLS=verify-full."));
  }
  const bool checks_dialled_name = profile.kind == BaseKind::mariadb || profile.kind == BaseKind::mysql;
  if (checks_dialled_name && !is_fetched && !same_name(settings.token_host, settings.server)) {
    reader.fail(State::invalid_attribute_value,
                std::string("TokenHost for another host than Server is not taken from a connection string, nor a "
                            "Server, Port or TLS beside it: ") +
                    profile.title +
                    " checks the certificate against Server, so whoever writes the string could lead the token to "
                    "any host. Put all of them into the DSN's section of odbc.ini, or let the administrator write "
                    "AllowInString=yes into the driver's section of odbcinst.ini.");
  }
}

void check_dsql(Reader& reader, Settings& settings, const BaseDriverProfile& profile, bool has_token_lifetime) {
  if (settings.auth_type != AuthType::dsql) {
    if (has_token_lifetime) {
      reader.fail(State::invalid_attribute_value,
                  "TokenLifetime is for AuthType=DSQL alone: RDS takes no token that lives longer than 900 seconds, "
                  "and other logins have ends of their own. Remove it.");
    }
    return;
  }
  if (profile.kind == BaseKind::mariadb || profile.kind == BaseKind::mysql) {
    reader.fail(State::invalid_attribute_value, std::string("AuthType=DSQL does not go together with ") +
                                                    profile.title +
                                                    ": Aurora DSQL speaks PostgreSQL's protocol. Use psqlODBC as "
                                                    "BaseDriver.");
  }
  if (settings.database.empty()) {  // libpq would take the user's name
    settings.database = "postgres";
    settings.has_database = true;
  }
}

void check_resolve_cname(Reader& reader, const Settings& settings) {
  if (!settings.resolves_cname) return;
  const auto refuse = [&](const char* why) {
    reader.fail(State::invalid_attribute_value, std::string("ResolveCNAME=yes ") + why);
  };
  if (!signs_token(settings.auth_type)) {
    refuse(
        "is for a login with a token (AuthType=IAM or DSQL): a token opens nothing but the endpoint that it is signed "
        "for, a password opens whatever DNS leads it to. Remove it, and write the endpoint itself into Server.");
  }
  if (settings.has_token_host) refuse("looks up in DNS what TokenHost says already. Remove one of the two.");
  if (settings.tls != TlsLevel::verify_full) {
    refuse(
        "needs TLS=verify-full: DNS chooses where the token goes, so the server has to prove that it is the endpoint "
        "that was chosen. Remove ResolveCNAME, or the attribute that asks for less.");
  }
}

void read_tunnel(Reader& reader, Settings& settings) {
  const std::string line = reader.text(AttributeId::tunnel);
  if (line.empty()) return;
  auto words = split_command_line(line);
  if (!words) {
    reader.fail(State::invalid_attribute_value, "Tunnel is not a command line: " + words.error().message + ".");
  } else if (words.value().empty() || words.value().front().empty()) {
    reader.fail(State::invalid_attribute_value, "Tunnel names no program.");
  } else {
    settings.tunnel = std::move(words).value();
    settings.tunnel_takes_port = line.find(tunnel_port_word) != std::string::npos;
  }
}

}  // namespace

const char* text(AuthType type) {
  return attribute_row(AttributeId::auth_type).choices[static_cast<std::size_t>(type)];
}

bool brings_login(AuthType type) {
  return type != AuthType::password;
}

bool fetches_login(AuthType type) {
  return type == AuthType::secrets_manager || type == AuthType::redshift;
}

bool signs_token(AuthType type) {
  return type == AuthType::iam || type == AuthType::dsql;
}

Result<BaseChoice> read_base_choice(const Given& given) {
  Reader reader(given, base_driver_profile(BaseKind::unknown));
  BaseChoice choice;
  choice.base_driver = reader.text(AttributeId::base_driver);
  if (const auto engine = reader.choice(AttributeId::engine))
    choice.engine = attribute_row(AttributeId::engine).choices[*engine];
  choice.port = reader.port(AttributeId::port);
  const auto type = reader.choice(AttributeId::auth_type);
  const bool is_of_dsql = type && static_cast<AuthType>(*type) == AuthType::dsql;
  if (choice.engine.empty() && is_of_dsql) choice.engine = "postgresql";  // its protocol
  if (reader.error()) return *reader.error();
  return choice;
}

namespace {

// Names with commas between, blanks around them left out.
std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (const std::string_view name = trimmed(text.substr(0, end)); !name.empty()) names.emplace_back(name);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

// Of a choice between no, yes, false, true, 0 and 1.
bool is_yes(std::optional<std::size_t> choice) {
  return choice.value_or(0) % 2 == 1;
}

void read_secret_settings(Reader& reader, FetchSettings& settings) {
  using Id = AttributeId;
  constexpr int longest = 86400;
  settings.secret_id = trimmed(reader.text(Id::secret_id));
  settings.secret_region = lower(trimmed(reader.text(Id::secret_region)));
  if (auto key = reader.text(Id::secret_username_key); !key.empty()) settings.username_key = std::move(key);
  if (auto key = reader.text(Id::secret_password_key); !key.empty()) settings.password_key = std::move(key);
  if (const auto lifetime = reader.seconds(Id::secret_lifetime, 0, longest))
    settings.secret_lifetime = std::chrono::seconds(*lifetime);
  if (settings.auth_type != AuthType::secrets_manager) return;
  if (settings.secret_id.empty()) {
    reader.fail(
        State::cannot_connect,
        "SecretID is missing. Give the name or the ARN of the secret in AWS Secrets Manager: SecretID=... in the "
        "DSN or the string.");
  }
}

void read_redshift_settings(Reader& reader, FetchSettings& settings) {
  using Id = AttributeId;
  settings.cluster = trimmed(reader.text(Id::cluster_id));
  settings.workgroup = trimmed(reader.text(Id::workgroup));
  settings.creates_user = is_yes(reader.choice(Id::auto_create));
  settings.groups = listed(reader.text(Id::db_groups));
  settings.is_federated = is_yes(reader.choice(Id::group_federation));
  settings.duration = reader.seconds(Id::iam_duration, 900, 3600);
  if (settings.auth_type == AuthType::redshift && !settings.cluster.empty() && !settings.workgroup.empty()) {
    reader.fail(State::invalid_attribute_value,
                "ClusterID and Workgroup are both given. A database is of a cluster or of a workgroup of Redshift "
                "Serverless: remove one of them.");
  }
}

}  // namespace

Result<FetchSettings> read_fetch_settings(const Given& given, bool may_prompt) {
  using Id = AttributeId;
  Reader reader(given, base_driver_profile(BaseKind::unknown));
  FetchSettings settings;
  if (const auto type = reader.choice(Id::auth_type)) settings.auth_type = static_cast<AuthType>(*type);
  if (reader.error()) return *reader.error();
  if (!fetches_login(settings.auth_type)) return settings;
  settings.server = reader.text(Id::server);
  settings.token_host = reader.text(Id::token_host);
  if (settings.token_host.empty()) settings.token_host = settings.server;
  settings.database = reader.text(Id::database);
  settings.user = reader.text(Id::uid);
  settings.region = lower(trimmed(reader.text(Id::region)));
  settings.credentials = read_credential_settings(reader, given, base_driver_profile(BaseKind::unknown), may_prompt);
  read_secret_settings(reader, settings);
  read_redshift_settings(reader, settings);
  if (reader.error()) return *reader.error();
  return settings;
}

Result<Log> read_log(const Given& given) {
  Reader reader(given, base_driver_profile(BaseKind::unknown));
  const auto level = reader.choice(AttributeId::log_level);
  const std::string file = reader.text(AttributeId::log_file);
  if (reader.error()) return *reader.error();
  const LogLevel chosen = level ? static_cast<LogLevel>(*level) : (file.empty() ? LogLevel::off : LogLevel::info);
  return Log(chosen, file);
}

Result<Settings> read_settings(const Given& given, const BaseDriverProfile& profile, bool may_prompt) {
  if (auto mistake = spelling_mistake(given, profile)) return *mistake;

  Settings settings;
  Reader reader(given, profile);
  reader.found(AttributeId::base_driver);
  reader.found(AttributeId::base_dsn);
  reader.found(AttributeId::engine);
  if (const auto type = reader.choice(AttributeId::auth_type)) settings.auth_type = static_cast<AuthType>(*type);
  settings.server = reader.text(AttributeId::server);
  settings.port = reader.port(AttributeId::port).value_or(profile.default_port);
  if (const auto database = reader.found(AttributeId::database)) {
    settings.database = database->value;
    settings.has_database = true;
  }
  settings.user = reader.text(AttributeId::uid);
  // The user belongs to the password that was fetched with it, whatever else was given.
  if (const auto user = given.told(AttributeId::uid)) settings.user = *user;
  settings.region = lower(trimmed(reader.text(AttributeId::region)));
  const std::string token_host = reader.text(AttributeId::token_host);
  settings.has_token_host = !token_host.empty();
  settings.token_host = settings.has_token_host ? token_host : settings.server;
  settings.token_port = reader.port(AttributeId::token_port).value_or(settings.port);
  settings.resolves_cname = reader.choice(AttributeId::resolve_cname).value_or(0) == 1;
  const auto token_lifetime = reader.seconds(AttributeId::token_lifetime, 1, 604800);
  if (token_lifetime) settings.token_lifetime = std::chrono::seconds(*token_lifetime);
  read_tunnel(reader, settings);
  settings.credentials = read_credential_settings(reader, given, profile, may_prompt);
  reader.found(AttributeId::tls_ca_file);
  std::vector<const char*> ca_names(profile.ca_file_names.begin(), profile.ca_file_names.end());
  ca_names.push_back(attribute_row(AttributeId::tls_ca_file).name);
  if (const auto file = given.find(ca_names)) {
    settings.tls_ca_file = file->value;
    settings.tls_ca_file_name = file->name;
    settings.tls_ca_file_origin = file->origin;
  }
  if (const auto level = reader.choice(AttributeId::log_level)) settings.log_level = static_cast<LogLevel>(*level);
  settings.log_file = reader.text(AttributeId::log_file);
  const bool is_ours = brings_login(settings.auth_type);
  settings.ignored_password = is_ours && given.find(AttributeId::pwd, profile).has_value();
  reader.choice(AttributeId::tls);

  const auto tls = choose_tls(given, profile, is_ours);
  if (!tls) return tls.error();
  settings.tls = tls.value().level;
  settings.tls_where = tls.value().where;
  settings.asks_for_tls = is_ours || tls.value().is_ours || given.find(AttributeId::tls_ca_file, profile).has_value();

  if (is_ours) check_login(reader, given, profile, settings, tls.value().in_string);
  check_dsql(reader, settings, profile, token_lifetime.has_value());
  check_resolve_cname(reader, settings);
  if (reader.error()) return *reader.error();
  settings.provenance = reader.provenance();
  return settings;
}

std::optional<Error> not_one_host(const char* name, const std::string& host) {
  if (host.empty()) return cannot_connect(std::string(name) + " is empty. Give the host name of the database.");
  if (host.find_first_of("@=", 1) != std::string::npos) {
    return cannot_connect(std::string(name) +
                          " is not a host name, and is not repeated because it may hold a password. Give the RDS "
                          "endpoint, without scheme, user or path.");
  }
  if (host.front() == '/' || host.front() == '@' || host.front() == '\\' || host == ".") {
    return cannot_connect(std::string(name) + "=" + host +
                          " is a socket or a pipe. An IAM token is signed for a TCP host: give the RDS endpoint.");
  }
  const bool is_bracketed = host.front() == '[' && host.back() == ']';
  if (!is_bracketed && std::count(host.begin(), host.end(), ':') == 1) {
    return cannot_connect(std::string(name) + "=" + host + " holds a port. Give the host alone, and the port in " +
                          (name == std::string_view("Server") ? "Port." : "TokenPort."));
  }
  for (const char c : host) {
    if (c == ',') {
      return cannot_connect(
          std::string(name) + "=" + host +
          " is a list of hosts. An IAM token is signed for one host: give one, for example the cluster endpoint.");
    }
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '/' || c == ';' || c == '\'' || c == '"' ||
        c == '\\' || c == '{' || c == '}' || c == '=') {
      return cannot_connect(std::string(name) + "=" + host +
                            " is not a host name. Give the RDS endpoint, without scheme, user or path.");
    }
  }
  return std::nullopt;
}

}  // namespace iamodbc
