// SPDX-License-Identifier: Apache-2.0
// rooms: the rooms of a connect in a closed world, for tests: ini files are texts, the environment is a map, the clock stands still.
// What cannot be made ready for a test is thrown, so that programs without GoogleTest can use this too.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base_string.h"
#include "core/given.h"
#include "core/login/fetched_login.h"
#include "core/settings.h"
#include "core/tls_policy.h"

namespace iamodbc {

inline const Time noon = std::chrono::sys_days(std::chrono::year(2024) / 1 / 2) + std::chrono::hours(12);

// No test here asks for the metadata service of the machine that it runs on.
inline System closed_system(std::map<std::string, std::string> variables = {}) {
  variables.emplace("AWS_EC2_METADATA_DISABLED", "true");
  return System(std::move(variables), [] { return noon; });
}

inline OdbcFiles odbc_files(std::string_view odbc_ini, std::string_view odbcinst_ini = "") {
  return OdbcFiles({parse_odbc_ini("/home/me/.odbc.ini", odbc_ini)},
                   {parse_odbc_ini("/etc/odbcinst.ini", odbcinst_ini)});
}

inline ConnectionString parsed(std::string_view text) {
  auto string = ConnectionString::parse(text);
  if (!string) throw std::invalid_argument(std::string(text) + ": " + string.error().message);
  return std::move(string).value();
}

// A folder of its own for this process, with an empty rds-ca.pem in it; removed by nobody but the system's temporary files.
inline const std::string& data_folder() {
  static const std::string folder = [] {
    std::string made = std::filesystem::temp_directory_path() / "iamodbc-XXXXXX";
    if (mkdtemp(made.data()) == nullptr) throw std::runtime_error("no temporary folder");
    std::ofstream(made + "/rds-ca.pem") << "no certificate\n";
    return made;
  }();
  return folder;
}

// Self-signed, subject "CN = Amazon RDS eu-central-1 Root CA RSA2048 G1".
inline constexpr std::string_view frankfurt_root = R"(-----BEGIN CERTIFICATE-----
MIIBwTCCAWegAwIBAgIUIgMSQN8H3fWSbPCSBgcugzF94xEwCgYIKoZIzj0EAwIw
NTEzMDEGA1UEAwwqQW1hem9uIFJEUyBldS1jZW50cmFsLTEgUm9vdCBDQSBSU0Ey
MDQ4IEcxMCAXDTI2MTEyMjA1Mzk1MFoYDzIxMjYxMDI5MDUzOTUwWjA1MTMwMQYD
VQQDDCpBbWF6b24gUkRTIGV1LWNlbnRyYWwtMSBSb290IENBIFJTQTIwNDggRzEw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATmhW78VLh62CnjSC2u4K8vIn93t6Kl
EMJOYGhfrIdDcqa/4+G4B75azV9x503RU3DCX/81Yo9lOC8GUYZvgaPMo1MwUTAd
BgNVHQ4EFgQUnkcTRtKYOquZZAPSCkz88YMW2CQwHwYDVR0jBBgwFoAUnkcTRtKY
OquZZAPSCkz88YMW2CQwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF
AiEA8zi9XEVXewKWn9pJ2SEyr0n26cI3k2mEdKBwAgmdl90CIEoNeJGR3RDAc369
FPljeyi/muxn5n8S5NfRweJz/dJV
-----END CERTIFICATE-----
)";

inline constexpr std::string_view a_token = "db.example:5432/?Action=connect&X-Amz-Signature=ab%2Fcd";

// One walk from the application's string to the base driver's, with every room kept for a look.
struct Walked {
  OdbcFiles files;

  std::vector<Told> told;  // by what was fetched
  Settings settings;
  std::optional<TlsPlan> plan;
  std::string secret;          // that the base driver is to have
  std::string text;            // the base string
  std::optional<Error> error;  // of the room that failed; what comes after is empty
  std::string room;            // that failed
};

struct WalkOptions {
  std::string odbc_ini;
  std::string odbcinst_ini;
  std::map<std::string, std::string> variables;
  std::string pass_file;
  int seconds_left = 0;
  int port = 0;
  std::string address;
  std::string section;  // of the base driver
  std::string file;
  std::string version;
  int libpq_version = 150000;
  std::string secret = std::string(a_token);
  std::string
      fetched;  // the JSON object of a login that is fetched, where AuthType wants one; empty: the service is not asked
  Width width = Width::narrow;
};

// What Secrets Manager or Redshift answered, if AuthType asks one of them.
inline std::optional<Error> fetched_for(Walked& walk, Given& given, const std::string& document) {
  const auto settings = read_fetch_settings(given);
  if (!settings) return settings.error();
  if (!fetches_login(settings.value().auth_type)) return std::nullopt;
  auto fetched = login_of(settings.value(), Secret(document), "secret sales");
  if (!fetched) return fetched.error();
  walk.secret = fetched.value().login.secret.reveal();
  walk.told = fetched.value().told;
  given.learn(std::move(fetched.value().told));
  return std::nullopt;
}

inline Walked walked(BaseKind kind, std::string_view text, const WalkOptions& options = {}) {
  Walked walk{odbc_files(options.odbc_ini, options.odbcinst_ini), {}, {}, {}, options.secret, {}, {}, {}};
  const auto failed = [&](const char* room, const Error& error) {
    walk.room = room;
    walk.error = error;
  };
  auto string = ConnectionString::parse(text);
  if (!string) return failed("parse", string.error()), std::move(walk);
  const OdbcFiles& files = walk.files;
  auto given = Given::gather(std::move(string).value(), files);
  if (!given) return failed("given", given.error()), std::move(walk);
  if (!options.fetched.empty()) {
    if (const auto error = fetched_for(walk, given.value(), options.fetched))
      return failed("fetched login", *error), std::move(walk);
  }
  const BaseDriverProfile& profile = base_driver_profile(kind);
  auto settings = read_settings(given.value(), profile);
  if (!settings) return failed("settings", settings.error()), std::move(walk);
  const System system = closed_system(options.variables);
  if (settings.value().asks_for_tls) {
    auto plan = plan_tls(settings.value(), given.value(), profile, system, data_folder());
    if (!plan) return failed("tls", plan.error()), std::move(walk);
    walk.plan = std::move(plan).value();
  }
  Login login;
  login.kind = settings.value().auth_type;
  login.user = settings.value().user;
  login.secret = Secret(walk.secret);
  const BaseDriverFacts facts{options.file, options.section, options.version, options.libpq_version, &profile};
  const bool is_ours = brings_login(settings.value().auth_type);
  const BaseStringInput input{given.value(),
                              settings.value(),
                              facts,
                              is_ours ? &login : nullptr,
                              walk.plan ? &*walk.plan : nullptr,
                              options.pass_file,
                              options.address,
                              options.seconds_left,
                              options.port};
  auto written = write_base_string(input, options.width);
  if (!written) {
    failed("base string", written.error());
  } else {
    walk.text = written.value().reveal();
  }
  walk.settings = std::move(settings).value();
  return walk;
}

// ---- how base drivers read what we write, told anew and without our parser ----

using Pairs = std::vector<std::pair<std::string, std::string>>;  // name in lower case, value

inline std::string lowered(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// psqlODBC: parts between semicolons, the name up to the first = and never trimmed, a value that opens with { ends at the } before a ;.
// nullopt: "Connection string parse error".
inline std::optional<Pairs> as_psqlodbc_reads(const std::string& text) {
  Pairs pairs;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ';') {
      ++at;
      continue;
    }
    std::size_t end = std::min(text.find(';', at), text.size());
    const std::size_t equals = text.find('=', at);
    if (equals >= end) {
      at = end;
      continue;
    }
    if (equals + 1 < text.size() && text[equals + 1] == '{') {
      std::size_t close = equals + 2;
      for (;;) {
        close = text.find('}', close);
        if (close == std::string::npos) return std::nullopt;
        if (close + 1 < text.size() && text[close + 1] == '}') {
          close += 2;
          continue;
        }
        break;
      }
      if (close + 1 < text.size() && text[close + 1] != ';') return std::nullopt;
      end = close + 1;
    }
    pairs.emplace_back(lowered(text.substr(at, equals - at)), text.substr(equals + 1, end - equals - 1));
    at = end;
  }
  return pairs;
}

// What psqlODBC does to PWD, pqopt and ConnSettings: braces come off, anything else is percent-decoded.
inline std::string psqlodbc_decoded(const std::string& value) {
  std::string out;
  if (value.size() >= 2 && value.front() == '{' && value.back() == '}') {
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
      if (value[i] == '}' && value[i + 1] == '}') ++i;
      out += value[i];
    }
    return out;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%' && i + 2 < value.size()) {
      out += static_cast<char>(std::stoi(value.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += value[i] == '+' ? ' ' : value[i];
    }
  }
  return out;
}

// The last value of any of these names.
inline std::optional<std::string> last_of(const Pairs& pairs, std::initializer_list<std::string_view> names) {
  for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair) {
    for (const auto name : names) {
      if (pair->first == name) return pair->second;
    }
  }
  return std::nullopt;
}

// What MariaDB Connector/ODBC knows.
inline const std::vector<std::string> mariadb_names{
    "dsn",       "description",   "driver",      "options",       "option",
    "namedpipe", "tcpip",         "server",      "uid",           "pwd",
    "database",  "port",          "initstmt",    "conn_timeout",  "auto_reconnect",
    "no_prompt", "charset",       "trace",       "plugin_dir",    "sslkey",
    "sslcert",   "sslca",         "sslcapath",   "sslcipher",     "sslverify",
    "tlspeerfp", "tlspeerfplist", "sslcrl",      "sslcrlpath",    "socket",
    "savefile",  "use_mycnf",     "tlsversion",  "forcetls",      "serverkey",
    "tlskeypwd", "interactive",   "forwardonly", "schemanoerror", "servername",
    "user",      "password",      "db",          "sslfp"};

// MariaDB Connector/ODBC: a name is all up to the next =, semicolons included; a name that it does not know is skipped to the next ; whatever the
// braces; names and values are trimmed, values inside their braces too. nullopt: "Error while parsing DSN".
inline std::optional<Pairs> as_mariadb_reads(const std::string& text, const std::vector<std::string>& known) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  const auto without_blanks = [&](std::string word) {
    while (!word.empty() && is_blank(word.front())) word.erase(0, 1);
    while (!word.empty() && is_blank(word.back())) word.pop_back();
    return word;
  };
  Pairs pairs;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ';') {
      ++at;
      continue;
    }
    const std::size_t equals = text.find('=', at);
    if (equals == std::string::npos) return std::nullopt;
    const std::string name = lowered(without_blanks(text.substr(at, equals - at)));
    std::size_t from = equals + 1;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::size_t next = text.find(';', from);
      if (next == std::string::npos) break;
      at = next + 1;
      continue;
    }
    while (from < text.size() && is_blank(text[from])) ++from;
    std::string value;
    if (from < text.size() && text[from] == '{') {
      std::size_t i = from + 1;
      for (; i < text.size(); ++i) {
        if (text[i] == '}') {
          if (i + 1 < text.size() && text[i + 1] == '}') {
            ++i;
          } else {
            break;
          }
        }
        value += text[i];
      }
      at = i + 2;  // one character behind the brace goes unseen
    } else {
      const std::size_t end = std::min(text.find(';', from), text.size());
      value = text.substr(from, end - from);
      at = end + 1;
    }
    pairs.emplace_back(name, without_blanks(value));
  }
  return pairs;
}

}  // namespace iamodbc
