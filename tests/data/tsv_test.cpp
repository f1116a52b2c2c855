#include "framework/data/tsv.h"

#include <boost/test/unit_test.hpp>

#include "framework/io/atomic_file.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

struct File {
  testing::TemporaryDirectory directory;
  std::filesystem::path path = directory / "data.tsv";
  explicit File(const std::string& text) { write_text(path, text); }
};

void check_refused(const std::string& text, const std::string& message, const TsvOptions& options = {}) {
  const File file(text);
  BOOST_CHECK_EXCEPTION(read_tsv(file.path, options), std::runtime_error, says(file.path.string(), message));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tsv)

BOOST_AUTO_TEST_CASE(glue_files_are_read_with_their_trailing_spaces_dropped) {
  const TextDataset data = read_tsv(File("sentence\tlabel\nhide new secretions \t0\ncontains no wit\t1\n").path);
  BOOST_TEST(data.size() == 2);
  BOOST_TEST(data.at(0).text == "hide new secretions");
  BOOST_TEST(data.at(0).label == 0);
  BOOST_TEST(data.at(1).label == 1);
  BOOST_TEST(data.label_names() == (std::vector<std::string>{"0", "1"}), boost::test_tools::per_element());
  BOOST_TEST(data.labelled());
}

BOOST_AUTO_TEST_CASE(pairs_other_columns_windows_line_ends_and_a_byte_order_mark_are_fine) {
  const TextDataset data = read_tsv(File("\xEF\xBB\xBFlabel\tid\tsentence1\tsentence2\r\nyes\t7\ta\tb\r\nno\t8\tc\td\r\n").path);
  BOOST_TEST(data.at(0).text == "a");
  BOOST_TEST(data.at(0).text_pair == "b");
  BOOST_TEST(data.label_names() == (std::vector<std::string>{"no", "yes"}), boost::test_tools::per_element());
  BOOST_TEST(data.at(0).label == 1);
}

BOOST_AUTO_TEST_CASE(the_columns_of_glue_s_tasks_are_known) {
  const auto pair = [](const std::string& header) {
    const TextDataset data = read_tsv(File(header + "\n0\t1\t2\n").path);
    const TextExample example = data.at(0);
    return example.text + example.text_pair + (data.labelled() ? data.label_names().back() : "");
  };
  BOOST_TEST(pair("index\tquestion\tsentence") == "12");            // QNLI, no labels
  BOOST_TEST(pair("question\tsentence\tlabel") == "012");           // QNLI
  BOOST_TEST(pair("sentence1\tsentence2\tgold_label") == "012");    // MNLI
  BOOST_TEST(pair("question1\tquestion2\tis_duplicate") == "012");  // QQP
  BOOST_TEST(pair("Quality\t#1 String\t#2 String") == "120");       // MRPC
  BOOST_TEST(pair("premise\thypothesis\tlabel") == "012");          // as Hugging Face names MNLI's
}

BOOST_AUTO_TEST_CASE(numbers_name_themselves_and_given_names_number_the_labels) {
  BOOST_TEST(read_tsv(File("sentence\tlabel\na\t3\n").path).label_names().size() == 4u);
  const TextDataset data = read_tsv(File("sentence\tlabel\na\tgood\n").path, {.label_names = {"good", "bad"}});
  BOOST_TEST(data.at(0).label == 0);
}

BOOST_AUTO_TEST_CASE(regression_and_unlabelled_data_have_no_classes) {
  const TextDataset scores = read_tsv(File("sentence1\tsentence2\tscore\na\tb\t3.25\n").path, {.regression = true});
  BOOST_TEST(scores.at(0).label == 3.25);
  BOOST_TEST(scores.label_names().empty());
  const TextDataset texts = read_tsv(File("sentence\na\nb\n").path);
  BOOST_TEST(texts.size() == 2);
  BOOST_TEST(!texts.labelled());
}

BOOST_AUTO_TEST_CASE(errors_name_file_and_line) {
  BOOST_CHECK_EXCEPTION(read_tsv("/no/such.tsv"), std::runtime_error, says("/no/such.tsv: must be a file of tab-separated text, got no such file"));
  check_refused("", "must begin with a header line such as 'sentence<TAB>label', got an empty file");
  check_refused("sentence\tlabel\n", "must have at least one row after its header, got none");
  check_refused("phrase\tlabel\nx\t1\n", ":1: the header must name a text column");
  check_refused("sentence\tlabel\na\t1\nb\n", ":3: a row must have 2 columns as the header, got 1");
  check_refused("sentence\tlabel\na\t1\tx\n", ":2: a row must have 2 columns as the header, got 3");
  check_refused("sentence\tlabel\na\t1\n\xC3(\t1\n", ":3: text must be UTF-8");
  check_refused("sentence\tlabel\na\tmaybe\n", ":2: label must be one of 0, 1, got 'maybe'", {.label_names = {"0", "1"}});
  check_refused("sentence\tscore\na\thigh\n", ":2: label must be a number, got 'high'", {.regression = true});
  check_refused("sentence\tscore\na\tnan\n", ":2: label must be a number, got 'nan'", {.regression = true});
}

BOOST_AUTO_TEST_SUITE_END()
