// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "setup/dsn/commands.h"
#include "setup/dsn/new_dsn.h"
#include "setup/dsn/options.h"
#include "setup/output.h"

namespace iamodbc {

Run dsn_add_command(CLI::App& app) {
  struct Options : DsnOptions {
    std::string name;
  };
  auto options = std::make_shared<Options>();
  add_new_name(app, options->name);
  add_attribute_options(app, *options);
  add_place_option(app, *options);
  add_secret_option(app, *options);
  return [options] {
    auto lines = lines_of(*options);
    if (!lines) {
      complain(lines.error().message);
      return Exit::usage;
    }
    return make_new_dsn({options->name, std::move(lines).value(), false, {}}, *options);
  };
}

}  // namespace iamodbc
