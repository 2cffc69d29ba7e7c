// SPDX-License-Identifier: Apache-2.0
#include "setup/library/keywords.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "setup/library/installer.h"

namespace iamodbc {
namespace {

Error not_a_keyword(std::string message) {
  return refusal(ODBC_ERROR_INVALID_KEYWORD_VALUE, std::move(message));
}

}  // namespace

Result<std::vector<Keyword>> read_keywords(const char* list, std::string_view driver) {
  std::vector<Keyword> keywords;
  while (list != nullptr && *list != '\0') {
    const std::string_view text = list;
    list += text.size() + 1;
    const std::size_t equals = text.find('=');
    const std::string_view name = trimmed(text.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
      return not_a_keyword("Attribute number " + std::to_string(keywords.size() + 1) +
                           " is not of the form Name=value. A NUL ends each, two the list.");
    }
    const std::string_view value = text.substr(equals + 1);
    if (same_name(name, "Driver")) {
      if (same_name(trimmed(value), driver) || is_our_library(trimmed(value))) continue;
      return not_a_keyword("Driver is not an attribute here: the driver's name is an argument of its own.");
    }
    const auto twin = std::find_if(keywords.begin(), keywords.end(),
                                   [&](const Keyword& one) { return is_same_attribute(one.name, name); });
    if (twin != keywords.end()) {
      return not_a_keyword(twin->name + " and " + std::string(name) + " are the same attribute. Give it once.");
    }
    keywords.push_back(Keyword{std::string(name), std::string(value)});
  }
  return keywords;
}

}  // namespace iamodbc
