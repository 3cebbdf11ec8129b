#include <fmt/format.h>

#include "issu/report/figures.hpp"
#include "issu/report/html.hpp"
#include "issu/report/html_parts.hpp"
#include "issu/report/rfc7654.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

std::string outcome_badge(const Json& document) {
  const std::string outcome = text_of(document, "outcome");
  const std::string kind = outcome == "committed"     ? "good"
                           : outcome == "rolled-back" ? "warn"
                           : outcome == "refused"     ? "warn"
                                                      : "bad";
  return html_badge(outcome.empty() ? "no outcome" : outcome, kind);
}

std::string heading(unsigned level, const std::string& text) {
  return fmt::format("<h{}>{}</h{}>\n", level, escaped(text), level);
}

std::string head(const Json& document, unsigned level) {
  const std::string to = text_of(document, "to");
  std::string html = fmt::format(
      "<h{}>{} {}</h{}>\n", level,
      escaped(text_of(document, "router") + ": " +
              (to.empty() ? std::string("an upgrade") : text_of(document, "from") + " → " + to)),
      outcome_badge(document), level);
  std::string how = text_of(document, "id") + ", began " + known_text(document, "started");
  for (const char* key : {"backend", "kind", "strategy"}) {
    const std::string word = text_of(document, key);
    how += word.empty() ? "" : std::string(", ") + key + " " + word;
  }
  html += "<p class=\"soft\">" + escaped(how) + "</p>\n";
  if (const std::string reason = text_of(document, "reason"); !reason.empty()) {
    html += "<div class=\"note bad\">Because: " + escaped(reason) + "</div>\n";
  }
  return html;
}

/// Why a plane has no figures.
std::string why_not(const Json& plane) {
  const std::string why = text_of(plane, "why_not");
  return "because " + (why.empty() ? std::string("of no reason that is told") : why);
}

std::string data_cards(const Json& plane) {
  if (!is_measured(plane)) {
    return html_card("packets lost", "not measured", why_not(plane), "unknown");
  }
  const std::int64_t lost = static_cast<std::int64_t>(number_of(plane, "lost"));
  const std::int64_t sent = static_cast<std::int64_t>(number_of(plane, "sent"));
  return html_card("packets lost", grouped(lost),
                   fmt::format("of {} at {} a second", grouped(sent),
                               grouped(static_cast<std::int64_t>(number_of(plane, "rate_pps")))),
                   lost == 0 ? "good" : "bad") +
         html_card("longest gap", figure(plane, "longest_gap_ms", " ms", 2),
                   "duplicated " + figure(plane, "duplicated") + ", reordered " +
                       figure(plane, "reordered"),
                   lost == 0 ? "good" : "bad");
}

std::string control_cards(const Json& document) {
  const Json plane = object_of(document, "control_plane");
  if (!is_measured(plane)) {
    return html_card("control plane dark", "not measured", why_not(plane), "unknown");
  }
  const Json sla = object_of(document, "sla");
  const Json sessions = list_of(plane, "sessions");
  std::size_t went_down = 0;
  for (const Json& session : sessions) {
    went_down += flag_of(session, "went_down") ? 1 : 0;
  }
  const double dark = number_of(plane, "dark_ms");
  const double budget = number_of(sla, "budget_ms");
  return html_card("control plane dark", figure(plane, "dark_ms", " ms", 1),
                   "budget " + figure(sla, "budget_ms", " ms", 0),
                   dark <= budget ? "good" : "bad") +
         html_card("sessions that went down", std::to_string(went_down),
                   fmt::format("of {} watched", sessions.size()), went_down == 0 ? "good" : "") +
         html_card("routes withdrawn", withdrawn_routes(plane), "at all neighbours",
                   withdrawn_routes(plane) == "0" ? "good" : "bad");
}

std::string anomalies(const Json& document) {
  std::string items;
  for (const Json& list :
       {list_of(document, "anomalies"),
        list_of(object_of(object_of(document, "rfc7654"), "anomalies"), "after")}) {
    for (const Json& each : list) {
      items += each.is_string() ? "<li>" + escaped(each.get<std::string>()) + "</li>" : "";
    }
  }
  if (!items.empty()) {
    return "<div class=\"note\"><ul>" + items + "</ul></div>\n";
  }
  return is_measured(object_of(document, "control_plane"))
             ? "<p>None was noticed, neither during the upgrade nor after it.</p>\n"
             : "<p>None was noticed during the upgrade; how it was after it was not "
               "measured.</p>\n";
}

std::string phases(const Json& document) {
  std::vector<HtmlRow> rows;
  for (const Json& phase : list_of(document, "phases")) {
    const std::string result = text_of(phase, "result");
    const std::string why = text_of(phase, "why");
    rows.push_back({{text_of(phase, "name"), result + (why.empty() ? "" : ": " + why),
                     figure(phase, "from_s", " s", 3), figure(phase, "seconds", " s", 3)},
                    result == "failed" || result == "interrupted" ? "bad" : ""});
  }
  return html_table({"phase", "result", "begins at", "takes"}, rows, 2);
}

std::string streams(const Json& plane) {
  std::vector<HtmlRow> rows;
  for (const Json& stream : list_of(plane, "streams")) {
    const bool measured = is_measured(stream);
    const Json latency = object_of(stream, "latency_us");
    const std::string why = text_of(stream, "why_not");
    rows.push_back(
        {{text_of(stream, "name") + (measured || why.empty() ? "" : ": not measured, " + why),
          figure(stream, "rate_pps"), figure(stream, "sent"), figure(stream, "received"),
          figure(stream, "lost"), figure(stream, "duplicated"), figure(stream, "reordered"),
          figure(stream, "longest_gap_ms", " ms", 2),
          figure(stream, "impact_frame_loss_ms", " ms", 2),
          figure(stream, "impact_timestamp_ms", " ms", 2), figure(latency, "p50", " µs", 0),
          figure(latency, "p99", " µs", 0)},
         !measured                        ? "unknown"
         : number_of(stream, "lost") != 0 ? "bad"
                                          : "s"});
  }
  return rows.empty() ? "<p class=\"soft\">No stream has figures.</p>\n"
                      : html_table({"stream", "a second", "sent", "received", "lost", "dup.",
                                    "reord.", "longest gap", "impact, loss", "impact, time stamp",
                                    "latency p50", "p99"},
                                   rows, 1);
}

std::string sessions(const Json& plane) {
  std::vector<HtmlRow> rows;
  for (const Json& session : list_of(plane, "sessions")) {
    rows.push_back({{text_of(session, "peer"), text_of(session, "protocol"),
                     yes_no(session, "went_down"), figure(session, "down_ms", " ms", 1),
                     yes_no(session, "graceful_restart"), figure(session, "routes_withdrawn")},
                    is_measured(session) ? "" : "unknown"});
  }
  return rows.empty() ? "<p class=\"soft\">No session has figures.</p>\n"
                      : html_table({"neighbour's session", "protocol", "went down", "down for",
                                    "graceful restart", "routes withdrawn"},
                                   rows, 3);
}

std::string dark_parts(const Json& plane) {
  std::string html;
  for (const auto& [key, title] : {std::pair("parts", "The dark time by its parts"),
                                   std::pair("frozen_parts", "While the daemons were frozen")}) {
    std::vector<HtmlRow> rows;
    for (const Json& part : list_of(plane, key)) {
      rows.push_back({{text_of(part, "name"), figure(part, "ms", " ms", 1)}});
    }
    html += rows.empty() ? "" : heading(4, title) + html_table({"part", "time"}, rows, 1);
  }
  return html;
}

std::string npu(const Json& document) {
  const Json npu = object_of(document, "npu");
  return html_facts({{"driver", known_text(npu, "driver")},
                     {"routes before", figure(npu, "routes_before")},
                     {"routes after", figure(npu, "routes_after")},
                     {"deleted while dark", figure(npu, "deleted_while_dark")},
                     {"stale ones swept", figure(npu, "stale_swept")}});
}

}  // namespace

std::string upgrade_html(const Json& document, const std::vector<Json>& trials, unsigned level,
                         std::size_t number) {
  const Json data = object_of(document, "data_plane");
  const Json control = object_of(document, "control_plane");
  const unsigned below = level + 1;
  std::string html = "<section class=\"upgrade\">\n" + head(document, level);
  html += "<div class=\"cards\">\n" + data_cards(data) + control_cards(document) + "</div>\n";
  html += heading(below, "Timeline") + timeline_svg(document, number);
  html += heading(below, "Anomalies") + anomalies(document);
  html += heading(below, "Phases") + phases(document);
  html += heading(below, "Data plane") + streams(data);
  html += heading(below, "Control plane") + sessions(control) + dark_parts(control);
  html += heading(below, "NPU") + npu(document);
  html += heading(below, "RFC 7654 report");
  for (const Section& section : rfc7654_report(document, trials)) {
    html += heading(4, section.title) + html_facts(section.rows);
  }
  const std::string evidence = text_of(document, "evidence");
  html += heading(below, "Evidence") + "<p>" +
          (evidence.empty() ? "None was written: nothing was measured."
                            : "What the measurement wrote (result.json, timeline.jsonl, "
                              "plan.json): <code>" +
                                  escaped(evidence) + "</code>. " +
                                  (level == 1 ? "The next upgrade of the router replaces it."
                                              : "It is there as long as the drill's lab is.")) +
          "</p>\n";
  return html + "</section>\n";
}

std::string upgrade_page(const Json& document, const std::vector<Json>& trials) {
  return html_page(text_of(document, "router") + " " + text_of(document, "id") + ", upgrade report",
                   upgrade_html(document, trials, 1, 1));
}

}  // namespace issu::report
