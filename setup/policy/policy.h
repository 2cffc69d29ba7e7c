// policy: what an administrator of AWS and of the database has to do so that one DSN logs in: an IAM policy and SQL statements.
// Shapes: the policy is a JSON document of version 2012-10-17; SQL is one statement or `--` comment a line. <IN-BRACKETS> stands what is not known here, which neither IAM
// nor a database takes.
// Thread rule: pure functions.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html and ...IAMDBAuth.DBAccounts.html;
//         https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshift.html, list_amazonauroradsql.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "setup/discover/inventory.h"

namespace iamodbc {

inline constexpr const char* unknown_account = "<ACCOUNT-ID>";
inline constexpr const char* unknown_region = "<REGION>";

struct PolicyStatement {
  std::vector<std::string> actions;
  std::vector<std::string> resources;
};

struct AccessPolicy {
  std::vector<PolicyStatement> statements;
  std::vector<std::string> sql;
  std::vector<std::string> remarks;  // what is not known and how to find it, what is switched off; sentences
};

// The document, on several lines.
std::string policy_document(const std::vector<PolicyStatement>& statements);

// "arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-.../jane_doe"; `rest` is everything behind the account.
std::string arn_of(std::string_view service, std::string_view region, std::string_view account, std::string_view rest);
// A name as a Resource means it and nothing else: * ? and $ are no wildcards and variables there.
std::string literal_in_resource(std::string_view name);

// A name in double quotes, a text in single ones as MySQL and MariaDB read it.
std::string postgres_name(std::string_view name);
std::string mysql_text(std::string_view text);

// The user of a database that IAM opens. `through_password`: a proxy stands before it that logs in with a password of its own.
std::vector<std::string> sql_for_user(Family family, const std::string& user, bool through_password);

}  // namespace iamodbc
