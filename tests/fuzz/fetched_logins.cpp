// fetched_logins: a connection string (first part) with AuthType=SecretsManager or Redshift, and the bodies that the services answer with (second and third): the login that
// comes of it is the one in there, letter by letter; nothing is cut, and no message holds a password.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/encoding.h"
#include "core/json.h"
#include "core/login/fetched_login.h"
#include "core/text.h"
#include "core/xml.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/told.h"

namespace iamodbc::fuzz {
namespace of_fetched_logins {

struct Pair {
  std::string user;
  std::string password;
};

// What the answer that gave the login has in it, by a short way of its own.
Pair of_secret(const FetchSettings& settings, std::string_view body) {
  const auto answer = Json::parse(body);
  require(answer.has_value(), "a secret out of no JSON");
  const std::string document = answer->text("SecretString")
                                   ? *answer->text("SecretString")
                                   : base64_decoded(answer->text("SecretBinary").value_or("")).value_or("");
  const auto secret = Json::parse(document);
  require(secret.has_value(), "a login out of no JSON");
  return {secret->text(settings.username_key).value_or(""), secret->text(settings.password_key).value_or("")};
}

Pair of_redshift(std::string_view body) {
  if (const auto json = Json::parse(body))
    return {json->text("dbUser").value_or(""), json->text("dbPassword").value_or("")};
  const auto xml = Xml::parse(body);
  require(xml.has_value(), "a password out of nothing");
  const std::string start =
      xml->has("GetClusterCredentialsResult") ? "GetClusterCredentialsResult/" : "GetClusterCredentialsWithIAMResult/";
  return {xml->text(start + "DbUser"), xml->text(start + "DbPassword")};
}

void is_what_was_given(const FetchSettings& settings, const FetchedLogin& fetched) {
  const Answers& answers = told_answers();
  const std::string_view body = answers.bodies[std::min(answers.asked, answers.bodies.size()) - 1];
  const Pair given = settings.auth_type == AuthType::redshift ? of_redshift(body) : of_secret(settings, body);
  require(!given.user.empty() && !given.password.empty(), "a login without a user or a password");
  require(fetched.login.user == given.user, "another user: ", fetched.login.user);
  require(fetched.login.secret.reveal() == given.password, "another password");
  bool tells_user = false;
  for (const Told& one : fetched.told) {
    require(!one.value.empty() && one.value.find('\0') == std::string::npos, "told is nothing, or a text that ends");
    require(find_attribute(one.name) != nullptr, "told under a name that is not ours: ", one.name);
    tells_user = tells_user || (one.name == "UID" && one.value == given.user);
  }
  require(tells_user, "its user is not told");
}

// Of what the services gave, and what is long enough to be no word of ours.
void shows_no_password(const Error& error) {
  constexpr std::size_t no_word_of_ours = 24;
  shows_nothing(error);
  for (const std::string_view body : told_answers().bodies) {
    const auto hides = [&](const std::string& password) {
      const bool is_telling = password.size() >= no_word_of_ours && password.find(' ') == std::string::npos &&
                              occurrences(body, password) == 1;
      require(!is_telling || error.message.find(password) == std::string::npos, "a password is in ", error.message);
    };
    if (const auto json = Json::parse(body)) {
      hides(json->text("dbPassword").value_or(""));
      if (const auto secret = Json::parse(json->text("SecretString").value_or("")))
        hides(secret->text("password").value_or(""));
    }
    if (const auto xml = Xml::parse(body)) hides(xml->text("GetClusterCredentialsResult/DbPassword"));
  }
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 3);
  told_answers() = Answers{200, {}, {parts[1], parts[2]}, 0};
  auto string = ConnectionString::parse("Driver=iamodbc;" + std::string(parts[0]));
  if (!string || !is_one_printable_line(parts[0])) return;
  // Whoever names a secret by what is sent, shows it himself.
  if (input.find(sent_key) != std::string_view::npos || input.find(sent_token) != std::string_view::npos) return;
  // What is for ini files only may stand in these strings too.
  const OdbcFiles files = odbc_files("", "[iamodbc]\nAllowInString=yes\n");
  const auto given = Given::gather(std::move(string).value(), files);
  if (!given) return;
  auto settings = read_fetch_settings(given.value());
  if (!settings || !fetches_login(settings.value().auth_type)) return;
  settings.value().credentials.login_cache = CacheReach::off;  // it would last longer than this input

  const AwsFiles aws_files = AwsFiles::from_text("", "");
  const System system = closed_system({{"AWS_MAX_ATTEMPTS", "1"}, {"AWS_REGION", "eu-west-1"}});
  const Log log;
  const auto region = fetch_region(settings.value(), system, aws_files, log, no_deadline);
  if (!region) return;
  const AwsClient client{system, aws_files, "", region.value().region, log, std::chrono::steady_clock::now()};
  const auto keys = std::make_shared<Credentials>();
  keys->access_key_id = "AKIAIOSFODNN7EXAMPLE";
  keys->secret_access_key = Secret(sent_key);
  keys->session_token = Secret(sent_token);
  LoginCache cache;
  const auto fetched = fetch_login(cache, settings.value(), client, region.value(), keys);
  if (!fetched) return shows_no_password(fetched.error());
  is_what_was_given(settings.value(), fetched.value());
}

const Registration registered("fetched_logins", run);

}  // namespace of_fetched_logins
}  // namespace iamodbc::fuzz
