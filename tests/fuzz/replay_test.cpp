// Every input that is kept, the corpus and what once crashed, through the target that it was made for: the targets hold without libFuzzer and clang too.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace {

std::vector<std::filesystem::path> files_in(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Kept : public testing::TestWithParam<Target> {};

TEST_P(Kept, InputsHold) {
  std::size_t count = 0;
  for (const char* const kind : {"corpus", "crashes"}) {
    for (const auto& path : files_in(std::string(FUZZ_FOLDER "/") + kind + "/" + GetParam().name)) {
      std::ifstream file(path, std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(file), {}};
      try {
        GetParam().run(input);
      } catch (const std::exception& broken) {
        ADD_FAILURE() << path << ": " << broken.what();
      }
      ++count;
    }
  }
  EXPECT_GT(count, 0U);
}

INSTANTIATE_TEST_SUITE_P(Targets, Kept, testing::ValuesIn(all_targets()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace iamodbc::fuzz
