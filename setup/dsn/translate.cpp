// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/translate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/base_driver_file.h"
#include "core/libpq_options.h"
#include "core/text.h"

namespace iamodbc {
namespace {

using Id = AttributeId;

// What becomes of an attribute that neither iamodbc nor a base driver knows by this name.
struct Rule {
  const char* name;
  const char* becomes;  // the attribute of ours; nullptr: it goes
  const char* why;      // it goes, or nullptr
};

constexpr const char* needless = "iamodbc needs no such switch";
constexpr const char* no_failover = "iamodbc connects to the one endpoint that Server names";
constexpr const char* other_login = "iamodbc does not sign in this way: see the list in docs/credentials.md";

// Of AWS's ODBC wrapper, beside the names that are aliases of ours.
constexpr Rule wrapper_rules[] = {
    {"SSO_SESSION_NAME", "SSOSession", nullptr},
    {"SSO_IDP_RESPONSE_TIMEOUT", "SSOLoginTimeout", nullptr},
    {"SSO_LISTEN_PORT", nullptr, needless},
    {"TOKEN_EXPIRATION", nullptr, "a token lives 15 minutes, as RDS has it"},
    {"EXTRA_URL_ENCODE", nullptr, "iamodbc hands the token over in the way that each base driver reads it"},
    {"BASE_CONN", nullptr, needless},
    {"RDS_TEST_CONN", nullptr, needless},
    {"DATABASE_DIALECT", nullptr, needless},
    {"SECRET_ID", nullptr, other_login},
    {"SECRET_REGION", nullptr, other_login},
    {"SECRET_ENDPOINT", nullptr, other_login},
    {"SECRET_USERNAME_PROPERTY", nullptr, other_login},
    {"SECRET_PASSWORD_PROPERTY", nullptr, other_login},
    {"IDP_ENDPOINT", nullptr, other_login},
    {"IDP_PORT", nullptr, other_login},
    {"IDP_USERNAME", nullptr, other_login},
    {"IDP_ROLE_ARN", nullptr, other_login},
    {"IDP_SAML_ARN", nullptr, other_login},
    {"HTTP_SOCKET_TIMEOUT", nullptr, other_login},
    {"HTTP_CONNECT_TIMEOUT", nullptr, other_login},
    {"RELAY_PARTY_ID", nullptr, other_login},
    {"APP_ID", nullptr, other_login},
    {"MFA_TYPE", nullptr, other_login},
    {"MFA_PORT", nullptr, other_login},
    {"MFA_TIMEOUT", nullptr, other_login},
    {"ENABLE_CLUSTER_FAILOVER", nullptr, no_failover},
    {"FAILOVER_MODE", nullptr, no_failover},
    {"FAILOVER_TIMEOUT_MS", nullptr, no_failover},
    {"HOST_PATTERN", nullptr, no_failover},
    {"HOST_SELECTOR_STRATEGY", nullptr, no_failover},
    {"CLUSTER_ID", nullptr, no_failover},
    {"IGNORE_TOPOLOGY_REQUEST_MS", nullptr, no_failover},
    {"TOPOLOGY_HIGH_REFRESH_RATE_MS", nullptr, no_failover},
    {"TOPOLOGY_REFRESH_RATE_MS", nullptr, no_failover},
    {"ENABLE_RW_SPLIT", nullptr, no_failover},
    {"ENABLE_SRW_SPLIT", nullptr, no_failover},
    {"CACHED_READER_KEEP_ALIVE_TIMEOUT_MS", nullptr, no_failover},
    {"VERIFY_INITIAL_CONNECTION_TYPE", nullptr, no_failover},
};
constexpr const char* wrapper_prefixes[] = {"LIMITLESS_",          "ENABLE_LIMITLESS",       "SRW_",
                                            "CUSTOM_ENDPOINT_",    "ENABLE_CUSTOM_ENDPOINT", "WAIT_FOR_CUSTOM_ENDPOINT",
                                            "INITIAL_CONNECTION_", "ENABLE_AURORA_INITIAL_", "BG_",
                                            "ENABLE_BLUE_GREEN"};

// Of libpq and JDBC. Where an attribute of ours has the value in other words, it is handled by name below.
constexpr Rule url_rules[] = {
    {"host", "Server", nullptr},
    {"port", "Port", nullptr},
    {"dbname", "Database", nullptr},
    {"user", "UID", nullptr},
    {"sslrootcert", "TLSCAFile", nullptr},
    {"ssl-ca", "TLSCAFile", nullptr},
    {"serverSslCert", "TLSCAFile", nullptr},
    {"iamRegion", "Region", nullptr},
    {"iamHost", "TokenHost", nullptr},
    {"iamDefaultPort", "TokenPort", nullptr},
    {"awsProfile", "Profile", nullptr},
    {"credentialType", nullptr, "IAM is the default"},
    {"iamExpiration", nullptr, "a token lives 15 minutes, as RDS has it"},
    {"wrapperPlugins", nullptr, "iamodbc signs in with IAM, and connects to the one endpoint that Server names"},
    {"gssencmode", nullptr, "a token travels in TLS"},
    {"channel_binding", nullptr, "a token is sent as a password in TLS, without it"},
    {"require_auth", nullptr, "a token is sent as a password in TLS"},
    {"sslnegotiation", nullptr, "RDS does not take it"},
    {"client_encoding", nullptr, "psqlODBC chooses it"},
    {"replication", nullptr, "a replication connection cannot be made through ODBC"},
};
// What a token allows no choice of, or what ODBC's DSN has another place for.
constexpr const char* tls_details[] = {"sslcert",
                                       "sslkey",
                                       "sslcrl",
                                       "sslcrldir",
                                       "sslsni",
                                       "sslcompression",
                                       "ssl_min_protocol_version",
                                       "ssl_max_protocol_version",
                                       "sslcertmode"};
constexpr const char* tls_levels[] = {"sslmode", "ssl-mode", "sslMode", "ssl_mode"};
// libpq's own that psqlODBC passes on in pqopt.
constexpr const char* libpq_passed[] = {"hostaddr",
                                        "application_name",
                                        "fallback_application_name",
                                        "connect_timeout",
                                        "options",
                                        "keepalives",
                                        "keepalives_idle",
                                        "keepalives_count",
                                        "keepalives_interval",
                                        "tcp_user_timeout",
                                        "target_session_attrs",
                                        "load_balance_hosts",
                                        "krbsrvname"};

const Rule* rule_for(std::span<const Rule> rules, std::string_view name) {
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return same_name(rule.name, name); });
  return found == rules.end() ? nullptr : &*found;
}

bool is_wrapper_name(std::string_view name) {
  return std::any_of(std::begin(wrapper_prefixes), std::end(wrapper_prefixes),
                     [&](const char* prefix) { return starts_with_name(name, prefix); });
}

std::string find(const DsnLines& lines, std::string_view name) {
  const auto found =
      std::find_if(lines.begin(), lines.end(), [&](const DsnLine& line) { return same_name(line.name, name); });
  return found == lines.end() ? "" : found->value;
}

class Translation {
 public:
  Translation(const Foreign& foreign, const OdbcFiles& files) : foreign_(foreign), files_(files) {}

  Result<Translated> run() {
    if (auto error = choose_base_driver()) return *std::move(error);
    for (const DsnLine& line : foreign_.lines) {
      if (line.value.empty() || same_name(line.name, "Driver") || same_name(line.name, "Driver64")) continue;
      if (take_what_is_secret(line)) continue;
      if (foreign_.kind == ForeignKind::odbc) {
        take_odbc(line);
      } else {
        take_url(line);
      }
    }
    if (!passed_.empty()) set("pqopt", write_libpq_options(passed_));
    return std::move(result_);
  }

 private:
  void say(const std::string& text) { result_.changes.push_back(text); }
  void goes(const DsnLine& line, const std::string& why) { say(line.name + ": left out; " + why); }

  void set(const std::string& name, const std::string& value) {
    // One line an attribute: the last counts, as in every base driver.
    std::erase_if(result_.lines, [&](const DsnLine& line) { return is_same_attribute(line.name, name, *profile_); });
    result_.lines.push_back({name, value});
  }

  void becomes(const DsnLine& line, const std::string& name, const std::string& value) {
    if (!same_name(line.name, name)) say(line.name + " -> " + name);
    set(name, value);
  }

  std::optional<Error> choose_base_driver() {
    if (foreign_.kind != ForeignKind::odbc) return choose_for_engine();
    if (const std::string dsn = find(foreign_.lines, "DSN"); !dsn.empty()) {
      return cannot_connect("The string names the DSN " + dsn + ". Import that by its name.");
    }
    const std::string driver = find(foreign_.lines, "Driver");
    const std::string file = lower(file_of_driver(driver, files_));
    const std::string name = file.substr(file.rfind('/') + 1);
    if (name.starts_with("libiamodbc") || starts_with_name(driver, "iamodbc")) {
      return cannot_connect("This is a DSN of iamodbc already. `iamodbc dsn edit` changes it.");
    }
    is_wrapper_ = name.find("aws") != std::string::npos && name.find("odbc-wrapper") != std::string::npos;
    is_wrapper_ =
        is_wrapper_ || !find(foreign_.lines, "BASE_DRIVER").empty() || !find(foreign_.lines, "RDS_AUTH_TYPE").empty();
    std::string base = is_wrapper_ ? find(foreign_.lines, "BASE_DRIVER") : driver;
    if (base.empty() && is_wrapper_) base = driver_of_base_dsn();
    if (base.empty() && !is_wrapper_) {
      return cannot_connect("It has no Driver, so what its attributes mean is not known.");
    }
    profile_ = &base_driver_profile(file_of_driver(base, files_));
    say("Driver=" + driver + " -> Driver=iamodbc" + (is_wrapper_ ? "" : ", BaseDriver=" + driver));
    if (!is_wrapper_) set("BaseDriver", driver);
    return std::nullopt;
  }

  std::optional<Error> choose_for_engine() {
    const bool is_postgresql = foreign_.engine == "postgresql";
    profile_ = &base_driver_profile(is_postgresql ? BaseKind::psqlodbc : BaseKind::mariadb);
    const auto base = default_base_driver(foreign_.engine, 0, files_);
    if (base) {
      profile_ = &base_driver_profile(file_of_driver(base.value(), files_));
      set("BaseDriver", base.value());
    } else {
      set("Engine", foreign_.engine);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string driver_of_base_dsn() const {
    const IniSection* const section = files_.data_source(find(foreign_.lines, "BASE_DSN"));
    const IniEntry* const driver = section == nullptr ? nullptr : section->find("Driver");
    return driver == nullptr ? "" : driver->value;
  }

  // True: done with it.
  bool take_what_is_secret(const DsnLine& line) {
    if (is_secret_attribute(line.name) || same_name(line.name, "passfile")) {
      take_secret(line);
      return true;
    }
    // ConnSettings and its kind are the user's own; pqopt is looked through by its options.
    const bool may_hold_one = foreign_.kind == ForeignKind::odbc && is_one_of(profile_->secret_names, line.name);
    if (may_hold_one || !holds_password(line.value)) return false;
    goes(line, "it holds a password among other things");
    return true;
  }

  void take_secret(const DsnLine& line) {
    const AttributeRow* const row = our_attribute(*profile_, line.name);
    if (row == nullptr) return goes(line, "it is a secret, and no part of an IAM login");
    if (row->id == Id::pwd) {
      goes(line, "a token takes its place (--store-secret keeps it, with AuthType=Password)");
      // psqlODBC decodes %XX in what stands behind Password= in odbc.ini, and not behind PWD=.
      result_.secrets.push_back({foreign_.kind == ForeignKind::odbc ? line.name : "PWD", line.value});
    } else {
      goes(line, "it is a secret (--store-secret keeps it)");
      result_.secrets.push_back({row->name, line.value});
    }
  }

  void take_level(const DsnLine& line, std::string_view level_name) {
    const auto level = tls_level_of(*profile_, level_name, line.value);
    if (level && !level.value()) return goes(line, "a token never travels without TLS");
    if (level && level.value() == TlsLevel::verify_full) return say(line.name + ": left out; it is the default");
    if (level && level.value() == TlsLevel::verify_ca && keeps_tls_unchecked(*profile_)) {
      say(line.name + "=" + line.value + " -> TLS=verify-ca");
      return set("TLS", "verify-ca");
    }
    say(line.name + "=" + line.value +
        " -> TLS=verify-full (the default): the server's certificate and its name are checked" +
        (keeps_tls_unchecked(*profile_) ? "; --tls require checks neither" : ""));
  }

  void take_odbc(const DsnLine& line) {
    if (is_wrapper_ && take_wrapper(line)) return;
    const AttributeRow* const row = our_attribute(*profile_, line.name);
    if (is_one_of(profile_->tls_names, line.name)) return take_level(line, line.name);
    if (is_one_of(profile_->ca_file_names, line.name)) return becomes(line, "TLSCAFile", line.value);
    if (is_one_of(profile_->libpq_option_names, line.name)) return take_libpq_options(line);
    if (is_one_of(profile_->forced_names, line.name)) return goes(line, "iamodbc sets it");
    if (row != nullptr) return becomes(line, row->name, line.value);
    set(line.name, line.value);
  }

  // True: done with it.
  bool take_wrapper(const DsnLine& line) {
    if (find_attribute(line.name) == &attribute_row(Id::auth_type)) {
      if (same_name(line.value, "IAM") || same_name(line.value, "AWS_SSO")) {
        say(line.name + ": left out; IAM is the default");
      } else if (same_name(line.value, "DATABASE")) {
        becomes(line, "AuthType", "Password");
      } else {
        goes(line, line.value + ": " + other_login);
      }
      return true;
    }
    if (same_name(line.name, "SSO_ALLOW_INTERACTIVE")) {
      if (line.value == "1") becomes(line, "SSOLogin", "auto");
      return true;
    }
    const Rule* const rule = rule_for(wrapper_rules, line.name);
    if (rule == nullptr && !is_wrapper_name(line.name)) return false;
    if (rule != nullptr && rule->becomes != nullptr) {
      becomes(line, rule->becomes, line.value);
    } else {
      goes(line, rule == nullptr ? no_failover : rule->why);
    }
    return true;
  }

  void take_libpq_options(const DsnLine& line) {
    std::string_view text = trimmed(line.value);
    if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
    auto options = parse_libpq_options(text);
    if (!options) return goes(line, "libpq cannot read it");  // and it may hold a password
    for (const auto& [name, value] : options.value()) {
      if (!take_what_is_secret({name, value})) take_url({name, value});
    }
  }

  void take_url(const DsnLine& line) {
    const auto is_in = [&](std::span<const char* const> names) { return is_one_of(names, line.name); };
    if (is_in(tls_levels)) return take_level(line, profile_->kind == BaseKind::psqlodbc ? "SSLmode" : "SSLMODE");
    if (const Rule* const rule = rule_for(url_rules, line.name)) {
      if (rule->becomes == nullptr) return goes(line, rule->why);
      if (same_name(line.name, "sslrootcert") && line.value == "system") {
        return goes(line, "the certificates of RDS come with iamodbc");
      }
      return becomes(line, rule->becomes, line.value);
    }
    if (is_in(tls_details))
      return goes(line, "a token is checked by TLS=verify-full, and no client certificate is needed");
    if (profile_->kind == BaseKind::psqlodbc && is_in(libpq_passed)) return pass(line, line.name);
    if (profile_->kind == BaseKind::psqlodbc && same_name(line.name, "ApplicationName"))
      return pass(line, "application_name");
    if (same_name(line.name, "ssl") || same_name(line.name, "useSSL") || same_name(line.name, "requireSSL") ||
        same_name(line.name, "verifyServerCertificate")) {
      return goes(line, "TLS=verify-full is the default");
    }
    goes(line, "ODBC's drivers have no such setting");
  }

  void pass(const DsnLine& line, const std::string& name) {
    say(line.name + " -> pqopt");
    passed_.emplace_back(name, line.value);
  }

  const Foreign& foreign_;
  const OdbcFiles& files_;
  const BaseDriverProfile* profile_ = nullptr;
  bool is_wrapper_ = false;
  LibpqOptions passed_;
  Translated result_;
};

}  // namespace

Result<Translated> translated(const Foreign& foreign, const OdbcFiles& files) {
  return Translation(foreign, files).run();
}

}  // namespace iamodbc
