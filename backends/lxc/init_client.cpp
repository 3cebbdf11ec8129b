#include "backends/lxc/init_client.hpp"

#include "backends/daemons/unix_stream.hpp"

namespace issu::backends::lxc {

Result<std::string> InitClient::ask(const std::string& command, std::chrono::milliseconds timeout) {
  const Deadline deadline = Deadline::in(timeout);
  auto stream = UnixStream::connect(socket_, deadline);
  if (!stream) {
    return fail(std::move(stream).error());
  }
  ISSU_TRY(stream->send(command + "\n", deadline), "telling the container to " + command);
  std::string answer;
  while (answer.size() < (1U << 20U)) {
    auto received = stream->receive(answer, deadline);
    if (received) {
      continue;
    }
    // It closes the connection behind every whole answer.
    if (answer.ends_with('\n') && received.error().kind() != ErrorKind::timeout) {
      return answer;
    }
    return pass(std::move(received).error(), "telling the container to " + command);
  }
  return fail("the container's process 1 says too much");
}

Result<double> InitClient::start(std::chrono::milliseconds timeout) {
  auto answer = ask("start", timeout);
  if (!answer) {
    return fail(std::move(answer).error());
  }
  return init::parse_start(*answer);
}

Result<void> InitClient::kill(std::chrono::milliseconds timeout) {
  if (auto answer = ask("kill", timeout); !answer) {
    return fail(std::move(answer).error());
  }
  return {};
}

Result<void> InitClient::quit(std::chrono::milliseconds timeout) {
  if (auto answer = ask("quit", timeout); !answer) {
    return fail(std::move(answer).error());
  }
  return {};
}

Result<InitStatus> InitClient::status(std::chrono::milliseconds timeout) {
  auto answer = ask("status", timeout);
  if (!answer) {
    return fail(std::move(answer).error());
  }
  return init::parse_status(*answer);
}

}  // namespace issu::backends::lxc
