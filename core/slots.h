// slots: what a cache is made of: a bounded number of places by key, in each of which one thread at a time makes something while others wait for it.
// A Slot has `bool is_being_made` and `Time end() const`, after which it is of no use to anybody (Time::min(): it holds nothing that ends). Whenever a new place is taken
// those go that have ended, so that nothing of keys that nobody asks for any more stays for long; and when all places are taken, the one whose end is first is given up.
// What is being made stays, so there may be more than the bound for a while.
// Thread rule: `lock` is held for all that REQUIRES it. A cache of the process is held over fork: fork calls the three functions at the end, so that a child keeps
// what was made and does not wait for threads that it does not have.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <new>

#include "core/deadline.h"
#include "core/system.h"

namespace iamodbc {

template <class Key, class Slot>
class Slots {
 public:
  explicit Slots(std::size_t bound) : bound_(bound) {}
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  std::mutex& lock() { return lock_; }

  // The slot of a key, a new one if there is none. `now`: by the clock of end(). REQUIRES lock.
  Slot& at(const Key& key, Time now) {
    if (Slot* const found = find(key)) return *found;
    std::erase_if(slots_, [now](const auto& one) {
      const Time end = one.second.end();
      return !one.second.is_being_made && end != Time::min() && end <= now;
    });
    while (slots_.size() >= bound_) {
      auto first = slots_.end();
      for (auto one = slots_.begin(); one != slots_.end(); ++one) {
        // cppcheck-suppress mismatchingContainerExpression ; end() is a moment here
        if (!one->second.is_being_made && (first == slots_.end() || one->second.end() < first->second.end()))
          first = one;
      }
      if (first == slots_.end()) break;
      slots_.erase(first);
    }
    return slots_[key];
  }

  // nullptr when there is none. REQUIRES lock.
  Slot* find(const Key& key) {
    const auto found = slots_.find(key);
    return found == slots_.end() ? nullptr : &found->second;
  }

  // REQUIRES lock.
  template <class Action>
  void for_each(const Action& action) {
    for (auto& [key, slot] : slots_) action(slot);
  }

  // Waits until something was made, not necessarily for the caller's key; false when the deadline passed. REQUIRES lock.
  bool wait(std::unique_lock<std::mutex>& hold, Deadline deadline) {
    if (deadline != no_deadline) return made_.wait_until(hold, deadline) == std::cv_status::no_timeout;
    made_.wait(hold);
    return true;
  }
  void tell_all() { made_.notify_all(); }

  [[nodiscard]] std::size_t size() {
    const std::scoped_lock hold(lock_);
    return slots_.size();
  }

  void hold_over_fork() { lock_.lock(); }
  void let_go_in_parent() { lock_.unlock(); }
  void let_go_in_child() {
    // The threads that make or wait are the parent's. A condition variable that was waited for when the process was copied cannot be used nor destroyed: a new one
    // takes its place.
    for (auto& [key, slot] : slots_) slot.is_being_made = false;
    new (&made_) std::condition_variable;
    lock_.unlock();
  }

 private:
  std::size_t bound_;
  std::mutex lock_;
  std::condition_variable made_;
  std::map<Key, Slot> slots_;
};

}  // namespace iamodbc
