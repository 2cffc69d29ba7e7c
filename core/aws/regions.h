// regions: the AWS regions that there are, for whoever looks everywhere or offers a choice. A region that is not in here is as good a name as any other.
// Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html; https://docs.aws.amazon.com/general/latest/gr/rande.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iamodbc {

struct AwsRegion {
  const char* name;
  const char* place;
  bool is_opt_in = false;  // an account has none of its keys known there before it is switched on
};

std::span<const AwsRegion> aws_regions();
// Of "aws", "aws-cn" ...: all of them, in the table's order.
std::vector<std::string> regions_of(std::string_view partition);
// False for a region that is not in the table.
bool is_opt_in_region(std::string_view name);

}  // namespace iamodbc
