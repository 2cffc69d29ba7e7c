// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/between_processes.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>
#include <thread>
#include <utility>

#include "core/encoding.h"
#include "core/private_file.h"
#include "core/user_keyring.h"

namespace iamodbc {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_wait{20};
constexpr std::chrono::milliseconds first_pause{5};
constexpr std::chrono::milliseconds longest_pause{80};
constexpr std::size_t max_source_bytes = 2000;

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

// A text for people, that says nothing to a terminal.
bool is_showable(std::string_view text) {
  return text.size() <= max_source_bytes && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
         });
}

// What comes out as it went in, and what a stranger may have put there without harm.
bool is_well_formed(const Credentials& credentials) {
  return is_visible_ascii(credentials.access_key_id) && is_visible_ascii(credentials.secret_access_key.reveal()) &&
         is_visible_ascii(credentials.session_token.reveal()) && is_visible_ascii(credentials.account_id) &&
         credentials.access_key_id.empty() == credentials.secret_access_key.empty() && !credentials.source.empty() &&
         is_showable(credentials.source) && credentials.expiration;
}

Secret written(const Credentials& credentials, Time now) {
  Json object;
  object.set("AccessKeyId", credentials.access_key_id);
  object.set("SecretAccessKey", credentials.secret_access_key);
  object.set("SessionToken", credentials.session_token);
  object.set("Expiration", extended_time(*credentials.expiration));
  object.set("AccountId", credentials.account_id);
  object.set("Source", credentials.source);
  object.set("ClockOffset", static_cast<long long>(clock_offset().count()));
  object.set("ComputerStart", static_cast<long long>(computer_start(now).count()));
  std::string text = object.write();
  return Secret::taken_from(text);
}

// ---- why there are none, for those who wait ----

constexpr std::chrono::seconds failure_lifetime{30};

// The same in all processes, whatever is done to the clock. As a number of JSON it is exact for 285 years.
long long microseconds_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Steady::now().time_since_epoch()).count();
}

std::string failure_name(const std::string& name) {
  return name + " failed";
}

// A failure that is the caller's own lack of time is nobody else's.
void keep_failure(const std::string& name, const Answer& answer, const Context& context) {
  const auto* const error = std::get_if<Error>(&answer);
  if (error == nullptr || error->sqlstate == State::login_timeout) return;
  Json object;
  object.set("SQLState", error->sqlstate);
  object.set("Message", error->message);
  object.set("At", microseconds_now());
  object.set("MayPrompt", context.settings.may_prompt ? 1 : 0);
  object.set("RefusedKey", error->refused_key);
  std::string text = object.write();
  // Where it cannot be kept, the others ask themselves.
  keep_in_user_keyring(failure_name(name), Secret::taken_from(text), context.system.now(), failure_lifetime);
}

// Of a fetch that ended after that moment, unless it might ask a person less than we.
std::optional<Error> failure_after(long long begun, const std::string& name, const Context& context) {
  const auto kept = read_user_keyring(failure_name(name));
  if (!kept) return std::nullopt;
  return read_failure(kept->bytes.reveal(), begun, microseconds_now(), context.settings.may_prompt);
}

// Who fetched them had AWS's time with the answer; who did not ask AWS has only its word, for as long as nobody sets the clock.
void take_clock(const Json& object, const System& system) {
  const auto offset = object.number("ClockOffset");
  const auto start = object.number("ComputerStart");
  constexpr double most = 400.0 * 24 * 60 * 60;
  if (clock_offset().count() != 0 || !offset || *offset == 0 || *offset < -most || *offset > most) return;
  const Time now = system.now();
  constexpr double latest = 1e11;
  if (!start || !(*start > -latest && *start < latest) ||
      was_clock_set(std::chrono::seconds(static_cast<long long>(*start)), now)) {
    return;
  }
  learn_clock(now + std::chrono::seconds(static_cast<long long>(*offset)), now);
}

std::shared_ptr<Credentials> read(const Secret& text, const System& system) {
  const auto object = Json::parse(text.reveal());
  if (!object) return nullptr;
  auto credentials = std::make_shared<Credentials>(credentials_of(*object, "SessionToken"));
  credentials->source = object->text("Source").value_or("");
  if (!is_well_formed(*credentials)) return nullptr;
  take_clock(*object, system);
  return credentials;
}

bool are_same(const SharedCredentials& a, const SharedCredentials& b) {
  return a && b && a->access_key_id == b->access_key_id &&
         a->secret_access_key.reveal() == b->secret_access_key.reveal() &&
         a->session_token.reveal() == b->session_token.reveal();
}

std::string link_of(const char* path) {
  std::array<char, 64> buffer{};
  const ssize_t length = readlink(path, buffer.data(), buffer.size());
  return {buffer.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
}

std::string computer_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

// The lock of a name; the few that share one wait for each other, and there are never many files.
std::string lock_file(const std::string& folder, const std::string& name) {
  return folder + '/' + name.substr(0, 2) + ".lock";
}

std::optional<std::string> folder_of_locks(const Context& context) {
  auto folder = lock_folder(context.system);
  if (folder) return std::move(folder).value();
  context.log.warning("LoginCache=user: processes that start at once may each ask AWS: " + folder.error().message);
  return std::nullopt;
}

Deadline end_of_wait(Deadline deadline) {
  const auto now = Steady::now();
  return deadline == no_deadline ? now + longest_wait : std::min(now + longest_wait, now + (deadline - now) / 2);
}

}  // namespace

BetweenProcesses::BetweenProcesses(const CredentialKey& key, const Sharing& sharing, const Context& context,
                                   std::chrono::seconds due_before_end, std::chrono::seconds fresh_for)
    : key_(key), sharing_(sharing), context_(context), due_before_end_(due_before_end), fresh_for_(fresh_for) {}

std::string BetweenProcesses::name() const {
  CredentialKey key = key_;
  key.add(link_of("/proc/self/ns/mnt")).add(link_of("/proc/self/ns/net")).add(computer_name());
  if (sharing_.also) sharing_.also(key);
  return hex(view(key.digest()));
}

std::optional<BetweenProcesses::Kept> BetweenProcesses::look() const {
  const auto kept = read_user_keyring(name());
  auto credentials = kept ? read(kept->bytes, context_.system) : nullptr;
  if (!credentials) return std::nullopt;
  const Time now = aws_now(context_.system);
  if (*credentials->expiration <= now) return std::nullopt;
  const Time here = context_.system.now();
  const bool is_fresh = kept->kept_at <= here && here - kept->kept_at < fresh_for_;
  credentials->may_be_outdated = !is_fresh;
  const bool is_due = !is_fresh && *credentials->expiration - now <= due_before_end_;
  return Kept{std::move(credentials), is_due};
}

Answer BetweenProcesses::fetch(const Context& limited, const SharedCredentials& valid, const SharedCredentials& doubted,
                               const Fetch& fetch) const {
  const std::optional<std::string> folder = limited.holds_lock ? std::nullopt : folder_of_locks(limited);
  const Deadline give_up = end_of_wait(limited.deadline);
  const auto begun = microseconds_now();
  bool has_waited = false;
  std::optional<FileLock> lock;
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    if (folder) lock.emplace(lock_file(*folder, name()), Steady::now(), FileLock::Missing::is_made);
    auto kept = look();
    if (kept && !kept->is_due && !are_same(kept->credentials, valid) && !are_same(kept->credentials, doubted)) {
      limited.log.debug("credentials: taken from the user keyring, where another process put them");
      return std::move(kept->credentials);
    }
    auto failure = has_waited ? failure_after(begun, name(), limited) : std::nullopt;
    if (failure) return *std::move(failure);
    if (!lock || !lock->is_busy()) break;
    has_waited = true;
    if (valid) return valid;
    const auto now = Steady::now();
    if (now >= give_up) break;
    std::this_thread::sleep_for(std::min<Steady::duration>(pause, give_up - now));
  }
  Context own = limited;
  own.holds_lock = limited.holds_lock || lock;
  Answer answer = fetch(own);
  if (const auto* const credentials = std::get_if<SharedCredentials>(&answer)) keep(**credentials);
  if (lock && !limited.is_refresh) keep_failure(name(), answer, limited);
  return answer;
}

void BetweenProcesses::keep(const Credentials& credentials) const {
  if (credentials.stays_in_process || !is_well_formed(credentials)) return;
  const Time now = context_.system.now();
  const auto left = std::chrono::floor<std::chrono::seconds>(*credentials.expiration - aws_now(context_.system));
  const auto error = keep_in_user_keyring(name(), written(credentials, now), now, left);
  if (error) {
    context_.log.warning("LoginCache=user: the user keyring does not keep these credentials, this process does: " +
                         error->message);
  } else {
    context_.log.debug("credentials: put into the user keyring, for other processes");
  }
}

std::optional<Error> read_failure(std::string_view text, long long begun, long long now, bool may_prompt) {
  const auto object = Json::parse(text);
  if (!object) return std::nullopt;
  const auto at = object->number("At");
  Error error{object->text("SQLState").value_or(""), object->text("Message").value_or(""), 0,
              object->text("RefusedKey").value_or("")};
  const bool is_later = at && *at >= static_cast<double>(begun) && *at <= static_cast<double>(now);
  const bool is_as_free = object->number("MayPrompt") == 1 || !may_prompt;
  const bool is_well_formed =
      error.sqlstate.size() == 5 && is_visible_ascii(error.sqlstate) && is_showable(error.message);
  if (!is_later || !is_as_free || !is_well_formed) return std::nullopt;
  return error;
}

Result<std::string> described_between_processes(const System& system) {
  const auto count = look_at_user_keyring();
  if (!count) return count.error();
  const auto folder = lock_folder(system);
  return "the kernel's user keyring, " + std::to_string(count.value()) + (count.value() == 1 ? " entry" : " entries") +
         (folder ? "; locks in " + folder.value()
                 : "; processes that start at once may each ask AWS, because no folder for locks can be made: " +
                       folder.error().message);
}

}  // namespace iamodbc
