// progress: what is being waited for, on standard error, from the first second on and until it is over; where that is no
// terminal, nothing at all.
// It keeps silent while somebody is asked for a secret (the terminal does not echo then); what else talks on the same
// terminal is not waited for in this way.
// Thread rule: one at a time; at() from any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "core/credentials/provider.h"

namespace iamodbc {

class Progress {
 public:
  // `what` is shown as "what ... 3 s".
  explicit Progress(std::string_view what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // How much of it is done: from then on it is shown as "what [####----------------] 7/34 ... 3 s".
  void at(std::size_t done, std::size_t all);

 private:
  void show();
  [[nodiscard]] std::string bar() const;

  std::string what_;
  std::mutex lock_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::size_t done_ = 0;
  std::size_t all_ = 0;  // 0: not known
  std::thread shower_;
};

// What `work` gives; the person at the terminal sees what it waits for.
template <class Work>
auto waited(std::string_view what, const Work& work) {
  const Progress progress(what);
  return work();
}

// Whether programs or sign-ins that these settings name may talk to somebody on the terminal.
bool may_talk(const CredentialSettings& settings);

// What `work`, a search for AWS credentials, gives.
template <class Work>
auto searched(const CredentialSettings& settings, const Work& work) {
  return may_talk(settings) ? work() : waited("looking for AWS credentials", work);
}

}  // namespace iamodbc
