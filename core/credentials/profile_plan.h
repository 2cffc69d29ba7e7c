// profile_plan: what has to be done for the credentials of a profile, worked out from the files alone: pure data, no
// I/O. Shape: one base, where the first keys come from, then the roles to assume with them, in order. No secret is in a
// plan: the executor fetches keys from the files. Loops, missing profiles and missing fields are caught here. Order of
// the bases of one profile: role_arn with a source; web identity; SSO; keys of the credentials file; `aws login`;
// credential_process; keys of the config file. A profile that another one names as its source_profile uses its keys
// before its own role_arn. Source:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html; docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/credentials/provider.h"
#include "core/error.h"
#include "core/ini_files.h"
#include "core/result.h"

namespace iamodbc {

// Static keys: aws_access_key_id, aws_secret_access_key, and aws_security_token or aws_session_token, all of one file.
struct FileKeys {
  std::string profile;
  bool are_in_credentials_file = true;
};
struct ProcessCommand {
  std::string profile;
  std::string command_line;  // may hold secrets
};
struct WebIdentity {
  std::string token_file;
  std::string role_arn;
  std::string session_name;               // may be empty
  std::optional<int> duration_seconds{};  // only RoleDuration of the DSN, whose role it then is
};
// A role in IAM Identity Center, and the sign-in that opens it.
struct SsoLogin {
  std::string profile;  // whose settings count; empty: none
  std::string session;  // the name of the sign-in; empty: it is known by its start URL
  std::string start_url;
  std::string region;  // of IAM Identity Center
  std::string account_id;
  std::string role_name;
  std::vector<std::string> scopes;  // sso_registration_scopes
};
struct AwsLogin {
  std::string profile;
  std::string session;
};
struct NamedSource {
  std::string name;  // of credential_source: Environment, Ec2InstanceMetadata or EcsContainer
};
using PlanBase = std::variant<FileKeys, ProcessCommand, WebIdentity, SsoLogin, AwsLogin, NamedSource>;

struct RoleStep {
  std::string profile;  // that asks for it
  std::string role_arn;
  std::string external_id;  // this and the following: empty when not given
  std::string mfa_serial;
  std::string session_name;
  std::optional<int> duration_seconds;  // absent too when it is not a whole number
};

struct ProfilePlan {
  PlanBase base;
  std::vector<RoleStep> roles;  // the first is assumed with the keys of the base
};

// NotConfigured: the profile exists and says nothing about credentials, or does not exist.
using PlanAnswer = std::variant<ProfilePlan, NotConfigured, Error>;

// `environment`: the web identity of the variables AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME,
// each of which precedes the profile's; all empty for a profile that the DSN names. It makes a plan even without a
// profile.
PlanAnswer plan_profile(const AwsFiles& files, std::string_view profile, const WebIdentity& environment);

// The sign-in and role of a profile and its sso-session section, with what `given` says before it. A session or start URL
// that is given stands for the whole sign-in; a session that is given with start URL and region needs no section.
// `needs_role`: account and role must be known too. Fails (28000) on what is missing, and on what profile and section say
// differently.
Result<SsoLogin> plan_sso(const AwsFiles& files, std::string_view profile, const SsoLogin& given, bool needs_role);

// The plan on one line, without secrets: "credential_process of profile dev (aws) -> role arn:... of profile live".
std::string described(const ProfilePlan& plan, const AwsFiles& files);

}  // namespace iamodbc
