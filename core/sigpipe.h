// sigpipe: holds SIGPIPE back from this thread, so that writing to a pipe or a connection that nobody reads any more ends in an error, not in the process's end. One
// that arose meanwhile is taken away; one that was pending before stays. Thread rule: lives and dies on one thread's stack.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <ctime>

#include "core/not_cancelled.h"

namespace iamodbc {

class SigpipeHeld {
 public:
  SigpipeHeld() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGPIPE);
    was_pending_ = is_pending();
    is_held_ = pthread_sigmask(SIG_BLOCK, &signal_, &before_) == 0;
  }
  ~SigpipeHeld() {
    if (!is_held_) return;
    const NotCancelled not_cancelled;
    // Does not wait: one that was sent to the process may be taken by another thread meanwhile.
    constexpr timespec at_once{};
    if (!was_pending_ && is_pending()) sigtimedwait(&signal_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeHeld(const SigpipeHeld&) = delete;
  SigpipeHeld& operator=(const SigpipeHeld&) = delete;

 private:
  static bool is_pending() {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
  }

  sigset_t signal_{};
  sigset_t before_{};
  bool was_pending_ = false;
  bool is_held_ = false;
};

}  // namespace iamodbc
