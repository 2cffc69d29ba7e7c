// SPDX-License-Identifier: Apache-2.0
#include "core/credentials/provider.h"

#include "core/text.h"

namespace iamodbc {

AwsClient aws_client(const Context& context, const std::string& profile) {
  std::string region = context.region;
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (region.empty()) region = context.system.set_variable(variable).value_or("");
  }
  if (region.empty()) {
    if (const auto section = context.files.profile(profile)) {
      if (const auto found = section->find("region"); found != section->end()) region = found->second.value;
    }
  }
  return AwsClient{context.system, context.files, profile, lower(region), context.log, context.deadline};
}

}  // namespace iamodbc
