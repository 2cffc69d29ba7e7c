// writer_region: the region in which a global database writes now.
// Its endpoint names none, and after a failover it is another one. Amazon RDS is asked (rds:DescribeGlobalClusters), once in five minutes for an endpoint and
// an identity however many connects there are; that it could not be asked is remembered for one minute. A login that is refused forgets it.
// Errors: 08001 or 28000 of AWS's answer, HYT00 at the deadline. Thread rule: any thread; no lock is held while asking, and fork takes along what is known.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-connecting.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/aws/client.h"
#include "core/credentials/credentials.h"
#include "core/result.h"

namespace iamodbc {

// `client`: asks in its region, or where it has none in the one that has an answer for everybody of the endpoint's partition.
Result<std::string> writer_region(const AwsClient& client, const Credentials& credentials, const std::string& endpoint);

void forget_writer_region(const std::string& endpoint);

}  // namespace iamodbc
