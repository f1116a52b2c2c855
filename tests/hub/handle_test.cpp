#include "framework/hub/handle.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/throws.h"

using namespace linnet::hub;
using linnet::testing::says;

BOOST_AUTO_TEST_SUITE(handle)

BOOST_AUTO_TEST_CASE(handles_name_their_parts_and_print_as_they_were) {
  for (const char* text : {"kaggle://keras/bert/keras/bert_tiny_en_uncased/3", "kaggle://keras/bge/keras/bge_small_v1.5_en", "hf://org/repo",
                           "hf://repo", "hf://org/repo@v1.0", "hf://org/repo@refs/pr/1"})
    BOOST_TEST(to_string(*parse_handle(text)) == text);
  const auto kaggle = std::get<KaggleHandle>(*parse_handle("KAGGLE://keras/bert/keras/bert_tiny_en_uncased/3"));
  BOOST_TEST(kaggle.owner == "keras");
  BOOST_TEST(kaggle.model == "bert");
  BOOST_TEST(kaggle.variation == "bert_tiny_en_uncased");
  BOOST_TEST(kaggle.version.value() == 3);
  BOOST_TEST(std::get<HuggingFaceHandle>(*parse_handle("hf://org/repo@main")).revision == "main");
  BOOST_TEST(!parse_handle("bert_tiny_en_uncased").has_value());
  BOOST_TEST(!parse_handle("./kaggle:/keras").has_value());
}

BOOST_AUTO_TEST_CASE(malformed_handles_are_refused_with_the_form) {
  const auto refuses = [](const std::string& text, const std::string& message) {
    BOOST_CHECK_EXCEPTION(parse_handle(text), std::invalid_argument, says(message));
  };
  for (const char* text :
       {"kaggle://", "kaggle://a/b/c", "kaggle://a/b/c/d/1/2", "kaggle://a/b//d", "kaggle://a/b/../d", "kaggle://a/b/c/d e", "kaggle://a/b/c/d\n"})
    refuses(text, "handle: must have the form kaggle://ORG/MODEL/keras/VARIATION[/VERSION], got '");
  for (const char* version : {"0", "-1", "01", "x", "1234567890"})
    refuses(std::string("kaggle://a/b/c/d/") + version, "handle: a version must be a number from 1, got '");
  for (const char* text : {"hf://", "hf://a/b/c", "hf://a/..", "hf://a--b/c", "hf:///b", "hf://a/b\\c"})
    refuses(text, "handle: must have the form hf://ORG/REPO[@REVISION], got '");
  for (const char* revision : {"", "..", "a/../b", "/a", "a//b", "a b"})
    refuses(std::string("hf://a/b@") + revision, "handle: a revision must be a branch, a tag or a commit, got '");
  for (const char* text : {"file:///etc/passwd", "https://hub/a", "modelscope://a/b", "://a/b"})
    refuses(text, "handle: must be kaggle://ORG/MODEL/keras/VARIATION[/VERSION] or hf://ORG/REPO[@REVISION], got '");
}

BOOST_AUTO_TEST_CASE(safe_paths_stay_below_their_directory) {
  for (const char* path : {"a", "assets/tokenizer/vocabulary.txt", "..a", "1_Pooling/config.json"}) BOOST_TEST(is_safe_path(path), path);
  for (const std::string path : {"", ".", "..", "../a", "a/../b", "/a", "a/", "a//b", "a\\b", "a b", "\xc3\xa9"})
    BOOST_TEST(!is_safe_path(path), path);
  BOOST_TEST(!is_safe_path(std::string("a\0b", 3)));
  BOOST_TEST(!is_safe_path(std::string(201, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
