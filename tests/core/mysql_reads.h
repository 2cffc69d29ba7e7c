// mysql_reads: what MySQL Connector/ODBC makes of a connection string and of a DSN's section, told anew from its source and without our parser.
// For tests, and for the recording base driver that stands in for it: Debian has no package of the real one.
// Shape: bytes (UTF-8). Versions are numbers: 80033 is 8.0.33, 90100 is 9.1.0.
// Source: https://github.com/mysql/mysql-connector-odbc, util/installer.cc (DataSource::from_kvpair, lookup, optionStr::set_remove_brackets) and
//         driver/connect.cc (DBC::connect, parse_host_list, MySQLDriverConnect), tags 8.0.19, 8.0.33, 8.0.35 and 9.1.0
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iamodbc {

class MysqlReads {
 public:
  explicit MysqlReads(int version) : version_(version) {}

  // The order of SQLDriverConnect: the string; the section of its DSN over it; the string again.
  using Section = std::vector<std::pair<std::string, std::string>>;
  template <class SectionOf>
  void read(const std::string& text, const SectionOf& section_of) {
    read_string(text);
    if (!problem_.empty() || texts_["DSN"].empty()) return;
    read_section(section_of(texts_["DSN"]));
    read_string(text);
  }

  // Why it would not come to a connect, in its own words where it has some; empty: it would.
  [[nodiscard]] std::string problem() {
    const bool is_list = texts_["SERVER"].find(',') != std::string::npos && numbers_["MULTI_HOST"] == 0;
    return !problem_.empty() ? problem_ : is_list ? "Missing option MULTI_HOST=1" : "";
  }

  // What it would do. Keys: protocol, host, port, user, password, database, tls, ca, init, cleartext, option_file, log_query.
  [[nodiscard]] std::map<std::string, std::string> understood() {
    const std::string server = texts_["SERVER"];
    const std::size_t mark = server.find_first_of(",:");
    std::string port = std::to_string(numbers_.count("PORT") != 0 ? numbers_["PORT"] : 3306);
    if (mark != std::string::npos && server[mark] == ':') port = server.substr(mark + 1, server.find(',') - mark - 1);
    std::string tls = "PREFERRED";  // also for words that it does not know
    for (const char* word : {"DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"}) {
      if (upper_case(texts_["SSLMODE"]) == word) tls = word;
    }
    const auto is_on = [&](const char* name) { return std::string(numbers_[name] != 0 ? "1" : "0"); };
    return {{"protocol", !texts_["SOCKET"].empty()         ? "socket " + texts_["SOCKET"]
                         : numbers_["ENABLE_DNS_SRV"] != 0 ? "DNS SRV"
                                                           : "TCP"},
            {"host", server.substr(0, mark)},
            {"port", port},
            {"user", texts_["UID"]},
            {"password", texts_["PWD"]},
            {"database", texts_["DATABASE"]},
            {"tls", tls},
            {"ca", texts_["SSLCA"] + (texts_["SSLCAPATH"].empty() ? "" : " and " + texts_["SSLCAPATH"])},
            {"init", texts_["INITSTMT"]},
            {"cleartext", is_on("ENABLE_CLEARTEXT_PLUGIN")},
            {"option_file", is_on("USE_MYCNF")},
            {"log_query", is_on("LOG_QUERY")}};
  }

 private:
  static std::string upper_case(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return text;
  }

  // The one name of a text attribute; "" for what is no text attribute.
  static std::string text_name(const std::string& name) {
    static const std::map<std::string, std::string> aliases{
        {"USER", "UID"},         {"PASSWORD", "PWD"}, {"DB", "DATABASE"},          {"SSL-KEY", "SSLKEY"},
        {"SSL-CERT", "SSLCERT"}, {"SSL-CA", "SSLCA"}, {"SSL-CAPATH", "SSLCAPATH"}, {"SSL-CIPHER", "SSLCIPHER"},
        {"SSL-MODE", "SSLMODE"}};
    static const std::vector<std::string> names{
        "DSN",          "DRIVER",   "DESCRIPTION", "SERVER",       "UID",
        "PWD",          "DATABASE", "SOCKET",      "INITSTMT",     "CHARSET",
        "SSLKEY",       "SSLCERT",  "SSLCA",       "SSLCAPATH",    "SSLCIPHER",
        "SSLMODE",      "RSAKEY",   "SAVEFILE",    "PLUGIN_DIR",   "DEFAULT_AUTH",
        "SSLVERIFY",    "SSL-CRL",  "SSL-CRLPATH", "TLS-VERSIONS", "AUTHENTICATION-KERBEROS-MODE",
        "OPENTELEMETRY"};
    const auto alias = aliases.find(name);
    const std::string& one = alias == aliases.end() ? name : alias->second;
    return std::find(names.begin(), names.end(), one) == names.end() ? "" : one;
  }

  // Numbers and switches; those that no test looks at are left out, because unknown names do the same.
  static bool is_number(const std::string& name) {
    static const std::vector<std::string> names{"PORT",      "ENABLE_CLEARTEXT_PLUGIN", "NAMED_PIPE", "USE_MYCNF",
                                                "LOG_QUERY", "ENABLE_DNS_SRV",          "MULTI_HOST", "NO_PROMPT"};
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  // Digits to the first that is none; braces and words are 0.
  static unsigned long number(const char* text) {
    unsigned long value = 0;
    for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + static_cast<unsigned long>(*text - '0');
    return value;
  }

  [[nodiscard]] static std::vector<std::pair<std::string, unsigned long>> bits() {
    return {{"NO_PROMPT", 16}, {"NAMED_PIPE", 8192}, {"USE_MYCNF", 65536}, {"LOG_QUERY", 524288}};
  }
  void set_bits(unsigned long value) {
    for (const auto& [name, bit] : bits()) numbers_[name] = (value & bit) != 0 ? 1 : 0;
  }
  [[nodiscard]] unsigned long all_bits() {
    unsigned long value = 0;
    for (const auto& [name, bit] : bits()) value |= numbers_[name] != 0 ? bit : 0;
    return value;
  }

  // It looks from the name on, and before 8.0.30 takes the first brace.
  [[nodiscard]] const char* end_of_braces(const char* from) const {
    const char* end = from;
    do {
      end = std::strchr(end, '}');
      if (version_ < 80030 || end == nullptr || end[1] == '\0' || end[1] != '}') break;
      end += 2;
    } while (*end != '\0');
    return end;
  }

  // From 8.0.34 on by way of a buffer of 1,024 units, the NUL included.
  void set_text(const std::string& name, const std::string& written) {
    std::string value;
    for (std::size_t i = 0; i < written.size(); ++i) {
      value += written[i];
      if (version_ >= 80030 && written[i] == '}' && i + 1 < written.size() && written[i + 1] == '}') ++i;
    }
    std::size_t units = 0;
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      units += byte >= 0xF0 ? 2 : (byte & 0xC0) == 0x80 ? 0 : 1;
    }
    if (version_ >= 80034 && units > 1023) problem_ = "overflow of the buffer for " + name;
    texts_[name] = value;
  }

  void read_string(const std::string& text) {
    const char* at = text.c_str();
    while (*at != '\0') {
      const char* const start = at;
      const char* split = std::strchr(at, '=');
      if (split == nullptr) {
        problem_ = "Failed to parse the incoming connect string.";
        return;
      }
      while (*at == ' ') ++at;
      if (split - at >= (version_ >= 80034 ? 1000 : 100)) {
        problem_ = "Failed to parse the incoming connect string.";
        return;
      }
      std::string name(at, split);
      while (!name.empty() && name.back() == ' ') name.pop_back();
      name = upper_case(name);
      do ++split;
      while (*split == ' ');
      const char* end = *split == '{' ? end_of_braces(at) : std::strchr(at, ';');
      if (end == nullptr) end = at + std::strlen(at);
      while (end > split && end[-1] == ' ' && *end != '}') --end;
      if (name == "OPTION") {
        set_bits(number(split));
      } else if (const std::string one = text_name(name); !one.empty()) {
        if (*split == '{' && *end == '}') {
          set_text(one, std::string(split + 1, end));
          ++end;
        } else {
          set_text(one, std::string(split, end));
        }
      } else if (is_number(name)) {
        numbers_[name] = number(split);
      }
      at = end;
      while (*at == ';' || *at == ' ') ++at;
      if (at == start) {
        problem_ = "it looks for the end of a brace for ever";
        return;
      }
    }
  }

  void read_section(const Section& section) {
    for (const auto& [key, written] : section) {
      const std::string name = upper_case(key);
      const std::string value = written.substr(0, 255);
      if (value.empty()) continue;
      if (name == "OPTION") {
        set_bits(all_bits() | number(value.c_str()));
      } else if (const std::string one = text_name(name); !one.empty()) {
        texts_[one] = value;
      } else if (is_number(name)) {
        numbers_[name] = number(value.c_str());
      }
    }
  }

  int version_;
  std::string problem_;
  std::map<std::string, std::string> texts_;  // by the first of their names, in upper case
  std::map<std::string, unsigned long> numbers_;
};

}  // namespace iamodbc
