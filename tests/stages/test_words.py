"""How text is cut into words: the table of the rule language's section on words, from the document's side."""

from __future__ import annotations

import random
import re
import threading
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.stages import words as words_module
from monitor.stages.letters import exact, fold, is_removed
from monitor.stages.words import Words, analyse, index_text


def closed(text: str) -> set[str]:
    return {form for _, _, form in analyse(text).extras}


FORMS = [
    ("", []),
    ("  \n\t ", []),
    ("Kabul, the capital.", ["kabul", "the", "capital"]),
    ("Straße STRASSE", ["strasse", "strasse"]),
    ("ΟΔΥΣΣΕΎΣ Οδυσσεύς", ["οδυσσευσ", "οδυσσευσ"]),
    ("Łódź Ørsted Đặng Işık Æsir cœur Þór", ["lodz", "orsted", "dang", "isik", "aesir", "coeur", "thor"]),
    ("e\u0301te\u0301 été", ["ete", "ete"]),
    ("x\u0304y", ["xy"]),
    ("ﬁnance Ｋａｂｕｌ", ["finance", "kabul"]),
    ("Ka\u00adbul Ka\u200bbul \u202bKabul\u202c Ka\u200dbul \ufeffKabul", ["kabul"] * 5),
    ("كتاب کتاب كـــتاب كِتاب", ["کتاب"] * 4),
    ("على علی علي", ["علی"] * 3),
    ("أحمد آحمد إحمد ٱحمد", ["احمد"] * 4),
    ("أحمد أحمد", ["احمد", "احمد"]),
    ("مسؤول مسئول", ["مسیول", "مسیول"]),
    ("مدرسة مدرسه مدرسہ", ["مدرسه"] * 3),
    ("ګل گل", ["گل", "گل"]),
    ("شָלום שלום", [analyse("شלום").forms[0], "שלום"]),
    ("٢٠٢٤ ۲۰۲۴ २०२४ ２０２４ 2024", ["2024"] * 5),
    ("ёлка елка Ёлка", ["елка"] * 3),
    ("май маи", ["май", "маи"]),
    ("Київ ї", ["київ", "ї"]),
    ("за\u0301мок замо\u0301к", ["замок", "замок"]),
    ("и\u0306 й", ["й", "й"]),
    ("ガス カス ｶﾞｽ か\u3099", ["ガ", "ス", "カ", "ス", "ガ", "ス", "が"]),
    ("हिन्दी हन्द", ["हिन्दी", "हन्द"]),
    ("Qur'an Qur’an Qurʿan", ["quran", "quran", "quran"]),
    ("ʻOkina 'tis dogs' ‘quoted’", ["okina", "tis", "dogs", "quoted"]),
    ("Taliban’s TALIBAN'S", ["talibans", "talibans"]),
    ("l'Afghanistan L’État d'Ivoire qu'il", ["afghanistan", "etat", "ivoire", "il"]),
    ("dell'arte all'alba nell'ombra sull'onda un'altra", ["arte", "alba", "ombra", "onda", "altra"]),
    ("quell'avion quest’anno Sant'Egidio nessun'altra", ["avion", "anno", "egidio", "altra"]),
    ("O'Brien don't", ["obrien", "dont"]),
    ("Wi-Fi Wi–Fi", ["wi", "fi", "wi", "fi"]),
    ("U.S. U.S u.s. U.S.A. e.g.", ["us", "us", "us", "usa", "eg"]),
    ("J.K.Rowling George W. Bush Corp.", ["jk", "rowling", "george", "w", "bush", "corp"]),
    (
        "Booking.com AT&T snake_case #tag @you a/b",
        ["booking", "com", "at", "t", "snake", "case", "tag", "you", "a", "b"],
    ),
    ("1,000 1,000,000 1.000.000 1000", ["1000", "1000000", "1000000", "1000"]),
    ("3.5 3,5 ٣٫٥", ["3.5"] * 3),
    ("1,000.50 1.000,50", ["1000.50", "1000.50"]),
    ("24.11.2024", ["24", "11", "2024"]),
    ("1,2,3", ["1", "2", "3"]),
    ("10bn 1.5bn F-16", ["10bn", "1.5bn", "f", "16"]),
    ("中国人民", ["中", "国", "人", "民"]),
    ("iPhone15発売", ["iphone15", "発", "売"]),
    ("서울에서", ["서", "울", "에", "서"]),
    ("\u1112\u1161\u11ab", ["한"]),
    ("ไทย ลาว", ["ไ", "ท", "ย", "ล", "า", "ว"]),
    ("မြန်မာ", ["မြ", "န်", "မာ"]),
    ("می‌خواهم", ["می", "خواهم"]),
    ('צה"ל צה״ל צה”ל צהל', ["צהל"] * 4),
    ("ג'ורג ג׳ורג", ["גורג", "גורג"]),
    ("😀 👨‍👩‍👧 — …", []),
    ("iPhone™ 1️⃣", ["iphone", "1"]),
    ("half ½", ["half", "1", "2"]),
    ("a\u00a0b\u3000c\u2028d", ["a", "b", "c", "d"]),
]


@pytest.mark.parametrize(("text", "forms"), FORMS)
def test_primary_forms(text: str, forms: list[str]) -> None:
    assert list(analyse(text).forms) == forms


EXTRAS = [
    ("Taliban's", {"taliban"}),
    ("Wi-Fi", {"wifi"}),
    ("Wi‑Fi", {"wifi"}),
    ("می‌خواهم", {"میخواهم"}),
    ("Kabul—the", {"kabulthe"}),
    ("l'Oréal's", {"loreals", "loreal", "oreal"}),
    ("Al-Jazeera's", {"jazeera", "aljazeeras", "aljazeera"}),
    ("U.S.-led", {"usled"}),
    ("U.S.'s", {"us"}),
    ("Erdoğan'ın", {"erdogan"}),
    ("Ankara’daki", {"ankara"}),
    ("2023'te", {"2023"}),
    ("Trump'a", {"trump"}),
    ("Shi'a", set()),
    ("O'Brien", set()),
    ("Kim Jong Un's", {"un"}),
    ("1990's", {"1990"}),
    ("1,000's", {"1000"}),
    ("word - word", set()),
    ("-edge-", set()),
    ("中-国", set()),
    ("a-b-c", {"abc"}),
]


@pytest.mark.parametrize(("text", "forms"), EXTRAS)
def test_further_forms(text: str, forms: set[str]) -> None:
    assert closed(text) == forms


SPANS = [
    ("see the Taliban’s leaders", (2, 1, "taliban"), "Taliban"),
    ("see the Taliban’s leaders", (2, 1, "talibans"), "Taliban’s"),
    ("on Wi-Fi now", (1, 2, "wifi"), "Wi-Fi"),
    ("de l'Afghanistan,", (1, 1, "afghanistan"), "Afghanistan"),
    ("de l'Afghanistan,", (1, 1, "lafghanistan"), "l'Afghanistan"),
    ("“U.S.-led”", (0, 1, "us"), "U.S."),
    ("die Straße.", (1, 1, "strasse"), "Straße"),
    ("e\u0301te\u0301s", (0, 1, "etes"), "e\u0301te\u0301s"),
    ("(Ka\u00adbul)", (0, 1, "kabul"), "Ka\u00adbul"),
    ('"צה"ל"', (0, 1, "צהל"), 'צה"ל'),
    ("在ﷲ中", (1, 1, "الله"), "ﷲ"),
    ("ｶﾞｽ", (0, 1, "ガ"), "ｶﾞ"),
    ("cost 1,000.50.", (1, 1, "1000.50"), "1,000.50"),
    ("1,000's", (0, 1, "1000"), "1,000"),
    ("中国人民", (1, 2, None), "国人"),
    ("中" * 500 + "国", (500, 1, "国"), "国"),
]


@pytest.mark.parametrize(("text", "where", "cut"), SPANS)
def test_spans_cut_out_the_word(text: str, where: tuple[int, int, str | None], cut: str) -> None:
    start, end = analyse(text).span(*where)
    assert text[start:end] == cut


@pytest.mark.parametrize(
    ("text", "where", "spelt"),
    [
        ("Straße", (0,), "Straße"),
        ("U.S.", (0,), "US"),
        ("u.s.", (0,), "US"),
        ("Wi-Fi", (0, 2, "wifi"), "WiFi"),
        ("ÉTÉ", (0,), "ÉTÉ"),
        ("e\u0301", (0,), "é"),
        ("O’Brien", (0,), "OBrien"),
        ("3,5M", (0,), "3.5M"),
        ("Ёлка", (0,), "Елка"),
        ("Taliban's", (0, 1, "taliban"), "Taliban"),
    ],
)
def test_exact_spelling(text: str, where: tuple[int], spelt: str) -> None:
    assert analyse(text).exact(*where) == spelt


def test_index_text_holds_every_form_in_order() -> None:
    assert index_text("Wi-Fi of l'Oréal’s 3,5") == "wi fi of oreals 3.5 wifi loreals oreal loreal"


def test_memory_is_bounded_and_forgotten_chunks_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "_MEMORY", 5)
    for _ in range(3):
        assert list(analyse("one two three four five six l'a Wi-Fi").forms)[-2:] == ["wi", "fi"]
        assert closed("Wi-Fi") == {"wifi"}
    long = "x" * 5_000
    assert list(analyse(long).forms) == [long]
    assert long not in words_module._forms


def test_many_threads_may_analyse_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "_MEMORY", 3)
    texts = [f"alpha{n} be-ta{n} gamma's" for n in range(200)]
    seen: list[int] = []

    def work() -> None:
        seen.extend(len(analyse(text).forms) for text in texts)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [4] * 800


def test_a_flood_of_marks_or_hyphens_takes_no_time() -> None:
    assert len(analyse("a" + "\u0301\u0323" * 50_000).forms) == 1
    assert len(analyse("a-" * 50_000).forms) == 50_000
    assert len(analyse("中文" * 50_000).forms) == 100_000


TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(list("aAéßİı'’-.,:1٢0 \u200c\u0301\u00ad中國ガไทยكيאה\"״हि")),
    ),
    max_size=60,
)


@given(TEXTS)
def test_every_form_has_a_span_inside_the_text_in_order(text: str) -> None:
    words = analyse(text)
    last = 0
    for position, form in enumerate(words.forms):
        start, end = words.span(position)
        assert form
        assert 0 <= start < end <= len(text)
        assert start >= last or unicodedata.normalize("NFKC", text) != text
        last = start
        words.exact(position)
    for position, length, form in words.extras:
        start, end = words.span(position, length, form)
        assert start < end
        words.exact(position, length, form)


@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = index_text(text)
    assert re.fullmatch(r"(\S+( \S+)*)?", once)
    if not re.search(r"[0-9]\.[0-9]", once):  # a decimal may read as a thousand with its points
        assert fold(exact(once)) == once


@given(TEXTS, TEXTS)
def test_texts_side_by_side_are_read_apart(left: str, right: str) -> None:
    both = analyse(left + "\n" + right)
    assert list(both.forms) == [*analyse(left).forms, *analyse(right).forms]


def test_removed_characters() -> None:
    assert all(map(is_removed, "\u00ad\u200b\u200d\ufeff\u0640\u064b\u05b0\u200f"))
    assert not any(map(is_removed, "a-'\u200c中"))


CHUNKS = st.sampled_from(
    ["Kabul,", "(ΚΑΜΠΟΎΛ)", "Кабул.", "кабул", "KABUL", "İstanbul", "Straße", "ﬁne", "Kabul's", "l'alpha", "Wi-Fi",
     "3,5", "1,000", "U.S.", "“Kabul”", "中国", "café", "cafe\u0301", "_a_", "x" * 80, "...", "کابل،"]
)  # fmt: skip


@given(st.lists(CHUNKS, max_size=12))
def test_the_quick_way_to_a_word_leads_where_the_slow_one_does(chunks: list[str]) -> None:
    words = analyse(" ".join(chunks))
    for position, form in enumerate(words.forms):
        start, end = words.span(position)
        assert end > start
        alone = analyse(words.text[start:end])
        assert form in {*alone.forms, *(extra[2] for extra in alone.extras)}
        assert words.span(position, 1, form) == (start, end)
    for position, length, form in words.extras:
        start, end = words.span(position, length, form)
        alone = analyse(words.text[start:end])
        assert form in {*alone.forms, *(extra[2] for extra in alone.extras)}


def offsets_one_by_one(words: Words) -> list[int]:
    """Where chunks begin, each looked for behind the one before."""
    found, at = [], 0
    for chunk in words._chunks:
        at = words.text.index(chunk, at)
        found.append(at)
        at += len(chunk)
    return found


PIECES = st.sampled_from(
    [
        *("\n", "\r\n", "\n\n", " ", " ", " ", "  ", "\t", "\u00a0", "\u3000", "\u2028", "\x1c", "\x85", "\v\n "),
        *("Kabul", "a", "b", "b.", "l’été", "Wi-Fi", "e\u0301te\u0301", "\u00e9t\u00e9", "U.S.", "1,000", "—"),
        *("Ka\u00adbul", "\u200b", "ﬁ", "中国", "中国和美国" * 9, "ประเทศไทย" * 9, "x" * 70, "سلیمانی", "ס״ה"),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.randoms(use_true_random=False))
@example("a  \u00a0b\nb c", random.Random(1))
@example(" a\n\n b \n中国", random.Random(1))
@example("a \n" + "中国和美国" * 20 + " b\nc", random.Random(1))
def test_chunks_begin_where_they_stand_whatever_stands_between_and_whichever_is_asked_first(
    text: str, chance: random.Random
) -> None:
    words = analyse(text)
    expected = offsets_one_by_one(words)
    words._find_firsts()
    numbers = list(range(len(expected)))
    chance.shuffle(numbers)
    for number in numbers:
        if words._offsets[number] < 0:
            words._find_offset(number)
        assert words._offsets[number] == expected[number]
