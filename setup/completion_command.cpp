// Completion of the command line: the script that a shell reads, and the words that it asks for at each TAB.
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/aws/regions.h"
#include "core/ini_files.h"
#include "core/system.h"
#include "setup/command.h"
#include "setup/command_tree.h"
#include "setup/output.h"

namespace iamodbc {
namespace {

// The shells are told words only; where there are none, they offer files. Bash gives the last word as it was typed, and
// wants it back so: behind an open quote bare, else with a backslash before each blank.
constexpr const char* bash_script = R"sh(# bash completion for iamodbc: eval "$(iamodbc completion bash)"
_iamodbc() {
  local word quote= words=("${COMP_WORDS[@]:1:COMP_CWORD}") last=${COMP_WORDS[COMP_CWORD]}
  case $last in
    [\"\']*) quote=${last:0:1} last=${last:1} ;;
    *) last=${last//\\/} ;;
  esac
  words[COMP_CWORD-1]=$last
  COMPREPLY=()
  while IFS= read -r word; do
    if [ -z "$quote" ]; then word=$(printf %q "$word"); fi
    COMPREPLY+=("$word")
  done < <("${COMP_WORDS[0]/#\~/$HOME}" words -- "${words[@]}" 2>/dev/null)
}
complete -o default -F _iamodbc iamodbc)sh";

constexpr const char* zsh_script = R"sh(#compdef iamodbc
# zsh completion for iamodbc: eval "$(iamodbc completion zsh)"
_iamodbc() {
  local -a found
  found=("${(@f)$("${words[1]}" words -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${(@)found:#}")
  if (( $#found )); then compadd -a found; else _files; fi
}
if [ "$funcstack[1]" = _iamodbc ]; then _iamodbc "$@"; else compdef _iamodbc iamodbc; fi)sh";

using Words = std::vector<std::string>;

Words values(const std::string& kind) {
  const System system;
  if (kind == "DSN") return OdbcFiles::read(system).data_source_names();
  if (kind == "PROFILE") return AwsFiles::read(system).profile_names();
  Words words;
  if (kind == "REGION") {
    for (const AwsRegion& region : aws_regions()) words.emplace_back(region.name);
  }
  // Values to choose from are written a|b|c.
  if (kind.find('|') == std::string::npos) return words;
  for (std::size_t start = 0; start <= kind.size();) {
    const std::size_t end = std::min(kind.find('|', start), kind.size());
    words.push_back(kind.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

const CLI::Option* option_named(const CLI::App& app, const std::string& name) {
  for (const CLI::Option* const option : shown_options(app)) {
    for (const std::string& one : names_of(*option)) {
      if (one == name) return option;
    }
  }
  return nullptr;
}

const CLI::App* command_named(const CLI::App& app, const std::string& name) {
  for (const CLI::App* const command : shown_commands(app)) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

// How far the words before the one that is being completed have come.
struct Place {
  const CLI::App* app;
  const CLI::Option* option = nullptr;  // whose value comes next
  std::size_t arguments = 0;            // that are there
};

Place place_after(const CLI::App& root, const Words& words) {
  Place place{&root};
  for (const std::string& word : words) {
    if (word == "=") continue;  // bash takes --name=value apart
    if (std::exchange(place.option, nullptr) != nullptr) continue;
    if (word.starts_with('-') && word.size() > 1) {
      const CLI::Option* const option = option_named(*place.app, word);
      if (option != nullptr && takes_value(*option)) place.option = option;
    } else if (const CLI::App* const command = command_named(*place.app, word)) {
      place = {command};
    } else {
      ++place.arguments;
    }
  }
  return place;
}

Words all_that_may_follow(const CLI::App& root, Words words) {
  const std::string current = words.empty() ? "" : words.back();
  if (!words.empty()) words.pop_back();
  const Place place = place_after(root, words);
  if (place.option != nullptr) return values(value_name(*place.option));
  Words found;
  if (current.starts_with('-')) {
    for (const CLI::Option* const option : shown_options(*place.app)) {
      for (const std::string& name : names_of(*option)) {
        if (name.starts_with("--")) found.push_back(name);
      }
    }
    return found;
  }
  for (const CLI::App* const command : shown_commands(*place.app)) found.push_back(command->get_name());
  const auto arguments = shown_arguments(*place.app);
  if (place.arguments < arguments.size()) {
    for (std::string& value : values(value_name(*arguments[place.arguments]))) found.push_back(std::move(value));
  }
  return found;
}

}  // namespace

Run completion_command(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("bash|zsh", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh"}))->type_name("");
  return [shell] {
    print(*shell == "bash" ? bash_script : zsh_script);
    return Exit::ok;
  };
}

Run words_command(CLI::App& app) {
  auto words = std::make_shared<Words>();
  app.add_option("WORD", *words, "The words after iamodbc, the last being completed")->type_name("");
  return [words, root = app.get_parent()] {
    const std::string current = words->empty() || words->back() == "=" ? "" : words->back();
    for (const std::string& word : all_that_may_follow(*root, *words)) {
      if (word.starts_with(current)) print(word);
    }
    return Exit::ok;
  };
}

}  // namespace iamodbc
