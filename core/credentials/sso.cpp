// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/sso.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/aws/sso_portal.h"
#include "core/credentials/cache.h"
#include "core/credentials/sso_sign_in.h"
#include "core/credentials/sso_token.h"
#include "core/not_cancelled.h"
#include "core/private_file.h"

namespace iamodbc {
namespace {

constexpr int unauthorized = 401;

using Steady = std::chrono::steady_clock;

// ---- the command to sign in with ----

std::string shell_word(const std::string& text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
  return quoted + '\'';
}

std::string command_for(const Context& context, const SsoLogin& login) {
  const CredentialSettings& settings = context.settings;
  std::string command = "iamodbc login ";
  if (names_sso(settings) && !settings.dsn.empty()) {
    command += shell_word(settings.dsn);
  } else if (!names_sso(settings) && !login.profile.empty()) {
    command += "--profile " + shell_word(login.profile);
  } else if (context.files.sso_session(login.session) != nullptr) {
    command += "--sso-session " + shell_word(login.session);
  } else {
    command += (login.session.empty() ? "" : "--sso-session " + shell_word(login.session) + ' ') + "--start-url " +
               shell_word(login.start_url) + " --sso-region " + shell_word(login.region);
  }
  return command;
}

Error sign_in_elsewhere(const Context& context, const SsoLogin& login, const std::string& why,
                        const std::string& not_here) {
  return Error{State::invalid_authorization,
               why + " Sign in with: " + command_for(context, login) +
                   (login.profile.empty() ? "" : ", or aws sso login --profile " + shell_word(login.profile)) +
                   (not_here.empty() ? "." : ". " + not_here),
               0};
}

// ---- the terminal of the program that connects ----

class Terminal {
 public:
  Terminal() : descriptor_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    // A program in the background would be stopped for writing to it.
    if (descriptor_ >= 0 && tcgetpgrp(descriptor_) != getpgrp()) {
      close(descriptor_);
      descriptor_ = -1;
    }
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    const NotCancelled held;
    if (descriptor_ >= 0) close(descriptor_);
  }

  [[nodiscard]] bool is_there() const { return descriptor_ >= 0; }
  void write(const std::string& text) const {
    if (is_there()) [[maybe_unused]]
      const auto written = ::write(descriptor_, text.data(), text.size());
  }
  [[nodiscard]] SignInScreen screen() const {
    if (!is_there()) return {};
    return {[this](const std::string& line) { write("iamodbc: " + line + "\n"); },
            [this](const std::string& line) { write("\r\x1b[K" + line); }};
  }

 private:
  int descriptor_;
};

// ---- one sign-in at a time ----

// Among threads the cache of credentials sees to it that one fetches; the lock is for different roles and other programs.
std::optional<Error> sign_in(const Context& context, const AwsClient& given, const SsoLogin& login, SignInWay way,
                             const Terminal& terminal, const Secret* refused) {
  const std::string folder = sso_cache_folder(context.system);
  if (auto error = make_private_folder(folder)) return error;
  const std::chrono::seconds allowed(context.settings.sso_login_timeout);

  const FileLock lock(folder, std::min(context.deadline, Steady::now() + allowed + std::chrono::seconds(5)));
  if (lock.is_busy()) {
    return Error{State::login_timeout, "The time for it passed while another sign-in to IAM Identity Center was open.",
                 0};
  }
  const auto kept = kept_token(context.system, login);
  const bool is_newer = kept && kept->end > context.system.now() &&
                        (refused == nullptr || kept->access_token.reveal() != refused->reveal());
  if (is_newer) return std::nullopt;

  AwsClient client = given;
  client.deadline = std::min(context.deadline, Steady::now() + allowed);
  context.log.info("a sign-in to IAM Identity Center is opened, for up to " +
                   std::to_string(context.settings.sso_login_timeout) + " s");
  auto error = sso_sign_in(client, login, way, terminal.screen());
  // Nobody answered, though the login had time: an end that all who wait for this sign-in share.
  if (error && Steady::now() < context.deadline) error->sqlstate = State::invalid_authorization;
  return error;
}

// The access token after a sign-in, if one may happen here.
Result<Secret> token_after_sign_in(const Context& context, const AwsClient& client, const SsoLogin& login,
                                   const std::string& why, const Secret* refused) {
  const CredentialSettings& settings = context.settings;
  if (settings.sso_login == SsoSignIn::never || context.is_refresh) return sign_in_elsewhere(context, login, why, "");
  if (!settings.may_prompt) {
    return sign_in_elsewhere(context, login, why, "The program that connects forbids to ask (SQL_DRIVER_NOPROMPT).");
  }
  const Terminal terminal;
  const auto way = sign_in_way(settings.sso_login, has_display(context.system), terminal.is_there());
  if (!way) return sign_in_elsewhere(context, login, why, "There is neither a display nor a terminal to ask on here.");
  if (auto error = sign_in(context, client, login, *way, terminal, refused)) return *std::move(error);
  auto token = sso_access_token(client, login);
  if (auto* const secret = std::get_if<Secret>(&token)) return std::move(*secret);
  if (auto* const error = std::get_if<Error>(&token)) return std::move(*error);
  return sign_in_elsewhere(context, login, std::get<SignInNeeded>(token).why, "");
}

SharedCredentials credentials_of(RoleKeys keys, const SsoLogin& login) {
  auto credentials = std::make_shared<Credentials>();
  credentials->access_key_id = std::move(keys.access_key_id);
  credentials->secret_access_key = std::move(keys.secret_access_key);
  credentials->session_token = std::move(keys.session_token);
  credentials->expiration = keys.expiration;
  credentials->account_id = login.account_id;
  credentials->source = described({login, {}}, AwsFiles());
  return credentials;
}

Result<SharedCredentials> fetch(const Context& context, const SsoLogin& login) {
  const AwsClient client = aws_client(context, login.profile);
  const std::string path = token_file(context.system, login);
  if (auto error = open_to_others_error(path, context.settings, context.log)) return *std::move(error);
  auto kept = sso_access_token(client, login);
  if (auto* const error = std::get_if<Error>(&kept)) return std::move(*error);
  Secret token;
  bool has_signed_in = false;
  if (auto* const needed = std::get_if<SignInNeeded>(&kept)) {
    auto signed_in = token_after_sign_in(context, client, login, needed->why, nullptr);
    if (!signed_in) return signed_in.error();
    token = std::move(signed_in).value();
    has_signed_in = true;
  } else {
    token = std::move(std::get<Secret>(kept));
  }
  while (true) {
    auto result = get_role_credentials(client, login.region, login.account_id, login.role_name, token);
    if (auto* const keys = std::get_if<RoleKeys>(&result)) return credentials_of(std::move(*keys), login);
    const auto& fault = std::get<AwsFault>(result);
    if (fault.status != unauthorized) return fault.error;
    const std::string why = "The SSO session associated with this profile has expired or is otherwise invalid. (" +
                            fault.error.message + ")";
    if (has_signed_in) return sign_in_elsewhere(context, login, why, "");
    auto signed_in = token_after_sign_in(context, client, login, why, &token);
    if (!signed_in) return signed_in.error();
    token = std::move(signed_in).value();
    has_signed_in = true;
  }
}

class Sso : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "SSO"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    auto login = sso_login_of_dsn(context, true);
    if (!login) return login.error();
    return sso_credentials(context, login.value());
  }
};

}  // namespace

bool names_sso(const CredentialSettings& settings) {
  return !settings.sso_start_url.empty() || !settings.sso_session.empty() || !settings.sso_account_id.empty() ||
         !settings.sso_role_name.empty();
}

Result<SsoLogin> sso_login_of_dsn(const Context& context, bool needs_role) {
  const CredentialSettings& settings = context.settings;
  const ProfileChoice choice = chosen_profile(context.system, settings.profile);
  if (!settings.profile.empty() && !context.files.problems().empty()) {
    return Error{State::invalid_authorization,
                 "Unable to parse the AWS files, which profile " + choice.name + " is read from. " +
                     context.files.problems().front(),
                 0};
  }
  const SsoLogin given{"",
                       settings.sso_session,
                       settings.sso_start_url,
                       settings.sso_region,
                       settings.sso_account_id,
                       settings.sso_role_name,
                       {}};
  return plan_sso(context.files, choice.name, given, needs_role);
}

Answer sso_credentials(const Context& context, const SsoLogin& login) {
  const bool may_sign_in = context.settings.sso_login != SsoSignIn::never && context.settings.may_prompt;
  const AwsClient client = aws_client(context, login.profile);
  CredentialKey key("sso");
  key.add(token_file(context.system, login)).add(login.start_url).add(login.region);
  key.add(login.account_id).add(login.role_name).add(may_sign_in ? "may sign in" : "");
  for (const AwsService& service : {sso_service, sso_oidc_service}) {
    const auto url = endpoint_url(client, service, login.region);
    if (!url) return url.error();
    key.add(url.value());
  }
  const auto answer = [&](const Context& own) -> Answer {
    auto result = fetch(own, login);
    if (!result) return result.error();
    return std::move(result).value();
  };
  // Whoever signed out, or in as somebody else, is not to be given what the one before had.
  const Sharing sharing{true, [&](CredentialKey& own) { add_token(own, context.system, login); }};
  return CredentialCache::of_process().get(key, context, answer, RefreshWindows{}, sharing);
}

std::unique_ptr<Provider> sso_provider() {
  return std::make_unique<Sso>();
}

}  // namespace iamodbc
