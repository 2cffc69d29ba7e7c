// client: a call of an AWS service: where it goes, how it is signed, when it is tried again, what its error says.
//
// Settings are those of the AWS tools: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, `services` section, endpoint_url; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS;
// AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT; AWS_CA_BUNDLE; AWS_MAX_ATTEMPTS, AWS_RETRY_MODE; HTTP(S)_PROXY and NO_PROXY; each with its key in the profile
// where it has one. Empty counts as unset; a value that means nothing is an error.
// Retries: standard mode (three attempts in all unless told otherwise), waiting rand(0,1) * min(2^(n-1), 20) s, never past the deadline. Clock: when an answer's Date
// differs from ours by four minutes or more the difference is kept for the process, and what is signed from then on carries the corrected time.
// Errors: AwsFault with SQLSTATE, message without secrets, and AWS's error code; Error::refused_key where keys that signed are not good, or not good enough. Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html; docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/aws/endpoints.h"
#include "core/aws/http.h"
#include "core/aws/sigv4.h"
#include "core/deadline.h"
#include "core/error.h"
#include "core/ini_files.h"
#include "core/log.h"
#include "core/result.h"
#include "core/system.h"

namespace iamodbc {

// Who asks, and what may be looked at.
struct AwsClient {
  const System& system;
  const AwsFiles& files;
  std::string profile;  // whose settings count
  std::string region;   // lower case; empty: none is known
  const Log& log;
  Deadline deadline;
};

struct AwsFault {
  Error error;
  std::string code;      // AWS's own, "ExpiredTokenException"; empty: nobody answered, or not AWS
  int status = 0;        // of HTTP; 0: nobody answered
  std::string detail{};  // the member `error` of a JSON answer: "TOKEN_EXPIRED", "slow_down"
  bool is_unknown_name =
      false;  // the service's host has no address: it is not offered in this region, or the network has no DNS
};
using AwsResult = std::variant<HttpAnswer, AwsFault>;

struct AwsCall {
  const AwsService& service;
  const char* operation;  // for messages: "AssumeRole"
  std::string region{};   // of the endpoint and the signature
  std::string method = "POST";
  std::string path = "/";  // with its query, percent-encoded
  HttpHeaders headers{};   // signed, if it is signed
  Secret body{};
  const SigningKeys* keys = nullptr;                  // nullptr: not signed
  std::span<const char* const> more_retried_codes{};  // besides those of the standard mode
  std::vector<std::string_view> secrets{};            // of the body: no message repeats them
  std::size_t max_answer_bytes = usual_answer_bytes;
};

AwsResult call(const AwsClient& client, const AwsCall& request);

// The same for a query service (STS, RDS, ...): Action, Version and members, not yet encoded; their texts are wiped.
AwsResult query_call(const AwsClient& client, AwsCall request, std::string_view version, QueryPairs members);

// The fault of an answer that is none of this service's: a proxy or another server stands between.
AwsFault unreadable_answer(const AwsService& service, const std::string& operation);

// ---- pure parts ----

// The proxy for a URL: https_proxy or http_proxy, the lower-case variable before the other, an empty lower-case one meaning none; NO_PROXY's hosts and domains
// excepted. Empty: none. ALL_PROXY does not count.
std::string proxy_for(std::string_view url, const System& system);

// A variable, else a key of the profile; empty: neither is set, or to an empty text.
std::string aws_setting(const AwsClient& client, const char* variable, std::string_view key);

// AWS_CA_BUNDLE, else ca_bundle of the profile; empty: none.
std::string ca_bundle(const AwsClient& client);

// The base URL for a service: a configured one, else the service's own.
Result<std::string> endpoint_url(const AwsClient& client, const AwsService& service, std::string_view region);

// AWS's error code and text of an answer: XML, JSON or the header x-amzn-errortype.
struct AwsErrorText {
  std::string code;
  std::string message;
  std::string detail{};
};
AwsErrorText error_of(const HttpAnswer& answer);

// How far AWS's clock is ahead of ours, as learned in this process; 0 until something of four minutes or more was seen.
std::chrono::seconds clock_offset();
void learn_clock(Time theirs, Time ours);
// The time by AWS's clock as far as it is known: what is signed carries it, and the end of credentials is judged by it. Forgets what was learned of a clock that has been
// set since, by a person or by NTP.
Time aws_now(const System& system);
// When this computer started, since 1970 and by its clock as it is set now: the same in all processes until somebody sets the clock.
// Source: clock_gettime(2), CLOCK_BOOTTIME
std::chrono::seconds computer_start(Time now);
// Four minutes or more, since the computer had started then.
bool was_clock_set(std::chrono::seconds start_before, Time now);

}  // namespace iamodbc
