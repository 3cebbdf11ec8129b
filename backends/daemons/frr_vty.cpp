#include "backends/daemons/frr_vty.hpp"

namespace issu::backends {
namespace {

/// An answer ends with three zero bytes and one byte of status.
constexpr std::string_view end_mark("\0\0\0", 3);

constexpr char status_success = 0;
constexpr char status_warning = 1;

}  // namespace

Result<std::string> FrrVty::exchange(std::string_view command, const Deadline& deadline,
                                     std::size_t limit) {
  std::string question(command);
  question.push_back('\0');
  ISSU_TRY(stream_->send(question, deadline), "asking \"" + std::string(command) + "\"");
  std::string answer;
  std::size_t searched = 0;
  for (;;) {
    ISSU_TRY(stream_->receive(answer, deadline), "asking \"" + std::string(command) + "\"");
    if (answer.size() > limit) {
      return fail(socket_.string() + " answers \"" + std::string(command) + "\" with more than " +
                  std::to_string(limit) + " bytes");
    }
    const std::size_t mark = answer.find(end_mark, searched);
    if (mark != std::string::npos && answer.size() > mark + end_mark.size()) {
      const char status = answer[mark + end_mark.size()];
      answer.resize(mark);
      if (status != status_success && status != status_warning) {
        return fail(socket_.string() + " refused \"" + std::string(command) +
                    "\": " + (answer.empty() ? "status " + std::to_string(status) : answer));
      }
      return answer;
    }
    searched = answer.size() < end_mark.size() ? 0 : answer.size() - end_mark.size();
  }
}

Result<std::string> FrrVty::ask(std::string_view command, std::chrono::milliseconds timeout,
                                std::size_t limit) {
  const Deadline deadline = Deadline::in(timeout);
  if (!stream_) {
    auto stream = UnixStream::connect(socket_, deadline);
    if (!stream) {
      return fail(std::move(stream).error());
    }
    stream_.emplace(std::move(*stream));
    if (auto enabled = exchange("enable", deadline, limit); !enabled) {
      stream_.reset();
      return enabled;
    }
  }
  auto answer = exchange(command, deadline, limit);
  if (!answer) {
    stream_.reset();  // what is left of a late answer must not be taken for the next one
  }
  return answer;
}

}  // namespace issu::backends
