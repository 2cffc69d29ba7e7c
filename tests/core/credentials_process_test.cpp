// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "core/aws/client.h"
#include "core/credentials/default_chain.h"
#include "core/credentials/process.h"
#include "core/program.h"
namespace iamodbc {
namespace {

using std::chrono::milliseconds;

const std::string keys_json =
    R"({"Version": 1, "AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})";

std::set<std::string> open_descriptors() {
  std::set<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) result.insert(entry.path().filename());
  return result;
}

bool has_children() {
  const pid_t child = waitpid(-1, nullptr, WNOHANG);
  return !(child < 0 && errno == ECHILD);
}

class CredentialProcess : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "iamodbc-process-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    descriptors_ = open_descriptors();
  }
  void TearDown() override {
    EXPECT_EQ(open_descriptors(), descriptors_) << "a descriptor was leaked";
    EXPECT_FALSE(has_children()) << "a child was left behind";
    std::filesystem::remove_all(folder_);
  }

  // The command line of a script with this body.
  std::string script(const std::string& body) {
    std::ofstream(folder_ / "script", std::ios::binary) << "#!/bin/sh\n" << body;
    std::filesystem::permissions(folder_ / "script", std::filesystem::perms(0700));
    return (folder_ / "script").string();
  }
  std::string printing(const std::string& text) {
    std::ofstream(folder_ / "text", std::ios::binary) << text;
    return "cat " + (folder_ / "text").string();
  }
  template <class Ask>
  auto with_context(milliseconds time, const Ask& ask) {
    const System system(variables_, [] { return parse_time("2024-01-02T03:04:05Z").value(); });
    const AwsFiles files = AwsFiles::from_text("", "");
    const CredentialSettings settings;
    const Log log;
    return ask(Context{system, files, settings, log, std::chrono::steady_clock::now() + time});
  }
  Result<SharedCredentials> run(const std::string& command_line, milliseconds time = milliseconds(20'000)) {
    return with_context(time, [&](const Context& context) {
      return run_credential_process(command_line, "CredentialProcess", context);
    });
  }
  // As a connect asks it.
  Answer ask(const std::string& command_line, const std::string& source = "CredentialProcess") {
    return with_context(milliseconds(20'000),
                        [&](const Context& context) { return kept_credential_process(command_line, source, context); });
  }
  // The message of a run that must fail.
  std::string failure(const std::string& command_line, milliseconds time = milliseconds(20'000)) {
    auto result = run(command_line, time);
    if (result.ok()) return "(credentials)";
    state_ = result.error().sqlstate;
    return result.error().message;
  }
  // A script that counts its runs.
  std::string counted(const std::string& more) {
    return script("echo run >> " + (folder_ / "runs").string() +
                  R"(
echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S")" +
                  more + "}'\n");
  }
  std::size_t runs() const {
    std::ifstream file(folder_ / "runs");
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
  }

  std::filesystem::path folder_;
  std::set<std::string> descriptors_;
  std::map<std::string, std::string> variables_;
  std::string state_;
};

testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" does not contain \"" << part << "\"";
}

// What a connect finds of credentials that end while it looks: at the clock's `last`-th look they have ended, and the program has new ones by then.
TEST_F(CredentialProcess, KeysThatEndWhileAConnectLooksAreFetchedAnew) {
  const Time end = parse_time("2024-01-02T03:04:05Z").value();
  const AwsFiles files = AwsFiles::from_text("", "");
  const Log log;
  const auto answer = [](const char* id, const char* until) {
    return std::string(R"({"Version":1,"AccessKeyId":")") + id + R"(","SecretAccessKey":"S","Expiration":")" + until +
           "\"}";
  };
  for (int last = 1; last < 12; ++last) {
    folder_ /= "x";  // another program for each
    std::filesystem::create_directory(folder_);
    CredentialSettings settings;
    settings.credential_process = printing(answer("OLD", "2024-01-02T03:04:05Z"));
    int looks = 1000;
    const System system({}, [&] { return looks-- > 0 ? end - std::chrono::seconds(20) : end; });
    const Context context{system, files, settings, log, std::chrono::steady_clock::now() + milliseconds(20'000)};
    ASSERT_EQ(find_credentials(context).value().credentials->access_key_id, "OLD");
    printing(answer("NEW", "2024-01-02T03:04:35Z"));
    looks = last;
    const auto found = find_credentials(context);
    ASSERT_TRUE(found.ok()) << "at look " << last << ": " << found.error().message;
  }
  while (folder_.filename() == "x") folder_ = folder_.parent_path();
}

// ---- Command lines ----

TEST(CommandLine, IsSplitAsAShellSplitsButNotExpanded) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"a b  c", {"a", "b", "c"}},
      {" \ta\t'b c' \"d e\" ", {"a", "b c", "d e"}},
      {"a''b \"\" ''", {"ab", "", ""}},
      {R"(a\ b \" \\ \')", {"a b", "\"", "\\", "'"}},
      {R"("a\"b\\c\d")", {R"(a"b\c\d)"}},
      {R"('a\b"c')", {R"(a\b"c)"}},
      {"x$HOME `y` ~ ; | > #z *", {"x$HOME", "`y`", "~", ";", "|", ">", "#z", "*"}},
      {"--token='a b'c", {"--token=a bc"}},
      {"", {}},
      {"   ", {}},
  };
  for (const auto& [line, words] : cases) EXPECT_EQ(split_command_line(line).value(), words) << line;
}

TEST(CommandLine, OpenQuotesAndALastBackslashAreErrors) {
  for (const char* const line : {"a 'b", "a \"b", "a \"b\\\"", "a\\", "'", "\"\\"})
    EXPECT_FALSE(split_command_line(line).ok()) << line;
}

// ---- Answers ----

TEST_F(CredentialProcess, GivesAllThatTheProgramPrints) {
  auto result = run(printing(
      "\n  {\"Version\": 1, \"AccessKeyId\": \"AKIA\", \"SecretAccessKey\": \"s==\", \"SessionToken\": \"" +
      std::string(10'000, 't') +
      "\", \"Expiration\": \"2024-01-02T05:04:06+02:00\", \"AccountId\": \"123456789012\", \"More\": [1]}\n\n"));
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Credentials& credentials = *result.value();
  EXPECT_EQ(credentials.access_key_id, "AKIA");
  EXPECT_EQ(credentials.secret_access_key.reveal(), "s==");
  EXPECT_EQ(credentials.session_token.reveal(), std::string(10'000, 't'));
  EXPECT_EQ(credentials.expiration, parse_time("2024-01-02T03:04:06Z"));
  EXPECT_EQ(credentials.account_id, "123456789012");
  EXPECT_EQ(credentials.source, "CredentialProcess (cat)");
}

TEST_F(CredentialProcess, NullIsAbsent) {
  auto result = run(printing(
      R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": null, "Expiration": null, "AccountId": null})"));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result.value()->session_token.empty());
  EXPECT_FALSE(result.value()->expiration);
}

TEST_F(CredentialProcess, WordsReachTheProgramUnexpanded) {
  const std::string command =
      script("printf '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"%s\"}' \"$1\" \"$2\"\n");
  auto result = run(command + " '$HOME `id` ~' 'a;b|c>d'");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result.value()->access_key_id, "$HOME `id` ~");
  EXPECT_EQ(result.value()->secret_access_key.reveal(), "a;b|c>d");
}

TEST_F(CredentialProcess, WrongAnswersAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "printed nothing"},
      {"hush", "not a JSON object"},
      {"[1]", "not a JSON object"},
      {"{\"Version\": 1", "not a JSON object"},
      {keys_json + " x", "not a JSON object"},
      {R"({"AccessKeyId": "A", "SecretAccessKey": "hush"})", "Unsupported version '<Version key not provided>'"},
      {R"({"Version": "1", "AccessKeyId": "A", "SecretAccessKey": "hush"})", "Unsupported version '\"1\"'"},
      {R"({"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "hush"})", "Unsupported version '2'"},
      {R"({"Version": null, "AccessKeyId": "A", "SecretAccessKey": "hush"})", "Unsupported version 'null'"},
      {R"({"Version": 1, "SecretAccessKey": "hush"})", "Missing required key in response: 'AccessKeyId'"},
      {R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": null})", "'SecretAccessKey'"},
      {R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": ""})", "'SecretAccessKey'"},
      {R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": 5})", "'SecretAccessKey'"},
      {R"({"Version": 1, "accessKeyId": "A", "secretAccessKey": "hush"})", "'AccessKeyId'"},
      {R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hush", "Expiration": "soon"})",
       "Expiration is not a time"},
      {R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hush", "Expiration": 5})", "Expiration is not a time"},
  };
  for (const auto& [text, part] : cases) {
    const std::string message = failure(printing(text));
    EXPECT_TRUE(contains(message, part)) << text;
    EXPECT_FALSE(contains(message, "hush")) << text;
    EXPECT_EQ(state_, "28000");
  }
}

TEST_F(CredentialProcess, ExpiredAnswersMakeItRunOnceMore) {
  const std::string command = script(
      "echo run >> " + (folder_ / "runs").string() + "\nif [ $(wc -l < " + (folder_ / "runs").string() +
      ") -ge ${1:-2} ]; then year=2099; else year=2020; fi\n"
      "echo "
      "'{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Expiration\":\"'$year'-01-01T00:00:00Z\"}'\n");
  EXPECT_TRUE(run(command + " 2").ok());
  EXPECT_EQ(runs(), 2U);
  EXPECT_TRUE(contains(failure(command + " 9"), "the refreshed credentials are still expired"));
  EXPECT_EQ(runs(), 4U);
}

TEST_F(CredentialProcess, WhatHasEndedByTheClockOfAwsHasEnded) {
  const std::string command = printing(R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"S",)"
                                       R"("Expiration":"2024-01-02T03:14:05Z"})");
  EXPECT_TRUE(run(command).ok());
  const Time now = parse_time("2024-01-02T03:04:05Z").value();
  learn_clock(now + std::chrono::minutes(20), now);
  const std::string message = failure(command);
  learn_clock(now, now);
  EXPECT_TRUE(contains(message, "ended at 2024-01-02T03:14:05Z; it is 2024-01-02T03:24:05Z. Sign in anew")) << message;
}

// ---- From connect to connect ----

TEST_F(CredentialProcess, WhatHasAnExpirationIsKeptUntilThen) {
  const std::string command = counted(R"(,"Expiration":"2024-01-02T05:00:00Z")");
  const Answer first = ask(command);
  ASSERT_TRUE(std::holds_alternative<SharedCredentials>(first));
  EXPECT_EQ(std::get<SharedCredentials>(ask(command)), std::get<SharedCredentials>(first));
  EXPECT_EQ(runs(), 1U);
}

TEST_F(CredentialProcess, WhatHasNoExpirationIsAskedForAtEachConnect) {
  const std::string command = counted("");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(std::holds_alternative<SharedCredentials>(ask(command)));
  EXPECT_EQ(runs(), 3U);
}

TEST_F(CredentialProcess, WhatIsKeptIsOfItsCommandLineAndOfAllThatItInherits) {
  const std::string command = counted(R"(,"Expiration":"2024-01-02T05:00:00Z")");
  ask(command);
  ask(command + " other");
  EXPECT_EQ(runs(), 2U);
  EXPECT_EQ(std::get<SharedCredentials>(ask(command, "credential_process of profile dev"))->source,
            "credential_process of profile dev (script)");
  EXPECT_EQ(runs(), 3U);
  setenv("IAMODBC_TEST_WHO", "jane", 1);
  ask(command);
  EXPECT_EQ(runs(), 4U);
  unsetenv("IAMODBC_TEST_WHO");
  ask(command);
  EXPECT_EQ(runs(), 4U);
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  ask(command);
  std::filesystem::current_path(here);
  EXPECT_EQ(runs(), 5U);
}

TEST_F(CredentialProcess, AFailureIsNotKept) {
  const std::string command = script("echo run >> " + (folder_ / "runs").string() + "\nexit 3\n");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(std::holds_alternative<Error>(ask(command)));
  EXPECT_EQ(runs(), 2U);
}

// ---- Failures ----

TEST_F(CredentialProcess, ProgramsThatCannotBeStartedAreNamed) {
  EXPECT_TRUE(contains(failure("no-such-program-anywhere --token hush"),
                       "CredentialProcess (no-such-program-anywhere) cannot be started: "));
  EXPECT_TRUE(contains(failure("~/bin/x"), "without a shell"));
  EXPECT_TRUE(contains(failure(folder_.string() + " hush"), "cannot be started"));
  EXPECT_TRUE(contains(failure("'open"), "is not a command line"));
  EXPECT_TRUE(contains(failure("   "), "names no program"));
  EXPECT_TRUE(contains(failure("'' x"), "names no program"));
}

TEST_F(CredentialProcess, ExitStatusAndStandardErrorAreTold) {
  EXPECT_TRUE(contains(failure(script("echo 'Please run:\n\taws sso login' >&2; exit 3\n")),
                       "(script) failed with exit status 3: Please run: aws sso login"));
  EXPECT_TRUE(contains(failure(script("exit 1\n")), "said nothing"));
  EXPECT_TRUE(contains(failure(script("kill -9 $$\n")), "ended by signal 9"));
  // The status decides, whatever was printed.
  EXPECT_TRUE(contains(failure(script("echo '" + keys_json + "'; exit 1\n")), "exit status 1"));
}

TEST_F(CredentialProcess, StandardErrorIsIgnoredOnSuccess) {
  EXPECT_TRUE(run(script("echo oops >&2; head -c 300000 /dev/zero >&2; echo '" + keys_json + "'\n")).ok());
}

TEST_F(CredentialProcess, KeysInStandardErrorAreLeftOut) {
  variables_ = {{"AWS_SECRET_ACCESS_KEY", "short-hush"}, {"AWS_SESSION_TOKEN", "hush-token"}};
  const std::string text =
      "echo '{\"SecretAccessKey\": \"tiny-hush\", \"SessionToken\": \"other.hush\"}'\n"
      "echo 'x tiny-hush y short-hush other.hush hush-token wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLhush end' >&2; exit "
      "1\n";
  const std::string message = failure(script(text));
  EXPECT_TRUE(contains(message, "x *** y *** *** *** *** end"));
  EXPECT_FALSE(contains(message, "hush"));
}

TEST_F(CredentialProcess, AtMost500BytesOfStandardErrorAreShown) {
  const std::string message =
      failure(script("i=0; while [ $i -lt 400 ]; do printf 'word\\033[1m \\377' >&2; i=$((i+1)); done; exit 1\n"));
  EXPECT_LE(message.size(), 620U);
  EXPECT_TRUE(contains(message, "word"));
  for (const char c : message) EXPECT_TRUE(c >= ' ' && c < 0x7F);
}

TEST_F(CredentialProcess, ArgumentsAreNotInMessages) {
  const std::string command = script("exit 1\n") + " --token hush";
  EXPECT_FALSE(contains(failure(command), "hush"));
}

TEST_F(CredentialProcess, MoreThanOneMegabyteIsRefused) {
  EXPECT_TRUE(contains(failure(script("head -c 3000000 /dev/zero | tr '\\0' ' '; echo '" + keys_json + "'\n")),
                       "more than 1 MB"));
  EXPECT_TRUE(run(script("head -c 1000000 /dev/zero | tr '\\0' ' '; echo '" + keys_json + "'\n")).ok());
}

// ---- Time ----

TEST_F(CredentialProcess, DeadlineStopsIt) {
  const auto start = std::chrono::steady_clock::now();
  for (const std::string body : {"exec sleep 30\n", "echo '{' ; exec sleep 30\n", "exec >&- 2>&-; sleep 30\n",
                                 "trap '' TERM; exec sleep 30\n", "while :; do echo; done\n"}) {
    const std::string message = failure(script(body), milliseconds(200));
    if (!contains(message, "more than 1 MB")) {
      EXPECT_TRUE(contains(message, "did not finish within the login time-out"));
      EXPECT_EQ(state_, "HYT00");
    }
  }
  EXPECT_TRUE(contains(failure(printing(keys_json), milliseconds(-1)), "login time-out"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(CredentialProcess, ProgramsThatItLeavesBehindAreNotWaitedFor) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(run(script("sleep 3 & echo '" + keys_json + "'\n")).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

// ---- A guest in somebody else's process ----

TEST_F(CredentialProcess, WorksWhereTheHostIgnoresChildren) {
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGCHLD, &ignore, &before);
  const bool succeeded = run(printing(keys_json)).ok();
  // Without a status the answer decides.
  const std::string message = failure(script("exit 3\n"));
  // The program itself must not inherit the host's ignoring: it waits for children of its own.
  const bool waits = run(script("sh -c 'exit 7' & wait $!; test $? = 7 && echo '" + keys_json + "'\n")).ok();
  sigaction(SIGCHLD, &before, nullptr);
  EXPECT_TRUE(succeeded);
  EXPECT_TRUE(waits);
  EXPECT_TRUE(contains(message, "printed nothing"));
}

TEST_F(CredentialProcess, WorksWhereTheHostReapsAllChildren) {
  struct sigaction before {};
  struct sigaction reap {};
  reap.sa_handler = [](int) {
    const int errno_of_caller = errno;
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    errno = errno_of_caller;
  };
  sigaction(SIGCHLD, &reap, &before);
  bool succeeded = true;
  for (int i = 0; i < 20; ++i) succeeded = succeeded && run(printing(keys_json)).ok();
  sigaction(SIGCHLD, &before, nullptr);
  EXPECT_TRUE(succeeded);
}

TEST_F(CredentialProcess, BlockedAndIgnoredSignalsOfTheHostDoNotReachTheProgram) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto old_handler = std::signal(SIGPIPE, SIG_IGN);
  auto result =
      run(script("while read name value; do case $name in SigBlk:|SigIgn:) echo $name$value >> " +
                 (folder_ / "signals").string() + ";; esac; done < /proc/self/status; echo '" + keys_json + "'\n"));
  std::signal(SIGPIPE, old_handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(result.ok()) << result.error().message;
  std::ifstream file(folder_ / "signals");
  std::string blocked;
  std::string ignored;
  std::getline(file, blocked);
  std::getline(file, ignored);
  EXPECT_EQ(blocked, "SigBlk:0000000000000000");
  ASSERT_GT(ignored.size(), 7U);
  const auto mask = std::stoull(ignored.substr(7), nullptr, 16);
  EXPECT_EQ(mask & (1ULL << (SIGPIPE - 1)), 0U) << ignored;
}

TEST_F(CredentialProcess, InheritsNoDescriptorOfTheHost) {
  const int original = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int inheritable = fcntl(original, F_DUPFD, 100);
  const bool succeeded =
      run(script("ls /proc/self/fd | while read n; do if [ $n -ge 100 ]; then exit 1; fi; done && echo '" + keys_json +
                 "'\n"))
          .ok();
  close(inheritable);
  close(original);
  EXPECT_TRUE(succeeded);
}

// Nor do our pipes take the places of these streams, where the host's own output would get into them.
TEST_F(CredentialProcess, WorksWhereTheHostHasClosedItsStandardStreams) {
  const std::string command =
      script("for n in 0 1 2; do if [ -e /proc/$PPID/fd/$n ]; then exit 1; fi; done; echo '" + keys_json + "'\n");
  const pid_t child = fork();
  if (child == 0) {
    close(0);
    close(1);
    close(2);
    _exit(run(command).ok() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(CredentialProcess, ManyThreadsRunTheirOwn) {
  const std::string command = printing(keys_json);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 5; ++j) good += run(command).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
}

}  // namespace
}  // namespace iamodbc
