// SPDX-License-Identifier: Apache-2.0
#include "setup/source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "core/aws/region.h"
#include "core/login/fetched_login.h"
#include "core/text.h"
#include "core/walk.h"
#include "setup/input.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

constexpr const char* data_source_not_found = "IM002";

std::string joined(const std::vector<std::string>& texts, const char* separator) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : separator) + text;
  return result;
}

bool is_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {};
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool holds_a_secret(const ConnectionString& string) {
  for (const Attribute& attribute : string.attributes()) {
    const AttributeRow* const row = find_attribute(attribute.name());
    if (row != nullptr && row->is_secret && !attribute.value().empty()) return true;
  }
  return false;
}

}  // namespace

Error unknown_dsn(const std::string& name, const OdbcFiles& files) {
  const std::vector<std::string> known = files.data_source_names();
  std::vector<std::string> read;
  for (const IniFile& file : files.data_source_files()) {
    std::string path = file.path + (file.exists ? "" : " (missing)");
    if (std::find(read.begin(), read.end(), path) == read.end()) read.push_back(std::move(path));
  }
  std::string message = "There is no DSN \"" + name + "\". ";
  message += known.empty() ? "No DSN is defined in " : "Known: " + joined(known, ", ") + ". Looked in ";
  message += joined(read, ", ") + ".";
  for (const std::string& problem : files.problems()) message += " " + problem;
  return Error{data_source_not_found, std::move(message), 0};
}

Result<ConnectionString> read_source(const std::string& argument, const OdbcFiles& files) {
  std::string text = argument;
  const bool is_typed = argument != "-";
  if (!is_typed) {
    auto input = standard_input("DSN or connection string");
    if (!input) return input.error();
    text = std::move(input).value();
  }
  if (text.find('=') == std::string::npos) {
    if (files.data_source(text) == nullptr) return unknown_dsn(text, files);
    ConnectionString string;
    string.add(Attribute("DSN", text));
    return string;
  }
  auto string = ConnectionString::parse(text);
  wipe(text);
  if (!string) return string.error();
  if (is_typed && holds_a_secret(string.value())) {
    warn(
        "the connection string holds a secret, and every user of this machine can see the arguments of a running "
        "program. Write the string to standard input instead: iamodbc ... -");
  }
  const Attribute* const dsn = string.value().find("DSN");
  if (dsn != nullptr && !dsn->value().empty() && string.value().find("Driver") == nullptr &&
      files.data_source(dsn->value()) == nullptr) {
    return unknown_dsn(std::string(dsn->value()), files);
  }
  return string;
}

std::string subject_of(const std::string& argument) {
  return argument.find('=') == std::string::npos ? argument : "a connection string";
}

Result<Given> read_given(const std::string& argument, const OdbcFiles& files) {
  auto string = read_source(argument, files);
  if (!string) return string.error();
  return Given::gather(std::move(string).value(), files);
}

Result<OwnLibrary> own_library(const Given& given, const OdbcFiles& files) {
  const std::string& driver = given.driver_section();
  if (driver.empty()) {
    const std::string where = given.dsn().empty() ? "the string names neither a DSN nor a Driver"
                                                  : "[" + given.dsn() + "] in " + files.data_source_file(given.dsn()) +
                                                        " has no Driver= line";
    return Error{data_source_not_found, "No driver is named: " + where + ". Add Driver=iamodbc.", 0};
  }
  OwnLibrary library;
  if (const IniSection* const section = files.driver(driver)) {
    library.section = section->name;
    for (const char* const key : {"Driver64", "Driver"}) {  // unixODBC's order where pointers have 64 bits
      const IniEntry* const entry = section->find(key);
      if (library.file.empty() && entry != nullptr) library.file = entry->value;
    }
  } else {
    library.file = driver;
  }
  const std::string name = library.file.substr(library.file.rfind('/') + 1);
  if (!lower(name).starts_with("libiamodbc")) {
    const bool is_known = !library.section.empty() || driver.find('/') != std::string::npos;
    const std::string what =
        is_known ? "is another driver (" + library.file + "), not iamodbc" : "is not a section of odbcinst.ini";
    return Error{State::driver_not_loaded,
                 "Driver=" + driver + " " + what +
                     ". Write Driver=iamodbc, and name the base driver in BaseDriver; `iamodbc register` makes the "
                     "section iamodbc.",
                 0};
  }
  if (library.file.find('/') == std::string::npos) {
    library.folder = library_folder();
  } else if (is_file(library.file)) {
    library.folder = folder_of(library.file);
  } else {
    return Error{State::driver_not_loaded,
                 "Driver=" + driver + " is " + library.file +
                     ", and there is no such file. Run `iamodbc register`, or correct odbcinst.ini.",
                 0};
  }
  return library;
}

namespace {

// As far as names tell it: the file, or the section of odbcinst.ini as somebody may have called it, else Engine or Port.
const BaseDriverProfile& profile_by_name(const BaseChoice& choice) {
  const std::string name = lower(choice.base_driver);
  const BaseDriverProfile& by_file = base_driver_profile(name);
  if (by_file.kind != BaseKind::unknown) return by_file;
  const auto first_that = [&](const auto& is_told) -> const BaseDriverProfile* {
    for (const BaseKind kind : {BaseKind::psqlodbc, BaseKind::mariadb, BaseKind::mysql}) {
      const BaseDriverProfile& profile = base_driver_profile(kind);
      if (is_told(profile, kind == BaseKind::mariadb ? "mariadb" : profile.engine)) return &profile;
    }
    return nullptr;
  };
  const BaseDriverProfile* told = nullptr;
  if (!choice.engine.empty()) {
    told = first_that([&](const BaseDriverProfile& profile, const char* word) {
      return choice.engine == profile.engine || choice.engine == word;
    });
  }
  if (told == nullptr && !name.empty()) {
    told = first_that([&](const BaseDriverProfile&, const char* word) { return name.find(word) != std::string::npos; });
  }
  if (told == nullptr) {
    told =
        first_that([&](const BaseDriverProfile& profile, const char*) { return choice.port == profile.default_port; });
  }
  return told == nullptr ? by_file : *told;
}

Result<Source> settings_of(Given given, const OdbcFiles& files, const System& system, bool may_be_missing) {
  auto library = own_library(given, files);
  if (!library) return library.error();
  auto base_file = choose_base_driver(given, files, system, library.value().folder);
  const BaseDriverProfile* profile = nullptr;
  if (base_file) {
    profile = &base_driver_profile(base_file.value().name);
  } else if (may_be_missing) {
    const auto choice = read_base_choice(given);
    if (choice) profile = &profile_by_name(choice.value());
  }
  if (profile == nullptr || (!base_file && profile->kind == BaseKind::unknown)) return base_file.error();
  auto settings = read_settings(given, *profile);
  if (!settings) return settings.error();
  return Source{std::move(given), std::move(library).value(),
                base_file ? std::move(base_file).value() : BaseDriverFile(), profile, std::move(settings).value()};
}

// The credentials that a DSN or a connection string asks for; what it tells of the database counts only as far as it tells a region.
Result<CredentialQuestion> question_of_source(const std::string& argument, const System& system) {
  const OdbcFiles files = OdbcFiles::read(system);
  auto given = read_given(argument, files);
  if (!given) return given.error();
  auto fetched = read_fetch_settings(given.value());
  if (!fetched) return fetched.error();
  CredentialQuestion question;
  if (fetches_login(fetched.value().auth_type)) {
    FetchSettings& settings = fetched.value();
    for (const std::string& region : {region_of_arn(settings.secret_id), settings.secret_region, settings.region,
                                      read_host_name(settings.token_host).region}) {
      if (question.region.empty()) question.region = region;
    }
    question.settings = std::move(settings.credentials);
    return question;
  }
  auto source = settings_of(std::move(given).value(), files, system, true);
  if (!source) return source.error();
  Settings& settings = source.value().settings;
  question.region = settings.region.empty() ? read_host_name(settings.token_host).region : settings.region;
  if (question.region.empty()) question.region = region_of_partition(settings.token_host);
  question.settings = std::move(settings.credentials);
  return question;
}

}  // namespace

Result<Source> read_settings_of(Given given, const OdbcFiles& files, const System& system) {
  return settings_of(std::move(given), files, system, false);
}

Result<Source> read_settings_without_base_driver(Given given, const OdbcFiles& files, const System& system) {
  return settings_of(std::move(given), files, system, true);
}

Result<CredentialQuestion> credential_question_of(const std::string& argument, const std::string& profile,
                                                  const System& system) {
  CredentialQuestion question;
  if (!argument.empty()) {
    auto asked = question_of_source(argument, system);
    if (!asked) return asked.error();
    question = std::move(asked).value();
  }
  if (!profile.empty()) {
    question.settings = CredentialSettings();
    question.settings.profile = profile;
  }
  return question;
}

std::string program_folder() {
  const std::unique_ptr<char, void (*)(void*)> path(realpath("/proc/self/exe", nullptr), std::free);
  return path ? folder_of(path.get()) : std::string();
}

std::string library_folder() {
  const std::string here = program_folder();
  // The first is where this build installs; the others serve a moved installation, and the last the build folder.
  for (const char* const way : {IAMODBC_LIBRARIES, "../lib/odbc", "../lib64/odbc", "../lib"}) {
    const std::string folder = *way == '/' ? way : here + "/" + way;
    const std::unique_ptr<char, void (*)(void*)> real(realpath(folder.c_str(), nullptr), std::free);
    for (const char* const name : {"/libiamodbc.so", "/libiamodbca.so", "/libiamodbcw.so"}) {
      if (real && is_file(real.get() + std::string(name))) return real.get();
    }
  }
  return {};
}

}  // namespace iamodbc
