// SPDX-License-Identifier: Apache-2.0
#include "core/login/writer_region.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <compare>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/aws/rds_lists.h"
#include "core/aws/region.h"
#include "core/credentials/assumed_role.h"
#include "core/no_destructor.h"
#include "core/slots.h"
#include "core/text.h"

namespace iamodbc {
namespace {

constexpr std::chrono::minutes good_for{5};
constexpr std::chrono::minutes failure_lasts{1};
constexpr std::size_t most_endpoints = 64;

struct Key {
  std::string endpoint;
  std::string asked_region;  // one that knows nothing of the database says so
  std::string access_key_id;

  auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 misreads it
};

struct Slot {
  std::string endpoint;
  std::optional<Result<std::string>> known;
  Time until{};
  bool is_being_made = false;

  [[nodiscard]] Time end() const { return until; }
};

using Regions = Slots<Key, Slot>;

class TheRegions : public Regions {
 public:
  TheRegions() : Regions(most_endpoints) {}
};
NoDestructor<TheRegions> the_regions;

[[gnu::constructor]] void hold_regions_over_fork() {
  pthread_atfork([] { the_regions.get().hold_over_fork(); }, [] { the_regions.get().let_go_in_parent(); },
                 [] { the_regions.get().let_go_in_child(); });
}

// The thread that asks for a key; when it is done, well or not, the others go on.
class Asking {
 public:
  explicit Asking(const Key& key) : key_(key) {}
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    Regions& regions = the_regions.get();
    const std::scoped_lock hold(regions.lock());
    if (Slot* const own = regions.find(key_)) {
      own->is_being_made = false;
      own->known = std::move(known_);
      own->until = until_;
    }
    regions.tell_all();
  }

  void keep(const Result<std::string>& region, Time until) {
    known_ = region;
    until_ = until;
  }

 private:
  const Key& key_;
  std::optional<Result<std::string>> known_;
  Time until_{};
};

// Of those that every account of a partition has.
std::string region_to_ask(const std::string& endpoint) {
  const std::string region = region_of_partition(endpoint);
  return region.empty() ? "us-east-1" : region;
}

Result<std::string> ask(const AwsClient& client, const Credentials& credentials, const std::string& endpoint) {
  AwsClient asked = client;
  if (asked.region.empty()) asked.region = region_to_ask(endpoint);
  const SigningKeys keys{credentials.access_key_id, credentials.secret_access_key, credentials.session_token};
  const std::string identifier = endpoint.substr(0, endpoint.find('.'));
  auto list = describe_global_cluster_members(asked, keys, identifier);
  if (auto* const fault = std::get_if<AwsFault>(&list)) {
    if (fault->code == "GlobalClusterNotFoundFault") {
      fault->error.message += " Asked was region " + asked.region +
                              "; a region in which the database has a cluster knows it: set AWS_REGION to that one.";
    }
    return std::move(fault->error);
  }
  const auto& members = std::get<std::vector<GlobalClusterMember>>(list);
  const auto writer = std::find_if(members.begin(), members.end(), [](const GlobalClusterMember& one) {
    return one.is_writer && !one.cluster_arn.empty();
  });
  if (writer == members.end()) {
    return cannot_connect("The global database " + identifier +
                          " has no cluster that writes at this moment: it may be in the middle of a failover. "
                          "Try again later, or look at it in the console of Amazon RDS.");
  }
  // arn:partition:rds:region:account:cluster:name
  constexpr int region_field = 3;
  std::string region = lower(arn_field(writer->cluster_arn, region_field));
  if (!is_region_name(region)) return unreadable_answer(rds_service, "DescribeGlobalClusters").error;
  return region;
}

}  // namespace

Result<std::string> writer_region(const AwsClient& client, const Credentials& credentials,
                                  const std::string& endpoint) {
  const Key key{lower(endpoint), client.region, credentials.access_key_id};
  Regions& regions = the_regions.get();
  {
    std::unique_lock hold(regions.lock());
    while (true) {
      Slot& own = regions.at(key, client.system.now());
      if (!own.is_being_made) {
        if (own.known && client.system.now() < own.until) return *own.known;
        own.endpoint = key.endpoint;
        own.is_being_made = true;
        break;
      }
      if (!regions.wait(hold, client.deadline)) {
        return Error{State::login_timeout,
                     "The login time-out passed while another thread asked for the region of " + endpoint + ".", 0};
      }
    }
  }
  Asking asking(key);
  Result<std::string> region = ask(client, credentials, key.endpoint);
  // A time-out is the caller's own: the next one has time again.
  const bool is_late = !region && region.error().sqlstate == State::login_timeout;
  if (!is_late) asking.keep(region, client.system.now() + (region ? good_for : failure_lasts));
  return region;
}

void forget_writer_region(const std::string& endpoint) {
  Regions& regions = the_regions.get();
  const std::string name = lower(endpoint);
  const std::scoped_lock hold(regions.lock());
  regions.for_each([&](Slot& slot) {
    if (slot.endpoint == name) slot.until = Time{};
  });
}

}  // namespace iamodbc
