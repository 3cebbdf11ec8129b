#include "issu/measure/peer_watch.hpp"

#include <utility>

namespace issu::measure {
namespace {

constexpr MonoNs interval = 100'000'000;

}  // namespace

PeerWatch::PeerWatch(PeerPlan plan) : plan_(std::move(plan)), asker_(plan_), log_(plan_.log) {
  const auto follow = [this](const std::vector<std::string>& names, const char* protocol) {
    for (const std::string& name : names) {
      tracks_.emplace_back(plan_.name, name, protocol);
      names_.push_back(name);
    }
  };
  follow(plan_.sessions, "bgp");
  follow(plan_.ospf, "ospf");
  follow(plan_.bfd, "bfd");
  last_words_.resize(tracks_.size());
}

PeerWatch::~PeerWatch() {
  stop();
}

void PeerWatch::start() {
  static_cast<void>(log_.lines());  // what was logged before is not news
  log_read_ = mono_now();
  thread_ = std::thread([this] { run(); });
}

void PeerWatch::begin_counting() {
  const std::lock_guard lock(mutex_);
  for (SessionTrack& track : tracks_) {
    track.begin_counting();
  }
}

void PeerWatch::stop() {
  stop_.store(true);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void PeerWatch::note(const std::string& session, MonoNs at, std::string what) {
  events_.push_back(PeerEvent{at, plan_.name, session, std::move(what)});
}

void PeerWatch::turn() {
  const MonoNs asked = mono_now();
  auto looks = asker_.ask();
  // The log is read behind the answer: it holds all that led to it, and maybe more.
  std::vector<std::pair<BirdNews, MonoNs>> news;
  wall_clock_.read();
  const auto lines = log_.lines();
  const MonoNs read = mono_now();
  for (const std::string& line : lines) {
    if (auto one = parse_bird_log(line)) {
      // The line was written since the last reading, whatever clock it was written by. What BIRD
      // says is cut to milliseconds.
      const MonoNs at = wall_clock_.when(one->wall_ns, log_read_ - 1'000'000, read);
      news.emplace_back(std::move(*one), at);
    }
  }
  log_read_ = read;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    bool overtaken = false;
    for (const auto& [one, at] : news) {
      if (one.session == names_[i]) {
        tracks_[i].news(one.news, at);
        overtaken = overtaken || at + 2'000'000 >= asked;  // log times are cut to milliseconds
      }
    }
    if (looks && !overtaken) {
      tracks_[i].look((*looks)[i]);
    } else if (!looks) {
      tracks_[i].no_answer(asked, looks.error().what());
    }
    const LiveSession live = tracks_[i].live();
    const std::string word = !live.answering    ? "no answer"
                             : live.established ? "established"
                                                : "down";
    if (word != last_words_[i]) {
      last_words_[i] = word;
      note(names_[i], mono_now(), word);
    }
  }
}

void PeerWatch::run() {
  MonoNs next = mono_now();
  while (!stop_.load()) {
    turn();
    next = std::max(next + interval, mono_now());
    while (!stop_.load() && mono_now() < next) {
      sleep_for(std::chrono::milliseconds(10));
    }
  }
  turn();  // how it stands at the very end
}

std::vector<LiveSession> PeerWatch::live() {
  const std::lock_guard lock(mutex_);
  std::vector<LiveSession> sessions;
  for (const SessionTrack& track : tracks_) {
    sessions.push_back(track.live());
  }
  return sessions;
}

std::vector<PeerEvent> PeerWatch::events() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

std::vector<SessionResult> PeerWatch::finish(MonoNs at) {
  const std::lock_guard lock(mutex_);
  std::vector<SessionResult> results;
  for (const SessionTrack& track : tracks_) {
    results.push_back(track.finish(at));
  }
  return results;
}

}  // namespace issu::measure
