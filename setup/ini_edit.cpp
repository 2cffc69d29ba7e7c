// SPDX-License-Identifier: Apache-2.0
#include "setup/ini_edit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "core/text.h"

namespace iamodbc {
namespace {

// ---- text ----

std::vector<std::string_view> lines_of(std::string_view text) {  // each with its end
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

bool is_blank(std::string_view line) {
  return trimmed(line).empty();
}
bool is_comment(std::string_view line) {
  return trimmed(line).starts_with('#') || trimmed(line).starts_with(';');
}
bool is_header(std::string_view line) {
  return trimmed(line).starts_with('[');
}

bool is_header_of(std::string_view line, std::string_view section) {
  const std::string_view text = trimmed(line);
  if (!text.starts_with('[')) return false;
  return same_name(trimmed(text.substr(1, text.find(']') - 1)), section);
}

bool is_line_of(std::string_view line, std::string_view key) {
  return !is_blank(line) && !is_comment(line) && same_name(trimmed(line.substr(0, line.find('='))), key);
}

// One past the last line of the section whose header is at `header`; blanks and comments behind it belong to nobody.
std::size_t section_end(const std::vector<std::string_view>& lines, std::size_t header) {
  std::size_t end = header + 1;
  for (std::size_t i = header + 1; i < lines.size() && !is_header(lines[i]); ++i) {
    if (!is_blank(lines[i]) && !is_comment(lines[i])) end = i + 1;
  }
  return end;
}

std::string joined(const std::vector<std::string_view>& lines, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < to; ++i) text += lines[i];
  return text;
}

// ---- file ----

Error cannot_write(const std::string& path, int reason) {
  return Error{State::general_error, path + " cannot be written: " + std::generic_category().message(reason) + ".", 0};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<std::string> read_all(int file) {
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) return std::nullopt;
  }
}

// Owner and mode as they were; a new file is for everybody to read.
bool take_over(int file, const struct stat* before) {
  if (before == nullptr) return fchmod(file, 0644) == 0;
  if ((before->st_uid != geteuid() || before->st_gid != getegid()) &&
      fchown(file, before->st_uid, before->st_gid) != 0) {
    return false;
  }
  return fchmod(file, before->st_mode & 07777U) == 0;
}

// Whole or not at all: a file beside it takes its place.
std::optional<Error> replace(const std::string& path, const struct stat* before, std::string_view text) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return cannot_write(path, errno);
  if (write_all(file.number(), text) && take_over(file.number(), before) && fsync(file.number()) == 0 &&
      rename(temporary.c_str(), path.c_str()) == 0) {
    return std::nullopt;
  }
  const int reason = errno;
  unlink(temporary.c_str());
  return cannot_write(path, reason);
}

// The file that a link leads to; a path that is not there yet stays as it is.
std::string target_of(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
  return real ? real.get() : path;
}

}  // namespace

std::string with_value(std::string_view text, std::string_view section, std::string_view key, std::string_view value) {
  const std::vector<std::string_view> lines = lines_of(text);
  const std::string end_of_line = !lines.empty() && lines.front().ends_with("\r\n") ? "\r\n" : "\n";
  const std::string written = std::string(key) + "=" + std::string(value) + end_of_line;
  for (std::size_t header = 0; header < lines.size(); ++header) {
    if (!is_header_of(lines[header], section)) continue;
    const std::size_t end = section_end(lines, header);
    for (std::size_t i = header + 1; i < end; ++i) {
      if (!is_line_of(lines[i], key)) continue;
      if (trimmed(lines[i].substr(std::min(lines[i].find('='), lines[i].size() - 1) + 1)) == value)
        return std::string(text);
      return joined(lines, 0, i) + written + joined(lines, i + 1, lines.size());
    }
    std::string before = joined(lines, 0, end);
    if (!before.ends_with('\n')) before += end_of_line;
    return before + written + joined(lines, end, lines.size());
  }
  std::string result(text);
  if (!result.empty() && !result.ends_with('\n')) result += end_of_line;
  if (!result.empty()) result += end_of_line;
  return result + "[" + std::string(section) + "]" + end_of_line + written;
}

std::string without_section(std::string_view text, std::string_view section) {
  std::string result;
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_header_of(lines[i], section)) {
      result += lines[i];
      continue;
    }
    const std::size_t end = section_end(lines, i);
    // The blank line that set it apart goes with it.
    const bool is_apart = i > 0 && is_blank(lines[i - 1]) && (end == lines.size() || is_blank(lines[end]));
    if (is_apart) result.resize(result.size() - lines[i - 1].size());
    i = end - 1;
  }
  return result;
}

Result<bool> edit_file(const std::string& path, const std::function<Result<std::string>(const std::string&)>& change) {
  const std::string target = target_of(path);
  const std::size_t slash = target.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : target.substr(0, slash);
  // One writer at a time: the folder is locked, because the file itself is replaced.
  const Descriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || flock(lock.number(), LOCK_EX) != 0) return cannot_write(path, errno);

  std::string before;
  struct stat status {};
  const Descriptor file(open(target.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno != ENOENT) return cannot_write(path, errno);
  if (file) {
    if (fstat(file.number(), &status) != 0) return cannot_write(path, errno);
    if (!S_ISREG(status.st_mode)) return cannot_write(path, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    // Replacing would get round a file that its owner has made read-only.
    if (faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0) return cannot_write(path, errno);
    auto text = read_all(file.number());
    if (!text) return cannot_write(path, errno);
    before = *std::move(text);
  }
  auto after = change(before);
  if (!after) return after.error();
  if (after.value() == before) return false;
  if (auto error = replace(target, file ? &status : nullptr, after.value())) return *error;
  return true;
}

}  // namespace iamodbc
