#include "issu/dark_parts.hpp"

#include "issu/context.hpp"

namespace issu {

std::vector<report::DarkPart> dark_parts(const Records& records, MonoNs dark_from, double dark_ms) {
  const auto freeze = facts_of(records, Phase::freeze);
  const auto switchover = facts_of(records, Phase::switchover);
  if (!freeze.contains("fenced") || !switchover.contains("answering")) {
    return {};
  }
  const auto fenced = freeze["fenced"].get<MonoNs>();
  const auto starting = switchover["from"].get<MonoNs>();
  const auto answering = switchover["answering"].get<MonoNs>();
  const MonoNs up = dark_from + static_cast<MonoNs>(dark_ms * 1e6);
  if (!(dark_from <= fenced && fenced <= starting && starting <= up && starting <= answering)) {
    return {};
  }
  std::vector<report::DarkPart> parts{{"old daemons fenced", to_ms(fenced - dark_from)},
                                      {"journal", to_ms(starting - fenced)}};
  if (answering <= up) {
    parts.push_back({"new daemons started, until they answer", to_ms(answering - starting)});
    parts.push_back({"sessions, until Established at the peers", to_ms(up - answering)});
  } else {
    // The peers had their sessions before the last daemon answered a question.
    parts.push_back({"new daemons started, until their sessions are Established at the peers",
                     to_ms(up - starting)});
  }
  return parts;
}

}  // namespace issu
