// SPDX-License-Identifier: Apache-2.0
#include "setup/ini_edit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::string_view forbidden_in_dsn_names = "[]{}(),;?*=!@\\";  // Source: SQLWriteDSNToIni
constexpr std::string_view blanks = " \t\n\v\f\r";
constexpr std::string_view line_breakers("\n\r\0", 3);

// Without all that is a blank to libodbcinst, vertical tabs and form feeds too, so that a line is here what it is to the reader.
std::string_view bare(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {  // each with its end
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

bool is_blank(std::string_view line) {
  return bare(line).empty();
}
bool is_comment(std::string_view line) {
  return bare(line).starts_with('#') || bare(line).starts_with(';');
}
bool is_header(std::string_view line) {
  return bare(line).starts_with('[');
}

bool is_header_of(std::string_view line, std::string_view section) {
  const std::string_view text = bare(line);
  if (!text.starts_with('[')) return false;
  return same_name(bare(text.substr(1, text.find(']', 1) - 1)), section);
}

bool is_line_of(std::string_view line, std::string_view key) {
  return !is_blank(line) && !is_comment(line) && same_name(bare(line.substr(0, line.find('='))), key);
}

// One past the last line of the section whose header is at `header`; blanks and comments behind it belong to nobody.
std::size_t section_end(const std::vector<std::string_view>& lines, std::size_t header) {
  std::size_t end = header + 1;
  for (std::size_t i = header + 1; i < lines.size() && !is_header(lines[i]); ++i) {
    if (!is_blank(lines[i]) && !is_comment(lines[i])) end = i + 1;
  }
  return end;
}

// Where the first section of this name has its header; the number of lines if there is none.
std::size_t header_of(const std::vector<std::string_view>& lines, std::string_view section) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](auto line) { return is_header_of(line, section); });
  return static_cast<std::size_t>(found - lines.begin());
}

std::string joined(const std::vector<std::string_view>& lines, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < to; ++i) text += lines[i];
  return text;
}

// As the line before ends; where that is the last of a file and has no end, as the first does.
std::string line_end(const std::vector<std::string_view>& lines, std::size_t after) {
  if (lines.empty()) return "\n";
  const std::string_view line = lines[after].ends_with('\n') ? lines[after] : lines.front();
  return line.ends_with("\r\n") ? "\r\n" : "\n";
}

std::string_view value_of(std::string_view line) {
  const std::size_t equals_sign = line.find('=');
  return equals_sign == std::string_view::npos ? std::string_view() : bare(line.substr(equals_sign + 1));
}

// The line with another value: its key, indentation and blanks around the `=` as they are.
std::string with_other_value(std::string_view line, std::string_view key, std::string_view value,
                             const std::string& end) {
  const std::size_t equals_sign = line.find('=');
  if (equals_sign != std::string_view::npos) {
    const std::size_t start = std::min(line.find_first_not_of(" \t", equals_sign + 1), line.size());
    if (start + value.size() <= unixodbc_line_limit) {
      // Where there was no value, the blanks end with the line.
      return std::string(bare(line.substr(start)).empty() ? line.substr(0, equals_sign + 1) : line.substr(0, start)) +
             std::string(value) + end;
    }
  }
  return std::string(key) + "=" + std::string(value) + end;
}

// Who wrote it sees more lines or sections there than we and unixODBC do, and an edit would take them for what they are not.
// A [ behind bytes beyond ASCII alone is behind a byte order mark, a blank that does not break, or one without width.
bool hides_lines(std::string_view line) {
  const std::string_view text = bare(line);
  if (text.find('\r') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return true;
  const auto* const seen = std::find_if(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80 && blanks.find(c) == std::string_view::npos;
  });
  return seen != text.begin() && seen != text.end() && *seen == '[';
}

bool has_outer_blanks(std::string_view text) {
  return !text.empty() &&
         (blanks.find(text.front()) != std::string_view::npos || blanks.find(text.back()) != std::string_view::npos);
}

Error refused(const std::string& what) {
  return Error{State::general_error, what, 0};
}

std::optional<Error> unwritable(std::string_view section, std::string_view key, std::string_view value) {
  const std::string where = "[" + std::string(section) + "] ";
  if (section.empty() || has_outer_blanks(section) || section.find(']') != std::string_view::npos ||
      section.find_first_of(line_breakers) != std::string_view::npos) {
    return refused(where + "cannot be the name of a section in an ini file.");
  }
  if (key.empty() || has_outer_blanks(key) || key.find('=') != std::string_view::npos || key.front() == '[' ||
      is_comment(key) || key.find_first_of(line_breakers) != std::string_view::npos) {
    return refused(where + "\"" + std::string(key) + "\" cannot be a name in an ini file.");
  }
  if (value.find_first_of(line_breakers) != std::string_view::npos) {
    return refused(where + "the value of " + std::string(key) +
                   " holds a line end or a NUL byte, and a line of an ini file cannot. It is not written.");
  }
  if (has_outer_blanks(value)) {
    return refused(where + "the value of " + std::string(key) +
                   " starts or ends with a blank, which every reader of an ini file drops. It is not written.");
  }
  if (const std::size_t size = key.size() + 1 + value.size(); size > unixodbc_line_limit) {
    return refused(where + "the line " + std::string(key) + "=... would have " + std::to_string(size) +
                   " bytes, and unixODBC cuts lines of more than " + std::to_string(unixodbc_line_limit) +
                   ". It is not written. Give this value in the connection string, or shorten it.");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> unusable_dsn_name(std::string_view name) {
  if (name.empty() || has_outer_blanks(name)) {
    return refused("A DSN's name cannot be empty, and neither starts nor ends with a blank.");
  }
  const std::string quoted = "\"" + std::string(name) + "\" cannot be the name of a DSN: ";
  if (name.size() > max_dsn_name_length) {
    return refused(quoted + "it has " + std::to_string(name.size()) + " bytes, and ODBC takes " +
                   std::to_string(max_dsn_name_length) + " at most.");
  }
  for (const char c : name) {
    if (forbidden_in_dsn_names.find(c) != std::string_view::npos) {
      return refused(quoted + "ODBC takes none of " + std::string(forbidden_in_dsn_names) + " in one.");
    }
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      return refused(quoted + "it holds a control character.");
    }
  }
  for (const char* const taken : {"ODBC", "ODBC Data Sources"}) {
    if (same_name(name, taken)) return refused(quoted + "the driver manager has a section of that name.");
  }
  return std::nullopt;
}

Result<IniFile> parse_to_edit(const std::string& path, std::string_view text) {
  IniFile file = parse_odbc_ini(path, text);
  if (!file.problem.empty()) return refused(file.problem + " Nothing was changed.");
  const std::vector<std::string_view> lines = lines_of(text);
  const auto hidden = std::find_if(lines.begin(), lines.end(), hides_lines);
  if (hidden == lines.end()) return file;
  return refused(path + ", line " + std::to_string(hidden - lines.begin() + 1) +
                 ": there is a carriage return within the line, or before it a byte order mark or another blank that "
                 "is none in ASCII, so unixODBC takes sections there for a part of this one. Take it out, and save the "
                 "file with line ends of Unix or Windows, as UTF-8 without BOM. Nothing was changed.");
}

Result<std::string> with_value(std::string_view text, std::string_view section, std::string_view key,
                               std::string_view value) {
  if (auto error = unwritable(section, key, value)) return *std::move(error);
  const std::vector<std::string_view> lines = lines_of(text);
  const std::size_t header = header_of(lines, section);
  if (header == lines.size()) {
    const std::string end = line_end(lines, lines.empty() ? 0 : lines.size() - 1);
    std::string result(text);
    if (!result.empty() && !result.ends_with('\n')) result += end;
    if (!result.empty()) result += end;
    return result + "[" + std::string(section) + "]" + end + std::string(key) + "=" + std::string(value) + end;
  }
  const std::size_t section_ends = section_end(lines, header);
  for (std::size_t i = header + 1; i < section_ends; ++i) {
    if (!is_line_of(lines[i], key)) continue;
    if (lines[i].find('=') != std::string_view::npos && value_of(lines[i]) == value) return std::string(text);
    return joined(lines, 0, i) + with_other_value(lines[i], key, value, line_end(lines, i)) +
           joined(lines, i + 1, lines.size());
  }
  const std::string end = line_end(lines, section_ends - 1);
  std::string before = joined(lines, 0, section_ends);
  if (!before.ends_with('\n')) before += end;
  return before + std::string(key) + "=" + std::string(value) + end + joined(lines, section_ends, lines.size());
}

std::string without_value(std::string_view text, std::string_view section, std::string_view key) {
  const std::vector<std::string_view> lines = lines_of(text);
  const std::size_t header = header_of(lines, section);
  if (header == lines.size()) return std::string(text);
  const std::size_t section_ends = section_end(lines, header);
  std::string result = joined(lines, 0, header + 1);
  for (std::size_t i = header + 1; i < section_ends; ++i) {
    if (!is_line_of(lines[i], key)) result += lines[i];
  }
  return result + joined(lines, section_ends, lines.size());
}

namespace {

// unixODBC ignores a file whose first [section] is indented, so the one that has become the first loses its blanks.
std::string with_first_section_at_its_margin(std::string text) {
  std::size_t at = 0;
  for (const std::string_view line : lines_of(text)) {
    if (is_blank(line) || is_comment(line)) {
      at += line.size();
      continue;
    }
    const std::size_t indent = line.find_first_not_of(blanks);
    if (line[indent] == '[') text.erase(at, indent);
    break;
  }
  return text;
}

}  // namespace

std::string without_section(std::string_view text, std::string_view section) {
  std::string result;
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_header_of(lines[i], section)) {
      result += lines[i];
      continue;
    }
    const std::size_t end = section_end(lines, i);
    // The blank line that set it apart goes with it.
    const bool is_apart = i > 0 && is_blank(lines[i - 1]) && (end == lines.size() || is_blank(lines[end]));
    if (is_apart) result.resize(result.size() - lines[i - 1].size());
    i = end - 1;
  }
  return with_first_section_at_its_margin(std::move(result));
}

}  // namespace iamodbc
