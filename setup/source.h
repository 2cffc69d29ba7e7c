// source: what a subcommand works on: a DSN or a connection string, and the library of iamodbc that serves it.
// Thread rule: values. `files` must outlive what is made from it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base_driver_file.h"
#include "core/base_driver_profile.h"
#include "core/connection_string.h"
#include "core/credentials/provider.h"
#include "core/given.h"
#include "core/ini_files.h"
#include "core/result.h"
#include "core/settings.h"
#include "core/system.h"

namespace iamodbc {

inline constexpr const char* source_help =
    "A DSN, a connection string (anything with a `=`), or `-` to read either from standard input";

// IM002; the message lists the DSNs that there are, and the files that were read.
Error unknown_dsn(const std::string& name, const OdbcFiles& files);

// `argument` as on the command line. IM002 when it names a DSN that no odbc.ini has; the message lists those that there
// are. Warns of a secret in the command line, which every user of this machine can see.
Result<ConnectionString> read_source(const std::string& argument, const OdbcFiles& files);
Result<Given> read_given(const std::string& argument, const OdbcFiles& files);

// What `argument` is called where others may read it: a DSN's name; of a connection string no word.
std::string subject_of(const std::string& argument);

// The library of iamodbc that the driver manager would load for this DSN or string.
struct OwnLibrary {
  std::string section;  // of odbcinst.ini; empty when Driver= is a path
  std::string file;     // as registered
  std::string folder;   // where it is; of a bare file name, where `iamodbc register` looks for it
};
// IM002 when there is no Driver, IM003 when it is not iamodbc or not there.
Result<OwnLibrary> own_library(const Given& given, const OdbcFiles& files);

// DSN or string -> Settings, as the driver does it before it looks for credentials. Not for a login that is fetched, because
// what is fetched may be needed for the settings.
struct Source {
  Given given;
  OwnLibrary library;
  BaseDriverFile base_file;
  const BaseDriverProfile* profile = nullptr;
  Settings settings;
};
Result<Source> read_settings_of(Given given, const OdbcFiles& files, const System& system);
// For what is not to connect: the base driver need not be installed or registered, as long as BaseDriver, Engine or Port tell of which kind it is.
Result<Source> read_settings_without_base_driver(Given given, const OdbcFiles& files, const System& system);

// What credentials are asked with: the settings of a DSN or string, and the region of its database (empty when unknown);
// with an empty `argument` those of this environment. A `profile` counts alone, whatever the DSN says.
struct CredentialQuestion {
  CredentialSettings settings;
  std::string region;
};
Result<CredentialQuestion> credential_question_of(const std::string& argument, const std::string& profile,
                                                  const System& system);

// The folder of this program, links resolved.
std::string program_folder();
// Where the libraries of an installed or built iamodbc are, as seen from this program; empty when there are none.
std::string library_folder();

}  // namespace iamodbc
