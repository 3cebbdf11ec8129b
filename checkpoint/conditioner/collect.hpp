#pragma once

#include <map>
#include <string>

#include "checkpoint/conditioner/processes.hpp"
#include "checkpoint/conditioner/record.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

/// Everything about the sockets of these processes; changes nothing.
Result<Record> collect_sockets(const std::map<std::string, Process>& processes);

}  // namespace issu::checkpoint::conditioner
