// SPDX-License-Identifier: Apache-2.0
#include "core/base_string.h"

#include <array>
#include <utility>

#include "core/encoding.h"
#include "core/text.h"

namespace iamodbc {
namespace {

// For the driver manager, or replaced by our own.
bool stays_above(std::string_view name) {
  return same_name(name, "DSN") || same_name(name, "Driver") || same_name(name, "FILEDSN") ||
         same_name(name, "SAVEFILE");
}

constexpr std::array may_hold_semicolons{"INITSTMT", "DESCRIPTION"};
constexpr std::array mariadb_options{"OPTIONS", "OPTION"};
constexpr std::array tls_versions{"TLSVERSION"};
constexpr std::array connect_timeouts{"CONN_TIMEOUT"};
// Its log, which holds the string; a named pipe; an option file, which could undo what we force.
constexpr long long mariadb_forbidden_options = 4 | 8192 | 65536;
// Texts that every version of MySQL Connector/ODBC reads and that are not ours.
constexpr std::array mysql_texts{"INITSTMT",  "DESCRIPTION", "CHARSET",    "SSLKEY",      "SSLCERT",
                                 "SSLCIPHER", "RSAKEY",      "PLUGIN_DIR", "DEFAULT_AUTH"};

class Writer {
 public:
  Writer(const BaseStringInput& input, Width width)
      : given_(input.given),
        settings_(input.settings),
        base_(input.base),
        profile_(*input.base.profile),
        input_(input),
        width_(width) {}

  Result<Secret> write() {
    write_data_source();
    write_foreign_attributes();
    if (input_.login != nullptr) {
      write_value(AttributeId::server, profile_.server,
                  without_brackets(profile_.kind == BaseKind::psqlodbc ? input_.tls->checked_host : settings_.server));
      write_value(AttributeId::port, profile_.port, std::to_string(input_.port > 0 ? input_.port : settings_.port));
      if (settings_.has_database) write_value(AttributeId::database, profile_.database, settings_.database);
      write_value(AttributeId::uid, profile_.uid, input_.login->user);
    } else {
      pass_on(AttributeId::server, profile_.server);
      pass_on_port();
      pass_on(AttributeId::database, profile_.database);
      pass_on(AttributeId::uid, profile_.uid);
    }
    if (input_.tls != nullptr) {
      if (auto error = unfit_for_tls(base_)) return *error;
      if (settings_.auth_type == AuthType::dsql) check_server_name();
      write_tls();
    }
    if (input_.login != nullptr) {
      write_secret();
    } else {
      pass_on_password();
    }
    if (error_) return *error_;
    if (auto error = exceeded_limit(base_, width_, secret_size_, text_.size())) return *error;
    return std::move(text_);
  }

 private:
  void add(std::string_view text) {
    if (text.empty()) return;
    if (!text_.empty()) text_.append(";");
    text_.append(text);
  }
  void add(std::string_view name, std::string_view written_value) {
    if (!text_.empty()) text_.append(";");
    text_.append(name);
    text_.append("=");
    text_.append(written_value);
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  static std::string without_brackets(const std::string& host) {
    return host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
  }

  // Whether the base driver reads this section of odbc.ini by itself.
  [[nodiscard]] bool base_reads(Origin origin) const {
    return origin == Origin::base_data_source || (origin == Origin::data_source && given_.base_dsn().empty());
  }

  void write_data_source() {
    const std::string& dsn = given_.base_dsn().empty() ? given_.dsn() : given_.base_dsn();
    if (!dsn.empty()) write_value("DSN", dsn);
    // psqlODBC takes its defaults from the driver section that it is told, and without DSN and Driver from a DSN of its own invention.
    const bool wants_driver = profile_.kind == BaseKind::psqlodbc ? true : dsn.empty();
    const std::string& driver = base_.section.empty() && dsn.empty() ? base_.file : base_.section;
    if (wants_driver && !driver.empty() && driver.find_first_of(";{}") == std::string::npos) add("Driver", driver);
  }

  [[nodiscard]] bool is_foreign(std::string_view name) const {
    if (our_attribute(profile_, name) != nullptr || stays_above(name)) return false;
    if (input_.tls == nullptr) return true;
    return !is_one_of(profile_.tls_names, name) && !is_one_of(profile_.ca_file_names, name) &&
           !is_one_of(profile_.libpq_option_names, name) && !is_one_of(profile_.forced_names, name);
  }

  [[nodiscard]] bool holds_bits(std::string_view name) const {
    return input_.tls != nullptr && profile_.kind == BaseKind::mariadb && is_one_of(mariadb_options, name);
  }

  // Where it stood: it sets all of the switches at once, and a switch behind it changes one of them.
  void write_bits(std::string_view value) {
    const long long bits = parse_integer(trimmed(value)).value_or(0) & ~mariadb_forbidden_options;
    add("OPTIONS", std::to_string(bits));
  }

  void check_section() {
    for (const Found& found : given_.all()) {
      if (found.attribute != nullptr || !base_reads(found.origin) || !reads(profile_, found.name) ||
          !is_foreign(found.name) || !is_cut_in_section(found.value)) {
        continue;
      }
      fail(cannot_connect(std::string(found.name) + " (" + found.where + ") is " + std::to_string(found.value.size()) +
                          " bytes long; of a line of odbc.ini " + profile_.title +
                          " takes 255 characters. Give it in the connection string, or a shorter one."));
    }
  }

  void write_foreign_attributes() {
    check_section();
    if (!given_.base_dsn().empty()) {  // our section is then one that the base driver does not read
      for (const Found& found : given_.all()) {
        if (found.origin == Origin::data_source && is_foreign(found.name) && !is_driver_manager_attribute(found.name) &&
            !holds_bits(found.name)) {
          check_foreign(found.name, found.value, true);
          check_place(found.name, is_written_in_braces(found.value), found.name);
          write_value(found.name, found.value);
        }
      }
    }
    // What a section says of them the base driver may read for itself, all of its bits; the string comes after it.
    if (const auto bits = given_.find(mariadb_options); bits && bits->attribute == nullptr && holds_bits(bits->name)) {
      write_bits(bits->value);
    }
    for (const Attribute& attribute : given_.string().attributes()) {
      if (!is_foreign(attribute.name())) continue;
      if (holds_bits(attribute.name())) {
        write_bits(attribute.value());
        continue;
      }
      check_foreign(attribute.name(), attribute.value(), attribute.text().find('=') != std::string_view::npos);
      check_place(attribute.name(), attribute.written_value().starts_with('{'),
                  attribute.text().substr(0, attribute.text().find('=')));
      if (input_.tls != nullptr && attribute.written_value().starts_with('{'))
        check_brace(attribute.name(), attribute.value());
      if (reads(profile_, attribute.name())) check_length(attribute.name(), attribute.value());
      add(attribute.text());
    }
  }

  // Behind the braces of a number, or of a name that it does not know, MySQL loses its place, and when another brace opens there it looks for its end for ever.
  void check_place(std::string_view name, bool has_braces, std::string_view written_name) {
    if (profile_.kind != BaseKind::mysql || input_.tls == nullptr) return;
    if (has_braces && (lost_its_place_ || name.find('}') != std::string::npos)) {
      fail(cannot_connect(std::string(name) + " has braces where " + profile_.title +
                          " never finds their end, because of the name or the braces before it. Remove the braces of "
                          "attributes that need none."));
    }
    // Of the blanks around a name it takes away spaces alone.
    const bool is_known =
        is_one_of(mysql_texts, name) && written_name.find_first_of("\t\n\v\f\r") == std::string_view::npos;
    lost_its_place_ = has_braces && !is_known;
  }

  void check_brace(std::string_view name, std::string_view value) {
    if (!ends_at_first_brace(base_) || value.find('}') == std::string_view::npos) return;
    fail(cannot_connect(std::string(name) + " holds a }, which " + profile_.title +
                        " takes from 8.0.30 on only. Use a newer one."));
  }

  void check_length(std::string_view what, std::string_view value) {
    if (auto error = exceeded_value_limit(base_, what, value)) fail(std::move(*error));
  }

  // MariaDB takes all text up to the next = for a name, and skips the value of a name that it does not know to the next ;, braces or not. What it knows
  // differs from version to version, so a ; is for names that every version knows.
  void check_foreign(std::string_view name, std::string_view value, bool has_equals) {
    if (name.find(';') != std::string_view::npos) {  // of an ini file
      fail(cannot_connect("The name " + std::string(name) + " in the DSN's section holds a ;, which " + profile_.title +
                          " would read as the end of an attribute. Remove it."));
    }
    if (profile_.kind == BaseKind::psqlodbc || input_.tls == nullptr) return;
    if (!has_equals) {
      fail(cannot_connect(std::string("The connection string has a part without =, which ") + profile_.title +
                          " would join with the attribute behind it. Remove it, or write = behind its name."));
    } else if (value.find(';') != std::string_view::npos && !is_one_of(may_hold_semicolons, name)) {
      fail(cannot_connect(std::string(name) + " has a ; in its value, which " + profile_.title +
                          " would read as the end of the attribute, braces or not. Remove it."));
    }
  }

  void write_value(AttributeId id, const char* name, std::string_view value) {
    const bool is_cut = profile_.value_limit > 0 && value.size() > profile_.value_limit;
    if (is_cut) {
      fail(cannot_connect(std::string(attribute_row(id).name) + " is " + std::to_string(value.size()) +
                          " bytes long; " + profile_.title + " keeps " + std::to_string(profile_.value_limit) +
                          ". Use a shorter one."));
    }
    write_value(name, value);
  }

  [[nodiscard]] bool is_written_in_braces(std::string_view value) const {
    return profile_.takes_braces && (needs_braces(value) || value.find('}') != std::string_view::npos);
  }

  // Of a value in odbc.ini MySQL takes so many characters, and leaves the rest without a word.
  [[nodiscard]] bool is_cut_in_section(std::string_view value) const {
    constexpr std::size_t most = 255;
    return profile_.kind == BaseKind::mysql && value.size() > most && utf16_from_utf8(value).size() > most;
  }

  // MariaDB takes away the blanks at both ends of a value, in braces too.
  [[nodiscard]] bool is_trimmed(std::string_view value) const {
    return profile_.kind == BaseKind::mariadb && without_blanks(value).size() != value.size();
  }

  void write_value(std::string_view name, std::string_view value) {
    check_length(name, value);
    check_brace(name, value);
    if (is_trimmed(value)) {
      fail(cannot_connect(std::string(name) + " begins or ends with a blank, which " + profile_.title +
                          " would take away. Use another name for it."));
      return;
    }
    if (profile_.takes_braces) {
      add(name, is_written_in_braces(value) ? braced(value).reveal() : value);
      return;
    }
    if (value.find(';') != std::string_view::npos || value.starts_with('{')) {
      fail(cannot_connect(std::string(name) + " holds a ; or begins with {, which " + profile_.title +
                          " has no way to write. Use another name for it."));
      return;
    }
    add(name, value);
  }

  // AuthType=Password: what was given goes on as it was given; what stands in a section that the base driver reads stays there.
  void pass_on(AttributeId id, const char* name) {
    const auto found = given_.find(id, profile_, true);
    if (!found) return;
    // What an unknown base driver calls it is known to the application alone.
    const std::string as_given(found->name);
    if (profile_.kind == BaseKind::unknown) name = as_given.c_str();
    const bool ends_early = !profile_.takes_braces && found->value.find(';') != std::string_view::npos;
    // MySQL may have lost its place behind what is foreign, and finds it again unless braces open there.
    const bool keeps_braces = profile_.kind != BaseKind::mysql;
    if (found->attribute != nullptr && !ends_early && keeps_braces) {
      add(name, found->attribute->written_value());
    } else if (found->attribute != nullptr || !base_reads(found->origin) || !reads_in_section(profile_, found->name)) {
      write_value(id, name, found->value);
    }
  }

  void pass_on_port() {
    if (input_.port <= 0) return pass_on(AttributeId::port, profile_.port);
    const auto found = given_.find(AttributeId::port, profile_, true);
    const std::string as_given(found ? found->name : profile_.port);
    write_value(profile_.kind == BaseKind::unknown ? as_given : profile_.port, std::to_string(input_.port));
  }

  void pass_on_password() {
    const auto found = given_.find(AttributeId::pwd, profile_, true);
    if (!found) return;
    secret_size_ = found->value.size();
    check_length(attribute_row(AttributeId::pwd).name, found->value);
    const std::string_view name = profile_.kind == BaseKind::unknown ? found->name : profile_.pwd;
    if (found->attribute != nullptr) {
      const std::string_view written = found->attribute->written_value();
      if (written.starts_with('{') && is_trimmed(found->value)) {
        fail(cannot_connect(std::string("The password (") + attribute_row(AttributeId::pwd).name +
                            ") begins or ends with a blank, which " + profile_.title +
                            " would take away. Choose another password."));
      }
      add(name, written);
    } else if (!base_reads(found->origin) || !reads_in_section(profile_, found->name) || found->is_cut ||
               is_cut_in_section(found->value)) {
      const bool is_encoded = profile_.ini_password_is_percent_encoded && reads_in_section(profile_, found->name);
      check_brace(name, found->value);
      const Secret value = is_encoded ? percent_decoded(found->value) : Secret(found->value);
      add(name, braced(value.reveal()).reveal());
    }
  }

  // As psqlODBC reads Password= of its own section: %XX is a byte, + a blank.
  static Secret percent_decoded(std::string_view text) {
    const auto digit = [](char c) {
      return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    };
    Secret bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
      char byte = text[i] == '+' ? ' ' : text[i];
      if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
        byte = static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
        i += 2;
      }
      bytes.append(std::string_view(&byte, 1));
    }
    return bytes;
  }

  // Aurora DSQL knows its clusters apart by the name in the TLS handshake.
  void check_server_name() {
    constexpr int first_libpq_that_tells_it = 140000;
    if (base_.libpq_version <= 0 || base_.libpq_version >= first_libpq_that_tells_it) return;
    fail(cannot_connect("This libpq, version " + std::to_string(base_.libpq_version / 10000) +
                        ", does not tell the server whom it wants (SNI), so Aurora DSQL hangs up. Install libpq 14 or "
                        "newer."));
  }

  void write_secret() {
    const std::string_view secret = input_.login->secret.reveal();
    secret_size_ = secret.size();
    const bool is_token = signs_token(input_.login->kind);
    check_length(is_token ? "The token" : "The password", secret);
    if (!is_token) check_password(secret);
    // An empty PWD still goes last: without it a password of the DSN's section would be used.
    add(profile_.pwd, input_.pass_file.empty() ? braced(secret).reveal() : std::string_view{});
  }

  // What a token never holds.
  void check_password(std::string_view password) {
    if (password.find('\0') != std::string_view::npos) {
      fail(
          cannot_connect("The password that was fetched holds a NUL, which ends every text. Choose another password."));
    }
    if (!input_.pass_file.empty()) return;
    check_brace("The password that was fetched", password);
    if (is_trimmed(password)) {
      fail(cannot_connect(std::string("The password that was fetched begins or ends with a blank, which ") +
                          profile_.title + " would take away. Choose another password."));
    }
  }

  // MariaDB takes the login time-out from the string alone. A shorter one of the user's stays.
  void write_time_left() {
    if (input_.seconds_left <= 0) return;
    const auto given_limit = given_.find(connect_timeouts);
    const long long limit = given_limit ? parse_integer(trimmed(given_limit->value)).value_or(0) : 0;
    if (limit <= 0 || limit > input_.seconds_left) add("CONN_TIMEOUT", std::to_string(input_.seconds_left));
  }

  void write_tls() {
    const TlsPlan& tls = *input_.tls;
    switch (profile_.kind) {
      case BaseKind::psqlodbc: {
        LibpqOptions options = tls.libpq_options;
        if (!tls.ca.path.empty()) options.emplace_back("sslrootcert", tls.ca.path);
        options.emplace_back("gssencmode", "disable");
        if (!input_.address.empty()) options.emplace_back("hostaddr", input_.address);
        if (!input_.pass_file.empty()) options.emplace_back("passfile", input_.pass_file);
        add("SSLmode", text(tls.level));
        add("pqopt", braced(write_libpq_options(options)).reveal());
        add("Debug=0;CommLog=0");  // both write secrets to files that others may read
        return;
      }
      case BaseKind::mariadb: {
        add("FORCETLS=1");
        add("SSLVERIFY=1");  // plan_tls() refused less
        if (!tls.ca.path.empty()) write_value("SSLCA", tls.ca.path);
        if (!given_.find(tls_versions)) add("TLSVERSION=TLSv1.2,TLSv1.3");
        write_time_left();
        add("TCPIP=1");  // after OPTIONS, which sets the way too; else localhost may mean a pipe
        return;
      }
      case BaseKind::mysql:
        // Whatever OPTION or the DSN's section say: no socket, pipe, list of hosts or option file.
        add("SOCKET=;NAMED_PIPE=0;ENABLE_DNS_SRV=0;MULTI_HOST=0;USE_MYCNF=0");
        add("SSLMODE", tls.level == TlsLevel::verify_full ? "VERIFY_IDENTITY"
                       : tls.level == TlsLevel::verify_ca ? "VERIFY_CA"
                                                          : "REQUIRED");
        if (!tls.ca.path.empty()) write_value("SSLCA", tls.ca.path);
        add("ENABLE_CLEARTEXT_PLUGIN=1");
        return;
      case BaseKind::unknown:
        return;  // plan_tls() refused
    }
  }

  const Given& given_;
  const Settings& settings_;
  const BaseDriverFacts& base_;
  const BaseDriverProfile& profile_;
  const BaseStringInput& input_;
  Width width_;
  Secret text_;
  std::size_t secret_size_ = 0;
  bool lost_its_place_ = false;
  std::optional<Error> error_;
};

}  // namespace

Result<Secret> write_base_string(const BaseStringInput& input, Width width) {
  return Writer(input, width).write();
}

namespace {

// What a saved file needs beside the string that saves it: all of the DSN's section, but for what may not stand in a string.
void add_section(ConnectionString& out, const Given& given, const BaseDriverProfile& profile) {
  for (const Found& found : given.all()) {
    const AttributeRow* const row = our_attribute(profile, found.name);
    if (found.origin != Origin::data_source || !may_show(profile, found.name) ||
        is_driver_manager_attribute(found.name) || (row != nullptr && row->ini_only))
      continue;
    const std::string name = row != nullptr ? row->name : std::string(found.name);
    const char* const names[] = {name.c_str()};
    const auto counts = row != nullptr ? given.find(row->id, profile) : given.find(names);
    if (counts && counts->attribute == nullptr && !out.find(name)) out.add(Attribute(name, counts->value));
  }
}

// Server and Port of a DSN that has to be named: from a string they could lead a secret elsewhere, and are refused there.
bool stay_with_the_dsn(const Given& given, const Settings& settings) {
  return (settings.has_token_host || fetches_login(settings.auth_type)) && !given.allows_in_string();
}

}  // namespace

Secret write_out_string(const Given& given, const Settings& settings, const BaseDriverProfile& profile) {
  ConnectionString out;
  std::vector<const Attribute*> secrets;
  bool saves_file = false;
  for (const Attribute& attribute : given.string().attributes()) {
    saves_file = saves_file || same_name(attribute.name(), "SAVEFILE");
    const AttributeRow* row = our_attribute(profile, attribute.name());
    if ((row != nullptr && row->is_secret) || is_one_of(profile.secret_names, attribute.name())) {
      secrets.push_back(&attribute);
    } else {
      out.add(attribute.clone());
    }
  }
  const auto complete = [&](AttributeId id, const std::string& value) {
    const auto found = given.find(id, profile, id == AttributeId::database);
    if (found && found->origin == Origin::aws) return;  // asked again the next time: it may be another then
    if (!value.empty() && (!found || found->attribute == nullptr)) out.add(Attribute(attribute_row(id).name, value));
  };
  if (saves_file || !stay_with_the_dsn(given, settings)) {
    complete(AttributeId::server, settings.asked_server.empty() ? settings.server : settings.asked_server);
    if (given.find(AttributeId::port, profile)) complete(AttributeId::port, std::to_string(settings.port));
  }
  complete(AttributeId::database, settings.database);
  if (const auto user = given.find(AttributeId::uid, profile)) complete(AttributeId::uid, std::string(user->value));
  if (saves_file) {
    add_section(out, given, profile);
  } else {
    for (const Attribute* secret : secrets) out.add(secret->clone());
  }
  return out.write();
}

bool may_show(const BaseDriverProfile& profile, std::string_view name) {
  if (is_one_of(profile.secret_names, name)) return false;
  if (const AttributeRow* row = our_attribute(profile, name))
    return !row->is_secret && row->kind != AttributeKind::command && row->id != AttributeId::access_key_id;
  return is_driver_manager_attribute(name) || reads(profile, name);
}

}  // namespace iamodbc
