#include "backends/npu/soft/npud.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "backends/npu/soft/chassis_tables.hpp"
#include "backends/npu/soft/control_client.hpp"
#include "backends/npu/soft/control_server.hpp"
#include "backends/npu/soft/engine_host.hpp"
#include "backends/npu/soft/feeds.hpp"
#include "backends/npu/soft/hold_keeper.hpp"
#include "backends/npu/soft/snapshot.hpp"
#include "backends/npu/soft/table_store.hpp"
#include "backends/npu/soft/views.hpp"
#include "issu/base/netns.hpp"
#include "state-sync/unix_socket.hpp"

namespace issu::backends::soft {
namespace {

using nlohmann::json;
using Reply = ControlServer::Reply;

constexpr auto take_over_limit = std::chrono::seconds(10);
constexpr int look_around_ms = 200;

Result<state_sync::FibSocket> kernel_socket(const std::string& netns) {
  std::optional<state_sync::FibSocket> socket;
  ISSU_TRY(NetNs::inside(NetNs::path_of(netns),
                         [&]() -> Result<void> {
                           auto opened = state_sync::FibSocket::open();
                           if (!opened) {
                             return fail(std::move(opened).error());
                           }
                           socket = std::move(*opened);
                           return {};
                         }),
           "in the route processor's namespace");
  return std::move(*socket);
}

json as_json(const state_sync::FibState& state) {
  return json::parse(to_json(state));
}

class Npud {
 public:
  explicit Npud(const NpudOptions& options) : options_(options) {}

  Result<void> open();
  Result<void> run();

 private:
  Result<void> open_tables();
  Result<void> take_lock(bool wait);
  Result<void> take_over(Handover& heritage);
  Result<void> look_around();
  [[nodiscard]] bool netns_is_ours() const;
  Reply answer(const Request& request);
  Result<json> answer_epoch(const Request& request);
  Result<json> answer_view(const Request& request);
  Reply hand_over();

  NpudOptions options_;
  Settings settings_;
  Fd lock_;
  Fd signals_;
  std::unique_ptr<TableStore> store_;
  std::optional<EngineHost> engine_;
  std::optional<tables::Writer> writer_;
  std::optional<ChassisTables> chassis_;
  std::optional<state_sync::FibSocket> kernel_;
  std::unique_ptr<HoldKeeper> holds_;
  std::optional<Feeds> feeds_;
  std::unique_ptr<ControlServer> control_;
  bool ended_ = false;
};

Result<void> Npud::take_lock(bool wait) {
  lock_ = Fd(::open(options_.files.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) {
    return fail_errno("opening " + options_.files.lock().string());
  }
  const auto got = [&] { return ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0; };
  const bool locked =
      wait ? wait_until(got, Deadline::in(take_over_limit), std::chrono::milliseconds(1)) : got();
  return locked ? Result<void>()
                : fail("an npud runs already in " + options_.files.folder.string());
}

Result<void> Npud::take_over(Handover& heritage) {
  ControlClient before(options_.files.socket());
  auto words = before.ask({{"verb", "handover"}}, {}, &heritage.fds);
  if (!words) {
    return pass(std::move(words).error(), "taking over from the npud that runs");
  }
  heritage.words = std::move(*words);
  return {};
}

/// What forwards is up first: it needs the tables as they are and nothing else.
Result<void> Npud::open_tables() {
  Handover heritage;
  if (!options_.take_over) {
    ISSU_TRY(take_lock(false), "");
  }
  auto store = TableStore::open(settings_, options_.files);
  if (!store) {
    return pass(std::move(store).error(), "opening the tables");
  }
  store_ = std::move(*store);
  if (options_.take_over) {
    // The tables are mapped before the old one stops.
    ISSU_TRY(take_over(heritage), "");
  }
  auto engine =
      EngineHost::start(*store_, settings_.npu.punt, options_.take_over ? &heritage : nullptr);
  if (!engine) {
    return pass(std::move(engine).error(), "starting the engine " + settings_.npu.engine);
  }
  engine_.emplace(std::move(*engine));
  if (options_.take_over) {
    ISSU_TRY(take_lock(true), "");
  }
  tables::WriterOptions how;
  how.take_over = take_over_limit;
  auto writer = tables::Writer::open(store_->segment(), how);
  if (!writer) {
    return pass(std::move(writer).error(), "opening the tables");
  }
  writer_ = std::move(*writer);
  engine_->attach(*writer_);
  const tables::OpenReport& report = writer_->report();
  std::fprintf(stderr, "issu-npud: tables %s: %llu routes, %llu repaired, %llu dropped\n",
               store_->found() ? "found" : "made", static_cast<unsigned long long>(report.routes),
               static_cast<unsigned long long>(report.repaired),
               static_cast<unsigned long long>(report.dropped));
  const std::uint32_t echo = NPU_OPTION_ICMP_ECHO;
  return writer_->set_options(settings_.npu.icmp_echo ? echo : 0);
}

Result<void> Npud::open() {
  auto settings = load_settings(options_.files.settings());
  if (!settings) {
    return fail(std::move(settings).error());
  }
  settings_ = std::move(*settings);
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGTERM);
  ::sigaddset(&wanted, SIGINT);
  ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
  signals_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) {
    return fail_errno("waiting for signals");
  }
  ISSU_TRY(open_tables(), "");
  auto chassis = ChassisTables::open(*writer_, settings_);
  if (!chassis) {
    return fail(std::move(chassis).error());
  }
  chassis_.emplace(std::move(*chassis));
  engine_->set_ports(chassis_->ports());
  auto kernel = kernel_socket(settings_.rp_netns);
  auto sweeper = kernel_socket(settings_.rp_netns);
  if (!kernel || !sweeper) {
    return fail(std::move(kernel ? sweeper : kernel).error());
  }
  kernel_ = std::move(*kernel);
  auto holds =
      HoldKeeper::open(*writer_, std::move(*sweeper), options_.files.epoch(), options_.take_over);
  if (!holds) {
    return fail(std::move(holds).error());
  }
  holds_ = std::move(*holds);
  auto feeds = Feeds::open(*writer_, settings_);
  if (!feeds) {
    return pass(std::move(feeds).error(), "opening the feed " + settings_.npu.feed);
  }
  feeds_ = std::move(*feeds);
  auto listener = state_sync::listen_unix(options_.files.socket());
  if (!listener) {
    return fail(std::move(listener).error());
  }
  control_ = std::make_unique<ControlServer>(
      std::move(*listener), [this](const Request& request) { return answer(request); });
  return {};
}

bool Npud::netns_is_ours() const {
  struct stat named {};
  struct stat own {};
  return ::stat(NetNs::path_of(settings_.npu_netns).c_str(), &named) == 0 &&
         ::stat("/proc/self/ns/net", &own) == 0 && named.st_ino == own.st_ino &&
         named.st_dev == own.st_dev;
}

Result<void> Npud::look_around() {
  auto changed = chassis_->pump();
  if (!changed) {
    return fail(std::move(changed).error());
  }
  if (*changed) {
    engine_->set_ports(chassis_->ports());
    feeds_->ports_changed();
  }
  ISSU_TRY(engine_->pump(), "the neighbours");
  if (feeds_->lost_something()) {
    holds_->lost_something();
  }
  if (!holds_->holding()) {
    ISSU_TRY(feeds_->settle(*kernel_), "comparing with the route processor's kernel");
  }
  return {};
}

Result<void> Npud::run() {
  while (!ended_ && netns_is_ours()) {
    std::vector<pollfd> watched{{signals_.get(), POLLIN, 0}};
    for (const int fd : chassis_->fds()) {
      watched.push_back({fd, POLLIN, 0});
    }
    for (const int fd : engine_->fds()) {
      watched.push_back({fd, POLLIN, 0});
    }
    feeds_->watch(watched);
    const std::size_t control_at = watched.size();
    control_->watch(watched);
    if (::poll(watched.data(), watched.size(), look_around_ms) < 0 && errno != EINTR) {
      return fail_errno("waiting");
    }
    if (watched[0].revents != 0) {
      break;
    }
    // What the daemons said is taken in before anybody is told how far they are.
    ISSU_TRY(feeds_->serve(), "the feed");
    ISSU_TRY(look_around(), "the chassis");
    control_->serve(watched, control_at);
  }
  ::unlink(options_.files.socket().c_str());
  return {};
}

Reply Npud::hand_over() {
  if (holds_->reconciling()) {
    return {
        fail("the routes of the router's new side are on their way",
             "replace npud when the upgrade of the router is in soak, or over", ErrorKind::refused),
        {}};
  }
  auto [words, fds] = engine_->hand_over();
  ended_ = true;
  return {std::move(words), std::move(fds)};
}

Reply Npud::answer(const Request& request) {
  const std::string verb = request.verb();
  if (verb == "handover") {
    return hand_over();
  }
  for (const char* each : {"watch", "hold", "keep", "refresh", "sweep", "release", "state"}) {
    if (verb == each) {
      return {answer_epoch(request), {}};
    }
  }
  return {answer_view(request), {}};
}

Result<json> Npud::answer_epoch(const Request& request) {
  const std::string verb = request.verb();
  const auto epoch = request.words.value("epoch", std::uint64_t{0});
  Result<void> done;
  if (verb == "watch") {
    holds_->watch();
  } else if (verb == "hold") {
    const bool anew = holds_->state().epoch != epoch;
    done = holds_->hold(epoch);
    if (done && anew) {
      feeds_->begin_epoch();
    }
  } else if (verb == "keep") {
    done = holds_->keep(epoch);
  } else if (verb == "refresh") {
    done = holds_->refresh(epoch, request.prefixes);
  } else if (verb == "sweep" || verb == "release") {
    auto state = verb == "sweep" ? holds_->sweep(epoch) : holds_->release();
    return state ? Result<json>(as_json(*state)) : fail(std::move(state).error());
  }
  return done ? Result<json>(as_json(holds_->state())) : fail(std::move(done).error());
}

Result<json> Npud::answer_view(const Request& request) {
  const std::string verb = request.verb();
  if (verb == "size") {
    const tables::RouteCounts counts = writer_->counts();
    return json{{"ipv4", counts.daemon4}, {"ipv6", counts.daemon6}};
  }
  if (verb == "show") {
    json view = tables_view(*writer_, store_->segment());
    view["router"] = settings_.router;
    view["pid"] = ::getpid();
    view["engine"] = engine_->view();
    view["feed"] = feeds_->view();
    view["epoch"] = as_json(holds_->state());
    return view;
  }
  if (verb == "routes") {
    RouteQuery query;
    query.within = request.words.value("within", "");
    query.limit = request.words.value("limit", std::size_t{0});
    query.chassis = request.words.value("chassis", false);
    return routes_view(*writer_, query);
  }
  if (verb == "diff") {
    return difference_view(*writer_, *kernel_, request.words.value("limit", std::size_t{20}));
  }
  if (verb == "counters") {
    return counters_view(*writer_, store_->segment());
  }
  if (verb == "snapshot") {
    return take_snapshot(*writer_, store_->segment(), settings_.router,
                         request.words.value("file", ""));
  }
  if (verb == "restore") {
    if (holds_->reconciling()) {
      return fail("the routes of the router's new side are on their way",
                  "restore when the upgrade of the router is in soak, or over", ErrorKind::refused);
    }
    return restore_snapshot(*writer_, settings_.router, request.words.value("file", ""));
  }
  if (verb == "punt") {
    const json slot = request.words.value("slot", json());
    if (!slot.is_number_unsigned()) {
      return fail("punt: which slot?", "say \"slot\": 0 or 1");
    }
    ISSU_TRY(holds_->admit_ports(request.words.value("epoch", std::uint64_t{0})), "");
    ISSU_TRY(writer_->set_punt_slot(slot.get<std::uint32_t>()), "the slot that is punted to");
    feeds_->punt_to(slot.get<std::uint32_t>());
    return json{{"punt_slot", slot}};
  }
  if (verb == "unpin") {
    engine_->unpin();
    return json::object();
  }
  return fail("npud does not know the verb \"" + verb.substr(0, 40) + "\"");
}

}  // namespace

Result<void> run_npud(const NpudOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  Npud npud(options);
  ISSU_TRY(npud.open(), "");
  return npud.run();
}

}  // namespace issu::backends::soft
