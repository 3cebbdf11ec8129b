#pragma once

/// Where things are in a card, and the words of its kernel's command line. Nothing else is in here:
/// process 1 of a card reads it, too, which has no libraries.
namespace issu::backends::card {

constexpr const char* config_folder = "/run/config";  ///< the configuration disk
constexpr const char* document_file = "/run/config/card.json";
constexpr const char* config_etc = "/run/config/etc";
constexpr const char* card_program = "/run/config/issu-card";
constexpr const char* start_program = "/run/config/issu-card-start";
constexpr const char* state_folder = "/run/issu";  ///< the disk that outlives a kernel
constexpr const char* payload_file = "/usr/share/issu/payload.squashfs";

/// The order of the card's disks, which is how it tells them apart.
constexpr const char* root_disk = "/dev/vda";
constexpr const char* config_disk = "/dev/vdb";
constexpr const char* state_disk = "/dev/vdc";

/// Words of the kernel's command line, by which a kernel knows which slot it is and whose state it
/// has to go on with. docs/virtual-machines.md.
constexpr const char* slot_word = "issu.slot=";
constexpr const char* resume_word = "issu.resume=";
constexpr const char* drop_word = "issu.sessions=drop";  ///< and the sessions do not

}  // namespace issu::backends::card
