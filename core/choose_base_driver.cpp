// By itself, so that who asks nothing more of walk.h does not link what signs and asks the network.
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "core/walk.h"

namespace iamodbc {

Result<BaseDriverFile> choose_base_driver(const Given& given, const OdbcFiles& files, const System& system,
                                          const std::string& own_folder) {
  auto choice = read_base_choice(given);
  if (!choice) return choice.error();
  std::string name = choice.value().base_driver;
  if (name.empty()) {
    auto installed = default_base_driver(choice.value().engine, choice.value().port.value_or(0), files);
    // What neither Engine nor Port tells, the DSN of the base driver may.
    name = installed ? installed.value() : given.base_dsn_driver();
    if (name.empty()) return installed.error();
  }
  return find_base_driver(name, files, system, own_folder);
}

}  // namespace iamodbc
