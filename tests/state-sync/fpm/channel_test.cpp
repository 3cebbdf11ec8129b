#include "state-sync/fpm/channel.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "state-sync/unix_socket.hpp"
#include "tests/state-sync/fpm/messages.hpp"
#include "tests/state-sync/tables/tables_lab.hpp"
#include "tests/temp_dir.hpp"

namespace issu::fpm {
namespace {

using Bytes = std::vector<std::byte>;

/// The host's end of a channel, and a machine's end of it in place of QEMU and the guest.
struct Lab {
  tests::TempDir dir;
  tables::Segment segment = *tables::Segment::create_file(dir / "tables", {});
  tables::Writer tables = *tables::Writer::open(segment);
  std::vector<std::string> said;
  Feed feed{tables,
            {[](std::uint32_t ifindex) { return ifindex == 2 ? std::optional(0U) : std::nullopt; },
             [this](const std::string& text) { said.push_back(text); }}};
  Fd listener = *state_sync::listen_unix(dir / "a");
  FpmChannel channel{dir / "a", feed};
  Fd guest;

  Lab() {
    tables::Port port;
    port.name = "one";
    port.up = true;
    REQUIRE(tables.set_port(port));
  }
  /// The channel dials, the machine takes it: everything is asked for anew.
  void connect(const Fd& at) {
    channel.serve();
    guest = Fd(::accept4(at.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(guest);
    std::array<char, 16> asked{};
    REQUIRE(::recv(guest.get(), asked.data(), asked.size(), 0) == 4);
    CHECK(asked[1] == '\xf2');
  }
  void say(const Bytes& bytes, std::size_t from = 0) {
    REQUIRE(::send(guest.get(), bytes.data() + from, bytes.size() - from, MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size() - from));
    channel.serve();
  }
  [[nodiscard]] bool has(const std::string& prefix) const {
    return tables.find(*Prefix::parse(prefix)).has_value();
  }
};

Bytes begin() {
  const auto bytes = std::as_bytes(std::span(begin_frame));
  return {bytes.begin(), bytes.end()};
}

Bytes route(const std::string& prefix) {
  Bytes out;
  append_frame(out, tests::new_route(prefix, 0, {{"192.0.2.2", 2}}));
  return out;
}

Bytes end() {
  Bytes out;
  append_frame(out, {}, FrameType::end);
  return out;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST_CASE("a channel takes in what a daemon says from its beginning to its end") {
  Lab lab;
  lab.connect(lab.listener);
  CHECK_FALSE(lab.channel.connected());
  lab.say(begin() + route("10.1.0.0/16"));
  CHECK(lab.channel.connected());
  CHECK(lab.has("10.1.0.0/16"));
  lab.say(end() + begin() + route("10.2.0.0/16"));
  CHECK(lab.has("10.2.0.0/16"));
  CHECK(lab.channel.counters().accepted == 2);
  CHECK_FALSE(lab.channel.take_lost());
}

TEST_CASE("what was said before the beginning does not count, wherever it was cut") {
  const Bytes before = route("10.9.0.0/16");
  // A sanitizer makes tables in seconds that are made in 70 ms without one.
  const std::size_t step = tables::tests::sanitized ? 9 : 1;
  for (std::size_t cut = 0; cut < before.size(); cut += step) {
    CAPTURE(cut);
    Lab lab;
    lab.connect(lab.listener);
    lab.say(before, cut);
    CHECK_FALSE(lab.channel.connected());
    // The beginning itself may come in two parts.
    const Bytes rest = begin() + route("10.1.0.0/16");
    lab.say({rest.begin(), rest.begin() + 7});
    lab.say(rest, 7);
    CHECK(lab.has("10.1.0.0/16"));
    CHECK_FALSE(lab.has("10.9.0.0/16"));
    CHECK_FALSE(lab.channel.take_lost());
  }
}

TEST_CASE("a machine that ends in the middle of a frame has lost something") {
  Lab lab;
  lab.connect(lab.listener);
  const Bytes half = begin() + route("10.1.0.0/16");
  lab.say({half.begin(), half.end() - 3});
  lab.guest.reset();
  lab.channel.serve();
  CHECK_FALSE(lab.channel.connected());
  CHECK(lab.channel.take_lost());
}

TEST_CASE("the other slot is heard from the change on, and the one of before no more") {
  Lab lab;
  Fd other = *state_sync::listen_unix(lab.dir / "b");
  lab.connect(lab.listener);
  lab.say(begin() + route("10.1.0.0/16"));
  const Fd before = std::move(lab.guest);
  lab.channel.change(lab.dir / "b");
  lab.connect(other);
  CHECK(::send(before.get(), "x", 1, MSG_NOSIGNAL) < 0);
  lab.say(begin() + route("10.2.0.0/16"));
  CHECK(lab.has("10.2.0.0/16"));
  CHECK(lab.channel.counters().dialled == 2);
}

TEST_CASE("an epoch begins with everything said anew") {
  Lab lab;
  lab.connect(lab.listener);
  lab.say(begin() + route("10.1.0.0/16"));
  lab.channel.begin_epoch();
  CHECK_FALSE(lab.channel.connected());
  lab.connect(lab.listener);
  lab.say(route("10.2.0.0/16"));
  CHECK_FALSE(lab.has("10.2.0.0/16"));
  lab.say(begin() + route("10.3.0.0/16"));
  CHECK(lab.has("10.3.0.0/16"));
}

TEST_CASE("what can't be read ends the connection, and everything is asked for again") {
  Lab lab;
  lab.connect(lab.listener);
  Bytes wrong = begin();
  wrong.resize(wrong.size() + 8, std::byte{7});
  lab.say(wrong);
  CHECK(lab.channel.take_lost());
  CHECK_FALSE(lab.channel.connected());
}

}  // namespace
}  // namespace issu::fpm
