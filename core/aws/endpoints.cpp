// SPDX-License-Identifier: Apache-2.0
#include "core/aws/endpoints.h"

#include <array>

namespace iamodbc {
namespace {

struct Partition {
  const char* region_prefix;
  const char* name;
  const char* suffix;
  const char* dual_stack_suffix;
  const char* signin_suffix;  // of the sign-in service, which has hosts of its own
  bool is_gov = false;
  bool is_public = true;  // secretsmanager has no dual-stack name of its own there
};

// The last one is for all others.
constexpr std::array partitions{
    Partition{"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "signin.amazonaws.cn"},
    Partition{"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws", "signin.amazonaws-us-gov.com", true},
    Partition{"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "signin.sc2shome.sgov.gov", false, false},
    Partition{"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "signin.csphome.hci.ic.gov", false,
              false},
    Partition{"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "signin.c2shome.ic.gov", false, false},
    Partition{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "signin.csphome.adc-e.uk", false,
              false},
    Partition{"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "signin.amazonaws-eusc.eu", false,
              false},
    Partition{"", "aws", "amazonaws.com", "api.aws", "signin.aws.amazon.com"},
};

const Partition& partition_of(std::string_view region) {
  for (const Partition& one : partitions) {
    if (region.starts_with(one.region_prefix)) return one;
  }
  return partitions.back();
}

std::string signin_host(const Partition& partition, const std::string& region, bool fips) {
  if (!fips) return region + '.' + partition.signin_suffix;
  if (!partition.is_gov) return "signin-fips." + region + '.' + partition.suffix;
  return (region == "us-gov-west-1" ? "" : region + '.') + "signin-fips.amazonaws-us-gov.com";
}

}  // namespace

std::string partition_name(std::string_view region) {
  return partition_of(region).name;
}

std::string service_url(const AwsService& service, std::string_view region_name, EndpointSwitches switches) {
  const std::string region(region_name);
  const Partition& partition = partition_of(region);
  const std::string name = service.host;
  std::string host;
  if (name == "signin") {
    host = signin_host(partition, region, switches.fips);
  } else if (region.empty() || region == "aws-global") {
    host = name + ".amazonaws.com";
  } else {
    const bool is_secrets_manager = name == "secretsmanager";
    const bool is_dsql = name == "dsql";  // it has dual-stack names only
    const bool dual_stack = is_dsql || (switches.dual_stack && !(is_secrets_manager && partition.is_public));
    // In GovCloud most plain names are FIPS endpoints already.
    const bool is_fips_already =
        partition.is_gov && !switches.dual_stack && !is_secrets_manager && !is_dsql && name != "redshift-serverless";
    host = name + (switches.fips && !is_fips_already ? "-fips" : "") + '.' + region + '.' +
           (dual_stack ? partition.dual_stack_suffix : partition.suffix);
  }
  return "https://" + host;
}

}  // namespace iamodbc
