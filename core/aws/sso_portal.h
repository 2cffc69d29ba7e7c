// sso_portal: IAM Identity Center's portal: the keys of a role for who has signed in.
// Not signed: the access token speaks for itself. Errors: AwsFault (client.h), UnauthorizedException for a token that is no longer good.
// Thread rule: any thread, no lock held. Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "core/aws/client.h"
#include "core/aws/sts.h"
#include "core/secret.h"

namespace iamodbc {

// `region`: of IAM Identity Center, whatever the client's is.
std::variant<RoleKeys, AwsFault> get_role_credentials(const AwsClient& client, const std::string& region,
                                                      const std::string& account_id, const std::string& role_name,
                                                      const Secret& access_token);

}  // namespace iamodbc
