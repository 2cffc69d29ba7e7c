// SPDX-License-Identifier: Apache-2.0
#include "core/attributes.h"

#include <array>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::array base_driver_aliases{"BASE_DRIVER"};
constexpr std::array base_dsn_aliases{"BASE_DSN"};
constexpr std::array server_aliases{"Servername", "Host", "HostName"};
constexpr std::array database_aliases{"DB", "DbName"};
constexpr std::array uid_aliases{"User", "Username", "DbUser"};
constexpr std::array pwd_aliases{"Password"};
constexpr std::array auth_type_aliases{"RDS_AUTH_TYPE", "Auth_Type"};
constexpr std::array secret_id_aliases{"SECRET_ID"};
constexpr std::array secret_region_aliases{"SECRET_REGION"};
constexpr std::array cluster_id_aliases{"Cluster_ID", "ClusterIdentifier"};
constexpr std::array workgroup_aliases{"serverless_work_group"};
constexpr std::array auto_create_aliases{"Auto_Create"};
constexpr std::array db_groups_aliases{"Db_Groups"};
constexpr std::array group_federation_aliases{"group_federation"};
constexpr std::array iam_duration_aliases{"IAM_Duration"};
constexpr std::array region_aliases{"AWS_REGION"};
constexpr std::array token_host_aliases{"IAM_HOST", "IAMHost"};
constexpr std::array token_port_aliases{"IAM_PORT", "IAMPort"};
constexpr std::array access_key_id_aliases{"AWS_ACCESS_KEY_ID"};
constexpr std::array secret_access_key_aliases{"AWS_SECRET_ACCESS_KEY"};
constexpr std::array session_token_aliases{"AWS_SESSION_TOKEN"};
constexpr std::array profile_aliases{"AWS_PROFILE"};
constexpr std::array credential_process_aliases{"Credential_Process"};

constexpr std::array role_arn_aliases{"ROLE_ARN"};
constexpr std::array external_id_aliases{"EXTERNAL_ID"};
constexpr std::array role_session_name_aliases{"ROLE_SESSION_NAME"};
constexpr std::array role_duration_aliases{"ROLE_DURATION"};
constexpr std::array mfa_serial_aliases{"MFA_SERIAL"};
constexpr std::array sso_start_url_aliases{"SSO_START_URL"};
constexpr std::array sso_region_aliases{"SSO_REGION"};
constexpr std::array sso_account_id_aliases{"SSO_ACCOUNT_ID"};
constexpr std::array sso_role_name_aliases{"SSO_ROLE_NAME"};
constexpr std::array sso_session_aliases{"SSO_SESSION"};
constexpr std::array web_identity_token_file_aliases{"WEB_IDENTITY_TOKEN_FILE"};

constexpr std::array engine_choices{"postgresql", "mysql", "mariadb"};
constexpr std::array auth_type_choices{"IAM", "Password", "SecretsManager", "Redshift", "DSQL"};
constexpr std::array yes_no_choices{"no", "yes", "false", "true", "0", "1"};
constexpr std::array credentials_choices{"Default",     "Keys",      "Profile",  "SSO",     "Environment",
                                         "WebIdentity", "Container", "Instance", "Process", "Keyring"};
constexpr std::array login_cache_choices{"process", "user", "off"};
constexpr std::array strict_permissions_choices{"no", "yes"};
constexpr std::array sso_login_choices{"never", "browser", "device", "auto"};
constexpr std::array switch_choices{"no", "yes"};
constexpr std::array tls_choices{"verify-full", "verify-ca", "require"};
constexpr std::array log_level_choices{"off", "error", "warning", "info", "debug"};

using Id = AttributeId;
using Kind = AttributeKind;

constexpr std::array<AttributeRow, attribute_count> table{{
    {Id::base_driver,
     "BaseDriver",
     base_driver_aliases,
     Kind::file,
     "by Engine or Port, else Driver of BaseDSN",
     false,
     false,
     {},
     "the ordinary driver to connect through: its name in odbcinst.ini, or a path"},
    {Id::base_dsn,
     "BaseDSN",
     base_dsn_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "a DSN of the base driver that supplies what this DSN and the string leave out"},
    {Id::engine,
     "Engine",
     {},
     Kind::choice,
     "by Port",
     false,
     false,
     engine_choices,
     "the database's kind, to find an installed base driver when BaseDriver is absent"},
    {Id::server,
     "Server",
     server_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the host to dial, and to sign unless TokenHost is given"},
    {Id::port, "Port", {}, Kind::port, "5432 or 3306, by engine", false, false, {}, "the TCP port to dial"},
    {Id::database, "Database", database_aliases, Kind::text, "", false, false, {}, "the database to open"},
    {Id::uid, "UID", uid_aliases, Kind::text, "", false, false, {}, "the database user, one that may log in with IAM"},
    {Id::pwd, "PWD", pwd_aliases, Kind::text, "", true, false, {}, "the password, used only with AuthType=Password"},
    {Id::auth_type, "AuthType", auth_type_aliases, Kind::choice, "IAM", false, false, auth_type_choices,
     "how to log in: IAM and DSQL sign a token, SecretsManager and Redshift fetch a login, Password passes the given "
     "PWD "
     "through"},
    {Id::secret_id,
     "SecretID",
     secret_id_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "of AuthType=SecretsManager: the secret, by name or ARN"},
    {Id::secret_region,
     "SecretRegion",
     secret_region_aliases,
     Kind::text,
     "the ARN's, else the database's",
     false,
     false,
     {},
     "the AWS region of the secret"},
    {Id::secret_username_key,
     "SecretUsernameKey",
     {},
     Kind::text,
     "username",
     false,
     true,
     {},
     "the key of the secret's JSON that holds the database user"},
    {Id::secret_password_key,
     "SecretPasswordKey",
     {},
     Kind::text,
     "password",
     false,
     false,
     {},
     "the key of the secret's JSON that holds the password"},
    {Id::secret_lifetime,
     "SecretLifetime",
     {},
     Kind::number,
     "900",
     false,
     false,
     {},
     "how long a fetched secret is used before it is fetched again, in seconds (0 to 86400)"},
    {Id::cluster_id,
     "ClusterID",
     cluster_id_aliases,
     Kind::text,
     "from the host name",
     false,
     false,
     {},
     "of AuthType=Redshift: the cluster; without Server its endpoint is looked up"},
    {Id::workgroup,
     "Workgroup",
     workgroup_aliases,
     Kind::text,
     "from the host name",
     false,
     false,
     {},
     "of AuthType=Redshift: the workgroup of Redshift Serverless; likewise"},
    {Id::auto_create, "AutoCreate", auto_create_aliases, Kind::choice, "no", false, false, yes_no_choices,
     "of AuthType=Redshift: whether a UID that the cluster does not have is created"},
    {Id::db_groups,
     "DbGroups",
     db_groups_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "of AuthType=Redshift: groups of the cluster that UID joins for the session, with commas between"},
    {Id::group_federation, "GroupFederation", group_federation_aliases, Kind::choice, "no, unless UID is absent", false,
     false, yes_no_choices, "of AuthType=Redshift: log in as the user that is named after the IAM identity"},
    {Id::iam_duration,
     "IAMDuration",
     iam_duration_aliases,
     Kind::number,
     "900",
     false,
     false,
     {},
     "of AuthType=Redshift: how long the password lives, in seconds (900 to 3600)"},
    {Id::region,
     "Region",
     region_aliases,
     Kind::text,
     "from the host name, AWS_REGION or the profile",
     false,
     false,
     {},
     "the AWS region of the database"},
    {Id::token_host,
     "TokenHost",
     token_host_aliases,
     Kind::text,
     "Server",
     false,
     false,
     {},
     "the RDS endpoint to sign (and to check the certificate against) when it is not the host that is dialled"},
    {Id::token_port,
     "TokenPort",
     token_port_aliases,
     Kind::port,
     "Port",
     false,
     false,
     {},
     "the port to sign when it is not the port that is dialled"},
    {Id::resolve_cname,
     "ResolveCNAME",
     {},
     Kind::choice,
     "no",
     false,
     false,
     switch_choices,
     "yes: Server is an alias in DNS (CNAME), and the endpoint that it leads to is signed, dialled and checked; DNS is "
     "then trusted"},
    {Id::token_lifetime,
     "TokenLifetime",
     {},
     Kind::number,
     "900",
     false,
     false,
     {},
     "how long a token of AuthType=DSQL lives, in seconds (1 to 604800); the credentials' own end may come before"},
    {Id::tunnel,
     "Tunnel",
     {},
     Kind::command,
     "",
     false,
     true,
     {},
     "a command that leads a port of this computer to the database while there are connections; {port}: a free one"},
    {Id::access_key_id, "AccessKeyID", access_key_id_aliases, Kind::text, "", false, false, {}, "AWS access key id"},
    {Id::secret_access_key,
     "SecretAccessKey",
     secret_access_key_aliases,
     Kind::text,
     "",
     true,
     false,
     {},
     "AWS secret access key"},
    {Id::session_token,
     "SessionToken",
     session_token_aliases,
     Kind::text,
     "",
     true,
     false,
     {},
     "AWS session token of temporary keys"},
    {Id::profile,
     "Profile",
     profile_aliases,
     Kind::text,
     "AWS_PROFILE, else default",
     false,
     false,
     {},
     "the profile of ~/.aws/config and ~/.aws/credentials to use"},
    {Id::credential_process,
     "CredentialProcess",
     credential_process_aliases,
     Kind::command,
     "",
     false,
     true,
     {},
     "a command that prints AWS credentials as JSON"},
    {Id::credentials,
     "Credentials",
     {},
     Kind::choice,
     "by what else is given; else the default chain",
     false,
     false,
     credentials_choices,
     "where AWS credentials come from, nothing else being asked"},
    {Id::role_arn,
     "RoleArn",
     role_arn_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "a role to assume with the credentials that were found: its ARN, or its bare name"},
    {Id::external_id,
     "ExternalId",
     external_id_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the external id that the role asks for"},
    {Id::role_session_name,
     "RoleSessionName",
     role_session_name_aliases,
     Kind::text,
     "iamodbc and the user's name",
     false,
     false,
     {},
     "the name of the role's session, as CloudTrail shows it"},
    {Id::role_duration,
     "RoleDuration",
     role_duration_aliases,
     Kind::number,
     "the role's own",
     false,
     false,
     {},
     "how long the role's keys live, in seconds (900 to 43200)"},
    {Id::mfa_serial,
     "MFASerial",
     mfa_serial_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the MFA device that the role asks for; its code is asked on a terminal, or by MFAPrompt"},
    {Id::mfa_prompt,
     "MFAPrompt",
     {},
     Kind::command,
     "",
     false,
     true,
     {},
     "a command that prints the code of the MFA device"},
    {Id::sso_start_url,
     "SSOStartURL",
     sso_start_url_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the start page of IAM Identity Center"},
    {Id::sso_region,
     "SSORegion",
     sso_region_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the region of IAM Identity Center"},
    {Id::sso_account_id,
     "SSOAccountID",
     sso_account_id_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the account of the role in IAM Identity Center"},
    {Id::sso_role_name,
     "SSORoleName",
     sso_role_name_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the role (permission set) in IAM Identity Center"},
    {Id::sso_session,
     "SSOSession",
     sso_session_aliases,
     Kind::text,
     "",
     false,
     false,
     {},
     "the sign-in: a sso-session section of ~/.aws/config, or with SSOStartURL and SSORegion any name"},
    {Id::sso_login,
     "SSOLogin",
     {},
     Kind::choice,
     "never",
     false,
     true,
     sso_login_choices,
     "whether the driver itself may open the sign-in when none is there"},
    {Id::sso_login_timeout,
     "SSOLoginTimeout",
     {},
     Kind::number,
     "120",
     false,
     false,
     {},
     "how long the driver waits for that sign-in, in seconds"},
    {Id::web_identity_token_file,
     "WebIdentityTokenFile",
     web_identity_token_file_aliases,
     Kind::file,
     "",
     false,
     false,
     {},
     "a file with the token of a web identity, for RoleArn"},
    {Id::expected_account_id,
     "ExpectedAccountID",
     {},
     Kind::text,
     "",
     false,
     false,
     {},
     "the AWS account that the credentials have to be of, asked before anything goes to the database"},
    {Id::key_prompt,
     "KeyPrompt",
     {},
     Kind::command,
     "",
     false,
     true,
     {},
     "a command that asks for AWS keys and prints them as a credential_process does"},
    {Id::login_cache,
     "LoginCache",
     {},
     Kind::choice,
     "process",
     false,
     false,
     login_cache_choices,
     "how far fetched credentials and tokens are kept: for this process; for all processes of the user, in the "
     "kernel's "
     "keyring; not at all"},
    {Id::strict_permissions,
     "StrictPermissions",
     {},
     Kind::choice,
     "no",
     false,
     true,
     strict_permissions_choices,
     "whether a login is refused where others can read files with secrets, or change or replace files of settings; "
     "without it the log warns"},
    {Id::tls,
     "TLS",
     {},
     Kind::choice,
     "verify-full",
     false,
     false,
     tls_choices,
     "what is checked of the server's certificate; a token never travels without TLS (MariaDB's connector: verify-full "
     "alone)"},
    {Id::tls_ca_file,
     "TLSCAFile",
     {},
     Kind::file,
     "the RDS certificates that come with iamodbc",
     false,
     false,
     {},
     "the file (PEM) of certificate authorities to trust"},
    {Id::log_level,
     "LogLevel",
     {},
     Kind::choice,
     "off",
     false,
     false,
     log_level_choices,
     "how much to log; secrets never are"},
    {Id::log_file, "LogFile", {}, Kind::file, "standard error", false, true, {}, "where to log (created 0600)"},
}};

// unixODBC's and iODBC's own words in a connection string, a DSN section or a driver section.
constexpr std::array driver_manager_names{"DSN",
                                          "Driver",
                                          "Driver64",
                                          "FILEDSN",
                                          "SAVEFILE",
                                          "Description",
                                          "Setup",
                                          "Setup64",
                                          "Trace",
                                          "TraceFile",
                                          "TraceLibrary",
                                          "Threading",
                                          "CPTimeout",
                                          "CPProbe",
                                          "CPTimeToLive",
                                          "CPReuse",
                                          "DontDLClose",
                                          "DisableGetFunctions",
                                          "FakeUnicode",
                                          "IconvEncoding",
                                          "DMEnvAttr",
                                          "DMConnAttr",
                                          "DMStmtAttr",
                                          "ExFetchMapping",
                                          "DriverUnicodeType",
                                          "ODBC",
                                          "FileUsage",
                                          "UsageCount",
                                          "DriverManagerEncoding",
                                          "Locale",
                                          "AllowInString",
                                          "ResetOnDisconnect",
                                          "WSAStartup",
                                          "Pooling"};

bool is_near(std::string_view known, std::string_view name) {
  const std::size_t allowed = known.size() >= 8 ? 2 : 1;
  if (name.size() > known.size() + allowed) return false;  // a name may be very long, and distance takes time
  return edit_distance(known, name) <= allowed;
}

}  // namespace

std::span<const AttributeRow, attribute_count> attribute_table() {
  return table;
}

const AttributeRow& attribute_row(AttributeId id) {
  return table[static_cast<std::size_t>(id)];
}

const AttributeRow* find_attribute(std::string_view name) {
  for (const AttributeRow& row : table) {
    if (same_name(row.name, name)) return &row;
    for (const char* alias : row.aliases) {
      if (same_name(alias, name)) return &row;
    }
  }
  return nullptr;
}

bool is_driver_manager_attribute(std::string_view name) {
  for (const char* known : driver_manager_names) {
    if (same_name(known, name)) return true;
  }
  return false;
}

std::string_view near_miss(std::string_view name) {
  for (const AttributeRow& row : table) {
    if (is_near(row.name, name)) return row.name;
    for (const char* alias : row.aliases) {
      const std::string_view text = alias;
      // Two letters are one edit from too much: DB is one from anything of one to three letters with a D or a B.
      if (text.size() > 2 && is_near(text, name)) return alias;
    }
  }
  return {};
}

}  // namespace iamodbc
