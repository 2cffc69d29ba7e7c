// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "core/text.h"
#include "setup/dsn/commands.h"
#include "setup/dsn/foreign.h"
#include "setup/dsn/new_dsn.h"
#include "setup/dsn/options.h"
#include "setup/dsn/report.h"
#include "setup/dsn/translate.h"
#include "setup/input.h"
#include "setup/output.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct Options : DsnOptions {
  std::string name;
  std::string source;
  bool is_only_shown = false;
};

Result<Foreign> read_foreign(const Options& options, const OdbcFiles& files, const System& system) {
  std::string text = options.source;
  if (text == "-") {
    auto input = standard_input("DSN, URL or connection string");
    if (!input) return input.error();
    text = std::move(input).value();
  }
  text = trimmed(text);
  if (is_foreign_text(text)) return parse_foreign(text);
  const auto found = files_with(text, false, files, system);
  if (!found) return found.error();
  Foreign foreign;
  for (const IniEntry& entry : found.value().data_source(text)->entries) {
    foreign.lines.push_back({entry.key, entry.value});
  }
  return foreign;
}

int run(const Options& options) {
  const System system;
  const OdbcFiles files = OdbcFiles::read(system);
  auto given = lines_of(options);
  if (!given) {
    complain(given.error().message);
    return Exit::usage;
  }
  const auto foreign = read_foreign(options, files, system);
  if (!foreign) return failed(foreign.error(), "", system);
  auto made = translated(foreign.value(), files);
  if (!made) return failed(made.error(), "", system);
  const bool is_typed = options.source != "-" && is_foreign_text(options.source);
  if (is_typed && !made.value().secrets.empty()) {
    warn(
        "it holds a secret, and every user of this machine can see the arguments of a running program. Write it to "
        "standard input instead: iamodbc dsn import NAME -");
    if (options.store_secret) return Exit::usage;
  }
  NewDsn dsn{options.name, std::move(made.value().lines), options.is_only_shown, {}};
  if (options.store_secret) dsn.secrets = std::move(made.value().secrets);
  for (DsnLine& line : given.value()) {
    const BaseDriverProfile& any = base_driver_profile(BaseKind::unknown);
    std::erase_if(dsn.lines, [&](const DsnLine& one) { return is_same_attribute(one.name, line.name, any); });
    dsn.lines.push_back(std::move(line));
  }
  for (const std::string& change : made.value().changes) print(shown(change));
  return make_new_dsn(std::move(dsn), options);
}

}  // namespace

Run dsn_import_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_new_name(app, options->name)->required();
  app.add_option(
         "SOURCE", options->source,
         "A DSN of another driver, a URL (postgresql:, mysql:, jdbc:), a libpq or ODBC connection string, or `-` "
         "to read one from standard input")
      ->required()
      ->type_name("");
  add_attribute_options(app, *options);
  app.add_flag("--dry-run", options->is_only_shown, "Show what it would be, and write nothing");
  add_place_option(app, *options);
  add_secret_option(app, *options);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
