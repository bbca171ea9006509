"""Which language a text is written in. Pure; the model of py3langid is loaded once, on first use."""

from __future__ import annotations

import functools

from py3langid.langid import MODEL_DIR, MODEL_FILE

from monitor.stages.langmodel import Model

ENOUGH = 20  # letters: less cannot be told
_SAMPLE = 800  # characters looked at
CERTAIN = 0.6


@functools.cache
def model() -> Model:
    """The library's model."""
    return Model(str(MODEL_DIR / MODEL_FILE))


def of(text: str, declared: str = "") -> str:
    """The ISO 639-1 code of `text`; `declared` where the text is too short or too mixed to tell, else ''."""
    declared = declared.replace("_", "-").split("-", 1)[0].lower()
    declared = declared if 2 <= len(declared) <= 3 and declared.isalpha() else ""
    sample = text[:_SAMPLE]
    if sum(map(str.isalpha, sample[: 2 * ENOUGH])) < ENOUGH and sum(map(str.isalpha, sample)) < ENOUGH:
        return declared
    code, probability = model().classify(sample)
    return code if probability >= CERTAIN else declared
