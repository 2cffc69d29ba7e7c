// keyrings: whether the kernel lets this process use keyrings at all, asked without our own code.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace iamodbc {

inline bool has_keyrings() {
  const long key = syscall(SYS_add_key, "user", "iamodbc test of keyrings", "x", 1, KEY_SPEC_USER_KEYRING);
  if (key < 0) return false;
  syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
  return true;
}

}  // namespace iamodbc
