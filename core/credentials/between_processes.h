// between_processes: LoginCache=user: credentials that one process fetched, for the others of the same user, in the kernel's user keyring until their end.
//
// What may go there is what this user could fetch again alone. What a person gave (a code of an MFA device, keys that were typed or that stand in a connection string) and
// what was fetched with it stays in the process (Credentials::is_for_this_process).
// Another process takes them only if all of these are the same: the CredentialKey, the contents that `Sharing::also` adds, the computer's name, and the namespaces in which
// files and addresses mean something: a container with the same user id has others.
//
// One process fetches at a time, the others look again until it is there: flock on an empty file of lock_folder(). They wait for half of their time and for at most 20 s,
// because who holds the lock may have been stopped; then they ask themselves. Those who waited share a failure too.
// What stands in the keyring may have been written by any program of the user: it is read as a stranger's.
// Errors: none of its own; without a keyring it fetches, and says why in the log. Thread rule: as Context; no lock of the process is held.
// Source: docs/security.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/credentials/credential_key.h"
#include "core/credentials/provider.h"
#include "core/result.h"

namespace iamodbc {

// Which credentials may be kept for other processes.
struct Sharing {
  bool is_allowed = true;
  // Adds what else has to be the same for another process: the contents of files of which the key has the names. Called at each look.
  std::function<void(CredentialKey&)> also{};
};

class BetweenProcesses {
 public:
  // All are to outlive it. `fresh_for`: how long what was just fetched counts as new, however soon it ends.
  BetweenProcesses(const CredentialKey& key, const Sharing& sharing, const Context& context,
                   std::chrono::seconds due_before_end, std::chrono::seconds fresh_for);

  // What another process kept, and has not ended.
  struct Kept {
    SharedCredentials credentials;
    bool is_due = false;  // newer ones are to be fetched
  };
  [[nodiscard]] std::optional<Kept> look() const;

  // Fetches, or takes what another process fetches meanwhile. `valid`: what is good still, for the case that another process is at it; `doubted`: what is not to be taken.
  using Fetch = std::function<Answer(const Context&)>;
  [[nodiscard]] Answer fetch(const Context& limited, const SharedCredentials& valid, const SharedCredentials& doubted,
                             const Fetch& fetch) const;

 private:
  [[nodiscard]] std::string name() const;
  void keep(const Credentials& credentials) const;

  const CredentialKey& key_;
  const Sharing& sharing_;
  const Context& context_;
  std::chrono::seconds due_before_end_;
  std::chrono::seconds fresh_for_;
};

// ---- pure part ----

// Why another process got none, as the keyring has it: of a fetch that ended between these moments (microseconds of one clock
// for all processes), and that might ask a person if we may; nothing where it is not that, or not well-formed.
std::optional<Error> read_failure(std::string_view text, long long begun, long long now, bool may_prompt);

// For `check`: "the kernel's user keyring, 2 entries; locks in /run/user/1000/iamodbc", else why nothing is kept between processes.
Result<std::string> described_between_processes(const System& system);

}  // namespace iamodbc
