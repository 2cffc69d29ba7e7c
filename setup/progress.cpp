// SPDX-License-Identifier: Apache-2.0
#include "setup/progress.h"

#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <system_error>
#include <utility>

#include "setup/output.h"

namespace iamodbc {
namespace {

void put(const std::string& text) {
  static_cast<void>(std::fputs(text.c_str(), stderr));
  static_cast<void>(std::fflush(stderr));
}

bool is_somebody_asked() {
  termios terminal{};
  return tcgetattr(STDERR_FILENO, &terminal) == 0 && (terminal.c_lflag & static_cast<tcflag_t>(ECHO)) == 0;
}

}  // namespace

bool may_talk(const CredentialSettings& settings) {
  return !settings.mfa_prompt.empty() || !settings.key_prompt.empty() || !settings.credential_process.empty() ||
         settings.sso_login != SsoSignIn::never;
}

Progress::Progress(std::string_view what) : what_(shown(what)) {
  if (isatty(STDERR_FILENO) == 0) return;
  try {
    shower_ = std::thread([this] { show(); });
  } catch (const std::system_error&) {
    // No thread is left: it works without.
  }
}

Progress::~Progress() {
  if (!shower_.joinable()) return;
  {
    const std::scoped_lock hold(lock_);
    is_over_ = true;
  }
  changed_.notify_one();
  shower_.join();
}

void Progress::show() {
  std::unique_lock hold(lock_);
  bool is_shown = false;
  for (int seconds = 1; !changed_.wait_for(hold, std::chrono::seconds(1), [this] { return is_over_; }); ++seconds) {
    if (is_somebody_asked()) {
      is_shown = false;  // the question stands there now
      continue;
    }
    put("\r" + what_ + " ... " + std::to_string(seconds) + " s\r");  // a question that comes is written over it
    is_shown = true;
  }
  if (is_shown) put(std::string(what_.size() + 16, ' ') + "\r");
}

}  // namespace iamodbc
