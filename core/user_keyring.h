// user_keyring: secrets that all programs of this user may take, in the memory of the kernel: its user keyring (@u). Never on disk; the kernel drops each at its end,
// and all of them with the machine.
// Implemented in user_keyring.cpp, the only file that sees libkeyutils.
//
// Shape: a key of type "user", called "iamodbc:1:NAME", that only this uid may see, read and change, whether its session holds the keyring or not (services, cron jobs
// and PHP workers do not); the text "1 SECONDS\n" (since 1970, when it was kept) and then the secret. A key of that name that another uid made, or that has other
// permissions, counts as absent. It takes its place, and that of an older one of the name, in one step, its time-out set.
// The quota of a user is 20,000 bytes and 200 keys (/proc/sys/kernel/keys): where it is reached the oldest of ours make room, first of all what is made again in no time.
//
// Errors: why the kernel does not let us, in a few words ("Operation not permitted"): forbidden to this program, or full of what is not ours. Under setuid it is the
// keyring of the one who called, and is not touched. Thread rule: any thread; no state here.
// Source: keyrings(7), keyctl(2)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/secret.h"
#include "core/system.h"

namespace iamodbc {

struct KeptSecret {
  Secret bytes;
  Time kept_at;
};

// One call, so that a large one does not push out all others.
inline constexpr std::size_t max_kept_bytes = 12000;

// A name that begins so is of what is made again in no time. It makes room before all else, and none is made for it but by its own kind; nor is much time spent on that.
inline constexpr std::string_view quickly_made = "token ";

// Nothing where there is none.
std::optional<KeptSecret> read_user_keyring(const std::string& name);

// Replaces what has that name. Fails where it cannot be kept.
std::optional<Error> keep_in_user_keyring(const std::string& name, const Secret& bytes, Time now,
                                          std::chrono::seconds lifetime);

void remove_from_user_keyring(const std::string& name);

// What the payload of a key says; nothing where it is none of ours.
std::optional<KeptSecret> kept_in(std::string_view payload);

// How many of ours it holds; fails where none could be kept, which is tried.
Result<std::size_t> look_at_user_keyring();

}  // namespace iamodbc
