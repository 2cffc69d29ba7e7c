// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/container.h"

#include <algorithm>
#include <array>
#include <optional>
#include <thread>
#include <utility>

#include "core/aws/http.h"
#include "core/credentials/cache.h"
#include "core/private_file.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr const char* relative_variable = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* full_variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* token_file_variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr const char* token_variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

constexpr std::chrono::seconds time_of_attempt{2};
constexpr std::chrono::seconds between_attempts{1};
constexpr int max_attempts = 3;
constexpr std::size_t max_token_bytes = std::size_t{64} << 10U;
constexpr std::size_t max_shown_bytes = 200;

Error broken(const std::string& message, const char* state = State::invalid_authorization) {
  return Error{state, "Error when retrieving credentials from container-role: " + message, 0};
}

// Over plain http the answer and the token are for everybody on the way.
bool is_host_of_credentials(std::string_view address) {
  constexpr std::array known{"::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  return address.starts_with("127.") || std::find(known.begin(), known.end(), address) != known.end();
}

Result<std::string> url_of(const std::string& relative, const std::string& full) {
  if (!relative.empty()) {
    if (relative.starts_with('/')) return "http://169.254.170.2" + relative;
    return broken(std::string(relative_variable) + " is not a path: it begins with /.");
  }
  if (full.starts_with("http://") || full.starts_with("https://")) return full;
  return broken(std::string("Unsupported scheme in ") + full_variable + " (" + shown_url(full) +
                "): it begins with http:// or https://.");
}

// The value of the header Authorization; empty: none is sent.
Result<Secret> authorization(const System& system) {
  Secret token;
  std::string from = token_variable;
  if (const auto path = system.set_variable(token_file_variable)) {
    from = std::string(token_file_variable) + " (" + *path + ")";
    auto content = read_secret_file(*path, max_token_bytes);
    if (!content) return broken("The token file of " + from + " " + content.error().message + ".");
    token = std::move(content).value();
  } else if (auto text = system.set_variable(token_variable)) {
    token = Secret::taken_from(*text);
  }
  if (token.reveal().find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return broken("Auth token value is not a legal header value: what " + from +
                  " gives holds a line break. Write it without one, at its end too.");
  }
  if (token.size() > max_token_bytes) return broken("What " + from + " gives is longer than 64 kB.");
  return token;
}

struct Tried {
  std::optional<Json> object;
  std::string fault;     // why there is none
  bool is_final = true;  // another attempt is of no use
  const char* state = State::invalid_authorization;
};

Tried ask(const HttpRequest& request, Deadline deadline) {
  HttpResult result = http_send(request, deadline);
  if (const auto* const failure = std::get_if<HttpFailure>(&result)) {
    using Kind = HttpFailure::Kind;
    // A name that nobody knows may not be asked over http either; over https it may be known in a moment.
    const bool is_unknown = failure->kind == Kind::unknown_name && request.may_dial != nullptr;
    if (failure->kind == Kind::not_allowed || is_unknown) {
      const std::string url = shown_url(request.url);
      const auto host = url.find("://") + 3;
      return {{},
              "Unsupported host '" + url.substr(host, url.find('/', host) - host) + "'" +
                  (is_unknown ? ", which has no address" : "") +
                  ". Can only retrieve metadata over http from a loopback address or one of these hosts: "
                  "169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost; over https from any"};
    }
    if (failure->kind == Kind::deadline) return {{}, failure->reason, true, State::login_timeout};
    return {{}, "Error retrieving metadata: " + failure->reason, false};
  }
  const auto& answer = std::get<HttpAnswer>(result);
  const std::string_view body = answer.body.reveal();
  if (answer.status != 200) {
    std::string text(body.substr(0, 4 * max_shown_bytes));
    for (const auto& [name, value] : request.headers) hide(text, value);
    text = on_one_line(without_keys(text), max_shown_bytes);
    return {{},
            "Error retrieving metadata: Received non 200 response " + std::to_string(answer.status) +
                " from container metadata: " + text,
            false};
  }
  auto object = Json::parse(body);
  const std::string fault = "Error retrieving metadata: Unable to parse JSON returned from container metadata";
  return {std::move(object), fault, false};
}

Answer credentials_in(const Json& object, const std::string& source) {
  auto credentials = std::make_shared<Credentials>(credentials_of(object, "Token"));
  const char* missing = nullptr;
  if (!credentials->expiration) missing = "Expiration";
  if (credentials->session_token.empty()) missing = "Token";
  if (credentials->secret_access_key.empty()) missing = "SecretAccessKey";
  if (credentials->access_key_id.empty()) missing = "AccessKeyId";
  if (missing != nullptr)
    return broken(std::string("Missing required key in response: '") + missing + "' (" + source + ").");
  credentials->source = source;
  return SharedCredentials(std::move(credentials));
}

class Container : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "container"; }

  [[nodiscard]] Answer provide(const Context& context) const override {
    const std::string relative = context.system.set_variable(relative_variable).value_or("");
    const std::string full = context.system.set_variable(full_variable).value_or("");
    if (relative.empty() && full.empty()) return NotConfigured{"no AWS_CONTAINER_CREDENTIALS_... variable is set"};
    auto url = url_of(relative, full);
    if (!url) return url.error();
    CredentialKey key("container");
    key.add(url.value())
        .add(context.system.variable(token_file_variable).value_or(""))
        .add(context.system.variable(token_variable).value_or(""));
    // The token's file is of the same name in every container.
    const Sharing sharing{true, [&](CredentialKey& own) { add_container_token(own, context.system); }};
    return CredentialCache::of_process().get(
        key, context, [&](const Context& with_deadline) { return fetch(url.value(), with_deadline); }, RefreshWindows{},
        sharing);
  }

 private:
  static Answer fetch(std::string url, const Context& context) {
    const std::string source = "the container's role at " + shown_url(url);
    HttpRequest request;
    request.url = std::move(url);
    request.timeout = request.connect_timeout = time_of_attempt;
    if (request.url.starts_with("http://")) request.may_dial = is_host_of_credentials;
    request.ca_file = ca_bundle(aws_client(context, chosen_profile(context.system, context.settings.profile).name));
    for (int attempt = 1;; ++attempt) {
      const auto token = authorization(context.system);
      if (!token) return token.error();
      const auto token_path = context.system.set_variable(token_file_variable);
      auto open = token_path ? open_to_others_error(*token_path, context.settings, context.log) : std::nullopt;
      if (open) return *std::move(open);
      request.headers = {{"Accept", "application/json"}};
      if (!token.value().empty()) request.headers.emplace_back("Authorization", token.value().reveal());
      context.log.debug("asking " + shown_url(request.url));
      const Tried tried = ask(request, context.deadline);
      for (auto& [name, value] : request.headers) wipe(value);
      if (tried.object) return credentials_in(*tried.object, source);
      const bool is_in_time = std::chrono::steady_clock::now() + between_attempts < context.deadline;
      if (tried.is_final || attempt == max_attempts || !is_in_time) {
        return broken(tried.fault + (attempt > 1 ? " (" + std::to_string(attempt) + " attempts)" : "") + ".",
                      tried.state);
      }
      context.log.debug("once more: " + tried.fault);
      std::this_thread::sleep_for(between_attempts);
    }
  }
};

}  // namespace

void add_container_token(CredentialKey& key, const System& system) {
  const auto token = authorization(system);
  key.add(token ? token.value().reveal() : std::string_view());
}

std::unique_ptr<Provider> container_provider() {
  return std::make_unique<Container>();
}

}  // namespace iamodbc
