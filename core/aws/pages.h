// pages: all pages of a list that an AWS service gives piece by piece.
// A page may be empty and not the last. One that names a page that was read as the next is an error: it would never end.
// Errors: AwsFault (client.h); what had been read till then is dropped. Thread rule: any thread, no lock held.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/aws/client.h"
#include "core/json.h"
#include "core/xml.h"

namespace iamodbc {

template <class Row>
using AwsList = std::variant<std::vector<Row>, AwsFault>;

// A hundred databases with their tags and parameter groups.
inline constexpr std::size_t page_answer_bytes = std::size_t{16} << 20U;

// `ask` calls the service for the page behind a marker (empty: the first) and `read` takes an answer in: the marker of the next page, empty after the last one,
// nothing when it is not this service's answer. A list that leads back, or has more than 5,000 pages, is none either.
using AskPage = std::function<AwsResult(const std::string& marker)>;
using ReadPage = std::function<std::optional<std::string>(const HttpAnswer& answer)>;
std::optional<AwsFault> read_pages(const AwsService& service, const char* operation, const AskPage& ask,
                                   const ReadPage& read);

// Of a query service (RDS, Redshift): `members` besides Action, Version and Marker; `list` is the element in <operation>Result that has to be there.
struct QueryList {
  const AwsService& service;
  const char* version;
  const char* operation;
  const char* list;
};
std::optional<AwsFault> query_pages(const AwsClient& client, const SigningKeys& keys, const QueryList& list,
                                    const QueryPairs& members, const std::function<void(const Xml&)>& take);

}  // namespace iamodbc
