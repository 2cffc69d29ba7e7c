// SPDX-License-Identifier: Apache-2.0
#include "setup/progress.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
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

void Progress::at(std::size_t done, std::size_t all) {
  const std::scoped_lock hold(lock_);
  done_ = done;
  all_ = all;
}

std::string Progress::bar() const {
  constexpr std::size_t width = 20;
  if (all_ == 0) return {};
  const std::size_t full = std::min(done_, all_) * width / all_;
  return " [" + std::string(full, '#') + std::string(width - full, '-') + "] " + std::to_string(done_) + "/" +
         std::to_string(all_);
}

void Progress::show() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock hold(lock_);
  std::chrono::milliseconds wait = std::chrono::seconds(1);
  std::string on_screen;
  while (!changed_.wait_for(hold, wait, [this] { return is_over_; })) {
    if (is_somebody_asked()) {
      on_screen.clear();  // the question stands there now
      continue;
    }
    const auto time = std::chrono::steady_clock::now() - start;
    std::string text =
        what_ + bar() + " ... " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
    wait = std::chrono::milliseconds(all_ == 0 ? 1000 : 200);
    if (text == on_screen) continue;
    put("\r" + text + "\r");  // a question that comes is written over it
    on_screen = std::move(text);
  }
  if (!on_screen.empty()) put(std::string(on_screen.size() + 2, ' ') + "\r");
}

}  // namespace iamodbc
