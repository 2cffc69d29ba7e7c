// deadline: when a whole login has to be done. Made once, from SQL_ATTR_LOGIN_TIMEOUT, and handed from room to room; the steady clock, so that a clock set anew
// while somebody connects changes nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/error.h"

namespace iamodbc {

using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline no_deadline = Deadline::max();

// HYT00 when it has passed.
inline std::optional<Error> passed(Deadline deadline, const std::string& while_doing) {
  if (deadline == no_deadline || std::chrono::steady_clock::now() < deadline) return std::nullopt;
  return Error{State::login_timeout,
               "The login time-out passed while " + while_doing +
                   ". Give the application a longer login time-out, or look at what takes so long with LogLevel=debug.",
               0};
}

}  // namespace iamodbc
