#pragma once

#include <poll.h>

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "backends/npu/soft/control.hpp"
#include "issu/base/fd.hpp"

namespace issu::backends::soft {

/// The answering side of the control protocol, for a poll loop. One thread.
class ControlServer {
 public:
  struct Reply {
    Result<nlohmann::json> answer;
    std::vector<int> fds;  ///< lent: sent along, and still the handler's
  };
  using Handler = std::function<Reply(const Request&)>;

  ControlServer(Fd listener, Handler handler)
      : listener_(std::move(listener)), handler_(std::move(handler)) {}

  /// Adds what it waits for.
  void watch(std::vector<pollfd>& watched) const;
  /// Serves what has become ready: `watched` as `watch` has filled it, from `first` on.
  void serve(const std::vector<pollfd>& watched, std::size_t first);

 private:
  struct Client {
    Fd fd;
    std::string input;
    std::string output;
    std::vector<int> fds;  ///< go with the first byte of `output`
    std::optional<Request> open;
    std::uint64_t missing = 0;  ///< lines of prefixes
    std::optional<Error> fault;
  };
  bool hear(Client& client);
  bool flush(Client& client);
  void take_line(Client& client, const std::string& line);
  void take_prefix(Client& client, const std::string& line);
  void answer(Client& client);

  Fd listener_;
  Handler handler_;
  std::list<Client> clients_;
};

}  // namespace issu::backends::soft
