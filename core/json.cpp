// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace iamodbc {

struct Json::Content {
  nlohmann::json object = nlohmann::json::object();
};

namespace {

using nlohmann::json;

// AWS's own texts have a few levels. What walks through a value calls itself once a level, and the stack of the program that connects is not ours to fill.
constexpr int deepest = 64;

void wipe_texts(json& value) {
  if (auto* const text = value.get_ptr<std::string*>(); text != nullptr) {
    wipe(*text);
  } else if (value.is_structured()) {
    for (json& one : value) wipe_texts(one);
  }
}

const json* find(const json& object, std::string_view key) {
  const auto found = object.find(std::string(key));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

Json::Json() : content_(std::make_unique<Content>()) {}
Json::Json(std::unique_ptr<Content> content) : content_(std::move(content)) {}
Json::Json(Json&& other) noexcept = default;

Json& Json::operator=(Json&& other) noexcept {
  std::swap(content_, other.content_);  // what was here is wiped with the other
  return *this;
}

Json::~Json() {  // NOLINT(bugprone-exception-escape): only what it holds is looked at, by its kind
  if (content_) wipe_texts(content_->object);
}

std::optional<Json> Json::parse(std::string_view text) {
  // The library takes it for the end of the text, whatever follows.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  auto content = std::make_unique<Content>();
  bool is_too_deep = false;
  const auto keep = [&](int depth, json::parse_event_t event, const json&) {
    const bool begins = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    is_too_deep = is_too_deep || (begins && depth >= deepest);
    return !is_too_deep;
  };
  content->object = json::parse(text, keep, false);
  Json parsed(std::move(content));
  if (is_too_deep || !parsed.content_->object.is_object()) return std::nullopt;
  return parsed;
}

bool Json::has(std::string_view key) const {
  return find(content_->object, key) != nullptr;
}

std::optional<std::string> Json::text(std::string_view key) const {
  const json* const found = find(content_->object, key);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return found->get_ref<const std::string&>();
}

std::optional<Secret> Json::secret(std::string_view key) const {
  const json* const found = find(content_->object, key);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return Secret(found->get_ref<const std::string&>());
}

std::optional<double> Json::number(std::string_view key) const {
  const json* const found = find(content_->object, key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::optional<Json> Json::object(std::string_view key) const {
  const json* const found = find(content_->object, key);
  if (found == nullptr || !found->is_object()) return std::nullopt;
  Json copy;
  copy.content_->object = *found;
  return copy;
}

std::vector<std::string> Json::texts(std::string_view key) const {
  std::vector<std::string> all;
  const json* const found = find(content_->object, key);
  if (found == nullptr || !found->is_array()) return all;
  for (const json& one : *found) {
    if (one.is_string()) all.push_back(one.get_ref<const std::string&>());
  }
  return all;
}

std::vector<Json> Json::objects(std::string_view key) const {
  std::vector<Json> all;
  const json* const found = find(content_->object, key);
  if (found == nullptr || !found->is_array()) return all;
  for (const json& one : *found) {
    if (one.is_object()) all.emplace_back().content_->object = one;
  }
  return all;
}

std::string Json::written(std::string_view key) const {
  const auto found = content_->object.find(std::string(key));
  return found == content_->object.end() ? "" : found->dump(-1, ' ', true, json::error_handler_t::replace);
}

void Json::set(std::string_view key, std::string_view text) {
  remove(key);
  content_->object[std::string(key)] = text;
}

void Json::set(std::string_view key, long long number) {
  remove(key);
  content_->object[std::string(key)] = number;
}

void Json::set(std::string_view key, const std::vector<std::string>& texts) {
  remove(key);
  content_->object[std::string(key)] = texts;
}

void Json::set(std::string_view key, Json object) {
  remove(key);
  content_->object[std::string(key)] = std::move(object.content_->object);
  object.content_->object = json::object();
}

void Json::remove(std::string_view key) {
  const auto found = content_->object.find(std::string(key));
  if (found == content_->object.end()) return;
  wipe_texts(*found);
  content_->object.erase(found);
}

std::string Json::write() const {
  return content_->object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string json_quoted(std::string_view text) {
  return json(text).dump(-1, ' ', true, json::error_handler_t::replace);
}

}  // namespace iamodbc
