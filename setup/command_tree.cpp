// SPDX-License-Identifier: Apache-2.0
#include "setup/command_tree.h"

namespace iamodbc {

std::vector<const CLI::App*> shown_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

std::vector<const CLI::Option*> shown_options(const CLI::App& app) {
  return app.get_options([](const CLI::Option* one) { return one->nonpositional() && !one->get_group().empty(); });
}

std::vector<const CLI::Option*> shown_arguments(const CLI::App& app) {
  return app.get_options([](const CLI::Option* one) { return one->get_positional() && !one->get_group().empty(); });
}

bool takes_value(const CLI::Option& option) {
  return option.get_type_size_max() > 0;
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

std::string value_name(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  // What follows a colon says how the value is checked.
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

}  // namespace iamodbc
