// connection_string: ordered attributes <-> text.
// Shape: `name=value;name={value with ; and }} in it};...`, bytes inside: narrow text as given, wide text as UTF-8 in which lone surrogates survive.
// A value that starts with `{` runs to the `}` before the next `;` or the end, `}}` in it stands for `}`; any other value runs to the next `;`.
// Empty parts (`;;`) carry nothing. Blanks around a name do not belong to it; blanks around a value do.
// Every attribute keeps its text exactly as written, so that what is not ours goes on byte for byte.
// Errors (08001): an open brace, text after a closing brace, blanks before an opening brace (base drivers disagree where such a value ends), a NUL byte.
// Values may be secret, known name or not, so they live in Secret and come out only by value(), text() and write().
// Thread rule: values.
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/sqldriverconnect-function (Comments); MS-ODBCSTR
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/secret.h"

namespace iamodbc {

class Attribute {
 public:
  // As an application would write it by hand: braces only where the value needs them.
  Attribute(std::string name, std::string_view value);
  // As found in a connection string.
  Attribute(std::string name, std::string_view value, std::string_view text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view value() const { return value_.reveal(); }  // without braces
  [[nodiscard]] std::string_view text() const { return text_.reveal(); }    // `name=value` as written
  // The text behind the first `=`, braces included.
  [[nodiscard]] std::string_view written_value() const;
  [[nodiscard]] Attribute clone() const { return Attribute(name_, value(), text()); }

 private:
  std::string name_;
  Secret value_;
  Secret text_;
};

class ConnectionString {
 public:
  ConnectionString() = default;
  static Result<ConnectionString> parse(std::string_view text);

  [[nodiscard]] const std::vector<Attribute>& attributes() const { return attributes_; }
  void add(Attribute attribute) { attributes_.push_back(std::move(attribute)); }
  // The last attribute of this name (ASCII case ignored), or nullptr.
  [[nodiscard]] const Attribute* find(std::string_view name) const;

  // Every attribute as it was written, joined by `;`.
  [[nodiscard]] Secret write() const;
  // The same for people: `name=***` unless `may_show(name)`.
  [[nodiscard]] std::string redacted(const std::function<bool(std::string_view)>& may_show) const;

 private:
  std::vector<Attribute> attributes_;
};

// Without what isspace() takes for blank in the C locale at both ends: MariaDB Connector/ODBC takes it away.
std::string_view without_blanks(std::string_view text);
// `{value}` with every `}` doubled: how a value of any bytes is written.
Secret braced(std::string_view value);
// Whether a value must be braced to come back from parse() as it is.
bool needs_braces(std::string_view value);

}  // namespace iamodbc
