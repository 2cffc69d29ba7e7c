// SPDX-License-Identifier: Apache-2.0
#include "setup/discover/search.h"

#include <algorithm>
#include <utility>

#include "core/aws/endpoints.h"
#include "core/aws/instance_metadata.h"
#include "core/aws/region.h"
#include "core/aws/regions.h"
#include "setup/progress.h"

namespace iamodbc {
namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

Result<std::string> region_of_environment(const CredentialSearch& search, const std::string& profile) {
  const auto choice = choose_region("", "", search.system, search.files, profile, [&] {
    return region_of_instance(AwsClient{search.system, search.files, profile, "", search.log, no_deadline});
  });
  if (choice) return choice.value().region;
  if (search.system.set_variable("AWS_REGION") || search.system.set_variable("AWS_DEFAULT_REGION")) {
    return choice.error();  // what it says is no region
  }
  return cannot_connect("No region is known: neither AWS_REGION nor the profile " + profile +
                        " names one. Give --region (as often as you like) or --all-regions.");
}

Result<std::vector<std::string>> regions_to_ask(const DiscoverQuestion& question, const CredentialSearch& search,
                                                const std::string& profile) {
  std::vector<std::string> regions;
  for (const std::string& typed : question.regions) {
    const auto choice = choose_region(typed, "", search.system, search.files, profile);
    if (typed.empty() || !choice) {
      return cannot_connect("--region " + typed + " is not the name of an AWS region. One looks like eu-central-1.");
    }
    const std::string& name = choice.value().region;
    if (std::find(regions.begin(), regions.end(), name) == regions.end()) regions.push_back(name);
  }
  if (!regions.empty()) return regions;
  auto region = region_of_environment(search, profile);
  if (question.all_regions || (!region && question.all_if_unknown))
    return regions_of(partition_name(region ? region.value() : ""));
  if (!region) return region.error();
  return std::vector{std::move(region).value()};
}

// The same but for the names of regions.
std::string without_region(const Unanswered& one) {
  std::string text = one.fault.error.message;
  for (auto at = text.find(one.region); at != std::string::npos; at = text.find(one.region)) {
    text.replace(at, one.region.size(), "*");
  }
  return one.service + '\n' + joined(one.operations) + '\n' + text;
}

}  // namespace

Result<Inventory> discover_databases(const DiscoverQuestion& question) {
  CredentialSearch search;
  const std::string profile = chosen_profile(search.system, question.profile).name;
  auto regions = regions_to_ask(question, search, profile);
  if (!regions) return regions.error();
  search.question.region = regions.value().front();
  if (const auto error = search_credentials(search, CredentialArguments{"", question.profile})) return *error;
  const SigningKeys keys{search.credentials->access_key_id, search.credentials->secret_access_key,
                         search.credentials->session_token};
  const std::size_t count = regions.value().size();
  Progress progress("asking AWS in " + (count == 1 ? regions.value().front() : std::to_string(count) + " regions"));
  return discover(aws_client(search.context(), profile), keys, {std::move(regions).value(), question.families},
                  [&](std::size_t done, std::size_t all) { progress.at(done, all); });
}

std::vector<std::string> unanswered_in_words(const Inventory& inventory) {
  struct Kind {
    const Unanswered* first;
    std::string text;
    std::vector<std::string> regions;
  };
  std::vector<Kind> kinds;
  for (const Unanswered& one : inventory.unanswered) {
    // Where nobody answered at all, there is another reason for it.
    if (one.is_not_there && inventory.answers != 0) continue;
    std::string text = without_region(one);
    const auto same = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.text == text; });
    if (same != kinds.end()) {
      same->regions.push_back(one.region);
    } else {
      kinds.push_back({&one, std::move(text), {one.region}});
    }
  }
  std::vector<std::string> words;
  for (const Kind& kind : kinds) {
    const Unanswered& one = *kind.first;
    std::string text = one.service + " in " + joined(kind.regions) + ": " + one.fault.error.message;
    if (one.operations.size() > 1)
      text += " (likewise " + joined({one.operations.begin() + 1, one.operations.end()}) + ")";
    words.push_back(std::move(text));
  }
  return words;
}

}  // namespace iamodbc
