// sso_sign_in: a person signs in to IAM Identity Center, in a browser of this machine or, by a code, in any browser.
// Browser: authorization code with PKCE; the browser comes back to 127.0.0.1 and a free port, where exactly one answer with the right state is taken and a page says how it
// ended. What the browser is started with is a one-time address of ours without any secret, because every user of the machine sees a program's arguments.
// Device: address and code are shown, and the service is asked until somebody has used them.
// The token and the program's registration go into the AWS CLI's own cache (sso_token.h).
// Errors: 28000; HYT00 at the deadline. Thread rule: any thread; starts none, polls; the deadline of the client ends it.
// Source: https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/; RFC 7636; RFC 8252; RFC 8628
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/aws/client.h"
#include "core/credentials/profile_plan.h"
#include "core/credentials/provider.h"
#include "core/error.h"
#include "core/system.h"

namespace iamodbc {

enum class SignInWay { browser, device };

// Where the person looks. Either may be empty.
struct SignInScreen {
  std::function<void(const std::string& line)> say;
  std::function<void(const std::string& line)> progress;  // takes the place of the progress before; empty: nothing
};

std::optional<Error> sso_sign_in(const AwsClient& client, const SsoLogin& login, SignInWay way,
                                 const SignInScreen& screen);

// Whether a browser could show itself: DISPLAY, WAYLAND_DISPLAY or BROWSER is set.
bool has_display(const System& system);
// What `SSOLogin` comes to here; nothing when it can be done in none of the ways it allows.
std::optional<SignInWay> sign_in_way(SsoSignIn allowed, bool has_display, bool has_terminal);

// ---- pure parts ----

// What came back from the browser.
struct Callback {
  bool is_ours = false;  // it has the right state
  Secret code;
  std::string error;  // why there is no code
};
Callback read_callback(std::string_view query, std::string_view state);

// The page that the browser ends at. `problem`: empty when all is well.
std::string final_page(std::string_view problem);

}  // namespace iamodbc
