// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "core/addresses.h"
#include "core/aws/region.h"
#include "core/background.h"
#include "core/no_destructor.h"
#include "core/not_cancelled.h"
#include "core/program.h"
#include "core/text.h"

namespace iamodbc {

// Of one program. Lives in the list of the process as long as somebody uses it.
struct Tunnel {
  enum class State { starting, running, ending };

  std::vector<std::string> words;  // as they were given
  State state = State::starting;
  std::unique_ptr<Background> program;  // none: the parent's, through which a child goes
  int users = 1;
  int port = 0;                       // in the place of {port}
  bool is_current = true;             // who comes with these words takes part in it, or waits for it
  bool is_parents = false;            // this process is a child of the one that started it
  std::vector<std::string> answered;  // where it has
};

namespace {

constexpr std::chrono::seconds longest_start{60};
constexpr std::chrono::milliseconds longest_probe{1000};
constexpr std::chrono::milliseconds first_pause{10};
constexpr std::chrono::milliseconds longest_pause{100};
constexpr std::chrono::milliseconds longest_last_breath{100};
constexpr std::size_t max_read_output = 4096;
constexpr std::size_t max_shown_output = 400;
constexpr std::size_t max_shown_lines = 5;
constexpr const char* own_address = "127.0.0.1";

// ---- Who answers ----

// `address`: numeric.
bool answers(const std::string& address, int port, Deadline deadline) {
  const NotCancelled held;  // the socket would stay behind
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &raw) != 0) return false;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> target(raw, freeaddrinfo);
  const int descriptor = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return false;
  int error = connect(descriptor, target->ai_addr, target->ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd one{descriptor, POLLOUT, 0};
    socklen_t size = sizeof error;
    const auto wait = std::clamp(left, std::chrono::milliseconds(0), longest_probe);
    if (poll(&one, 1, static_cast<int>(wait.count())) <= 0 ||
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
      error = ETIMEDOUT;
  }
  close(descriptor);
  return error == 0;
}

bool any_answers(const std::vector<std::string>& addresses, int port, Deadline deadline) {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const std::string& address) { return answers(address, port, deadline); });
}

// A port of 127.0.0.1 that nobody has at this moment.
std::optional<int> free_port() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return std::nullopt;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool is_known = bind(descriptor, generic, size) == 0 && getsockname(descriptor, generic, &size) == 0;
  close(descriptor);
  if (!is_known) return std::nullopt;
  return ntohs(address.sin_port);
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

// ---- Words ----

// Arguments may be secrets: only the program's name is for messages.
std::string title(const std::vector<std::string>& words) {
  const std::string& program = words.front();
  return "Tunnel (" + program.substr(program.rfind('/') + 1) + ")";
}

std::vector<std::string> with_port(std::vector<std::string> words, int port) {
  for (std::string& word : words) {
    for (auto at = word.find(tunnel_port_word); at != std::string::npos; at = word.find(tunnel_port_word, at))
      word.replace(at, tunnel_port_word.size(), std::to_string(port));
  }
  return words;
}

bool sounds_secret(std::string_view name) {
  const std::string text = lower(name);
  return text.find("pass") != std::string::npos || text.find("secret") != std::string::npos ||
         text.find("token") != std::string::npos;
}

// Programs repeat their arguments: --password=..., --token ..., scheme://user:password@host.
void hide_arguments(std::string& text, const std::vector<std::string>& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto equals = word.find('=');
    if (sounds_secret(word.substr(0, equals))) {
      if (equals != std::string_view::npos) hide(text, word.substr(equals + 1));
      if (equals == std::string_view::npos && i + 1 < words.size()) hide(text, words[i + 1]);
    }
    const auto scheme = word.find("://");
    const auto at = word.rfind('@');
    if (scheme == std::string_view::npos || at == std::string_view::npos || at < scheme) continue;
    const auto colon = word.find(':', scheme + 3);
    if (colon < at) hide(text, word.substr(colon + 1, at - colon - 1));
  }
}

std::string last_lines(Background& program, const std::vector<std::string>& words, const System& system) {
  std::string text = program.last_output(max_read_output);
  if (text.size() == max_read_output) text.erase(0, text.find('\n') + 1);  // cut, perhaps inside a secret
  for (const char* const name : {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "SSHPASS"}) {
    if (const auto value = system.set_for_libraries(name)) hide(text, *value);
  }
  hide_arguments(text, words);
  std::string shown;
  std::size_t count = 0;
  while (!text.empty() && count < max_shown_lines) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    const auto start = text.find_last_of("\r\n") + 1;  // npos + 1 is 0
    const std::string line(trimmed(std::string_view(text).substr(start)));
    text.resize(start);
    if (line.empty()) continue;
    if (count > 0 && shown.size() + line.size() > max_shown_output) break;
    shown = line + (count == 0 ? "" : " | ") + shown;
    ++count;
  }
  wipe(text);
  return on_one_line(without_keys(shown), max_shown_output);
}

std::string with_last_lines(Background& program, const std::vector<std::string>& words, const System& system) {
  const std::string lines = last_lines(program, words, system);
  return lines.empty() ? "It said nothing; run it in a terminal." : "Its last lines: " + lines;
}

std::string ending(const Background& program) {
  if (!program.status()) return "it ended";
  if (*program.status() == 0)
    return "it ended by itself, without an error; a tunnel has to stay in the foreground (ssh without -f)";
  return "it " + how_it_ended(*program.status());
}

// ---- The tunnels of the process ----

struct Wanted {
  const std::vector<std::string>& words;
  bool takes_port;
  std::string host;
  std::vector<std::string> addresses;
  int port;
  const System& system;
  const Log& log;
  Deadline deadline;

  [[nodiscard]] std::string place(int at_port) const { return host + ":" + std::to_string(at_port); }
};

Error no_answer(const Wanted& wanted, const std::string& more) {
  return Error{State::login_timeout,
               title(wanted.words) + " was started, but nothing answered at " + wanted.place(wanted.port) +
                   " within the login time-out. " + more +
                   " Check that Server and Port are its own end on this computer, or allow the login more time.",
               0};
}

class Tunnels {
 public:
  static Tunnels& of_process();

  // A running program, this use counted; perhaps nothing answers there yet.
  Result<Tunnel*> take_part(const Wanted& wanted);
  std::optional<Error> wait_until_it_answers(Tunnel& tunnel, const Wanted& wanted);
  void leave(Tunnel& tunnel);
  bool has_ended(Tunnel& tunnel);
  std::string report(Tunnel& tunnel, const System& system);

  void hold_over_fork() { lock_.lock(); }
  void let_go_in_parent() { lock_.unlock(); }
  void let_go_in_child();

 private:
  Tunnel* current(const std::vector<std::string>& words);
  std::optional<int> port_of_parents(const Wanted& wanted);
  std::optional<Error> start(Tunnel& tunnel, const Wanted& wanted);
  std::optional<Error> failure(Tunnel& tunnel, const Wanted& wanted);
  void erase(const Tunnel& tunnel);

  std::mutex lock_;
  std::condition_variable changed_;
  std::list<Tunnel> tunnels_;
};

NoDestructor<Tunnels> the_tunnels;

Tunnels& Tunnels::of_process() {
  return the_tunnels.get();
}

[[gnu::constructor]] void hold_tunnels_over_fork() {
  pthread_atfork([] { the_tunnels.get().hold_over_fork(); }, [] { the_tunnels.get().let_go_in_parent(); },
                 [] { the_tunnels.get().let_go_in_child(); });
}

// The programs are the parent's, and so are the threads that start, await or end them. As in slots.h, the condition variable is made anew.
void Tunnels::let_go_in_child() {
  for (Tunnel& tunnel : tunnels_) {
    if (tunnel.program) tunnel.program->disown();
    tunnel.is_current = false;
    tunnel.is_parents = true;
  }
  new (&changed_) std::condition_variable;
  lock_.unlock();
}

Tunnel* Tunnels::current(const std::vector<std::string>& words) {
  const auto found = std::find_if(tunnels_.begin(), tunnels_.end(),
                                  [&](const Tunnel& one) { return one.is_current && one.words == words; });
  return found == tunnels_.end() ? nullptr : &*found;
}

void Tunnels::erase(const Tunnel& tunnel) {
  tunnels_.remove_if([&](const Tunnel& one) { return &one == &tunnel; });
}

Result<Tunnel*> Tunnels::take_part(const Wanted& wanted) {
  Tunnel* fresh = nullptr;
  {
    std::unique_lock<std::mutex> hold(lock_);
    while (Tunnel* const found = current(wanted.words)) {
      if (found->state != Tunnel::State::running) {
        if (changed_.wait_until(hold, wanted.deadline) == std::cv_status::timeout)
          return no_answer(wanted, "Another thread starts or ends it.");
      } else if (!found->program->has_ended()) {
        ++found->users;
        found->program->last_output(0);  // so that what it prints does not grow
        return found;
      } else {
        found->is_current = false;  // whoever still uses it frees it
        wanted.log.warning(title(wanted.words) + " is started anew: " + ending(*found->program) + ". " +
                           with_last_lines(*found->program, wanted.words, wanted.system));
      }
    }
    Tunnel one;
    one.words = wanted.words;
    fresh = &tunnels_.emplace_back(std::move(one));
  }
  std::optional<Error> error;
  try {
    error = start(*fresh, wanted);
  } catch (...) {
    leave(*fresh);
    throw;
  }
  if (error) {
    leave(*fresh);
    return *error;
  }
  const std::scoped_lock hold(lock_);
  fresh->state = Tunnel::State::running;
  changed_.notify_all();
  return fresh;
}

// Where the parent's tunnel of these words may answer.
std::optional<int> Tunnels::port_of_parents(const Wanted& wanted) {
  const std::scoped_lock hold(lock_);
  for (const Tunnel& one : tunnels_) {
    if (one.is_parents && one.words == wanted.words) return wanted.takes_port ? one.port : wanted.port;
  }
  return std::nullopt;
}

std::optional<Error> Tunnels::start(Tunnel& tunnel, const Wanted& wanted) {
  const std::string what = title(wanted.words);
  if (const auto port = port_of_parents(wanted);
      port && *port > 0 && any_answers(wanted.addresses, *port, wanted.deadline)) {
    wanted.log.info(what + " of the parent process is used at " + wanted.place(*port));
    const std::scoped_lock hold(lock_);
    tunnel.port = *port;
    tunnel.is_current = false;
    return std::nullopt;
  }
  if (wanted.takes_port) {
    const auto port = free_port();
    if (!port) return cannot_connect(what + " was not started: no port of this computer is free.");
    tunnel.port = *port;
  } else if (any_answers(wanted.addresses, wanted.port, wanted.deadline)) {
    return cannot_connect(
        what + " was not started: somebody answers at " + wanted.place(wanted.port) +
        " already, perhaps the tunnel of another process, and what is not ours gets no login. End that program, choose "
        "another Port, or write {port} into Tunnel in the place of the port, then each process takes a free one. To "
        "use what is there, remove Tunnel.");
  }
  if (auto error = passed(wanted.deadline, "starting a tunnel")) return error;
  auto program = Background::start(with_port(wanted.words, tunnel.port), what);
  if (!program) return cannot_connect(program.error().message);
  wanted.log.info(what + " was started for " + wanted.place(wanted.takes_port ? tunnel.port : wanted.port));
  const std::scoped_lock hold(lock_);
  tunnel.program = std::move(program).value();
  return std::nullopt;
}

std::optional<Error> Tunnels::failure(Tunnel& tunnel, const Wanted& wanted) {
  const std::scoped_lock hold(lock_);
  if (!tunnel.program || !tunnel.program->has_ended()) return std::nullopt;
  return cannot_connect(title(wanted.words) + " leads nowhere: " + ending(*tunnel.program) +
                        " before anything answered at " + wanted.place(wanted.port) + ". " +
                        with_last_lines(*tunnel.program, wanted.words, wanted.system));
}

std::optional<Error> Tunnels::wait_until_it_answers(Tunnel& tunnel, const Wanted& wanted) {
  const std::string place = wanted.place(wanted.port);
  auto pause = first_pause;
  while (true) {
    {
      const std::scoped_lock hold(lock_);
      const auto& answered = tunnel.answered;
      if (!tunnel.program || std::find(answered.begin(), answered.end(), place) != answered.end()) return std::nullopt;
    }
    const bool is_there = any_answers(wanted.addresses, wanted.port, wanted.deadline);
    // Asked after it: a program that has lost its port to another one ends.
    if (auto error = failure(tunnel, wanted)) return error;
    if (is_there) {
      const std::scoped_lock hold(lock_);
      tunnel.answered.push_back(place);
      return std::nullopt;
    }
    if (std::chrono::steady_clock::now() + pause >= wanted.deadline) {
      const std::scoped_lock hold(lock_);
      return no_answer(wanted, with_last_lines(*tunnel.program, wanted.words, wanted.system));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, longest_pause);
  }
}

void Tunnels::leave(Tunnel& tunnel) {
  {
    const std::scoped_lock hold(lock_);
    if (--tunnel.users > 0 || tunnel.is_parents) return;  // the parent's stay known
    tunnel.state = Tunnel::State::ending;
  }
  if (tunnel.program) tunnel.program->end();
  const std::scoped_lock hold(lock_);
  erase(tunnel);
  changed_.notify_all();
}

bool Tunnels::has_ended(Tunnel& tunnel) {
  const std::scoped_lock hold(lock_);
  return tunnel.program && !tunnel.is_parents && tunnel.program->has_ended();
}

std::string Tunnels::report(Tunnel& tunnel, const System& system) {
  const std::scoped_lock hold(lock_);
  const std::string what = title(tunnel.words);
  if (!tunnel.program || tunnel.is_parents) return what + " is the parent process's.";
  return what + ": " + (tunnel.program->has_ended() ? ending(*tunnel.program) : "it runs") + ". " +
         with_last_lines(*tunnel.program, tunnel.words, system);
}

// ---- Where it ends ----

bool checks_another_name_than_it_dials(const BaseDriverProfile& profile, const TlsPlan* tls) {
  return profile.kind == BaseKind::psqlodbc && tls != nullptr;
}

std::string dialled_host(const Settings& settings, const BaseDriverProfile& profile, const TlsPlan* tls) {
  if (!checks_another_name_than_it_dials(profile, tls)) return settings.server;
  for (const auto& [name, value] : tls->libpq_options) {
    if (name == "hostaddr" && !value.empty()) return value;
  }
  return settings.tunnel_takes_port ? own_address : settings.server;
}

// A name of the database where the tunnel's own end should stand. In a private network it often has no address here at all.
std::optional<Error> leads_past(const Settings& settings, const BaseDriverProfile& profile, const TlsPlan* tls,
                                const Wanted& wanted) {
  if (std::any_of(wanted.addresses.begin(), wanted.addresses.end(), is_loopback)) return std::nullopt;
  const bool is_endpoint = read_host_name(wanted.host).kind != HostKind::other;
  const bool is_known = !wanted.addresses.empty();
  if (!wanted.takes_port && !is_endpoint && is_known) return std::nullopt;  // a tunnel may end on another computer
  const std::string start = "Tunnel leads to the database from this computer, but Server=" + settings.server +
                            " is not this computer (it " +
                            (is_known ? "is " + wanted.addresses.front() : "has no address here") + "). ";
  if (tls == nullptr) {
    const bool is_psqlodbc = profile.kind == BaseKind::psqlodbc;
    return cannot_connect(
        start + "With AuthType=Password and without TLS " + profile.title +
        " dials what Server says: write Server=127.0.0.1" + (wanted.takes_port ? "" : ", and the port here into Port") +
        ". What travels is then protected by the tunnel alone; with TLS=verify-full the server has "
        "to show a certificate for " +
        (is_psqlodbc && wanted.takes_port ? "Server, and that stays the database's name." : "the database's name."));
  }
  if (checks_another_name_than_it_dials(profile, tls)) {
    return cannot_connect(start +
                          "Write {port} into Tunnel in the place of its port here, or write Server=127.0.0.1, the port "
                          "here into Port, and the database's name and port into TokenHost and TokenPort.");
  }
  return cannot_connect(start + profile.title +
                        " checks the certificate against Server and dials nothing else. Add the line `127.0.0.1 " +
                        settings.server +
                        "` to the hosts file (/etc/hosts), and write the database's own port into "
                        "TokenPort.");
}

}  // namespace

TunnelUse::~TunnelUse() {
  if (tunnel_ == nullptr) return;
  const NotCancelled held;
  Tunnels::of_process().leave(*tunnel_);
}

bool TunnelUse::has_ended() const {
  if (tunnel_ == nullptr) return false;
  // A program that ends closes its connections first.
  for (auto waited = std::chrono::milliseconds(0); waited < longest_last_breath; waited += first_pause) {
    if (Tunnels::of_process().has_ended(*tunnel_)) return true;
    std::this_thread::sleep_for(first_pause);
  }
  return false;
}

std::string TunnelUse::report(const System& system) const {
  return tunnel_ == nullptr ? "" : Tunnels::of_process().report(*tunnel_, system);
}

Result<TunnelUse> open_tunnel(const Settings& settings, const BaseDriverProfile& profile, const TlsPlan* tls,
                              const System& system, const Log& log, Deadline deadline) {
  if (settings.tunnel.empty()) return TunnelUse();
  if (deadline == no_deadline) deadline = std::chrono::steady_clock::now() + longest_start;
  Wanted wanted{
      settings.tunnel, settings.tunnel_takes_port, dialled_host(settings, profile, tls), {}, settings.port, system, log,
      deadline};
  if (auto error = not_one_host("Server", wanted.host)) return *error;
  auto addresses = numeric_addresses(wanted.host, deadline);
  if (addresses) wanted.addresses = addresses.value();
  const bool is_late = !addresses && addresses.error().sqlstate == State::login_timeout;
  if (auto error = leads_past(settings, profile, tls, wanted); error && !is_late) return *error;
  if (!addresses) return addresses.error();

  Tunnels& tunnels = Tunnels::of_process();
  const auto tunnel = tunnels.take_part(wanted);
  if (!tunnel) return tunnel.error();
  TunnelUse use(tunnel.value());
  if (wanted.takes_port) wanted.port = tunnel.value()->port;
  use.leads_to(wanted.host, wanted.port);
  if (auto error = tunnels.wait_until_it_answers(*tunnel.value(), wanted)) return *error;
  return use;
}

std::string described_tunnel(const Settings& settings, const BaseDriverProfile& profile, const TlsPlan* tls) {
  if (settings.tunnel.empty()) return {};
  const std::string& program = settings.tunnel.front();
  const std::string host = dialled_host(settings, profile, tls);
  return program.substr(program.rfind('/') + 1) + ", which is to answer at " +
         (settings.tunnel_takes_port ? "a free port of " + host : host + ":" + std::to_string(settings.port));
}

std::string tunnel_name_advice(const Settings& settings, const BaseDriverProfile& profile) {
  if (settings.tunnel.empty() || profile.kind == BaseKind::psqlodbc || settings.tls != TlsLevel::verify_full ||
      same_name(settings.server, settings.token_host))
    return {};
  return std::string(profile.title) + " checks the certificate against Server=" + settings.server +
         ", not against TokenHost. If that is what failed: write Server=" + settings.token_host +
         ", and the line `127.0.0.1 " + settings.token_host + "` into the hosts file (/etc/hosts).";
}

}  // namespace iamodbc
