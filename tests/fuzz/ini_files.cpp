// ini_files: odbc.ini (first part) is read as a second reader reads it; written into (second part: section, key and value, a line each), it reads back and all else
// stays as it was; as an AWS config file (first part) with a credentials file (third), it gives nothing that is not in there and shows no line in a complaint.
// SPDX-License-Identifier: Apache-2.0
#include "core/ini_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "setup/ini_edit.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_ini_files {

std::string_view trimmed_line(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  while (!text.empty() && blanks.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && blanks.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Section {
  std::string name;
  std::vector<std::pair<std::string, std::string>> entries;
  bool operator==(const Section&) const = default;
};
using Sections = std::vector<Section>;

// Line by line, without inih.
std::optional<Sections> read_plainly(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  Sections sections;
  for (const std::string& whole : lines_in(text)) {
    const std::string_view line = trimmed_line(whole);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      if (sections.empty() && whole.front() != '[') return std::nullopt;
      const std::size_t end = std::min(line.find(']', 1), line.size());
      sections.push_back({std::string(trimmed_line(line.substr(1, end - 1))), {}});
      continue;
    }
    if (sections.empty()) return std::nullopt;
    const std::size_t equals = line.find('=');
    const std::size_t value = equals == std::string_view::npos ? line.size() : equals + 1;
    sections.back().entries.emplace_back(trimmed_line(line.substr(0, equals)), trimmed_line(line.substr(value)));
  }
  return sections;
}

Sections sections_of(const IniFile& file) {
  Sections sections;
  for (const IniSection& one : file.sections) {
    sections.push_back({one.name, {}});
    for (const IniEntry& entry : one.entries) sections.back().entries.emplace_back(entry.key, entry.value);
  }
  return sections;
}

// A word, because a file may hold a line of what is always said of one; no word of ours is so long.
void shows_no_line(std::string_view problem, std::string_view text) {
  require(is_one_printable_line(problem), "a complaint is not one line");
  constexpr std::size_t no_word_of_ours = 24;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t\n\v\f\r", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    require(word.size() < no_word_of_ours || problem.find(word) == std::string_view::npos,
            "a complaint shows a part of the file: ", problem);
    at = end + 1;
  }
}

IniFile is_read_the_same(std::string_view text) {
  const IniFile file = parse_odbc_ini("odbc.ini", text);
  const auto plain = read_plainly(text);
  require(plain.has_value() == file.problem.empty(), "one of two readers sees a problem: ", file.problem);
  require(!plain || *plain == sections_of(file), "two readers read two things");
  shows_no_line(file.problem, text);
  for (const IniSection& section : file.sections) {
    for (const IniEntry& entry : section.entries) {
      require(entry.length >= entry.key.size() + entry.value.size(), "a line is shorter than what is in it");
      const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
      require(entry.line > section.line && entry.line <= lines, "a line of another section");
    }
  }
  return file;
}

const std::pair<std::string, std::string>* find(const Sections& sections, std::string_view name, std::string_view key) {
  for (const Section& section : sections) {
    if (lowered(section.name) != lowered(std::string(name))) continue;
    for (const auto& entry : section.entries) {
      if (lowered(entry.first) == lowered(std::string(key))) return &entry;
    }
    return nullptr;
  }
  return nullptr;
}

// What is left of a file when the first line of the key, or all of them, go from the first section of the name; an empty section of that name goes too.
Sections without(Sections sections, std::string_view name, std::string_view key, bool all) {
  const auto section = std::find_if(sections.begin(), sections.end(), [&](const Section& one) {
    return lowered(one.name) == lowered(std::string(name));
  });
  if (section == sections.end()) return sections;
  auto& entries = section->entries;
  const auto is_of_key = [&](const auto& one) { return lowered(one.first) == lowered(std::string(key)); };
  if (all) {
    std::erase_if(entries, is_of_key);
  } else if (const auto first = std::find_if(entries.begin(), entries.end(), is_of_key); first != entries.end()) {
    entries.erase(first);
  }
  if (entries.empty()) sections.erase(section);
  return sections;
}

// Comments, blank lines and bytes of all lines but one.
void keeps_the_lines(std::string_view before, std::string_view after, std::size_t most_changed) {
  const auto old = lines_in(before);
  const auto now = lines_in(after);
  std::size_t from = 0;
  while (from < old.size() && from < now.size() && old[from] == now[from]) ++from;
  std::size_t until = 0;
  while (until < old.size() - from && until < now.size() - from &&
         old[old.size() - 1 - until] == now[now.size() - 1 - until]) {
    ++until;
  }
  require(old.size() - from - until <= most_changed, "more than that line was changed");
}

void is_edited_well(std::string_view text, std::string_view section, std::string_view key, std::string_view value) {
  const auto file = parse_to_edit("odbc.ini", text);
  if (!file) return shows_no_line(file.error().message, text);
  const Sections before = sections_of(file.value());
  const auto written = with_value(text, section, key, value);
  if (!written) {
    require(is_one_printable_line(written.error().message) || !is_one_printable_line(section) ||
                !is_one_printable_line(key),
            "a complaint is not one line");
    return;
  }
  const Sections after = sections_of(is_read_the_same(written.value()));
  const auto* const found = find(after, section, key);
  require(found != nullptr && found->second == value, "what was written does not read back");
  require(without(after, section, key, false) == without(before, section, key, false), "something else was changed");
  keeps_the_lines(text, written.value(), 1);
  const auto again = with_value(written.value(), section, key, value);
  require(again && again.value() == written.value(), "writing it again changes something");

  const std::string removed = without_value(text, section, key);
  require(without(sections_of(is_read_the_same(removed)), section, key, true) == without(before, section, key, true),
          "without the key, something else was changed");
  require(find(sections_of(parse_odbc_ini("odbc.ini", removed)), section, key) == nullptr, "the key is still there");
  Sections others = before;
  std::erase_if(others, [&](const Section& one) { return lowered(one.name) == lowered(std::string(section)); });
  require(sections_of(is_read_the_same(without_section(text, section))) == others,
          "without the section, something else was changed");
}

void gives_what_is_in_there(const AwsFiles& files, std::string_view text) {
  for (const std::string& problem : files.problems()) shows_no_line(problem, text);
  for (const std::string& name : files.profile_names()) {
    require(text.find(name) != std::string_view::npos, "a profile of nowhere: ", name);
    const auto profile = files.profile(name);
    require(profile.has_value(), "a profile that is named is not there: ", name);
    for (const auto& [key, property] : *profile) {
      require(lowered(std::string(text)).find(key) != std::string::npos, "a key of nowhere: ", key);
      // What continues over lines is joined.
      require(property.value.find('\n') != std::string::npos || text.find(property.value) != std::string_view::npos,
              "a value of nowhere");
    }
    static_cast<void>(files.sso_session(name));
    static_cast<void>(files.services(name));
    static_cast<void>(files.hint(name));
  }
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 3);
  is_read_the_same(parts[0]);
  auto words = lines_in(parts[1]);
  words.resize(3);
  is_edited_well(parts[0], words[0], words[1], words[2]);
  if (!unusable_dsn_name(words[0])) {
    const auto written = with_value("", words[0], "Driver", "iamodbc");
    require(written && find(sections_of(parse_odbc_ini("odbc.ini", written.value())), words[0], "Driver") != nullptr,
            "a good name of a DSN cannot be written: ", words[0]);
  }
  gives_what_is_in_there(AwsFiles::from_text(parts[0], parts[2]), input);
  expanded_path(closed_system({{"HOME", "/home/me"}, {"A", "b"}}), words[0]);
}

const Registration registered("ini_files", run);

}  // namespace of_ini_files
}  // namespace iamodbc::fuzz
