#include "issu/cli/checkpoint_words.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "issu/base/fd.hpp"

namespace issu::cli {
namespace {

constexpr std::size_t longest_passphrase = 1024;

/// A terminal that does not show what is typed; shows it again at the end of its life.
class Silent {
 public:
  explicit Silent(const Fd& terminal) : terminal_(&terminal) {
    silent_ = ::tcgetattr(terminal.get(), &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent_ = silent_ && ::tcsetattr(terminal.get(), TCSAFLUSH, &quiet) == 0;
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  ~Silent() {
    if (silent_) {
      ::tcsetattr(terminal_->get(), TCSAFLUSH, &before_);
    }
  }
  [[nodiscard]] bool good() const { return silent_; }

 private:
  const Fd* terminal_;
  termios before_{};
  bool silent_ = false;
};

Result<archive::Secret> ask(const std::string& question) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    return fail("there is no terminal to ask for a passphrase",
                "--passphrase-file FILE, or --key-file FILE", ErrorKind::usage);
  }
  const auto say = [&](const std::string& text) {
    return ::write(terminal.get(), text.data(), text.size()) >= 0;
  };
  const Silent silent(terminal);
  if (!silent.good() || !say(question)) {
    return fail("the terminal can't be kept from showing what is typed",
                "--passphrase-file FILE, or --key-file FILE", ErrorKind::usage);
  }
  archive::Secret line(longest_passphrase);
  std::size_t size = 0;
  while (size < line.size()) {
    const ssize_t got = ::read(terminal.get(), line.span().data() + size, line.size() - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    if (got <= 0 || line.span()[size - 1] == '\n') {
      break;
    }
  }
  (void)say("\n");
  while (size > 0 && (line.span()[size - 1] == '\n' || line.span()[size - 1] == '\r')) {
    --size;
  }
  line.shorten(size);
  if (size == 0) {
    return fail("no passphrase was typed", "type one, or name a key with --key-file FILE",
                ErrorKind::usage);
  }
  return line;
}

Result<archive::Key> ask_for_passphrase(bool twice) {
  auto first = ask("Passphrase of the archive: ");
  if (!first) {
    return fail(std::move(first).error());
  }
  if (twice) {
    const auto second = ask("The same again: ");
    if (!second) {
      return fail(second.error());
    }
    if (second->size() != first->size() ||
        CRYPTO_memcmp(second->span().data(), first->span().data(), first->size()) != 0) {
      return fail("the two are not the same", "try again", ErrorKind::usage);
    }
  }
  return archive::Key{std::move(*first), true};
}

}  // namespace

void add_key_words(CLI::App& command, KeyWords& words) {
  auto* file = command.add_option("--key-file", words.key_file,
                                  "The archive's key: 32 bytes or more, or as hexadecimal digits");
  auto* phrase = command.add_option("--passphrase-file", words.passphrase_file,
                                    "A file whose first line is the archive's passphrase");
  auto* asked = command.add_flag("--passphrase", words.ask, "Ask for the archive's passphrase");
  file->excludes(phrase)->excludes(asked);
  phrase->excludes(asked);
}

Result<std::optional<archive::Key>> read_key(const KeyWords& words, const config::Archive& defaults,
                                             bool twice) {
  if (!words.any() && defaults.key_file.empty()) {
    return std::optional<archive::Key>();
  }
  auto key = words.ask                        ? ask_for_passphrase(twice)
             : !words.passphrase_file.empty() ? archive::read_passphrase_file(words.passphrase_file)
             : !words.key_file.empty()        ? archive::read_key_file(words.key_file)
                                              : archive::read_key_file(defaults.key_file);
  if (!key) {
    return fail(std::move(key).error());
  }
  return std::optional<archive::Key>(std::move(*key));
}

std::filesystem::path archive_file(const std::string& word, const config::Archive& defaults) {
  std::error_code ignored;
  if (word.find('/') != std::string::npos || defaults.folder.empty() ||
      std::filesystem::exists(word, ignored)) {
    return word;
  }
  return defaults.folder / (word + ".checkpoint");
}

Result<void> check_archive_name(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 64 && name.front() != '.' &&
                    std::all_of(name.begin(), name.end(), [](unsigned char each) {
                      return std::isalnum(each) != 0 || each == '.' || each == '_' || each == '-';
                    });
  if (!good) {
    return fail("\"" + name.substr(0, 80) + "\" is no name for a checkpoint",
                "letters, digits, '.', '_' and '-', 64 at most; --output FILE says another place",
                ErrorKind::usage);
  }
  return {};
}

}  // namespace issu::cli
