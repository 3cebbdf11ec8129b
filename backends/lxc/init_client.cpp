#include "backends/lxc/init_client.hpp"

#include <sstream>

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
  std::istringstream words(*answer);
  std::string first;
  words >> first;
  if (first != "ok") {
    std::string reason;
    std::getline(words >> std::ws, reason);
    return fail(reason);
  }
  double milliseconds = 0;
  words >> milliseconds;
  return milliseconds;
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
  std::istringstream lines(*answer);
  std::string line;
  std::getline(lines, line);
  InitStatus status;
  status.held = line == "held";
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    InitDaemon daemon;
    std::string ready;
    words >> daemon.name >> daemon.inner_pid >> ready >> daemon.exits >> std::ws;
    std::getline(words, daemon.last_end);
    daemon.ready = ready == "ready";
    if (daemon.last_end == "-") {
      daemon.last_end.clear();
    }
    status.daemons.push_back(std::move(daemon));
  }
  return status;
}

}  // namespace issu::backends::lxc
