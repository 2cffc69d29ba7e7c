// fuzz: what the fuzz targets share. A target is a function of bytes that ends quietly, or throws what it found to be broken.
// Shape of an input: text wherever the code under test reads text; parts are divided by a line of three dashes, and what is missing is empty.
// Run by libFuzzer (libfuzzer.cpp, one target a program) and, with the inputs that are kept, by an ordinary test (replay_test.cpp, all targets).
// Source: https://llvm.org/docs/LibFuzzer.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace iamodbc::fuzz {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
};

inline std::vector<Target>& all_targets() {
  static std::vector<Target> targets;
  return targets;
}

// One a target's file, at its end.
struct Registration {
  Registration(const char* name, void (*run)(std::string_view)) { all_targets().push_back({name, run}); }
};

// Something that must hold whatever the input is.
template <class... Words>
void require(bool holds, const Words&... what) {
  if (holds) return;
  std::ostringstream message;
  (message << ... << what);
  throw std::logic_error(message.str());
}

inline std::vector<std::string_view> parts_of(std::string_view input, std::size_t count) {
  constexpr std::string_view divider = "\n---\n";
  std::vector<std::string_view> parts(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = i + 1 == count ? std::string_view::npos : input.find(divider);
    parts[i] = input.substr(0, end);
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + divider.size());
  }
  return parts;
}

// Whether one of the words of a part is this one.
inline bool says(std::string_view part, std::string_view word) {
  constexpr std::string_view blanks = " \n";
  while (!part.empty()) {
    const std::size_t end = std::min(part.find_first_of(blanks), part.size());
    if (part.substr(0, end) == word) return true;
    part.remove_prefix(std::min(end + 1, part.size()));
  }
  return false;
}

inline std::size_t occurrences(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

inline bool is_one_printable_line(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return false;
  }
  return true;
}

}  // namespace iamodbc::fuzz
