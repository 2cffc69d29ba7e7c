// keys: AccessKeyID, SecretAccessKey and SessionToken as the DSN or connection string gives them.
// One without the other is an error that names the missing one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/credentials/provider.h"

namespace iamodbc {

std::unique_ptr<Provider> keys_provider();

}  // namespace iamodbc
