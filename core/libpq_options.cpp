// SPDX-License-Identifier: Apache-2.0
#include "core/libpq_options.h"

namespace iamodbc {
namespace {

// libpq uses isspace(), which in the C locale is these six.
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// No option of libpq has another name; and what begins like an URI libpq would take for one, whatever follows.
bool is_name(std::string_view text) {
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return !text.empty();
}

// The value that begins at `at`, which is left on its end: a blank, the closing quote, or the end of the text.
std::string value_from(std::string_view text, std::size_t& at, bool is_quoted) {
  std::string value;
  for (; at < text.size() && !(is_quoted ? text[at] == '\'' : is_space(text[at])); ++at) {
    if (text[at] == '\\' && ++at == text.size()) break;
    value += text[at];
  }
  return value;
}

Error malformed(const std::string& what) {
  return cannot_connect("pqopt " + what + ". Write it as libpq does: name=value name2='value with blanks'.");
}

}  // namespace

Result<LibpqOptions> parse_libpq_options(std::string_view text) {
  LibpqOptions options;
  std::size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && is_space(text[at])) ++at;
  };
  for (skip_spaces(); at < text.size(); skip_spaces()) {
    const std::size_t name_at = at;
    while (at < text.size() && text[at] != '=' && !is_space(text[at])) ++at;
    const std::string name(text.substr(name_at, at - name_at));
    skip_spaces();
    // The word is not shown: it may be the rest of a password.
    if (at == text.size() || text[at] != '=') return malformed("has a word without = behind it");
    if (!is_name(name)) return malformed("has a name that is not made of letters, digits and _");
    ++at;
    skip_spaces();
    const bool is_quoted = at < text.size() && text[at] == '\'';
    if (is_quoted) ++at;
    std::string value = value_from(text, at, is_quoted);
    if (is_quoted) {
      if (at == text.size()) return malformed("has an open quote in the value of " + name);
      ++at;
    }
    options.emplace_back(name, std::move(value));
  }
  return options;
}

std::string write_libpq_options(const LibpqOptions& options) {
  std::string text;
  for (const auto& [name, value] : options) {
    if (!text.empty()) text += ' ';
    text += name + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += '\'';
  }
  return text;
}

}  // namespace iamodbc
