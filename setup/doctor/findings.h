// findings: what a doctor's steps found, and how it is shown: as text, as JSON, or as a report for others to read.
// Shape of the text: "ok       driver         /usr/lib/odbc/libiamodbc.so", further lines of a step below, then an arrow for each advice.
// Thread rule: one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace iamodbc {

// skipped: not done, because something before it failed. note: worth knowing, nothing is wrong.
enum class Mark { ok, note, warning, failed, skipped };

struct Finding {
  std::string step;
  Mark mark = Mark::ok;
  std::vector<std::string> found;   // lines; no secrets
  std::vector<const char*> advice;  // ids of the table
};

// What a report for others may not show. Values are taken out wherever they stand.
struct Privacy {
  std::vector<std::string> secrets;
  std::vector<std::string> hosts;  // names and addresses: "host-1", ...
  std::vector<std::string> homes;  // become ~
  bool shows_hosts = false;        // then `hosts` is empty, and those of URLs stay too; else only AWS's own do
};
// Every other address goes, too, with the hosts of URLs and of who MySQL refuses, unless hosts are shown.
// So does what a program that failed said. Account ids are cut to their last four digits, key ids to both ends, names of a role's session to "...".
std::string redacted(std::string text, const Privacy& privacy);
// The secrets become ***; those of up to three characters stay, because they stand in other words as well.
std::string without_secrets(std::string text, const std::vector<std::string>& secrets);
// The hosts of the URLs in a text, but AWS's own services.
std::vector<std::string> hosts_of_urls(const std::string& text);

class Findings {
 public:
  // `prints`: each finding at once, as text.
  explicit Findings(bool prints) : prints_(prints) {}

  void add(Finding finding);
  void add(std::string step, Mark mark, std::string found, std::vector<const char*> advice = {}) {
    add(Finding{std::move(step), mark, {std::move(found)}, std::move(advice)});
  }
  // The advice is what the message leads to, else `otherwise`.
  void add_failure(std::string step, const std::string& sqlstate, const std::string& message, const char* otherwise);

  [[nodiscard]] bool has_failed() const;
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  [[nodiscard]] std::string summary() const;  // "1 failed, 2 warnings"

 private:
  bool prints_;
  std::vector<Finding> all_;
};

// The lines of a finding; each advice is written out the first time (`is_new`) and named later.
std::vector<std::string> text_of(const Finding& finding, const std::vector<bool>& is_new);
// One object: version, subject, ok, steps.
std::string json_of(const Findings& findings, const std::string& subject, const std::vector<std::string>& secrets);
// Markdown, redacted.
std::string report_of(const Findings& findings, const std::string& subject, const Privacy& privacy);

}  // namespace iamodbc
