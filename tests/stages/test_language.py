"""Which language: as the library says, and unknown where little can be told."""

from __future__ import annotations

import functools

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from monitor.stages import language

TEXTS = {
    "en": "The minister said on Tuesday that talks about the border would go on for another week.",
    "de": "Der Minister sagte am Dienstag, dass die Gespräche über die Grenze noch eine Woche dauern würden.",
    "fr": "Le ministre a déclaré mardi que les négociations sur la frontière dureraient encore une semaine.",
    "es": "El ministro dijo el martes que las negociaciones sobre la frontera durarían otra semana más.",
    "ru": "Министр заявил во вторник, что переговоры о границе продлятся ещё одну неделю, а потом начнутся новые.",
    "uk": "Міністр заявив у вівторок, що переговори про кордон триватимуть ще один тиждень і будуть непростими.",
    "ar": "قال الوزير يوم الثلاثاء إن المحادثات بشأن الحدود ستستمر أسبوعا آخر وإن الاتفاق لا يزال ممكنا.",
    "fa": "وزیر روز سه‌شنبه گفت که گفتگوها درباره مرز یک هفته دیگر ادامه خواهد داشت و توافق ممکن است.",
    "zh": "部长星期二表示，有关边界问题的谈判将再持续一个星期，双方仍有可能达成协议。",
    "ja": "大臣は火曜日、国境をめぐる協議がさらに一週間続くと述べ、合意はまだ可能だと語った。",
    "th": "รัฐมนตรีกล่าวเมื่อวันอังคารว่าการเจรจาเรื่องพรมแดนจะดำเนินต่อไปอีกหนึ่งสัปดาห์",
    "hi": "मंत्री ने मंगलवार को कहा कि सीमा पर बातचीत एक और सप्ताह तक जारी रहेगी और समझौता अभी भी संभव है।",
}


@functools.cache
def library() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@pytest.mark.parametrize("code", TEXTS)
def test_languages_are_told(code: str) -> None:
    """Also where the text is in capitals, cut, or mixed with another one."""
    assert language.of(TEXTS[code]) == code
    model = language.model()
    for text in (TEXTS[code], TEXTS[code].upper(), TEXTS[code][5:40], TEXTS[code] + TEXTS["en"], "7 " + TEXTS[code]):
        name, probability = library().classify(text)
        assert model.classify(text) == (name, pytest.approx(probability, abs=1e-4))


@pytest.mark.parametrize("text", ["", "12:30 – 14:45", "Lead", "!!! ??? ... 2024"])
def test_what_cannot_be_told_stays_as_declared(text: str) -> None:
    assert language.of(text) == ""
    assert language.of(text, "pt-BR") == "pt"
    assert language.of(text, "x") == ""


def test_nothing_is_nothing() -> None:
    assert language.model().classify("") == ("", 0.0)
