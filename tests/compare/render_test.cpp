#include <doctest/doctest.h>

#include "tests/compare/sample.hpp"

namespace issu::compare {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the Markdown has claim, figures, ratio, accelerator and where it is from") {
  const std::string text = to_markdown(testing::sample());
  CHECK(has(text, "## Boot time"));
  CHECK(has(text, "SOSP 2017"));
  CHECK(has(text,
            "| until the daemons answer | 0.50 s (0.40 s to 0.60 s, 3 runs) | 5.00 s (4.00 s to "
            "6.00 s, 3 runs), under TCG | 10.0 |"));
  CHECK(has(text, "- vms, until the daemons answer: started (runs: 3; `boot-time.json`)"));
  CHECK(has(text, "a note"));
  CHECK(has(text, "times under TCG, QEMU's own processor, are not those of hardware"));
}

TEST_CASE("the Markdown says what was not measured, and keeps its table whole") {
  const std::string text = to_markdown(testing::sample());
  CHECK(has(text,
            "| packets lost | 0 | not measured: the disk \\| &lt;is> not there | – (one side "
            "was not measured) |"));
  CHECK(has(text, "Not asked for: virtualization, systems"));
  CHECK_FALSE(has(text, "## Memory used"));
}

TEST_CASE("the page is one file, nothing is fetched, and no script runs") {
  const std::string page = to_html(testing::sample());
  for (const char* word : {"<script", "src=", "@import", "url(", "onload", "<iframe", "://"}) {
    CAPTURE(word);
    CHECK_FALSE(has(page, word));
  }
  CHECK(has(page, "default-src 'none'"));
  CHECK(has(page, "prefers-color-scheme:dark"));
}

TEST_CASE("the page has the same, escaped") {
  const std::string page = to_html(testing::sample());
  CHECK(has(page, "<h2 id=\"boot-time\">Boot time</h2>"));
  CHECK(has(page, "5.00 s (4.00 s to 6.00 s, 3 runs), under TCG"));
  CHECK(has(page, "not measured: the disk | &lt;is&gt; not there"));
  CHECK(has(page, "<tr class=\"unknown\">"));
  CHECK(has(page, "not complete"));
  CHECK(has(page, "1 : 10.0"));
  CHECK(has(page, "<svg viewBox"));
  CHECK(has(page, "boot-time.json"));
  CHECK(has(page, "Not asked for: VT-x and VT-d"));
}

TEST_CASE("a machine's figure that was not measured has no accelerator beside it") {
  Comparison study = testing::sample();
  study.rows[6].figures[0].vms = not_measured("no qemu");
  study.rows[6].figures[0].vms.accelerator = "tcg";
  const std::string text = to_markdown(study);
  CHECK(has(text, "| not measured: no qemu | – (one side was not measured) |"));
  CHECK_FALSE(has(to_html(study), "<svg viewBox=\"0 0 860"));
}

}  // namespace
}  // namespace issu::compare
