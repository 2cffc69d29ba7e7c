// advice: THE table of what goes wrong with IAM logins: how it shows, why, and what to do. `iamodbc doctor` points into it, docs/troubleshooting.md prints it.
// Thread rule: constant data and pure functions.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html and ...IAMDBAuth.Troubleshooting.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace iamodbc {

struct Advice {
  const char* id;  // also the anchor in docs/troubleshooting.md
  const char* problem;
  std::array<const char*, 7> messages;  // parts of messages that lead here, ASCII case ignored; nullptr at the end
  const char* cause;
  const char* remedy;
};

// In the order of a connect. Of two rows that fit a message the earlier one counts, so the special stands before the general.
std::span<const Advice> advice_table();
// The row of that id; nullptr when there is none.
const Advice* find_advice(std::string_view id);
// The id that a message leads to; `otherwise` when none does.
const char* advice_for(std::string_view message, const char* otherwise);

}  // namespace iamodbc
