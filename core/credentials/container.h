// container: the credentials of a container's role, as Amazon ECS and EKS Pod Identity hand them out.
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (a path on 169.254.170.2), else AWS_CONTAINER_CREDENTIALS_FULL_URI: over http only what is dialled at a loopback address or at
// an address of these services, over https any host. The header Authorization is the content of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, read at each request, else
// AWS_CONTAINER_AUTHORIZATION_TOKEN; sent as it is, and only to such a host. Never through a proxy. Three attempts, 2 s each, a second between them.
// A variable that is set is an answer or an error: the instance is then not asked. Errors: 28000; HYT00 at the deadline.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html; docs/credentials.md
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/credentials/credential_key.h"
#include "core/credentials/provider.h"

namespace iamodbc {

std::unique_ptr<Provider> container_provider();

// The token for the service, as a part of what decides which credentials come.
void add_container_token(CredentialKey& key, const System& system);

}  // namespace iamodbc
