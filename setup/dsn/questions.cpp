// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/questions.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "core/aws/endpoints.h"
#include "core/aws/region.h"
#include "core/aws/regions.h"
#include "core/text.h"
#include "setup/discover/found_dsn.h"
#include "setup/discover/report.h"
#include "setup/discover/search.h"
#include "setup/dsn/base_drivers.h"
#include "setup/dsn/terminal.h"
#include "setup/ini_edit.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

using Id = AttributeId;

constexpr const char* none = "-";  // an answer that takes the attribute out

// Those of AWS's commercial partition, for whoever does not know the name by heart; any other name is taken as well.
std::vector<std::string> region_lines() {
  constexpr std::size_t in_a_line = 4;
  constexpr std::size_t width = 30;
  std::vector<std::string> lines;
  std::size_t shown = 0;
  for (const AwsRegion& region : aws_regions()) {
    if (partition_name(region.name) != "aws") continue;
    if (shown++ % in_a_line == 0) lines.emplace_back();
    std::string& line = lines.back();
    line.resize(line.empty() ? 0 : (line.size() / width + 1) * width, ' ');
    line += std::string(region.name) + " (" + region.place + ")";
  }
  return lines;
}

Error no_answer() {
  return Error{State::general_error, "No answer came. Nothing was written.", 0};
}

std::string needed(const std::string& value) {
  return value.empty() ? "This is needed." : "";
}

std::string fault_of_region(const std::string& value) {
  if (value.empty()) return {};
  const auto choice = choose_region(value, "", System({}, [] { return Time(); }), AwsFiles(), "");
  return choice ? "" : choice.error().message;
}

struct HostAndPort {
  std::string host;
  std::string port;
};

// "host" or "host:port"; an IPv6 address has more than one colon, and no port here.
HostAndPort split_host(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string fault_of_port(const std::string& value) {
  const auto port = value.empty() ? 1 : parse_integer(value).value_or(0);
  return port < 1 || port > 65535 ? "A port is a number from 1 to 65535." : "";
}

std::string fault_of_host(const std::string& value) {
  if (value.empty()) return "This is needed.";
  const HostAndPort split = split_host(value);
  if (split.host.empty()) return "Write it as host or host:port.";
  if (value.find_first_of("/@, ") != std::string::npos) return "One host, please: host or host:port.";
  return fault_of_port(split.port);
}

class Interview {
 public:
  Interview(DsnLines& lines, const OdbcFiles& files, const System& system)
      : lines_(lines), files_(files), system_(system), aws_(AwsFiles::read(system)) {}

  std::optional<Error> run(std::string& name) {
    if (name.empty() && !answered("Name of the DSN", "", &name, fault_of_name())) return no_answer();
    const bool is_guided = value_of(lines_, Id::server).empty() || value_of(lines_, Id::uid).empty();
    if (leaves_place_to_aws(lines_)) return ask_profile() && ask_region() ? std::nullopt : std::optional(no_answer());
    if (!has(Id::base_dsn) && (!ask_host() || !ask_user())) return no_answer();
    if (!ask_base_driver()) return no_answer();
    if (is_guided && !has(Id::base_dsn) && (!ask_database() || !ask_profile())) return no_answer();
    if (!ask_region()) return no_answer();
    return std::nullopt;
  }

 private:
  using Fault = std::function<std::string(const std::string&)>;

  static bool answered(const std::string& text, const std::string& default_answer, std::string* answer,
                       const Fault& fault) {
    const auto given = ask({text, default_answer, {}, {}, fault});
    if (given) *answer = *given;
    return given.has_value();
  }

  [[nodiscard]] Fault fault_of_name() const {
    return [this](const std::string& name) -> std::string {
      if (const auto error = unusable_dsn_name(name)) return error->message;
      const std::string file = files_.data_source_file(name);
      return file.empty() ? "" : "There is a DSN of this name in " + file + ". Take another name.";
    };
  }

  [[nodiscard]] bool has(Id id) const { return !value_of(lines_, id).empty(); }
  void set(Id id, const std::string& value) {
    if (!value.empty()) lines_.push_back({attribute_row(id).name, value});
  }

  bool ask_host() {
    if (has(Id::server)) return true;
    const auto answer = ask({"Server, the endpoint of the database (? lists those that AWS has; host or host:port)",
                             "",
                             {},
                             {},
                             fault_of_host,
                             [this] { return found_in_aws(); }});
    if (!answer) return false;
    const auto known = std::find_if(found_.begin(), found_.end(),
                                    [&](const FoundDatabase& one) { return endpoint_of(one) == *answer; });
    if (known != found_.end()) {
      for (const DsnLine& line : dsn_lines_of(*known, files_)) {
        const AttributeRow* const row = find_attribute(line.name);
        if (row == nullptr || value_of(lines_, row->id).empty()) lines_.push_back(line);
      }
      return true;
    }
    const HostAndPort split = split_host(*answer);
    set(Id::server, split.host);
    if (!has(Id::port)) set(Id::port, split.port);
    return true;
  }

  // Asks AWS, which takes its time; what goes wrong is said, and the question stands.
  std::vector<TerminalOffer> found_in_aws() {
    DiscoverQuestion question;
    question.profile = value_of(lines_, Id::profile);
    if (has(Id::region)) question.regions = {value_of(lines_, Id::region)};
    question.all_if_unknown = true;
    auto inventory = discover_databases(question);
    found_.clear();
    if (!inventory) {
      complain(inventory.error());
      return {};
    }
    for (const std::string& text : unanswered_in_words(inventory.value())) warn(text);
    for (FoundDatabase& one : inventory.value().databases) {
      if (one.family != Family::none && !one.host.empty()) found_.push_back(std::move(one));
    }
    if (found_.empty()) complain("nothing was found there");
    const std::vector<std::string> lines = table_of(found_);
    std::vector<TerminalOffer> offers;
    for (std::size_t i = 0; i < found_.size(); ++i) offers.push_back({endpoint_of(found_[i]), lines[i + 1]});
    return offers;
  }

  bool ask_user() {
    if (has(Id::uid)) return true;
    std::string answer;
    if (!answered("Database user", "", &answer, needed)) return false;
    set(Id::uid, answer);
    return true;
  }

  // Asked only where several are installed and neither options nor port tell.
  bool ask_base_driver() {
    tell_base_driver(lines_, files_);
    if (has(Id::base_driver) || has(Id::engine) || has(Id::base_dsn)) return true;
    std::vector<std::string> names;
    for (const InstalledDriver& one : installed_base_drivers(files_)) names.push_back(one.section);
    if (names.size() < 2) return true;  // what is missing is said when it is written
    const auto answer = ask({"Driver of the database, one of these or its file", "", names, {}, needed});
    if (!answer) return false;
    set(Id::base_driver, *answer);
    return true;
  }

  bool ask_database() {
    if (has(Id::database)) return true;
    std::string answer;
    if (!answered("Database (Enter: the server's choice)", "", &answer, {})) return false;
    set(Id::database, answer);
    return true;
  }

  // Asked only where there is a choice, and nothing else says where the keys are.
  bool ask_profile() {
    for (const Id id : {Id::profile, Id::credentials, Id::access_key_id, Id::sso_session, Id::sso_start_url,
                        Id::credential_process, Id::web_identity_token_file}) {
      if (has(id)) return true;
    }
    if (same_name(value_of(lines_, Id::auth_type), "Password")) return true;
    std::vector<std::string> names = aws_.profile_names();
    if (names.empty() || names == std::vector<std::string>{"default"}) return true;
    const auto fault = [&](const std::string& name) {
      const bool is_one = name.empty() || std::find(names.begin(), names.end(), name) != names.end();
      return is_one ? "" : "There is no such profile. " + aws_.hint(name);
    };
    const auto given = ask({"AWS profile (Enter: whatever this environment has)", "", names, {}, fault});
    if (!given) return false;
    set(Id::profile, *given);
    return true;
  }

  bool ask_region() {
    const bool is_known = !has(Id::server) && !leaves_place_to_aws(lines_);
    if (has(Id::region) || is_known || same_name(value_of(lines_, Id::auth_type), "Password")) return true;
    const std::string& host = has(Id::token_host) ? value_of(lines_, Id::token_host) : value_of(lines_, Id::server);
    // Amazon RDS will say, or DNS.
    const bool is_found_out = read_host_name(host).kind == HostKind::rds_global ||
                              same_name(trimmed(value_of(lines_, Id::resolve_cname)), "yes");
    if (is_found_out) return true;
    const std::string profile = chosen_profile(system_, value_of(lines_, Id::profile)).name;
    if (choose_region("", host, system_, aws_, profile)) return true;
    const auto given =
        ask({"AWS region of the database, as eu-central-1 (? lists them; Enter: whatever the environment will say)",
             "",
             {},
             region_lines(),
             fault_of_region});
    if (!given) return false;
    set(Id::region, *given);
    return true;
  }

  DsnLines& lines_;
  const OdbcFiles& files_;
  const System& system_;
  AwsFiles aws_;
  std::vector<FoundDatabase> found_;  // in AWS, by whoever asked for it
};

// One attribute that `edit` goes through.
struct Item {
  Id id;
  bool is_needed;
  std::vector<std::string> choices;
  std::vector<std::string> further;
};

std::optional<std::string> ask_for_change(const Item& item, const std::string& now) {
  const auto fault = [&](const std::string& value) {
    if (item.id == Id::region && value != none) return fault_of_region(value);
    if (item.id == Id::port && value != none) return fault_of_port(value);
    return item.is_needed ? needed(value == none ? "" : value) : std::string();
  };
  std::string hint = item.further.empty() ? " (" : " (? lists them; ";
  hint += item.is_needed || now.empty() ? "Enter keeps it)" : "Enter keeps it; -: none)";
  return ask({attribute_row(item.id).name + hint, now, item.choices, item.further, fault});
}

}  // namespace

std::optional<Error> ask_for_new_dsn(std::string& name, DsnLines& lines, const OdbcFiles& files, const System& system) {
  return Interview(lines, files, system).run(name);
}

std::optional<Error> ask_for_changes(const IniSection& section, DsnLines& lines, const OdbcFiles& files,
                                     const System& system) {
  const BaseDriverProfile& profile = profile_of_dsn(section.name, files, system);
  const AwsFiles aws = AwsFiles::read(system);
  for (const Item& item :
       {Item{Id::server, true, {}, {}}, Item{Id::port, false, {}, {}}, Item{Id::database, false, {}, {}},
        Item{Id::uid, true, {}, {}}, Item{Id::profile, false, aws.profile_names(), {}},
        Item{Id::region, false, {}, region_lines()}}) {
    const std::string name = attribute_row(item.id).name;
    std::string now;
    for (const IniEntry& entry : section.entries) {
      if (is_same_attribute(entry.key, name, profile)) now = entry.value;
    }
    const auto answer = ask_for_change(item, now);
    if (!answer) return no_answer();
    if (*answer != now) lines.push_back({name, *answer == none ? "" : *answer});
  }
  return std::nullopt;
}

}  // namespace iamodbc
