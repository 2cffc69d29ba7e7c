// ConfigDSN: an application, or an administrator's program, adds, changes or removes a data source of ours.
// There is no dialog of our own. In a program of iODBC's that gives a window, iODBC's own dialog asks for the
// attributes; everywhere else what is given is done, and with a window nothing is overwritten that nobody asked about.
// unixODBC calls the narrow function for both widths when a library has both, with wide text cut to its low bytes: give
// it narrow text where a name is not of Latin 1.
// unixODBC 2.3.13 and 2.3.14 hold a lock during the call that SQLGetConfigMode takes too, and so hang in every driver's
// setup library (https://github.com/lurcher/unixODBC/issues/238).
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/configdsn-function
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <odbcinst.h>

#include "core/attributes.h"
#include "core/text.h"
#include "setup/library/data_source.h"
#include "setup/library/installer.h"
#include "setup/library/keywords.h"

namespace iamodbc {
namespace {

using ConfigDsn = BOOL (*)(HWND, WORD, LPCSTR, LPCSTR);

// iODBC's dialog for any driver; nullptr where it is not installed.
ConfigDsn dialog_of_iodbc() {
  void* const library = dlopen("libdrvproxy.so.2", RTLD_NOW | RTLD_LOCAL);
  return library == nullptr ? nullptr : reinterpret_cast<ConfigDsn>(dlsym(library, "ConfigDSN"));
}

// The dialog is a list of names and values: the names of ours that are worth a line in it, behind those that are given.
std::string with_our_names(const std::vector<Keyword>& attributes) {
  std::string list;
  for (const Keyword& one : attributes) list += one.name + "=" + one.value + '\0';
  for (const AttributeRow& row : attribute_table()) {
    const bool is_given = std::any_of(attributes.begin(), attributes.end(),
                                      [&](const Keyword& one) { return is_same_attribute(one.name, row.name); });
    if (!row.is_secret && !is_given) list += std::string(row.name) + "=" + '\0';
  }
  return list;
}

std::optional<DataSourceRequest::Kind> kind_of(WORD request) {
  if (request == ODBC_ADD_DSN) return DataSourceRequest::Kind::add;
  if (request == ODBC_CONFIG_DSN) return DataSourceRequest::Kind::configure;
  if (request == ODBC_REMOVE_DSN) return DataSourceRequest::Kind::remove;
  return std::nullopt;
}

Result<bool> config_dsn(HWND window, WORD request, const std::string& driver, LPCSTR attributes) {
  const DataSources where = chosen_data_sources();
  const auto kind = kind_of(request);
  if (!kind) {
    return refusal(ODBC_ERROR_INVALID_REQUEST_TYPE,
                   "ConfigDSN takes ODBC_ADD_DSN, ODBC_CONFIG_DSN and ODBC_REMOVE_DSN.");
  }
  if (trimmed(driver).empty()) {
    return refusal(ODBC_ERROR_INVALID_NAME, "The name of the driver is missing: iamodbc, as in odbcinst.ini.");
  }
  auto keywords = read_keywords(attributes, driver);
  if (!keywords) return keywords.error();
  if (window != nullptr && *kind != DataSourceRequest::Kind::remove && is_called_by_iodbc()) {
    const ConfigDsn dialog = dialog_of_iodbc();
    if (dialog != nullptr)
      return dialog(window, request, driver.c_str(), with_our_names(keywords.value()).c_str()) != 0;
  }
  const DataSourceRequest asked{*kind, driver, std::move(keywords).value(), window == nullptr};
  if (const auto error = change_data_source(asked, where, System())) return *error;
  forget_values_read();
  return true;
}

}  // namespace
}  // namespace iamodbc

extern "C" {

BOOL INSTAPI ConfigDSN(HWND window, WORD request, LPCSTR driver, LPCSTR attributes) {
  return iamodbc::answer(
      [&] { return iamodbc::config_dsn(window, request, driver == nullptr ? "" : driver, attributes); });
}

BOOL INSTAPI ConfigDSNW(HWND window, WORD request, LPCWSTR driver, LPCWSTR attributes) {
  return iamodbc::answer([&] {
    return iamodbc::config_dsn(window, request, iamodbc::text_of(driver), iamodbc::list_of(attributes).c_str());
  });
}

}  // extern "C"
