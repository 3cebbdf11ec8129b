#include "state-sync/fib_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <list>
#include <optional>
#include <sstream>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "state-sync/fib_tracker.hpp"
#include "state-sync/unix_socket.hpp"

namespace issu::state_sync {
namespace {

constexpr std::size_t longest_line = 4096;
constexpr int look_around_ms = 500;
/// Changes of links come in bursts: the tables are read again after the burst.
constexpr MonoNs settle_after = 100'000'000;

struct Client {
  Fd fd;
  std::string input;
  std::string output;
  std::uint64_t epoch = 0;  ///< of a refresh
  std::uint64_t prefixes_left = 0;
  std::optional<Error> fault;  ///< found in a refresh, told at its end
};

class Server {
 public:
  Server(const FibServerOptions& options, FibTracker& tracker, Fd listener)
      : options_(options), tracker_(tracker), listener_(std::move(listener)) {}

  Result<void> run() {
    MonoNs unsettled_since = 0;
    while (!ended_ && netns_is_ours()) {
      ISSU_TRY(wait_and_serve(), "serving the route tracker");
      ISSU_TRY(tracker_.pump(), "watching the routes");
      if (!tracker_.unsettled()) {
        unsettled_since = 0;
      } else if (unsettled_since == 0) {
        unsettled_since = mono_now();
      } else if (mono_now() - unsettled_since > settle_after) {
        ISSU_TRY(tracker_.settle(), "watching the routes");
      }
    }
    return {};
  }

 private:
  [[nodiscard]] bool netns_is_ours() const {
    struct stat named {};
    struct stat own {};
    return ::stat(options_.netns.c_str(), &named) == 0 && ::stat("/proc/self/ns/net", &own) == 0 &&
           named.st_ino == own.st_ino && named.st_dev == own.st_dev;
  }

  Result<void> wait_and_serve() {
    std::vector<pollfd> watched{{listener_.get(), POLLIN, 0}, {tracker_.fd(), POLLIN, 0}};
    for (const Client& client : clients_) {
      const int events = POLLIN | (client.output.empty() ? 0 : POLLOUT);
      watched.push_back({client.fd.get(), static_cast<short>(events), 0});
    }
    const int patience = tracker_.unsettled() ? 20 : look_around_ms;
    if (::poll(watched.data(), watched.size(), patience) < 0 && errno != EINTR) {
      return fail_errno("waiting");
    }
    std::size_t index = 2;
    for (auto client = clients_.begin(); client != clients_.end(); ++index) {
      const bool alive = watched[index].revents == 0 || serve(*client);
      client = alive ? std::next(client) : clients_.erase(client);
    }
    if (watched[0].revents != 0) {
      Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd) {
        clients_.push_back({std::move(fd), {}, {}, 0, 0, {}});
      }
    }
    return {};
  }

  /// Reads what came and answers whole lines; false when the client is done.
  bool serve(Client& client) {
    char buffer[65536];
    const ssize_t count = ::recv(client.fd.get(), buffer, sizeof buffer, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
      return false;
    }
    client.input.append(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
    std::size_t start = 0;
    for (auto end = client.input.find('\n'); end != std::string::npos && !ended_;
         end = client.input.find('\n', start)) {
      take_line(client, client.input.substr(start, end - start));
      start = end + 1;
    }
    client.input.erase(0, start);
    return client.input.size() <= longest_line && flush(client);
  }

  static bool flush(Client& client) {
    while (!client.output.empty()) {
      const ssize_t count =
          ::send(client.fd.get(), client.output.data(), client.output.size(), MSG_NOSIGNAL);
      if (count < 0) {
        return errno == EAGAIN || errno == EINTR;
      }
      client.output.erase(0, static_cast<std::size_t>(count));
    }
    return true;
  }

  void take_line(Client& client, const std::string& line) {
    if (client.prefixes_left > 0) {
      take_prefix(client, line);
      return;
    }
    std::istringstream words(line);
    std::string verb;
    std::uint64_t epoch = 0;
    words >> verb;
    if (verb == "state") {
      reply(client, tracker_.state());
    } else if (verb == "release") {
      auto last = tracker_.release();
      ended_ = last.has_value();
      reply(client, last);
    } else if (!(words >> epoch)) {
      reply(client,
            fail("the route tracker does not know the request \"" + line.substr(0, 40) + "\""));
    } else if (verb == "hold") {
      auto held = tracker_.hold(epoch);
      reply(client, held ? tracker_.state() : Result<FibState>(fail(std::move(held).error())));
    } else if (verb == "keep") {
      auto kept = tracker_.keep(epoch);
      reply(client, kept ? tracker_.state() : Result<FibState>(fail(std::move(kept).error())));
    } else if (verb == "sweep") {
      reply(client, tracker_.sweep(epoch));
    } else if (verb == "refresh") {
      begin_refresh(client, words, epoch);
    } else {
      reply(client, fail("the route tracker does not know the verb \"" + verb + "\""));
    }
  }

  void begin_refresh(Client& client, std::istringstream& words, std::uint64_t epoch) {
    std::uint64_t count = 0;
    words >> count;
    client.epoch = epoch;
    client.prefixes_left = count;
    client.fault.reset();
    check_epoch(client);
    if (!client.fault) {
      tracker_.doubt_all();
    }
    if (count == 0) {
      end_refresh(client);
    }
  }

  /// A higher epoch may begin while the list still comes in.
  void check_epoch(Client& client) {
    if (auto admitted = tracker_.admit(client.epoch, "refresh"); !admitted) {
      client.fault = std::move(admitted).error();
    }
  }

  void take_prefix(Client& client, const std::string& line) {
    check_epoch(client);
    if (!client.fault) {
      if (auto prefix = Prefix::parse(line)) {
        tracker_.refresh(*prefix);
      } else {
        client.fault = std::move(prefix).error();
      }
    }
    if (--client.prefixes_left == 0) {
      end_refresh(client);
    }
  }

  void end_refresh(Client& client) {
    reply(client, client.fault ? Result<FibState>(fail(*client.fault)) : tracker_.state());
  }

  static void reply(Client& client, const Result<FibState>& result) {
    client.output += answer_line(result);
    flush(client);
  }

  const FibServerOptions& options_;
  FibTracker& tracker_;
  Fd listener_;
  std::list<Client> clients_;
  bool ended_ = false;
};

}  // namespace

Result<void> serve_fib(const FibServerOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto lock_path = options.files.lock();
  const Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) {
    return fail_errno("opening " + lock_path.string());
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail("a route tracker runs already in " + options.files.folder.string());
  }
  FibTracker::Options own;
  own.epoch_file = options.files.epoch();
  own.buffer_bytes = options.buffer_bytes;
  auto tracker = FibTracker::open(std::move(own));
  if (!tracker) {
    return fail(std::move(tracker).error());
  }
  auto listener = listen_unix(options.files.socket());
  if (!listener) {
    return fail(std::move(listener).error());
  }
  auto served = Server(options, **tracker, std::move(*listener)).run();
  ::unlink(options.files.socket().c_str());
  return served;
}

}  // namespace issu::state_sync
