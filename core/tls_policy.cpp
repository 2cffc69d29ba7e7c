// SPDX-License-Identifier: Apache-2.0
#include "core/tls_policy.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/aws/region.h"
#include "core/certificates.h"
#include "core/text.h"

namespace iamodbc {
namespace {

// The file of our own share folder; the name of the region is in each of its subjects.
constexpr const char* rds_ca_file_name = "rds-ca.pem";
constexpr const char* ours = "the RDS certificates of iamodbc";

// What MariaDB's and MySQL's connectors read that would undo what we force: it leads past Server, or past authority, name or encryption. Judged wherever it stands,
// also in a section that we cannot take it out of, and where another occurrence would count more: each of the two has an order of its own.
struct Bypass {
  const char* name;
  const char* why;
  bool is_flag = false;  // 0 turns it off; of the others any value does harm
};
constexpr const char* leads_past_server =
    "would lead past Server, to a socket, a pipe or a list of hosts. An IAM token is signed for one TCP host: remove "
    "it.";
constexpr const char* believes_a_fingerprint =
    "would put a fingerprint in the place of the certificate authority. Remove it, and use TLSCAFile.";
constexpr const char* adds_authorities =
    "would add certificate authorities to those of TLSCAFile. Remove it, and use TLSCAFile.";
constexpr const char* chooses_ciphers = "could choose a cipher without encryption or without a certificate. Remove it.";
constexpr std::array bypasses{
    Bypass{"SOCKET", leads_past_server},
    Bypass{"NamedPipe", leads_past_server, true},
    Bypass{"NAMED_PIPE", leads_past_server, true},
    Bypass{"ENABLE_DNS_SRV", leads_past_server, true},
    Bypass{"MULTI_HOST", leads_past_server, true},
    Bypass{"TLSPEERFP", believes_a_fingerprint},
    Bypass{"TLSPEERFPLIST", believes_a_fingerprint},
    Bypass{"SSLFP", believes_a_fingerprint},
    Bypass{"SSLFPLIST", believes_a_fingerprint},
    Bypass{"SSLCAPATH", adds_authorities},
    Bypass{"SSL-CAPATH", adds_authorities},
    Bypass{"SSLCIPHER", chooses_ciphers},
    Bypass{"SSL-CIPHER", chooses_ciphers},
    Bypass{"USE_MYCNF", "would let a my.cnf change where the token goes and how it is protected. Remove it.", true}};

// The versions of TLS that these connectors may be told to use; the old ones have no place here.
constexpr std::array tls_versions{"TLSVERSION", "TLS-VERSIONS"};

// Where systems keep their certificate authorities in one file; named, because libpq 15 has no word for "the system's".
constexpr std::array system_stores{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                   "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

bool is_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// Whether its authorities give certificates to everybody: the system's store, and our own file, which holds Amazon's public
// ones. By the file, not by its name: distributions have links to it.
bool is_public(const std::string& path, const std::string& data_directory) {
  struct stat wanted {};
  if (stat(path.c_str(), &wanted) != 0) return false;
  const auto is_it = [&](const std::string& store) {
    struct stat status {};
    return stat(store.c_str(), &status) == 0 && status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino;
  };
  if (!data_directory.empty() && is_it(data_directory + "/" + rds_ca_file_name)) return true;
  return std::any_of(system_stores.begin(), system_stores.end(), is_it);
}

// Whether a list names TLSv1.2 and TLSv1.3 and nothing else. These connectors find a version in any text that holds its name, and one of them takes numbers.
bool names_new_tls_only(std::string_view list) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    const std::string one = lower(trimmed(list.substr(0, end)));
    if (one != "tlsv1.2" && one != "tlsv1.3") return false;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return true;
}

// Without both, what is left is older than TLS 1.2.
bool leaves_old_tls_only(const Given& given, const BaseDriverProfile& profile) {
  const auto is_on = [&](const char* name) {
    if (!reads(profile, name)) return false;
    const auto all = given.all();
    return std::any_of(all.begin(), all.end(), [&](const Found& found) {
      return same_name(found.name, name) && !trimmed(found.value).empty() && trimmed(found.value) != "0";
    });
  };
  return is_on("NO_TLS_1_2") && is_on("NO_TLS_1_3");
}

std::optional<Error> bypass(const Given& given, const BaseDriverProfile& profile) {
  for (const Found& found : given.all()) {
    const std::string_view value = trimmed(found.value);
    if (value.empty() || !reads(profile, found.name)) continue;
    const auto refuse = [&](const std::string& why) {
      return cannot_connect(std::string(found.name) + " (" + found.where + ") " + why);
    };
    for (const Bypass& one : bypasses) {
      if (same_name(found.name, one.name) && !(one.is_flag && value == "0")) return refuse(one.why);
    }
    if (is_one_of(tls_versions, found.name) && !names_new_tls_only(value)) {
      return refuse("may allow a TLS older than 1.2. Remove it, or write TLSv1.2,TLSv1.3 or one of them.");
    }
  }
  if (leaves_old_tls_only(given, profile))
    return cannot_connect("NO_TLS_1_2 and NO_TLS_1_3 together would leave a TLS older than 1.2. Remove one of them.");
  return std::nullopt;
}

// Without a certificate to check, Connector/ODBC takes FORCETLS for a wish: a server, or somebody on the way, that offers no TLS gets the token in clear.
std::optional<Error> unkept_promise(const Settings& settings, const BaseDriverProfile& profile) {
  if (keeps_tls_unchecked(profile) || settings.tls == TlsLevel::verify_full) return std::nullopt;
  return cannot_connect("TLS=" + std::string(text(settings.tls)) + " (" + settings.tls_where + ") is not kept by " +
                        profile.title +
                        ": it insists on TLS only while it checks certificate and name. Use TLS=verify-full, the "
                        "certificate authority in TLSCAFile, and as Server a name that stands in the certificate (the "
                        "hosts file can lead that name to a tunnel).");
}

// ---- libpq's side doors ----

std::optional<Error> redirecting_variable(const System& system, bool sets_hostaddr) {
  const auto refuse = [](const char* name, const char* why) {
    return cannot_connect(std::string("The environment variable ") + name + " is set and " + why +
                          ". Unset it for this program.");
  };
  if (system.set_for_libraries("PGSERVICE")) {
    return refuse("PGSERVICE", "would let a service file change where libpq connects and how");
  }
  if (!sets_hostaddr && system.set_for_libraries("PGHOSTADDR")) {
    return refuse("PGHOSTADDR", "would lead the token to an address that is not the signed host's");
  }
  for (const char* name : {"PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION"}) {
    const auto version = system.set_for_libraries(name);
    if (version && (same_name(*version, "TLSv1") || same_name(*version, "TLSv1.1")))
      return refuse(name, "would weaken TLS");
  }
  return std::nullopt;
}

struct UserOptions {
  LibpqOptions options;
  std::string root_certificate;
  Origin origin = Origin::base_data_source;
  bool has_hostaddr = false;
};

// What to do instead of giving libpq this option; nullptr: it may be given.
const char* instead_of_libpq_option(std::string_view name, TlsLevel level) {
  if (name == "sslrootcert") return nullptr;  // means TLSCAFile
  if (name == "host") return "Use Server.";
  if (name == "port") return "Use Port.";
  if (name == "user") return "Use UID.";
  if (name == "dbname") return "Use Database.";
  if (name == "password" || name == "passfile" || name == "service" || name == "servicefile") return "Remove it.";
  if (name.starts_with("ssl")) return "Use TLS and TLSCAFile.";
  if (name.starts_with("gss")) return "Remove it: the connection is protected by TLS.";
  if (name == "hostaddr" && level != TlsLevel::verify_full) return "It is allowed with TLS=verify-full only.";
  return nullptr;
}

Result<UserOptions> user_libpq_options(const Given& given, const BaseDriverProfile& profile, TlsLevel level) {
  UserOptions user;
  const auto found = given.find(profile.libpq_option_names);
  if (!found) return user;
  user.origin = found->origin;
  std::string_view text = found->value;
  // In odbc.ini psqlODBC takes braces literally; who wrote them there meant what they mean in a string.
  if (found->attribute == nullptr && text.size() >= 2 && text.front() == '{' && text.back() == '}')
    text = text.substr(1, text.size() - 2);
  auto options = parse_libpq_options(text);
  if (!options)
    return Error{options.error().sqlstate, options.error().message + " (It stands in " + found->where + ".)", 0};
  for (auto& [name, value] : options.value()) {
    if (const char* instead = instead_of_libpq_option(name, level)) {
      return cannot_connect(std::string(found->name) + " (" + found->where + ") sets " + name +
                            ", which would bypass what an IAM login has to protect. " + instead);
    }
    if (name == "sslrootcert") {
      user.root_certificate = value;
      continue;
    }
    user.has_hostaddr = user.has_hostaddr || name == "hostaddr";
    user.options.emplace_back(std::move(name), std::move(value));
  }
  return user;
}

Result<CaFile> choose_ca_file(const Settings& settings, const std::string& from_options, Origin options_origin,
                              const BaseDriverProfile& profile, const System& system,
                              const std::string& data_directory) {
  const std::string& named = from_options.empty() ? settings.tls_ca_file : from_options;
  if (!named.empty()) {
    if (access(named.c_str(), R_OK) != 0 || !is_file(named)) {
      const std::string given =
          from_options.empty() ? settings.tls_ca_file_name + "=" + named : "sslrootcert=" + named + " in pqopt";
      return cannot_connect(given +
                            " cannot be read. Give a file (PEM) with the certificate authority of the database, or "
                            "leave it out to use the RDS certificates of iamodbc.");
    }
    const Origin origin = from_options.empty() ? settings.tls_ca_file_origin : options_origin;
    const bool is_of_string = origin == Origin::connection_string;
    return CaFile{named, from_options.empty() ? "TLSCAFile" : "sslrootcert in pqopt", is_of_string, !is_of_string,
                  is_public(named, data_directory)};
  }
  if (settings.tls == TlsLevel::require) return CaFile{};
  if (!data_directory.empty()) {
    const std::string bundle = data_directory + "/" + rds_ca_file_name;
    if (is_file(bundle)) return CaFile{bundle, ours, false, false, true};
  }
  if (profile.kind == BaseKind::psqlodbc) {
    const std::string users = system.home() + "/.postgresql/root.crt";
    if (is_file(users)) return CaFile{users, "libpq's own place", false, false, is_public(users, data_directory)};
  }
  for (const char* store : system_stores) {
    if (is_file(store))
      return CaFile{store, "the system's store; RDS certificates do not chain to it", false, false, true};
  }
  return cannot_connect(
      "No file of certificate authorities was found. Download the RDS bundle "
      "(https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem) and name it in TLSCAFile.");
}

// Each alone is harmless: where the string says only which authorities count, the token goes to the host that it is signed for, or where odbc.ini says; where it says
// only where the token goes, nobody there has a certificate for the signed name.
std::optional<Error> token_led_by_the_string(const Settings& settings, const TlsPlan& plan, bool goes_elsewhere) {
  if (!signs_token(settings.auth_type) || !settings.string_says_where || !goes_elsewhere || !plan.ca.is_of_string)
    return std::nullopt;
  return Error{State::invalid_attribute_value,
               "The connection string chooses the certificate authorities (" + plan.ca.why +
                   ") and says as well that the token for " + settings.token_host +
                   " goes to another place than that host (TokenHost beside another Server, or hostaddr in pqopt): "
                   "whoever writes the string could lead the token to a server of their own. Put TLSCAFile, or all "
                   "that says where, into the DSN's section of odbc.ini, or let the administrator write "
                   "AllowInString=yes into the driver's section of odbcinst.ini.",
               0};
}

// Authorities of the administrator's that do not give a certificate to everybody.
bool vouches_for_the_administrators(const CaFile& ca) {
  return ca.is_of_section && !ca.is_of_public;
}

// Whoever has a certificate for a host of their own passes verify-ca.
std::optional<Error> token_led_without_a_name(const Settings& settings, const TlsPlan& plan) {
  if (settings.tls != TlsLevel::verify_ca || !settings.string_leads_token || fetches_login(settings.auth_type) ||
      vouches_for_the_administrators(plan.ca))
    return std::nullopt;
  return Error{
      State::invalid_attribute_value,
      "TLS=verify-ca together with TokenHost, when the connection string says any of it, needs a TLSCAFile "
      "from odbc.ini, and neither the system's store nor that of iamodbc: whoever writes the string could lead "
      "the token to any host with a certificate of its own. Put them into the DSN's section, or use TLS=verify-full.",
      0};
}

// A password that is fetched opens the database for whoever reads it, and anybody may have a certificate for a host of
// his own from a public authority. A token would be worth nothing there.
std::optional<Error> led_by_the_string(const Settings& settings, const TlsPlan& plan,
                                       const BaseDriverProfile& profile) {
  if (!settings.string_leads_token || !fetches_login(settings.auth_type)) return std::nullopt;
  const std::string& name = profile.kind == BaseKind::psqlodbc ? plan.checked_host : settings.server;
  const HostKind kind = read_host_name(name).kind;
  const bool is_of_aws = kind != HostKind::other && kind != HostKind::load_balancer;
  // A public authority gives the certificate of such a name to AWS alone.
  const bool is_proved = is_of_aws && plan.level == TlsLevel::verify_full && !plan.ca.is_of_string;
  if (is_proved || vouches_for_the_administrators(plan.ca)) return std::nullopt;
  return Error{State::invalid_attribute_value,
               "The connection string says where the password that is fetched goes (Server, Port or TLS), and " + name +
                   " is not an endpoint of AWS whose certificate proves it: whoever writes the string could lead the "
                   "password to any host. Put Server and TLSCAFile (neither the system's store nor that of iamodbc) "
                   "into the DSN's section of odbc.ini, or let the administrator write AllowInString=yes into the "
                   "driver's section of odbcinst.ini.",
               0};
}

// Why no login of ours can go this way at all.
std::optional<Error> unfit_for_a_login(const Settings& settings, const Given& given, const BaseDriverProfile& profile) {
  if (profile.kind == BaseKind::unknown) {
    return cannot_connect(
        "iamodbc does not know how this base driver is told to use TLS, so it gives it no token. Use psqlODBC, MariaDB "
        "Connector/ODBC or MySQL "
        "Connector/ODBC as BaseDriver, or AuthType=Password.");
  }
  if (auto error = not_one_host("Server", settings.server)) return error;
  if (auto error = not_one_host("TokenHost", settings.token_host)) return error;
  if (auto error = bypass(given, profile)) return error;
  if (auto error = unkept_promise(settings, profile)) return error;
  if (profile.kind == BaseKind::mysql && settings.server.find(':') != std::string::npos) {
    return cannot_connect("Server=" + settings.server + " is an IPv6 address, of which " + profile.title +
                          " would take a part for a port. Give a host name, or use MariaDB Connector/ODBC.");
  }
  return std::nullopt;
}

}  // namespace

Result<TlsPlan> plan_tls(const Settings& settings, const Given& given, const BaseDriverProfile& profile,
                         const System& system, const std::string& data_directory) {
  if (auto error = unfit_for_a_login(settings, given, profile)) return *error;

  TlsPlan plan;
  plan.level = settings.tls;
  plan.checked_host = settings.server;
  plan.dials_another_host = settings.has_token_host && !same_name(settings.token_host, settings.server);

  std::string root_certificate;
  Origin options_origin = Origin::base_data_source;
  bool sets_hostaddr = plan.dials_another_host;
  // MariaDB's and MySQL's connectors check the host that they dial; there settings refuse what a string leads elsewhere.
  bool goes_elsewhere = false;
  if (profile.kind == BaseKind::psqlodbc) {
    if (plan.dials_another_host) plan.checked_host = settings.token_host;
    // Server then is the database's name, and what is dialled is this computer.
    goes_elsewhere = plan.dials_another_host && !settings.tunnel_takes_port;
    if (settings.tunnel_takes_port) plan.dials_another_host = sets_hostaddr = true;
    auto user = user_libpq_options(given, profile, settings.tls);
    if (!user) return user.error();
    if (user.value().has_hostaddr) {
      plan.dials_another_host = false;  // the user has said which address
      sets_hostaddr = goes_elsewhere = true;
    }
    // As everywhere the string counts more than the DSN; where both stand in one, TLSCAFile is the plainer word.
    const bool counts = settings.tls_ca_file.empty() || user.value().origin < settings.tls_ca_file_origin;
    if (counts) root_certificate = user.value().root_certificate;
    options_origin = user.value().origin;
    plan.libpq_options = std::move(user.value().options);
    if (auto error = redirecting_variable(system, sets_hostaddr)) return *error;
  }

  auto ca = choose_ca_file(settings, root_certificate, options_origin, profile, system, data_directory);
  if (!ca) return ca.error();
  plan.ca = std::move(ca).value();
  if (auto error = token_led_without_a_name(settings, plan)) return *error;
  if (auto error = token_led_by_the_string(settings, plan, goes_elsewhere)) return *error;
  if (auto error = led_by_the_string(settings, plan, profile)) return *error;
  return plan;
}

std::optional<Error> missing_root(const TlsPlan& plan, const std::string& name) {
  if (plan.ca.why != ours) return std::nullopt;
  const HostName host = read_host_name(name);
  if (host.region.empty() || host.kind == HostKind::rds_proxy || host.kind < HostKind::rds_instance ||
      host.kind > HostKind::rds_shard_group) {
    return std::nullopt;  // not an endpoint whose certificate comes from the region's RDS root
  }
  const auto certificates = read_certificates(plan.ca.path);
  if (!certificates) return certificates.error();
  const std::string wanted = "Amazon RDS " + host.region + " ";
  for (const Certificate& certificate : certificates.value()) {
    if (certificate.subject.starts_with(wanted)) return std::nullopt;
  }
  return cannot_connect("The RDS certificates of iamodbc (" + plan.ca.path + ") hold no root for region " +
                        host.region +
                        ", so the server could not be verified. Download that region's bundle "
                        "(https://truststore.pki.rds.amazonaws.com/" +
                        host.region + "/" + host.region + "-bundle.pem) and name it in TLSCAFile.");
}

}  // namespace iamodbc
