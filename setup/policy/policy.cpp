// SPDX-License-Identifier: Apache-2.0
#include "setup/policy/policy.h"

#include "core/aws/endpoints.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

// One text by itself, several as a list.
std::string json_of(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return json_string(texts.front());
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ",") + ("\n        " + json_string(text));
  return "[" + list + "\n      ]";
}

std::string quoted(std::string_view text, char quote, bool doubles_backslash) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote || (c == '\\' && doubles_backslash)) result += c;
    result += c;
  }
  return result + quote;
}

}  // namespace

std::string policy_document(const std::vector<PolicyStatement>& statements) {
  std::string all;
  for (const PolicyStatement& one : statements) {
    all += std::string(all.empty() ? "" : ",") +
           "\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": " + json_of(one.actions) +
           ",\n      \"Resource\": " + json_of(one.resources) + "\n    }";
  }
  return "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [" + all + "\n  ]\n}";
}

std::string arn_of(std::string_view service, std::string_view region, std::string_view account, std::string_view rest) {
  std::string arn = "arn:" + partition_name(region);
  for (const std::string_view part : {service, region, account, rest}) arn.append(":").append(part);
  return arn;
}

std::string literal_in_resource(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool has_meaning = c == '*' || c == '?' || c == '$';
    result += has_meaning ? std::string("${") + c + '}' : std::string(1, c);
  }
  return result;
}

std::string postgres_name(std::string_view name) {
  return quoted(name, '"', false);
}

std::string mysql_text(std::string_view text) {
  return quoted(text, '\'', true);
}

std::vector<std::string> sql_for_user(Family family, const std::string& user, bool through_password) {
  const bool is_mysql = family == Family::mysql;
  if (through_password) {
    return {"-- IAM opens the proxy; the proxy opens the database with the password that a secret of it holds:",
            is_mysql ? "CREATE USER " + mysql_text(user) + "@'%' IDENTIFIED BY '<PASSWORD-IN-THE-SECRET>' REQUIRE SSL;"
                     : "CREATE USER " + postgres_name(user) + " PASSWORD '<PASSWORD-IN-THE-SECRET>';"};
  }
  if (is_mysql) {
    return {"CREATE USER " + mysql_text(user) + "@'%' IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL;"};
  }
  return {"CREATE USER " + postgres_name(user) + ";", "GRANT rds_iam TO " + postgres_name(user) + ";"};
}

}  // namespace iamodbc
