// SPDX-License-Identifier: Apache-2.0
#include "core/aws/client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "core/aws/region.h"
#include "core/encoding.h"
#include "core/json.h"
#include "core/text.h"
#include "core/xml.h"

namespace iamodbc {
namespace {

constexpr std::chrono::minutes noticeable_skew{4};
constexpr std::size_t max_shown_bytes = 400;
constexpr std::size_t longest_shown_region = 80;

constexpr std::array retried_codes{"RequestTimeout",
                                   "RequestTimeoutException",
                                   "PriorRequestNotComplete",
                                   "Throttling",
                                   "ThrottlingException",
                                   "ThrottledException",
                                   "RequestThrottledException",
                                   "TooManyRequestsException",
                                   "ProvisionedThroughputExceededException",
                                   "TransactionInProgressException",
                                   "RequestLimitExceeded",
                                   "BandwidthLimitExceeded",
                                   "LimitExceededException",
                                   "RequestThrottled",
                                   "SlowDown",
                                   "EC2ThrottledException"};
constexpr std::array skew_codes{"RequestTimeTooSkewed",      "RequestExpired",        "RequestInTheFuture",
                                "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"};

// Of keys that were taken back or have ended, and of a policy that denies: a session that was revoked is told so by a policy.
constexpr std::array refused_codes{"ExpiredToken",
                                   "ExpiredTokenException",
                                   "InvalidClientTokenId",
                                   "UnrecognizedClientException",
                                   "InvalidAccessKeyId",
                                   "InvalidToken",
                                   "InvalidSignatureException",
                                   "SignatureDoesNotMatch",
                                   "IncompleteSignature",
                                   "AuthFailure",
                                   "AccessDenied",
                                   "AccessDeniedException",
                                   "UnauthorizedOperation"};

std::atomic<long long> learned_offset{0};      // seconds
std::atomic<long long> start_when_learned{0};  // computer_start() then; what was learned holds until the clock is set

bool is_one_of(std::span<const char* const> names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const char* one) { return name == one; });
}

// ---- settings ----

bool is_true(const std::string& text) {
  return same_name(text, "true");
}

Result<int> attempts_of(const AwsClient& client) {
  const std::string mode = aws_setting(client, "AWS_RETRY_MODE", "retry_mode");
  const std::string count = aws_setting(client, "AWS_MAX_ATTEMPTS", "max_attempts");
  if (!mode.empty() && mode != "standard" && mode != "legacy" && mode != "adaptive") {
    return cannot_connect("Invalid value provided to \"mode\": \"" + mode +
                          "\" must be one of: standard, legacy, adaptive. Look at AWS_RETRY_MODE, and at retry_mode of "
                          "the profile.");
  }
  if (count.empty()) return mode == "legacy" ? 5 : 3;
  const auto number = parse_integer(count);
  if (!number || *number < 1 || *number > 1000) {
    return cannot_connect("Value provided to \"max_attempts\": " + count +
                          " must be an integer greater than or equal to 1. Look at AWS_MAX_ATTEMPTS, and at "
                          "max_attempts of the profile.");
  }
  return static_cast<int>(*number);
}

std::string upper_and_lower_variable(const System& system, const std::string& lower_name) {
  if (const auto value = system.variable(lower_name)) return *value;  // an empty one takes the proxy away
  return system.set_variable(upper(lower_name)).value_or("");
}

struct UrlParts {
  std::string_view scheme;
  std::string_view authority;  // without user
  std::string_view host;       // without brackets
  std::string_view port;       // empty: the scheme's
  std::string_view path;       // with the query; may be empty
};

std::optional<UrlParts> parts_of(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  UrlParts parts;
  parts.scheme = url.substr(0, colon);
  std::string_view rest = url.substr(colon + 3);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  parts.path = rest.substr(end);
  parts.authority = rest.substr(0, end);
  if (const auto at = parts.authority.rfind('@'); at != std::string_view::npos) parts.authority.remove_prefix(at + 1);
  parts.host = parts.authority;
  if (parts.host.starts_with('[')) {
    const auto bracket = std::min(parts.host.find(']'), parts.host.size());
    if (bracket + 1 < parts.host.size()) parts.port = parts.host.substr(std::min(bracket + 2, parts.host.size()));
    parts.host = parts.host.substr(1, bracket - 1);
  } else if (const auto port = parts.host.find(':'); port != std::string_view::npos) {
    parts.port = parts.host.substr(port + 1);
    parts.host = parts.host.substr(0, port);
  }
  if (parts.host.empty()) return std::nullopt;
  return parts;
}

// One entry of NO_PROXY: a host, a domain with or without its leading dot, either with a port.
bool is_excepted(std::string_view entry, const UrlParts& parts) {
  entry = trimmed(entry);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty()) return false;
  const std::string host = lower(parts.host);
  const std::string with_port =
      host + ':' + std::string(parts.port.empty() ? (parts.scheme == "https" ? "443" : "80") : parts.port);
  const std::string wanted = lower(entry);
  for (const std::string& name : {host, with_port}) {
    if (name == wanted || name.ends_with('.' + wanted)) return true;
  }
  return false;
}

// ---- what went wrong ----

std::string xml_code(const HttpAnswer& answer, std::string& message) {
  const auto xml = Xml::parse(answer.body.reveal());
  if (!xml) return {};
  message = xml->text("Error/Message");
  std::string code = xml->text("Error/Code");
  if (code.empty()) {  // <Response><Errors><Error>, as EC2 and old services write it
    code = xml->text("Errors/Error/Code");
    message = xml->text("Errors/Error/Message");
  }
  return code;
}

// "com.amazon.coral#ExpiredTokenException:http://..." -> ExpiredTokenException
std::string bare_code(std::string text) {
  text = text.substr(0, text.find(':'));
  const auto hash = text.rfind('#');
  return hash == std::string::npos ? text : text.substr(hash + 1);
}

// Runs of characters of a body that are long enough for a token.
std::vector<std::string_view> long_values(std::string_view body) {
  constexpr std::size_t least_token_bytes = 40;
  constexpr std::string_view in_tokens = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  std::vector<std::string_view> found;
  while (!body.empty()) {
    const auto end = std::min(body.find_first_not_of(in_tokens), body.size());
    if (end >= least_token_bytes) found.push_back(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return found;
}

// A service may repeat what it was sent: nothing of that is shown, and nothing that speaks to a terminal.
std::string shown(std::string text, const AwsCall& request) {
  for (const char* const start : {"The Canonical String", "The canonical string"})
    text = text.substr(0, text.find(start));
  for (const auto& [name, value] : request.headers) hide(text, value);
  for (const std::string_view value : long_values(request.body.reveal())) hide(text, value);
  for (const std::string_view secret : request.secrets) hide(text, secret);
  if (request.keys != nullptr) {
    hide(text, request.keys->session_token.reveal());
    hide(text, request.keys->secret_access_key.reveal());
  }
  return on_one_line(text, max_shown_bytes);
}

AwsFault fault_of(const HttpAnswer& answer, const AwsCall& request, int attempt) {
  AwsErrorText text = error_of(answer);
  const std::string code = text.code.empty() ? std::to_string(answer.status) : text.code;
  const std::string again = attempt > 1 ? " (reached max retries: " + std::to_string(attempt - 1) + ")" : "";
  std::string message = "An error occurred (" + shown(code, request) + ") when calling the " + request.operation +
                        " operation" + again + ": " + shown(std::move(text.message), request);
  if (message.ends_with(": ")) message += "no message";
  message.erase(message.find_last_not_of(' ') + 1);
  if (!message.ends_with('.')) message += '.';
  if (answer.status >= 300 && answer.status < 400) {
    message +=
        " It redirects to another address, which is not followed: a proxy or a sign-in page of your network "
        "may stand between; look at HTTPS_PROXY and AWS_ENDPOINT_URL.";
  }
  if (const auto offset = clock_offset(); offset.count() != 0) {
    message += " (This computer's clock is " + std::to_string(std::abs(offset.count())) + " s " +
               (offset.count() > 0 ? "behind" : "ahead of") + " AWS's: set it right.)";
  }
  Error error{State::invalid_authorization, std::move(message), 0};
  if (request.keys != nullptr && is_one_of(refused_codes, text.code)) error.refused_key = request.keys->access_key_id;
  return AwsFault{std::move(error), text.code, answer.status, text.detail};
}

// A failure of the network that another attempt may not meet.
bool may_pass(const HttpFailure& failure) {
  using Kind = HttpFailure::Kind;
  return failure.kind == Kind::unknown_name || failure.kind == Kind::cannot_connect || failure.kind == Kind::closed ||
         failure.kind == Kind::timed_out;
}

AwsFault fault_of(const HttpFailure& failure, const AwsCall& request) {
  const bool is_late = failure.kind == HttpFailure::Kind::deadline;
  std::string message = std::string("No answer to ") + request.operation + ": " + failure.reason;
  if (failure.kind == HttpFailure::Kind::tls) {
    message += ". Name the certificate authority of your network in AWS_CA_BUNDLE or in ca_bundle of the profile";
  } else if (failure.kind == HttpFailure::Kind::proxy_refused) {
    message += ". Check HTTPS_PROXY, with its user and password, and NO_PROXY";
  } else if (may_pass(failure)) {
    message += ". Check the network, and HTTPS_PROXY and NO_PROXY";
  }
  AwsFault fault{Error{is_late ? State::login_timeout : State::cannot_connect, message + ".", 0}, "", 0};
  fault.is_unknown_name = failure.kind == HttpFailure::Kind::unknown_name;
  return fault;
}

bool is_worth_a_retry(const HttpAnswer& answer, const std::string& code, const AwsCall& request) {
  for (const int status : {500, 502, 503, 504, 429}) {
    if (answer.status == status) return true;
  }
  return is_one_of(retried_codes, code) || is_one_of(request.more_retried_codes, code);
}

// Waits before attempt `next`; false when the login time would be over before.
bool wait_before(int next, Deadline deadline) {
  static std::atomic<unsigned> calls{0};
  std::minstd_rand random(static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count()) + ++calls);
  const double most = std::min(1 << std::min(next - 2, 10), 20);
  const std::chrono::duration<double> wait(std::uniform_real_distribution<>(0, most)(random));
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(wait);
  if (until >= deadline) return false;
  std::this_thread::sleep_until(until);
  return true;
}

HttpResult send_signed(const AwsClient& client, const AwsCall& request, const std::string& base) {
  HttpRequest http;
  http.method = request.method;
  http.url = base + (base.ends_with('/') && request.path.starts_with('/') ? request.path.substr(1) : request.path);
  http.headers = request.headers;
  http.body = request.body.clone();
  http.proxy = proxy_for(http.url, client.system);
  http.ca_file = ca_bundle(client);
  http.max_answer_bytes = request.max_answer_bytes;
  if (request.keys != nullptr) {
    const auto parts = parts_of(http.url);
    const bool names_port = !parts->port.empty() && parts->port != (parts->scheme == "https" ? "443" : "80");
    const std::string host =
        lower(names_port ? parts->authority
                         : parts->authority.substr(
                               0, parts->authority.size() - (parts->port.empty() ? 0 : parts->port.size() + 1)));
    const auto question = std::min(parts->path.find('?'), parts->path.size());
    const RequestToSign to_sign{request.method,
                                host,
                                parts->path.substr(0, question),
                                parts->path.substr(std::min(question + 1, parts->path.size())),
                                request.headers,
                                request.body.reveal()};
    const std::string now = basic_time(aws_now(client.system));
    const bool is_global = request.region.empty() || request.region == "aws-global";
    const SigningScope scope{now.substr(0, 8), is_global ? "us-east-1" : request.region, request.service.signing_name};
    http.headers.emplace_back("Host", host);  // as it is signed, whatever the letters of the URL
    for (auto& header : signature_headers(to_sign, *request.keys, now, scope))
      http.headers.push_back(std::move(header));
  }
  HttpResult result = http_send(http, client.deadline);
  wipe(http.headers);
  return result;
}

}  // namespace

std::chrono::seconds clock_offset() {
  return std::chrono::seconds(learned_offset.load());
}

void learn_clock(Time theirs, Time ours) {
  const auto offset = std::chrono::duration_cast<std::chrono::seconds>(theirs - ours);
  const bool is_noticeable = offset >= noticeable_skew || offset <= -noticeable_skew;
  start_when_learned.store(computer_start(ours).count());
  learned_offset.store(is_noticeable ? offset.count() : 0);
}

std::chrono::seconds computer_start(Time now) {
  timespec running{};
  clock_gettime(CLOCK_BOOTTIME, &running);
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()) -
         std::chrono::seconds(running.tv_sec);
}

bool was_clock_set(std::chrono::seconds start_before, Time now) {
  return std::chrono::abs(computer_start(now) - start_before) >= noticeable_skew;
}

Time aws_now(const System& system) {
  const Time now = system.now();
  // In this order, so that what another thread learns meanwhile is not forgotten.
  auto offset = learned_offset.load();
  if (offset != 0 && was_clock_set(std::chrono::seconds(start_when_learned.load()), now))
    learned_offset.compare_exchange_strong(offset, 0);
  return now + clock_offset();
}

std::string proxy_for(std::string_view url, const System& system) {
  const auto parts = parts_of(url);
  if (!parts) return {};
  std::string proxy = upper_and_lower_variable(system, parts->scheme == "https" ? "https_proxy" : "http_proxy");
  // In a CGI program HTTP_PROXY is the header Proxy of whoever asks the web server.
  const bool is_cgi = parts->scheme == "http" && system.variable("REQUEST_METHOD") && !system.variable("http_proxy");
  if (is_cgi) return {};
  if (proxy.empty()) return {};
  std::string exceptions = upper_and_lower_variable(system, "no_proxy");
  if (trimmed(exceptions) == "*") return {};
  std::string_view rest = exceptions;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    if (is_excepted(rest.substr(0, end), *parts)) return {};
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

std::string aws_setting(const AwsClient& client, const char* variable, std::string_view key) {
  if (auto value = client.system.set_variable(variable)) return *std::move(value);
  const auto profile = client.files.profile(client.profile);
  if (!profile) return {};
  const auto found = profile->find(key);
  return found == profile->end() ? "" : found->second.value;
}

std::string ca_bundle(const AwsClient& client) {
  return aws_setting(client, "AWS_CA_BUNDLE", "ca_bundle");
}

namespace {

// What the profile's services section, else the profile itself says; empty: nothing.
Result<std::string> url_of_profile(const AwsClient& client, const AwsService& service) {
  const auto profile = client.files.profile(client.profile);
  if (!profile) return std::string();
  if (const auto name = profile->find("services"); name != profile->end()) {
    const AwsSection* const services = client.files.services(name->second.value);
    if (services == nullptr) {
      return cannot_connect("The profile " + client.profile + " names services = " + name->second.value +
                            ", and there is no section [services " + name->second.value + "] in " +
                            client.files.config_path() + ". Add it, or remove the line.");
    }
    if (const auto found = services->find(lower(service.id)); found != services->end()) {
      const auto url = found->second.nested.find("endpoint_url");
      if (url != found->second.nested.end() && !url->second.empty()) return url->second;
    }
  }
  const auto url = profile->find("endpoint_url");
  return url == profile->end() ? std::string() : std::string(url->second.value);
}

Result<std::string> configured_url(const AwsClient& client, const AwsService& service) {
  if (is_true(aws_setting(client, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")))
    return std::string();
  if (auto url = client.system.set_variable(std::string("AWS_ENDPOINT_URL_") + service.id)) return *std::move(url);
  if (auto url = client.system.set_variable("AWS_ENDPOINT_URL")) return *std::move(url);
  return url_of_profile(client, service);
}

}  // namespace

Result<std::string> endpoint_url(const AwsClient& client, const AwsService& service, std::string_view region) {
  auto url = configured_url(client, service);
  if (!url) return url.error();
  if (!url.value().empty()) {
    const auto parts = parts_of(url.value());
    if (!parts || (parts->scheme != "http" && parts->scheme != "https")) {
      return cannot_connect("Invalid endpoint: " + shown_url(url.value()) +
                            ". An endpoint URL begins with https:// or http://; look at AWS_ENDPOINT_URL and at "
                            "endpoint_url of the profile.");
    }
    while (url.value().ends_with('/')) url.value().pop_back();
    return url;
  }
  // It becomes a part of the host, and may come from a connection string: it may not lead keys and sign-ins elsewhere.
  if (!region.empty() && !is_region_name(region)) {
    return cannot_connect("\"" + on_one_line(region, longest_shown_region) +
                          "\" is not the name of an AWS region, so " + service.host +
                          " is not asked. A region looks like us-east-1 or eu-west-3.");
  }
  const EndpointSwitches switches{is_true(aws_setting(client, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")),
                                  is_true(aws_setting(client, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"))};
  return service_url(service, region, switches);
}

AwsErrorText error_of(const HttpAnswer& answer) {
  AwsErrorText text;
  text.code = bare_code(answer.header("x-amzn-errortype"));
  const std::string_view body = trimmed(answer.body.reveal());
  if (body.starts_with('<')) {
    text.code = xml_code(answer, text.message);
    return text;
  }
  const auto json = Json::parse(body);
  if (!json) {
    text.message = body;
    return text;
  }
  text.detail = json->text("error").value_or("");
  for (const char* const key : {"__type", "code", "Code", "error"}) {
    if (text.code.empty()) text.code = bare_code(json->text(key).value_or(""));
  }
  for (const char* const key : {"message", "Message", "error_description", "error"}) {
    if (text.message.empty()) text.message = json->text(key).value_or("");
  }
  return text;
}

AwsResult call(const AwsClient& client, const AwsCall& request) {
  const auto attempts = attempts_of(client);
  if (!attempts) return AwsFault{attempts.error(), "", 0};
  const auto base = endpoint_url(client, request.service, request.region);
  if (!base) return AwsFault{base.error(), "", 0};
  client.log.debug(std::string("asking ") + base.value() + " for " + request.operation);

  bool is_clock_corrected = false;
  for (int attempt = 1;; ++attempt) {
    const auto offset = clock_offset();
    HttpResult result = send_signed(client, request, base.value());
    AwsFault fault;
    bool may_retry = false;
    if (auto* const answer = std::get_if<HttpAnswer>(&result)) {
      if (const auto date = http_date(answer->header("date")); date && answer->header("age").empty())
        learn_clock(*date, client.system.now());
      if (answer->status >= 200 && answer->status < 300) return std::move(*answer);
      fault = fault_of(*answer, request, attempt);
      if (request.keys != nullptr && !is_clock_corrected && clock_offset() != offset &&
          is_one_of(skew_codes, fault.code)) {
        client.log.warning("this computer's clock differs from AWS's by " + std::to_string(clock_offset().count()) +
                           " s; signed anew by AWS's");
        is_clock_corrected = true;
        --attempt;
        continue;
      }
      may_retry = is_worth_a_retry(*answer, fault.code, request);
    } else {
      const auto& failure = std::get<HttpFailure>(result);
      fault = fault_of(failure, request);
      may_retry = may_pass(failure);
    }
    if (!may_retry || attempt >= attempts.value() || !wait_before(attempt + 1, client.deadline)) return fault;
    client.log.debug(std::string("once more: ") + fault.error.message);
  }
}

AwsFault unreadable_answer(const AwsService& service, const std::string& operation) {
  return AwsFault{Error{State::invalid_authorization,
                        "The answer to " + operation +
                            " is not what AWS sends. Is a proxy or another server between? Look at AWS_ENDPOINT_URL_" +
                            service.id + " and HTTPS_PROXY.",
                        0},
                  "", 200};
}

AwsResult query_call(const AwsClient& client, AwsCall request, std::string_view version, QueryPairs members) {
  Secret body(std::string("Action=") + request.operation + "&Version=" + std::string(version));
  for (const auto& [name, value] : members) {
    std::string encoded = percent_encoded(value);
    body.append('&' + percent_encoded(name) + '=');
    body.append(encoded);
    wipe(encoded);
  }
  wipe(members);
  request.body = std::move(body);
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  return call(client, request);
}

}  // namespace iamodbc
