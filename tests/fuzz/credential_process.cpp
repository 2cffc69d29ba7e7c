// credential_process: a command line (first part), what its program prints (second), what it complains of (third) and how it ends (fourth, a number): the command line
// is split as it was quoted, keys are whole and good, and no message holds a key or an argument.
// What is here stands in the place of core/program.cpp's run_program(), so that no process stands between the fuzzer and the reader.
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "core/credentials/process.h"
#include "core/json.h"
#include "core/program.h"
#include "tests/core/rooms.h"
#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_credential_process {

struct Prints {
  std::string_view output;
  std::string_view complaints;
  int status = 0;
};
Prints& prints() {
  static Prints now;
  return now;
}

constexpr std::size_t no_word_of_ours = 24;

std::string quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += line.empty() ? "'" : " '";
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::vector<std::string> is_split_as_quoted(std::string_view command_line) {
  const auto words = split_command_line(command_line);
  if (!words) return {};
  const auto again = split_command_line(quoted(words.value()));
  require(again && again.value() == words.value(), "words that are quoted are others: ", quoted(words.value()));
  return words.value();
}

// Whether it can stand in a message for another reason than that somebody wrote it there.
bool is_telling(std::string_view secret, std::string_view program, std::string_view complaints) {
  return secret.size() >= no_word_of_ours && secret.find_first_of(" \t\r\n") == std::string_view::npos &&
         program.find(secret) == std::string_view::npos && complaints.find(secret) == std::string_view::npos;
}

void shows_nothing(const Error& error, std::string_view output, std::string_view complaints,
                   const std::vector<std::string>& words) {
  const std::string named = words.empty() ? "" : words.front();
  require(is_one_printable_line(error.message) || !is_one_printable_line(named), "the message is not one line");
  const std::string program = "(" + named.substr(named.rfind('/') + 1) + ")";  // as the message has it
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool is_printed = output.find(words[i]) != std::string_view::npos;
    require(
        is_printed || !is_telling(words[i], program, complaints) || error.message.find(words[i]) == std::string::npos,
        "an argument is in ", error.message);
  }
  const auto json = Json::parse(output);
  if (!json) return;
  for (const char* const key : {"SecretAccessKey", "SessionToken"}) {
    const auto secret = json->secret(key);
    // Complained of or not. What is cut, at the start of what is kept or of what is shown, is left out: it may be another word's part.
    const std::string_view value = secret ? secret->reveal() : std::string_view();
    require(!secret || !is_telling(value, program, "") || error.message.find(value) == std::string::npos,
            "a key is in ", error.message);
  }
}

void run(std::string_view input) {
  const auto parts = parts_of(input, 4);
  const std::vector<std::string> words = is_split_as_quoted(parts[0]);
  prints() = {parts[1], parts[2], 0};
  for (const char c : parts[3].substr(0, 4)) {
    if (c >= '0' && c <= '9') prints().status = prints().status * 10 + (c - '0');
  }

  const System system = closed_system();
  const AwsFiles files = AwsFiles::from_text("", "");
  const CredentialSettings settings;
  const Log log;
  const Context context{system, files, settings, log, no_deadline};
  const auto result = run_credential_process(parts[0], "CredentialProcess", context);
  if (!result) return shows_nothing(result.error(), parts[1], parts[2], words);
  const Credentials& keys = *result.value();
  require(!keys.access_key_id.empty() && !keys.secret_access_key.empty(), "keys that are not whole");
  require(!keys.expiration || *keys.expiration > noon, "keys that have ended");
  const auto json = Json::parse(parts[1]);
  require(json && json->number("Version") == 1, "keys of another version");
  require(keys.secret_access_key.reveal() == json->text("SecretAccessKey").value_or(""), "another key");
  require(!json->has("Expiration") || keys.expiration, "keys without the end that they have");
}

const Registration registered("credential_process", run);

}  // namespace of_credential_process
}  // namespace iamodbc::fuzz

namespace iamodbc {

std::optional<Error> run_program(const std::vector<std::string>&, const std::string&, Deadline, Printed& printed,
                                 const Secret*) {
  const auto& now = fuzz::of_credential_process::prints();
  printed.output = now.output;
  printed.complaints = now.complaints.substr(0, max_kept_complaint_bytes);
  printed.status = now.status;
  return std::nullopt;
}

}  // namespace iamodbc
