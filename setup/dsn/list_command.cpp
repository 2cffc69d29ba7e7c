// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "setup/dsn/commands.h"
#include "setup/dsn/report.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct Options {
  bool all = false;
  bool json = false;
};

struct Row {
  std::string name;
  std::string driver;
  std::string server;
  std::string file;
};

std::string value_in(const IniSection& section, const char* attribute, const BaseDriverProfile& profile) {
  std::string value;
  for (const IniEntry& entry : section.entries) {
    if (is_same_attribute(entry.key, attribute, profile)) value = entry.value;
  }
  return value;
}

std::vector<Row> rows_of(const OdbcFiles& files, const System& system, bool all, std::size_t& others) {
  std::vector<Row> rows;
  for (const std::string& name : files.data_source_names()) {
    const IniSection& section = *files.data_source(name);
    const DsnDriver driver = driver_of_dsn(section, files, system);
    if (!driver.is_ours && !all) {
      ++others;
      continue;
    }
    const IniEntry* const library = section.find("Driver");
    rows.push_back({name, library == nullptr ? "" : library->value, value_in(section, "Server", *driver.profile),
                    files.data_source_file(name)});
  }
  return rows;
}

std::string json_of(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    text += (text.empty() ? "" : ",\n ") + std::string("{\"name\": ") + json_string(row.name) +
            ", \"driver\": " + json_string(row.driver) + ", \"server\": " + json_string(row.server) +
            ", \"file\": " + json_string(row.file) + "}";
  }
  return "[" + text + "]";
}

// In characters of UTF-8: bytes of the form 10xxxxxx go on with one.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void print_table(const std::vector<Row>& rows) {
  std::size_t name_width = 0;
  std::size_t driver_width = 0;
  for (const Row& row : rows) {
    name_width = std::max(name_width, width_of(shown(row.name)));
    driver_width = std::max(driver_width, width_of(shown(row.driver)));
  }
  const auto padded = [](const std::string& text, std::size_t width) {
    const std::string one = shown(text);
    return one + std::string(width + 2 - width_of(one), ' ');
  };
  for (const Row& row : rows) {
    print(padded(row.name, name_width) + padded(row.driver, driver_width) +
          (row.server.empty() ? "-" : shown(row.server)) + "  (" + shown(row.file) + ")");
  }
}

int run(const Options& options) {
  const System system;
  const OdbcFiles files = OdbcFiles::read(system);
  for (const std::string& problem : files.problems()) warn(problem);
  std::size_t others = 0;
  const std::vector<Row> rows = rows_of(files, system, options.all, others);
  if (options.json) {
    print(json_of(rows));
    return Exit::ok;
  }
  print_table(rows);
  if (rows.empty()) {
    complain("there is no DSN of iamodbc" +
             (others == 0
                  ? std::string(": iamodbc dsn add makes one")
                  : " yet; " + std::to_string(others) + " of other drivers (--all), which iamodbc dsn import takes"));
  }
  return Exit::ok;
}

}  // namespace

Run dsn_list_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--all", options->all, "Those of other drivers, too");
  app.add_flag("--json", options->json, "As a JSON array");
  return [options] { return run(*options); };
}

}  // namespace iamodbc
