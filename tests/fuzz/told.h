// told: what AWS's services answer in a fuzz target: in the place of core/aws/http.cpp's http_send() stands one (told.cpp) that gives these answers, so that no socket stands
// between the fuzzer and the readers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/aws/http.h"

namespace iamodbc::fuzz {

inline constexpr std::string_view sent_key = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY";
inline constexpr std::string_view sent_token = "a-token-that-is-sent-and-never-shown-again";

struct Answers {
  int status = 200;  // 599: nobody is there
  HttpHeaders headers;
  std::vector<std::string_view> bodies;  // one after the other; the last one from then on
  std::size_t asked = 0;
  // Whether a question held them, or was signed with them.
  bool knew_key = false;
  bool knew_token = false;
};
Answers& told_answers();

// The first number of the part; 200 where there is none.
int status_in(std::string_view part);

// Of a failure: it says something, on one line, and no secret; what the answers hold that nobody was sent is none.
void shows_nothing(const Error& error);

}  // namespace iamodbc::fuzz
