// SPDX-License-Identifier: Apache-2.0
#include "setup/progress.h"

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

}  // namespace

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
  int seconds = 0;
  while (!changed_.wait_for(hold, std::chrono::seconds(1), [this] { return is_over_; })) {
    put("\r" + what_ + " ... " + std::to_string(++seconds) + " s");
  }
  if (seconds != 0) put("\r" + std::string(what_.size() + 16, ' ') + "\r");
}

}  // namespace iamodbc
