// What FileLock leaves behind in a thread that is cancelled while it waits. Not of a build with AddressSanitizer: it takes
// the stack that the cancelling unwinds for one still in use, and ends the program.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "core/private_file.h"

namespace iamodbc {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

TEST(CancelledLock, LeavesNothingOpen) {
  std::string folder = (fs::temp_directory_path() / "iamodbc-lock-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  {
    const FileLock held(folder, Steady::now());
    const auto before = open_files();
    pthread_t thread{};
    const auto wait = [](void* path) -> void* {
      const FileLock waiting(*static_cast<std::string*>(path), Steady::now() + std::chrono::seconds(20));
      return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, nullptr, wait, &folder), 0);
    while (open_files() == before) std::this_thread::yield();
    pthread_cancel(thread);
    void* result = nullptr;
    pthread_join(thread, &result);
    EXPECT_EQ(result, PTHREAD_CANCELED);
    EXPECT_EQ(open_files(), before);
  }
  rmdir(folder.c_str());
}

}  // namespace
}  // namespace iamodbc
