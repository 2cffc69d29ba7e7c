// terminal: questions to the person at the terminal, on standard error; answers from standard input.
// Thread rule: one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace iamodbc {

// Whether somebody is there to ask.
bool has_terminal();

struct TerminalOffer {
  std::string answer;
  std::string shown;
};

struct TerminalQuestion {
  std::string text;                                      // "Database user"
  std::string default_answer;                            // what an empty answer means
  std::vector<std::string> choices;                      // offered by number; other answers are possible
  std::vector<std::string> further;                      // shown when the answer is `?`
  std::function<std::string(const std::string&)> fault;  // why the answer will not do; empty: it will
  std::function<std::vector<TerminalOffer>()> offers{};  // looked for when the answer is `?`, and then chosen by number
};

// Asks until the answer will do. Nothing: the input ended, or no answer did.
std::optional<std::string> ask(const TerminalQuestion& question);

}  // namespace iamodbc
