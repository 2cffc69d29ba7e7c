// The manual pages, made from the commands and the attribute table: iamodbc(1), one for each command that has commands of
// its own (iamodbc-dsn(1)), and iamodbc(5).
// Source of the macros: https://man7.org/linux/man-pages/man7/man.7.html
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>

#include "core/attributes.h"
#include "setup/command.h"
#include "setup/command_tree.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

// Text as roff prints it: a backslash, a minus and a line's first dot or apostrophe have a meaning of their own.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool starts_line = result.empty() || result.back() == '\n';
    if (starts_line && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else {
      if (c == '-') result += '\\';
      result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}
std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

void head(const std::string& name, const char* section, std::string_view about) {
  std::string title = name;
  for (char& c : title) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  print(".TH " + roff(title) + " " + section + " \"\" \"iamodbc " IAMODBC_VERSION "\" \"iamodbc\"");
  print(".SH NAME");
  print(roff(name) + " \\- " + roff(about));
}

void verbatim(std::string_view text) {
  print(".nf");
  print(roff(text));
  print(".fi");
}

std::string usage(const CLI::App& app, const std::string& name) {
  std::string line = bold(name);
  if (!shown_options(app).empty()) line += " [" + italic("options") + "]";
  for (const CLI::Option* const argument : shown_arguments(app)) {
    const std::string shown = italic(value_name(*argument));
    line += argument->get_required() ? " " + shown : " [" + shown + "]";
  }
  if (!shown_commands(app).empty()) line += " " + italic("command");
  return line;
}

void options(const CLI::App& app) {
  for (const CLI::Option* const argument : shown_arguments(app)) {
    if (argument->get_description().empty()) continue;
    print(".TP");
    print(italic(value_name(*argument)));
    print(roff(argument->get_description()));
  }
  for (const CLI::Option* const option : shown_options(app)) {
    std::string names;
    for (const std::string& name : names_of(*option)) names += (names.empty() ? "" : ", ") + bold(name);
    if (takes_value(*option)) names += " " + italic(value_name(*option));
    print(".TP");
    print(names);
    print(roff(option->get_description()));
  }
}

void examples(const CLI::App& app) {
  const std::string text = app.get_footer();
  if (text.empty()) return;
  print(".PP");
  verbatim(text);
}

std::string page_of(const std::string& name) {
  std::string page = name;
  for (char& c : page) c = c == ' ' ? '-' : c;
  return page;
}

void command(const CLI::App& app, const std::string& name) {
  print(".SS " + roff(name));
  print(usage(app, name));
  print(".PP");
  print(roff(app.get_description()) + ".");
  if (!shown_commands(app).empty()) {
    print("See " + bold(page_of(name)) + "(1).");
    return;
  }
  options(app);
  examples(app);
}

void see_also(const CLI::App& root, const std::string& but) {
  print(".SH SEE ALSO");
  std::string pages;
  const auto add = [&](const std::string& page, const char* section) {
    if (page + section == but) return;
    pages += (pages.empty() ? "" : ",\n") + bold(page) + "(" + section + ")";
  };
  add("iamodbc", "1");
  for (const CLI::App* const one : shown_commands(root)) {
    if (!shown_commands(*one).empty()) add("iamodbc-" + one->get_name(), "1");
  }
  add("iamodbc", "5");
  print(pages + ",\n\\fBodbcinst\\fR(1), \\fBisql\\fR(1)");
}

// `name` is what is typed before the commands: iamodbc, iamodbc dsn.
void command_page(const CLI::App& root, const CLI::App& app, const std::string& name) {
  head(page_of(name), "1", app.get_description());
  print(".SH SYNOPSIS");
  print(bold(name) + " " + italic("command") + " [" + italic("options") + "]");
  print(".SH COMMANDS");
  for (const CLI::App* const one : shown_commands(app)) command(*one, name + " " + one->get_name());
  print(".SH EXIT STATUS");
  print("0 all is well, 1 something failed, 2 wrong usage. Data goes to standard output, messages to standard error.");
  print(".SH FILES");
  print(
      "The ini files of the driver manager: \\fI~/.odbc.ini\\fR (\\fBODBCINI\\fR), the system's \\fIodbc.ini\\fR and "
      "\\fIodbcinst.ini\\fR (\\fBODBCSYSINI\\fR).");
  print(
      "The AWS files: \\fI~/.aws/config\\fR and \\fI~/.aws/credentials\\fR, with the sign\\-in caches of the AWS CLI "
      "beside them.");
  see_also(root, page_of(name) + "1");
}

void attribute(const AttributeRow& row) {
  print(".TP");
  print(bold(row.name) + (row.is_secret ? " (secret)" : ""));
  print(roff(row.help) + ".");
  const auto list = [](std::string_view before, std::span<const char* const> words) {
    std::string text;
    for (const char* const word : words) text += (text.empty() ? "" : ", ") + bold(word);
    if (!text.empty()) print(std::string(before) + text + ".");
  };
  list("One of ", row.choices);
  if (*row.default_value != '\0') print("Default: " + roff(row.default_value) + ".");
  list("Also written ", row.aliases);
  if (row.ini_only) print("In odbc.ini only; in a connection string it is an error.");
}

void attributes_page(const CLI::App& root) {
  head("iamodbc", "5", "attributes of a data source that logs in to a database on AWS with IAM");
  print(".SH DESCRIPTION");
  print(
      "A data source is a section of \\fIodbc.ini\\fR with \\fBDriver\\fR = \\fBiamodbc\\fR. What is in the list below "
      "is "
      "iamodbc's; all else is the base driver's and reaches it as it is. Names are read without regard to case. "
      "The connection string wins over the section, the section over that of \\fBBaseDSN\\fR.");
  print(".PP");
  verbatim(
      "[sales]\n"
      "Driver     = iamodbc\n"
      "BaseDriver = PostgreSQL Unicode\n"
      "Server     = sales.cluster-cabc123def45.eu-central-1.rds.amazonaws.com\n"
      "Database   = app\n"
      "UID        = jane_doe");
  print(".SH ATTRIBUTES");
  for (const AttributeRow& row : attribute_table()) attribute(row);
  see_also(root, "iamodbc5");
}

}  // namespace

Run manual_command(CLI::App& app) {
  auto page = std::make_shared<std::string>();
  app.add_option("PAGE", *page, "iamodbc.1, iamodbc.5, or iamodbc-COMMAND.1")->required()->type_name("");
  return [page, root = app.get_parent()] {
    if (*page == "iamodbc.1") {
      command_page(*root, *root, "iamodbc");
      return Exit::ok;
    }
    if (*page == "iamodbc.5") {
      attributes_page(*root);
      return Exit::ok;
    }
    for (const CLI::App* const one : shown_commands(*root)) {
      if (shown_commands(*one).empty() || *page != "iamodbc-" + one->get_name() + ".1") continue;
      command_page(*root, *one, "iamodbc " + one->get_name());
      return Exit::ok;
    }
    complain("there is no manual page " + *page);
    return Exit::usage;
  };
}

}  // namespace iamodbc
