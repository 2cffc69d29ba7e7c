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
  bool json = false;
};

std::string json_of(const IniSection& section, const std::string& path, const DsnDriver& driver) {
  std::string attributes;
  for (const IniEntry& entry : section.entries) {
    const std::string value = shown_value(*driver.profile, entry.key, entry.value);
    attributes += (attributes.empty() ? "" : ",\n  ") + std::string("{\"name\": ") + json_string(entry.key) +
                  ", \"value\": " + json_string(value) + ", \"hidden\": " + (value == entry.value ? "false" : "true") +
                  ", \"line\": " + std::to_string(entry.line) + "}";
  }
  return "{\"name\": " + json_string(section.name) + ", \"file\": " + json_string(path) +
         ", \"line\": " + std::to_string(section.line) + ", \"iamodbc\": " + (driver.is_ours ? "true" : "false") +
         ", \"attributes\": [" + attributes + "]}";
}

int run(const Options& options) {
  const System system;
  const auto chosen = files_with(options.name, options.is_system, OdbcFiles::read(system), system);
  if (!chosen) return failed(chosen.error(), "", system);
  const std::string path = chosen.value().data_source_file(options.name);
  const IniSection& section = *chosen.value().data_source(options.name);
  const DsnDriver driver = driver_of_dsn(section, chosen.value(), system);
  if (options.json) {
    print(json_of(section, path, driver));
    return Exit::ok;
  }
  print("# " + shown(path) + ", line " + std::to_string(section.line));
  print("[" + shown(section.name) + "]");
  for (const IniEntry& entry : section.entries) {
    print(shown(entry.key) + "=" + shown(shown_value(*driver.profile, entry.key, entry.value)));
  }
  return Exit::ok;
}

}  // namespace

Run dsn_show_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_known_name(app, options->name);
  app.add_flag("--json", options->json, "As JSON");
  add_place_option(app, *options);
  return [options] { return run(*options); };
}

}  // namespace iamodbc
