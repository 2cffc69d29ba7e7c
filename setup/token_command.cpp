// A login token on standard output, and nothing else there but, as JSON, what it is for.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "core/login/names.h"
#include "core/text.h"
#include "core/walk.h"
#include "setup/command.h"
#include "setup/output.h"
#include "setup/progress.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  std::string host;
  int port = 0;
  std::string user;
  std::string region;
  std::string profile;
  bool json = false;
};

Result<Settings> settings_of(const Options& options, const System& system) {
  if (!options.source.empty()) {
    const OdbcFiles files = OdbcFiles::read(system);
    auto given = read_given(options.source, files);
    if (!given) return given.error();
    const auto fetched = read_fetch_settings(given.value());
    if (fetched && fetches_login(fetched.value().auth_type)) {
      return cannot_connect(std::string("AuthType=") + text(fetched.value().auth_type) +
                            " signs no token. Remove AuthType, or choose another DSN; `iamodbc check` shows what is "
                            "fetched.");
    }
    auto source = read_settings_without_base_driver(std::move(given).value(), files, system);
    if (!source) return source.error();
    const AuthType type = source.value().settings.auth_type;
    if (!signs_token(type)) {
      return cannot_connect(std::string("AuthType=") + text(type) +
                            " signs no token. Remove AuthType, or choose another DSN.");
    }
    return with_resolved_server(std::move(source.value().settings), Log(), no_deadline);
  }
  if (options.host.empty() || options.host.find_first_of("/@, \t") != std::string::npos) {
    return cannot_connect("--host \"" + options.host +
                          "\" is not a host name. Give the RDS endpoint, without scheme, user or path.");
  }
  if (options.user.empty()) return cannot_connect("--user is empty. Give the database user.");
  Settings settings;
  settings.server = settings.token_host = options.host;
  settings.port = settings.token_port = options.port;
  settings.user = options.user;
  settings.region = lower(options.region);
  settings.credentials.profile = options.profile;
  return settings;
}

Secret json_of(const Login& login, const std::string& user) {
  const Endpoint& endpoint = login.signed_endpoint;
  Secret json("{\"token\": ");
  std::string token = json_string(login.secret.reveal());
  json.append(token);
  wipe(token);
  json.append(", \"host\": " + json_string(endpoint.host) + ", \"port\": " + std::to_string(endpoint.port) +
              ", \"region\": " + json_string(endpoint.region) + ", \"user\": " + json_string(user) +
              ", \"expiry\": " + json_string(extended_time(*login.end)) + "}");
  return json;
}

int run(const Options& options) {
  const System system;
  const auto settings = settings_of(options, system);
  if (!settings) {
    complain(settings.error());
    return Exit::failed;
  }
  const AwsFiles files = AwsFiles::read(system);
  const Log log;
  auto endpoint = signed_endpoint(settings.value(), system, files, log, no_deadline);
  if (!endpoint) {
    complain(endpoint.error());
    return Exit::failed;
  }
  if (!endpoint.value().region.warning.empty()) warn(endpoint.value().region.warning);
  const CredentialSettings& wanted = settings.value().credentials;
  const Context context{system, files, wanted, log, no_deadline, endpoint.value().asked_region};
  const auto found = searched(wanted, [&] { return find_credentials(context); });
  if (!found) {
    complain(found.error());
    return Exit::failed;
  }
  const std::string profile = chosen_profile(system, settings.value().credentials.profile).name;
  if (const auto error = settle_region(endpoint.value(), aws_client(context, profile), *found.value().credentials)) {
    complain(*error);
    return Exit::failed;
  }
  if (endpoint.value().writer_is_to_be_asked && !endpoint.value().region.warning.empty())
    warn(endpoint.value().region.warning);
  const Login login =
      token_login(settings.value(), std::move(endpoint).value(), *found.value().credentials, aws_now(system));
  if (options.json) {
    print(json_of(login, settings.value().user).reveal());
  } else {
    print(login.secret.reveal());
  }
  return Exit::ok;
}

}  // namespace

Run token_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::Option* const source = app.add_option("DSN", options->source, source_help)->type_name("");
  const auto own = [&](const char* name, auto& value, const char* help, const char* type) {
    return app.add_option(name, value, help)->type_name(type)->excludes(source);
  };
  CLI::Option* const host = own("--host,--hostname", options->host, "The RDS endpoint to sign", "HOST");
  CLI::Option* const port = own("--port", options->port, "Its port", "PORT")->check(CLI::Range(1, 65535));
  CLI::Option* const user = own("--user,--username", options->user, "The database user", "USER");
  own("--region", options->region, "The AWS region, when the host name does not tell it", "REGION");
  own("--profile", options->profile, "The profile of the AWS files to sign with", "PROFILE");
  app.add_flag("--json", options->json, "As one JSON object, with what was signed and when it ends");
  host->needs(port, user);
  port->needs(host);
  user->needs(host);
  app.callback([=] {
    if (source->count() + host->count() == 0) throw CLI::RequiredError("A DSN, or --host, --port and --user");
  });
  return [options] { return run(*options); };
}

}  // namespace iamodbc
