// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/sso_sign_in.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "core/aws/sso_oidc.h"
#include "core/credentials/sso_token.h"
#include "core/encoding.h"
#include "core/loopback.h"
#include "core/program.h"
#include "core/random.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::string_view verifier_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
constexpr std::size_t verifier_size = 64;
constexpr const char* callback_path = "/oauth/callback";
constexpr std::chrono::seconds second{1};
constexpr std::chrono::seconds slower{5};  // RFC 8628: by that much after slow_down
constexpr int command_not_found = 127;
constexpr std::size_t max_shown_bytes = 2000;

using Steady = std::chrono::steady_clock;

Error broken(std::string message) {
  return Error{State::invalid_authorization, std::move(message), 0};
}

// `why`: what stood in the way, if it is known.
Error too_late(const std::string& why = "") {
  return Error{State::login_timeout,
               "The sign-in to IAM Identity Center was not finished in time" + (why.empty() ? "" : " (" + why + ")") +
                   ". Try again; SSOLoginTimeout, or --timeout of `iamodbc login`, gives it longer.",
               0};
}

void say(const SignInScreen& screen, const std::string& line) {
  if (screen.say) screen.say(line);
}

// Every second of a wait; what is left of it is shown.
void show_wait(const SignInScreen& screen, const std::string& what, Deadline deadline) {
  if (!screen.progress) return;
  if (deadline == no_deadline) return screen.progress(what);
  const auto left = std::chrono::ceil<std::chrono::seconds>(deadline - Steady::now()).count();
  screen.progress(what + " (" + std::to_string(std::max<long long>(left, 0)) + " s left)");
}

// Takes the progress away, however a wait ends.
class Progress {
 public:
  explicit Progress(const SignInScreen& screen) : screen_(screen) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (screen_.progress) screen_.progress("");
  }

 private:
  const SignInScreen& screen_;
};

// ---- a browser ----

// Starts a program that outlives us and whose end nobody waits for: a shell starts it and ends at once. False when there
// is no such program.
bool start_detached(const std::vector<std::string>& words, Deadline deadline) {
  std::vector<std::string> all{
      "/bin/sh", "-c", R"(command -v "$1" >/dev/null || exit 127; trap '' HUP; "$@" </dev/null >/dev/null 2>&1 &)",
      "sh"};
  all.insert(all.end(), words.begin(), words.end());
  Printed printed;
  if (run_program(all, "The browser", deadline, printed)) return false;
  return !printed.status || !WIFEXITED(*printed.status) || WEXITSTATUS(*printed.status) != command_not_found;
}

// The programs of BROWSER, of which `%s` is the address and a `&` at the end nothing, else xdg-open: the first that
// there is.
bool open_browser(const System& system, const std::string& address, Deadline deadline) {
  const std::string given = system.set_variable("BROWSER").value_or("xdg-open");
  for (std::string_view rest = given; !rest.empty();) {
    const auto colon = std::min(rest.find(':'), rest.size());
    auto command = split_command_line(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    if (!command || command.value().empty()) continue;
    std::vector<std::string> words = std::move(command).value();
    if (words.size() > 1 && words.back() == "&") words.pop_back();
    bool is_named = false;
    for (std::string& word : words) {
      if (const auto at = word.find("%s"); at != std::string::npos) {
        word.replace(at, 2, address);
        is_named = true;
      }
    }
    if (!is_named) words.push_back(address);
    if (start_detached(words, deadline)) return true;
  }
  return false;
}

// Without a browser, an error where there is no screen either.
std::optional<Error> show_in_browser(const AwsClient& client, const std::string& address, const SignInScreen& screen) {
  if (open_browser(client.system, address, client.deadline)) return std::nullopt;
  const std::string problem = client.system.set_variable("BROWSER")
                                  ? "No browser was found: no program that BROWSER names can be started."
                                  : "No browser was found: there is no xdg-open, and BROWSER is not set.";
  if (!screen.say) return broken(problem + " Nor is there a terminal to show the address of the sign-in on.");
  say(screen, '(' + problem + ')');
  return std::nullopt;
}

// ---- pages ----

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

constexpr std::string_view page_start =
    R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">)"
    R"(<link rel="icon" href="data:,"><title>iamodbc</title><style>)"
    R"(:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f4f5f7;)"
    R"(color:#1d2530;font:17px/1.5 system-ui,sans-serif}main{box-sizing:border-box;width:min(30rem,90vw);padding:2.5rem;)"
    R"(background:#fff;border-radius:14px;box-shadow:0 2px 24px #0f1b2d1f;text-align:center}h1{margin:1rem 0 .5rem;)"
    R"(font-size:1.4rem}p{margin:.5rem 0;overflow-wrap:anywhere;text-wrap:balance}.mark{display:inline-grid;place-items:center;width:3.5rem;)"
    R"(height:3.5rem;border-radius:50%;color:#fff;font-size:1.8rem;line-height:1}.good{background:#1b7f4b}.bad{background:)"
    R"(#b3261e}small{color:#66707c}@media(prefers-color-scheme:dark){body{background:#12161c;color:#e6e9ee}main{background:)"
    R"(#1c222b;box-shadow:none}small{color:#98a2b0}}</style></head><body><main>)";
constexpr std::string_view page_end = "<p><small>iamodbc</small></p></main></body></html>\n";

std::string page(std::string_view mark, std::string_view title, std::string_view text) {
  return std::string(page_start) + std::string(mark) + "<h1>" + escaped(title) + "</h1><p>" + escaped(text) + "</p>" +
         std::string(page_end);
}

constexpr std::string_view good_mark = R"(<div class="mark good">&#10003;</div>)";
constexpr std::string_view bad_mark = R"(<div class="mark bad">!</div>)";

// ---- the two ways ----

using TokenResult = std::variant<OidcToken, Error>;

TokenResult by_browser(const AwsClient& client, const SsoLogin& login, const OidcClient& program,
                       const SignInScreen& screen) {
  auto opened = Loopback::open();
  if (!opened) return opened.error();
  Loopback loopback = std::move(opened).value();
  const auto base = endpoint_url(client, sso_oidc_service, login.region);
  if (!base) return base.error();
  const Secret verifier(random_text(verifier_size, verifier_letters));
  const std::string state = random_uuid();
  const std::string redirect = "http://" + loopback.address() + callback_path;
  const std::string target = authorize_url(base.value(), program.id, redirect, state, pkce_challenge(verifier),
                                           scopes_to_register(login, true));
  const std::string start_path = "/sign-in/" + random_uuid();

  say(screen, "Sign in to IAM Identity Center in the browser. Should none open, go to this address on this computer:");
  say(screen, "  " + target);
  if (auto error = show_in_browser(client, "http://" + loopback.address() + start_path, screen)) return *error;

  const Progress progress(screen);
  for (bool was_started = false;;) {
    show_wait(screen, "waiting for the browser", client.deadline);
    const auto visit = loopback.next(std::min(client.deadline, Steady::now() + second));
    if (!visit) {
      if (Steady::now() >= client.deadline) return too_late();
      continue;
    }
    if (visit->path == start_path && !was_started) {
      was_started = true;
      loopback.answer(*visit, "302 Found", target, "");
      continue;
    }
    if (visit->path == start_path) {
      // The arguments of a program are for all to see: whoever came first may have been somebody else.
      const std::string problem = "The address that the browser was started with was opened twice.";
      loopback.answer(*visit, "403 Forbidden", "", final_page(problem));
      return broken(problem +
                    " If that was not you, somebody else on this computer is trying to sign you in as another "
                    "person. Try again.");
    }
    if (visit->path != callback_path) {
      loopback.answer(*visit, "404 Not Found", "", page(bad_mark, "Nothing is here", "Sign in from the first page."));
      continue;
    }
    const Callback callback = read_callback(visit->query, state);
    if (!callback.is_ours) {
      client.log.warning("an answer with another state came to the sign-in and was refused");
      loopback.answer(*visit, "400 Bad Request", "", final_page("State parameter does not match expected value."));
      continue;
    }
    if (!callback.error.empty()) {
      const std::string problem =
          "Failed to retrieve an authorization code. IAM Identity Center says: " + callback.error;
      loopback.answer(*visit, "200 OK", "", final_page(problem));
      return broken(problem + ". Sign in again, and allow the access.");
    }
    auto result = token_by_code(client, login.region, program, callback.code, redirect, verifier);
    const auto* const fault = std::get_if<AwsFault>(&result);
    loopback.answer(*visit, "200 OK", "", final_page(fault == nullptr ? "" : fault->error.message));
    if (fault != nullptr) return fault->error;
    return std::move(std::get<OidcToken>(result));
  }
}

TokenResult by_device(const AwsClient& given, const SsoLogin& login, const OidcClient& program,
                      const SignInScreen& screen) {
  auto result = start_device_authorization(given, login.region, program, login.start_url);
  if (const auto* const fault = std::get_if<AwsFault>(&result)) return fault->error;
  const auto& started = std::get<DeviceAuthorization>(result);
  AwsClient client = given;
  client.deadline = std::min(given.deadline, Steady::now() + started.expires_in);

  // What a service says does not speak to the terminal.
  const auto plain = [](const std::string& text) { return on_one_line(text, max_shown_bytes); };
  say(screen, "Open this address in any browser, on this computer or another:");
  say(screen, "  " + plain(started.verification_uri));
  say(screen, "and enter the code " + plain(started.user_code) +
                  (started.verification_uri_complete.empty()
                       ? "."
                       : ", or open the address with the code in it: " + plain(started.verification_uri_complete)));

  const Progress progress(screen);
  auto interval = started.interval;
  std::string no_answer;  // why the last question got none
  while (true) {
    for (const auto next = Steady::now() + interval; Steady::now() < next;) {
      if (Steady::now() >= client.deadline) return too_late(no_answer);
      show_wait(screen, "waiting for the code to be used", client.deadline);
      const auto wake = std::min({next, client.deadline, Steady::now() + second});
      std::this_thread::sleep_until(wake);
    }
    auto answer = token_by_device_code(client, login.region, program, started.device_code);
    if (auto* const token = std::get_if<OidcToken>(&answer)) return std::move(*token);
    const auto& fault = std::get<AwsFault>(answer);
    const std::string code = oidc_code(fault);
    no_answer = fault.status == 0 ? fault.error.message : "";
    if (Steady::now() >= client.deadline || code == "expired_token") return too_late(no_answer);
    if (code == "authorization_pending") continue;
    if (code != "slow_down" && fault.status != 0) return fault.error;
    interval += slower;  // RFC 8628: also when nobody answered
  }
}

}  // namespace

std::optional<Error> sso_sign_in(const AwsClient& client, const SsoLogin& login, SignInWay way,
                                 const SignInScreen& screen) {
  const bool in_browser = way == SignInWay::browser;
  auto program = kept_registration(client.system, login, in_browser);
  if (!program) {
    auto registered =
        register_oidc_client(client, login.region, scopes_to_register(login, in_browser), in_browser, login.start_url);
    if (const auto* const fault = std::get_if<AwsFault>(&registered)) return fault->error;
    program = std::move(std::get<OidcClient>(registered));
    if (auto error = keep_registration(client.system, login, *program, in_browser)) return error;
  }
  auto result = in_browser ? by_browser(client, login, *program, screen) : by_device(client, login, *program, screen);
  if (auto* const error = std::get_if<Error>(&result)) {
    // A registration that the service does not know any more would spoil every sign-in to come.
    if (error->message.find("InvalidClient") != std::string::npos ||
        error->message.find("invalid_client") != std::string::npos) {
      unlink(registration_file(client.system, login).c_str());
    }
    return std::move(*error);
  }
  return keep_token(client.system, login, *program, std::get<OidcToken>(result));
}

bool has_display(const System& system) {
  return system.set_variable("BROWSER") || system.set_variable("DISPLAY") || system.set_variable("WAYLAND_DISPLAY");
}

std::optional<SignInWay> sign_in_way(SsoSignIn allowed, bool has_display, bool has_terminal) {
  const bool may_browse = allowed == SsoSignIn::browser || allowed == SsoSignIn::automatic;
  const bool may_use_device = allowed == SsoSignIn::device || allowed == SsoSignIn::automatic;
  if (may_browse && has_display) return SignInWay::browser;
  if (may_use_device && has_terminal) return SignInWay::device;
  if (may_browse && has_terminal) return SignInWay::browser;  // the address is shown
  return std::nullopt;
}

Callback read_callback(std::string_view query, std::string_view state) {
  Callback callback;
  std::string description;
  bool has_code = false;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    std::string value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (name == "state") callback.is_ours = value == state;
    if (name == "error") callback.error = value;
    if (name == "error_description") description = value;
    if (name == "code") {
      has_code = !value.empty();
      callback.code = Secret::taken_from(value);
    }
  }
  if (!callback.error.empty() && !description.empty()) callback.error += ": " + description;
  if (callback.error.empty() && !has_code) callback.error = "no code";
  for (char& c : callback.error) {  // it goes to terminals and logs
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
  }
  callback.error.resize(std::min<std::size_t>(callback.error.size(), 300));
  return callback;
}

std::string final_page(std::string_view problem) {
  if (problem.empty()) {
    return page(good_mark, "You are signed in", "You can close this tab and go back to your program.");
  }
  return page(bad_mark, "The sign-in did not work", problem);
}

}  // namespace iamodbc
