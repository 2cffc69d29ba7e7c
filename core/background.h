// background: a program that runs beside this process until it is ended.
// It has a session of its own (Ctrl-C on our terminal is not for it, and it finds no terminal to ask on), an empty standard input and no file of ours. The end of what it
// prints is kept, standard output and error alike; it never waits for a reader. However this process ends, by a crash too, the kernel sends SIGTERM to the program and its
// children: two sockets of ours that know each other are told to do so when one of them is closed. (PR_SET_PDEATHSIG would fire when the thread ends that started it.)
// A child of a fork calls disown(): the program stays its parent's.
// Errors: 28000 when it cannot be started. Nothing is asked of SIGCHLD; where the host reaps all children itself, the exit status is unknown.
// Thread rule: one thread at a time; only end() and the destructor wait, for at most four seconds, and much less for a program that obeys SIGTERM.
// Source: fcntl(2), F_SETOWN and F_SETSIG; waitid(2); memfd_create(2)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace iamodbc {

class Background {
 public:
  // `words`: the program and its arguments. `what`: for messages, "Tunnel (ssh)".
  static Result<std::unique_ptr<Background>> start(const std::vector<std::string>& words, const std::string& what);
  Background() = default;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  bool has_ended();
  // Of waitpid; absent while it runs, and when the host took it.
  [[nodiscard]] std::optional<int> status() const { return status_; }
  // At most so much of the end of what it printed; may hold secrets. What is older is given back to the system now and then; 16 MiB that nobody has looked at are kept
  // at most, and what it prints beyond is lost.
  std::string last_output(std::size_t max_bytes);
  // SIGTERM to the program and its children, SIGKILL if it does not obey; no zombie stays.
  void end();
  // Closes what a fork has doubled and leaves the program alone. Allocates nothing.
  void disown();

 private:
  class Descriptor {
   public:
    Descriptor() = default;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();
    [[nodiscard]] int get() const { return number_; }
    void reset(int number = -1);

   private:
    int number_ = -1;
  };

  bool open_files();
  [[nodiscard]] std::string end_of_output(std::size_t max_bytes) const;
  void tie();
  void reap();
  void wait_until_ended(int milliseconds);

  pid_t pid_ = -1;          // also its process group's; -1: none, or not ours
  bool has_ended_ = false;  // it is a zombie of ours, or the host has reaped it
  bool is_reaped_ = false;
  std::optional<int> status_;
  Descriptor output_;
  Descriptor tie_;
  Descriptor other_tie_;
};

}  // namespace iamodbc
