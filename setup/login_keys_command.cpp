// The keys of a DSN or a profile into the keyring of the desktop.
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "setup/command.h"
#include "setup/login_keys.h"
#include "setup/output.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct Options {
  std::string source;
  std::string profile;
  bool keys = false;
  bool remove = false;
};

int run(const Options& options) {
  CredentialSettings settings;
  settings.profile = options.profile;
  if (!options.source.empty()) {
    const System system;
    const OdbcFiles files = OdbcFiles::read(system);
    auto source = read_settings_of(options.source, files, system);
    if (!source) {
      complain(source.error());
      return Exit::failed;
    }
    settings = std::move(source.value().settings.credentials);
  }
  return login_keys(settings, options.remove);
}

}  // namespace

Run login_keys_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::Option* const source = app.add_option("DSN", options->source, source_help)->type_name("");
  app.add_option("--profile", options->profile, "The name that the keys are kept under (default)")
      ->type_name("PROFILE")
      ->excludes(source);
  CLI::Option* const keys = app.add_flag("--keys", options->keys, "Keep AWS keys in the keyring of the desktop");
  keys->required();
  app.add_flag("--remove", options->remove, "Take them out again")->needs(keys);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
