// scene: what the targets share that walk from odbc.ini and a connection string.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/base_driver_profile.h"
#include "core/connection_string.h"
#include "core/ini_files.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {

inline BaseKind kind_in(std::string_view part) {
  return says(part, "mariadb")   ? BaseKind::mariadb
         : says(part, "mysql")   ? BaseKind::mysql
         : says(part, "unknown") ? BaseKind::unknown
                                 : BaseKind::psqlodbc;
}

// A string that has lost its secrets may read, where its ends meet, as a secret that is made of parts of the input: one part has to be its own.
inline bool has_part_of_its_own(std::string_view value, std::string_view input) {
  while (true) {
    const std::size_t end = std::min(value.find(';'), value.size());
    if (end > 0 && occurrences(input, value.substr(0, end)) == 1) return true;
    if (end == value.size()) return false;
    value.remove_prefix(end + 1);
  }
}

// The values of secret attributes that stand nowhere else in the input, so that whoever shows one shows the secret.
inline std::vector<std::string> secrets_of(const ConnectionString& string, const OdbcFiles& files,
                                           const BaseDriverProfile& profile, std::string_view input) {
  std::vector<std::string> secrets;
  const auto add = [&](std::string_view name, std::string_view value) {
    const AttributeRow* const row = our_attribute(profile, name);
    const bool is_secret = (row != nullptr && row->is_secret) || is_one_of(profile.secret_names, name);
    constexpr std::size_t no_word_of_ours = 24;
    if (is_secret && value.size() >= no_word_of_ours && value.find(' ') == std::string_view::npos &&
        has_part_of_its_own(value, input))
      secrets.emplace_back(value);
  };
  for (const Attribute& attribute : string.attributes()) add(attribute.name(), attribute.value());
  for (const IniFile& file : files.data_source_files()) {
    for (const IniSection& section : file.sections) {
      for (const IniEntry& entry : section.entries) add(entry.key, entry.value);
    }
  }
  return secrets;
}

inline void holds_none(std::string_view text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets)
    require(text.find(secret) == std::string_view::npos, "the secret ", secret, " is in ", text);
}

}  // namespace iamodbc::fuzz
