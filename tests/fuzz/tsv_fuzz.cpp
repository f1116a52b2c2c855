#include "framework/data/tsv.h"

#include <cmath>

#include "framework/text/unicode.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFile file("a.tsv");
  file.write(fuzz::text_of(data, size));
  for (const TsvOptions& options : {TsvOptions(), TsvOptions{.label_names = {"0", "1"}}, TsvOptions{.regression = true}})
    fuzz::accepts([&] {
      const TextDataset rows = read_tsv(file.path(), options);
      fuzz::require(rows.size() > 0, "there are rows");
      for (std::int64_t i = 0; i < rows.size(); ++i) {
        const TextExample row = rows.at(i);
        fuzz::require(unicode::find_invalid(row.text) == std::string::npos && unicode::find_invalid(row.text_pair) == std::string::npos,
                      "texts are UTF-8");
        fuzz::require(std::isfinite(row.label), "labels are numbers");
        if (rows.labelled() && !options.regression)
          fuzz::require(row.label >= 0 && row.label < static_cast<double>(rows.label_names().size()), "a label is a class");
      }
    });
  return 0;
}
