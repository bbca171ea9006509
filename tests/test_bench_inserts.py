"""The made intruders of the cleaner's training: many of each kind, the same by the same seed, no two kinds alike."""

import itertools
import random
import re

import pytest

from bench.cleaning import inserts

MARKS = re.compile(r"[{}¤¶]|<[a-z0-9]|\d;\S*;")  # what a grammar is written with and no piece may show
WORD = re.compile(r"[^\W\d_]+")
SCRIPTS = {
    "Cyrillic": "а-я", "Han": "一-鿿", "kana": "ぁ-ヿ", "Arabic": "ء-ي", "Thai": "ก-๛", "Devanagari": "ऀ-ॿ",
    "Hangul": "가-힣", "Vietnamese": "ạ-ỹ", "Turkish": "ışğ", "Polish": "żłś",
}  # fmt: skip


def pieces(kind: str, count: int) -> list[list[str]]:
    r = random.Random(kind)
    return [inserts.piece(kind, r) for _ in range(count)]


@pytest.mark.parametrize("kind", inserts.KINDS)
def test_every_kind_yields_distinct_whole_pieces(kind: str) -> None:
    made = pieces(kind, 400)
    assert len({tuple(blocks) for blocks in made}) >= 380
    for blocks in made:
        assert blocks
        for block in blocks:
            assert block == block.strip() != ""
            assert not MARKS.search(block), block
        assert sum(map(len, blocks)) >= 12
        assert sum(len(block.split()) for block in blocks) <= 160


def test_a_seed_says_what_comes() -> None:
    assert pieces("locksmith", 20) == pieces("locksmith", 20)
    r = random.Random("locksmith")
    assert inserts.piece("locksmith", r) != inserts.piece("locksmith", r)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        inserts.piece("no such kind", random.Random(1))


def test_there_are_many_kinds_languages_and_shapes() -> None:
    assert len(inserts.KINDS) == len(set(inserts.KINDS)) >= 40
    made = {kind: pieces(kind, 40) for kind in inserts.KINDS}
    whole = " ".join(block for several in made.values() for blocks in several for block in blocks)
    missing = [name for name, letters in SCRIPTS.items() if not re.search(f"[{letters}]", whole)]
    assert missing == []
    assert sum(any(len(blocks) > 1 for blocks in several) for several in made.values()) >= 8
    contactless = [
        kind for kind, several in made.items()
        if not any(re.search(r"@|\w\.\w{2,}|\d\d[-. ]\d\d|0x|\d{7}", " ".join(blocks)) for blocks in several)
    ]  # fmt: skip
    assert 2 <= len(contactless) <= 10


def test_no_two_kinds_share_most_of_their_words() -> None:
    words = {
        kind: {word.lower() for blocks in pieces(kind, 60) for word in WORD.findall(" ".join(blocks))}
        for kind in inserts.KINDS
    }
    for one, two in itertools.combinations(inserts.KINDS, 2):
        shared = len(words[one] & words[two]) / min(len(words[one]), len(words[two]))
        assert shared < 0.5, (one, two, shared)
