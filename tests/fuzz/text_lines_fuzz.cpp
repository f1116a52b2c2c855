#include "framework/data/text_lines.h"

#include "framework/text/unicode.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFile file("lines.txt");
  file.write(fuzz::text_of(data, size));
  fuzz::accepts([&] {
    const TextDataset lines = read_text_lines(file.path());
    fuzz::require(lines.size() > 0, "there are lines");
    for (std::int64_t i = 0; i < lines.size(); ++i)
      fuzz::require(!lines.at(i).text.empty() && unicode::find_invalid(lines.at(i).text) == std::string::npos, "a line is text in UTF-8");
  });
  return 0;
}
