#!/usr/bin/env python3
"""Every error of the library has a test that matches its text: whatever check, check_file, a throw or one of their local helpers
says, some literal of the tests must hold a run of its words that no other error has.

    error_texts_test.py [--list]      --list prints each error text, with a minus where no test mentions it
"""
import collections
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?P<raw>.*?)\)"|"(?P<text>(?:\\.|[^"\\\n])*)"|\'(?:\\.|[^\'\\\n])+\'|\w+|[^\s\w]', re.S)
SAYS = {"check", "check_file", "require", "require_redirect", "require_integer", "fail", "throw", "positive"}
RUN = 3  # words
# What cannot be brought about in a test: what only the system or a library could do, texts of more than 2 GiB, a CPU without the
# instruction set, and what is said if the library itself is wrong. By the first literal.
UNREACHABLE = {
    "http: libcurl does not start: ", "http: libcurl makes no handle", "http: libcurl refuses option ", "extract: libarchive does not start",
    "extract: libarchive lacks a format", "unicode: ICU must work, got ", "fetch: cannot open ", "fetch: cannot lock ", "fetch: cannot make the link ",
    "read: cannot map ", " is damaged: it has a gap at byte ", "must be text",
    "unicode: text must be shorter than 2 GiB, got ", "Vocabulary: ids must fit into int32, got ",
    ": this CPU must have the instruction set, got ", "gemm backend: onednn must have its library, got '", "gemm backend: oneDNN must have the function ",
    "gemm: oneDNN must succeed, got its status ", "gemm backend: this build must have oneDNN, got none (Debian: libdnnl-dev)", "from_preset: no Hugging Face name for ",
}


def errors_of(source):
    """The literals of each call that says an error, in order, with the line it begins in."""
    tokens = [match for match in TOKEN.finditer(source) if not match[0].startswith(("//", "/*"))]
    for at, token in enumerate(tokens):
        if token[0] not in SAYS or (at > 0 and tokens[at - 1][0] in (".", "::")):
            continue
        depth, literals = 0, []
        for inner in tokens[at + 1:]:
            if inner[0] in "([{":
                depth += 1
            elif inner[0] in ")]}":
                depth -= 1
                if depth == 0 and token[0] != "throw" or depth < 0:
                    break
            elif inner[0] == ";" and depth == 0:
                break
            elif inner["text"] is not None:
                literals.append(inner["text"])
        if any(re.search(r"\w\w+ \w", text) for text in literals):
            yield source.count("\n", 0, token.start()) + 1, literals


def literals_of(source):
    """Literals of C++ or Python, those that stand side by side joined."""
    joined, last = [], None
    for token in re.finditer(r'R"\((?P<raw>.*?)\)"|"(?P<text>(?:\\.|[^"\\\n])*)"|(?P<other>\S)', source, re.S):
        if token["other"]:
            last = None
            continue
        text = token["raw"] if token["raw"] is not None else token["text"]
        if last is None:
            joined.append(text)
        else:
            joined[-1] += text
        last = text
    return joined


def words_of(text):
    return re.findall(r"\w+", re.sub(r"\\[nt]", " ", text))


def runs_of(literals):
    """Runs of words within one literal; a shorter literal is a run by itself if no other is long enough."""
    found = set()
    for text in literals:
        words = words_of(text)
        found |= {tuple(words[i:i + RUN]) for i in range(len(words) - RUN + 1)}
    return found or {tuple(words_of(text)) for text in literals if len(words_of(text)) > 1}


def untested(errors, tests):
    """errors: {text: literals}. Those without a run of their own in a literal of the tests."""
    owners = collections.Counter(run for literals in errors.values() for run in runs_of(literals))
    mentioned = set()
    for literal in tests:
        words = words_of(literal)
        for size in range(2, RUN + 1):
            mentioned |= {tuple(words[i:i + size]) for i in range(len(words) - size + 1)}
    missing = []
    for text, literals in errors.items():
        runs = runs_of(literals)
        own = {run for run in runs if owners[run] == 1} or runs
        if not own & mentioned:
            missing.append(text)
    return missing


def all_errors():
    errors, places = {}, {}
    for folder in "framework", "models":
        for file in sorted((ROOT / folder).rglob("*.*")):
            if file.suffix not in (".h", ".cpp"):
                continue
            for line, literals in errors_of(file.read_text(encoding="utf-8")):
                text = "…".join(literals)
                if literals[0] not in UNREACHABLE and not file.name.startswith("hdf5"):
                    errors[text] = literals
                    places.setdefault(text, f"{file.relative_to(ROOT)}:{line}")
    return errors, places


def all_tests():
    files = [file for file in (ROOT / "tests").rglob("*") if file.suffix in (".cpp", ".h", ".py") and file != pathlib.Path(__file__).resolve()]
    return [literal for file in files for literal in literals_of(file.read_text(encoding="utf-8"))]


class ErrorTexts(unittest.TestCase):
    def test_every_error_text_is_matched_by_a_test(self):
        errors, places = all_errors()
        missing = untested(errors, all_tests())
        print(f"error texts: {len(errors)}, {len(missing)} without a test")
        self.assertGreater(len(errors), 300)
        self.assertEqual([f"{places[text]}: {text}" for text in missing], [])

    def test_planted_errors_are_found(self):
        source = 'check(ok, "pool: the size must be even, got ", n);  // "not this one"\nthrow std::runtime_error(cat("pool: cannot open ", "the file ", name));\n'
        errors = {"…".join(literals): literals for _, literals in errors_of(source)}
        self.assertEqual(list(errors), ["pool: the size must be even, got ", "pool: cannot open …the file "])
        self.assertEqual(untested(errors, ["size must be even"]), ["pool: cannot open …the file "])
        self.assertEqual(untested(errors, ["pool: cannot open", 'must be even, got 3']), [])


if __name__ == "__main__":
    if "--list" in sys.argv:
        errors, places = all_errors()
        missing = set(untested(errors, all_tests()))
        for text in errors:
            print("-" if text in missing else " ", f"{places[text]}: {text}")
    else:
        unittest.main()
