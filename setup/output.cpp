// SPDX-License-Identifier: Apache-2.0
#include "setup/output.h"

#include <array>
#include <cstdio>

#include "core/encoding.h"
#include "core/text.h"
#include "setup/command.h"

namespace iamodbc {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

// U+0080 to U+009F, of which terminals take one for the beginning of a command.
bool is_far_control(std::string_view text) {
  if (text.size() < 2 || text[0] != '\xc2') return false;
  const auto second = static_cast<unsigned char>(text[1]);
  return second >= 0x80 && second < 0xa0;
}

void put(std::FILE* stream, std::string_view line) {
  // A failure stays in the stream, where finish() sees it.
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stream));
  static_cast<void>(std::fputc('\n', stream));
  static_cast<void>(std::fflush(stream));
}

}  // namespace

void print(std::string_view line) {
  put(stdout, line);
}

void complain(std::string_view text) {
  put(stderr, "iamodbc: " + shown(text));
}

void complain(const Error& error) {
  complain("[" + error.sqlstate + "] " + error.message);
}

void warn(std::string_view text) {
  complain("warning: " + std::string(text));
}

int finish(int status) {
  const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (!is_written) complain("standard output could not be written");
  return is_written ? status : Exit::failed;
}

std::string shown(std::string_view text) {
  std::string line;
  const std::string_view all = trimmed(text);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const char c = all[i];
    if (is_far_control(all.substr(i))) {
      line += "\\x" + hex(all.substr(i, 1)) + "\\x" + hex(all.substr(i + 1, 1));
      ++i;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      line += ' ';
    } else if (is_control(c)) {
      line += "\\x" + hex(std::string_view(&c, 1));
    } else {
      line += c;
    }
  }
  return line;
}

std::string json_string(std::string_view text) {
  // There and back: what is not UTF-8 is replaced on the way.
  std::string quoted = "\"";
  const std::string all = utf8_from_utf16(utf16_from_utf8(text));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const char c = all[i];
    if (is_far_control(std::string_view(all).substr(i))) {
      quoted += "\\u00" + hex(std::string_view(&all[++i], 1));
    } else if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (is_control(c)) {
      quoted += "\\u00" + hex(std::string_view(&c, 1));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string json_list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return "[" + text + "]";
}

std::string json_of(const Error& error) {
  return "{\"sqlstate\": " + json_string(error.sqlstate) + ", \"message\": " + json_string(shown(error.message)) + "}";
}

}  // namespace iamodbc
