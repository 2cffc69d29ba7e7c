// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/new_dsn.h"

#include <algorithm>
#include <utility>

#include "core/attributes.h"
#include "core/text.h"
#include "setup/command.h"
#include "setup/dsn/base_drivers.h"
#include "setup/dsn/questions.h"
#include "setup/dsn/report.h"
#include "setup/dsn/store.h"
#include "setup/dsn/terminal.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

using Id = AttributeId;

int wrong_usage(const std::string& message) {
  complain(message);
  return Exit::usage;
}

// What a script has to say, and did not.
std::string missing(const std::string& name, const DsnLines& lines, const OdbcFiles& files) {
  std::string options;
  const auto add = [&](const char* option) { options += (options.empty() ? "" : ", ") + std::string(option); };
  if (name.empty()) add("NAME");
  if (!value_of(lines, Id::base_dsn).empty() || leaves_place_to_aws(lines)) return options;
  if (value_of(lines, Id::server).empty()) add("--host");
  if (value_of(lines, Id::uid).empty()) add("--user");
  const bool is_told = !value_of(lines, Id::base_driver).empty() || !value_of(lines, Id::engine).empty();
  if (!is_told && installed_base_drivers(files).size() > 1) add("--engine or --base-driver");
  return options;
}

// In the order of the attribute table, what is the base driver's last.
void sort(DsnLines& lines) {
  const auto place = [](const DsnLine& line) {
    const AttributeRow* const row = find_attribute(line.name);
    return row == nullptr ? attribute_count : static_cast<std::size_t>(row->id);
  };
  std::stable_sort(lines.begin(), lines.end(), [&](const DsnLine& a, const DsnLine& b) { return place(a) < place(b); });
}

std::optional<Error> add_secrets(NewDsn& dsn) {
  if (dsn.secrets.empty()) {
    auto secrets = read_secrets(dsn.lines);
    if (!secrets) return secrets.error();
    dsn.secrets = std::move(secrets).value();
  }
  const auto is_password = [](const DsnLine& line) { return find_attribute(line.name) == &attribute_row(Id::pwd); };
  const bool has_password = std::any_of(dsn.secrets.begin(), dsn.secrets.end(), is_password);
  if (has_password && value_of(dsn.lines, Id::auth_type).empty()) {
    dsn.lines.push_back({attribute_row(Id::auth_type).name, "Password"});
  }
  dsn.lines.insert(dsn.lines.end(), dsn.secrets.begin(), dsn.secrets.end());
  return std::nullopt;
}

}  // namespace

int make_new_dsn(NewDsn dsn, const DsnOptions& options) {
  const System system;
  const OdbcFiles files = OdbcFiles::read(system);
  tell_base_driver(dsn.lines, files);
  if (has_terminal()) {
    if (const auto error = ask_for_new_dsn(dsn.name, dsn.lines, files, system)) return failed(*error, "", system);
  } else if (const std::string what = missing(dsn.name, dsn.lines, files); !what.empty()) {
    return wrong_usage("missing: " + what + ". On a terminal, they are asked for; --help lists the options.");
  }
  if (options.store_secret) {
    if (const auto error = add_secrets(dsn)) return wrong_usage(error->message);
  }
  sort(dsn.lines);
  dsn.lines.insert(dsn.lines.begin(), {"Driver", driver_for(value_of(dsn.lines, Id::base_driver), files, system)});
  const DsnChange change{odbc_ini_path(options.is_system, system), dsn.name, std::move(dsn.lines), true,
                         options.store_secret};
  const auto written = dsn.is_only_shown ? preview_dsn(change, system) : write_dsn(change, system);
  if (!written) return failed(written.error(), change.path, system);
  show_written(change, written.value(), system);
  print(dsn.is_only_shown
            ? "not written (--dry-run)"
            : "added to " + shown(change.path) + "; try it: iamodbc dsn test " + quoted_for_shell(dsn.name));
  return Exit::ok;
}

}  // namespace iamodbc
