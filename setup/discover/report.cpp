// SPDX-License-Identifier: Apache-2.0
#include "setup/discover/report.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "setup/output.h"

namespace iamodbc {
namespace {

using Line = std::array<std::string, 7>;

Line line_of(const FoundDatabase& one) {
  return {one.name,         one.kind,   engine_of(one),  one.status.empty() ? "-" : one.status,
          name_of(one.iam), one.region, endpoint_of(one)};
}

std::string json_of(const FoundDatabase& one) {
  const auto text = [](const char* name, const std::string& value) {
    return std::string(", \"") + name + "\": " + (value.empty() ? "null" : json_string(value));
  };
  const bool has_iam_login = one.iam == IamLogin::on || one.iam == IamLogin::off;
  return "{\"region\": " + json_string(one.region) + text("name", one.name) + text("kind", one.kind) +
         text("engine", one.engine) + text("version", one.version) + text("status", one.status) +
         text("host", one.host) + ", \"port\": " + (one.port == 0 ? "null" : std::to_string(one.port)) +
         text("family", name_of(one.family)) + ", \"iam\": " +
         (!has_iam_login            ? "null"
          : one.iam == IamLogin::on ? "true"
                                    : "false") +
         ", \"odbc\": " + (one.iam == IamLogin::no_odbc ? "false" : "true") + text("database", one.database) +
         text("cluster", one.cluster) + text("resource_id", one.resource_id) + text("arn", one.arn) + "}";
}

std::string json_of(const Unanswered& one) {
  std::vector<std::string> operations;
  for (const std::string& name : one.operations) operations.push_back(json_string(name));
  return "{\"region\": " + json_string(one.region) + ", \"service\": " + json_string(one.service) +
         ", \"operations\": " + json_list(operations) +
         ", \"code\": " + (one.fault.code.empty() ? "null" : json_string(one.fault.code)) +
         ", \"not_there\": " + (one.is_not_there ? "true" : "false") + ", \"error\": " + json_of(one.fault.error) + "}";
}

template <class T>
std::string json_lines(const std::vector<T>& all) {
  std::string text;
  for (const T& one : all) text += (text.empty() ? "\n  " : ",\n  ") + json_of(one);
  return "[" + text + "]";
}

}  // namespace

std::string endpoint_of(const FoundDatabase& database) {
  if (database.host.empty()) return "-";
  return database.host + (database.port == 0 ? "" : ":" + std::to_string(database.port));
}

std::string engine_of(const FoundDatabase& database) {
  if (database.engine.empty()) return "-";
  return database.engine + (database.version.empty() ? "" : " " + database.version);
}

std::vector<std::string> table_of(const std::vector<FoundDatabase>& databases) {
  if (databases.empty()) return {};
  std::vector<Line> lines{{"name", "kind", "engine", "status", "IAM", "region", "endpoint"}};
  for (const FoundDatabase& one : databases) lines.push_back(line_of(one));
  Line::value_type::size_type widths[std::tuple_size_v<Line>] = {};
  for (Line& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      line[i] = shown(line[i]);
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool is_last = i + 1 == line.size();
      text += line[i] + (is_last ? "" : std::string(widths[i] + 2 - line[i].size(), ' '));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string json_of(const Inventory& inventory, const std::string& more) {
  return "{\"databases\": " + json_lines(inventory.databases) +
         ",\n \"unanswered\": " + json_lines(inventory.unanswered) + more + "}";
}

}  // namespace iamodbc
