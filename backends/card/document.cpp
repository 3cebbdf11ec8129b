#include "backends/card/document.hpp"

#include <nlohmann/json.hpp>

namespace issu::backends::card {
namespace {

using nlohmann::json;

/// Nothing is asked of the machine that is known: each word here is time in which the sessions are
/// silent. No probing of serial ports, no self-tests, no calibration, none of what a PC's firmware
/// describes in ACPI (which was the longest of all calls before the first program); memory copied
/// by moves and not by `rep movs` (feature 112, rep_good), each step of which TCG carries out for
/// itself; nothing set up for tracing, for certificates and for BPF programs that a card has not.
constexpr const char* quick =
    "console=ttyS0 quiet panic=-1 no_timer_check tsc=reliable lpj=4000000 cryptomgr.notests "
    "8250.nr_uarts=1 noreplace-smp random.trust_cpu=on rcupdate.rcu_expedited=1 i8042.noaux "
    "i8042.nokbd acpi=off clearcpuid=112 nowatchdog "
    "initcall_blacklist=jent_mod_init,trace_eval_init,tracer_init_tracefs,"
    "load_system_certificate_list,bpf_tcp_ca_kfunc_init,bpf_dummy_struct_ops_init,"
    "crypto_kdf108_init ";

/// What protects a kernel from programs that nobody trusts, of which a card runs none: mitigations,
/// security modules, memory cleared before it is given out, checks of what is copied.
constexpr const char* trusting =
    "nokaslr mitigations=off audit=0 lsm=capability init_on_alloc=0 hardened_usercopy=off "
    "randomize_kstack_offset=off";

}  // namespace

std::string write_document(const CardDocument& document) {
  json ports = json::array();
  for (const CardPort& port : document.ports) {
    json one{{"name", port.name},
             {"mac", port.mac},
             {"cards", port.cards},
             {"addresses", port.addresses}};
    if (port.mtu) {
      one["mtu"] = *port.mtu;
    }
    ports.push_back(std::move(one));
  }
  json channels = json::array();
  for (const CardChannel& channel : document.channels) {
    channels.push_back({{"port", channel.port}, {"socket", channel.socket}});
  }
  return json{{"router", document.router},
              {"suite", document.suite},
              {"daemons", document.daemons},
              {"takes_fpm", document.takes_fpm},
              {"memory_mib", document.memory_mib},
              {"ports", ports},
              {"channels", channels}}
      .dump(1);
}

Result<CardDocument> read_document(const std::string& text) {
  const json read = json::parse(text, nullptr, false);
  CardDocument document;
  try {
    document.router = read.at("router");
    document.suite = read.at("suite");
    document.daemons = read.at("daemons").get<std::vector<std::string>>();
    document.takes_fpm = read.at("takes_fpm");
    document.memory_mib = read.at("memory_mib");
    for (const json& one : read.at("ports")) {
      CardPort port;
      port.name = one.at("name");
      port.mac = one.at("mac");
      port.cards = one.at("cards").get<std::array<std::string, 2>>();
      port.addresses = one.at("addresses").get<std::vector<std::string>>();
      if (one.contains("mtu")) {
        port.mtu = one.at("mtu").get<unsigned>();
      }
      document.ports.push_back(std::move(port));
    }
    for (const json& one : read.at("channels")) {
      document.channels.push_back({one.at("port"), one.at("socket")});
    }
  } catch (const json::exception& error) {
    return fail(std::string("the card's document is not understood: ") + error.what(),
                "host and card have to be of one release");
  }
  return document;
}

std::string kernel_words(Slot slot, const MemoryHalf& memory, std::optional<Slot> resume,
                         bool drop) {
  return std::string(quick) + trusting + memory.kernel_words() + " " + slot_word + name_of(slot) +
         (resume ? std::string(" ") + resume_word + name_of(*resume) : "") +
         (drop ? std::string(" ") + drop_word : "");
}

}  // namespace issu::backends::card
