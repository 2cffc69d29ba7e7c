// SPDX-License-Identifier: Apache-2.0
#include "setup/progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

using std::chrono::milliseconds;

// Standard error of this process for a while, read from its other end.
class StandardError {
 public:
  explicit StandardError(int end, int read_from) : read_from_(read_from), kept_(dup(STDERR_FILENO)) {
    dup2(end, STDERR_FILENO);
    close(end);
  }
  ~StandardError() {
    dup2(kept_, STDERR_FILENO);
    close(kept_);
    close(read_from_);
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  std::string written() const {
    fcntl(read_from_, F_SETFL, O_NONBLOCK);
    std::array<char, 256> text{};
    const ssize_t size = read(read_from_, text.data(), text.size());
    return {text.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }

 private:
  int read_from_;
  int kept_;
};

StandardError terminal() {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(master);
  unlockpt(master);
  return StandardError(open(ptsname(master), O_RDWR | O_NOCTTY), master);
}

StandardError pipe_end() {
  std::array<int, 2> ends{};
  EXPECT_EQ(0, pipe(ends.data()));
  return StandardError(ends[1], ends[0]);
}

void wait_for(milliseconds time) {
  const Progress progress("asking\x1b AWS");
  std::this_thread::sleep_for(time);
}

TEST(Progress, SaysOnATerminalWhatTakesLongerThanASecondAndTakesItAwayAgain) {
  const StandardError stream = terminal();
  std::string written;
  {
    const Progress progress("asking\x1b AWS");
    for (int i = 0; i < 300 && written.find(" ... ") == std::string::npos; ++i) {
      std::this_thread::sleep_for(milliseconds(100));
      written += stream.written();
    }
  }
  EXPECT_EQ(0U, written.find("\rasking\\x1b AWS ... 1 s")) << written;
  written += stream.written();
  EXPECT_TRUE(written.ends_with(" \r")) << written;
}

TEST(Progress, KeepsSilentWhileSomebodyIsAskedForASecret) {
  const StandardError stream = terminal();
  termios quiet{};
  ASSERT_EQ(0, tcgetattr(STDERR_FILENO, &quiet));
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ASSERT_EQ(0, tcsetattr(STDERR_FILENO, TCSANOW, &quiet));
  wait_for(milliseconds(1200));
  EXPECT_EQ("", stream.written());
}

TEST(Progress, IsNotShownBesideProgramsAndSignInsThatTalkOnTheTerminal) {
  EXPECT_FALSE(may_talk(CredentialSettings()));
  CredentialSettings asking;
  asking.mfa_prompt = "ask";
  EXPECT_TRUE(may_talk(asking));
  CredentialSettings signing_in;
  signing_in.sso_login = SsoSignIn::device;
  EXPECT_TRUE(may_talk(signing_in));
}

TEST(Progress, ShowsABarOfWhatIsDone) {
  const StandardError stream = terminal();
  std::string written;
  const auto wait_for_text = [&](const char* text) {
    for (int i = 0; i < 300 && written.find(text) == std::string::npos; ++i) {
      std::this_thread::sleep_for(milliseconds(100));
      written += stream.written();
    }
  };
  {
    Progress progress("asking");
    progress.at(7, 34);
    wait_for_text(" ... ");
    progress.at(34, 34);
    wait_for_text("34/34 ... ");
  }
  EXPECT_EQ(0U, written.find("\rasking [####----------------] 7/34 ... 1 s")) << written;
  EXPECT_NE(std::string::npos, written.find("\rasking [####################] 34/34 ... ")) << written;
}

TEST(Progress, SaysNothingOfWhatIsQuick) {
  const StandardError stream = terminal();
  wait_for(milliseconds(20));
  EXPECT_EQ("", stream.written());
}

TEST(Progress, SaysNothingWhereStandardErrorIsNoTerminal) {
  const StandardError stream = pipe_end();
  wait_for(milliseconds(1200));
  EXPECT_EQ("", stream.written());
}

}  // namespace
}  // namespace iamodbc
