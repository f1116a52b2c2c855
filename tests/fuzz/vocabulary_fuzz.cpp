#include "framework/text/vocabulary.h"

#include "tests/fuzz/fuzz.h"

using namespace linnet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFile file("vocabulary.txt"), again("again.txt");
  file.write(fuzz::text_of(data, size));
  fuzz::accepts([&] {
    const Vocabulary vocabulary = Vocabulary::load(file.path());
    fuzz::require(vocabulary.size() <= static_cast<std::int64_t>(size), "no more tokens than bytes");
    for (std::int64_t id = 0; id < vocabulary.size(); ++id) fuzz::require(vocabulary.find(vocabulary.id_to_token(id)) == id, "a token has its id");
    fuzz::accepts<std::invalid_argument>([&] {
      vocabulary.save(again.path());
      fuzz::require(Vocabulary::load(again.path()).tokens() == vocabulary.tokens(), "what is written is read again");
    });
  });
  return 0;
}
