// SPDX-License-Identifier: Apache-2.0
#include "setup/doctor/advice.h"

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr Advice table[] = {
    // ---- the installation ----
    {"dsn-unknown",
     "The DSN is not found",
     {"Data source name not found", "There is no DSN", "BaseDSN="},
     "No odbc.ini that the driver manager reads has a section of this name: a slip, or another file is read than the "
     "one that was edited (ODBCINI, ODBCSYSINI, another user). unixODBC says the same (IM002) of a DSN that stayed "
     "behind when the package was removed.",
     "Compare the name with those listed and the files with the one you edited; `odbcinst -j` shows them too."},
    {"dsn-shadowed",
     "Another section of the same name counts",
     {},
     "The driver manager takes a whole section from the first file that has it, the user's before the system's, and of "
     "two sections or keys of one name in a file the first.",
     "Rename or remove the one that should not count."},
    {"ini-not-read",
     "An ini file is not read",
     {},
     "It may not be read, or holds something in which the driver manager gives up: text before the first section, a "
     "line of 1,000 bytes and more.",
     "Mend what the message names, in that line."},
    {"driver-not-registered",
     "iamodbc is not registered",
     {"is not a section of odbcinst.ini", "No driver is named"},
     "odbcinst.ini, where the driver manager looks up Driver=, has no section that leads to libiamodbc.so.",
     "Run `sudo iamodbc register` (or `iamodbc register --user`), and write Driver=iamodbc in the DSN."},
    {"driver-not-loadable",
     "iamodbc is registered and cannot be loaded",
     {"Can't open lib"},
     "The file that odbcinst.ini names is not there, may not be read, is for another processor, or a library that it "
     "needs is missing.",
     "Run `iamodbc register` once more where the file has moved; install what the loader names."},
    {"driver-is-another",
     "The DSN is one of another driver",
     {"not iamodbc"},
     "Driver= of this DSN leads straight to the base driver, which knows nothing of IAM.",
     "Write Driver=iamodbc, and the name that stood there into BaseDriver."},
    {"base-driver-missing",
     "The base driver is missing or cannot be loaded",
     {},
     "iamodbc hands every call to the ordinary driver of the database, which is not installed, not registered, or does "
     "not load.",
     "Install it (Debian: odbc-postgresql, odbc-mariadb) and name its section of odbcinst.ini, or its file, in "
     "BaseDriver."},
    {"file-permissions",
     "Others can read or change a file that is to be yours",
     {"StrictPermissions=yes. Take"},
     "A file with AWS keys, passwords or sign-ins can be read by its group or by everybody on this computer; or a file "
     "that may name programs, or a folder that it is in, can be changed by them.",
     "Run the command that stands behind it. Keys that others could read are to be changed in AWS."},
    {"attribute-wrong",
     "An attribute is not understood",
     {"Did you mean", "is not one of", "may not stand in a connection string"},
     "A name or value of the DSN or connection string is misspelt, missing, or not allowed there.",
     "Correct what the message names; `iamodbc attributes` lists all of them."},

    // ---- TLS, as asked for ----
    {"tls-weakened",
     "Less TLS is asked for than a token needs",
     {"is not kept by", "would bypass", "travel without TLS", "The environment variable"},
     "An attribute or a PG... variable would switch encryption off, send the token elsewhere, or trust another "
     "certificate than meant.",
     "Remove what the message names. Without any of it TLS is verify-full, and the RDS certificates come with "
     "iamodbc."},
    {"ca-file",
     "The file of certificate authorities cannot be used, or has no root for this region",
     {"hold no root for region", "holds no certificate", "CA file", "cannot be read. Give a file (PEM)",
      "certificate authorities was found", "root certificate file"},
     "The file is missing or empty, or it is older than the region's certificate authority; rds-ca.pem is as new as "
     "the iamodbc that brought it.",
     "Download https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem and name it in TLSCAFile, or install "
     "a newer iamodbc."},
    {"ca-file-ends",
     "Certificate authorities in the file have ended, or end soon",
     {},
     "AWS replaces the certificate authorities of RDS every few years; a server that has a new one is not trusted by "
     "an old file.",
     "Install a newer iamodbc, or download the bundle of RDS anew and name it in TLSCAFile."},

    // ---- token ----
    {"region-unknown",
     "No region",
     {"AWS region of the database is not known", "is not the name of an AWS region"},
     "The token names a region. Neither Region=, nor the host name, nor AWS_REGION, nor the profile tells one, or what "
     "they tell is none.",
     "Set Region in the DSN, or give the full RDS endpoint as Server."},
    {"region-contradicts",
     "The region and the endpoint contradict each other",
     {},
     "Region= is another one than the host name of the database says; RDS refuses a token for another region.",
     "Remove Region=, or correct it."},
    {"sso-expired",
     "The sign-in to IAM Identity Center is missing or has ended",
     {"Error loading SSO Token", "Token has expired and refresh failed", "SSO session associated with this profile",
      "Your session has expired"},
     "Keys of IAM Identity Center (or of `aws login`) need a sign-in with a browser, which ends after hours.",
     "Run `iamodbc login DSN`, or the command that the message names, and connect again; SSOLogin=auto lets the driver "
     "open the sign-in itself."},
    {"credentials-ended",
     "The AWS credentials have ended",
     {"are expired: they ended", "refreshed credentials are still expired", "ExpiredToken",
      "security token included in the request is expired"},
     "Temporary keys end after minutes or hours, and a token signed with them dies with them.",
     "Get new ones where they came from; keys copied into variables or ~/.aws/credentials are not renewed, a profile "
     "with role_arn, SSO or credential_process is."},
    {"key-unknown",
     "AWS does not know the access key",
     {"InvalidClientTokenId", "UnrecognizedClientException", "security token included in the request is invalid"},
     "The key was deleted or deactivated, belongs to another partition (China, GovCloud), or is a temporary one whose "
     "session token is missing.",
     "Make a new key, or take all three parts of a temporary one: key id, secret and session token."},
    {"clock-wrong",
     "The clock of this computer is wrong",
     {"RequestExpired", "RequestTimeTooSkewed", "Signature expired", "Signature not yet current"},
     "A token holds its time. It is refused when the clock is more than 15 minutes slow or some minutes fast.",
     "Set the clock by NTP: timedatectl set-ntp true."},
    {"secret-key-wrong",
     "The secret access key is wrong",
     {"SignatureDoesNotMatch", "InvalidSignatureException"},
     "Key id and secret do not belong together, or a character was lost when it was copied.",
     "Enter the pair anew (`aws configure`), or make a new key."},
    {"role-denied",
     "A role may not be assumed",
     {"not authorized to perform: sts:AssumeRole", "AssumeRole", "AccessDenied"},
     "The role's trust policy does not name who asks, wants an external id, MFA or a tag, or a policy of the asker "
     "does not allow sts:AssumeRole.",
     "Compare the trust policy with the identity that the message names; set ExternalId or MFASerial where it asks for "
     "them."},
    {"account-other",
     "The credentials are of another AWS account",
     {"ExpectedAccountID"},
     "ExpectedAccountID names the account that they have to be of.",
     "Choose another Profile, or sign in to the right account."},
    {"profile-unknown",
     "The profile is not there",
     {"could not be found", "is neither in"},
     "Neither ~/.aws/config nor ~/.aws/credentials has it; in config its section is written [profile NAME].",
     "Correct Profile= or AWS_PROFILE, or make it with `aws configure --profile NAME`. A service has another home and "
     "other variables than you."},
    {"no-credentials",
     "No AWS credentials",
     {"Unable to locate credentials"},
     "Nobody who was asked has any: environment, profiles, container, instance.",
     "Give the DSN a Profile, run `aws configure sso` or `aws configure`, or give the instance or container a role. "
     "`iamodbc credentials --explain DSN` says who was asked."},
    {"aws-not-reached",
     "An AWS service is not reached",
     {"Could not connect to the endpoint URL", "Connect timeout on endpoint", "Read timeout on endpoint"},
     "No way from here to the internet or to a VPC endpoint of the service, or a proxy that is not named. Tokens are "
     "signed without AWS; roles, SSO and the clock need it.",
     "Set HTTPS_PROXY (and NO_PROXY), make a VPC endpoint for STS, or take credentials that need no service."},
    {"login-not-fetched",
     "No login was fetched",
     {},
     "AuthType=SecretsManager or Redshift asks AWS for user and password, and AWS gave none, or nothing to log in "
     "with.",
     "The message names the call and what AWS says to it: the identity needs secretsmanager:GetSecretValue on the "
     "secret "
     "(and kms:Decrypt on its key), or redshift:GetClusterCredentials, redshift:GetClusterCredentialsWithIAM or "
     "redshift-serverless:GetCredentials, and where Server is not given redshift:DescribeClusters or "
     "redshift-serverless:GetWorkgroup. Check name and region too."},
    {"password-not-current",
     "The password that was fetched is refused",
     {},
     "The secret is of another database, or its rotation is under way; for Redshift, the user is not in the database.",
     "Compare the secret's host with Server; wait until the rotation is done; for Redshift create the user, or set "
     "AutoCreate=yes."},
    {"token-not-made",
     "The token could not be generated",
     {},
     "A token is signed on this computer with AWS keys, for a host, port, user and region; one of these could not be "
     "had, for the reason that the message gives.",
     "Mend what the message names, then look at the token alone: `iamodbc token DSN`."},
    {"custom-dns-name",
     "What is signed is not the name of an RDS endpoint",
     {},
     "RDS accepts a token for its endpoint alone, and its certificate has that name: not for a name of your own (Route "
     "53, a CNAME), a load balancer, a tunnel or an address.",
     "Keep your name in Server, and set TokenHost (and TokenPort) to the endpoint that the RDS console shows; "
     "MariaDB's "
     "and MySQL's connectors need the endpoint itself in Server. For an alias (CNAME), ResolveCNAME=yes finds it at "
     "every connect, where DNS can be trusted."},
    {"token-too-long",
     "The token is longer than the base driver or the server takes",
     {"bytes long", "takes at most"},
     "Session tokens grow with tags and policies; a token that is cut is refused.",
     "Take the base driver that the message names, or a role with fewer tags and a shorter session policy."},

    // ---- the way there ----
    {"tunnel",
     "The tunnel does not answer",
     {"Tunnel (", "Tunnel leads to the database"},
     "The program of Tunnel= cannot be started, has ended, leads another port of this computer than Port to the "
     "database, or that port is taken.",
     "Run its command in a terminal, as this user and without questions (`ssh -o BatchMode=yes`), and look at what it "
     "prints; docs/tunnel.md has examples."},
    {"dns-unknown",
     "The host name has no address",
     {"could not translate host name", "Unknown server host", "Unknown MySQL server host", "has no address",
      "getaddrinfo"},
     "A slip in Server, a database that was deleted or renamed, or a name that only the DNS inside a VPC or a VPN "
     "knows.",
     "Compare Server with the endpoint in the RDS console; connect the VPN; ask `dig NAME`."},
    {"connection-refused",
     "Connection refused",
     {"Connection refused", "' (111)", "(115)"},
     "The computer is there and nothing listens at this port: another port, a database that is stopped, a tunnel that "
     "is not up.",
     "Check Port (PostgreSQL 5432, MySQL and MariaDB 3306 unless changed) and that the database is running; start the "
     "tunnel."},
    {"no-answer",
     "No answer in time",
     {"timeout expired", "Connection timed out", "login time-out passed", "Lost connection to server at", "' (110)"},
     "Packets are dropped on the way: a security group without your address, a database that is not public, a VPN that "
     "is down.",
     "Allow this computer's address (or its security group) at the database's port; connect from inside the VPC or by "
     "VPN; give a longer login time-out to Aurora Serverless that wakes up."},
    {"no-route",
     "No way to the network of the database",
     {"No route to host", "is unreachable"},
     "This computer has no route there, or only by an address family (IPv6) that it does not have.",
     "Connect the VPN; check the route tables and the address family."},
    {"hung-up",
     "The server hangs up",
     {"closed unexpectedly", "closed the connection", "reading initial communication packet",
      "reading authorization packet"},
     "It is not a database of this kind, it restarts, it is out of connections or memory, or something between (a "
     "proxy, a scanner) does not let its protocol through.",
     "Check Server, Port and BaseDriver; look at the events of the database in the RDS console."},
    {"tls-not-offered",
     "The server offers no TLS",
     {"server does not support SSL", "server doesn't support it", "SSL is required, but the server"},
     "It is no RDS database, or a proxy in between ends TLS. A token is never sent without it.",
     "Dial the database itself, or a tunnel that passes bytes untouched."},
    {"certificate-authority",
     "The certificate is signed by somebody who is not trusted",
     {"certificate verify failed", "self-signed certificate", "self signed certificate", "unable to get local issuer"},
     "The server's certificate authority is not in the file: a new one of RDS, a private one, or a proxy that opens "
     "TLS.",
     "Give the authority's file in TLSCAFile; for RDS download the global bundle. Where a certificate appears that AWS "
     "did not sign, ask who stands in between."},
    {"certificate-name",
     "The certificate has another name",
     {"does not match host name", "Validation of SSL server certificate failed", "Hostname verification failed",
      "name mismatch"},
     "The certificate is for the endpoint's own name; Server is another name or an address for it.",
     "Set TokenHost to the RDS endpoint (psqlODBC); with MariaDB's and MySQL's drivers Server has to be that name, by "
     "the hosts file if need be."},
    {"certificate-ends",
     "The server's certificate ends soon, or has ended",
     {"certificate has expired", "certificate is not yet valid"},
     "RDS certificates live a year or more and are renewed by the database's maintenance; a wrong clock makes a good "
     "one look ended.",
     "Have the certificate renewed (RDS console: Certificate update), and check this computer's clock."},

    // ---- the login ----
    {"cleartext-plugin",
     "The cleartext plugin is missing",
     {"mysql_clear_password could not be loaded", "Authentication plugin 'mysql_clear_password'"},
     "MySQL and MariaDB take the token through the client plugin mysql_clear_password, inside TLS; MariaDB's connector "
     "loads it from a file.",
     "Install the file mysql_clear_password.so (Debian: package libmariadb3), or name its folder in PLUGIN_DIR or "
     "MARIADB_PLUGIN_DIR."},
    {"replication",
     "A replication connection with a token",
     {"replication connection", "walsender"},
     "RDS for PostgreSQL takes no token for a replication connection, but from version 11 on where "
     "rds.iam_auth_for_replication is 1.",
     "Set that parameter and grant rds_replication, or replicate as a user with a password."},
    {"database-unknown",
     "The database does not exist",
     {"Unknown database", "\" does not exist", "' to database '"},
     "The login was good, and there is no database of that name; PostgreSQL takes the user's name where none is given, "
     "MySQL and MariaDB say the same of one on which the user has no right.",
     "Correct Database in the DSN; where it is right, grant the user something in it."},
    {"token-refused",
     "PAM authentication failed: PostgreSQL refuses the token",
     {"PAM authentication failed"},
     "The user is a member of rds_iam, and the token did not convince: IAM does not allow rds-db:connect, another "
     "host, port, region or user was signed than RDS knows, the keys have ended, or the clock is wrong.",
     "Check in this order: the policy allows rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:DbiResourceId/USER "
     "(of a cluster: its DbClusterResourceId) for the identity shown; IAM authentication is on; user "
     "name, also in its letter case; TokenHost; clock. The log iam-db-auth-error of the database, exported to "
     "CloudWatch, has the reason."},
    {"user-without-rds-iam",
     "PostgreSQL asks for a password: the user is not in rds_iam",
     {"password authentication failed for user"},
     "The server did not ask for a token: the user does not exist there, or was not granted rds_iam, or IAM "
     "authentication is off.",
     "As an administrator: CREATE USER name; GRANT rds_iam TO name; and switch IAM authentication on."},
    {"iam-user-with-password",
     "A user of IAM logs in with a password",
     {},
     "AuthType=Password, and the user has rds_iam (PostgreSQL) or AWSAuthenticationPlugin (MySQL, MariaDB): from then "
     "on a password is not accepted, the master user's neither.",
     "Remove AuthType=Password, or revoke rds_iam from that user."},
    {"wrong-password",
     "The password is refused",
     {},
     "AuthType=Password hands down the password as it was given, and the server does not know the pair of user and "
     "password.",
     "Check UID and PWD. For a login by IAM remove AuthType."},
    {"access-denied",
     "Access denied: MySQL or MariaDB refuses the token",
     {"Access denied for user"},
     "MySQL and MariaDB say the same for all of it: the user does not exist or has a password instead of "
     "AWSAuthenticationPlugin, IAM does not allow rds-db:connect, another host, port or region was signed, TLS, the "
     "clock.",
     "Check in this order: CREATE USER name IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'; the policy allows "
     "rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:DbiResourceId/USER (of a cluster: its "
     "DbClusterResourceId) for the identity shown; IAM authentication is on; TokenHost; clock. The log "
     "iam-db-auth-error of the database, exported to CloudWatch, has the reason."},
    {"policy-conditions",
     "The policy has a condition that RDS does not know",
     {},
     "For rds-db:connect RDS does not support the condition keys aws:Referer, aws:SourceIp, aws:SourceVpc, "
     "aws:SourceVpce, aws:UserAgent and aws:VpcSourceIp; a statement that allows it under one of them alone does not "
     "apply, be it in a policy of the identity or of the organization (SCP).",
     "Take the condition out of the statement that allows rds-db:connect; limit the network by security groups."},
    {"instance-class",
     "db.t2.small and db.t3.small of Aurora MySQL",
     {},
     "Aurora MySQL knows no IAM logins on these two instance classes, and RDS on Outposts on none.",
     "Take a larger class."},
    {"memory-on-small-instances",
     "Logins fail now and then on a small instance",
     {"out of memory", "Cannot allocate memory"},
     "IAM authentication needs 300 to 1,000 MiB of memory on the database; on small and burstable classes it runs out.",
     "Take a larger class, or lower the database's buffers and caches by as much."},
    {"login-rate",
     "Logins fail when there are many at once",
     {"too many connections", "remaining connection slots", "Too many connections"},
     "The server's limit of connections is reached, or it gets more than 200 new IAM logins a second, which RDS "
     "throttles.",
     "Use a pool of connections or RDS Proxy; raise max_connections or the user's own limit."},
    {"tls-required",
     "The server wants TLS",
     {"no encryption", "SSL off", "insecure transport are prohibited", "require_secure_transport"},
     "The connection came without TLS (AuthType=Password does not force it), and RDS lets IAM users, or everybody "
     "(rds.force_ssl, require_secure_transport), in with TLS only.",
     "Set TLS=verify-full in the DSN; a login by IAM always uses it."},
    {"no-pg-hba",
     "The server does not let this user in from here",
     {"no pg_hba.conf entry", "pg_hba.conf rejects"},
     "No rule of the server fits user, database, address and TLS.",
     "Check Database and UID; on RDS the rules are Amazon's, so it is TLS or the rds_iam role."},
    {"no-rights",
     "The login is good, and there is nothing to read",
     {},
     "A database user has no rights of its own; rds_iam and AWSAuthenticationPlugin only let it in.",
     "As the owner: GRANT USAGE ON SCHEMA ... and GRANT SELECT ON ALL TABLES IN SCHEMA ... (PostgreSQL), GRANT SELECT "
     "ON database.* (MySQL, MariaDB)."},
    {"login-failed",
     "The login fails for another reason",
     {},
     "The base driver's own message says why.",
     "Search for that message with the name of the base driver; `LogLevel=debug` shows what iamodbc did."},
};

bool occurs(std::string_view part, const std::string& lower_text) {
  return lower_text.find(lower(part)) != std::string::npos;
}

}  // namespace

std::span<const Advice> advice_table() {
  return table;
}

const Advice* find_advice(std::string_view id) {
  for (const Advice& row : table) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

const char* advice_for(std::string_view message, const char* otherwise) {
  const std::string text = lower(message);
  for (const Advice& row : table) {
    for (const char* const part : row.messages) {
      if (part != nullptr && occurs(part, text)) return row.id;
    }
  }
  return otherwise;
}

}  // namespace iamodbc
