// not_cancelled: puts pthread_cancel off while it lives. For destructors that close, wait or write: all of these are places where a thread ends that somebody cancelled, a
// destructor may not be left that way, and std::terminate would end the program. Thread rule: lives and dies on one thread's stack.
// Source: pthreads(7), "Cancellation points"
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

namespace iamodbc {

class NotCancelled {
 public:
  NotCancelled() { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~NotCancelled() { pthread_setcancelstate(before_, nullptr); }
  NotCancelled(const NotCancelled&) = delete;
  NotCancelled& operator=(const NotCancelled&) = delete;

 private:
  int before_ = PTHREAD_CANCEL_ENABLE;
};

}  // namespace iamodbc
