#pragma once

namespace linnet::tool {

/// From now on a mapped weight file that somebody cuts while it is in use ends the program with a message and code 1, not by a signal.
void report_cut_files();

}  // namespace linnet::tool
