// prompt: a secret that only a person has: asked by a program that the user names, else on the terminal.
// The program is run as a CredentialProcess is (program.h) and prints the answer. The terminal is the process's own,
// asked only while the process stands in its foreground; nothing is echoed, Ctrl-C ends the question and not the process.
// One question at a time, over all processes of the terminal. The terminal is not asked where the program that connects forbids it; a program is run all the same.
// Errors: 28000 with what to do when there is neither, for an empty answer, and after two minutes without one; HYT00 at the deadline.
// Thread rule: any thread, no lock of ours held.
// Source: termios(3), tty(4)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/credentials/provider.h"
#include "core/result.h"
#include "core/secret.h"

namespace iamodbc {

struct Question {
  std::string text;       // on the terminal: "Enter MFA code for arn:aws:iam::111122223333:mfa/jane: "
  std::string why;        // what it is for, for messages: "Profile ops takes role ... with the code of MFA device ..."
  std::string attribute;  // that names the program: "MFAPrompt"
  const std::string& command_line;  // its value; empty: not given
};

// The answer, without blanks at its ends.
Result<Secret> ask_person(const Question& question, const Context& context);

}  // namespace iamodbc
