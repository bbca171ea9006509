"""Bytes are read as what they are, not as what they are said to be."""

from __future__ import annotations

import codecs

import pytest

from monitor.errors import Permanent
from monitor.stages import encodings

RUSSIAN = "Мост через реку открыли в четверг утром, сообщила администрация района. Жители ждали его одиннадцать лет."
ARABIC = "افتتح الجسر أمام حركة المرور صباح الخميس بعد أحد عشر عاما من الوعد الأول، حسبما قالت السلطات المحلية."
FRENCH = "Le pont a été ouvert à la circulation jeudi matin, onze ans après la première promesse faite à la vallée."
GREEK = "Η γέφυρα άνοιξε το πρωί της Πέμπτης, έντεκα χρόνια μετά την πρώτη υπόσχεση στους κατοίκους της κοιλάδας."
POLISH = "Most otwarto w czwartek rano, jedenaście lat po pierwszej obietnicy złożonej mieszkańcom żyznej doliny."
CHINESE = "大桥于星期四上午正式通车，距离首次向山谷居民作出承诺已经过去了十一年，县政府表示。"
JAPANESE = "橋は木曜日の朝に開通した。最初の約束から十一年が過ぎていたと郡は発表した。"
THAI = "สะพานเปิดใช้งานเมื่อเช้าวันพฤหัสบดี สิบเอ็ดปีหลังจากคำสัญญาแรกต่อชาวหุบเขา"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (ARABIC, "cp1256"),
        (FRENCH, "cp1252"),
        (GREEK, "cp1253"),
        (POLISH, "cp1250"),
        (CHINESE, "gb18030"),
        (JAPANESE, "cp932"),
        (THAI, "cp874"),
        (RUSSIAN, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        (JAPANESE, "iso2022_jp"),
        (RUSSIAN, "utf-8"),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_read_right_declared_or_not(text: str, codec: str, declared: bool) -> None:
    body = ((text + "\n") * 4).encode(codec)
    assert encodings.decode(body, codec if declared else None)[0] == (text + "\n") * 4


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_mark_decides(mark: bytes) -> None:
    name = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}[mark]
    assert encodings.decode(mark + RUSSIAN.encode(name), "cp1251")[0] == RUSSIAN


def test_valid_utf8_wins_over_a_wrong_declaration() -> None:
    assert encodings.decode(RUSSIAN.encode(), "iso-8859-1")[0] == RUSSIAN


def test_wrongly_declared_utf8_is_read_as_what_it_is() -> None:
    assert encodings.decode((RUSSIAN * 3).encode("cp1251"), "utf-8")[0] == RUSSIAN * 3


def test_one_broken_byte_does_not_change_the_rest() -> None:
    body = FRENCH.encode() + b"\xff" + RUSSIAN.encode()
    assert encodings.decode(body, None)[0] == FRENCH + "\ufffd" + RUSSIAN


def test_latin1_means_windows_1252_as_on_the_web() -> None:
    assert encodings.decode(b"\x93quoted\x94", "ISO-8859-1")[0] == "“quoted”"


def test_declarations_in_pages() -> None:
    assert encodings.declared_in(b'<?xml version="1.0" encoding="windows-1251"?>') == "windows-1251"
    assert encodings.declared_in(b"<html><head><meta charset='koi8-r'>") == "koi8-r"
    assert encodings.declared_in(b"no declaration") is None


def test_unknown_labels_are_ignored() -> None:
    assert encodings.decode(FRENCH.encode("cp1252"), "no-such-charset")[0] == FRENCH
    assert encodings.decode(FRENCH.encode("cp1252"), "rot13")[0] == FRENCH


def test_binary_is_refused() -> None:
    with pytest.raises(Permanent) as caught:
        encodings.decode(b"\x00\x01\x02\x03" * 50)
    assert caught.value.kind == "binary"


def test_zero_bytes_that_pad_a_text_go() -> None:
    assert encodings.decode((FRENCH * 3).encode() + b"\0")[0] == FRENCH * 3
    with pytest.raises(Permanent, match="save it as UTF-8"):
        encodings.decode(FRENCH.encode() + b"\0" * 20)


@pytest.mark.parametrize(("text", "page"), [(FRENCH + " “l’été” – 5 €", "cp1252"), (RUSSIAN, "cp1251")])
def test_utf8_that_was_encoded_twice_is_read_as_it_was_meant(text: str, page: str) -> None:
    body = text.encode()
    wrong = "".join(bytes((one,)).decode(page) if _has(page, one) else chr(one) for one in body)
    assert wrong != text
    assert encodings.decode(wrong.encode())[0] == text
    for right in (text, RUSSIAN + FRENCH, GREEK, "Le signe Ã© se lit mal – dit-il en français."):
        assert encodings.decode(right.encode())[0] == right


def _has(page: str, byte: int) -> bool:
    try:
        bytes((byte,)).decode(page)
    except UnicodeDecodeError:
        return False
    return True


def test_japanese_of_unix_is_not_taken_for_chinese() -> None:
    assert encodings.decode((JAPANESE * 3).encode("euc_jp")) == (JAPANESE * 3, "euc_jp")
