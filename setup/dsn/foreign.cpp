// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/foreign.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/connection_string.h"
#include "core/libpq_options.h"
#include "core/text.h"

namespace iamodbc {
namespace {

struct Scheme {
  const char* name;
  const char* engine;
  ForeignKind kind;
};
constexpr Scheme schemes[] = {
    {"postgresql:", "postgresql", ForeignKind::libpq},
    {"postgres:", "postgresql", ForeignKind::libpq},
    {"mysql:", "mysql", ForeignKind::mysql_url},
    {"mariadb:", "mariadb", ForeignKind::mysql_url},
};
constexpr std::string_view jdbc = "jdbc:";
constexpr std::string_view aws_wrapper = "aws-wrapper:";
constexpr std::string_view older_aws = "aws:";  // behind jdbc:mysql:, of an older driver of AWS
constexpr std::array libpq_names{"host", "hostaddr", "port", "dbname", "user", "service"};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of what is no %XX, the bytes stay.
std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_code = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (!is_code) {
      result += text[i];
      continue;
    }
    result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return result;
}

// The part before `mark`; `text` becomes what is behind it, or empty.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t at = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

void add(DsnLines& lines, const char* name, std::string value) {
  if (!value.empty()) lines.push_back({name, std::move(value)});
}

Error not_a_url() {
  return cannot_connect(
      "The URL cannot be read as //USER:PASSWORD@HOST:PORT/DATABASE. In a name or password write / as %2F, ? as "
      "%3F, @ as %40 and : as %3A; an IPv6 address stands in brackets.");
}

// No message repeats what is refused here: it may be a part of a password.
std::optional<Error> add_authority(DsnLines& lines, std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  const std::size_t host = at == std::string_view::npos ? 0 : at + 1;
  if (starts_with_name(authority, "(") || starts_with_name(authority, "address=(") ||
      authority.find('(', host) != std::string_view::npos) {
    return cannot_connect(
        "The URL has its host in parentheses, which is not read. Write it as "
        "jdbc:mysql://HOST:PORT/DATABASE?user=NAME");
  }
  if (at != std::string_view::npos) {
    std::string_view user = authority.substr(0, at);
    add(lines, "user", decoded(take_until(user, ':')));
    add(lines, "password", decoded(user));
    authority.remove_prefix(at + 1);
  }
  if (authority.find(',') != std::string_view::npos) {
    return cannot_connect("The URL names several hosts. A token is signed for one: import a URL with one host.");
  }
  if (authority.starts_with('[')) {  // an IPv6 address
    authority.remove_prefix(1);
    if (authority.find(']') == std::string_view::npos) return not_a_url();
    add(lines, "host", std::string(take_until(authority, ']')));
    if (!authority.empty() && !authority.starts_with(':')) return not_a_url();
    if (authority.starts_with(':')) authority.remove_prefix(1);
  } else {
    add(lines, "host", decoded(take_until(authority, ':')));
  }
  if (authority.find_first_not_of("0123456789") != std::string_view::npos) return not_a_url();
  add(lines, "port", std::string(authority));
  return std::nullopt;
}

Result<Foreign> parse_url(std::string_view text) {
  Foreign foreign;
  const bool is_jdbc = starts_with_name(text, jdbc);
  if (is_jdbc) text.remove_prefix(jdbc.size());
  if (is_jdbc && starts_with_name(text, aws_wrapper)) text.remove_prefix(aws_wrapper.size());
  const auto scheme = std::find_if(std::begin(schemes), std::end(schemes),
                                   [&](const Scheme& one) { return starts_with_name(text, one.name); });
  const bool is_known = scheme != std::end(schemes);
  if (is_known) {
    text.remove_prefix(std::string_view(scheme->name).size());
    foreign.engine = scheme->engine;
    foreign.kind = scheme->kind;
  }
  if (is_jdbc && foreign.kind == ForeignKind::mysql_url && starts_with_name(text, older_aws)) {
    text.remove_prefix(older_aws.size());
  }
  if (!is_known || !text.starts_with("//")) {
    return cannot_connect(
        "This URL is none that can be imported. Known: postgresql://, mysql://, mariadb://, jdbc:postgresql://, "
        "jdbc:mysql://, jdbc:mariadb:// and jdbc:aws-wrapper:...");
  }
  if (is_jdbc) foreign.kind = ForeignKind::jdbc;
  text.remove_prefix(2);
  std::string_view query;
  if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  const std::string_view authority = take_until(text, '/');
  // A password with a / or ? in it, be there an @ before that or not: what is behind is no database, and no parameter.
  const bool is_cut =
      text.find('@') != std::string_view::npos || query.substr(0, query.find('=')).find('@') != std::string_view::npos;
  if (is_cut) return not_a_url();
  if (auto error = add_authority(foreign.lines, authority)) return *std::move(error);
  add(foreign.lines, "dbname", decoded(text));
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string name = decoded(take_until(value, '='));
    // What stands behind the `?` counts, as with libpq.
    std::erase_if(foreign.lines, [&](const DsnLine& line) { return line.name == name; });
    if (!name.empty()) foreign.lines.push_back({name, decoded(value)});
  }
  return foreign;
}

// A `;` may stand in a password; elsewhere it is ODBC's.
bool is_libpq(const LibpqOptions& options) {
  const auto is_name = [](const auto& one) { return is_one_of(libpq_names, one.first); };
  const auto is_cut = [](const auto& one) {
    return one.second.find(';') != std::string::npos && one.first != "password";
  };
  return std::any_of(options.begin(), options.end(), is_name) && std::none_of(options.begin(), options.end(), is_cut);
}

Result<Foreign> parse_pairs(std::string_view text) {
  Foreign foreign;
  const auto options = parse_libpq_options(text);
  if (options && is_libpq(options.value())) {
    foreign.kind = ForeignKind::libpq;
    foreign.engine = "postgresql";
    for (const auto& [name, value] : options.value()) foreign.lines.push_back({name, value});
    return foreign;
  }
  const auto string = ConnectionString::parse(text);
  if (!string) return string.error();
  for (const Attribute& attribute : string.value().attributes()) {
    foreign.lines.push_back({attribute.name(), std::string(attribute.value())});
  }
  return foreign;
}

}  // namespace

bool is_foreign_text(std::string_view text) {
  return starts_with_name(text, jdbc) || text.find("://") != std::string_view::npos ||
         text.find('=') != std::string_view::npos;
}

Result<Foreign> parse_foreign(std::string_view text) {
  const std::size_t query = std::min(text.find('='), text.size());
  const bool is_url = starts_with_name(text, jdbc) || text.substr(0, query).find("://") != std::string_view::npos;
  return is_url ? parse_url(text) : parse_pairs(text);
}

}  // namespace iamodbc
