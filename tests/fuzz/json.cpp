// json: a JSON text (first part) and keys, a line each (second): what is read comes back from what is written, and nothing is deeper than it may be.
// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <algorithm>
#include <string>

#include "core/credentials/credentials.h"
#include "core/encoding.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_json {

// Of brackets outside of texts; for what is JSON.
int levels(std::string_view text) {
  int now = 0;
  int most = 0;
  bool is_in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_in_text && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      is_in_text = !is_in_text;
    else if (!is_in_text && (text[i] == '{' || text[i] == '['))
      most = std::max(most, ++now);
    else if (!is_in_text && (text[i] == '}' || text[i] == ']'))
      --now;
  }
  return most;
}

void is_read_alike(const Json& json, const Json& again, std::string_view key) {
  require(json.has(key) == again.has(key), "a key came or went: ", key);
  require(json.text(key) == again.text(key), "another text of ", key);
  require(json.number(key) == again.number(key), "another number of ", key);
  require(json.texts(key) == again.texts(key), "another list of ", key);
  require(json.written(key) == again.written(key), "another value of ", key);
  const auto secret = json.secret(key);
  require(secret.has_value() == json.text(key).has_value(), "a secret is a text, and a text may be a secret");
  require(!secret || secret->reveal() == json.text(key), "another secret of ", key);
  require(json.objects(key).size() == again.objects(key).size(), "another list of objects");
  const auto object = json.object(key);
  require(!object || object->write() == json.written(key) || json.written(key).find('\\') != std::string::npos,
          "an object is another by itself: ", key);
}

void comes_back_as_text(std::string_view text) {
  const auto json = Json::parse("{\"a\": " + json_quoted(text) + "}");
  require(json && json->text("a"), "a text in quotes is no JSON");
  const bool is_utf8 = utf8_from_utf16(utf16_from_utf8(text)) == text && text.find("\xED") == std::string_view::npos;
  require(!is_utf8 || json->text("a") == text, "a text in quotes is another");
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 2);
  comes_back_as_text(parts[1]);
  auto json = Json::parse(parts[0]);
  if (!json) return;
  require(levels(parts[0]) <= 64, "too deep: ", levels(parts[0]));
  const std::string written = json->write();
  const auto again = Json::parse(written);
  require(again && again->write() == written, "does not come back from ", written);
  for (const std::string_view key : {"AccessKeyId", "accessToken", "expiresIn", "Version", "a", ""})
    is_read_alike(*json, *again, key);
  std::string_view keys = parts[1];
  while (!keys.empty()) {
    const std::size_t end = std::min(keys.find('\n'), keys.size());
    is_read_alike(*json, *again, keys.substr(0, end));
    keys.remove_prefix(std::min(end + 1, keys.size()));
  }
  const Credentials credentials = credentials_of(*json, "Token");
  require(credentials.secret_access_key.reveal() == json->text("SecretAccessKey").value_or(""), "another key");
  json->set("set", parts[1]);
  require(json->text("set") == parts[1], "what is set is not there");
  json->remove("set");
  require(!json->has("set"), "what was removed is still there");
}

const Registration registered("json", run);

}  // namespace of_json
}  // namespace iamodbc::fuzz
