// SPDX-License-Identifier: Apache-2.0
#include "core/secret.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace iamodbc {
namespace {

// The empty statement says that it reads memory, so the zeros before it are an effect that no optimiser may drop.
void overwrite(char* bytes, std::size_t size) noexcept {
  std::memset(bytes, 0, size);
  __asm__ __volatile__("" : : "r"(bytes) : "memory");
}

constexpr std::size_t least_key_bytes = 40;  // of a secret access key; no key is shorter

bool is_key_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
         c == '=' || c == '-' || c == '_';
}

}  // namespace

Secret::Secret(std::string_view bytes) {
  append(bytes);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

Secret Secret::taken_from(std::string& text) {
  Secret secret(text);
  iamodbc::wipe(text);
  return secret;
}

void Secret::append(std::string_view bytes) {
  if (bytes.size() >= capacity_ - size_) {  // one more is needed for the NUL
    const std::size_t capacity = std::max(size_ + bytes.size() + 1, capacity_ * 2);
    std::unique_ptr<char[]> grown(new char[capacity]);  // NOLINT(modernize-avoid-c-arrays)
    if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
    // Before the old bytes go: `bytes` may be a part of them.
    if (!bytes.empty()) std::memcpy(grown.get() + size_, bytes.data(), bytes.size());
    if (bytes_) overwrite(bytes_.get(), capacity_);
    bytes_ = std::move(grown);
    capacity_ = capacity;
  } else if (!bytes.empty()) {
    std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  }
  size_ += bytes.size();
  bytes_[size_] = '\0';
}

void Secret::wipe() noexcept {
  if (bytes_) overwrite(bytes_.get(), capacity_);
  bytes_.reset();
  size_ = capacity_ = 0;
}

WipedText::~WipedText() {
  iamodbc::wipe(*this);
}

void hide(std::string& text, std::string_view secret) {
  constexpr std::string_view stars = "***";
  if (secret.size() < 4) return;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += stars.size())
    text.replace(at, secret.size(), stars);
}

std::string without_keys(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto run =
        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_key_character) - text.begin());
    const std::size_t taken = std::max<std::size_t>(run, 1);
    result += run >= least_key_bytes ? "***" : text.substr(0, taken);
    text.remove_prefix(taken);
  }
  return result;
}

void wipe(char* bytes, std::size_t size) noexcept {
  overwrite(bytes, size);
}

void wipe(std::string& text) noexcept {
  overwrite(text.data(), text.capacity());
  text.clear();
}

}  // namespace iamodbc
