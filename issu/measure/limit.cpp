#include "issu/measure/limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/measure/probe.hpp"

namespace issu::measure {
namespace {

/// Of what was planned, so much at least was sent: the rest is the edge of the last burst.
constexpr double least_sent = 0.99;

/// Two sides and a router between them; gone with the object.
class Bench {
 public:
  Bench() : prefix_("issu-limit-" + std::to_string(::getpid()) + "-") {}
  ~Bench() {
    for (const char* name : {"a", "r", "b"}) {
      static_cast<void>(NetNs::remove(prefix_ + name));
    }
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  Result<void> build() {
    for (const char* name : {"a", "r", "b"}) {
      ISSU_TRY(NetNs::create(prefix_ + name), "making room for the search");
    }
    ISSU_TRY(side("a", "1", "p1"), "making room for the search");
    ISSU_TRY(side("b", "2", "p2"), "making room for the search");
    RunOptions inside;
    inside.netns = NetNs::path_of(prefix_ + "r");
    auto forwards = run_checked(
        {"sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"}, inside);
    return forwards ? Result<void>() : Result<void>(fail(std::move(forwards).error()));
  }

  [[nodiscard]] MeasurePlan plan(double pps) const {
    const auto stream = [&](const char* name, const char* from, const char* to,
                            const std::string& first, const std::string& source) {
      return StreamPlan{name,
                        prefix_ + from,
                        prefix_ + to,
                        {{*state_sync::Prefix::parse(first), 200}},
                        source,
                        pps / 4,
                        64};
    };
    MeasurePlan plan;
    plan.streams = {stream("there4", "a", "b", "10.102.0.0/24", "10.9.1.2"),
                    stream("back4", "b", "a", "10.101.0.0/24", "10.9.2.2"),
                    stream("there6", "a", "b", "2001:db8:102::/64", "2001:db8:1::2"),
                    stream("back6", "b", "a", "2001:db8:101::/64", "2001:db8:2::2")};
    return plan;
  }

 private:
  Result<void> ip(const std::string& in, const std::string& words) {
    Argv argv{"ip", "-n", prefix_ + in};
    std::istringstream stream(words);
    for (std::string word; stream >> word;) {
      argv.push_back(word);
    }
    auto done = run_checked(argv);
    return done ? Result<void>() : Result<void>(fail(std::move(done).error()));
  }

  /// A side with its link to the router, and the routes both ways.
  Result<void> side(const std::string& name, const std::string& n, const std::string& port) {
    const std::string v4 = "10.10" + n + ".0.0/16";
    const std::string v6 = "2001:db8:10" + n + "::/48";
    const std::string net4 = "10.9." + n + ".";
    const std::string net6 = "2001:db8:" + n + "::";
    const std::pair<std::string, std::string> steps[] = {
        {name, "link add e0 type veth peer name " + port + " netns " + prefix_ + "r"},
        {name, "addr add " + net4 + "2/24 dev e0"},
        {name, "addr add " + net6 + "2/64 dev e0 nodad"},
        {"r", "addr add " + net4 + "1/24 dev " + port},
        {"r", "addr add " + net6 + "1/64 dev " + port + " nodad"},
        {name, "link set dev e0 up"},
        {"r", "link set dev " + port + " up"},
        {name, "route add local " + v4 + " dev lo"},
        {name, "-6 route add local " + v6 + " dev lo"},
        {name, "route add default via " + net4 + "1"},
        {name, "-6 route add default via " + net6 + "1"},
        {"r", "route add " + v4 + " via " + net4 + "2"},
        {"r", "-6 route add " + v6 + " via " + net6 + "2"}};
    for (const auto& [in, words] : steps) {
      ISSU_TRY(ip(in, words), "making a router for the search");
    }
    return {};
  }

  std::string prefix_;
};

Result<LimitTrial> attempt(const Bench& bench, const LimitOptions& options, double pps) {
  auto process = Probe::start(bench.plan(pps), options.folder);
  if (!process) {
    return fail(std::move(process).error());
  }
  sleep_for(options.trial);
  auto seen = Probe::stop(*process, options.folder);
  if (!seen) {
    return fail(std::move(seen).error());
  }
  LimitTrial trial;
  trial.pps = pps;
  const double seconds = to_s(seen->end - seen->begin);
  trial.sent_pps = seconds > 0 ? static_cast<double>(seen->sent) / seconds : 0;
  std::uint64_t skipped = 0;
  for (const StreamResult& stream : seen->streams) {
    skipped += stream.skipped;
  }
  if (!seen->measured) {
    trial.why_not = seen->why_not.front();
  } else if (seen->lost > 0) {
    trial.why_not = std::to_string(seen->lost) + " of " + std::to_string(seen->sent) + " lost";
  } else if (skipped > 0) {
    trial.why_not = std::to_string(skipped) + " left out: the sender was held up";
  } else if (trial.sent_pps < least_sent * pps) {
    trial.why_not = "the sender fell behind";
  }
  trial.held = trial.why_not.empty();
  return trial;
}

}  // namespace

std::optional<double> held_rate(const std::vector<LimitTrial>& trials) {
  std::optional<double> best;
  for (const LimitTrial& trial : trials) {
    if (trial.held && trial.pps > best.value_or(0)) {
      best = trial.pps;
    }
  }
  return best;
}

std::optional<double> next_rate(const LimitOptions& options,
                                const std::vector<LimitTrial>& trials) {
  if (trials.empty()) {
    return options.lowest_pps;
  }
  const auto held = held_rate(trials);
  std::optional<double> failed;
  for (const LimitTrial& trial : trials) {
    if (!trial.held && trial.pps < failed.value_or(INFINITY)) {
      failed = trial.pps;
    }
  }
  if (!held || *held >= options.highest_pps) {
    return std::nullopt;
  }
  if (!failed) {
    return std::min(*held * 2, options.highest_pps);
  }
  if (*failed <= *held * 1.1) {
    return std::nullopt;
  }
  return std::round((*held + *failed) / 2000) * 1000;
}

Result<Limit> find_limit(const LimitOptions& options,
                         const std::function<void(const LimitTrial&)>& tell) {
  Bench bench;
  ISSU_TRY(bench.build(), "searching the rate that this machine holds");
  Limit limit;
  while (const auto pps = next_rate(options, limit.trials)) {
    auto trial = attempt(bench, options, *pps);
    if (!trial) {
      static_cast<void>(remove_tree(options.folder));
      return pass(std::move(trial).error(), "searching the rate that this machine holds");
    }
    limit.trials.push_back(*trial);
    tell(*trial);
  }
  limit.pps = held_rate(limit.trials);
  ISSU_TRY(remove_tree(options.folder), "searching the rate that this machine holds");
  return limit;
}

std::string limit_to_json(const Limit& limit) {
  nlohmann::ordered_json document;
  document["held_pps"] =
      limit.pps ? nlohmann::ordered_json(*limit.pps) : nlohmann::ordered_json(nullptr);
  document["trials"] = nlohmann::ordered_json::array();
  for (const LimitTrial& trial : limit.trials) {
    nlohmann::ordered_json line{
        {"pps", trial.pps}, {"sent_pps", trial.sent_pps}, {"held", trial.held}};
    if (!trial.held) {
      line["why_not"] = trial.why_not;
    }
    document["trials"].push_back(std::move(line));
  }
  return document.dump(2);
}

std::optional<double> kept_limit(const std::filesystem::path& file) {
  const auto text = read_file(file, 1U << 20U);
  const auto document = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
  if (!document.is_object() || !document.contains("held_pps") ||
      !document["held_pps"].is_number()) {
    return std::nullopt;
  }
  return document["held_pps"].get<double>();
}

}  // namespace issu::measure
