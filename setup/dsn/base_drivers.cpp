// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/base_drivers.h"

#include "core/base_driver_file.h"
#include "core/text.h"
#include "setup/base_probe.h"
#include "setup/source.h"

namespace iamodbc {
namespace {

struct OwnDriver {
  const char* section;
  const char* file;
};
constexpr OwnDriver both_widths{"iamodbc", "libiamodbc.so"};
constexpr OwnDriver narrow{"iamodbc narrow", "libiamodbca.so"};
constexpr OwnDriver wide{"iamodbc wide", "libiamodbcw.so"};

const OwnDriver& own_driver_for(const std::string& base_driver, const OdbcFiles& files, const System& system) {
  if (base_driver.empty()) return both_widths;
  const auto file = find_base_driver(base_driver, files, system, library_folder());
  if (!file) return both_widths;
  const auto probe = probe_base_driver(file.value());
  if (!probe || probe.value().has_narrow == probe.value().has_wide) return both_widths;
  return probe.value().has_narrow ? narrow : wide;
}

}  // namespace

std::vector<InstalledDriver> installed_base_drivers(const OdbcFiles& files) {
  std::vector<InstalledDriver> drivers;
  for (const char* const engine : {"postgresql", "mysql"}) {
    const auto name = default_base_driver(engine, 0, files);
    if (!name) continue;
    drivers.push_back({name.value(), &base_driver_profile(file_of_driver(name.value(), files))});
  }
  return drivers;
}

void tell_base_driver(DsnLines& lines, const OdbcFiles& files) {
  for (const AttributeId id : {AttributeId::base_driver, AttributeId::engine, AttributeId::base_dsn}) {
    if (!value_of(lines, id).empty()) return;
  }
  const auto port = parse_integer(value_of(lines, AttributeId::port)).value_or(0);
  const char* const name = attribute_row(AttributeId::base_driver).name;
  if (port == 5432 || port == 3306) {
    if (const auto told = default_base_driver("", static_cast<int>(port), files)) lines.push_back({name, told.value()});
    return;
  }
  const std::vector<InstalledDriver> installed = installed_base_drivers(files);
  if (installed.size() == 1) lines.push_back({name, installed.front().section});
}

std::string driver_for(const std::string& base_driver, const OdbcFiles& files, const System& system) {
  const OwnDriver& own = own_driver_for(base_driver, files, system);
  const std::string registered = driver_name(library_folder() + "/" + own.file, files);
  return registered.find('/') == std::string::npos ? registered : own.section;
}

}  // namespace iamodbc
