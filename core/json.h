// json: JSON texts as AWS's services, caches and credential programs write them: objects of texts, numbers, lists and objects.
// Implemented in json.cpp, the only file that sees the JSON library. Keys compare byte for byte; null counts as absent. A Json that goes wipes its texts, because
// most of what is read here holds keys; the library's own working memory is not wiped.
// Errors: parse() gives nothing for what is no JSON object, or one of more than 64 levels; a getter gives nothing where the key is missing or of another kind. Thread rule: values.
// Source: RFC 8259
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.h"

namespace iamodbc {

class Json {
 public:
  Json();  // an empty object
  Json(Json&& other) noexcept;
  Json& operator=(Json&& other) noexcept;
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;
  ~Json();  // NOLINT(bugprone-exception-escape)

  static std::optional<Json> parse(std::string_view text);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<Secret> secret(std::string_view key) const;
  [[nodiscard]] std::optional<double> number(std::string_view key) const;
  [[nodiscard]] std::optional<Json> object(std::string_view key) const;      // a copy
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;  // of a list; what is no text is left out
  [[nodiscard]] std::vector<Json> objects(std::string_view key) const;       // of a list; likewise
  // Any value as JSON, for messages and comparisons: `"1"`, `1`, `null`; empty when the key is missing.
  [[nodiscard]] std::string written(std::string_view key) const;

  void set(std::string_view key, std::string_view text);
  void set(std::string_view key, const Secret& text) { set(key, text.reveal()); }
  void set(std::string_view key, long long number);
  void set(std::string_view key, const std::vector<std::string>& texts);
  void set(std::string_view key, Json object);
  void remove(std::string_view key);

  // Keys sorted, without blanks; bytes that are not UTF-8 become U+FFFD. It may hold secrets: wipe it after use.
  [[nodiscard]] std::string write() const;

 private:
  struct Content;
  explicit Json(std::unique_ptr<Content> content);
  std::unique_ptr<Content> content_;
};

// A text as a JSON text with all but ASCII escaped, quotes included.
std::string json_quoted(std::string_view text);

}  // namespace iamodbc
