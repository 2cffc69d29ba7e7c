// SPDX-License-Identifier: Apache-2.0
#include "core/encoding.h"

#include <algorithm>
#include <array>

namespace iamodbc {
namespace {

constexpr char32_t replacement_character = 0xFFFD;

// By byte; session tokens are long, and signing one is to take microseconds.
constexpr std::array<bool, 256> unreserved = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

bool is_unreserved(char c) {
  return unreserved[static_cast<unsigned char>(c)];
}

bool is_high_surrogate(char32_t c) {
  return c >= 0xD800 && c <= 0xDBFF;
}
bool is_low_surrogate(char32_t c) {
  return c >= 0xDC00 && c <= 0xDFFF;
}

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t value) { out.push_back(static_cast<char>(static_cast<unsigned char>(value))); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

// Takes one character off the front of `bytes`: the bytes that begin a well-formed sequence but do not end it are taken
// together and read as one U+FFFD. A surrogate's three bytes are read as the surrogate.
char32_t take_character(std::string_view& bytes) {
  const auto at = [&bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  std::size_t length = 0;
  char32_t c = 0;
  // The second byte's range excludes overlong forms and what is beyond U+10FFFF.
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead < 0x80) {
    length = 1;
    c = lead;
  } else if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    c = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    c = lead & 0x0FU;
    if (lead == 0xE0) low = 0xA0;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    c = lead & 0x07U;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  std::size_t taken = 1;
  while (taken < length && taken < bytes.size() && at(taken) >= low && at(taken) <= high) {
    c = (c << 6) | (at(taken) & 0x3FU);
    low = 0x80;
    high = 0xBF;
    ++taken;
  }
  bytes.remove_prefix(taken);
  return length != 0 && taken == length ? c : replacement_character;
}

}  // namespace

std::string percent_encoded(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  // Sized beforehand, so that no outgrown copy of a session token stays behind in freed memory.
  const auto plain = static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), is_unreserved));
  std::string result;
  result.resize(plain + 3 * (bytes.size() - plain));
  char* out = result.data();
  for (const char c : bytes) {
    if (is_unreserved(c)) {
      *out++ = c;
    } else {
      const auto value = static_cast<unsigned char>(c);
      *out++ = '%';
      *out++ = digits[value >> 4];
      *out++ = digits[value & 0xF];
    }
  }
  return result;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    result.push_back(digits[value >> 4]);
    result.push_back(digits[value & 0xF]);
  }
  return result;
}

std::string base64url(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    unsigned int bits = 0;
    for (std::size_t n = 0; n < 3; ++n)
      bits = bits << 8U | (n < group.size() ? static_cast<unsigned char>(group[n]) : 0U);
    for (std::size_t n = 0; n <= group.size(); ++n) text += letters[bits >> (18 - 6 * n) & 63U];
  }
  return text;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);  // grown, it would leave a copy of what may be secret
  unsigned int bits = 0;
  unsigned int held = 0;
  std::size_t count = 0;
  bool has_ended = false;
  for (const char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
    if (c == '=') {
      has_ended = true;
      continue;
    }
    const auto value = letters.find(c);
    if (has_ended || value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U | static_cast<unsigned int>(value)) & 0xFFFFFFU;
    held += 6;
    ++count;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(static_cast<unsigned char>(bits >> held & 0xFFU));
  }
  if (count % 4 == 1) return std::nullopt;
  return bytes;
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_code = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (is_code) {
      bytes += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      bytes += text[i] == '+' ? ' ' : text[i];
    }
  }
  return bytes;
}

std::string utf8_from_utf16(std::u16string_view units) {
  std::string result;
  result.reserve(3 * units.size());  // enough for any text: a pair takes four bytes for two units
  for (std::size_t i = 0; i < units.size(); ++i) {
    char32_t c = units[i];
    if (is_high_surrogate(c) && i + 1 < units.size() && is_low_surrogate(units[i + 1])) {
      c = 0x10000 + ((c - 0xD800) << 10) + (units[i + 1] - 0xDC00U);
      ++i;
    }
    append_utf8(result, c);
  }
  return result;
}

std::u16string utf16_from_utf8(std::string_view bytes) {
  std::u16string result;
  result.reserve(bytes.size());
  while (!bytes.empty()) {
    const char32_t c = take_character(bytes);
    if (c < 0x10000) {
      result.push_back(static_cast<char16_t>(c));
    } else {
      result.push_back(static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)));
      result.push_back(static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
    }
  }
  return result;
}

}  // namespace iamodbc
