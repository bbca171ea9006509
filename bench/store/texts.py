"""Invented news, from a seed: readable reports for looking at, and Zipf-distributed ones for weighing.

`Prose` tells of ceasefires and closed crossings in short sentences of places and people that do not exist; its
reports read well enough for a picture. `Zipf` draws from a vocabulary of 150,000 made-up words with the frequencies of
real text, so that an index of it has the size and the speed of one of real text. Both are functions of a seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

REPEATED = 0.25  # share of words that repeat one of the last 200


@dataclass(frozen=True, slots=True)
class Report:
    """One invented report. `index_*` are given where they are cheaper to make along with the text than from it."""

    title: str
    text: str
    index_title: str | None = None
    index_text: str | None = None
    topic: int | None = None  # reports of one topic tell the same story


PLACES = (
    "Karwan", "Shahr-e Naw", "Port Selim", "Dasht Valley", "Nimroz Gate", "Ostrava Hills", "Lake Amara", "Tel Arin",
    "Kabul", "Herat", "Kandahar", "Mazar", "Jalalabad", "Kunduz", "Doha", "Islamabad", "Tehran", "Geneva",
)  # fmt: skip
PEOPLE = (
    "Zahra Amiri", "Daoud Rahimi", "Leyla Sarwari", "Omar Haqyar", "Ines Calder", "Tomás Feriz", "Mara Lindqvist",
    "Yusuf Barak", "Salma Noori", "Peter Aldous", "Nadia Yusufzai", "Henrik Vass",
)  # fmt: skip
BODIES = (
    "the interior ministry", "the border police", "the Taliban", "the relief agency", "the health ministry",
    "the election commission", "the central bank", "the teachers' union", "the district council", "the Red Crescent",
    "the customs office", "the water authority",
)  # fmt: skip
DEEDS = (
    "agreed to a ceasefire", "suspended the talks", "closed the border crossing", "reopened the main road",
    "ordered an inquiry", "denied the report", "released forty detainees", "called for an emergency session",
    "raised the fuel tax", "began vaccinating children", "evacuated two villages", "published the budget",
)  # fmt: skip
EVENTS = (
    "an explosion near the bazaar", "a flood in the lower valley", "a week of protests", "an earthquake",
    "the collapse of a bridge", "a cholera outbreak", "the arrest of a smuggling ring", "a failed harvest",
    "the prisoner exchange", "a power cut that lasted two days", "a landslide", "the reopening of schools",
)  # fmt: skip
SPEECH = ("said", "told reporters", "said in a statement", "told the council", "said on Saturday", "wrote to officials")
TAILS = (
    "No group has claimed responsibility.", "Aid workers said that roads were passable again by nightfall.",
    "Residents said they had been given no warning.", "The figure could not be verified independently.",
    "A second round of talks is expected next week.", "Schools in the district will stay closed until Sunday.",
    "The opposition called the decision “late, but welcome”.", "Prices in the market rose by a fifth within a day.",
    "Hospitals asked for blood donors.", "Observers from three countries were present.",
)  # fmt: skip
FURNITURE = (
    ("breadcrumb", "Home / World / Asia / Latest updates"), ("share", "SHARE THIS ARTICLE"),
    ("teaser", "Also read: Ten things to know before the vote"), ("byline", "About admin"),
    ("newsletter", "Sign up to our morning briefing and never miss a story."),
    ("navigation", "Latest   Most read   Video   Opinion   Weather"),
    ("spam-links", "Best online casino bonus without deposit – play roulette now at lucky-spin-777.example"),
    ("teaser", "Read next: Taliban deny report of new offensive"), ("comments", "3 comments   Log in to reply"),
    ("repeated", "This website can also be reached at the following alternate addresses."),
)  # fmt: skip


class Prose:
    """Readable reports. `chars`: about how long a text is to be."""

    def __init__(self, seed: int, chars: int = 1600) -> None:
        self.random = random.Random(seed)
        self.chars = chars
        self.topics: list[tuple[str, ...]] = []

    def report(self) -> Report:
        """The next one: of a new topic, or, one time in three, of one of the last."""
        pick = self.random.choice
        if len(self.topics) < 5 or self.random.random() > 0.35:
            self.topics.append(tuple(pick(names) for names in (PLACES, PEOPLE, BODIES, DEEDS, EVENTS)))
        topic = max(len(self.topics) - 1 - int(self.random.expovariate(1 / 8)), 0)
        place, person, body, deed, event = self.topics[topic]
        bare = body.removeprefix("the ")
        title = pick(
            (
                f"{bare[0].upper()}{bare[1:]} {deed} after {event.removeprefix('a ').removeprefix('an ')}",
                f"{place}: {bare} {deed}",
                f"What we know about {event} in {place}",
                f"{person}: ‘We {deed} because nobody else would’",
            )
        )
        paragraphs = [
            f"{place.upper()} – {body[0].upper()}{body[1:]} {deed} on Friday, two days after {event}, "
            f"{person} {pick(SPEECH)}."
        ]
        length = 0
        target = self.chars * self.random.uniform(0.6, 1.4)
        while length < target:
            paragraphs.append(" ".join(self._sentence(place, person) for _ in range(self.random.randint(2, 4))))
            length += len(paragraphs[-1])
        return Report(title, "\n\n".join(paragraphs), topic=topic)

    def _sentence(self, place: str, person: str) -> str:
        pick = self.random.choice
        number = self.random.randint(3, 900)
        return pick(
            (
                f"“{pick(BODIES).capitalize()} {pick(DEEDS)}, and that is where we stand,” {person} {pick(SPEECH)}.",
                f"In {pick(PLACES)}, {number} families were still waiting for help after {pick(EVENTS)}.",
                f"{pick(PEOPLE)}, a spokesperson for {pick(BODIES)}, {pick(SPEECH)} that officials in {place} "
                f"had {pick(('known for weeks', 'not been asked', 'acted in time', 'counted again'))}.",
                f"By Monday {pick(BODIES)} had {pick(('sent', 'promised', 'refused'))} {number} tents to "
                f"{pick(PLACES)}, where {pick(EVENTS)} had left the {pick(('road', 'clinic', 'bridge'))} unusable.",
                pick(TAILS),
            )
        )


class Zipf:
    """Reports of made-up words, `chars` long on average, as fast as they can be made."""

    VOCABULARY = 150_000
    AT_ONCE = 1000

    def __init__(self, seed: int, chars: int = 3000) -> None:
        self.numbers = np.random.default_rng(seed)
        self.chars = chars
        self.words = self._vocabulary()
        ranks = np.arange(1, self.VOCABULARY + 1)
        weights = 1.0 / (ranks + 2.7) ** 1.15  # Zipf–Mandelbrot
        self.cumulative = np.cumsum(weights / weights.sum())
        self.mean = float(sum(len(word) for word in self._draw(50_000))) / 50_000 + 1.1
        self.waiting: list[Report] = []

    def report(self) -> Report:
        """The next one."""
        if not self.waiting:
            self.waiting = self._many(self.AT_ONCE)
        return self.waiting.pop()

    def _many(self, count: int) -> list[Report]:
        lengths = np.maximum(40, self.numbers.lognormal(-0.125, 0.5, count) * self.chars / self.mean).astype(int)
        words = self._draw(int(lengths.sum()) + 9 * count)
        # Words come back within an article: 137 different ones in 244, as counted in agency reports.
        again = np.flatnonzero(self.numbers.random(len(words)) < REPEATED)
        back = self.numbers.integers(1, 200, len(again))
        for i, j in zip(again.tolist(), (again - back).tolist(), strict=True):
            words[i] = words[max(j, 0)]
        reports, at = [], 0
        for length in lengths.tolist():
            head, body = words[at : at + 9], words[at + 9 : at + 9 + length]
            at += 9 + length
            sentences = [" ".join(body[i : i + 19]) for i in range(0, length, 19)]
            paragraphs = [". ".join(sentences[i : i + 4]) + "." for i in range(0, len(sentences), 4)]
            title = " ".join(head)
            reports.append(Report(title, "\n\n".join(paragraphs), title, " ".join(body)))
        return reports

    def _draw(self, count: int) -> list[str]:
        ranks = np.searchsorted(self.cumulative, self.numbers.random(count))
        words = self.words
        return [words[rank] for rank in np.minimum(ranks, self.VOCABULARY - 1).tolist()]

    def _vocabulary(self) -> list[str]:
        # The more frequent a word, the shorter, as in every language.
        syllables = [
            onset + vowel for onset in (*"bdfghklmnprstvwz", "sh", "th", "br", "st", "tr") for vowel in "aeiou"
        ]
        words: dict[str, None] = {}
        while len(words) < self.VOCABULARY:
            longest = 1 + int(np.log(len(words) + 8) / 4.2)
            count = longest + int(self.numbers.random() < 0.4)
            picked = self.numbers.integers(0, len(syllables), count)
            words["".join(syllables[i] for i in picked.tolist()) + ("n" if self.numbers.random() < 0.3 else "")] = None
        return list(words)
