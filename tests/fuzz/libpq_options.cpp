// libpq_options: what we read in a pqopt is what libpq itself reads there, if it is on this machine; what we write comes back.
// SPDX-License-Identifier: Apache-2.0
#include "core/libpq_options.h"

#include <dlfcn.h>

#include <map>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_libpq_options {

// PQconninfoOption of libpq-fe.h, without which this is built.
struct Option {
  char* keyword;
  char* envvar;
  char* compiled;
  char* val;
  char* label;
  char* dispchar;
  int dispsize;
};

struct Libpq {
  Libpq() {
    void* const library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    parse = reinterpret_cast<Option* (*)(const char*, char**)>(dlsym(library, "PQconninfoParse"));
    free = reinterpret_cast<void (*)(Option*)>(dlsym(library, "PQconninfoFree"));
    free_text = reinterpret_cast<void (*)(void*)>(dlsym(library, "PQfreemem"));
  }
  Option* (*parse)(const char*, char**) = nullptr;
  void (*free)(Option*) = nullptr;
  void (*free_text)(void*) = nullptr;
};

void is_what_libpq_reads(const Result<LibpqOptions>& ours, const std::string& text) {
  static const Libpq libpq;
  if (libpq.parse == nullptr || text.find('\0') != std::string::npos) return;
  char* complaint = nullptr;
  Option* const theirs = libpq.parse(text.c_str(), &complaint);
  const std::string why = complaint == nullptr ? "" : complaint;
  if (complaint != nullptr) libpq.free_text(complaint);
  if (theirs == nullptr) {
    // Which options there are is its own business.
    require(!ours || why.find("invalid connection option") != std::string::npos, "libpq refuses: ", why);
    return;
  }
  std::map<std::string, std::string> values;
  for (const Option* one = theirs; one->keyword != nullptr; ++one) {
    if (one->val != nullptr) values[one->keyword] = one->val;
  }
  libpq.free(theirs);
  const bool is_uri = text.starts_with("postgresql://") || text.starts_with("postgres://");
  require(ours || is_uri, "libpq reads it, and we do not");
  require(!ours || !is_uri, "libpq takes it for an URI");
  if (!ours) return;
  std::map<std::string, std::string> last;
  for (const auto& [name, value] : ours.value()) last[name] = value;
  if (last.count("requiressl") != 0) return;  // libpq writes it as sslmode
  for (const auto& [name, value] : last)
    require(values.count(name) != 0 && values[name] == value, "libpq reads another ", name);
  require(values.size() == last.size(), "libpq reads more");
}

void run(std::string_view input) {
  const auto options = parse_libpq_options(input);
  is_what_libpq_reads(options, std::string(input));
  if (!options) {
    require(is_one_printable_line(options.error().message), "the message is not one line");
    return;
  }
  const std::string written = write_libpq_options(options.value());
  const auto again = parse_libpq_options(written);
  require(again && again.value() == options.value(), "does not come back: ", written);
  is_what_libpq_reads(again, written);
}

const Registration registered("libpq_options", run);

}  // namespace of_libpq_options
}  // namespace iamodbc::fuzz
