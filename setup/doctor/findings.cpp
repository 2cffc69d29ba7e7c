// SPDX-License-Identifier: Apache-2.0
#include "setup/doctor/findings.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/addresses.h"
#include "core/credentials/credentials.h"
#include "core/system.h"
#include "core/text.h"
#include "setup/doctor/advice.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

struct MarkLook {
  const char* text;
  const char* json;
  const char* color;
};

MarkLook look_of(Mark mark) {
  switch (mark) {
    case Mark::ok:
      return {"ok", "ok", "\x1b[32m"};
    case Mark::note:
      return {"note", "note", ""};
    case Mark::warning:
      return {"warning", "warning", "\x1b[33m"};
    case Mark::failed:
      return {"FAILED", "failed", "\x1b[31m"};
    case Mark::skipped:
      break;
  }
  return {"skipped", "skipped", ""};
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(std::max(width, text.size() + 1) - text.size(), ' ');
}

constexpr std::size_t mark_width = 9;
constexpr std::size_t step_width = 15;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_key_letter(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_part_of_a_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

// Runs of at least `least` characters of a kind, changed.
template <class Belongs, class Change>
std::string with_runs(const std::string& text, std::size_t least, const Belongs& belongs, const Change& change) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = static_cast<std::size_t>(
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), belongs) - text.begin());
    if (end == at) {
      result += text[at++];
      continue;
    }
    const std::string run = text.substr(at, end - at);
    result += run.size() >= least ? change(run) : run;
    at = end;
  }
  return result;
}

std::string without_accounts(const std::string& text) {
  return with_runs(text, 12, is_digit,
                   [](const std::string& run) { return run.size() == 12 ? "..." + run.substr(8) : run; });
}

std::string without_key_ids(const std::string& text) {
  constexpr std::array prefixes{"AKIA", "ASIA", "AIDA", "AROA", "AGPA", "ANPA", "ABIA", "ACCA"};
  return with_runs(text, 16, is_key_letter, [&](const std::string& run) {
    const bool is_id =
        std::any_of(prefixes.begin(), prefixes.end(), [&](const char* one) { return run.starts_with(one); });
    return is_id ? masked_key_id(run) : run;
  });
}

// arn:aws:sts::111122223333:assumed-role/ROLE/SESSION: the session is often a person's address.
std::string without_session_names(std::string text) {
  constexpr std::string_view start = ":assumed-role/";
  for (std::size_t at = 0; (at = text.find(start, at)) != std::string::npos;) {
    at += start.size();
    const std::size_t slash = text.find('/', at);
    const std::size_t blank = std::min(text.find_first_of(" ,;\"')", at), text.size());
    if (slash >= blank) continue;
    text.replace(slash + 1, blank - slash - 1, "...");
  }
  return text;
}

// "https://me@corp.awsapps.com:443/start": where the authority begins, its host, and where that ends.
struct UrlHost {
  std::size_t start = 0;
  std::size_t end = 0;
  std::string host;  // an IPv6 address without its brackets
};

std::optional<UrlHost> url_host_after(const std::string& text, std::size_t from) {
  const std::size_t scheme_end = text.find("://", from);
  if (scheme_end == std::string::npos) return std::nullopt;
  const std::size_t start = scheme_end + 3;
  const std::string authority =
      text.substr(start, std::min(text.find_first_of("/?# \"',;)", start), text.size()) - start);
  const std::size_t at_sign = authority.rfind('@');
  const std::size_t name = at_sign == std::string::npos ? 0 : at_sign + 1;
  const bool is_bracketed = name < authority.size() && authority[name] == '[';
  const std::size_t end = std::min(authority.find(is_bracketed ? ']' : ':', name), authority.size());
  const std::string host = authority.substr(name + (is_bracketed ? 1 : 0), end - name - (is_bracketed ? 1 : 0));
  return UrlHost{start, start + std::min(end + (is_bracketed ? 1 : 0), authority.size()), host};
}

bool is_of_aws(const std::string& host) {
  return lower(host).ends_with(".amazonaws.com") || lower(host).ends_with(".amazonaws.com.cn");
}

// "https://corp.awsapps.com/start" tells who asks; AWS's own services do not. Whoever stands before an @ goes, too.
std::string without_hosts_of_urls(std::string text) {
  std::size_t from = 0;
  while (const auto url = url_host_after(text, from)) {
    const std::string by = is_of_aws(url->host) || url->host.starts_with("host-") ? url->host : "host";
    text.replace(url->start, url->end - url->start, by);
    from = url->start;
  }
  return text;
}

// Servers tell the address that they see, libcurl that of a proxy.
std::string without_addresses(const std::string& text) {
  const auto by_address = [](const std::string& run) {
    const std::size_t end = run.find_last_not_of(".:") + 1;  // of the sentence
    return end > 0 && is_numeric_address(run.substr(0, end)) ? "address" + run.substr(end) : run;
  };
  const auto is_of_word = [](char c) { return is_part_of_a_name(c) || is_key_letter(c) || c == ':' || c == '.'; };
  const auto is_of_ipv4 = [](char c) { return is_digit(c) || c == '.'; };
  return with_runs(with_runs(text, 3, is_of_word, by_address), 7, is_of_ipv4, by_address);
}

// 'jane'@'laptop.corp.example': as MySQL and MariaDB name who is refused.
std::string without_clients(std::string text) {
  constexpr std::string_view start = "'@'";
  for (std::size_t at = 0; (at = text.find(start, at)) != std::string::npos;) {
    at += start.size();
    const std::size_t end = text.find('\'', at);
    if (end != std::string::npos) text.replace(at, end - at, "host");
  }
  return text;
}

// Where it stands by itself, letter case ignored.
std::string replaced(const std::string& text, const std::string& what, const std::string& by) {
  const std::string low = lower(text);
  const std::string wanted = lower(what);
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = low.find(wanted, at)) != std::string::npos;) {
    const std::size_t end = at + wanted.size();
    const bool is_whole =
        (at == 0 || !is_part_of_a_name(low[at - 1])) && (end == low.size() || !is_part_of_a_name(low[end]));
    if (is_whole) {
      result.append(text, done, at - done).append(by);
      done = end;
    }
    at = is_whole ? end : at + 1;
  }
  return result.append(text, done);
}

std::string platform() {
  utsname system{};
  if (uname(&system) != 0) return "an unknown system";
  return std::string(system.sysname) + " " + system.release + " " + system.machine;
}

std::string json_of(const Finding& finding, const std::vector<std::string>& secrets) {
  std::vector<std::string> found;
  for (const std::string& line : finding.found) found.push_back(json_string(without_secrets(shown(line), secrets)));
  std::vector<std::string> advice;
  for (const char* const id : finding.advice) {
    const Advice* const row = find_advice(id);
    if (row == nullptr) continue;
    advice.push_back("{\"id\": " + json_string(id) + ", \"problem\": " + json_string(row->problem) +
                     ", \"cause\": " + json_string(row->cause) + ", \"remedy\": " + json_string(row->remedy) + "}");
  }
  return "{\"step\": " + json_string(finding.step) + ", \"result\": " + json_string(look_of(finding.mark).json) +
         ", \"found\": " + json_list(found) + ", \"advice\": " + json_list(advice) + "}";
}

bool was_given(const std::vector<Finding>& before, std::string_view id) {
  return std::any_of(before.begin(), before.end(), [&](const Finding& one) {
    return std::any_of(one.advice.begin(), one.advice.end(), [&](const char* given) { return given == id; });
  });
}

std::vector<bool> news(const std::vector<Finding>& before, const Finding& finding) {
  std::vector<bool> is_new;
  for (const char* const id : finding.advice) is_new.push_back(!was_given(before, id));
  return is_new;
}

bool is_colored() {
  return isatty(STDOUT_FILENO) != 0 && !System().set_variable("NO_COLOR");
}

}  // namespace

std::vector<std::string> hosts_of_urls(const std::string& text) {
  std::vector<std::string> hosts;
  std::size_t from = 0;
  while (const auto url = url_host_after(text, from)) {
    if (!url->host.empty() && !is_of_aws(url->host)) hosts.push_back(url->host);
    from = url->end;
  }
  return hosts;
}

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    for (std::size_t at = 0; secret.size() > 3 && (at = text.find(secret, at)) != std::string::npos; at += 3)
      text.replace(at, secret.size(), "***");
  }
  return text;
}

namespace {

// What a credential_process or a prompt wrote about its failure may be anything.
std::string without_words_of_programs(std::string text) {
  for (const std::string_view how : {"failed with exit status ", "was ended by signal "}) {
    const std::size_t at = text.find(how);
    const std::size_t colon = at == std::string::npos ? at : text.find(": ", at);
    if (colon != std::string::npos) text = text.substr(0, colon) + ": (what it said is left out)";
  }
  return text;
}

}  // namespace

std::string redacted(std::string text, const Privacy& privacy) {
  text = without_words_of_programs(std::move(text));
  text = without_secrets(std::move(text), privacy.secrets);
  for (std::size_t i = 0; i < privacy.hosts.size(); ++i)
    text = replaced(text, privacy.hosts[i], "host-" + std::to_string(i + 1));
  if (!privacy.shows_hosts) text = without_addresses(without_clients(without_hosts_of_urls(std::move(text))));
  for (const std::string& home : privacy.homes) {
    if (home.size() > 1) text = replaced(text, home, "~");
  }
  return without_accounts(without_key_ids(without_session_names(std::move(text))));
}

std::vector<std::string> text_of(const Finding& finding, const std::vector<bool>& is_new) {
  std::vector<std::string> lines;
  std::string start = padded(look_of(finding.mark).text, mark_width) + padded(finding.step, step_width);
  for (const std::string& line : finding.found) {
    lines.push_back(start + shown(line));
    start = std::string(mark_width + step_width, ' ');
  }
  const std::string margin(mark_width, ' ');
  for (std::size_t i = 0; i < finding.advice.size(); ++i) {
    const Advice* const row = find_advice(finding.advice[i]);
    if (row == nullptr) continue;
    const std::string id = margin + "-> " + row->id + ": ";
    lines.push_back(id + (is_new[i] ? std::string(row->problem) + ". " + row->cause : "see above"));
    if (is_new[i]) lines.push_back(margin + "   What to do: " + row->remedy);
  }
  return lines;
}

void Findings::add(Finding finding) {
  if (prints_) {
    auto lines = text_of(finding, news(all_, finding));
    const MarkLook look = look_of(finding.mark);
    if (*look.color != '\0' && !lines.empty() && is_colored())
      lines.front().replace(0, std::string_view(look.text).size(), std::string(look.color) + look.text + "\x1b[0m");
    for (const std::string& line : lines) print(line);
  }
  all_.push_back(std::move(finding));
}

void Findings::add_failure(std::string step, const std::string& sqlstate, const std::string& message,
                           const char* otherwise) {
  add(std::move(step), Mark::failed, "[" + sqlstate + "] " + message, {advice_for(message, otherwise)});
}

bool Findings::has_failed() const {
  return std::any_of(all_.begin(), all_.end(), [](const Finding& one) { return one.mark == Mark::failed; });
}

std::string Findings::summary() const {
  const auto count = [this](Mark mark) {
    return std::count_if(all_.begin(), all_.end(), [&](const Finding& one) { return one.mark == mark; });
  };
  const auto failed = count(Mark::failed);
  const auto warnings = count(Mark::warning);
  if (failed == 0 && warnings == 0) return "all is well";
  return std::to_string(failed) + " failed, " + std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings");
}

std::string json_of(const Findings& findings, const std::string& subject, const std::vector<std::string>& secrets) {
  std::string steps;
  for (const Finding& finding : findings.all()) steps += (steps.empty() ? "\n" : ",\n") + json_of(finding, secrets);
  return "{\"version\": " + json_string(IAMODBC_VERSION) + ", \"subject\": " + json_string(subject) +
         ", \"ok\": " + (findings.has_failed() ? "false" : "true") + ", \"steps\": [" + steps + "]}";
}

std::string report_of(const Findings& findings, const std::string& subject, const Privacy& privacy) {
  const std::string outcome = findings.summary();
  std::string text = "iamodbc " IAMODBC_VERSION ", " + platform() + ": `iamodbc doctor`" +
                     (subject.empty() ? "" : " of a DSN") + ": " + outcome + "\n\n```\n";
  std::vector<Finding> before;
  for (const Finding& finding : findings.all()) {
    for (const std::string& line : text_of(finding, news(before, finding))) text += redacted(line, privacy) + "\n";
    before.push_back(finding);
  }
  return text + "```\n\nSecrets are not in it; account ids, key ids" + (privacy.shows_hosts ? "" : ", host names") +
         " and the home folder are shortened or replaced. Read it through before you publish it.";
}

}  // namespace iamodbc
