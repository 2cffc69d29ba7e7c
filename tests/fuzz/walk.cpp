// walk: from odbc.ini (second part), a connection string (third) and, where AuthType fetches a login, what was fetched (fourth) to what the base driver is told. The first
// part says which base driver it is, and more: pass_file, section, file, wide, address, timeout, old (a version), allowed (AllowInString=yes).
// What comes out is judged by readers that retell the base drivers' own: nothing is cut, nothing is smuggled past what we write, the host that is signed is the host
// that is dialled, and what people and applications are shown holds no secret.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base_string.h"
#include "core/json.h"
#include "core/login/login.h"
#include "core/pass_file.h"
#include "core/text.h"
#include "tests/core/mysql_reads.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scene.h"

namespace iamodbc::fuzz {
namespace of_walk {

constexpr std::string_view signed_by_aws = "AKIAIOSFODNN7EXAMPLE";
constexpr std::string_view signing_key = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY";

std::string without_brackets(const std::string& host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
}

// One walk, and what the base driver reads by itself.
struct Scene {
  BaseKind kind;
  const Walked& walk;
  const WalkOptions& options;
  std::string_view string;

  [[nodiscard]] bool brings_login() const { return iamodbc::brings_login(walk.settings.auth_type); }
  // The section that the base driver is told to read.
  [[nodiscard]] const IniSection* section(const std::string& dsn) const { return walk.files.data_source(dsn); }
};

// The place of a name among what a driver read; the last counts.
std::string told(const Scene& scene, const Pairs& pairs, std::initializer_list<std::string_view> names) {
  const auto found = last_of(pairs, names);
  require(found.has_value(), "the base driver is not told ", *names.begin(), " in ", scene.walk.text);
  return *found;
}

// Of the section that a driver reads for itself: only where the string says nothing.
std::string in_section(const Scene& scene, const std::optional<std::string>& dsn, std::string_view key) {
  if (!dsn || dsn->empty()) return "";
  const IniSection* const section = scene.section(*dsn);
  const IniEntry* const entry = section == nullptr ? nullptr : section->find(key);
  return entry == nullptr ? "" : entry->value.substr(0, 999);
}

void is_told(const Scene& scene, const char* what, const std::string& seen, const std::string& meant) {
  require(seen == meant, what, " is \"", seen, "\" for the base driver and \"", meant, "\" for us: ", scene.walk.text);
}

void psqlodbc_sees_ours(const Scene& scene) {
  const auto& [text, settings, plan] = std::tie(scene.walk.text, scene.walk.settings, scene.walk.plan);
  const auto pairs = as_psqlodbc_reads(text);
  require(pairs.has_value(), "psqlODBC would not take ", text);
  const auto see = [&](const char* what, std::initializer_list<std::string_view> names, const std::string& meant) {
    is_told(scene, what, told(scene, *pairs, names), meant);
  };
  // The name that is signed is the one that the certificate is checked against, whatever address is dialled.
  see("Server", {"servername", "server"}, without_brackets(settings.token_host));
  see("Port", {"port"}, std::to_string(settings.port));
  see("UID", {"uid", "username"}, settings.user);
  see("the TLS level", {"sslmode", "ca"}, iamodbc::text(settings.tls));
  see("Debug", {"debug", "b2"}, "0");
  see("CommLog", {"commlog", "b3"}, "0");
  if (settings.has_database) see("Database", {"database", "dx"}, settings.database);
  const std::string password = psqlodbc_decoded(told(scene, *pairs, {"pwd", "password"}));
  is_told(scene, "the secret", password, scene.options.pass_file.empty() ? scene.walk.secret : "");
  // Password= of the section counts where PWD is missing or is not the last.
  require(lowered(text.substr(text.rfind(';') + 1)).starts_with("pwd=") || !scene.options.pass_file.empty() ||
              text.ends_with('}'),
          "the secret is not the last");

  const auto options = parse_libpq_options(psqlodbc_decoded(told(scene, *pairs, {"pqopt", "d5"})));
  require(options.ok(), "libpq would not take its options");
  std::map<std::string, std::string> libpq;
  for (const auto& [name, value] : options.value()) libpq[name] = value;
  if (!scene.options.address.empty()) is_told(scene, "hostaddr", libpq["hostaddr"], scene.options.address);
  is_told(scene, "gssencmode", libpq["gssencmode"], "disable");
  is_told(scene, "passfile", libpq["passfile"], scene.options.pass_file);
  is_told(scene, "sslrootcert", libpq["sslrootcert"], plan->ca.path);
  for (const auto& [name, value] : libpq) {
    const bool is_ours = name == "gssencmode" || name == "passfile" || name == "sslrootcert";
    const bool leads_elsewhere = name == "host" || name == "port" || name == "user" || name == "password" ||
                                 name == "dbname" || name.starts_with("service") || name.starts_with("ssl") ||
                                 name.starts_with("gss");
    require(is_ours || !leads_elsewhere, "libpq is told ", name);
    require(name != "hostaddr" || settings.tls == TlsLevel::verify_full || value == scene.options.address,
            "libpq is led to an address without a look at the name");
  }
  // An attribute that counts is written once, or which of two counts would be the base driver's whim.
  for (const char* const name : {"servername", "server", "port", "uid", "username", "sslmode", "ca", "pqopt", "d5",
                                 "pwd", "password", "debug", "b2", "commlog", "b3", "database", "dx"}) {
    const auto count = std::count_if(pairs->begin(), pairs->end(), [&](const auto& one) { return one.first == name; });
    require(count <= 1, name, " is written twice: ", text);
  }
  const auto driver = last_of(*pairs, {"driver"});
  require(!driver || *driver == scene.options.section || *driver == scene.options.file, "another driver: ", *driver);
}

void mariadb_sees_ours(const Scene& scene) {
  const auto& [text, settings, plan] = std::tie(scene.walk.text, scene.walk.settings, scene.walk.plan);
  const auto pairs = as_mariadb_reads(text, mariadb_names);
  require(pairs.has_value(), "MariaDB Connector/ODBC would not take ", text);
  const auto see = [&](const char* what, std::initializer_list<std::string_view> names, const std::string& meant) {
    is_told(scene, what, told(scene, *pairs, names), meant);
  };
  see("Server", {"server", "servername"}, without_brackets(settings.server));
  see("Port", {"port"}, std::to_string(settings.port));
  see("UID", {"uid", "user"}, settings.user);
  see("the secret", {"pwd", "password"}, scene.walk.secret);
  see("FORCETLS", {"forcetls"}, "1");
  see("SSLVERIFY", {"sslverify"}, "1");
  see("SSLCA", {"sslca"}, plan->ca.path);
  see("TCPIP", {"tcpip"}, "1");
  if (settings.has_database) see("Database", {"database", "db"}, settings.database);
  require(settings.tls == TlsLevel::verify_full, "MariaDB keeps no other level");
  const auto dsn = last_of(*pairs, {"dsn"});
  require(!dsn || !last_of(*pairs, {"driver"}), "with a Driver it ignores the DSN: ", text);
  for (const char* const name :
       {"socket", "namedpipe", "tlspeerfp", "tlspeerfplist", "sslfp", "sslcapath", "sslcipher", "use_mycnf"}) {
    const std::string value = last_of(*pairs, {name}).value_or(in_section(scene, dsn, name));
    require(trimmed(value).empty() || trimmed(value) == "0", name, " is ", value, ": ", text);
  }
  for (const char* const name : {"options", "option"}) {
    const auto bits = parse_integer(last_of(*pairs, {name}).value_or("0"));
    require(!bits || (*bits & (4 | 8192 | 65536)) == 0, "OPTIONS is ", *bits);
  }
}

// At least; from the end of one part to the = of the next.
std::size_t longest_name(std::string_view text) {
  std::size_t longest = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' || text[i] == ';') {
      longest = std::max(longest, i - from);
      from = i;
    }
  }
  return longest;
}

void mysql_sees_ours(const Scene& scene) {
  const auto& [text, settings, plan] = std::tie(scene.walk.text, scene.walk.settings, scene.walk.plan);
  MysqlReads reads(scene.options.version == "08.00.0019" ? 80019 : 90100);
  reads.read(text, [&](const std::string& dsn) {
    MysqlReads::Section entries;
    const IniSection* const section = scene.section(dsn);
    if (section == nullptr) return entries;
    for (const IniEntry& entry : section->entries) entries.emplace_back(entry.key, entry.value);
    return entries;
  });
  if (reads.problem() == "Failed to parse the incoming connect string.") {  // it goes nowhere, and says so
    const std::size_t room = scene.options.version == "08.00.0019" ? 100 : 1000;
    require(longest_name(text) >= room, "MySQL Connector/ODBC cannot read ", text);
    return;
  }
  auto seen = reads.understood();
  is_told(scene, "the problem", reads.problem(), "");
  is_told(scene, "the protocol", seen["protocol"], "TCP");
  is_told(scene, "Server", seen["host"], without_brackets(settings.server));
  is_told(scene, "Port", seen["port"], std::to_string(settings.port));
  is_told(scene, "UID", seen["user"], settings.user);
  is_told(scene, "the secret", seen["password"], scene.walk.secret);
  is_told(scene, "the TLS level", seen["tls"],
          settings.tls == TlsLevel::verify_full ? "VERIFY_IDENTITY"
          : settings.tls == TlsLevel::verify_ca ? "VERIFY_CA"
                                                : "REQUIRED");
  is_told(scene, "SSLCA", seen["ca"], plan->ca.path);
  is_told(scene, "cleartext", seen["cleartext"], "1");
  is_told(scene, "an option file", seen["option_file"], "0");
  if (settings.has_database) is_told(scene, "Database", seen["database"], settings.database);
}

// What AWS signs is what is dialled and what the certificate is checked against, unless odbc.ini says otherwise.
void is_signed_for_what_is_dialled(const Scene& scene) {
  const Settings& settings = scene.walk.settings;
  if (!signs_token(settings.auth_type)) {
    require(!settings.string_leads_token || settings.tls != TlsLevel::require, "a string leads the password anywhere");
    return;
  }
  const AwsFiles files = AwsFiles::from_text("", "");
  const auto endpoint =
      signed_endpoint(settings, closed_system({{"AWS_REGION", "eu-west-1"}}), files, Log(), no_deadline);
  if (!endpoint) return;
  Credentials keys;
  keys.access_key_id = signed_by_aws;
  keys.secret_access_key = Secret(signing_key);
  const Login login = token_login(settings, endpoint.value(), keys, noon);
  const std::string_view token = login.secret.reveal();
  const std::string host = lower(settings.token_host);
  const bool is_bare_ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  const std::string name = is_bare_ipv6 ? "[" + host + "]" : host;
  const std::string start = settings.auth_type == AuthType::dsql
                                ? name + "/?Action=DbConnect"
                                : name + ":" + std::to_string(settings.token_port) + "/?Action=connect&DBUser=";
  require(token.starts_with(start), "the token begins ", token.substr(0, start.size()), " and not ", start);
  require(token.substr(start.size()).find_first_of(" \r\n;{}") == std::string_view::npos, "a token of two words");
  if (!settings.has_token_host)
    require(same_name(settings.token_host, settings.server), "signed for ", host, ", dialled is ", settings.server);
  if (scene.kind != BaseKind::psqlodbc && settings.string_leads_token)
    require(same_name(settings.token_host, settings.server), "a string leads the token to another host");
}

// The string's last word counts; the base driver's own reader says what that is.
void is_the_last_word(const Scene& scene) {
  if (scene.kind != BaseKind::psqlodbc) return;
  const auto pairs = as_psqlodbc_reads(std::string(scene.string));
  if (!pairs) return;
  std::string last;
  for (const auto& [name, value] : *pairs) {
    const std::string bare(trimmed(name));
    const bool is_plain = !value.starts_with('{') && name.find_first_of("\v\f") == std::string::npos;
    if (bare == "server" || bare == "servername" || bare == "host" || bare == "hostname") {
      if (!is_plain) return;
      if (!value.empty()) last = value;
    }
  }
  require(last.empty() || scene.walk.settings.server == last, "the string says ", last, " last, and meant is ",
          scene.walk.settings.server);
}

void foreign_attributes_arrive(const Scene& scene, const ConnectionString& asked) {
  if (!scene.brings_login() || scene.kind != BaseKind::psqlodbc) return;
  const BaseDriverProfile& profile = base_driver_profile(scene.kind);
  std::size_t at = 0;
  for (const Attribute& attribute : asked.attributes()) {
    const std::string name = lowered(attribute.name());
    if (our_attribute(profile, name) != nullptr || is_one_of(profile.forced_names, name) ||
        is_one_of(profile.tls_names, name) || is_one_of(profile.ca_file_names, name) ||
        is_one_of(profile.libpq_option_names, name) || name == "dsn" || name == "driver" || name == "filedsn" ||
        name == "savefile") {
      continue;
    }
    const auto found = scene.walk.text.find(attribute.text(), at);
    require(found != std::string::npos, "lost: ", attribute.text());
    at = found + attribute.text().size();
  }
}

// The password of what was fetched, if it stands nowhere else.
void add_fetched(std::vector<std::string>& secrets, std::string_view document, std::string_view input) {
  const auto json = Json::parse(document);
  const std::string password = json ? json->text("password").value_or("") : "";
  constexpr std::size_t no_word_of_ours = 24;
  if (password.size() >= no_word_of_ours && password.find(' ') == std::string::npos &&
      occurrences(input, password) == 1)
    secrets.push_back(password);
}

// What goes back to the application, and what people are shown.
void shows_no_secret(const Scene& scene, const Given& given, std::string_view input) {
  const BaseDriverProfile& profile = base_driver_profile(scene.kind);
  const Secret out = write_out_string(given, scene.walk.settings, profile);
  require(out.reveal().find("X-Amz-Signature") == std::string_view::npos ||
              input.find("X-Amz-Signature") != std::string_view::npos,
          "the token goes back to the application");
  auto of_sections = secrets_of(ConnectionString(), scene.walk.files, profile, input);
  add_fetched(of_sections, scene.options.fetched, input);
  holds_none(out.reveal(), of_sections);
  const auto secrets = secrets_of(given.string(), scene.walk.files, profile, input);
  holds_none(given.string().redacted([&](std::string_view name) { return may_show(profile, name); }), secrets);
  const auto again = ConnectionString::parse(out.reveal());
  require(again.ok(), "the out string is refused: ", out.reveal());
  if (given.string().find("SAVEFILE") != nullptr) holds_none(out.reveal(), secrets);
  for (const Provenance& one : scene.walk.settings.provenance) holds_none(one.value, secrets);
}

// Given back, the out string leads to the same database with the same user.
void means_the_same_again(const Scene& scene, const Given& given) {
  if (given.string().find("SAVEFILE") != nullptr) return;
  const BaseDriverProfile& profile = base_driver_profile(scene.kind);
  const Secret out = write_out_string(given, scene.walk.settings, profile);
  const Walked again = walked(scene.kind, out.reveal(), scene.options);
  // Its secrets come last, and behind other braces MySQL would not find the end of theirs. What psqlODBC takes from a section alone no string can say.
  const std::string why = again.error ? again.error->message : "";
  if (why.find(" has braces where MySQL ") != std::string::npos) return;
  if (why.find(", which psqlODBC has no way to write.") != std::string::npos) return;
  require(!again.error, "the out string is not taken again: ", why);
  require(again.settings.server == scene.walk.settings.server && again.settings.port == scene.walk.settings.port &&
              again.settings.user == scene.walk.settings.user &&
              again.settings.database == scene.walk.settings.database && again.settings.tls == scene.walk.settings.tls,
          "the out string means something else: ", out.reveal());
}

WalkOptions options_in(std::string_view head, std::string_view odbc_ini) {
  WalkOptions options;
  options.odbc_ini = odbc_ini;
  options.variables = {{"AWS_REGION", "eu-west-1"}, {"HOME", "/nonexistent"}};
  if (says(head, "allowed")) options.odbcinst_ini = "[ours]\nAllowInString=yes\n";
  if (says(head, "pass_file") && kind_in(head) == BaseKind::psqlodbc) options.pass_file = "/proc/self/fd/9";
  if (says(head, "section")) options.section = "PostgreSQL Unicode";
  if (says(head, "file")) options.file = "/lib/psqlodbcw.so";
  if (says(head, "wide")) options.width = Width::wide;
  if (says(head, "address")) options.address = "192.0.2.7";
  if (says(head, "timeout")) options.seconds_left = 7;
  options.version = kind_in(head) == BaseKind::psqlodbc  ? "13.02.0000"
                    : kind_in(head) == BaseKind::mariadb ? "03.01.0015"
                    : says(head, "old")                  ? "08.00.0019"
                                                         : "09.01.0000";
  return options;
}

// As libpq reads a password file: four fields that fit everything, then the password up to an end that no backslash takes away.
void is_in_the_pass_file(const std::string& secret) {
  const auto file = PassFile::create(secret);
  if (!file) return;  // the string has it then
  std::ifstream stream(file->path(), std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream), {}};
  const std::string start = "*:*:*:*:";
  require(content.starts_with(start) && content.ends_with('\n'), "no line of a password file");
  std::string read;
  for (std::size_t i = start.size(); i + 1 < content.size() && content[i] != ':' && content[i] != '\n'; ++i) {
    if (content[i] == '\\' && i + 2 < content.size()) ++i;
    read += content[i];
  }
  require(read == secret, "libpq would read another password: ", read);
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 4);
  const BaseKind kind = kind_in(parts[0]);
  WalkOptions options = options_in(parts[0], parts[1]);
  options.fetched = parts[3];
  auto string = ConnectionString::parse(parts[2]);
  if (!string) return;
  const BaseDriverProfile& profile = base_driver_profile(kind);
  const Walked walk = walked(kind, parts[2], options);
  const Scene scene{kind, walk, options, parts[2]};
  auto secrets = secrets_of(string.value(), walk.files, profile, input);
  add_fetched(secrets, parts[3], input);
  if (walk.error) {
    require(walk.error->sqlstate.size() == 5 && !walk.error->message.empty(), "a failure says nothing");
    holds_none(walk.error->message, secrets);
    return;
  }
  require(walk.text.find('\0') == std::string::npos, "the base driver would stop in the middle");
  foreign_attributes_arrive(scene, string.value());
  auto given = Given::gather(std::move(string).value(), walk.files);
  given.value().learn(walk.told);
  shows_no_secret(scene, given.value(), input);
  means_the_same_again(scene, given.value());
  is_the_last_word(scene);
  if (!scene.brings_login()) return;
  if (!options.pass_file.empty()) is_in_the_pass_file(walk.secret);
  is_signed_for_what_is_dialled(scene);
  if (kind == BaseKind::psqlodbc) psqlodbc_sees_ours(scene);
  if (kind == BaseKind::mariadb) mariadb_sees_ours(scene);
  if (kind == BaseKind::mysql) mysql_sees_ours(scene);
}

const Registration registered("walk", run);

}  // namespace of_walk
}  // namespace iamodbc::fuzz
