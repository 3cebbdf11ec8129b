#include <array>

#include "issu/compare/memory.hpp"
#include "issu/compare/rows.hpp"

namespace issu::compare {
namespace {

using nlohmann::ordered_json;

constexpr std::array<ImagePair, 2> pairs{{
    {"FRR of Debian 12", "frr-bookworm", "frr-vm-bookworm"},
    {"FRR of Debian 13", "frr-trixie", "frr-vm-trixie"},
}};

struct Times {
  std::vector<double> booted;
  std::vector<double> answers;
  std::string why_not;
  std::string accelerator;
};

void boot_once(Study& study, Shape shape, const std::string& image, Times& times,
               ordered_json& kept) {
  auto up = study.start(shape, image);
  if (!up) {
    times.why_not = up.error().what();
    return;
  }
  times.booted.push_back(up->booted_s);
  times.answers.push_back(up->answers_s);
  if (shape == Shape::machine) {
    times.accelerator = accelerator_of(resident_name(up->name));
  }
  kept.push_back({{"image", image},
                  {"side", name_of(shape)},
                  {"version", up->version},
                  {"booted_s", up->booted_s},
                  {"answers_s", up->answers_s}});
  if (auto gone = study.end(*up); !gone) {
    study.say(gone.error().message());
  }
}

}  // namespace

void measure_boot_time(Study& study, Row& row) {
  ordered_json kept = ordered_json::array();
  Times times[pairs.size()][2];
  Turns turns = study.turns(study.options().runs);
  while (turns.next()) {
    for (std::size_t n = 0; n < pairs.size(); ++n) {
      for (const Shape shape : {Shape::container, Shape::machine}) {
        if (study.wants(shape) && !study.interrupt().came()) {
          boot_once(study, shape, shape == Shape::container ? pairs[n].container : pairs[n].machine,
                    times[n][shape == Shape::machine], kept);
        }
      }
    }
    study.say(std::to_string(turns.taken()) + " of " + std::to_string(study.options().runs) +
              " starts of each");
  }
  const std::string evidence = study.keep("boot-time.json", kept);
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    Figure answers{std::string(pairs[n].name) + ", until the daemons answer", "s", {}, {}};
    Figure booted{
        std::string(pairs[n].name) + ", until process 1 or the agent answers", "s", {}, {}};
    for (const Shape shape : {Shape::container, Shape::machine}) {
      const Times& one = times[n][shape == Shape::machine];
      const std::string why = one.why_not.empty() ? study.why_stopped() : one.why_not;
      const bool wanted = study.wants(shape);
      answers.side(shape) = wanted
                                ? median(one.answers, "started from its image, daemons asked", why)
                                : Study::not_wanted();
      booted.side(shape) =
          wanted ? median(one.booted, "the same starts, up to here", why) : Study::not_wanted();
      for (Figure* figure : {&answers, &booted}) {
        figure->side(shape).accelerator = one.accelerator;
        figure->side(shape).evidence = figure->side(shape).measured() ? evidence : "";
      }
    }
    row.figures.push_back(std::move(answers));
    row.figures.push_back(std::move(booted));
  }
}

}  // namespace issu::compare
