// SPDX-License-Identifier: Apache-2.0
#include "core/xml.h"

#include <algorithm>
#include <pugixml.hpp>
#include <string_view>
#include <utility>

#include "core/secret.h"

namespace iamodbc {

struct Xml::Content {
  std::string text;  // parsed in place: the document points into it
  pugi::xml_document document;
};

Xml::Xml(std::unique_ptr<Content> content) : content_(std::move(content)) {}
Xml::Xml(Xml&& other) noexcept = default;

Xml& Xml::operator=(Xml&& other) noexcept {
  std::swap(content_, other.content_);
  return *this;
}

Xml::~Xml() {
  if (content_) wipe(content_->text);
}

std::optional<Xml> Xml::parse(std::string_view text) {
  auto content = std::make_unique<Content>();
  content->text = text;
  const auto status =
      content->document.load_buffer_inplace(content->text.data(), content->text.size(), pugi::parse_default);
  Xml parsed(std::move(content));
  if (!status || !parsed.content_->document.document_element()) return std::nullopt;
  return parsed;
}

bool Xml::has(const std::string& path) const {
  return static_cast<bool>(content_->document.document_element().first_element_by_path(path.c_str()));
}

std::string Xml::text(const std::string& path) const {
  return content_->document.document_element().first_element_by_path(path.c_str()).text().get();
}

std::vector<std::string> Xml::texts(const std::string& path, const std::string& path_in_it) const {
  const auto cut = path.rfind('/');
  const pugi::xml_node root = content_->document.document_element();
  const pugi::xml_node parent =
      cut == std::string::npos ? root : root.first_element_by_path(path.substr(0, cut).c_str());
  const std::string name = cut == std::string::npos ? path : path.substr(cut + 1);
  std::vector<std::string> all;
  for (const pugi::xml_node& one : parent.children(name.c_str())) {
    all.emplace_back(path_in_it.empty() ? one.text().get()
                                        : one.first_element_by_path(path_in_it.c_str()).text().get());
  }
  return all;
}

namespace {

void add_texts(const pugi::xml_node& node, std::string_view path, std::vector<std::string>& found) {
  const auto cut = std::min(path.find('/'), path.size());
  const std::string name(path.substr(0, cut));
  for (const pugi::xml_node& one : node.children(name.c_str())) {
    if (cut == path.size()) {
      found.emplace_back(one.text().get());
    } else {
      add_texts(one, path.substr(cut + 1), found);
    }
  }
}

}  // namespace

std::vector<std::vector<std::string>> Xml::all_texts(const std::string& path, const std::string& path_in_it) const {
  const auto cut = path.rfind('/');
  const pugi::xml_node root = content_->document.document_element();
  const pugi::xml_node parent =
      cut == std::string::npos ? root : root.first_element_by_path(path.substr(0, cut).c_str());
  const std::string name = cut == std::string::npos ? path : path.substr(cut + 1);
  std::vector<std::vector<std::string>> all;
  for (const pugi::xml_node& one : parent.children(name.c_str())) add_texts(one, path_in_it, all.emplace_back());
  return all;
}

}  // namespace iamodbc
