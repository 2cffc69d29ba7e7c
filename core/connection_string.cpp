// SPDX-License-Identifier: Apache-2.0
#include "core/connection_string.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::string_view blanks = " \t\n\v\f\r";

// Where a braced value ends: the position behind its closing brace, npos when it is not closed.
std::size_t end_of_braces(std::string_view text, std::size_t open) {
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] != '}') continue;
    if (i + 1 < text.size() && text[i + 1] == '}') {
      ++i;
      continue;
    }
    return i + 1;
  }
  return std::string_view::npos;
}

Secret unbraced(std::string_view braced_text) {
  const std::string_view inside = braced_text.substr(1, braced_text.size() - 2);
  Secret value;
  std::size_t from = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '}') continue;
    value.append(inside.substr(from, i + 1 - from));
    from = ++i + 1;  // the second of the pair
  }
  if (from < inside.size()) value.append(inside.substr(from));
  return value;
}

Error malformed(std::string_view name, const std::string& what) {
  const std::string who =
      name.empty() ? "The connection string" : "The connection string's attribute " + std::string(name);
  return cannot_connect(who + " " + what);
}

}  // namespace

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool needs_braces(std::string_view value) {
  if (value.empty()) return false;
  return value.find(';') != std::string_view::npos || value.front() == '{' ||
         without_blanks(value).size() != value.size();
}

Secret braced(std::string_view value) {
  Secret text("{");
  std::size_t from = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '}') continue;
    text.append(value.substr(from, i + 1 - from));
    text.append("}");
    from = i + 1;
  }
  text.append(value.substr(from));
  text.append("}");
  return text;
}

Attribute::Attribute(std::string name, std::string_view value) : name_(std::move(name)), value_(value) {
  text_.append(name_);
  text_.append("=");
  if (needs_braces(value)) {
    text_.append(braced(value).reveal());
  } else {
    text_.append(value);
  }
}

Attribute::Attribute(std::string name, std::string_view value, std::string_view text)
    : name_(std::move(name)), value_(value), text_(text) {}

std::string_view Attribute::written_value() const {
  const std::string_view whole = text();
  const auto equals = whole.find('=');
  return equals == std::string_view::npos ? std::string_view{} : whole.substr(equals + 1);
}

Result<ConnectionString> ConnectionString::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return malformed("", "holds a NUL byte. Every base driver would stop reading there; remove it.");
  }
  ConnectionString string;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto separator = text.find(';', at);
    const auto equals = text.find('=', at);
    const auto part_end = separator == std::string_view::npos ? text.size() : separator;
    if (equals == std::string_view::npos || equals > part_end) {  // no value: nothing for us, kept for the base driver
      const std::string_view part = text.substr(at, part_end - at);
      if (!without_blanks(part).empty()) string.add(Attribute(std::string(without_blanks(part)), {}, part));
      at = part_end + 1;
      continue;
    }
    const std::string name(without_blanks(text.substr(at, equals - at)));
    const std::size_t value_at = equals + 1;
    if (value_at < text.size() && text[value_at] == '{') {
      const std::size_t end = end_of_braces(text, value_at);
      if (end == std::string_view::npos) {
        return malformed(
            name, "has a value that opens with { and is never closed. Close it with }, and write } inside it as }}.");
      }
      if (end < text.size() && text[end] != ';') {
        return malformed(name,
                         "has text between the closing } of its value and the next ;. Write } inside a value as }}.");
      }
      string.add(Attribute(name, unbraced(text.substr(value_at, end - value_at)).reveal(), text.substr(at, end - at)));
      at = end + 1;
      continue;
    }
    const std::string_view value = text.substr(value_at, part_end - value_at);
    const auto first = value.find_first_not_of(blanks);
    if (first != std::string_view::npos && value[first] == '{') {
      return malformed(name,
                       "has blanks before the { of its value, which base drivers read differently. Remove the blanks.");
    }
    string.add(Attribute(name, value, text.substr(at, part_end - at)));
    at = part_end + 1;
  }
  return string;
}

const Attribute* ConnectionString::find(std::string_view name) const {
  const auto last = std::find_if(attributes_.rbegin(), attributes_.rend(),
                                 [&](const Attribute& attribute) { return same_name(attribute.name(), name); });
  return last == attributes_.rend() ? nullptr : &*last;
}

Secret ConnectionString::write() const {
  Secret text;
  for (const Attribute& attribute : attributes_) {
    if (!text.empty()) text.append(";");
    text.append(attribute.text());
  }
  return text;
}

std::string ConnectionString::redacted(const std::function<bool(std::string_view)>& may_show) const {
  std::string text;
  for (const Attribute& attribute : attributes_) {
    if (!text.empty()) text += ';';
    if (may_show(attribute.name())) {
      text += attribute.text();
    } else if (attribute.text().find('=') == std::string_view::npos) {
      text += "***";  // the rest of a password that holds a ; and has no braces, perhaps
    } else {
      text += attribute.name() + "=***";
    }
  }
  return text;
}

}  // namespace iamodbc
