#include "issu/base/capabilities.hpp"
#include "issu/cli/command.hpp"
#include "issu/cli/follow.hpp"

namespace {

constexpr const char* about =
    "In-service software upgrade for routers: replaces the routing software while packets keep "
    "flowing,\nmeasures from outside what was dark, and goes back by itself when the new software "
    "is not as good.";
constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 failed and rolled back, the router runs the old version; 2 usage;\n"
    "3 refused before anything was touched; 4 a person is needed, and the message says for what.";

}  // namespace

int main(int argc, char** argv) {
  using namespace issu::cli;
  issu::give_up_unneeded();
  CLI::App app(about, "issu");
  app.footer(exit_codes);
  app.set_version_flag("--version", std::string("issu ") + ISSU_VERSION);
  app.require_subcommand(1);
  Exit exit;
  add_doctor_command(app, exit);
  add_router_command(app, exit);
  add_npu_command(app, exit);
  add_measure_command(app, exit);
  add_image_command(app, exit);
  add_checkpoint_command(app, exit);
  add_validate_command(app, exit);
  add_upgrade_command(app, exit);
  add_status_command(app, exit);
  add_accept_command(app, exit);
  add_abort_command(app, exit);
  add_rollback_command(app, exit);
  add_resume_command(app, exit);
  add_history_command(app, exit);
  add_report_command(app, exit);
  add_sla_command(app, exit);
  add_drill_command(app, exit);
  add_compare_command(app, exit);
  add_completion_command(app, exit);
  add_manpage_command(app, exit);
  add_coordinate_command(app, exit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 answers --help and --version this way too, with 0.
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    // No error of ours comes this way: what is on the disk, or was answered, is not what was
    // thought possible. The journal has what was done; nothing is lost by ending here.
    return say_error(
        issu::Error("this should not happen: " + std::string(error.what()),
                    "`issu status` says where an upgrade stands, `issu resume` goes on "
                    "with it; tell those who make issu what you did",
                    issu::ErrorKind::needs_person),
        false);
  }
  return exit.code;
}
