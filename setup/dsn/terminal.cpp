// SPDX-License-Identifier: Apache-2.0
#include "setup/dsn/terminal.h"

#include <unistd.h>

#include <cstddef>
#include <iostream>
#include <utility>

#include "core/text.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

constexpr int most_tries = 10;

void show(const std::string& text) {
  std::cerr << text << std::flush;
}

void show_list(const std::vector<std::string>& lines, bool is_numbered) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    show("  " + (is_numbered ? std::to_string(i + 1) + ") " : "") + shown(lines[i]) + "\n");
  }
}

// The choice that a number stands for, else the answer itself.
std::string chosen(const TerminalQuestion& question, const std::vector<std::string>& choices,
                   const std::string& answer) {
  if (answer.empty()) return question.default_answer;
  const auto number = parse_integer(answer);
  if (!number || *number < 1 || static_cast<std::size_t>(*number) > choices.size()) return answer;
  return choices[static_cast<std::size_t>(*number) - 1];
}

// Looks for what there is to offer and shows it; the answers that its numbers stand for.
std::vector<std::string> offered(const TerminalQuestion& question) {
  std::vector<std::string> answers;
  std::vector<std::string> lines;
  for (TerminalOffer& one : question.offers()) {
    answers.push_back(std::move(one.answer));
    lines.push_back(std::move(one.shown));
  }
  show_list(lines, true);
  return answers;
}

}  // namespace

bool has_terminal() {
  return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

std::optional<std::string> ask(const TerminalQuestion& question) {
  std::vector<std::string> choices = question.choices;
  for (int i = 0; i < most_tries; ++i) {
    show_list(question.choices, true);
    show(question.text + (question.default_answer.empty() ? "" : " [" + shown(question.default_answer) + "]") + ": ");
    std::string line;
    if (!std::getline(std::cin, line)) {
      show("\n");
      return std::nullopt;
    }
    const std::string typed(trimmed(line));
    if (typed == "?" && !question.further.empty()) {
      show_list(question.further, false);
      continue;
    }
    if (typed == "?" && question.offers) {
      choices = offered(question);
      continue;
    }
    const std::string answer = chosen(question, choices, typed);
    const std::string fault = question.fault ? question.fault(answer) : "";
    if (fault.empty()) return answer;
    show("  " + shown(fault) + "\n");
  }
  return std::nullopt;
}

}  // namespace iamodbc
