// connection_string: a string (first part) goes in and comes out as it was written, read as psqlODBC reads it; a value of any bytes (second part) survives being
// written; what people are shown does not depend on what is hidden.
// SPDX-License-Identifier: Apache-2.0
#include "core/connection_string.h"

#include <string>

#include "core/text.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_connection_string {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

// Between the attributes there is nothing but separators and blanks.
void is_all_there(const ConnectionString& string, std::string_view rest) {
  const auto skip_blank_part = [&] {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    require(is_blank(rest.substr(0, end)), "a part was lost: ", rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  };
  for (const Attribute& attribute : string.attributes()) {
    const std::string_view text = attribute.text();
    for (;;) {
      const bool is_here = rest.starts_with(text) && (rest.size() == text.size() || rest[text.size()] == ';');
      if (is_here && !is_blank(text)) break;
      require(!rest.empty(), "an attribute was made up: ", text);
      skip_blank_part();
    }
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
  }
  while (!rest.empty()) skip_blank_part();
}

void is_what_psqlodbc_reads(const ConnectionString& string, std::string_view text) {
  const auto theirs = as_psqlodbc_reads(std::string(text));
  require(theirs.has_value(), "psqlODBC would not take it");
  std::size_t at = 0;
  for (const Attribute& attribute : string.attributes()) {
    const std::size_t equals = attribute.text().find('=');
    if (equals == std::string_view::npos) continue;
    require(at < theirs->size(), "psqlODBC would not see ", attribute.name());
    const auto& [name, value] = (*theirs)[at++];
    require(name == lowered(std::string(attribute.text().substr(0, equals))), "psqlODBC would see the name ", name);
    require(value == attribute.written_value(), "psqlODBC would see another value of ", name);
  }
  require(at == theirs->size(), "psqlODBC would see one more");
}

void are_the_same(const ConnectionString& a, const ConnectionString& b) {
  require(a.attributes().size() == b.attributes().size(), "another number of attributes");
  for (std::size_t i = 0; i < a.attributes().size(); ++i) {
    require(a.attributes()[i].name() == b.attributes()[i].name(), "another name");
    require(a.attributes()[i].value() == b.attributes()[i].value(), "another value");
    require(a.attributes()[i].text() == b.attributes()[i].text(), "another text");
  }
}

// Whatever stands for the hidden values, people see the same.
void hides_all_that_is_hidden(const ConnectionString& string) {
  const auto may_show = [](std::string_view name) { return !name.empty() && (name.front() | 0x20) < 'n'; };
  ConnectionString others;
  for (const Attribute& attribute : string.attributes()) {
    const bool has_equals = attribute.text().find('=') != std::string_view::npos;
    if (may_show(attribute.name())) {
      others.add(attribute.clone());
    } else if (has_equals) {
      others.add(Attribute(attribute.name(), "another"));
    } else {
      others.add(Attribute("others", "", "others"));
    }
  }
  require(string.redacted(may_show) == others.redacted(may_show), "what is hidden shows in ",
          string.redacted(may_show));
}

void comes_back(std::string_view value) {
  if (value.find('\0') != std::string_view::npos) return;
  const auto is_read_from = [&](std::string_view text) {
    const auto again = ConnectionString::parse(text);
    require(again.ok(), "a value that was written is refused: ", text);
    const Attribute* const found = again.value().find("PWD");
    require(found != nullptr && found->value() == value && again.value().attributes().size() == 2, "came back as ",
            text);
  };
  ConnectionString string;
  string.add(Attribute("pwd", value));
  string.add(Attribute("Fetch", "1"));
  is_read_from(string.write().reveal());
  is_read_from("pwd=" + std::string(braced(value).reveal()) + ";Fetch=1");
  if (!needs_braces(value)) is_read_from("pwd=" + std::string(value) + ";Fetch=1");
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 2);
  comes_back(parts[1]);
  const std::string_view text = parts[0];
  const auto string = ConnectionString::parse(text);
  if (!string) {
    require(string.error().sqlstate == "08001" && !string.error().message.empty(), "a failure says nothing");
    return;
  }
  is_all_there(string.value(), text);
  is_what_psqlodbc_reads(string.value(), text);
  const Secret written = string.value().write();
  const auto again = ConnectionString::parse(written.reveal());
  require(again.ok(), "what was written is refused: ", written.reveal());
  are_the_same(string.value(), again.value());
  hides_all_that_is_hidden(string.value());
  for (const Attribute& attribute : string.value().attributes()) {
    const Attribute* const last = string.value().find(upper(attribute.name()));
    require(last != nullptr && same_name(last->name(), attribute.name()) && last >= &attribute, "is not found");
  }
}

const Registration registered("connection_string", run);

}  // namespace of_connection_string
}  // namespace iamodbc::fuzz
