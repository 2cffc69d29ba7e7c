// SPDX-License-Identifier: Apache-2.0
#include "core/private_file.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

class PrivateFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "iamodbc-private-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static unsigned int mode(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }
  static std::string text(const std::string& path) {
    const auto bytes = read_private_file(path);
    return bytes ? std::string(bytes->reveal()) : "none";
  }

  std::string folder_;
};

TEST_F(PrivateFile, IsWrittenWholeAndForItsOwnerAlone) {
  const std::string file = path("a/b/c.json");
  const mode_t before = umask(0);
  EXPECT_FALSE(write_private_file(file, "one"));
  umask(before);
  EXPECT_EQ(text(file), "one");
  EXPECT_EQ(mode(file), 0600U);
  EXPECT_EQ(mode(path("a/b")), 0700U);
  EXPECT_EQ(mode(path("a")), 0700U);
  EXPECT_FALSE(write_private_file(file, std::string("t\0wo", 4)));
  EXPECT_EQ(text(file), std::string("t\0wo", 4));
  EXPECT_EQ(std::distance(fs::directory_iterator(path("a/b")), fs::directory_iterator()), 1);
}

TEST_F(PrivateFile, AWiderFileIsReplacedByANarrowOne) {
  std::ofstream(path("x")) << "old";
  fs::permissions(path("x"), fs::perms(0644));
  EXPECT_FALSE(write_private_file(path("x"), "new"));
  EXPECT_EQ(mode(path("x")), 0600U);
}

TEST_F(PrivateFile, WhatCannotBeReadIsNothing) {
  EXPECT_EQ(text(path("missing")), "none");
  EXPECT_EQ(text(folder_), "none");
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(text(path("fifo")), "");  // nobody writes to it; what counts is that nobody waits
  std::ofstream(path("big")) << std::string((1U << 20U) + 5000, 'x');
  EXPECT_EQ(text(path("big")), "none");
}

TEST_F(PrivateFile, WhatCannotBeWrittenIsAnErrorThatNamesIt) {
  std::ofstream(path("file")) << "x";
  const auto error = write_private_file(path("file/below"), "x");
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find(path("file")), std::string::npos) << error->message;
  EXPECT_NE(error->message.find("Not a directory"), std::string::npos) << error->message;
}

TEST_F(PrivateFile, ALockLetsOneInAtATime) {
  std::ofstream(path("x")) << "0";
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  const auto work = [&] {
    for (int i = 0; i < 5; ++i) {
      const FileLock lock(path("x"), no_deadline);
      most = std::max<int>(most, ++inside);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      // A new file in the place of the one that is held: the next one has to hold the new one.
      const int count = std::stoi(text(path("x"))) + 1;
      EXPECT_FALSE(write_private_file(path("x"), std::to_string(count)));
      --inside;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(text(path("x")), "20");
}

TEST_F(PrivateFile, ALockIsWaitedForUntilTheDeadline) {
  const FileLock first(folder_, no_deadline);  // a folder will do
  EXPECT_FALSE(first.is_busy());
  const auto start = Steady::now();
  const FileLock second(folder_, start + std::chrono::milliseconds(100));
  EXPECT_TRUE(second.is_busy());
  EXPECT_GE(Steady::now() - start, std::chrono::milliseconds(100));
}

TEST_F(PrivateFile, WithoutAFileNobodyWaits) {
  EXPECT_FALSE(FileLock(path("missing"), no_deadline).is_busy());
}

TEST_F(PrivateFile, ASecretOfAnotherProgramIsReadOrWhatIsWrongWithItIsTold) {
  std::ofstream(path("token"), std::ios::binary) << "a\n";
  EXPECT_EQ(read_secret_file(path("token"), 20).value().reveal(), "a\n");
  EXPECT_EQ(read_secret_file(path("token"), 1).error().message, "is larger than 1 bytes");
  EXPECT_EQ(read_secret_file(path("none"), 20).error().message, "cannot be read: No such file or directory");
  EXPECT_EQ(read_secret_file(folder_, 20).error().message, "cannot be read: Is a directory");
  EXPECT_EQ(read_secret_file("/dev/zero", 20).error().message, "is larger than 20 bytes");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(read_secret_file(path("pipe"), 20).value().empty());  // and nobody waits
}

// What a thread comes to that somebody has cancelled already; it ends at the first place where it may.
template <class Work>
bool is_done_whole(const Work& work) {
  std::atomic<bool> is_done{false};
  const auto run = [&] {
    pthread_cancel(pthread_self());
    work();
    is_done = true;
    pthread_testcancel();
  };
  pthread_t thread{};
  const auto start = [](void* argument) -> void* {
    (*static_cast<decltype(run)*>(argument))();
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, nullptr, start, const_cast<void*>(static_cast<const void*>(&run))), 0);
  pthread_join(thread, nullptr);
  return is_done;
}

TEST_F(PrivateFile, IsReadAndWrittenWholeByAThreadThatIsCancelledMeanwhile) {
  EXPECT_TRUE(is_done_whole([&] { write_private_file(path("token"), "new"); }));
  EXPECT_EQ(text(path("token")), "new");
  EXPECT_TRUE(is_done_whole([&] { static_cast<void>(read_secret_file(path("token"), 20)); }));
}

TEST_F(PrivateFile, ALockThatIsTakenIsLeftWholeByAThreadThatIsCancelledMeanwhile) {
  const FileLock held(folder_, Steady::now());
  EXPECT_TRUE(is_done_whole([&] { EXPECT_TRUE(FileLock(folder_, Steady::now()).is_busy()); }));
}

std::string told(const std::optional<Exposure>& exposure) {
  return exposure ? exposure->what + ": " + exposure->remedy : "fine";
}

TEST_F(PrivateFile, OfAFileOthersMayReadSettingsButNoSecrets) {
  struct Case {
    mode_t mode;
    bool keeps_secrets;
    bool keeps_settings;
  };
  const std::string file = path("config");
  std::ofstream(file) << "x";
  for (const Case& one : {Case{0600, true, true}, Case{0400, true, true}, Case{0640, false, true},
                          Case{0604, false, true}, Case{0620, false, false}, Case{0602, false, false}}) {
    fs::permissions(file, static_cast<fs::perms>(one.mode));
    EXPECT_EQ(!exposure_of(file, Holds::secrets), one.keeps_secrets) << one.mode;
    EXPECT_EQ(!exposure_of(file, Holds::settings), one.keeps_settings) << one.mode;
  }
  EXPECT_EQ(told(exposure_of(file, Holds::secrets)),
            "others can read or change " + file + " (mode 0602): chmod 600 " + file);
  EXPECT_EQ(told(exposure_of(file, Holds::settings)), "others can change " + file + " (mode 0602): chmod go-w " + file);
  for (const std::string& none : {path("none"), folder_, std::string("/dev/null"), std::string()})
    EXPECT_EQ(told(exposure_of(none, Holds::secrets)), "fine") << none;
}

TEST_F(PrivateFile, AdviceCanBeCopiedIntoAShellWhateverTheNameOfTheFile) {
  const std::string file = path("a b");
  std::ofstream(file) << "x";
  fs::permissions(file, static_cast<fs::perms>(0646));
  EXPECT_EQ(exposure_of(file, Holds::secrets)->remedy, "chmod 600 '" + file + "'");
  EXPECT_EQ(exposure_of(file, Holds::settings)->remedy, "chmod go-w '" + file + "'");
}

TEST_F(PrivateFile, WhoCanChangeAFolderOnTheWayCanChangeTheFile) {
  ASSERT_FALSE(write_private_file(path("a/b/c"), "x"));
  const std::string file = path("a/b/c");
  for (const mode_t mode : {0700U, 0755U, 0777U, 0720U, 0702U, 01777U, 01770U}) {
    fs::permissions(path("a"), static_cast<fs::perms>(mode));
    const bool is_fine = (mode & 022U) == 0 || (mode & 01000U) != 0;
    for (const Holds holds : {Holds::secrets, Holds::settings}) EXPECT_EQ(!exposure_of(file, holds), is_fine) << mode;
  }
  fs::permissions(path("a"), static_cast<fs::perms>(0777));
  const std::string expected =
      "others can change " + path("a") + " (mode 0777), on the way to " + file + ": chmod go-w " + path("a");
  EXPECT_EQ(told(exposure_of(file, Holds::settings)), expected);
  EXPECT_EQ(told(exposure_of("/.." + path("a/./../a//b/c"), Holds::settings)).substr(0, 20), expected.substr(0, 20));
}

TEST_F(PrivateFile, TheWayToAFileGoesThroughLinks) {
  ASSERT_FALSE(write_private_file(path("open/inner/c"), "x"));
  ASSERT_FALSE(write_private_file(path("good/c"), "x"));
  fs::permissions(path("open"), static_cast<fs::perms>(0777));
  fs::create_symlink("../../good", path("open/inner/out"));
  fs::create_symlink("open/inner", path("in"));
  fs::create_symlink(path("open/inner/out/c"), path("through"));
  fs::create_symlink(path("good"), path("well"));
  for (const char* const name : {"open/inner/c", "in/c", "through", "open/inner/out/c", "in/../inner/out/c"})
    EXPECT_NE(told(exposure_of(path(name), Holds::settings)), "fine") << name;
  for (const char* const name : {"good/c", "well/c", "well/../good/c"})
    EXPECT_EQ(told(exposure_of(path(name), Holds::settings)), "fine") << name;
  fs::permissions(path("open"), static_cast<fs::perms>(0755));
  EXPECT_EQ(told(exposure_of(path("through"), Holds::secrets)), "fine");
}

TEST_F(PrivateFile, AFileOrFolderOfAnotherUserIsNotOurs) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";  // chown
  ASSERT_FALSE(write_private_file(path("a/c"), "x"));
  ASSERT_EQ(chown(path("a/c").c_str(), 12345, 0), 0);
  EXPECT_EQ(told(exposure_of(path("a/c"), Holds::settings)),
            "user 12345 owns " + path("a/c") + ": chown 0 " + path("a/c"));
  ASSERT_EQ(chown(path("a/c").c_str(), 0, 0), 0);
  ASSERT_EQ(chown(path("a").c_str(), 12345, 0), 0);
  EXPECT_EQ(told(exposure_of(path("a/c"), Holds::secrets)), "user 12345 owns " + path("a") + ", on the way to " +
                                                                path("a/c") +
                                                                ": keep it in a folder that is yours or root's");
  ASSERT_EQ(chown(path("a").c_str(), 0, 0), 0);
  fs::create_symlink("a/c", path("link"));
  EXPECT_EQ(told(exposure_of(path("link"), Holds::secrets)), "fine");
  ASSERT_EQ(lchown(path("link").c_str(), 12345, 0), 0);
  EXPECT_EQ(told(exposure_of(path("link"), Holds::secrets)).substr(0, 15), "user 12345 owns");
}

// As in a pod of Kubernetes, where a ConfigMap is a folder of mode 0777 with links in it, mounted read-only. Any other folder that is read-only here others may
// write elsewhere: to a service with systemd's ProtectSystem=strict all folders are read-only.
TEST_F(PrivateFile, OfAllThatIsMountedReadOnlyNobodyChangesAVolumeOfKubernetesAlone) {
  for (const char* const name : {"map/..v1/c", "map/..v1/open", "plain/c"})
    ASSERT_FALSE(write_private_file(path(name), "x"));
  for (const char* const name : {"map", "plain", "map/..v1/open"})
    fs::permissions(path(name), static_cast<fs::perms>(0777));
  fs::permissions(path("map/..v1/c"), static_cast<fs::perms>(0644));
  fs::create_symlink("..v1", path("map/..data"));
  fs::create_symlink("..data/c", path("map/c"));
  fs::create_symlink("..data/open", path("map/open"));
  const std::string file = path("map/c");
  EXPECT_NE(told(exposure_of(file, Holds::settings)), "fine");
  bool is_mounted = false;
  std::array<std::string, 4> found;
  std::thread([&] {  // whose mounts are its own
    is_mounted = unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    for (const std::string& folder : {path("map"), path("plain")}) {
      is_mounted = is_mounted && mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
                   mount("", folder.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
    }
    found = {told(exposure_of(file, Holds::settings)), told(exposure_of(file, Holds::secrets)),
             told(exposure_of(path("map/open"), Holds::settings)), told(exposure_of(path("plain/c"), Holds::settings))};
  })
      .join();
  if (!is_mounted) GTEST_SKIP() << "only root has mounts in a namespace of its own";  // unshare
  EXPECT_EQ(found[0], "fine");
  EXPECT_EQ(found[1].substr(0, 25), "others can read or change");
  EXPECT_EQ(found[2].substr(0, 17), "others can change");
  EXPECT_EQ(found[3].substr(0, 17), "others can change");
}

TEST_F(PrivateFile, OfAFileOfRootAnotherUserIsToldWhatRootCanDo) {
  if (geteuid() != 0) GTEST_SKIP() << "only root becomes another user";  // seteuid
  fs::permissions(folder_, static_cast<fs::perms>(0755));
  std::ofstream(path("c")) << "x";
  fs::permissions(path("c"), static_cast<fs::perms>(0640));
  ASSERT_EQ(seteuid(12345), 0);
  const std::string of_secrets = told(exposure_of(path("c"), Holds::secrets));
  const std::string of_settings = told(exposure_of(path("c"), Holds::settings));
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(of_secrets, "others can read or change " + path("c") + " (mode 0640): sudo chown 12345 " + path("c") +
                            " && sudo chmod 600 " + path("c"));
  EXPECT_EQ(of_settings, "fine");
  ASSERT_EQ(chown(folder_.c_str(), 0, 0), 0);
  fs::permissions(folder_, static_cast<fs::perms>(0777));
  ASSERT_EQ(seteuid(12345), 0);
  const std::string of_folder = told(exposure_of(path("c"), Holds::settings));
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(of_folder,
            "others can change " + folder_ + " (mode 0777), on the way to " + path("c") + ": sudo chmod +t " + folder_);
}

}  // namespace
}  // namespace iamodbc
