// instance_metadata: the metadata service of an EC2 instance (IMDS): version 2, and version 1 where the first gives no token and the second is not switched off.
//
// Asked are AWS_EC2_METADATA_SERVICE_ENDPOINT, else the address of AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (ipv4, ipv6) or AWS_IMDS_USE_IPV6, else
// http://169.254.169.254; never through a proxy. Over http only what is dialled at a loopback address, at 169.254.169.254 or fd00:ec2::254; over https any host. AWS_EC2_METADATA_DISABLED=true switches it off, AWS_EC2_METADATA_V1_DISABLED=true version 1.
// AWS_METADATA_SERVICE_TIMEOUT (1 s) holds for each request, AWS_METADATA_SERVICE_NUM_ATTEMPTS (1) for each as well. All but AWS_EC2_METADATA_DISABLED and
// AWS_IMDS_USE_IPV6 have a key in the profile, in lower case and without AWS_. Where nobody takes the connection, nobody is asked a second time.
// Errors: a setting that means nothing (08001), version 1 needed and switched off (28000), the deadline (HYT00). Thread rule: any thread, no lock held while asking.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html; docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "core/aws/client.h"
#include "core/error.h"
#include "core/secret.h"

namespace iamodbc {

struct NoMetadata {
  std::string why;
};

class InstanceMetadata {
 public:
  // Its address, "http://169.254.169.254"; NoMetadata when it is switched off. Nothing is asked.
  static std::variant<std::string, NoMetadata, Error> address(const AwsClient& client);

  // Reaches the service and gets the token of version 2.
  static std::variant<InstanceMetadata, NoMetadata, Error> open(const AwsClient& client);

  // `path` behind /latest/. NoMetadata for anything but an answer with content.
  [[nodiscard]] std::variant<Secret, NoMetadata, Error> get(const AwsClient& client, std::string_view path) const;

 private:
  InstanceMetadata() = default;

  std::string base_;
  std::chrono::milliseconds timeout_{};
  int attempts_ = 1;
  Secret token_;  // empty: version 1
};

// The region that this instance is in; empty where nobody tells it, and why in the log.
Result<std::string> region_of_instance(const AwsClient& client);

}  // namespace iamodbc
