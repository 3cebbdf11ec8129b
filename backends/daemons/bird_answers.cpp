#include "backends/daemons/bird_answers.hpp"

#include <charconv>
#include <cstdlib>

namespace issu::backends {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0;
       (begin = text.find_first_not_of(" \t", begin)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::uint64_t number_in(std::string_view word) {
  std::uint64_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

/// The rest of `line` behind `key`, when it begins with it.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
  return line.starts_with(key) ? std::optional(trim(line.substr(key.size()))) : std::nullopt;
}

bool is_time(std::string_view word) {
  return !word.empty() && word[0] >= '0' && word[0] <= '9' &&
         word.find_first_of(":-") != std::string_view::npos;
}

template <typename Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

BirdProtocol headline(std::string_view line) {
  BirdProtocol protocol;
  const auto words = words_of(line);
  std::string* const fields[] = {&protocol.name, &protocol.proto, nullptr, &protocol.state};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i < 4) {
      if (fields[i] != nullptr) {
        *fields[i] = words[i];
      }
    } else if (i < 6 && protocol.info.empty() && is_time(words[i])) {
      protocol.since += (protocol.since.empty() ? "" : " ") + std::string(words[i]);
    } else {
      protocol.info += (protocol.info.empty() ? "" : " ") + std::string(words[i]);
    }
  }
  return protocol;
}

/// "Routes:  1 imported, 2 exported, 1 preferred"; a filtering channel adds "N filtered".
void read_routes(std::string_view value, BirdCounters& counters) {
  const auto words = words_of(value);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].starts_with("imported")) {
      counters.imported = number_in(words[i - 1]);
    } else if (words[i].starts_with("exported")) {
      counters.exported = number_in(words[i - 1]);
    }
  }
}

void read_channel_line(std::string_view line, BirdChannel& channel) {
  if (const auto state = value_of(line, "State:")) {
    channel.state = *state;
  } else if (const auto routes = value_of(line, "Routes:")) {
    channel.counters.emplace();
    read_routes(*routes, *channel.counters);
  } else if (const auto updates = value_of(line, "Import updates:"); updates && channel.counters) {
    const auto columns = words_of(*updates);
    if (columns.size() == 5) {
      channel.counters->updates_received = number_in(columns[0]);
      channel.counters->updates_accepted = number_in(columns[4]);
    }
  } else if (const auto withdraws = value_of(line, "Import withdraws:");
             withdraws && channel.counters) {
    const auto columns = words_of(*withdraws);
    if (columns.size() == 5) {
      channel.counters->withdraws_accepted = number_in(columns[4]);
    }
  } else if (line.starts_with("Neighbor GR:")) {
    channel.neighbor_restarting = true;
  } else if (line.starts_with("GR recovery:")) {
    channel.recovering = true;
  }
}

/// Which capability list the lines belong to.
enum class Section { none, local, neighbor };

void read_protocol_line(std::string_view line, BirdProtocol& protocol, Section& section) {
  if (const auto state = value_of(line, "BGP state:")) {
    protocol.bgp_state = *state;
  } else if (const auto address = value_of(line, "Neighbor address:")) {
    protocol.neighbor = address->substr(0, address->find('%'));
  } else if (line == "Neighbor graceful restart active") {
    protocol.neighbor_restarting = true;
  } else if (line == "Local capabilities") {
    section = Section::local;
  } else if (line == "Neighbor capabilities") {
    section = Section::neighbor;
  } else if (line == "Graceful restart") {
    (section == Section::local ? protocol.local_graceful_restart
                               : protocol.neighbor_graceful_restart) = section != Section::none;
  } else if (const auto timer = value_of(line, "Hold timer:")) {
    const std::size_t slash = timer->find('/');
    if (slash != std::string_view::npos) {
      protocol.hold_time_s = static_cast<double>(number_in(timer->substr(slash + 1)));
    }
  }
}

}  // namespace

std::vector<BirdProtocol> parse_bird_protocols(std::string_view answer) {
  std::vector<BirdProtocol> protocols;
  Section section = Section::none;
  each_line(answer, [&](std::string_view line) {
    const std::string_view text = trim(line);
    if (text.empty()) {
      return;
    }
    if (line[0] != ' ' && line[0] != '\t') {
      section = Section::none;
      if (words_of(line).size() >= 4 && !line.starts_with("Name ")) {
        protocols.push_back(headline(line));
      }
      return;
    }
    if (protocols.empty()) {
      return;
    }
    BirdProtocol& protocol = protocols.back();
    if (const auto channel = value_of(text, "Channel ")) {
      protocol.channels.push_back(BirdChannel{std::string(*channel), {}, {}, false, false});
    } else if (!protocol.channels.empty()) {
      read_channel_line(text, protocol.channels.back());
    } else {
      read_protocol_line(text, protocol, section);
    }
  });
  return protocols;
}

std::vector<state_sync::Prefix> parse_bird_routes(std::string_view answer) {
  std::vector<state_sync::Prefix> routes;
  each_line(answer, [&](std::string_view line) {
    const std::size_t end = line.find(' ');
    if (end == std::string_view::npos || line.substr(0, end).find('/') == std::string_view::npos) {
      return;
    }
    if (auto prefix = state_sync::Prefix::parse(line.substr(0, end))) {
      routes.push_back(*prefix);
    }
  });
  return routes;
}

std::uint64_t parse_bird_route_count(std::string_view answer) {
  std::uint64_t count = 0;
  each_line(answer, [&](std::string_view line) {
    // "14 of 14 routes for 12 networks in table master4"; a last line adds the tables up.
    const auto words = words_of(line);
    for (std::size_t i = 1; i + 2 < words.size(); ++i) {
      if (words[i] == "networks" && words[i + 1] == "in" && words[i + 2] == "table") {
        count += number_in(words[i - 1]);
      }
    }
  });
  return count;
}

}  // namespace issu::backends
