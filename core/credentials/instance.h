// instance: the credentials of the role of the EC2 instance that this runs on, from its metadata service (core/aws/instance_metadata.h).
// Keys that are about to end, or have ended, are used all the same: the service then has none newer, and it is the database that decides. They count as good for
// another 17 to 25 minutes, so that they are asked for again.
// "Not configured" where there is no such service, or no role; errors are those of instance_metadata.h.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html; docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/credentials/provider.h"

namespace iamodbc {

std::unique_ptr<Provider> instance_provider();

}  // namespace iamodbc
