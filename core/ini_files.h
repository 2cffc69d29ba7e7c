// ini_files: odbc.ini, odbcinst.ini and the two AWS files, all through one reader over inih.
//
// Shapes. A file is bytes; lines and names may be of any length, values hold any byte but NUL and line ends. Section
// and key names compare without ASCII case in ODBC files; in AWS files keys do, section names do not. ODBC rules
// (libodbcinst's): lines end with LF; a line that starts with ; or # is a comment, ` #` and ` ;` inside a value belong
// to it, `key = value` is split at the first `=` (a `:` does not split), a line without `=` is a key with an empty
// value, blanks (CR too) around key and value go, the first section of a name and the first key of a name win; a file
// with text before its first section counts as empty. AWS rules: docs/credentials.md; lines end with LF, CR LF or CR, `
// #...` belongs to the value, a later key wins, sections of one name merge, a BOM is skipped, quoted profile names are
// accepted, a line indented deeper than its key continues or nests.
//
// Errors: reading never fails. A file that cannot be read or parsed is a problem: a sentence that names file, line and
// what is wrong there, for whoever does not find what he looks for. A missing file is empty, not a problem. Never more
// than 16 MB of a file; never a line of a file in a message (it may hold a secret). Thread rule: values; no shared
// state. Source: unixODBC 2.3.11 behaviour (a test compares every value with SQLGetPrivateProfileString);
//         https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

struct IniEntry {
  std::string key;
  WipedText value;  // a password, perhaps
  int line = 0;     // 1-based
  std::size_t length =
      0;  // bytes of the line up to its last non-blank; above unixodbc_line_limit unixODBC sees less of it
};

struct IniSection {
  std::string name;
  std::vector<IniEntry> entries;  // in the order of the file, duplicates included
  int line = 0;

  // The entry that wins under ODBC's rule (the first of the name, ASCII case ignored); nullptr when absent.
  [[nodiscard]] const IniEntry* find(std::string_view key) const;
};

struct IniFile {
  std::string path;
  bool exists = false;
  std::vector<IniSection> sections;  // in the order of the file, duplicates included
  std::string problem;               // empty, or why the sections are missing

  [[nodiscard]] const IniSection* find(std::string_view section) const;  // first of the name, ASCII case ignored
};

// ---- ODBC ----

// Longest "key=value" line that unixODBC reads whole (INI_MAX_LINE 1000 less the end); longer lines it cuts without a
// word, and takes the rest for a further line. This reader takes them whole.
inline constexpr std::size_t unixodbc_line_limit = 999;

// Where libodbcinst looks for the user's and for the system's odbc.ini, whether there is one or not.
std::string user_odbc_ini(const System& system);
std::string system_odbc_ini(const System& system);

// A text by the ODBC rules; `path` is for messages.
IniFile parse_odbc_ini(std::string path, std::string_view text);

// The two ODBC configurations as libodbcinst finds them.
// odbc.ini: the user's (ODBCINI, else .odbc.ini in the home of the passwd entry, not HOME; skipped when the user may
// not write it), then the system's (ODBCSYSINI, else the compiled-in directory, + /odbc.ini). ODBCSEARCH=ODBC_USER_DSN
// or ODBC_SYSTEM_DSN leaves one out. odbcinst.ini: ODBCSYSINI, else the compiled-in directory, + "/" + (ODBCINSTINI,
// else odbcinst.ini); where that is missing, an absolute ODBCINSTINI by itself, as iODBC reads it; then
// HOME/.odbcinst.ini. Whole sections: the first file that has one supplies all of it.
class OdbcFiles {
 public:
  static OdbcFiles read(const System& system);
  // From texts, for tests and tools: no file is opened.
  OdbcFiles(std::vector<IniFile> data_sources, std::vector<IniFile> drivers);

  // The DSN's section of the first odbc.ini that has it; nullptr when none does.
  [[nodiscard]] const IniSection* data_source(std::string_view name) const;
  // The file that data_source() took it from; empty when none does.
  [[nodiscard]] std::string data_source_file(std::string_view name) const;
  // The driver's section of the first odbcinst.ini that has it.
  [[nodiscard]] const IniSection* driver(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> driver_names() const;       // each once, in the order searched, without [ODBC]
  [[nodiscard]] std::vector<std::string> data_source_names() const;  // likewise, without [ODBC Data Sources] and [ODBC]
  [[nodiscard]] const std::vector<IniFile>& data_source_files() const { return data_sources_; }
  [[nodiscard]] const std::vector<IniFile>& driver_files() const { return drivers_; }
  // What is wrong with these files, one sentence each; append them to the message when something is not found.
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  std::vector<IniFile> data_sources_;
  std::vector<IniFile> drivers_;
};

// ---- AWS ----

// A profile, sso-session or services section: keys in lower case. Static keys and everything else are kept apart by
// file, because the two files are two providers for static keys (docs/credentials.md).
struct AwsProperty {
  WipedText value;  // a secret key, perhaps
  std::string file;
  int line = 0;
  std::map<std::string, WipedText, std::less<>> nested;  // of an indented block, keys in lower case
};
using AwsSection = std::map<std::string, AwsProperty, std::less<>>;

class AwsFiles {
 public:
  // AWS_CONFIG_FILE, else ~/.aws/config; AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials; a leading `~/`, `$VAR`
  // and
  // `${VAR}` in these are expanded, an empty variable counts as unset.
  // Never fails: a file that is missing or a directory is empty; what is broken is kept as problems(), so that
  // environment keys still work.
  static AwsFiles read(const System& system);
  // From texts, for tests.
  static AwsFiles from_text(std::string_view config, std::string_view credentials);

  // The profile in each file alone; nullptr when absent. "default" is [default] or [profile default] in config.
  [[nodiscard]] const AwsSection* config_profile(std::string_view name) const;
  [[nodiscard]] const AwsSection* credentials_profile(std::string_view name) const;
  // Both merged, the credentials file winning key by key; nullopt when in neither.
  [[nodiscard]] std::optional<AwsSection> profile(std::string_view name) const;
  [[nodiscard]] const AwsSection* sso_session(std::string_view name) const;
  [[nodiscard]] const AwsSection* services(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> profile_names() const;  // of both files, each once, sorted
  // For a profile that is not there: what is written nearly like it ("[dev] in FILE ... is written [profile dev]"), or
  // empty.
  [[nodiscard]] std::string hint(std::string_view profile) const;

  [[nodiscard]] const std::string& config_path() const { return config_path_; }
  [[nodiscard]] const std::string& credentials_path() const { return credentials_path_; }
  // What could not be read or parsed, one sentence each with file and line. Fatal for whoever needs a profile; a
  // warning for others.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  void parse(std::string_view config, std::string_view credentials);

  std::string config_path_;
  std::string credentials_path_;
  std::map<std::string, AwsSection, std::less<>> config_;
  std::map<std::string, AwsSection, std::less<>> credentials_;
  std::map<std::string, AwsSection, std::less<>> sso_sessions_;
  std::map<std::string, AwsSection, std::less<>> services_;
  std::map<std::string, std::string, std::less<>> hints_;  // by profile name
  std::vector<std::string> problems_;
};

// A path as AWS's variables hold it: a leading `~/`, `$VAR` and `${VAR}` expanded.
std::string expanded_path(const System& system, std::string_view path);

// The profile that applies: `explicit_profile` if not empty, else AWS_PROFILE, else AWS_DEFAULT_PROFILE, else
// "default". Empty counts as unset.
struct ProfileChoice {
  std::string name;
  std::string why;  // "Profile=", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "the default"
};
ProfileChoice chosen_profile(const System& system, std::string_view explicit_profile);

}  // namespace iamodbc
