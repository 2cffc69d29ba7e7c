// xml: the answers of AWS's query services, read by path.
// Implemented in xml.cpp, the only file that sees the XML library; entities outside the text are never fetched. Texts of the document are wiped when it goes.
// Errors: parse() gives nothing for what is no XML. Thread rule: values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iamodbc {

class Xml {
 public:
  Xml(Xml&& other) noexcept;
  Xml& operator=(Xml&& other) noexcept;
  Xml(const Xml&) = delete;
  Xml& operator=(const Xml&) = delete;
  ~Xml();

  static std::optional<Xml> parse(std::string_view text);

  // Whether there is an element at the path.
  [[nodiscard]] bool has(const std::string& path) const;
  // The text at a path of element names below the root, "AssumeRoleResult/Credentials/AccessKeyId": of the first that fits; empty when there is none.
  [[nodiscard]] std::string text(const std::string& path) const;
  // Of every element at `path` the text at `path_in_it` ("" where it has none): rows of a list, one column.
  [[nodiscard]] std::vector<std::string> texts(const std::string& path, const std::string& path_in_it) const;
  // The same with all that each has there: of "Auth/member/IAMAuth" one of every member.
  [[nodiscard]] std::vector<std::vector<std::string>> all_texts(const std::string& path,
                                                                const std::string& path_in_it) const;

 private:
  struct Content;
  explicit Xml(std::unique_ptr<Content> content);
  std::unique_ptr<Content> content_;
};

}  // namespace iamodbc
