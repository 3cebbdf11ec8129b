#include "backends/daemons/bird_ctl.hpp"

#include <algorithm>
#include <cctype>

namespace issu::backends {
namespace {

/// One line of a reply: "1002-text" (more follow), "0000 text" (the last), " text" (the same code
/// as the line before), "+text" (a log line that belongs to no question).
struct ReplyLine {
  int code = -1;
  bool last = false;
  std::string_view text;
};

ReplyLine read_line(std::string_view line) {
  const bool coded = line.size() >= 5 && std::all_of(line.begin(), line.begin() + 4, [](char c) {
                       return std::isdigit(static_cast<unsigned char>(c)) != 0;
                     });
  if (!coded || (line[4] != ' ' && line[4] != '-')) {
    return ReplyLine{-1, false, line.empty() ? line : line.substr(1)};
  }
  int code = 0;
  for (const char digit : line.substr(0, 4)) {
    code = code * 10 + (digit - '0');
  }
  return ReplyLine{code, line[4] == ' ', line.substr(5)};
}

}  // namespace

Result<std::string> BirdCtl::read_reply(const Deadline& deadline, std::size_t limit) {
  std::string text;
  std::string pending;
  int code = 0;
  for (;;) {
    ISSU_TRY(stream_->receive(pending, deadline), "asking BIRD");
    if (text.size() + pending.size() > limit) {
      return fail(socket_.string() + " answers with more than " + std::to_string(limit) + " bytes");
    }
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = pending.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      const std::string_view raw(pending.data() + begin, end - begin);
      if (raw.starts_with('+')) {
        continue;
      }
      const ReplyLine line = read_line(raw);
      code = line.code >= 0 ? line.code : code;
      if (!line.last || !line.text.empty()) {
        text.append(line.text).push_back('\n');
      }
      if (line.last) {
        if (code >= 8000) {
          return fail(socket_.string() + ": BIRD says: " + text.substr(0, text.size() - 1));
        }
        return text;
      }
    }
    pending.erase(0, begin);
  }
}

Result<std::string> BirdCtl::ask(std::string_view command, std::chrono::milliseconds timeout,
                                 std::size_t limit) {
  const Deadline deadline = Deadline::in(timeout);
  if (!stream_) {
    auto stream = UnixStream::connect(socket_, deadline);
    if (!stream) {
      return fail(std::move(stream).error());
    }
    stream_.emplace(std::move(*stream));
    auto greeting = read_reply(deadline, limit);  // "BIRD 2.0.12 ready."
    if (!greeting) {
      stream_.reset();
      return greeting;
    }
    const std::size_t begin = greeting->find(' ') + 1;
    version_ = greeting->substr(begin, greeting->find(' ', begin) - begin);
  }
  auto sent = stream_->send(std::string(command) + "\n", deadline);
  auto answer = sent ? read_reply(deadline, limit) : Result<std::string>(fail(sent.error()));
  if (!answer) {
    stream_.reset();  // what is left of a late answer must not be taken for the next one
    return pass(std::move(answer).error(), "asking \"" + std::string(command) + "\"");
  }
  return answer;
}

}  // namespace issu::backends
