// program: runs a program that the user names, without a shell: $VAR, ~, ; and | are plain text.
// The program inherits environment, standard input (unless it is given one) and working directory and nothing else; it is stopped at the deadline.
// Errors: 28000 when it cannot be started or prints more than 1 MB; HYT00 at the deadline. Messages name `what` alone, never arguments or output.
// Thread rule: any thread; starts no thread; works where the host ignores SIGCHLD or reaps all children itself.
// Source: posix_spawn(3)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/deadline.h"
#include "core/error.h"
#include "core/result.h"
#include "core/secret.h"

namespace iamodbc {

inline constexpr std::size_t max_kept_complaint_bytes = 4096;

// What a program printed, of its standard error the beginning; wiped when it goes.
struct Printed {
  Printed() = default;
  Printed(const Printed&) = delete;
  Printed& operator=(const Printed&) = delete;
  ~Printed() {
    wipe(output);
    wipe(complaints);
  }

  std::string output;
  std::string complaints;
  std::optional<int> status;  // of waitpid; absent when the host took it
};

// `words`: the program and its arguments. `what`: for messages, "CredentialProcess (aws)". `input`: what it finds on its standard input, at most 32 kB.
std::optional<Error> run_program(const std::vector<std::string>& words, const std::string& what, Deadline deadline,
                                 Printed& printed, const Secret* input = nullptr);

// Working directory and variables that a program inherits, as one text: may hold secrets.
Secret what_programs_inherit();

// What spawn_program() gives the program as standard input, output and error.
struct ProgramFiles {
  int input = -1;  // -1: ours; in a session of its own, an empty one
  int output = -1;
  int complaints = -1;
};
// Starts the program, with these files and no other of ours, our signals' blocks and ignored ones undone. Gives 0, or the errno of the failure. `own_session`: it has no
// terminal, leads a process group of its own, and what is ignored here (SIGTERM, SIGINT, ...) is not ignored there.
int spawn_program(const std::vector<std::string>& words, const ProgramFiles& files, bool own_session, pid_t& pid);
// Of such a failure (28000).
Error not_started(const std::vector<std::string>& words, const std::string& what, int error);
// "was ended by signal 9", "failed with exit status 3"; `status` of waitpid.
std::string how_it_ended(int status);

// The words of a command line by POSIX quoting rules; fails (HY000) at a quote that is not closed.
Result<std::vector<std::string>> split_command_line(std::string_view command_line);

}  // namespace iamodbc
