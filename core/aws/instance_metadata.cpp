// SPDX-License-Identifier: Apache-2.0
#include "core/aws/instance_metadata.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace iamodbc {
namespace {

constexpr const char* ipv4_service = "http://169.254.169.254";
constexpr const char* ipv6_service = "http://[fd00:ec2::254]";

bool is_true(const std::string& text) {
  return same_name(text, "true");
}

// Over plain http the keys are for everybody on the way.
bool is_host_of_metadata(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "169.254.169.254" || address == "fd00:ec2::254";
}

HttpRequest request_for(std::string url, std::chrono::milliseconds timeout) {
  HttpRequest request;
  request.url = std::move(url);
  if (request.url.starts_with("http://")) request.may_dial = is_host_of_metadata;
  request.timeout = request.connect_timeout = timeout;
  return request;
}

Error not_allowed(const std::string& url) {
  return Error{State::invalid_authorization,
               "Unsupported EC2 Instance Metadata endpoint: " + shown_url(url) +
                   ". Over http the metadata service is asked at a loopback address, 169.254.169.254 or fd00:ec2::254 "
                   "only; over https at any. Look at AWS_EC2_METADATA_SERVICE_ENDPOINT, and at "
                   "ec2_metadata_service_endpoint of the profile.",
               0};
}

Result<std::string> service_base(const AwsClient& client) {
  std::string url = aws_setting(client, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
  if (!url.empty()) {
    while (url.ends_with('/')) url.pop_back();
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      return cannot_connect("Invalid endpoint EC2 Instance Metadata endpoint: " + shown_url(url) +
                            ". It begins with http://; look at AWS_EC2_METADATA_SERVICE_ENDPOINT, and at "
                            "ec2_metadata_service_endpoint of the profile.");
    }
    return url;
  }
  const std::string mode =
      aws_setting(client, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
  const bool prefers_ipv6 = mode.empty() && is_true(client.system.variable("AWS_IMDS_USE_IPV6").value_or(""));
  if (prefers_ipv6 || same_name(mode, "ipv6")) return std::string(ipv6_service);
  if (mode.empty() || same_name(mode, "ipv4")) return std::string(ipv4_service);
  return cannot_connect("Invalid EC2 Instance Metadata endpoint mode: " + mode +
                        ". Allowed: ipv4, ipv6; look at AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, and at "
                        "ec2_metadata_service_endpoint_mode of the profile.");
}

Result<int> whole_number(const AwsClient& client, const char* variable, const char* key, int most) {
  const std::string text = aws_setting(client, variable, key);
  if (text.empty()) return 1;
  const auto number = parse_integer(text);
  if (number && *number >= 1 && *number <= most) return static_cast<int>(*number);
  return cannot_connect("Invalid value \"" + text + "\" for " + variable + " (" + key +
                        " of a profile): it is a whole number from 1 to " + std::to_string(most) + ".");
}

Error too_late(const HttpFailure& failure) {
  return Error{State::login_timeout,
               "No answer from the metadata service of the instance: " + failure.reason +
                   ". Where there is none, AWS_EC2_METADATA_DISABLED=true saves the time.",
               0};
}

// The last of up to `attempts` answers; a status of 500 and more, and a failure, are asked again.
HttpResult send_again(const HttpRequest& request, int attempts, Deadline deadline) {
  for (int attempt = 1;; ++attempt) {
    HttpResult result = http_send(request, deadline);
    const auto* const answer = std::get_if<HttpAnswer>(&result);
    const auto* const failure = std::get_if<HttpFailure>(&result);
    const bool is_final = answer != nullptr ? answer->status < 500 : failure->kind == HttpFailure::Kind::deadline;
    if (is_final || attempt >= attempts) return result;
  }
}

std::string status_text(int status) {
  return "it answers with status " + std::to_string(status);
}

}  // namespace

std::variant<std::string, NoMetadata, Error> InstanceMetadata::address(const AwsClient& client) {
  if (is_true(client.system.variable("AWS_EC2_METADATA_DISABLED").value_or("")))
    return NoMetadata{"AWS_EC2_METADATA_DISABLED switches it off"};
  auto base = service_base(client);
  if (!base) return base.error();
  return std::move(base).value();
}

std::variant<InstanceMetadata, NoMetadata, Error> InstanceMetadata::open(const AwsClient& client) {
  auto where = address(client);
  if (auto* const none = std::get_if<NoMetadata>(&where)) return std::move(*none);
  if (auto* const error = std::get_if<Error>(&where)) return std::move(*error);
  const auto timeout = whole_number(client, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", 600);
  if (!timeout) return timeout.error();
  const auto attempts = whole_number(client, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", 100);
  if (!attempts) return attempts.error();

  InstanceMetadata metadata;
  metadata.base_ = std::get<std::string>(std::move(where));
  metadata.timeout_ = std::chrono::seconds(timeout.value());
  metadata.attempts_ = attempts.value();

  HttpRequest request = request_for(metadata.base_ + "/latest/api/token", metadata.timeout_);
  request.method = "PUT";
  request.headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}, {"Content-Type", ""}};
  client.log.debug("asking " + shown_url(request.url));
  HttpResult result = send_again(request, metadata.attempts_, client.deadline);
  std::string why;
  if (const auto* const failure = std::get_if<HttpFailure>(&result)) {
    using Kind = HttpFailure::Kind;
    if (failure->kind == Kind::deadline) return too_late(*failure);
    if (failure->kind == Kind::not_allowed) return not_allowed(metadata.base_);
    // A router between a container and the instance drops the answer: reached, and silent. Else nobody is there.
    if (failure->kind != Kind::timed_out && failure->kind != Kind::closed) return NoMetadata{failure->reason};
    why = failure->reason;
  } else {
    auto& answer = std::get<HttpAnswer>(result);
    if (answer.status == 200 && trimmed(answer.body.reveal()).find_first_of("\r\n") == std::string_view::npos &&
        !trimmed(answer.body.reveal()).empty()) {
      metadata.token_ = Secret(trimmed(answer.body.reveal()));
      return metadata;
    }
    why = status_text(answer.status);
    if (answer.status == 400) return NoMetadata{why + " to the request for a token"};
  }
  if (is_true(aws_setting(client, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"))) {
    return Error{State::invalid_authorization,
                 "Error retrieving metadata: Unable to retrieve token for use in IMDSv2 call and IMDSv1 has been "
                 "disabled (" +
                     why +
                     "). Look at the instance's hop limit, and at AWS_EC2_METADATA_V1_DISABLED and "
                     "ec2_metadata_v1_disabled of the profile.",
                 0};
  }
  client.log.debug("no token of IMDSv2 (" + why + "); asking by IMDSv1");
  return metadata;
}

std::variant<Secret, NoMetadata, Error> InstanceMetadata::get(const AwsClient& client, std::string_view path) const {
  HttpRequest request = request_for(base_ + "/latest/" + std::string(path), timeout_);
  if (!token_.empty()) request.headers.emplace_back("x-aws-ec2-metadata-token", token_.reveal());
  HttpResult result = send_again(request, attempts_, client.deadline);
  for (auto& [name, value] : request.headers) wipe(value);
  if (const auto* const failure = std::get_if<HttpFailure>(&result)) {
    if (failure->kind == HttpFailure::Kind::deadline) return too_late(*failure);
    if (failure->kind == HttpFailure::Kind::not_allowed) return not_allowed(base_);
    return NoMetadata{failure->reason};
  }
  auto& answer = std::get<HttpAnswer>(result);
  if (answer.status != 200) return NoMetadata{status_text(answer.status) + " to " + std::string(path)};
  if (trimmed(answer.body.reveal()).empty()) return NoMetadata{"its answer to " + std::string(path) + " is empty"};
  return std::move(answer.body);
}

Result<std::string> region_of_instance(const AwsClient& client) {
  const auto said = [&](const std::string& why) {
    client.log.debug("no region from the metadata service of the instance: " + why);
    return std::string();
  };
  auto metadata = InstanceMetadata::open(client);
  if (const auto* const none = std::get_if<NoMetadata>(&metadata)) return said(none->why);
  if (const auto* const error = std::get_if<Error>(&metadata)) return *error;
  auto zone = std::get<InstanceMetadata>(metadata).get(client, "meta-data/placement/availability-zone/");
  if (const auto* const none = std::get_if<NoMetadata>(&zone)) return said(none->why);
  if (const auto* const error = std::get_if<Error>(&zone)) return *error;
  std::string region(trimmed(std::get<Secret>(zone).reveal()));
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_of_zone = [&](char c) { return is_letter(c) || c == '-' || (c >= '0' && c <= '9'); };
  // "eu-central-1a" -> "eu-central-1"; a page of a network's own sign-in is no zone.
  if (region.size() > 40 || region.find('-') == std::string::npos || !is_letter(region.back()) ||
      !std::all_of(region.begin(), region.end(), is_of_zone))
    return said("its answer is not an availability zone");
  region.pop_back();
  return region;
}

}  // namespace iamodbc
