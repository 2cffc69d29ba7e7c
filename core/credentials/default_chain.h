// default_chain: the one page that names the order in which AWS credentials are looked for.
// What the user chose by name (keys, a process or a profile in the DSN) is used or is an error; only when nothing was
// chosen is the chain asked, cheapest first: fast local sources; then what needs the network only if it is configured;
// then what always asks the network. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/credentials/provider.h"
#include "core/result.h"

namespace iamodbc {

// One provider asked, and why it passed; the last attempt of a success says "used".
struct Attempt {
  std::string provider;
  std::string outcome;
};

struct FoundCredentials {
  SharedCredentials credentials;
  std::vector<Attempt> attempts;
};

// Fails with 28000; the message lists every provider asked, in order, and why each passed.
// Past their end, credentials are an error too.
// `attempts`, if given, receives the attempts on failure as well.
Result<FoundCredentials> find_credentials(const Context& context, std::vector<Attempt>* attempts = nullptr);

}  // namespace iamodbc
