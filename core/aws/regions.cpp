// SPDX-License-Identifier: Apache-2.0
#include "core/aws/regions.h"

#include <algorithm>
#include <array>

#include "core/aws/endpoints.h"

namespace iamodbc {
namespace {

constexpr std::array regions{
    AwsRegion{"us-east-1", "N. Virginia"},
    AwsRegion{"us-east-2", "Ohio"},
    AwsRegion{"us-west-1", "N. California"},
    AwsRegion{"us-west-2", "Oregon"},
    AwsRegion{"ca-central-1", "Canada"},
    AwsRegion{"ca-west-1", "Calgary", true},
    AwsRegion{"mx-central-1", "Mexico", true},
    AwsRegion{"sa-east-1", "Sao Paulo"},
    AwsRegion{"eu-west-1", "Ireland"},
    AwsRegion{"eu-west-2", "London"},
    AwsRegion{"eu-west-3", "Paris"},
    AwsRegion{"eu-central-1", "Frankfurt"},
    AwsRegion{"eu-central-2", "Zurich", true},
    AwsRegion{"eu-north-1", "Stockholm"},
    AwsRegion{"eu-south-1", "Milan", true},
    AwsRegion{"eu-south-2", "Spain", true},
    AwsRegion{"af-south-1", "Cape Town", true},
    AwsRegion{"il-central-1", "Tel Aviv", true},
    AwsRegion{"me-south-1", "Bahrain", true},
    AwsRegion{"me-central-1", "UAE", true},
    AwsRegion{"ap-south-1", "Mumbai"},
    AwsRegion{"ap-south-2", "Hyderabad", true},
    AwsRegion{"ap-east-1", "Hong Kong", true},
    AwsRegion{"ap-east-2", "Taipei", true},
    AwsRegion{"ap-southeast-1", "Singapore"},
    AwsRegion{"ap-southeast-2", "Sydney"},
    AwsRegion{"ap-southeast-3", "Jakarta", true},
    AwsRegion{"ap-southeast-4", "Melbourne", true},
    AwsRegion{"ap-southeast-5", "Malaysia", true},
    AwsRegion{"ap-southeast-6", "New Zealand", true},
    AwsRegion{"ap-southeast-7", "Thailand", true},
    AwsRegion{"ap-northeast-1", "Tokyo"},
    AwsRegion{"ap-northeast-2", "Seoul"},
    AwsRegion{"ap-northeast-3", "Osaka"},
    AwsRegion{"cn-north-1", "Beijing"},
    AwsRegion{"cn-northwest-1", "Ningxia"},
    AwsRegion{"us-gov-west-1", "GovCloud, US-West"},
    AwsRegion{"us-gov-east-1", "GovCloud, US-East"},
    AwsRegion{"us-iso-east-1", "ISO East"},
    AwsRegion{"us-iso-west-1", "ISO West"},
    AwsRegion{"us-isob-east-1", "ISOB East"},
    AwsRegion{"us-isob-west-1", "ISOB West"},
    AwsRegion{"eu-isoe-west-1", "ISOE West"},
    AwsRegion{"us-isof-south-1", "ISOF South"},
    AwsRegion{"us-isof-east-1", "ISOF East"},
    AwsRegion{"eusc-de-east-1", "European Sovereign Cloud, Germany"},
};

}  // namespace

std::span<const AwsRegion> aws_regions() {
  return regions;
}

std::vector<std::string> regions_of(std::string_view partition) {
  std::vector<std::string> names;
  for (const AwsRegion& one : regions) {
    if (partition_name(one.name) == partition) names.emplace_back(one.name);
  }
  return names;
}

bool is_opt_in_region(std::string_view name) {
  return std::any_of(regions.begin(), regions.end(),
                     [&](const AwsRegion& one) { return one.is_opt_in && name == one.name; });
}

}  // namespace iamodbc
