#include "backends/npu/soft/control.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/control_server.hpp"
#include "backends/npu/soft/settings.hpp"
#include "state-sync/unix_socket.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends::soft;
using nlohmann::json;

namespace {

/// A server on a thread of its own, until the end of its life.
class Served {
 public:
  Served(const std::filesystem::path& socket, ControlServer::Handler handler)
      : server_(std::move(state_sync::listen_unix(socket).value()), std::move(handler)),
        thread_([this] { loop(); }) {}
  ~Served() {
    ended_ = true;
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

 private:
  void loop() {
    while (!ended_) {
      std::vector<pollfd> watched;
      server_.watch(watched);
      if (::poll(watched.data(), watched.size(), 10) > 0) {
        server_.serve(watched, 0);
      }
    }
  }
  ControlServer server_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a request with a long list of prefixes arrives whole, and its answer comes back") {
  const tests::TempDir folder;
  const Served served(folder / "npud.sock", [](const Request& request) -> ControlServer::Reply {
    if (request.verb() == "refuse") {
      return {fail("no", "ask otherwise", ErrorKind::refused), {}};
    }
    return {json{{"verb", request.verb()},
                 {"count", request.prefixes.size()},
                 {"last", request.prefixes.empty() ? "" : request.prefixes.back().text()}},
            {}};
  });
  const ControlClient client(folder / "npud.sock");
  CHECK(client.server().pid == ::getpid());
  std::vector<state_sync::Prefix> list;
  const auto first = *state_sync::Prefix::parse("10.0.0.0/24");
  for (std::uint64_t n = 0; n < 30000; ++n) {
    list.push_back(state_sync::nth_after(first, n));
  }
  const auto answer = client.ask({{"verb", "refresh"}}, list);
  REQUIRE_MESSAGE(answer, answer.error().message());
  CHECK((*answer)["count"] == 30000);
  CHECK((*answer)["last"] == list.back().text());
  const auto refused = client.ask({{"verb", "refuse"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().hint() == "ask otherwise");
  CHECK(ControlClient(folder / "nobody.sock").server().pid == 0);
}

TEST_CASE("descriptors come along with an answer") {
  const tests::TempDir folder;
  int pipes[2];
  REQUIRE(::pipe(pipes) == 0);
  const Fd out(pipes[0]);
  const Fd in(pipes[1]);
  const Served served(folder / "npud.sock", [&](const Request&) -> ControlServer::Reply {
    return {json{{"fds", 1}}, {out.get()}};
  });
  std::vector<Fd> fds;
  const auto answer = ControlClient(folder / "npud.sock").ask({{"verb", "handover"}}, {}, &fds);
  REQUIRE_MESSAGE(answer, answer.error().message());
  REQUIRE(fds.size() == 1);
  REQUIRE(::write(in.get(), "x", 1) == 1);
  char byte = 0;
  CHECK(::read(fds[0].get(), &byte, 1) == 1);
  CHECK(byte == 'x');
}

TEST_CASE("lines that are no request are answered, not followed") {
  std::uint64_t prefixes = 0;
  for (const char* line : {"", "{", "[]", "{}", R"({"verb": 3})", R"({"verb":"x","prefixes":-1})",
                           R"({"verb":"x","prefixes":"many"})"}) {
    CAPTURE(line);
    CHECK_FALSE(read_request_line(line, prefixes));
  }
  CHECK(read_request_line(R"({"verb":"x","prefixes":7})", prefixes));
  CHECK(prefixes == 7);
  CHECK_FALSE(read_answer_line("{}"));
  CHECK_FALSE(read_answer_line("nonsense"));
}

TEST_CASE("the rates that a router has by default are those of the engines") {
  const Polices of_spec = polices_of({});
  const Polices of_engines = default_polices();
  for (std::size_t each = 0; each < of_spec.size(); ++each) {
    CHECK(of_spec[each].interval == of_engines[each].interval);
    CHECK(of_spec[each].slack == of_engines[each].slack);
  }
}

TEST_CASE("settings that an older program wrote are read: one punt interface, the usual rates") {
  const tests::TempDir folder;
  std::ofstream(folder / "settings.json")
      << R"({"router": "r", "rp_netns": "r", "npu_netns": "r-npu", "engine": "packet",
             "feed": "fpm", "icmp_echo": false, "routes": 1000,
             "ports": [{"name": "east", "punt": "punt0", "addresses": []}]})";
  const auto read = load_settings(folder / "settings.json");
  REQUIRE(read);
  CHECK(read->ports[0].punts == std::array<std::string, 2>{"punt0", "punt0"});
  CHECK(read->npu.punt == backends::PuntRates{});
}

TEST_CASE("settings are read as they were written; others are refused") {
  const tests::TempDir folder;
  backends::RouterSpec router;
  router.name = "edge1";
  router.netns = "issu-edge1";
  router.npu.engine = "xdp";
  router.npu.icmp_echo = true;
  router.npu.punt.control = {7'000, 70};
  router.ports = {{.name = "east", .addresses = {"192.0.2.1/30"}}, {.name = "west"}};
  REQUIRE(save(settings_of(router), folder / "settings.json"));
  const auto read = load_settings(folder / "settings.json");
  REQUIRE(read);
  CHECK(read->npu_netns == "issu-edge1-npu");
  CHECK(read->npu.engine == "xdp");
  CHECK(read->npu.icmp_echo);
  REQUIRE(read->ports.size() == 2);
  CHECK(read->ports[1].punts == std::array<std::string, 2>{"punt1", "punt1"});
  CHECK(read->npu.punt == router.npu.punt);
  CHECK(read->npu.punt_links == backends::PuntLinks::shared);
  CHECK(read->ports[0].addresses == std::vector<std::string>{"192.0.2.1/30"});
  router.npu.punt_links = backends::PuntLinks::taps;
  REQUIRE(save(settings_of(router), folder / "taps.json"));
  const auto taps = load_settings(folder / "taps.json");
  REQUIRE(taps);
  CHECK(taps->npu.punt_links == backends::PuntLinks::taps);
  CHECK(taps->ports[1].punts == std::array<std::string, 2>{"punt1a", "punt1b"});
  std::ofstream(folder / "bad.json") << "{\"router\": 1}";
  CHECK_FALSE(load_settings(folder / "bad.json"));
}
