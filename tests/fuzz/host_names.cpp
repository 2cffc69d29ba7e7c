// host_names: a host (first part), Region= (second), AWS_REGION (third) and an AWS config file (fourth): a region is one that somebody named, never a guess; a
// host that passes for one is one.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "core/addresses.h"
#include "core/aws/region.h"
#include "core/settings.h"
#include "core/text.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_host_names {

bool may_be_signed(std::string_view region) {
  return !region.empty() && region.size() <= 63 &&
         region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

void is_told_by_the_name(std::string_view host, const HostName& found) {
  const std::string text = lower(host);
  constexpr std::array<std::string_view, 12> endings{".amazonaws.com",
                                                     ".amazonaws.com.cn",
                                                     ".amazonaws.eu",
                                                     ".amazonaws.au",
                                                     ".amazonaws.uk",
                                                     ".c2s.ic.gov",
                                                     ".sc2s.sgov.gov",
                                                     ".cloud.adc-e.uk",
                                                     ".csp.hci.ic.gov",
                                                     ".on.aws",
                                                     ".on.amazonwebservices.com.cn",
                                                     ".on.amazonwebservices.eu"};
  const std::string_view bare = text.ends_with('.') ? std::string_view(text).substr(0, text.size() - 1) : text;
  const bool is_of_aws = std::any_of(endings.begin(), endings.end(), [&](auto end) { return bare.ends_with(end); });
  require(is_of_aws || (found.kind == HostKind::other && found.region.empty()), "not a host of AWS's");
  if (found.region.empty()) return;
  require(found.kind != HostKind::other, "a region of no kind");
  require(may_be_signed(found.region), "not a region: ", found.region);
  require(text.find("." + found.region + ".") != std::string::npos, "the host does not hold ", found.region);
  for (const std::string& same : {upper(host), std::string(bare), std::string(bare) + "."}) {
    const HostName other = read_host_name(same);
    require(other.kind == found.kind && other.region == found.region, same, " is read in another way");
  }
}

void passes_for_one(const std::string& host) {
  const auto error = not_one_host("Server", host);
  if (error) {
    require(error->sqlstate == "08001", "a failure of another state");
    return;
  }
  require(!host.empty() && host != ".", "no name at all");
  for (const char c : host) {
    require(static_cast<unsigned char>(c) > ' ' && c != '\x7f' &&
                std::string_view("/@,;'\"\\{}=").find(c) == std::string_view::npos,
            "passes for a host with the character ", static_cast<int>(c));
  }
  const bool is_bracketed = host.front() == '[' && host.back() == ']';
  require(is_bracketed || std::count(host.begin(), host.end(), ':') != 1, "passes for a host with a port");
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 4);
  const std::string host(parts[0]);
  const HostName found = read_host_name(host);
  is_told_by_the_name(host, found);
  passes_for_one(host);
  require(found.kind == HostKind::other || !not_one_host("Server", host), "of AWS's, and no host: ", host);
  require(!is_numeric_address(host) || found.kind == HostKind::other, "an address of AWS's by name");

  const System system = closed_system({{"AWS_REGION", std::string(parts[2])}});
  const AwsFiles files = AwsFiles::from_text(parts[3], "");
  const auto choice = choose_region(parts[1], host, system, files, "default");
  const auto profile = files.profile("default");
  const bool has_profile_region =
      profile && profile->count("region") != 0 && !trimmed(profile->at("region").value).empty();
  const bool is_named = !trimmed(parts[1]).empty() || !found.region.empty() || !parts[2].empty() || has_profile_region;
  require(!choice || is_named, "a region was guessed");
  if (!choice) return;
  const std::string& region = choice.value().region;
  require(may_be_signed(region), "not a region: ", region);
  std::string named = !trimmed(parts[1]).empty() ? std::string(trimmed(parts[1]))
                      : !found.region.empty()    ? found.region
                      : !parts[2].empty()        ? std::string(trimmed(parts[2]))
                                                 : std::string(trimmed(profile->at("region").value));
  require(lower(named).find(region) != std::string::npos && named.size() <= region.size() + 10, "named was ", named,
          ", signed is ", region);
}

const Registration registered("host_names", run);

}  // namespace of_host_names
}  // namespace iamodbc::fuzz
