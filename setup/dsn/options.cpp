// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/options.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "core/attributes.h"
#include "core/credentials/prompt.h"
#include "core/settings.h"
#include "core/text.h"
#include "setup/dsn/terminal.h"

namespace iamodbc {
namespace {

using Id = AttributeId;

struct Named {
  const char* option;
  Id id;
  const char* type;  // where the attribute has no choices
};

// Whatever is not in here: --set.
constexpr Named named[] = {
    {"--host", Id::server, "HOST"},           {"--port", Id::port, "PORT"},
    {"--database", Id::database, "NAME"},     {"--user", Id::uid, "NAME"},
    {"--engine", Id::engine, "ENGINE"},       {"--base-driver", Id::base_driver, "NAME"},
    {"--region", Id::region, "REGION"},       {"--profile", Id::profile, "PROFILE"},
    {"--role-arn", Id::role_arn, "ARN"},      {"--sso-session", Id::sso_session, "NAME"},
    {"--token-host", Id::token_host, "HOST"}, {"--tls", Id::tls, "LEVEL"},
    {"--secret", Id::secret_id, "ID"},        {"--cluster", Id::cluster_id, "NAME"},
    {"--workgroup", Id::workgroup, "NAME"},   {"--ca-file", Id::tls_ca_file, "FILE"},
    {"--auth", Id::auth_type, "TYPE"},        {"--tunnel", Id::tunnel, "COMMAND"},
};

Error wrong(const std::string& message) {
  return Error{State::invalid_attribute_value, message, 0};
}

std::string sentence(const std::string& help) {
  std::string text = help;
  if (!text.empty()) text[0] = upper(text.substr(0, 1))[0];
  return text;
}

std::string type_of(const Named& one) {
  std::string choices;
  for (const char* const choice : attribute_row(one.id).choices)
    choices += (choices.empty() ? "" : "|") + std::string(choice);
  return choices.empty() ? one.type : choices;
}

// What makes it this DSN, and of iamodbc, is not for --set and --unset to change.
std::optional<Error> not_to_be_set(const std::string& name) {
  if (same_name(name, "Driver") || same_name(name, "Driver64")) {
    return wrong(name + " of a DSN of iamodbc leads to iamodbc. The driver of the database is --base-driver.");
  }
  if (same_name(name, "DSN")) return wrong("DSN is no attribute of a DSN: its name is the first argument.");
  return std::nullopt;
}

std::optional<Error> add(DsnLines& lines, DsnLine line) {
  if (auto error = not_to_be_set(line.name)) return error;
  const BaseDriverProfile& any = base_driver_profile(BaseKind::unknown);
  const auto twin = std::find_if(lines.begin(), lines.end(),
                                 [&](const DsnLine& one) { return is_same_attribute(one.name, line.name, any); });
  if (twin != lines.end()) return wrong(twin->name + " and " + line.name + " are the same attribute. Give it once.");
  if (holds_secret(line)) {
    return wrong(
        line.name +
        " holds a secret, and every user of this machine can see the arguments of a program. A DSN of IAM needs "
        "none; --store-secret asks for one, or reads it from standard input.");
  }
  lines.push_back(std::move(line));
  return std::nullopt;
}

Result<Secret> read_secret(const std::string& name) {
  if (has_terminal()) {
    const System system;
    const AwsFiles files;
    const CredentialSettings settings;
    const Log log;
    const std::string no_program;
    return ask_person({name + ": ", name + " is asked for on the terminal", name, no_program},
                      Context{system, files, settings, log, no_deadline});
  }
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  return Secret::taken_from(line);
}

}  // namespace

void add_place_option(CLI::App& app, DsnOptions& options) {
  app.add_flag("--system", options.is_system, "In everybody's odbc.ini (ODBCSYSINI or /etc), not in the user's");
}

void add_attribute_options(CLI::App& app, DsnOptions& options) {
  for (const Named& one : named) {
    app.add_option_function<std::string>(
           one.option, [&options, &one](const std::string& value) { options.values[one.option] = value; },
           sentence(attribute_row(one.id).help))
        ->type_name(type_of(one));
  }
  app.add_option("--set", options.settings, "Any other attribute, of iamodbc or of the base driver; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all();
}

void add_secret_option(CLI::App& app, DsnOptions& options) {
  app.add_flag("--store-secret", options.store_secret,
               "Write the password, or the secret key, to odbc.ini too (which becomes 0600): it is asked for, or read "
               "from standard input");
}

Result<DsnLines> lines_of(const DsnOptions& options) {
  DsnLines lines;
  for (const Named& one : named) {
    const auto found = options.values.find(one.option);
    if (found != options.values.end()) lines.push_back({attribute_row(one.id).name, found->second});
  }
  // What is named tells how to log in.
  const bool has_type = options.values.contains("--auth");
  if (!has_type && options.values.contains("--secret"))
    lines.push_back({attribute_row(Id::auth_type).name, text(AuthType::secrets_manager)});
  if (!has_type && (options.values.contains("--cluster") || options.values.contains("--workgroup")))
    lines.push_back({attribute_row(Id::auth_type).name, text(AuthType::redshift)});
  for (const std::string& setting : options.settings) {
    const std::size_t equals_sign = setting.find('=');
    const std::string name(trimmed(setting.substr(0, equals_sign)));
    if (equals_sign == std::string::npos || name.empty()) return wrong("--set " + setting + " is not NAME=VALUE.");
    if (auto error = add(lines, {name, std::string(trimmed(setting.substr(equals_sign + 1)))})) return *error;
  }
  for (const std::string& name : options.unset) {
    if (auto error = add(lines, {name, ""})) return *error;
  }
  return lines;
}

Result<DsnLines> read_secrets(const DsnLines& lines) {
  std::vector<Id> needed;
  if (same_name(value_of(lines, Id::auth_type), "Password")) needed.push_back(Id::pwd);
  if (!value_of(lines, Id::access_key_id).empty()) {
    needed.push_back(Id::secret_access_key);
    // Keys of a session begin with ASIA; others have no token.
    if (value_of(lines, Id::access_key_id).starts_with("ASIA")) needed.push_back(Id::session_token);
  }
  if (needed.empty()) {
    return wrong(
        "There is no secret to store: a DSN of IAM needs none. --store-secret is for AuthType=Password (--auth "
        "Password) "
        "and for keys (--set AccessKeyID=...).");
  }
  DsnLines secrets;
  for (const Id id : needed) {
    const std::string name = attribute_row(id).name;
    const auto secret = read_secret(name);
    if (!secret) return secret.error();
    if (secret.value().size() == 0) return wrong("No " + name + " came from standard input. Nothing was written.");
    secrets.push_back({name, std::string(secret.value().reveal())});
  }
  return secrets;
}

}  // namespace iamodbc
