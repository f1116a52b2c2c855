#include <new>

#include "framework/io/zip_file.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/zip.h"

using namespace linnet;

/// A .keras file, or texts from which one is made: config.json, vocabulary.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFile raw("raw.keras"), file("a.keras");
  const std::string_view input = fuzz::text_of(data, size);
  if (input.starts_with("PK")) {
    raw.write(input);
    fuzz::accepts([&] {
      const ZipFile archive(raw.path());
      for (const std::string& name : archive.names()) fuzz::accepts([&] { archive.read(name, 1 << 20); });
    });
    fuzz::accepts([&] { BertTextClassifier::from_preset(raw.path().string(), {.num_classes = 2}); });
    return 0;
  }
  const std::vector<std::string> parts = fuzz::parts_of(input);
  testing::write_zip(file.path(), {{"config.json", parts[0]},
                                   {"model.weights.h5", std::string(10'000, 'x')},
                                   {"assets/preprocessor/tokenizer/vocabulary.txt", parts.size() > 1 ? parts[1] : ""}});
  fuzz::accepts([&] { BertTextClassifier::from_preset(file.path().string(), {.num_classes = 2}); });
  fuzz::accepts([&] { BertTokenizer::from_preset(file.path().string()); });
  return 0;
}
