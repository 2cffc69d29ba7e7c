// SPDX-License-Identifier: Apache-2.0
#include "core/aws/pages.h"

#include <set>
#include <utility>

namespace iamodbc {
namespace {

// A hundred times what the largest accounts have; a service that goes on and on would take all memory.
constexpr std::size_t most_pages = 5000;

}  // namespace

std::optional<AwsFault> read_pages(const AwsService& service, const char* operation, const AskPage& ask,
                                   const ReadPage& read) {
  std::set<std::string> markers;
  std::string marker;
  while (true) {
    AwsResult result = ask(marker);
    if (auto* const fault = std::get_if<AwsFault>(&result)) return std::move(*fault);
    auto next = read(std::get<HttpAnswer>(result));
    if (!next) return unreadable_answer(service, operation);
    if (next->empty()) return std::nullopt;
    if (markers.size() == most_pages || !markers.insert(*next).second) return unreadable_answer(service, operation);
    marker = *std::move(next);
  }
}

std::optional<AwsFault> query_pages(const AwsClient& client, const SigningKeys& keys, const QueryList& list,
                                    const QueryPairs& members, const std::function<void(const Xml&)>& take) {
  const std::string start = std::string(list.operation) + "Result/";
  const auto ask = [&](const std::string& marker) {
    AwsCall request{list.service, list.operation};
    request.region = client.region;
    request.keys = &keys;
    request.max_answer_bytes = page_answer_bytes;
    QueryPairs pairs = members;
    if (!marker.empty()) pairs.emplace_back("Marker", marker);
    return query_call(client, std::move(request), list.version, std::move(pairs));
  };
  return read_pages(list.service, list.operation, ask, [&](const HttpAnswer& answer) -> std::optional<std::string> {
    const auto xml = Xml::parse(answer.body.reveal());
    if (!xml || !xml->has(start + list.list)) return std::nullopt;
    take(*xml);
    return xml->text(start + "Marker");
  });
}

}  // namespace iamodbc
