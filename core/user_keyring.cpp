// SPDX-License-Identifier: Apache-2.0
#include "core/user_keyring.h"

#include <keyutils.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr const char* type = "user";
constexpr std::string_view prefix = "iamodbc:1:";
constexpr std::string_view text_version = "1 ";
constexpr key_perm_t ours_alone =
    KEY_USR_VIEW | KEY_USR_READ | KEY_USR_WRITE | KEY_USR_SEARCH | KEY_USR_LINK | KEY_USR_SETATTR;
constexpr std::size_t most_bytes_of_update = 4096;
constexpr std::size_t most_bytes = 32767;  // of any key of this type
// A key that was let go counts until the kernel's own collector has come by.
constexpr int tries_for_room = 40;
constexpr int tries_of_the_quickly_made = 3;
constexpr std::chrono::milliseconds between_tries{5};
constexpr const char* other_rights = "this program has another user's rights (setuid)";
constexpr const char* probe_name = "probe";

Error not_kept(const std::string& why) {
  return Error{State::general_error, why, 0};
}
Error not_kept(int reason) {
  return not_kept(std::generic_category().message(reason));
}

// The kernel's user keyring is the real user's; keys belong to the effective one.
bool has_other_rights() {
  return getauxval(AT_SECURE) != 0 || getuid() != geteuid();
}

std::string described(const std::string& name) {
  return std::string(prefix) + name;
}

// "user;UID;GID;PERMISSIONS;DESCRIPTION"
struct Description {
  std::string name;
  bool is_ours = false;
};
std::optional<Description> description_of(key_serial_t key) {
  std::array<char, 512> buffer{};
  const long length = keyctl_describe(key, buffer.data(), buffer.size());
  if (length <= 0 || static_cast<std::size_t>(length) > buffer.size()) return std::nullopt;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(length) - 1);
  std::array<std::string_view, 4> parts;
  std::size_t start = 0;
  for (std::string_view& part : parts) {
    const auto end = text.find(';', start);
    if (end == std::string_view::npos) return std::nullopt;
    part = text.substr(start, end - start);
    start = end + 1;
  }
  Description found{std::string(text.substr(start)), false};
  key_perm_t permissions = 0;
  const auto& hex = parts[3];
  const bool is_hex = std::from_chars(hex.data(), hex.data() + hex.size(), permissions, 16).ec == std::errc();
  found.is_ours = parts[0] == type && parts[1] == std::to_string(geteuid()) && is_hex && permissions == ours_alone &&
                  found.name.starts_with(prefix);
  return found;
}

// The payload, and 0; else the errno.
struct Payload {
  Secret bytes;
  int reason = 0;
};
Payload payload_of(key_serial_t key) {
  std::string buffer(4096, '\0');
  while (true) {
    const long length = keyctl_read(key, buffer.data(), buffer.size());
    Payload read;
    if (length < 0) {
      read.reason = errno;
    } else if (const auto size = static_cast<std::size_t>(length); size <= buffer.size()) {
      read.bytes = Secret({buffer.data(), size});
    } else if (size <= most_bytes) {
      buffer.resize(size);
      continue;
    } else {
      read.reason = EFBIG;
    }
    wipe(buffer);
    return read;
  }
}

// Each of ours with the moment when it was kept; one that has ended, or that cannot be read, is the oldest.
struct Ours {
  key_serial_t key;
  bool is_quickly_made;
  Time kept_at;
};
std::vector<Ours> all_of_ours() {
  std::vector<key_serial_t> keys(256);
  while (true) {
    const long length =
        keyctl_read(KEY_SPEC_USER_KEYRING, reinterpret_cast<char*>(keys.data()), keys.size() * sizeof(key_serial_t));
    const std::size_t count = length < 0 ? 0 : static_cast<std::size_t>(length) / sizeof(key_serial_t);
    const bool is_whole = count <= keys.size();
    keys.resize(count);
    if (is_whole) break;
  }
  std::vector<Ours> ours;
  for (const key_serial_t key : keys) {
    const auto description = description_of(key);
    if (!description || !description->is_ours) continue;
    const auto kept = kept_in(payload_of(key).bytes.reveal());
    const bool is_quickly_made = std::string_view(description->name).substr(prefix.size()).starts_with(quickly_made);
    ours.push_back({key, is_quickly_made, kept ? kept->kept_at : Time::min()});
  }
  return ours;
}

bool drop_oldest(bool among_quickly_made) {
  auto ours = all_of_ours();
  if (among_quickly_made) std::erase_if(ours, [](const Ours& one) { return !one.is_quickly_made; });
  const auto oldest = std::min_element(ours.begin(), ours.end(), [](const Ours& a, const Ours& b) {
    return a.is_quickly_made != b.is_quickly_made ? a.is_quickly_made : a.kept_at < b.kept_at;
  });
  return oldest != ours.end() && keyctl_unlink(oldest->key, KEY_SPEC_USER_KEYRING) == 0;
}

// A key in a place that this process holds, so that its permissions and its end can be set before anybody finds it: the session's keyring, out of which it goes again; where
// that was revoked (at the end of a login that left the program running), the process's own. Whoever has the same session, another user after `su` for one, may read what
// stands there: the secret comes in after the permissions.
class NewKey {
 public:
  explicit NewKey(std::string description)
      : description_(std::move(description)), place_(keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0)) {
    if (place_ >= 0) key_ = write("-");
    if (key_ >= 0 || errno != EKEYREVOKED) return;
    place_ = KEY_SPEC_PROCESS_KEYRING;
    key_ = write("-");
  }
  NewKey(const NewKey&) = delete;
  NewKey& operator=(const NewKey&) = delete;
  ~NewKey() {
    if (key_ >= 0) keyctl_unlink(key_, place_);
  }

  // 0, or the errno of the failure.
  [[nodiscard]] int put_in_place(const Secret& payload, unsigned seconds) const {
    const bool is_done = key_ >= 0 && keyctl_setperm(key_, ours_alone) == 0 && fill(payload) &&
                         keyctl_set_timeout(key_, seconds) == 0 && keyctl_link(key_, KEY_SPEC_USER_KEYRING) == 0;
    return is_done ? 0 : errno;
  }

 private:
  // Over what has the name there.
  [[nodiscard]] key_serial_t write(std::string_view payload) const {
    return add_key(type, description_.c_str(), payload.data(), payload.size(), place_);
  }
  [[nodiscard]] bool fill(const Secret& payload) const {
    if (payload.size() <= most_bytes_of_update)
      return keyctl_update(key_, payload.reveal().data(), payload.size()) == 0;
    return write(payload.reveal()) == key_;
  }

  std::string description_;
  key_serial_t place_;
  key_serial_t key_ = -1;
};

int keep_once(const std::string& name, const Secret& payload, unsigned seconds) {
  const NewKey made(described(name));
  return made.put_in_place(payload, seconds);
}

}  // namespace

std::optional<KeptSecret> kept_in(std::string_view payload) {
  const auto line_end = payload.find('\n');
  if (!payload.starts_with(text_version) || line_end == std::string_view::npos) return std::nullopt;
  const auto seconds = parse_integer(payload.substr(text_version.size(), line_end - text_version.size()));
  if (!seconds || *seconds < 0 || *seconds > std::numeric_limits<std::int32_t>::max() * 4LL) return std::nullopt;
  return KeptSecret{Secret(payload.substr(line_end + 1)), Time(std::chrono::seconds(*seconds))};
}

std::optional<KeptSecret> read_user_keyring(const std::string& name) {
  if (has_other_rights()) return std::nullopt;
  const long key = keyctl_search(KEY_SPEC_USER_KEYRING, type, described(name).c_str(), 0);
  if (key < 0) return std::nullopt;
  const auto serial = static_cast<key_serial_t>(key);
  const auto description = description_of(serial);
  if (!description || !description->is_ours) return std::nullopt;
  return kept_in(payload_of(serial).bytes.reveal());
}

std::optional<Error> keep_in_user_keyring(const std::string& name, const Secret& bytes, Time now,
                                          std::chrono::seconds lifetime) {
  if (has_other_rights()) return not_kept(other_rights);
  if (bytes.size() > max_kept_bytes) return not_kept("longer than " + std::to_string(max_kept_bytes) + " bytes");
  if (lifetime.count() < 1) return not_kept("it has ended");
  const auto kept_at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  Secret payload(std::string(text_version) + std::to_string(kept_at) + '\n');
  payload.append(bytes.reveal());
  constexpr long long longest = std::numeric_limits<std::int32_t>::max();
  const auto seconds = static_cast<unsigned>(std::min<long long>(lifetime.count(), longest));

  int reason = keep_once(name, payload, seconds);
  const bool is_quickly_made = name.starts_with(quickly_made);
  const int tries = is_quickly_made ? tries_of_the_quickly_made : tries_for_room;
  while (reason == EDQUOT && drop_oldest(is_quickly_made)) {
    for (int i = 0; i < tries && reason == EDQUOT; ++i) {
      if (i > 0) std::this_thread::sleep_for(between_tries);
      reason = keep_once(name, payload, seconds);
    }
    if (is_quickly_made) break;
  }
  if (reason == 0) return std::nullopt;
  return not_kept(reason);
}

void remove_from_user_keyring(const std::string& name) {
  if (has_other_rights()) return;
  const long key = keyctl_search(KEY_SPEC_USER_KEYRING, type, described(name).c_str(), 0);
  if (key >= 0) keyctl_unlink(static_cast<key_serial_t>(key), KEY_SPEC_USER_KEYRING);
}

Result<std::size_t> look_at_user_keyring() {
  const std::string name = probe_name + std::to_string(getpid());
  if (has_other_rights()) return not_kept(other_rights);
  const int reason = keep_once(name, Secret(std::string(text_version) + "0\n"), 60);
  const bool is_there = read_user_keyring(name).has_value();
  remove_from_user_keyring(name);
  const std::size_t count = all_of_ours().size();
  const bool has_room_to_make = reason == EDQUOT && count > 0;
  if (reason != 0 && !has_room_to_make) return not_kept(reason);
  if (reason == 0 && !is_there) return not_kept("what is put there cannot be read again");
  return count;
}

}  // namespace iamodbc
