// issu-card VERB [WORDS]: what the host has a card do. Answers with one JSON document.

#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "backends/card/card.hpp"
#include "issu/base/file.hpp"

namespace {

using issu::Result;
using issu::backends::Sessions;
using issu::backends::Slot;
using issu::backends::card::Card;
using nlohmann::json;

using Words = std::vector<std::string>;

Slot slot_in(const Words& words) {
  return !words.empty() && words[0] == "b" ? Slot::b : Slot::a;
}

Sessions sessions_in(const Words& words) {
  return !words.empty() && words.back() == "drop" ? Sessions::drop : Sessions::keep;
}

/// What became of it lies in a file too: no agent is there to hear it yet.
Result<json> resume(Card& card, const Words& words) {
  const bool drop =
      sessions_in(words) == Sessions::drop ||
      issu::read_file("/proc/cmdline").value_or("").find(issu::backends::card::drop_word) !=
          std::string::npos;
  auto answer = card.resume(slot_in(words), drop ? Sessions::drop : Sessions::keep);
  const json told = answer ? *answer : json{{"error", answer.error().message()}};
  ISSU_TRY(issu::write_file_atomic("/run/resumed.json", told.dump()), "");
  return answer;
}

const std::map<std::string_view, std::function<Result<json>(Card&, const Words&)>>& verbs() {
  static const std::map<std::string_view, std::function<Result<json>(Card&, const Words&)>> table{
      {"up", [](Card& card, const Words&) { return card.up(); }},
      {"activate", [](Card& card, const Words&) { return card.activate(); }},
      {"fence", [](Card& card, const Words&) { return card.fence(); }},
      {"power-off", [](Card& card, const Words&) { return card.power_off(); }},
      {"status", [](Card& card, const Words&) { return card.status(); }},
      {"check-save", [](Card& card, const Words&) { return card.check_save(); }},
      {"prepare-save", [](Card& card, const Words&) { return card.prepare_save(); }},
      {"save", [](Card& card, const Words&) { return card.save(); }},
      {"restore", [](Card& card, const Words& words) { return card.restore(sessions_in(words)); }},
      {"resume", resume},
      {"forget", [](Card& card, const Words& words) { return card.forget(slot_in(words)); }},
  };
  return table;
}

}  // namespace

int main(int argc, char** argv) {
  const auto verb = verbs().find(argc > 1 ? argv[1] : "");
  if (verb == verbs().end()) {
    std::fputs("usage: issu-card VERB, in a card:", stderr);
    for (const auto& [name, does] : verbs()) {
      std::fprintf(stderr, " %s", std::string(name).c_str());
    }
    std::fputs("\n", stderr);
    return 2;
  }
  // What qemu-guest-agent starts has its umask, 077, and what process 1 starts another: the root of
  // a restored container has to have the mode that it had.
  ::umask(022);
  std::signal(SIGCHLD, SIG_DFL);
  auto card = Card::open();
  auto answer = card ? verb->second(*card, Words(argv + 2, argv + argc))
                     : issu::fail(std::move(card).error());
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message().c_str());
    return 1;
  }
  std::puts(answer->dump().c_str());
  return 0;
}
