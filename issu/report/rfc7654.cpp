#include "issu/report/rfc7654.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "issu/report/figures.hpp"

namespace issu::report {
namespace {

using Json = nlohmann::ordered_json;

std::string joined(const Json& list, const std::string& none) {
  std::string text;
  for (const Json& each : list) {
    text += (text.empty() ? "" : "; ") + (each.is_string() ? each.get<std::string>() : each.dump());
  }
  return text.empty() ? none : text;
}

/// Numbers: "24, 28".
std::string each_of(const Json& numbers) {
  std::string text;
  for (const Json& number : numbers) {
    text += (text.empty() ? "" : ", ") + number.dump();
  }
  return text.empty() ? "not known" : text;
}

Section times(const Json& document) {
  const Json rfc = object_of(document, "rfc7654");
  // Times are the journal's: one that is missing is that of a phase that was not brought to its
  // end.
  const auto time = [&](const char* key) {
    const auto value = rfc.find(key);
    return value != rfc.end() && value->is_number() ? figure(rfc, key, " s", 3)
                                                    : std::string("not reached");
  };
  return {"Time results",
          {{"T1 download, secondary update", time("t1_s")},
           {"T2 upgrade, run", time("t2_s")},
           {"T3 housekeeping interval", time("t3_s")},
           {"T4 = T1 + T2 + T3, maintenance window", time("t4_s")},
           {"TPL_frames, traffic disruption", figure(rfc, "tpl_frames", " frames")},
           {"TPL_time, traffic impact time", figure(rfc, "tpl_ms", " ms", 3)}}};
}

std::string memory(const Json& device) {
  const auto bytes = device.find("memory_bytes");
  return bytes == device.end() || !bytes->is_number()
             ? "memory not known"
             : fmt::format("{:.1f} GiB of memory", bytes->get<double>() / (1U << 30U));
}

std::string versions(const Json& document) {
  const std::string to = text_of(document, "to");
  return to.empty() ? "not known: it was refused before the image was read"
                    : known_text(document, "from") + ", then " + to;
}

Section device(const Json& document) {
  const Json device = object_of(object_of(document, "rfc7654"), "device");
  const auto cpus = device.find("cpus");
  std::string hardware = known_text(device, "model") + "; " + known_text(device, "cpu");
  hardware += cpus != device.end() && cpus->is_number()
                  ? fmt::format(", {} processors", cpus->get<std::uint64_t>())
                  : ", number of processors not known";
  hardware += ", " + memory(device);
  if (text_of(device, "hypervisor") == "yes") {
    hardware += "; a virtual machine itself";
  }
  Section section{"Device under test",
                  {{"hardware", hardware},
                   {"kernel", known_text(device, "kernel")},
                   {"operating system", known_text(device, "os")},
                   {"routing software", versions(document)},
                   {"route processor", known_text(document, "backend")},
                   {"NPU driver", known_text(device, "npu")}}};
  if (const std::string kernel = text_of(device, "slot_kernel"); !kernel.empty()) {
    section.rows.emplace_back("kernel of the slot, at the end", kernel);
  }
  if (const std::string accelerator = text_of(device, "accelerator"); !accelerator.empty()) {
    section.rows.emplace_back(
        "accelerator", accelerator == "tcg" ? "TCG: times are not those of hardware" : accelerator);
  }
  return section;
}

Section topology(const Json& document) {
  const Json topology = object_of(object_of(document, "rfc7654"), "topology");
  Section section{"Topology", {}};
  for (const Json& port : list_of(topology, "ports")) {
    section.rows.emplace_back("port " + text_of(port, "name"),
                              joined(list_of(port, "addresses"), "no address") + " to " +
                                  known_text(port, "far_end") + ", " + known_text(port, "media"));
  }
  for (const Json& neighbour : list_of(topology, "neighbours")) {
    section.rows.emplace_back("neighbour " + text_of(neighbour, "name"),
                              known_text(neighbour, "daemon") + ", " +
                                  figure(neighbour, "sessions") + " sessions watched");
  }
  if (section.rows.empty()) {
    section.rows.emplace_back("ports and neighbours", "not known");
  }
  return section;
}

Section load(const Json& document) {
  const Json load = object_of(object_of(document, "rfc7654"), "load");
  Section section{"Load", {}};
  for (const Json& stream : list_of(load, "streams")) {
    section.rows.emplace_back(
        text_of(stream, "name"),
        fmt::format("{} to {}, {}, {:.0f} % of the load, {} frames/s of {} octets over {} "
                    "prefixes of length {}",
                    text_of(stream, "from"), text_of(stream, "to"), text_of(stream, "protocol"),
                    number_of(stream, "share") * 100, figure(stream, "rate_pps"),
                    figure(stream, "frame_bytes"), figure(stream, "prefixes"),
                    each_of(list_of(stream, "prefix_lengths"))));
  }
  if (section.rows.empty()) {
    section.rows.emplace_back("streams", "none: no load was offered");
  }
  section.rows.emplace_back("control protocols",
                            joined(list_of(load, "control_protocols"), "none watched"));
  section.rows.emplace_back("divergence from production", "not known to the instrument");
  return section;
}

Section anomalies(const Json& document) {
  const Json anomalies = object_of(object_of(document, "rfc7654"), "anomalies");
  const bool known = !anomalies.empty();
  const std::string after =
      is_measured(object_of(document, "control_plane")) ? "none" : "not measured";
  return {"Anomalies",
          {{"during", joined(list_of(document, "anomalies"), "none")},
           {"after", known ? joined(list_of(anomalies, "after"), after) : "not known"}}};
}

Section configuration(const Json& document) {
  const Json delta = object_of(object_of(document, "rfc7654"), "configuration");
  if (!flag_of(delta, "compared")) {
    const std::string why = text_of(delta, "why_not");
    return {"Configuration deltas", {{"not compared", why.empty() ? "not known why" : why}}};
  }
  return {"Configuration deltas",
          {{"of the release", joined(list_of(delta, "release"), "none")},
           {"unexpected", joined(list_of(delta, "unexpected"), "none")}}};
}

/// The mean of a figure over all trials; no value when it is missing in one of them.
std::optional<double> mean(const std::vector<Json>& trials, const char* key) {
  double sum = 0;
  for (const Json& trial : trials) {
    const Json rfc = object_of(trial, "rfc7654");
    const auto value = rfc.find(key);
    if (value == rfc.end() || !value->is_number()) {
      return std::nullopt;
    }
    sum += value->get<double>();
  }
  return trials.empty() ? std::nullopt : std::optional(sum / static_cast<double>(trials.size()));
}

std::string mean_text(const std::vector<Json>& trials, const char* key, const char* unit,
                      int digits) {
  const auto value = mean(trials, key);
  return value ? fmt::format("{:.{}f}{}", *value, digits, unit)
               : std::string("not measured") +
                     (trials.size() > 1 ? " in every one of the trials" : "");
}

/// The different values of a member of the streams, "110, 130".
std::string each_once(const Json& streams, const char* key) {
  std::set<std::string> words;
  for (const Json& stream : streams) {
    words.insert(stream.contains(key) && stream[key].is_string() ? text_of(stream, key)
                                                                 : figure(stream, key));
  }
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

std::string media(const Json& ports) {
  std::set<std::string> kinds;
  for (const Json& port : ports) {
    kinds.insert(known_text(port, "media"));
  }
  return kinds.empty() ? "not known" : fmt::format("{}", fmt::join(kinds, ", "));
}

Section recommended(const Json& document, const std::vector<Json>& trials) {
  const Json rfc = object_of(document, "rfc7654");
  const Json load = object_of(rfc, "load");
  const Json streams = list_of(load, "streams");
  const auto flapped = load.find("prefixes_flapped");
  return {"Recommended table",
          {{"traffic load", figure(load, "frames_per_s", " frames/s") + ", " +
                                figure(load, "bits_per_s", " bit/s")},
           {"disruption (average)", mean_text(trials, "tpl_frames", " frames", 1)},
           {"impact time (average)", mean_text(trials, "tpl_ms", " ms", 3)},
           {"number of trials", std::to_string(trials.size())},
           {"protocols", each_once(streams, "protocol") + "; " +
                             joined(list_of(load, "control_protocols"), "no session watched")},
           {"frame size", each_once(streams, "frame_bytes") + " octets"},
           {"port media", media(list_of(object_of(rfc, "topology"), "ports"))},
           {"port speed", "not known"},
           {"interface encapsulation", "Ethernet"},
           {"prefixes flapped, on and off interval",
            flapped == load.end() ? "not known"
                                  : flapped->dump() + " by the instrument, which flaps none"}}};
}

}  // namespace

std::vector<Json> trials_of(const Json& document, const std::vector<Json>& all) {
  std::vector<Json> trials;
  bool is_among_them = false;
  for (const Json& other : all) {
    bool same = other.is_object();
    for (const char* key : {"router", "from", "to", "backend", "strategy", "outcome"}) {
      same = same && text_of(other, key) == text_of(document, key);
    }
    if (same) {
      trials.push_back(other);
      is_among_them = is_among_them || text_of(other, "id") == text_of(document, "id");
    }
  }
  if (!is_among_them) {
    trials.push_back(document);
  }
  return trials;
}

std::vector<Section> rfc7654_report(const Json& document, const std::vector<Json>& trials) {
  if (!object_of(document, "rfc7654").contains("device")) {
    // Of an issu that did not write these down.
    return {times(document)};
  }
  return {
      times(document),     device(document),        topology(document),           load(document),
      anomalies(document), configuration(document), recommended(document, trials)};
}

}  // namespace issu::report
