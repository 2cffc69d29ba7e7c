// Profiles in, plan out.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/credentials/profile_plan.h"

namespace iamodbc {
namespace {

struct Case {
  const char* name;
  const char* docs;
  const char* config;
  const char* credentials;
  const char* profile;
  const char* plan;  // the plan described, "none: REASON", or "error: BEGINNING"
  WebIdentity environment = {};
};

std::string outcome(const Case& one) {
  const AwsFiles files = AwsFiles::from_text(one.config, one.credentials);
  const PlanAnswer answer = plan_profile(files, one.profile, one.environment);
  if (const auto* const error = std::get_if<Error>(&answer)) return "error: " + error->message;
  if (const auto* const none = std::get_if<NotConfigured>(&answer)) return "none: " + none->reason;
  return described(std::get<ProfilePlan>(answer), files);
}

const std::vector<Case> cases = {
    {"KeysOfTheCredentialsFile", "The everyday case.", "", "[dev]\naws_access_key_id=A\naws_secret_access_key=S\n",
     "dev", "profile dev in credentials"},
    {"KeysOfTheConfigFile", "Keys may stand in config.",
     "[profile dev]\naws_access_key_id=A\naws_secret_access_key=S\n", "", "dev", "profile dev in config"},
    {"KeysInBothFilesAreTheCredentialsFiles", "The credentials file comes first.",
     "[profile dev]\naws_access_key_id=B\naws_secret_access_key=T\n",
     "[dev]\naws_access_key_id=A\naws_secret_access_key=S\n", "dev", "profile dev in credentials"},
    {"NothingAboutCredentials", "A profile may hold settings alone.", "[profile dev]\nregion=eu-west-1\n", "", "dev",
     "none: profile dev holds no credentials"},
    {"NoProfile", "Nor is a missing one an error here.", "", "", "dev", "none: profile dev holds no credentials"},
    {"EmptyKeyIdIsNone", "Empty counts as absent.", "", "[dev]\naws_access_key_id=\naws_secret_access_key=S\n", "dev",
     "none: profile dev holds no credentials"},
    {"KeyIdWithoutSecret", "Half a pair is an error.", "", "[dev]\naws_access_key_id=A\n", "dev",
     "error: Partial credentials found in shared-credentials-file, missing: aws_secret_access_key."},
    {"KeyIdAndSecretInDifferentFiles", "A pair stands in one file.", "[profile dev]\naws_secret_access_key=S\n",
     "[dev]\naws_access_key_id=A\n", "dev",
     "error: Partial credentials found in shared-credentials-file, missing: aws_secret_access_key."},
    {"KeyIdInConfigSecretInCredentials", "The other way round too.", "[profile dev]\naws_access_key_id=A\n",
     "[dev]\naws_secret_access_key=S\n", "dev",
     "error: Partial credentials found in config-file, missing: aws_secret_access_key."},
    {"ProcessOfEitherFile", "credential_process may stand in the credentials file.", "",
     "[dev]\ncredential_process=/bin/x --hush\n", "dev", "credential_process of profile dev"},
    {"KeysOfTheCredentialsFileBeforeProcess", "G27.", "[profile dev]\ncredential_process=x\n",
     "[dev]\naws_access_key_id=A\naws_secret_access_key=S\n", "dev", "profile dev in credentials"},
    {"ProcessBeforeKeysOfTheConfigFile", "G27, second half.",
     "[profile dev]\ncredential_process=x\naws_access_key_id=A\naws_secret_access_key=S\n", "", "dev",
     "credential_process of profile dev"},
    {"SsoBeforeKeys", "G26: a sign-in that is configured is not passed over.",
     "[profile dev]\nsso_account_id=1\nsso_role_name=r\nsso_start_url=u\nsso_region=e\naws_access_key_id=A\n"
     "aws_secret_access_key=S\n",
     "", "dev", "SSO u, role r of 1, of profile dev"},
    {"SsoSession", "Start page and region stand in the session's section.",
     "[profile dev]\nsso_account_id=1\nsso_role_name=r\nsso_session=s\n[sso-session "
     "s]\nsso_start_url=u\nsso_region=e\n",
     "", "dev", "SSO session s, role r of 1, of profile dev"},
    {"SsoSessionOfNoName", "A section that is not there is an error.",
     "[profile dev]\nsso_account_id=1\nsso_role_name=r\nsso_session=s\nsso_start_url=u\nsso_region=e\n", "", "dev",
     "error: The specified sso-session does not exist: \"s\""},
    {"SsoOfTwoMinds", "G48: profile and session may not differ.",
     "[profile dev]\nsso_account_id=1\nsso_role_name=r\nsso_session=s\nsso_region=a\n[sso-session s]\nsso_start_url=u\n"
     "sso_region=b\n",
     "", "dev", "error: The value for sso_region is inconsistent between profile (a) and sso-session (b)"},
    {"SsoOfOneMind", "They may say the same.",
     "[profile dev]\nsso_account_id=1\nsso_role_name=r\nsso_session=s\nsso_region=b\n[sso-session s]\nsso_start_url=u\n"
     "sso_region=b\n",
     "", "dev", "SSO session s, role r of 1, of profile dev"},
    {"SsoHalf", "What is missing is named.", "[profile dev]\nsso_account_id=1\n", "", "dev",
     "error: The profile \"dev\" is configured to use SSO but is missing required configuration: sso_start_url, "
     "sso_region, sso_role_name."},
    {"RoleOnASso", "A role may begin with a sign-in.",
     "[profile app]\nrole_arn=R\nsource_profile=dev\n[profile "
     "dev]\nsso_account_id=1\nsso_role_name=r\nsso_start_url=u\n"
     "sso_region=e\n",
     "", "app", "SSO u, role r of 1, of profile dev -> role R of profile app"},
    {"SsoSessionAloneIsNoCredentials", "Only sso_session gives a token, not keys.", "[profile dev]\nsso_session=s\n",
     "", "dev", "none: profile dev holds no credentials"},
    {"LoginBetweenTheTwoFiles", "login_session before credential_process.",
     "[profile dev]\nlogin_session=arn\ncredential_process=x\n", "", "dev", "login_session of profile dev"},
    {"RoleOfAnotherProfile", "The source's keys assume the role.", "[profile live]\nrole_arn=R\nsource_profile=dev\n",
     "[dev]\naws_access_key_id=A\naws_secret_access_key=S\n", "live",
     "profile dev in credentials -> role R of profile live"},
    {"RoleOfARole", "Chains of any depth.",
     "[profile c]\nrole_arn=RC\nsource_profile=b\n[profile b]\nrole_arn=RB\nsource_profile=a\n[profile "
     "a]\ncredential_process=x\n",
     "", "c", "credential_process of profile a -> role RB of profile b -> role RC of profile c"},
    {"RoleWithItsOwnKeys", "G28: a profile may be its own source.",
     "[profile r]\nrole_arn=R\nsource_profile=r\naws_access_key_id=A\naws_secret_access_key=S\n", "", "r",
     "profile r in config -> role R of profile r"},
    {"RoleOfItselfWithoutKeys", "G29.", "[profile r]\nrole_arn=R\nsource_profile=r\n", "", "r",
     "error: Infinite loop in credential configuration detected. Attempting to load from profile r which has already "
     "been visited. "
     "Visited profiles: ['r']"},
    {"RolesInACircle", "G30.", "[profile r]\nrole_arn=R\nsource_profile=q\n[profile q]\nrole_arn=Q\nsource_profile=r\n",
     "", "r",
     "error: Infinite loop in credential configuration detected. Attempting to load from profile r which has already "
     "been visited. "
     "Visited profiles: ['r', 'q']"},
    {"SourceWithRoleAndKeysUsesItsKeys", "G31.",
     "[profile r]\nrole_arn=R\nsource_profile=q\n[profile "
     "q]\nrole_arn=Q\nsource_profile=zzz\naws_access_key_id=A\naws_secret_access_key=S\n",
     "", "r", "profile q in config -> role R of profile r"},
    {"RoleBeforeItsOwnKeys", "role_arn precedes static keys of the same profile.",
     "[profile r]\nrole_arn=R\nsource_profile=q\naws_access_key_id=B\naws_secret_access_key=T\n[profile "
     "q]\ncredential_process=x\n",
     "", "r", "credential_process of profile q -> role R of profile r"},
    {"NamedSource", "credential_source.", "[profile r]\nrole_arn=R\ncredential_source=Environment\n", "", "r",
     "credential_source Environment -> role R of profile r"},
    {"NamedSourceInOtherLetters", "G32: letter case counts.",
     "[profile r]\nrole_arn=R\ncredential_source=environment\n", "", "r",
     "error: The credential source \"environment\" referenced in profile \"r\" is not valid"},
    {"BothSources", "One source, not two.",
     "[profile r]\nrole_arn=R\ncredential_source=Environment\nsource_profile=q\n", "", "r",
     "error: The profile \"r\" contains both source_profile and credential_source."},
    {"RoleWithoutSource", "G35.", "[profile r]\nrole_arn=R\n", "", "r",
     "error: Partial credentials found in assume-role, missing: source_profile or credential_source."},
    {"MissingSource", "A source that is nowhere.", "[profile r]\nrole_arn=R\nsource_profile=nope\n", "", "r",
     "error: The source_profile \"nope\" referenced in the profile \"r\" does not exist (config, line 3)."},
    {"SourceWithoutCredentials", "A source that holds nothing.",
     "[profile r]\nrole_arn=R\nsource_profile=emp\n[profile emp]\nregion=x\n", "", "r",
     "error: The source profile \"emp\" must have credentials."},
    {"SourceWithHalfAPair", "A source's half a pair is named.", "[profile r]\nrole_arn=R\nsource_profile=q\n",
     "[q]\naws_access_key_id=A\n", "r",
     "error: Partial credentials found in shared-credentials-file, missing: aws_secret_access_key."},
    {"WebIdentityOfAProfile", "Not a role with a source.", "[profile w]\nrole_arn=R\nweb_identity_token_file=/t\n", "",
     "w", "web identity /t -> role R"},
    {"WebIdentityBeforeSourceProfile", "With both, web identity.",
     "[profile w]\nrole_arn=R\nweb_identity_token_file=/t\nsource_profile=q\n", "", "w", "web identity /t -> role R"},
    {"WebIdentityWithoutRole", "G39.", "[profile w]\nweb_identity_token_file=/t\n", "", "w",
     "error: A web identity token file is given (/t) but no role."},
    {"WebIdentityOfTheEnvironmentBeforeKeys",
     "G40.",
     "",
     "[default]\naws_access_key_id=A\naws_secret_access_key=S\n",
     "default",
     "web identity /e -> role E",
     {"/e", "E", ""}},
    {"WebIdentityFromBothPlaces",
     "G41: file of the profile, role of the environment.",
     "[default]\nweb_identity_token_file=/t\n",
     "",
     "default",
     "web identity /t -> role E",
     {"", "E", ""}},
    {"RoleOfTheProfileBeforeWebIdentityOfTheEnvironment",
     "role_arn with a source comes first.",
     "[profile r]\nrole_arn=R\nsource_profile=q\n[profile q]\ncredential_process=x\n",
     "",
     "r",
     "credential_process of profile q -> role R of profile r",
     {"/e", "E", ""}},
    {"EnvironmentDoesNotReachIntoASource",
     "Variables are for the chosen profile alone.",
     "[profile r]\nrole_arn=R\nsource_profile=q\n[profile q]\nregion=x\n",
     "",
     "r",
     "error: The source profile \"q\" must have credentials.",
     {"/e", "E", ""}},
};

class ProfilePlanCase : public testing::TestWithParam<Case> {};

TEST_P(ProfilePlanCase, IsPlanned) {
  const Case& one = GetParam();
  const std::string expected = one.plan;
  const std::string actual = outcome(one);
  EXPECT_EQ(expected.starts_with("error: ") ? actual.substr(0, expected.size()) : actual, expected) << one.docs;
  EXPECT_EQ(actual.find("hush"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, ProfilePlanCase, testing::ValuesIn(cases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(ProfilePlan, RoleStepsCarryTheirSettings) {
  const AwsFiles files = AwsFiles::from_text(
      "[profile "
      "r]\nrole_arn=R\ncredential_source=Environment\nexternal_id=e\nmfa_serial=m\nrole_session_name=s\nduration_"
      "seconds=900\n"
      "[profile x]\nrole_arn=R\ncredential_source=Environment\nduration_seconds=abc\n",
      "");
  const ProfilePlan plan = std::get<ProfilePlan>(plan_profile(files, "r", {}));
  ASSERT_EQ(plan.roles.size(), 1U);
  EXPECT_EQ(plan.roles[0].external_id, "e");
  EXPECT_EQ(plan.roles[0].mfa_serial, "m");
  EXPECT_EQ(plan.roles[0].session_name, "s");
  EXPECT_EQ(plan.roles[0].duration_seconds, 900);
  EXPECT_FALSE(std::get<ProfilePlan>(plan_profile(files, "x", {})).roles[0].duration_seconds)
      << "G34: not a number, not sent";
}

TEST(ProfilePlan, ChainsMayHoldAHundredRolesButNotAThousand) {
  for (const int length : {100, 1000}) {
    std::string config = "[profile p" + std::to_string(length) + "]\ncredential_process=x\n";
    for (int i = 0; i < length; ++i) {
      config += "[profile p" + std::to_string(i) + "]\nrole_arn=R\nsource_profile=p" + std::to_string(i + 1) + "\n";
    }
    const PlanAnswer answer = plan_profile(AwsFiles::from_text(config, ""), "p0", {});
    const auto* const plan = std::get_if<ProfilePlan>(&answer);
    EXPECT_EQ(plan != nullptr ? plan->roles.size() : 0U, length == 100 ? 100U : 0U);
  }
}

TEST(SsoPlan, WhatIsGivenComesBeforeTheProfile) {
  const AwsFiles files = AwsFiles::from_text(
      "[profile dev]\nsso_session=s\nsso_account_id=1\nsso_role_name=r\n[sso-session "
      "s]\nsso_start_url=u\nsso_region=E\n"
      "sso_registration_scopes = a , b,,\n",
      "");
  const auto plan = [&](const SsoLogin& given, const char* profile = "dev") {
    const auto login = plan_sso(files, profile, given, true);
    if (!login) return "error: " + login.error().message;
    const SsoLogin& one = login.value();
    return one.profile + "|" + one.session + "|" + one.start_url + "|" + one.region + "|" + one.account_id + "|" +
           one.role_name + "|" + std::to_string(one.scopes.size());
  };
  EXPECT_EQ(plan({}), "dev|s|u|e|1|r|2");
  EXPECT_EQ(plan({"", "", "", "", "2", "q", {}}), "dev|s|u|e|2|q|2");
  EXPECT_EQ(plan({"", "", "", "f", "", "", {}}), "dev|s|u|f|1|r|2");
  EXPECT_EQ(plan({"", "", "v", "f", "", "", {}}), "dev||v|f|1|r|0");    // another sign-in, known by its start page
  EXPECT_EQ(plan({"", "t", "v", "f", "", "", {}}), "dev|t|v|f|1|r|0");  // ... or by a name that no section has
  EXPECT_EQ(plan({"", "s", "", "", "2", "q", {}}, "none"), "|s|u|e|2|q|2");
  EXPECT_EQ(plan({"", "t", "v", "", "", "", {}}).substr(0, 60),
            "error: The specified sso-session does not exist: \"t\". Add a ");
  EXPECT_EQ(plan({"", "", "v", "f", "", "", {}}, "none"),
            "error: SSO is configured but is missing required configuration: SSOAccountID, SSORoleName.");
  EXPECT_TRUE(plan_sso(files, "none", {"", "", "v", "f", "", "", {}}, false).ok());
}

}  // namespace
}  // namespace iamodbc
