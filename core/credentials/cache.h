// cache: credentials that were fetched over the network and are still good, for all connects of the process.
//
// More than 15 minutes before their end they are given as they are. Then one caller fetches new ones while the others go on with the old; in the last 10 minutes
// the others wait for them, as they do where the old ones are doubted. A refresh that fails keeps what is still valid (the log says so), is given five seconds and at most
// half of the caller's time (all of it where a person is asked), and is not repeated within a minute.
// When nothing valid is there all wait for the one who fetches, and share what comes of it: credentials, or why there are none
// (not where only they may ask a person).
// Credentials without an end are for those who waited only. What comes already ended is an error.
// The end is judged by AWS's clock where this process has learned it (client.h).
//
// At most `bound` keys; the one that ends first goes first. Keys are digests: no secret is kept but the credentials. Beyond the process they are kept only with LoginCache=user
// (between_processes.h): then another process is asked before AWS is, but for what needs a person.
// Thread rule: any thread; no lock is held while fetching. The cache of the process is held over fork and never destroyed.
// Source: docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "core/credentials/between_processes.h"
#include "core/credentials/credential_key.h"
#include "core/credentials/provider.h"
#include "core/sha256.h"
#include "core/slots.h"

namespace iamodbc {

// How long before the end of credentials new ones are fetched.
struct RefreshWindows {
  std::chrono::seconds advisory = std::chrono::minutes(15);
  std::chrono::seconds mandatory = std::chrono::minutes(10);
};
// For what needs a person: not before it has to be.
inline constexpr RefreshWindows at_the_end{std::chrono::minutes(1), std::chrono::minutes(1)};

class CredentialCache {
 public:
  static constexpr std::chrono::seconds between_refreshes{60};
  static constexpr std::chrono::seconds refresh_patience{5};
  // Gets the caller's context, with the deadline that this fetch has. What it throws is thrown on, and the next thread in line fetches.
  using Fetch = std::function<Answer(const Context&)>;

  explicit CredentialCache(std::size_t bound = 256) : slots_(bound) {}

  static CredentialCache& of_process();

  // HYT00 when the deadline passes while another thread fetches.
  // LoginCache says how far they are kept: with `off` each caller fetches for itself.
  Answer get(const CredentialKey& key, const Context& context, const Fetch& fetch, RefreshWindows windows = {},
             const Sharing& sharing = {});

  // A server refused what these signed: whoever comes next tries to fetch new ones, unless that needs a person.
  void doubt(const SharedCredentials& refused);
  // A service of AWS refused keys of that id. True: the caller may ask once more. They were kept for a while, and whoever comes next tries to fetch new ones, at most once a
  // minute, because a right that is missing looks like a session that was revoked; or that was done within the last minute, and there are new ones or are about to be.
  bool doubt_if_old(const std::string& refused_key, const System& system);

  [[nodiscard]] std::size_t size() { return slots_.size(); }

  // For fork; slots.h says what they do.
  void hold_over_fork() { slots_.hold_over_fork(); }
  void let_go_in_parent() { slots_.let_go_in_parent(); }
  void let_go_in_child() { slots_.let_go_in_child(); }

 private:
  struct Turn;
  struct Slot {
    SharedCredentials credentials;
    std::optional<Answer> failure;    // of the last fetch, for those who waited for it
    bool failed_with_prompt = false;  // whether that fetch might ask a person
    unsigned long long fetches = 0;
    std::optional<Time> fetched_at;
    bool is_doubted = false;
    std::optional<Time> doubted_at;  // because AWS refused them
    std::string doubted_key;         // the id of those
    bool needs_person = false;
    bool is_being_made = false;

    [[nodiscard]] Time end() const;
    [[nodiscard]] std::optional<Answer> answer(const SharedCredentials& valid, Time now, RefreshWindows windows,
                                               bool has_waited, bool may_prompt) const;
    Turn begun(SharedCredentials valid);
  };
  class Fetching;
  Answer fetch_in_turn(Turn& turn, const CredentialKey& key, const Context& context, const Fetch& fetch,
                       RefreshWindows windows, const Sharing& sharing);

  Turn wait_for_turn(const CredentialKey& key, const Context& context, RefreshWindows windows);

  Slots<Sha256, Slot> slots_;
};

}  // namespace iamodbc
