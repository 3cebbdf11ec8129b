// A TCP session with a key and a hop limit is frozen by CRIU and goes on, while its peer sees
// nothing but a pause.

#include <doctest/doctest.h>

#include <array>
#include <cerrno>

#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/flow_lock.hpp"
#include "tests/checkpoint/criu_lab.hpp"
#include "tests/checkpoint/peer.hpp"
#include "tests/skip.hpp"

namespace issu::tests {
namespace {

using checkpoint::Conditioner;
using checkpoint::FlowLock;

constexpr const char* shared_key = "only we two know";
constexpr std::chrono::seconds long_enough(60);
constexpr int patience_ms = 10000;

void good(const Result<void>& result) {
  INFO((result ? "" : result.error().message()));
  REQUIRE(result.has_value());
}

Deadline soon() {
  return Deadline::in(std::chrono::seconds(10));
}

struct Session {
  CriuLab lab;
  Result<Peer> peer;
  FlowLock lock;
  Session(bool six, const std::string& key)
      : peer(Peer::listen(lab.there(), six ? "2001:db8::2" : "192.0.2.2",
                          six ? "2001:db8::1" : "192.0.2.1", key)),
        lock(lab.here(), "test") {
    INFO((peer ? "" : peer.error().message()));
    REQUIRE(peer.has_value());
    lab.start({"echo", six ? "2001:db8::2" : "192.0.2.2", std::to_string(peer->port()), key});
    good(peer->accept());
    good(peer->send("one"));
    REQUIRE(peer->receive(3, patience_ms) == "one");
  }
  [[nodiscard]] std::array<pid_t, 1> pids() const { return {lab.actor()}; }
};

void survives(bool six, const std::string& key) {
  Session session(six, key);
  auto conditioner = Conditioner::collect(session.pids());
  INFO((conditioner ? "" : conditioner.error().message()));
  REQUIRE(conditioner.has_value());
  CHECK(conditioner->flows().size() == 1);
  CHECK(conditioner->summary()["tcp_md5_keys"] == (key.empty() ? 0 : 1));
  CHECK((key.empty() || conditioner->summary().dump().find(key) == std::string::npos));
  good(session.lock.lock(conditioner->flows(), long_enough));
  CHECK(session.lock.is_locked().value());
  good(conditioner->undo(session.pids()));
  good(session.lab.dump());
  CHECK(session.lab.actor() == 0);
  good(session.peer->send("two"));  // to a socket that is away
  CHECK(session.peer->receive(3, 300).empty());
  good(session.lab.restore());
  CHECK(session.peer->receive(3, 300).empty());
  good(conditioner->redo(session.pids()));
  good(session.lock.lift());
  CHECK_FALSE(session.lock.is_locked().value());
  CHECK(session.peer->receive(3, patience_ms) == "two");
  good(session.peer->send("three"));
  CHECK(session.peer->receive(5, patience_ms) == "three");
  CHECK(session.peer->error() == 0);
  // Nothing unsigned has got out: no reset of the kernel's, no segment of the restored socket's.
  CHECK(counter(session.lab.there(), "TCPMD5NotFound") == 0);
}

}  // namespace

TEST_CASE("a session with a key and a hop limit goes on after a dump and a restore") {
  if (const auto missing = CriuLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  SUBCASE("IPv4") {
    survives(false, shared_key);
  }
  SUBCASE("IPv6") {
    survives(true, shared_key);
  }
  SUBCASE("IPv4 without a key") {
    survives(false, "");
  }
  SUBCASE("IPv6 without a key") {
    survives(true, "");
  }
}

TEST_CASE("a session that nobody conditions is not understood by its peer") {
  if (const auto missing = CriuLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  Session session(false, shared_key);
  auto conditioner = Conditioner::collect(session.pids());
  REQUIRE(conditioner.has_value());
  good(session.lock.lock(conditioner->flows(), long_enough));
  good(session.lab.dump());
  good(session.lab.restore());
  good(session.lock.lift());
  good(session.peer->send("two"));
  CHECK(wait_until([&] { return counter(session.lab.here(), "TCPMD5Unexpected") > 0; }, soon()));
  CHECK(session.peer->receive(3, 300).empty());
  // It can still be mended.
  good(conditioner->redo(session.pids()));
  CHECK(session.peer->receive(3, patience_ms) == "two");
}

TEST_CASE("a session that nobody locks is reset by the kernel") {
  if (const auto missing = CriuLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  Session session(false, "");
  good(session.lab.dump());
  good(session.peer->send("two"));
  CHECK(wait_until([&] { return session.peer->error() == ECONNRESET; }, soon()));
}

TEST_CASE("a lock that nobody lifts ends by itself; one that is lifted twice is lifted") {
  if (const auto missing = CriuLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  Session session(false, shared_key);
  auto conditioner = Conditioner::collect(session.pids());
  REQUIRE(conditioner.has_value());
  good(session.lock.lift());
  good(session.lock.lock(conditioner->flows(), std::chrono::seconds(2)));
  good(session.peer->send("two"));
  CHECK(session.peer->receive(3, 300).empty());
  CHECK(session.lock.is_locked().value());
  CHECK(session.peer->receive(3, patience_ms) == "two");
  CHECK_FALSE(session.lock.is_locked().value());
  good(session.lock.lock(conditioner->flows(), long_enough));
  good(session.lock.lock(conditioner->flows(), long_enough));
  FlowLock equal(session.lab.here(), "test");
  FlowLock other(session.lab.here(), "other");
  CHECK(equal.is_locked().value());
  CHECK_FALSE(other.is_locked().value());
  good(other.lift());
  CHECK(equal.is_locked().value());
  good(equal.lift());
  good(session.lock.lift());
  CHECK_FALSE(session.lock.is_locked().value());
}

TEST_CASE("a dump that fails leaves a session that goes on") {
  if (const auto missing = CriuLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  Session session(false, shared_key);
  auto conditioner = Conditioner::collect(session.pids());
  REQUIRE(conditioner.has_value());
  good(session.lock.lock(conditioner->flows(), long_enough));
  good(conditioner->undo(session.pids()));
  CHECK_FALSE(session.lab.dump({"--tree", "77777"}).has_value());
  good(session.lab.dump({"--leave-running"}));  // as far as a dump can come
  good(conditioner->redo(session.pids()));
  good(session.peer->send("two"));
  good(session.lock.lift());
  CHECK(session.peer->receive(3, patience_ms) == "two");
}

}  // namespace issu::tests
