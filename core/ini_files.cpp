// The reader keeps inih for what it is good at, telling comments, sections, keys and continued lines apart, and keeps
// from it what it would spoil: as packaged it cuts lines at 200 bytes and section names at 49 without a word, drops ` ;...`
// from values and splits at `:` too, and some builds let any library of the process change these rules at run
// time. So inih never sees the text of a line. It is shown a stand-in of a few bytes that keeps the line's marks (a
// blank in front, the comment character, the brackets, the `=`) and has the line's number in place of all names and
// values; from the numbers that come back, names and values are cut from the text itself.
// SPDX-License-Identifier: Apache-2.0
#include "core/ini_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

#include <ini.h>

#include "core/not_cancelled.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{16} << 20U;
constexpr std::size_t max_problems_of_a_file = 10;
constexpr std::string_view blanks = " \t\n\v\f\r";  // isspace of the C locale, which is libodbcinst's idea of a blank
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// ---- From a file to lines ----

struct FileText {
  bool exists = false;
  Secret text;
  std::string problem;
};

// A folder counts as missing, as it does for AWS's tools and for libodbcinst.
FileText read_file(const std::string& path) {
  FileText result;
  const NotCancelled held;  // the file would stay open
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const int reason = errno;
    result.exists = reason != ENOENT && reason != ENOTDIR;
    if (result.exists) {
      result.problem = path + " cannot be read: " + std::generic_category().message(reason) + ".";
    }
    return result;
  }
  result.exists = true;
  std::array<char, 16384> buffer;  // read() fills what is used of it
  while (result.problem.empty()) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count == 0) break;
    if (count > 0) {
      result.text.append({buffer.data(), static_cast<std::size_t>(count)});
      wipe(buffer.data(), static_cast<std::size_t>(count));
      if (result.text.size() > max_file_bytes) result.problem = path + " is larger than 16 MB, so it is not read.";
    } else if (errno == EISDIR) {
      result.exists = false;
      break;
    } else if (errno != EINTR) {
      result.problem = path + " cannot be read: " + std::generic_category().message(errno) + ".";
    }
  }
  close(file);
  if (!result.problem.empty()) result.text = Secret();
  return result;
}

struct Line {
  std::string_view text;  // without blanks at both ends; never empty
  std::size_t indent = 0;
  std::size_t length = 0;  // up to the last byte that is not blank
  int number = 0;
};

std::vector<Line> lines_of(std::string_view text, bool carriage_return_ends_a_line) {
  std::vector<Line> lines;
  for (int number = 1; !text.empty(); ++number) {
    // One character after the other: find_first_of() looks at every byte by itself.
    std::size_t end = std::min(text.find('\n'), text.size());
    if (carriage_return_ends_a_line) end = std::min(text.substr(0, end).find('\r'), end);
    const std::string_view whole = text.substr(0, end);
    const std::string_view content = without_blanks(whole);
    if (!content.empty()) {
      const auto indent = static_cast<std::size_t>(content.data() - whole.data());
      lines.push_back({content, indent, indent + content.size(), number});
    }
    text.remove_prefix(end);
    if (text.starts_with("\r\n") && carriage_return_ends_a_line) text.remove_prefix(1);
    if (!text.empty()) text.remove_prefix(1);
  }
  return lines;
}

std::string at_line(const std::string& path, int line) {
  return path + ", line " + std::to_string(line) + ": ";
}

// "" or the complaint about the first NUL byte, which no ini file may hold.
std::string nul_problem(const std::string& path, std::string_view text) {
  const std::size_t nul = text.find('\0');
  if (nul == std::string_view::npos) return "";
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
  return at_line(path, static_cast<int>(line)) +
         "there is a NUL byte; the file is not read. Save it as plain text in UTF-8.";
}

// ---- What inih makes of the lines ----

enum class Kind { section, key, continuation };

struct Piece {
  Kind kind = Kind::key;
  std::size_t line = 0;  // index into the lines
};

enum class Rules { odbc, aws };

// Both sides of inih: next_line() feeds it, found() takes what it says. Neither throws: C code lies between them and
// us.
class Classifier {
 public:
  Classifier(const std::vector<Line>& lines, Rules rules) : lines_(lines), rules_(rules) {
    pieces_.reserve(lines.size());  // each line becomes at most one piece
  }

  std::vector<Piece> run() {
    ini_parse_stream(
        [](char* buffer, int size, void* self) { return static_cast<Classifier*>(self)->next_line(buffer, size); },
        this,
        [](void* self, const char*, const char* name, const char* value) {
          static_cast<Classifier*>(self)->found(name, value);
          return 1;
        },
        this);
    return std::move(pieces_);
  }

 private:
  char* next_line(char* buffer, int size) {
    const auto max_bytes = static_cast<std::size_t>(size);
    int written = 0;
    if (section_to_announce_) {
      // inih does not report a section as such, so each is followed by a key that does.
      written = std::snprintf(buffer, max_bytes, "%zu=[\n", *section_to_announce_);
      section_to_announce_.reset();
    } else if (next_ < lines_.size()) {
      const std::size_t index = next_++;
      const Line& line = lines_[index];
      const char first = line.text.front();
      if (first == ';' || first == '#') {
        written = std::snprintf(buffer, max_bytes, "%c\n", first);
      } else if (rules_ == Rules::aws && key_indent_ && line.indent > *key_indent_) {
        written = std::snprintf(buffer, max_bytes, " %zu\n", index);
      } else if (first == '[') {
        key_indent_.reset();
        section_to_announce_ = index;
        written = std::snprintf(buffer, max_bytes, "[%zu]\n", index);
      } else {
        key_indent_ = line.indent;
        written = std::snprintf(buffer, max_bytes, "%zu=%zu\n", index, index);
      }
    }
    return written > 0 && written < size ? buffer : nullptr;
  }

  void found(std::string_view name, std::string_view value) {
    Piece piece;
    const bool is_section = value == "[";
    const std::string_view number = is_section ? name : value;
    std::from_chars(number.data(), number.data() + number.size(), piece.line);
    piece.kind = is_section ? Kind::section : name == value ? Kind::key : Kind::continuation;
    if (piece.line < lines_.size() && pieces_.size() < pieces_.capacity()) pieces_.push_back(piece);
  }

  const std::vector<Line>& lines_;
  Rules rules_;
  std::vector<Piece> pieces_;
  std::size_t next_ = 0;
  std::optional<std::size_t> section_to_announce_;
  std::optional<std::size_t> key_indent_;
};

struct KeyAndValue {
  std::string_view key;
  std::string_view value;
  bool has_equals_sign = false;
};

KeyAndValue key_and_value(std::string_view line) {
  const std::size_t equals_sign = line.find('=');
  if (equals_sign == std::string_view::npos) return {line, {}, false};
  return {without_blanks(line.substr(0, equals_sign)), without_blanks(line.substr(equals_sign + 1)), true};
}

// ---- ODBC ----

bool is_comment(const Line& line) {
  return line.text.front() == ';' || line.text.front() == '#';
}

// libodbcinst gives up a file whose first line that is no comment is not a section at the very start of a line.
std::string odbc_problem(const std::string& path, const std::vector<Line>& lines) {
  const auto first = std::find_if_not(lines.begin(), lines.end(), is_comment);
  if (first == lines.end() || (first->text.front() == '[' && first->indent == 0)) return "";
  const std::string where = at_line(path, first->number);
  if (first->text.starts_with(byte_order_mark)) {
    return where +
           "the file starts with a byte order mark, so unixODBC ignores all of it. Save it as UTF-8 without BOM.";
  }
  if (first->text.front() == '[') {
    return where + "the first [section] is indented, so unixODBC ignores the whole file. Remove the blanks before it.";
  }
  return where + "there is text before the first [section], so unixODBC ignores the whole file.";
}

IniFile read_odbc_ini(const std::string& path) {
  const FileText file = read_file(path);
  IniFile result = parse_odbc_ini(path, file.text.reveal());
  result.exists = file.exists;
  if (!file.problem.empty()) result.problem = file.problem;
  return result;
}

std::string system_directory(const System& system) {
  return system.variable("ODBCSYSINI").value_or(IAMODBC_SYSCONFDIR);
}

// libodbcinst opens the user's odbc.ini for appending first, and passes over one that it cannot.
IniFile read_user_odbc_ini(const std::string& path) {
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT || errno == ENOTDIR) {
    return read_odbc_ini(path);
  }
  IniFile result;
  result.path = path;
  result.exists = true;
  result.problem = path + " is passed over, by unixODBC too, because this user may not read and write it.";
  return result;
}

template <class Names>
std::vector<std::string> section_names(const std::vector<IniFile>& files, const Names& left_out) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::string_view name : left_out) seen.insert(lower(name));
  for (const IniFile& file : files) {
    for (const IniSection& section : file.sections) {
      if (seen.insert(lower(section.name)).second) names.push_back(section.name);
    }
  }
  return names;
}

const IniFile* file_with_section(const std::vector<IniFile>& files, std::string_view name) {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const IniFile& file) { return file.find(name) != nullptr; });
  return found == files.end() ? nullptr : &*found;
}

// ---- AWS ----

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

// What is not set stays as it is written.
std::string expanded_path(const System& system, std::string_view path) {
  std::string result;
  if (path == "~" || path.starts_with("~/")) {
    result = system.home();
    path.remove_prefix(1);
  }
  while (!path.empty()) {
    const std::size_t dollar = std::min(path.find('$'), path.size());
    result += path.substr(0, dollar);
    path.remove_prefix(dollar);
    if (path.empty()) break;
    const bool is_braced = path.starts_with("${");
    const std::size_t start = is_braced ? 2 : 1;
    std::size_t end = start;
    while (end < path.size() && is_name_character(path[end])) ++end;
    const std::string_view name = path.substr(start, end - start);
    const bool is_closed = !is_braced || (end < path.size() && path[end] == '}');
    if (is_braced && is_closed) ++end;
    const auto value = is_closed && !name.empty() ? system.variable(name) : std::nullopt;
    result += value ? *value : std::string(path.substr(0, end));
    path.remove_prefix(end);
  }
  return result;
}

namespace {

// The NAME of a section "profile NAME"; nullopt when the section is not of this type or has no single name.
std::optional<std::string> name_after(std::string_view type, std::string_view section) {
  if (!section.starts_with(type)) return std::nullopt;
  section.remove_prefix(type.size());
  if (section.empty() || blanks.find(section.front()) == std::string_view::npos) return std::nullopt;
  section = without_blanks(section);
  const char quote = section.empty() ? '\0' : section.front();
  if (quote == '"' || quote == '\'') {
    section.remove_prefix(1);
    if (section.empty() || section.find(quote) + 1 != section.size()) return std::nullopt;
    section.remove_suffix(1);
  } else if (section.find_first_of(blanks) != std::string_view::npos) {
    return std::nullopt;
  }
  if (section.empty()) return std::nullopt;
  return std::string(section);
}

using Sections = std::map<std::string, AwsSection, std::less<>>;

// Reads one of the two files into the maps that its sections belong to.
class AwsReader {
 public:
  AwsReader(std::string path, std::vector<std::string>& problems) : path_(std::move(path)), problems_(problems) {}

  // `section_of` gives the section that a name in brackets opens, or nullptr for one that is to be skipped.
  template <class SectionOf>
  void read(std::string_view text, SectionOf section_of) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (std::string problem = nul_problem(path_, text); !problem.empty()) {
      problems_.push_back(std::move(problem));
      return;
    }
    const std::vector<Line> lines = lines_of(text, true);
    AwsSection* section = nullptr;
    AwsProperty* property = nullptr;
    bool is_in_section = false;
    for (const Piece& piece : Classifier(lines, Rules::aws).run()) {
      const Line& line = lines[piece.line];
      if (piece.kind == Kind::section) {
        const auto name = section_name(line);
        section = name ? section_of(*name) : nullptr;
        property = nullptr;
        is_in_section = true;
      } else if (!is_in_section) {
        complain(line, "there is text before the first [section].");
      } else if (piece.kind == Kind::key) {
        property = add(section, line);
      } else {
        extend(property, line);
      }
    }
  }

 private:
  void complain(const Line& line, std::string_view what) {
    if (count_++ < max_problems_of_a_file) problems_.push_back(at_line(path_, line.number) + std::string(what));
  }

  std::optional<std::string> section_name(const Line& line) {
    const std::size_t end = line.text.find(']');
    if (end == std::string_view::npos) {
      complain(line, "a [section] without its closing bracket; it is skipped.");
      return std::nullopt;
    }
    const std::string_view rest = without_blanks(line.text.substr(end + 1));
    if (!rest.empty() && rest.front() != '#' && rest.front() != ';')
      complain(line, "there is text after the [section].");
    return std::string(without_blanks(line.text.substr(1, end - 1)));
  }

  // A later key wins, and takes nothing over from the earlier one.
  AwsProperty* add(AwsSection* section, const Line& line) {
    const auto [key, value, has_equals_sign] = key_and_value(line.text);
    if (!has_equals_sign || key.empty()) {
      complain(line, "this is not `key = value`.");
      return nullptr;
    }
    if (section == nullptr) return nullptr;
    AwsProperty& property = (*section)[lower(key)];
    property = {WipedText(value), path_, line.number, {}};
    return &property;
  }

  // Below a key without a value a block of keys, one level deep; below any other key more of its value.
  void extend(AwsProperty* property, const Line& line) {
    if (property == nullptr) return;
    if (!property->value.empty()) {
      WipedText longer;
      longer.reserve(property->value.size() + 1 + line.text.size());
      longer.append(property->value).append(1, '\n').append(line.text);
      property->value = std::move(longer);
      return;
    }
    const auto [key, value, has_equals_sign] = key_and_value(line.text);
    if (!has_equals_sign || key.empty()) {
      complain(line, "this is not `key = value`, as the lines of an indented block are.");
      return;
    }
    property->nested[lower(key)] = value;
  }

  std::string path_;
  std::vector<std::string>& problems_;
  std::size_t count_ = 0;
};

const AwsSection* find_section(const Sections& sections, std::string_view name) {
  const auto found = sections.find(name);
  return found == sections.end() ? nullptr : &found->second;
}

}  // namespace

// ---- ODBC ----

const IniEntry* IniSection::find(std::string_view key) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const IniEntry& entry) { return same_name(entry.key, key); });
  return found == entries.end() ? nullptr : &*found;
}

const IniSection* IniFile::find(std::string_view section) const {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [&](const IniSection& one) { return same_name(one.name, section); });
  return found == sections.end() ? nullptr : &*found;
}

IniFile parse_odbc_ini(std::string path, std::string_view text) {
  IniFile file;
  file.path = std::move(path);
  file.exists = true;
  file.problem = nul_problem(file.path, text);
  if (!file.problem.empty()) return file;
  const std::vector<Line> lines = lines_of(text, false);
  file.problem = odbc_problem(file.path, lines);
  if (!file.problem.empty()) return file;
  for (const Piece& piece : Classifier(lines, Rules::odbc).run()) {
    const Line& line = lines[piece.line];
    if (piece.kind == Kind::section) {
      const std::string_view name = line.text.substr(1, line.text.find(']', 1) - 1);  // without `]`: to the end
      file.sections.push_back({std::string(without_blanks(name)), {}, line.number});
    } else {
      const auto [key, value, has_equals_sign] = key_and_value(line.text);
      file.sections.back().entries.push_back({std::string(key), WipedText(value), line.number, line.length});
    }
  }
  return file;
}

OdbcFiles::OdbcFiles(std::vector<IniFile> data_sources, std::vector<IniFile> drivers)
    : data_sources_(std::move(data_sources)), drivers_(std::move(drivers)) {}

std::string user_odbc_ini(const System& system) {
  return system.set_variable("ODBCINI").value_or(system.account_home() + "/.odbc.ini");
}

std::string system_odbc_ini(const System& system) {
  return system_directory(system) + "/odbc.ini";
}

OdbcFiles OdbcFiles::read(const System& system) {
  const std::string search = system.variable("ODBCSEARCH").value_or("");

  std::vector<IniFile> data_sources;
  if (search != "ODBC_SYSTEM_DSN") data_sources.push_back(read_user_odbc_ini(user_odbc_ini(system)));
  if (search != "ODBC_USER_DSN") data_sources.push_back(read_odbc_ini(system_odbc_ini(system)));

  const std::string name = system.variable("ODBCINSTINI").value_or("odbcinst.ini");
  std::vector<IniFile> drivers;
  drivers.push_back(read_odbc_ini(system_directory(system) + "/" + name));
  if (!drivers.front().exists && name.starts_with('/')) drivers.front() = read_odbc_ini(name);
  drivers.push_back(read_odbc_ini(system.variable("HOME").value_or("/home") + "/.odbcinst.ini"));
  return {std::move(data_sources), std::move(drivers)};
}

const IniSection* OdbcFiles::data_source(std::string_view name) const {
  const IniFile* const file = file_with_section(data_sources_, name);
  return file == nullptr ? nullptr : file->find(name);
}

std::string OdbcFiles::data_source_file(std::string_view name) const {
  const IniFile* const file = file_with_section(data_sources_, name);
  return file == nullptr ? "" : file->path;
}

const IniSection* OdbcFiles::driver(std::string_view name) const {
  const IniFile* const file = file_with_section(drivers_, name);
  return file == nullptr ? nullptr : file->find(name);
}

std::vector<std::string> OdbcFiles::driver_names() const {
  return section_names(drivers_, std::array<std::string_view, 1>{"ODBC"});
}

std::vector<std::string> OdbcFiles::data_source_names() const {
  return section_names(data_sources_, std::array<std::string_view, 2>{"ODBC", "ODBC Data Sources"});
}

std::vector<std::string> OdbcFiles::problems() const {
  std::vector<std::string> result;
  for (const auto* const files : {&data_sources_, &drivers_}) {
    for (const IniFile& file : *files) {
      if (!file.problem.empty()) result.push_back(file.problem);
    }
  }
  return result;
}

// ---- AWS ----

AwsFiles AwsFiles::read(const System& system) {
  const auto path = [&](std::string_view variable, std::string_view name) {
    const auto given = system.set_variable(variable);
    return given ? expanded_path(system, *given) : system.home() + "/.aws/" + std::string(name);
  };
  AwsFiles files;
  files.config_path_ = path("AWS_CONFIG_FILE", "config");
  files.credentials_path_ = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const FileText config = read_file(files.config_path_);
  const FileText credentials = read_file(files.credentials_path_);
  for (const FileText* const file : {&config, &credentials}) {
    if (!file->problem.empty()) files.problems_.push_back(file->problem);
  }
  files.parse(config.text.reveal(), credentials.text.reveal());
  return files;
}

AwsFiles AwsFiles::from_text(std::string_view config, std::string_view credentials) {
  AwsFiles files;
  files.config_path_ = "config";
  files.credentials_path_ = "credentials";
  files.parse(config, credentials);
  return files;
}

void AwsFiles::parse(std::string_view config, std::string_view credentials) {
  AwsSection plain_default;
  bool has_plain_default = false;
  AwsReader(config_path_, problems_).read(config, [&](const std::string& name) -> AwsSection* {
    if (name == "default") {
      has_plain_default = true;
      return &plain_default;
    }
    if (const auto profile = name_after("profile", name)) return &config_[*profile];
    if (const auto session = name_after("sso-session", name)) return &sso_sessions_[*session];
    if (const auto service = name_after("services", name)) return &services_[*service];
    hints_.emplace(name, config_path_ + " has a section [" + name +
                             "], but a profile in that file is written [profile " + name + "].");
    return nullptr;
  });
  if (has_plain_default) config_.try_emplace("default", std::move(plain_default));  // [profile default] wins, unmerged

  AwsReader(credentials_path_, problems_).read(credentials, [&](const std::string& name) -> AwsSection* {
    const auto prefixed = name_after("profile", name);
    if (!prefixed) return &credentials_[name];
    hints_.emplace(*prefixed, credentials_path_ + " has a section [" + name +
                                  "], but a profile in that file is written [" + *prefixed + "].");
    return nullptr;
  });
}

const AwsSection* AwsFiles::config_profile(std::string_view name) const {
  return find_section(config_, name);
}
const AwsSection* AwsFiles::credentials_profile(std::string_view name) const {
  return find_section(credentials_, name);
}
const AwsSection* AwsFiles::sso_session(std::string_view name) const {
  return find_section(sso_sessions_, name);
}
const AwsSection* AwsFiles::services(std::string_view name) const {
  return find_section(services_, name);
}

std::optional<AwsSection> AwsFiles::profile(std::string_view name) const {
  const AwsSection* const in_config = config_profile(name);
  const AwsSection* const in_credentials = credentials_profile(name);
  if (in_config == nullptr && in_credentials == nullptr) return std::nullopt;
  AwsSection merged = in_credentials == nullptr ? AwsSection() : *in_credentials;
  if (in_config != nullptr) merged.insert(in_config->begin(), in_config->end());  // does not replace what is there
  return merged;
}

std::vector<std::string> AwsFiles::profile_names() const {
  std::set<std::string> names;
  for (const auto& [name, section] : config_) names.insert(name);
  for (const auto& [name, section] : credentials_) names.insert(name);
  return {names.begin(), names.end()};
}

std::string AwsFiles::hint(std::string_view profile) const {
  const auto found = hints_.find(profile);
  return found == hints_.end() ? "" : found->second;
}

ProfileChoice chosen_profile(const System& system, std::string_view explicit_profile) {
  if (!explicit_profile.empty()) return {std::string(explicit_profile), "Profile="};
  for (const char* const variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (auto name = system.set_variable(variable)) return {*std::move(name), variable};
  }
  return {"default", "the default"};
}

}  // namespace iamodbc
