// SPDX-License-Identifier: Apache-2.0
#include "setup/library/installer.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

#include "core/encoding.h"

namespace iamodbc {
namespace {

// As many as iODBC's list holds, so that no text in it is overwritten.
constexpr std::size_t message_count = 8;
using Message = std::array<char, SQL_MAX_MESSAGE_LENGTH>;
constinit std::array<Message, message_count> messages{};
constinit std::atomic<std::size_t> next_message{0};

// The longest beginning of `text` that ends with a whole character.
std::string_view beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

template <class Unit>
std::string text_of_units(const Unit* text) {
  std::u16string units;
  for (; *text != 0; ++text) {
    const auto value = static_cast<char32_t>(*text);
    if (value > 0xFFFF) units += static_cast<char16_t>(0xD7C0U + (value >> 10U));
    units += static_cast<char16_t>(value > 0xFFFF ? 0xDC00U + (value & 0x3FFU) : value);
  }
  return utf8_from_utf16(units);
}

template <class Unit>
std::string list_of_units(const Unit* texts) {
  std::string list;
  while (*texts != 0) {
    list += text_of_units(texts) + '\0';
    while (*texts != 0) ++texts;
    ++texts;
  }
  return list;
}

const char32_t* as_four_bytes(LPCWSTR text) {
  return static_cast<const char32_t*>(static_cast<const void*>(text));
}

}  // namespace

Error refusal(int code, std::string message) {
  return Error{State::general_error, std::move(message), code};
}

void post(const Error& error) {
  Message& message = messages[next_message++ % message_count];
  const std::string_view text = beginning(error.message, message.size() - 1);
  const auto end = std::transform(text.begin(), text.end(), message.begin(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;  // one line, and nothing for a terminal
  });
  *end = '\0';
  SQLPostInstallerError(static_cast<DWORD>(error.native == 0 ? ODBC_ERROR_GENERAL_ERR : error.native), message.data());
}

bool is_called_by_iodbc() {
  Dl_info library{};
  return dladdr(reinterpret_cast<void*>(&SQLGetConfigMode), &library) != 0 && library.dli_fname != nullptr &&
         std::string_view(library.dli_fname).find("libiodbcinst") != std::string_view::npos;
}

DataSources chosen_data_sources() {
  UWORD mode = ODBC_BOTH_DSN;
  SQLGetConfigMode(&mode);
  if (mode == ODBC_USER_DSN) return DataSources::user;
  return mode == ODBC_SYSTEM_DSN ? DataSources::system : DataSources::both;
}

void forget_values_read() {
  if (is_called_by_iodbc()) return;
  // It forgets them when it has written, whatever it has written; here a file without what is to be deleted.
  SQLWritePrivateProfileString("iamodbc", nullptr, nullptr, "/dev/null");
}

std::string text_of(LPCWSTR text) {
  if (text == nullptr) return {};
  return is_called_by_iodbc() ? text_of_units(as_four_bytes(text)) : text_of_units(text);
}

std::string list_of(LPCWSTR texts) {
  if (texts == nullptr) return {};
  return is_called_by_iodbc() ? list_of_units(as_four_bytes(texts)) : list_of_units(texts);
}

}  // namespace iamodbc
