// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "setup/dsn/commands.h"
#include "setup/dsn/options.h"
#include "setup/dsn/report.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct Options : DsnOptions {
  std::string name;
};

int run(const Options& options) {
  const System system;
  const auto found = files_with(options.name, options.is_system, OdbcFiles::read(system), system);
  if (!found) return failed(found.error(), "", system);
  const std::string path = found.value().data_source_file(options.name);
  if (const auto error = not_ours(*found.value().data_source(options.name), found.value())) {
    return failed(*error, "", system);
  }
  const auto removed = remove_dsn(path, options.name);
  if (!removed) return failed(removed.error(), path, system);
  print("[" + shown(options.name) + "] removed from " + shown(path));
  const OdbcFiles left = OdbcFiles::read(system);
  if (const std::string other = left.data_source_file(options.name); !other.empty()) {
    warn("there is one of this name in " + other + " still, which programs find now");
  }
  return Exit::ok;
}

}  // namespace

Run dsn_remove_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_known_name(app, options->name);
  add_place_option(app, *options);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
