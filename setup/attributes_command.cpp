// The attribute table as text, as the README's table, or as JSON.
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "core/attributes.h"
#include "setup/command.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

std::string joined(std::span<const char* const> words, const char* separator) {
  std::string text;
  for (const char* word : words) text += (text.empty() ? "" : separator) + std::string(word);
  return text;
}

const char* allowed_in(const AttributeRow& row) {
  return row.ini_only ? "odbc.ini" : "odbc.ini, string";
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

void print_text(const AttributeRow& row) {
  constexpr std::size_t name_width = 22;
  print(padded(row.name, name_width) + row.help);
  const auto more = [](const std::string& text) { print(std::string(name_width, ' ') + text); };
  if (!row.choices.empty()) more("one of: " + joined(row.choices, ", "));
  if (*row.default_value != '\0') more(std::string("default: ") + row.default_value);
  if (!row.aliases.empty()) more("also: " + joined(row.aliases, ", "));
  if (row.ini_only) more("in odbc.ini only");
}

void print_markdown(const AttributeRow& row) {
  std::string help = row.help;
  if (!row.choices.empty()) help += " (`" + joined(row.choices, "`, `") + "`)";
  const std::string aliases = row.aliases.empty() ? "" : "`" + joined(row.aliases, "`, `") + "`";
  print("| `" + std::string(row.name) + "` | " + aliases + " | " + row.default_value + " | " + allowed_in(row) + " | " +
        help + " |");
}

std::string json(const AttributeRow& row) {
  const auto list = [](std::span<const char* const> words) {
    std::vector<std::string> items;
    for (const char* word : words) items.push_back(json_string(word));
    return json_list(items);
  };
  return "{\"name\": " + json_string(row.name) + ", \"aliases\": " + list(row.aliases) +
         ", \"default\": " + json_string(row.default_value) + ", \"choices\": " + list(row.choices) +
         ", \"secret\": " + (row.is_secret ? "true" : "false") +
         ", \"in_string\": " + (row.ini_only ? "false" : "true") + ", \"help\": " + json_string(row.help) + "}";
}

}  // namespace

Run attributes_command(CLI::App& app) {
  struct Options {
    bool markdown = false;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::Option* const markdown = app.add_flag("--markdown", options->markdown, "As a Markdown table");
  app.add_flag("--json", options->json, "As a JSON array")->excludes(markdown);
  return [options] {
    if (options->json) {
      std::string rows;
      for (const AttributeRow& row : attribute_table()) rows += (rows.empty() ? "" : ",\n") + json(row);
      print("[" + rows + "]");
      return Exit::ok;
    }
    if (options->markdown) {
      print("| Attribute | Also | Default | Allowed in | Meaning |");
      print("|---|---|---|---|---|");
    }
    for (const AttributeRow& row : attribute_table()) {
      if (options->markdown) {
        print_markdown(row);
      } else {
        print_text(row);
      }
    }
    return Exit::ok;
  };
}

}  // namespace iamodbc
