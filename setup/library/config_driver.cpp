// ConfigDriver: what is to be done when the driver is installed or removed, or how its connections are pooled.
// Installing looks whether the driver's library is where odbcinst.ini says; removing needs nothing, data sources stay.
// ODBC_CONFIG_DRIVER takes CPTimeout=SECONDS, as ODBC has it, and writes it into the driver's section.
// No message is ever given: unixODBC widens one past the end of the caller's buffer.
// Under unixODBC a program comes here by itself: on 64-bit systems SQLConfigDriver refuses every driver that has a setup
// library (2.3.11 to 2.3.14).
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/configdriver-function;
//         unixODBC 2.3.11, SQLConfigDriver.c (keeps the length unset where nobody sets it)
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <string>
#include <string_view>

#include <odbcinst.h>

#include "core/ini_files.h"
#include "core/text.h"
#include "setup/file_edit.h"
#include "setup/ini_edit.h"
#include "setup/library/installer.h"

namespace iamodbc {
namespace {

// Of the first odbcinst.ini that has this driver.
struct Registration {
  std::string path;
  std::string file;
};

Result<Registration> registration_of(const std::string& driver) {
  const OdbcFiles files = OdbcFiles::read(System());
  for (const IniFile& file : files.driver_files()) {
    const IniSection* const section = file.find(driver);
    if (section == nullptr) continue;
    const IniEntry* library = section->find("Driver64");
    if (library == nullptr) library = section->find("Driver");
    return Registration{file.path, library == nullptr ? "" : library->value};
  }
  return refusal(ODBC_ERROR_INVALID_NAME, "There is no driver " + driver + " in odbcinst.ini. Run `iamodbc register`.");
}

Result<bool> installed(const std::string& driver) {
  const auto registration = registration_of(driver);
  if (!registration) return registration.error();
  const std::string& library = registration.value().file;
  if (library.starts_with('/') && access(library.c_str(), R_OK) != 0) {
    return refusal(ODBC_ERROR_INVALID_PATH, "[" + driver + "] in " + registration.value().path + " names " + library +
                                                ", which cannot be read. Run `iamodbc register`.");
  }
  return true;
}

Result<bool> configured(const std::string& driver, std::string_view arguments) {
  const std::size_t equals = arguments.find('=');
  const auto seconds =
      equals == std::string_view::npos ? std::nullopt : parse_integer(trimmed(arguments.substr(equals + 1)));
  if (!same_name(trimmed(arguments.substr(0, equals)), "CPTimeout") || !seconds || *seconds < 0) {
    return refusal(
        ODBC_ERROR_INVALID_KEYWORD_VALUE,
        "A driver takes CPTimeout=SECONDS: how long an unused connection is kept in the driver manager's pool.");
  }
  const auto registration = registration_of(driver);
  if (!registration) return registration.error();
  FileEdit edit;
  edit.change = [&](const std::string& text) -> Result<std::string> {
    const auto file = parse_to_edit(registration.value().path, text);
    if (!file) return file.error();
    return with_value(text, driver, "CPTimeout", std::to_string(*seconds));
  };
  const auto done = edit_file(registration.value().path, edit);
  if (!done) return refusal(ODBC_ERROR_WRITING_SYSINFO_FAILED, done.error().message);
  forget_values_read();
  return true;
}

Result<bool> config_driver(WORD request, const std::string& driver, std::string_view arguments) {
  if (trimmed(driver).empty()) {
    return refusal(ODBC_ERROR_INVALID_NAME, "The name of the driver is missing: iamodbc, as in odbcinst.ini.");
  }
  if (request == ODBC_INSTALL_DRIVER) return installed(driver);
  if (request == ODBC_REMOVE_DRIVER) return true;
  if (request == ODBC_CONFIG_DRIVER) return configured(driver, arguments);
  return refusal(ODBC_ERROR_INVALID_REQUEST_TYPE,
                 "ConfigDriver takes ODBC_INSTALL_DRIVER, ODBC_REMOVE_DRIVER and ODBC_CONFIG_DRIVER.");
}

template <class Character>
void give_no_message(Character* message, WORD size, WORD* length) {
  if (message != nullptr && size > 0) *message = 0;
  if (length != nullptr) *length = 0;
}

}  // namespace
}  // namespace iamodbc

extern "C" {

BOOL INSTAPI ConfigDriver(HWND /*window*/, WORD request, LPCSTR driver, LPCSTR arguments, LPSTR message, WORD size,
                          WORD* length) {
  iamodbc::give_no_message(message, size, length);
  return iamodbc::answer([&] {
    return iamodbc::config_driver(request, driver == nullptr ? "" : driver, arguments == nullptr ? "" : arguments);
  });
}

BOOL INSTAPI ConfigDriverW(HWND /*window*/, WORD request, LPCWSTR driver, LPCWSTR arguments, LPWSTR message, WORD size,
                           WORD* length) {
  iamodbc::give_no_message(message, size, length);
  return iamodbc::answer(
      [&] { return iamodbc::config_driver(request, iamodbc::text_of(driver), iamodbc::text_of(arguments)); });
}

}  // extern "C"
