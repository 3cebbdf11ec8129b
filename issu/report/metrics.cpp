#include "issu/report/metrics.hpp"

#include <algorithm>
#include <optional>

#include "issu/report/figures.hpp"
#include "issu/report/metric_text.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> number(const Json& object, const char* key) {
  const auto value = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && value != object.end() && value->is_number()
             ? std::optional(value->get<double>())
             : std::nullopt;
}

void sample_if(MetricText& metrics, const MetricLabels& labels, std::optional<double> value,
               double factor = 1) {
  if (value) {
    metrics.sample(labels, *value * factor);
  }
}

MetricLabels with(MetricLabels labels, const std::string& name, const std::string& value) {
  labels.emplace_back(name, value);
  return labels;
}

constexpr double ms = 1e-3;

void what_was_done(MetricText& metrics, const Json& document, const MetricLabels& router) {
  metrics.family("issu_upgrade_info", "", "The last upgrade of the router; always 1.");
  MetricLabels labels = router;
  for (const char* key : {"id", "backend", "kind", "strategy", "from", "to", "started"}) {
    labels.emplace_back(key, text_of(document, key));
  }
  metrics.sample(labels, 1);
  metrics.family("issu_upgrade_outcome", "", "1 for the outcome that it had, 0 for the others.");
  for (const char* outcome : {"committed", "rolled-back", "refused", "needs-operator"}) {
    metrics.sample(with(router, "outcome", outcome),
                   text_of(document, "outcome") == outcome ? 1 : 0);
  }
  metrics.family("issu_upgrade_anomalies", "", "What was noticed beside the plan.");
  metrics.sample(router, static_cast<double>(list_of(document, "anomalies").size()));
  metrics.family("issu_upgrade_phase_seconds", "seconds", "How long a phase took, all its runs.");
  std::vector<std::pair<std::string, double>> phases;
  for (const Json& phase : list_of(document, "phases")) {
    const std::string name = text_of(phase, "name");
    const auto known = std::find_if(phases.begin(), phases.end(),
                                    [&](const auto& other) { return other.first == name; });
    const double seconds = number_of(phase, "seconds");
    if (known == phases.end()) {
      phases.emplace_back(name, seconds);
    } else {
      known->second += seconds;
    }
  }
  for (const auto& [name, seconds] : phases) {
    metrics.sample(with(router, "phase", name), seconds);
  }
}

void data_plane(MetricText& metrics, const Json& document, const MetricLabels& router) {
  const Json plane = object_of(document, "data_plane");
  metrics.family("issu_upgrade_measured", "",
                 "1 when a plane was measured. Without it there is no figure, not 0.");
  metrics.sample(with(router, "plane", "data"), is_measured(plane) ? 1 : 0);
  metrics.sample(with(router, "plane", "control"),
                 is_measured(object_of(document, "control_plane")) ? 1 : 0);
  const auto figures = [&](const char* name, const char* unit, const char* help, const char* key,
                           double factor) {
    metrics.family(name, unit, help);
    sample_if(metrics, router, number(plane, key), factor);
  };
  figures("issu_upgrade_offered_frames_per_second", "", "The load.", "rate_pps", 1);
  figures("issu_upgrade_sent_frames", "frames", "Frames sent through the router.", "sent", 1);
  figures("issu_upgrade_lost_frames", "frames", "Frames that did not come out of it.", "lost", 1);
  figures("issu_upgrade_duplicated_frames", "frames", "Copies beyond the first.", "duplicated", 1);
  figures("issu_upgrade_reordered_frames", "frames", "Behind a later one.", "reordered", 1);
  figures("issu_upgrade_longest_gap_seconds", "seconds", "Longest time without a frame, of losses.",
          "longest_gap_ms", ms);
  metrics.family("issu_upgrade_stream_lost_frames", "frames", "Lost frames of one stream.");
  for (const Json& stream : list_of(plane, "streams")) {
    sample_if(metrics, with(router, "stream", text_of(stream, "name")), number(stream, "lost"));
  }
}

void control_plane(MetricText& metrics, const Json& document, const MetricLabels& router) {
  const Json plane = object_of(document, "control_plane");
  metrics.family("issu_upgrade_dark_seconds", "seconds",
                 "Control plane dark, as the neighbours saw it.");
  sample_if(metrics, router, number(plane, "dark_ms"), ms);
  const auto each = [&](const char* name, const char* unit, const char* help, const char* key,
                        double factor) {
    metrics.family(name, unit, help);
    for (const Json& session : list_of(plane, "sessions")) {
      sample_if(metrics,
                with(with(router, "peer", text_of(session, "peer")), "protocol",
                     text_of(session, "protocol")),
                number(session, key), factor);
    }
  };
  each("issu_upgrade_session_down_seconds", "seconds", "How long a session was down.", "down_ms",
       ms);
  each("issu_upgrade_session_withdrawn_routes", "routes", "Routes that a neighbour lost.",
       "routes_withdrawn", 1);
}

void tables_and_times(MetricText& metrics, const Json& document, const MetricLabels& router) {
  const Json npu = object_of(document, "npu");
  metrics.family("issu_upgrade_npu_routes", "routes", "Routes in the NPU.");
  sample_if(metrics, with(router, "when", "before"), number(npu, "routes_before"));
  sample_if(metrics, with(router, "when", "after"), number(npu, "routes_after"));
  metrics.family("issu_upgrade_npu_deleted_routes", "routes", "Deleted while dark.");
  sample_if(metrics, router, number(npu, "deleted_while_dark"));
  metrics.family("issu_upgrade_npu_swept_routes", "routes", "Stale ones that were swept.");
  sample_if(metrics, router, number(npu, "stale_swept"));
  const Json rfc = object_of(document, "rfc7654");
  metrics.family("issu_upgrade_rfc7654_seconds", "seconds", "T1 to T4 and TPL_time of RFC 7654.");
  for (const char* part : {"t1", "t2", "t3", "t4"}) {
    sample_if(metrics, with(router, "part", part), number(rfc, (std::string(part) + "_s").c_str()));
  }
  sample_if(metrics, with(router, "part", "tpl"), number(rfc, "tpl_ms"), ms);
  const Json sla = object_of(document, "sla");
  metrics.family("issu_upgrade_budget_seconds", "seconds", "Dark time allowed to this upgrade.");
  sample_if(metrics, router, number(sla, "budget_ms"), ms);
  metrics.family("issu_upgrade_predicted_seconds", "seconds", "Dark time predicted before it.");
  sample_if(metrics, router, number(sla, "predicted_ms"), ms);
}

/// The largest or the sum of a figure over a drill's upgrades; no value when one has none.
std::optional<double> over_all(const Json& drill, const char* plane, const char* key, bool sum) {
  double total = 0;
  const Json upgrades = list_of(drill, "upgrades");
  for (const Json& upgrade : upgrades) {
    const auto value = number(object_of(upgrade, plane), key);
    if (!value) {
      return std::nullopt;
    }
    total = sum ? total + *value : std::max(total, *value);
  }
  return upgrades.empty() ? std::nullopt : std::optional(total);
}

}  // namespace

std::string upgrade_metrics(const Json& document) {
  MetricText metrics;
  const MetricLabels router{{"router", text_of(document, "router")}};
  what_was_done(metrics, document, router);
  data_plane(metrics, document, router);
  control_plane(metrics, document, router);
  tables_and_times(metrics, document, router);
  return metrics.text();
}

std::string drill_metrics(const std::vector<Json>& drills) {
  MetricText metrics;
  const auto family = [&](const char* name, const char* unit, const char* help, auto&& value_of) {
    metrics.family(name, unit, help);
    for (const Json& drill : drills) {
      sample_if(metrics, {{"scenario", text_of(drill, "scenario")}}, value_of(drill));
    }
  };
  family("issu_drill_passed", "", "1 when all expectations of the drill are met.",
         [](const Json& drill) { return std::optional(flag_of(drill, "passed") ? 1.0 : 0.0); });
  family("issu_drill_flaky", "", "1 when the drill passed, and not at its first attempt.",
         [](const Json& drill) { return std::optional(flag_of(drill, "flaky") ? 1.0 : 0.0); });
  family("issu_drill_attempts", "", "Attempts that were made at the drill.",
         [](const Json& drill) { return number(drill, "attempt"); });
  family("issu_drill_seconds", "seconds", "How long the drill took.",
         [](const Json& drill) { return number(drill, "seconds"); });
  family("issu_drill_upgrades", "", "Upgrades in the drill.", [](const Json& drill) {
    return std::optional(static_cast<double>(list_of(drill, "upgrades").size()));
  });
  family("issu_drill_failed_expectations", "", "Expectations that are not met.",
         [](const Json& drill) {
           const Json all = list_of(drill, "expectations");
           return std::optional(static_cast<double>(std::count_if(
               all.begin(), all.end(), [](const Json& each) { return !flag_of(each, "passed"); })));
         });
  family("issu_drill_lost_frames", "frames", "Lost in all upgrades; none when one is not measured.",
         [](const Json& drill) { return over_all(drill, "data_plane", "lost", true); });
  family("issu_drill_longest_dark_seconds", "seconds",
         "Of the darkest upgrade; none when one is not measured.", [](const Json& drill) {
           const auto dark = over_all(drill, "control_plane", "dark_ms", false);
           return dark ? std::optional(*dark * ms) : dark;
         });
  return metrics.text();
}

}  // namespace issu::report
