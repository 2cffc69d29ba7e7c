// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "core/attributes.h"
#include "core/text.h"
#include "setup/dsn/base_drivers.h"
#include "setup/dsn/commands.h"
#include "setup/dsn/options.h"
#include "setup/dsn/questions.h"
#include "setup/dsn/report.h"
#include "setup/dsn/terminal.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct Options : DsnOptions {
  std::string name;
};

int wrong_usage(const std::string& message) {
  complain(message);
  return Exit::usage;
}

// The lines as they will be: what a secret is asked for follows from them.
DsnLines all_lines(const IniSection& section, const DsnLines& changes) {
  DsnLines lines = changes;
  for (const IniEntry& entry : section.entries) {
    if (const AttributeRow* const row = find_attribute(entry.key);
        row != nullptr && value_of(changes, row->id).empty()) {
      lines.push_back({entry.key, entry.value});
    }
  }
  return lines;
}

// Another base driver may ask for another library of ours.
void follow_base_driver(DsnLines& lines, const IniSection& section, const OdbcFiles& files, const System& system) {
  const std::string base_driver = value_of(lines, AttributeId::base_driver);
  const IniEntry* const driver = section.find("Driver");
  if (base_driver.empty() || driver == nullptr || driver->value.find('/') != std::string::npos) return;
  lines.push_back({"Driver", driver_for(base_driver, files, system)});
}

int run(const Options& options) {
  const System system;
  const auto found = files_with(options.name, options.is_system, OdbcFiles::read(system), system);
  if (!found) return failed(found.error(), "", system);
  const OdbcFiles& files = found.value();
  const std::string path = files.data_source_file(options.name);
  const IniSection& section = *files.data_source(options.name);
  if (const auto error = not_ours(section, files)) return failed(*error, "", system);
  auto given = lines_of(options);
  if (!given) return wrong_usage(given.error().message);
  DsnLines lines = std::move(given).value();
  if (lines.empty() && !options.store_secret) {
    if (!has_terminal()) return wrong_usage("nothing to change was given. See iamodbc dsn edit --help");
    if (const auto error = ask_for_changes(section, lines, files, system)) return failed(*error, "", system);
  }
  if (options.store_secret) {
    const auto secrets = read_secrets(all_lines(section, lines));
    if (!secrets) return wrong_usage(secrets.error().message);
    lines.insert(lines.end(), secrets.value().begin(), secrets.value().end());
  }
  follow_base_driver(lines, section, files, system);
  const DsnChange change{path, section.name, std::move(lines), false, options.store_secret};
  const auto written = write_dsn(change, system);
  if (!written) return failed(written.error(), change.path, system);
  show_written(change, written.value(), system);
  print((written.value().is_changed ? "changed in " : "is so already in ") + shown(change.path) +
        "; try it: iamodbc dsn test " + quoted_for_shell(change.name));
  return Exit::ok;
}

}  // namespace

Run dsn_edit_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_known_name(app, options->name);
  add_attribute_options(app, *options);
  app.add_option("--unset", options->unset, "Take an attribute out; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  add_place_option(app, *options);
  add_secret_option(app, *options);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
