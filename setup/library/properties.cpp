// ODBCINSTGetProperties: our attributes as unixODBC offers them to an administrator's program, which builds its form of
// them: THE table of attributes, in its order, behind the list's last property.
// Values are empty: what a form shows as a default it would write into every DSN; the help tells the defaults.
// unixODBC frees the help, and the array of choices as one block: its texts lie behind its pointers, so that they live as
// long as it does; the library itself has been closed by then.
// Of the functions that odbcinstext.h names for a setup library this is the only one that unixODBC calls.
// Source: unixODBC 2.3.11, odbcinstext.h, ODBCINSTConstructProperties.c and ODBCINSTDestructProperties.c
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <odbcinstext.h>

#include "core/attributes.h"
#include "core/base_driver_file.h"
#include "core/ini_files.h"
#include "setup/library/installer.h"

namespace iamodbc {
namespace {

void* allocated(std::size_t size) {
  void* const memory = std::calloc(1, size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

char** block_of(const std::vector<std::string>& texts) {
  std::size_t size = (texts.size() + 1) * sizeof(char*);
  for (const std::string& text : texts) size += text.size() + 1;
  char** const pointers = static_cast<char**>(allocated(size));
  char* place = static_cast<char*>(static_cast<void*>(pointers + texts.size() + 1));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    pointers[i] = place;
    place = std::copy(texts[i].begin(), texts[i].end(), place) + 1;  // the block is all NUL
  }
  return pointers;
}

// What is to be chosen from, an empty line first. `is_open`: something else may be typed.
struct Choices {
  std::vector<std::string> texts;
  bool is_open = false;
};

// The installed drivers that can be a base driver.
std::vector<std::string> base_drivers(const OdbcFiles& files) {
  std::vector<std::string> names;
  for (const std::string& name : files.driver_names()) {
    if (find_base_driver(name, files, System(), "").ok()) names.push_back(name);
  }
  return names;
}

Choices choices_of(const AttributeRow& row) {
  Choices choices;
  if (row.id == AttributeId::base_driver) {
    choices = {base_drivers(OdbcFiles::read(System())), true};
  } else if (row.id == AttributeId::profile) {
    choices = {AwsFiles::read(System()).profile_names(), true};
  } else {
    choices.texts.assign(row.choices.begin(), row.choices.end());
  }
  if (!choices.texts.empty()) choices.texts.insert(choices.texts.begin(), "");
  return choices;
}

int prompt_type(const AttributeRow& row, const Choices& choices) {
  if (row.is_secret) return ODBCINST_PROMPTTYPE_TEXTEDIT_PASSWORD;
  if (!choices.texts.empty()) return choices.is_open ? ODBCINST_PROMPTTYPE_COMBOBOX : ODBCINST_PROMPTTYPE_LISTBOX;
  return row.kind == AttributeKind::file ? ODBCINST_PROMPTTYPE_FILENAME : ODBCINST_PROMPTTYPE_TEXTEDIT;
}

std::string help_of(const AttributeRow& row) {
  std::string help = row.help;
  if (*row.default_value != '\0') help += " (default: " + std::string(row.default_value) + ")";
  if (row.is_secret) help += "; better not here: odbc.ini holds it as plain text";
  return help;
}

// A property is in the list before it is filled, so that whatever happens unixODBC frees all of it.
HODBCINSTPROPERTY append(HODBCINSTPROPERTY last, const AttributeRow& row) {
  last->pNext = static_cast<HODBCINSTPROPERTY>(allocated(sizeof(ODBCINSTPROPERTY)));
  ODBCINSTPROPERTY& property = *last->pNext;
  const std::string_view name = row.name;
  std::copy(name.begin(), name.end(), property.szName);
  const Choices choices = choices_of(row);
  property.nPromptType = prompt_type(row, choices);
  if (!choices.texts.empty()) property.aPromptData = block_of(choices.texts);
  const std::string help = help_of(row);
  property.pszHelp = static_cast<char*>(allocated(help.size() + 1));
  std::copy(help.begin(), help.end(), property.pszHelp);
  return &property;
}

}  // namespace
}  // namespace iamodbc

extern "C" int INSTAPI ODBCINSTGetProperties(HODBCINSTPROPERTY last) {
  const BOOL is_done = iamodbc::answer([&]() -> iamodbc::Result<bool> {
    if (last == nullptr) return iamodbc::refusal(ODBC_ERROR_GENERAL_ERR, "There is no list of properties.");
    for (const iamodbc::AttributeRow& row : iamodbc::attribute_table()) last = iamodbc::append(last, row);
    return true;
  });
  return is_done != 0 ? ODBCINST_SUCCESS : ODBCINST_ERROR;
}
