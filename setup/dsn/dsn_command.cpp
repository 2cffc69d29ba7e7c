// iamodbc dsn: a table of subcommands of its own.
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <string>

#include "setup/dsn/commands.h"

namespace iamodbc {
namespace {

struct Subcommand {
  const char* name;
  const char* help;
  Run (*define)(CLI::App&);
  const char* examples;
};

constexpr Subcommand subcommands[] = {
    {"add", "Write a new DSN; on a terminal, what is missing is asked for", dsn_add_command,
     "  iamodbc dsn add                   (asks for the name, the server, the user ...)\n"
     "  iamodbc dsn add sales --host mydb.cabc123def45.eu-central-1.rds.amazonaws.com --user jane_doe --database app\n"
     "  iamodbc dsn add sales --host ... --user jane_doe --engine postgresql --profile dev --set Fetch=1000\n"
     "  sudo iamodbc dsn add sales --system --host ... --user jane_doe"},
    {"edit", "Change a DSN; on a terminal, without options, the main attributes are gone through", dsn_edit_command,
     "  iamodbc dsn edit sales\n"
     "  iamodbc dsn edit sales --profile dev --set Fetch=1000 --unset Region"},
    {"show", "Print a DSN and the file that it is in; secrets as ***", dsn_show_command,
     "  iamodbc dsn show sales\n"
     "  iamodbc dsn show sales --json"},
    {"list", "List the DSNs of iamodbc", dsn_list_command,
     "  iamodbc dsn list\n"
     "  iamodbc dsn list --all --json     (those of other drivers, too)"},
    {"remove", "Take a DSN out of odbc.ini; comments around it stay", dsn_remove_command, "  iamodbc dsn remove sales"},
    {"test", "Connect through a DSN, as `iamodbc check` does", check_command, "  iamodbc dsn test sales"},
    {"import", "Make a DSN of iamodbc from another DSN or from a URL, and say what was changed", dsn_import_command,
     "  iamodbc dsn import sales-iam sales                     (a DSN of psqlODBC, MariaDB's, MySQL's driver or AWS's\n"
     "                                                         ODBC wrapper)\n"
     "  iamodbc dsn import sales 'postgresql://jane_doe@mydb.cabc123def45.eu-central-1.rds.amazonaws.com/app'\n"
     "  iamodbc dsn import sales 'host=mydb.cabc123def45.eu-central-1.rds.amazonaws.com user=jane_doe dbname=app'\n"
     "  iamodbc dsn import sales 'jdbc:mysql://mydb.cabc123def45.eu-central-1.rds.amazonaws.com/app?user=jane_doe'\n"
     "  iamodbc dsn import sales - < file-with-a-url           (where it holds a password)"},
};

}  // namespace

CLI::Option* add_new_name(CLI::App& app, std::string& name) {
  return app.add_option("NAME", name, "The name of the new DSN")->type_name("");
}

CLI::Option* add_known_name(CLI::App& app, std::string& name) {
  return app.add_option("DSN", name, "The name of the DSN")->required()->type_name("");
}

Run dsn_command(CLI::App& app) {
  app.require_subcommand(1);
  auto runs = std::make_shared<std::map<const CLI::App*, Run>>();
  for (const Subcommand& one : subcommands) {
    CLI::App* const sub = app.add_subcommand(one.name, one.help);
    sub->footer(std::string("Examples:\n") + one.examples);
    (*runs)[sub] = one.define(*sub);
  }
  return [runs, &app] { return (*runs)[app.get_subcommands().front()](); };
}

}  // namespace iamodbc
