// secret: bytes that must not be seen: a key, a session token, a password, a login token.
// Any length, any bytes. Move-only, so every copy is a visible clone(); wiped when freed or moved from; no stream operator,
// no comparison, no implicit conversion: reveal() is the only way out, and easy to grep for.
// Thread rule: as std::string.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace iamodbc {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // Takes the bytes of `text` and wipes `text`.
  static Secret taken_from(std::string& text);

  [[nodiscard]] Secret clone() const { return Secret(reveal()); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // The bytes, followed by a NUL that is not counted. Valid as long as this object is neither changed nor moved from.
  [[nodiscard]] std::string_view reveal() const { return {bytes_ ? bytes_.get() : "", size_}; }

  // Grows; the old bytes are wiped.
  void append(std::string_view bytes);

 private:
  void wipe() noexcept;

  std::unique_ptr<char[]> bytes_;  // NOLINT(modernize-avoid-c-arrays)
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// An ordinary text that may hold a secret among others, as the values of a file do: overwritten when it goes. Where it grows, the
// bytes before stay behind, so it is given whole, or reserves first.
class WipedText : public std::string {
 public:
  using std::string::string;
  using std::string::operator=;
  WipedText() = default;
  explicit WipedText(std::string text) : std::string(std::move(text)) {}
  WipedText(const WipedText&) = default;
  WipedText(WipedText&&) = default;
  WipedText& operator=(const WipedText&) = default;
  WipedText& operator=(WipedText&&) = default;
  ~WipedText();
};

// For texts that others wrote and a message is to show. Writes *** over each occurrence of `secret`, if that has four bytes at least.
void hide(std::string& text, std::string_view secret);
// Runs of characters that are long enough for a secret access key become ***.
std::string without_keys(std::string_view text);

// Overwrites bytes in a way that the compiler keeps.
void wipe(char* bytes, std::size_t size) noexcept;
// Overwrites the bytes of `text`, its spare capacity included, in a way that the compiler keeps, and empties it.
void wipe(std::string& text) noexcept;

}  // namespace iamodbc
