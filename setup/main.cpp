// iamodbc: the command. A table of subcommands and a loop; each subcommand is a file.
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "setup/command.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct Command {
  const char* name;
  const char* help;
  Run (*define)(CLI::App&);
  const char* examples;
};

constexpr Command commands[] = {
    {"check", "Walk through a connect step by step, say what each step found, and connect", check_command,
     "  iamodbc check sales\n"
     "  iamodbc check 'DSN=sales;UID=jane_doe'\n"
     "  iamodbc check --json sales\n"
     "  iamodbc check - < file-with-a-connection-string"},
    {"doctor", "Look at every step of a login, or at the installation, and say what to do", doctor_command,
     "  iamodbc doctor                  (the installation: drivers, ini files, credentials, clock)\n"
     "  iamodbc doctor sales\n"
     "  iamodbc doctor --json sales\n"
     "  iamodbc doctor --report sales > report.md"},
    {"dsn", "Make, change, show, try and remove DSNs (odbc.ini)", dsn_command,
     "  iamodbc dsn add                   (asks for what it needs)\n"
     "  iamodbc dsn add sales --host mydb.cabc123def45.eu-central-1.rds.amazonaws.com --user jane_doe --database app\n"
     "  iamodbc dsn import sales-iam sales\n"
     "  iamodbc dsn test sales\n"
     "  iamodbc dsn list\n"
     "Each has help of its own: iamodbc dsn add --help"},
    {"discover", "List the databases of an AWS account that there are to connect to", discover_command,
     "  iamodbc discover\n"
     "  iamodbc discover --region eu-central-1 --region us-east-1 --engine postgresql\n"
     "  iamodbc discover --all-regions --json\n"
     "  iamodbc discover --write-dsn --user jane_doe\n"
     "Nothing is sent to a database. A region or service that denies is said, and the others are listed."},
    {"policy", "Print the IAM policy and the SQL that let a DSN log in", policy_command,
     "  iamodbc policy sales\n"
     "  iamodbc policy --policy sales > policy.json\n"
     "  iamodbc policy --sql sales\n"
     "AWS is asked for the resource id of the database; where it may not be, <RESOURCE-ID> stands for it."},
    {"token", "Print an IAM login token, as `aws rds generate-db-auth-token` does", token_command,
     "  iamodbc token sales\n"
     "  iamodbc token --json sales           (with host, port, region, user and expiry)\n"
     "  iamodbc token --host mydb.cabc123def45.eu-central-1.rds.amazonaws.com --port 5432 --user jane_doe\n"
     "  PGPASSWORD=$(iamodbc token sales) psql 'host=... user=jane_doe sslmode=verify-full'"},
    {"credentials", "Print the AWS credentials that a DSN finds, as JSON for credential_process", credentials_command,
     "  iamodbc credentials --explain sales      (no secret is printed)\n"
     "  iamodbc credentials --profile dev\n"
     "In ~/.aws/config:  credential_process = iamodbc credentials sales"},
    {"whoami", "Ask AWS whose the credentials of a DSN are: account, ARN, user id, and where they come from",
     whoami_command,
     "  iamodbc whoami                  (what this environment finds)\n"
     "  iamodbc whoami sales\n"
     "  iamodbc whoami --profile dev\n"
     "  iamodbc whoami --json sales\n"
     "Only AWS STS is asked (GetCallerIdentity, which needs no permission), nothing is sent to the database. A role "
     "is\n"
     "assumed first, as a connect does it: RoleArn of the DSN, role_arn of the profile."},
    {"login", "Sign in to IAM Identity Center, as `aws sso login` does, or keep AWS keys in the keyring", login_command,
     "  iamodbc login sales\n"
     "  iamodbc login --profile dev\n"
     "  iamodbc login --sso-session corp --device      (no browser on this computer)\n"
     "  iamodbc login --keys --profile dev < keys.json (keys for Credentials=Keyring; asked for on a terminal)\n"
     "  iamodbc login --keys --remove sales"},
    {"attributes", "List the attributes of a DSN or connection string", attributes_command,
     "  iamodbc attributes\n"
     "  iamodbc attributes --markdown"},
    {"register", "Tell the driver manager about the driver (odbcinst.ini)", register_command,
     "  sudo iamodbc register\n"
     "  iamodbc register --user"},
    {"unregister", "Take the driver out of odbcinst.ini again", unregister_command,
     "  sudo iamodbc unregister\n"
     "  iamodbc unregister --user"},
    {"completion", "Print what completes the words of this command in a shell", completion_command,
     "  eval \"$(iamodbc completion bash)\"      (in ~/.bashrc)\n"
     "  eval \"$(iamodbc completion zsh)\"       (in ~/.zshrc, after compinit)"},
};

// For the completion scripts and the build.
constexpr Command hidden_commands[] = {
    {"words", "What may stand where the last word is", words_command, ""},
    {"manual", "Print a manual page", manual_command, ""},
};

int run(int count, const char* const* arguments) {
  CLI::App app{"Look after the ODBC driver that logs in to databases on AWS with IAM", "iamodbc"};
  app.set_version_flag("--version", std::string("iamodbc ") + IAMODBC_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n  iamodbc check sales        is this DSN right, and where does each part of it come from?\n"
      "  iamodbc COMMAND --help     options and examples of one command\n"
      "Exit status: 0 all is well, 1 something failed, 2 wrong usage.");
  std::map<const CLI::App*, Run> runs;
  for (const Command& command : commands) {
    CLI::App* const sub = app.add_subcommand(command.name, command.help);
    sub->footer(std::string("Examples:\n") + command.examples);
    runs[sub] = command.define(*sub);
  }
  for (const Command& command : hidden_commands) {
    CLI::App* const sub = app.add_subcommand(command.name, command.help)->group("");
    runs[sub] = command.define(*sub);
  }
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? finish(Exit::ok) : Exit::usage;
  }
  return finish(runs[app.get_subcommands().front()]());
}

}  // namespace
}  // namespace iamodbc

int main(int count, char** arguments) {
  // A limit on the size of files is then an error of write(), as a full disk is, and no half of a file stays behind.
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  try {
    return iamodbc::run(count, arguments);
  } catch (const std::exception& error) {
    iamodbc::complain(error.what());
    return iamodbc::Exit::failed;
  }
}
