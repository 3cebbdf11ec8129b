#include <cstdlib>
#include <sstream>

#include "backends/daemons/adjacency_answers.hpp"

namespace issu::backends {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

template <typename Visit>
void each_line(std::string_view text, Visit visit) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    visit(line);
  }
}

double seconds_in(const std::string& word) {
  return std::strtod(word.c_str(), nullptr);
}

}  // namespace

std::vector<Adjacency> parse_bird_ospf_neighbors(std::string_view answer) {
  std::vector<Adjacency> neighbours;
  each_line(answer, [&](const std::string& line) {
    // "192.0.2.1         1  Full/BDR   9.180  router     192.0.2.1"
    const auto words = words_of(line);
    if (words.size() != 6 || words[0].find('.') == std::string::npos) {
      return;
    }
    Adjacency found;
    found.view.protocol = "ospf";
    found.view.peer = words[0];
    found.view.state = words[2];
    found.view.up = words[2].starts_with("Full");
    found.view.interface = words[4];
    neighbours.push_back(std::move(found));
  });
  return neighbours;
}

std::vector<OspfInterface> parse_bird_ospf_interfaces(std::string_view answer) {
  std::vector<OspfInterface> interfaces;
  each_line(answer, [&](const std::string& line) {
    const auto words = words_of(line);
    if (words.size() >= 2 && words[0] == "Interface") {
      interfaces.push_back({words[1], 0, 0});
    } else if (words.size() == 3 && words[1] == "timer:" && !interfaces.empty()) {
      if (words[0] == "Hello") {
        interfaces.back().hello_s = seconds_in(words[2]);
      } else if (words[0] == "Dead") {
        interfaces.back().dead_s = seconds_in(words[2]);
      }
    }
  });
  return interfaces;
}

std::vector<Adjacency> parse_bird_bfd_sessions(std::string_view answer) {
  std::vector<Adjacency> sessions;
  each_line(answer, [&](const std::string& line) {
    // "192.0.2.1   router   Up   2026-11-26 22:19:21.576   1.000   3.000"
    const auto words = words_of(line);
    if (words.size() < 6 || words[0].find_first_of(".:") == std::string::npos ||
        words[0].back() == ':') {
      return;
    }
    Adjacency found;
    found.view.protocol = "bfd";
    found.view.peer = words[0];
    found.view.interface = words[1];
    found.view.state = words[2];
    found.view.up = words[2] == "Up";
    for (std::size_t i = 3; i + 2 < words.size(); ++i) {
      found.since += (found.since.empty() ? "" : " ") + words[i];
    }
    found.view.interval_s = seconds_in(words[words.size() - 2]);
    found.view.detects_s = seconds_in(words[words.size() - 1]);
    sessions.push_back(std::move(found));
  });
  return sessions;
}

}  // namespace issu::backends
