// rds: Amazon RDS's own service: what there is, and what belongs to what.
// Answers come from the region of the client. Errors: AwsFault (client.h); "GlobalClusterNotFoundFault" is the code for a global database that this region does
// not know. Thread rule: any thread, no lock held.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "core/aws/client.h"

namespace iamodbc {

// The cluster of a global database that writes now: its ARN, "arn:aws:rds:eu-central-1:111122223333:cluster:sales-1". `identifier`: first label of the
// database's endpoint.
std::variant<std::string, AwsFault> writer_of_global_cluster(const AwsClient& client, const SigningKeys& keys,
                                                             const std::string& identifier);

}  // namespace iamodbc
