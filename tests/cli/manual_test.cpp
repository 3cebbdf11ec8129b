#include "issu/cli/manual.hpp"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "issu/base/child.hpp"

namespace cli = issu::cli;

namespace {

/// A program as the real one describes itself.
struct Program {
  CLI::App app{"Replaces software.\nGoes back.", "issu"};
  std::string file = "/etc/x.toml";
  std::string strategy;
  bool flag = false;

  Program() {
    app.footer("Exit codes: 0 done");
    CLI::App* router = app.add_subcommand("router", "Up or down");
    CLI::App* up = router->add_subcommand("up", ".starts it - with a \\ in it");
    up->add_option("-f,--file", file, "The file")->capture_default_str();
    up->footer("A remark.\nExample:\n  issu router up -f x");
    router->add_subcommand("down", "Stops it");
    CLI::App* upgrade = app.add_subcommand("upgrade", "Upgrade it");
    upgrade->add_option("--strategy", strategy, "How")
        ->check(CLI::IsMember({"restart", "checkpoint"}))
        ->required();
    upgrade->add_flag("--plan", flag, "Only say");
    upgrade->add_flag("--secret", flag, "Nobody's business")->group("");
    app.add_subcommand("hidden", "Not for people")->group("");
  }
  const CLI::App& command(const std::string& name) {
    const auto all = cli::all_commands(app);
    const auto found = std::find_if(all.begin(), all.end(), [&](const CLI::App* each) {
      return cli::full_name(*each) == name;
    });
    REQUIRE(found != all.end());
    return **found;
  }
};

/// What bash would offer at the end of `line`, one a line.
std::string offered(const std::string& script, const std::string& words) {
  const std::string test = script + "\nCOMP_WORDS=(" + words +
                           ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_issu\n"
                           "printf '%s\\n' \"${COMPREPLY[@]}\" | sort\n";
  issu::RunOptions options;
  options.input = test;
  return issu::run_checked({"bash", "--norc", "-s"}, options).value_or("bash failed");
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("hidden commands are in no manual") {
  Program program;
  std::string names;
  for (const CLI::App* each : cli::all_commands(program.app)) {
    names += cli::page_name(*each) + " ";
  }
  CHECK(names == "issu issu-router issu-router-up issu-router-down issu-upgrade ");
}

TEST_CASE("a page has what --help says, safe for roff") {
  Program program;
  const std::string page = cli::man_page(program.command("issu router up"), "1.0");
  CHECK(holds(page, "issu\\-router\\-up \\- \\&.starts it \\- with a \\e in it"));
  CHECK(holds(page,
              "\\fB\\-f\\fR, \\fB\\-\\-file\\fR \\fITEXT\\fR\nThe file (default: /etc/x.toml)"));
  CHECK(holds(page, ".SH NOTES\n.nf\nA remark.\n"));
  CHECK(holds(page, ".SH EXAMPLES\n.nf\n  issu router up \\-f x"));
  CHECK(holds(page, ".SH SEE ALSO\n\\fBissu\\-router\\fR(1)"));
  const std::string upgrade = cli::man_page(program.command("issu upgrade"), "1.0");
  CHECK(holds(upgrade, "(required)"));
  CHECK(holds(upgrade, "\\-\\-plan"));
  CHECK_FALSE(holds(upgrade, "secret"));
  const std::string whole = cli::man_page(program.app, "1.0");
  CHECK(holds(whole, "issu \\- Replaces software. Goes back.\n"));
  CHECK(holds(whole, "\\fBissu\\-router\\fR(1)\nUp or down"));
}

TEST_CASE("bash offers commands, options and values where they belong") {
  Program program;
  const std::string script = cli::bash_completion(program.app);
  CHECK(offered(script, "issu ''") == "--help\n-h\nrouter\nupgrade\n");
  CHECK(offered(script, "issu rou") == "router\n");
  CHECK(offered(script, "issu router d") == "down\n");
  CHECK(offered(script, "issu router up --f") == "--file\n");
  CHECK(offered(script, "issu upgrade --p") == "--plan\n");
  CHECK(offered(script, "issu upgrade --strategy ''") == "checkpoint\nrestart\n");
  CHECK(offered(script, "issu upgrade --strategy re") == "restart\n");
  // Nothing of ours: bash goes on to file names.
  CHECK(offered(script, "issu router up -f ''") == "\n");
  CHECK_FALSE(holds(script, "hidden"));
  CHECK_FALSE(holds(script, "secret"));
}
