"""A stream of articles with their true stories, made from given texts by a seed: what outlets do to one another's news.

Republications (cut, framed, restyled, misread, updated, under another headline) belong to the story of their original.
Templated news, pay-wall notices, items under long trailers, later articles that quote earlier ones, and press reviews
are stories of their own. Other edits and other templates than those of the development corpus, so that what is tuned
on the one can be checked on the other.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.dedup.forms import FORMS, NOTICES, trailer

Text = tuple[str, str]  # title, text: paragraphs by line


@dataclass(frozen=True)
class Sample:
    """An article of the stream and the story it truly tells."""

    id: str
    title: str
    text: str
    story: str
    kind: str
    url: str | None = None


STYLE = {
    "said": "told reporters", "percent": "per cent", "about": "around", "also": "in addition", "but": "however",
    "because": "since", "center": "centre", "color": "colour", "million": "m", "government": "cabinet", "while": "as",
    "people": "persons", "began": "started", "show": "reveal", "big": "large", "year": "yr", "more than": "over",
}  # fmt: skip
CAPTIONS = (
    "Photo: Staff/Archive",
    "File photo. Image credit: Getty",
    "Watch the video above",
    "Listen to this article",
)
COMMENTS = (
    "Great article, thanks for sharing!", "This is exactly what I have been saying for years.",
    "I disagree with nearly everything here, but well written.", "First!", "Does anybody check the facts any more?",
)  # fmt: skip


class Press:
    """Makes samples. The same seed and texts make the same stream."""

    def __init__(self, texts: Sequence[Text], seed: int) -> None:
        spared = max(2, len(texts) // 20)
        self.spared, self.texts = list(texts[:spared]), list(texts[spared:])  # the first ones are only excerpted
        self.random = random.Random(seed)
        self.outlets = [f"{a} {b}" for a in ("Ashby", "Corran", "Delmont", "Eastwick", "Farrow", "Greyport")
                        for b in ("Gazette", "Herald", "Mail", "News")]  # fmt: skip
        self.trailers = {outlet: trailer(outlet, self.random) for outlet in self.outlets}
        self.edits: tuple[Callable[[str], str], ...] = (
            self.framed, self.cut, self.thinned, self.restyled, self.misread, self.one_paragraph, self.with_comments,
            self.with_links, self.extended, self.entities, self.tail_dropped, self.captions,
        )  # fmt: skip

    def stream(self) -> list[Sample]:
        """All samples, in the order in which they appear: an original before its copies, else mixed."""
        timed: list[tuple[float, Sample]] = []
        for number, (title, text) in enumerate(self.texts):
            at = self.random.random()
            story = f"story{number}"
            timed.append((at, Sample(f"{story}-0", title, text, story, "original")))
            for copy in range(self.copies()):
                at += self.random.expovariate(40)
                timed.append((at, self.republished(title, text, story, copy + 1)))
        timed += [(self.random.random(), sample) for sample in self.others()]
        for one, copy in self.templated(len(self.texts)):
            at = self.random.random()
            timed.append((at, one))
            if copy:
                timed.append((at + self.random.expovariate(40), copy))
        return [sample for _, sample in sorted(timed, key=lambda pair: pair[0])]

    def copies(self) -> int:
        """Most stories are printed once, some by everybody."""
        draw = self.random.random()
        return 0 if draw < 0.55 else 1 if draw < 0.75 else self.random.randint(2, 6) if draw < 0.97 else 30

    def republished(self, title: str, text: str, story: str, number: int) -> Sample:
        """One to three edits, and a headline that may be another."""
        edits = self.random.sample(self.edits, self.random.choice((0, 1, 1, 1, 2, 2, 3)))
        for edit in edits:
            text = edit(text)
        kind = "+".join(edit.__name__ for edit in edits) or "verbatim"
        return Sample(f"{story}-{number}", self.headline(title, text), text, story, kind)

    def headline(self, title: str, text: str) -> str:
        draw = self.random.random()
        if draw < 0.5:
            return title
        if draw < 0.7:
            return f"{title} | {self.outlet()}"
        if draw < 0.85:
            return " ".join(text.split()[: self.random.randint(5, 10)])
        words = title.split()
        return " ".join(words[: max(2, len(words) * 2 // 3)])

    def outlet(self) -> str:
        return self.random.choice(self.outlets)

    # What is done to a text.

    def framed(self, text: str) -> str:
        outlet = self.outlet()
        top = self.random.choice(
            (
                f"By Ada Quist | {outlet} |",
                "LONDON, March 3 (Agency) -",
                f"{outlet.upper()} —",
                "(Reporting by our staff)",
            )
        )
        return f"{top} {text}\n{self.trailers[outlet]}"

    def cut(self, text: str) -> str:
        words = self.random.randint(50, 120)
        return " ".join(text.split()[:words]) + self.random.choice(("...", " […]", " Continue reading", ""))

    def tail_dropped(self, text: str) -> str:
        lines = text.split("\n")
        return "\n".join(lines[: max(1, len(lines) * 2 // 3)])

    def thinned(self, text: str) -> str:
        lines = text.split("\n")
        return "\n".join(line for i, line in enumerate(lines) if i == 0 or self.random.random() < 0.7)

    def restyled(self, text: str) -> str:
        for word, other in STYLE.items():
            text = re.sub(rf"\b{word}\b", other, text)
        return text.replace('"', "”").replace("'", "’")

    def misread(self, text: str) -> str:
        characters = list(text)
        for place in range(len(characters)):
            if characters[place].isalpha() and self.random.random() < 0.012:
                characters[place] = self.random.choice("ce1lo0a-")
        return "".join(characters)

    def one_paragraph(self, text: str) -> str:
        return text.replace("\n", " ")

    def with_comments(self, text: str) -> str:
        chosen = self.random.choices(COMMENTS, k=self.random.randint(2, 6))
        return text + "\nComments\n" + "\n".join(f"User{self.random.randrange(10**5)}: {one}" for one in chosen)

    def with_links(self, text: str) -> str:
        links = [f"Also read: {title}" for title, _ in self.random.sample(self.texts, 3)]
        lines = text.split("\n")
        for link in links:
            lines.insert(self.random.randint(1, len(lines)), link)
        return "\n".join(lines)

    def extended(self, text: str) -> str:
        more = (
            f"On {self.random.choice(('Monday', 'Thursday', 'Saturday'))} a spokeswoman confirmed the account and added"
            f" that {self.random.randint(3, 90)} statements had been taken so far. A hearing was set for"
            f" {self.random.choice(('April', 'May', 'June'))} {self.random.randint(1, 28)}."
        )
        lines = text.split("\n")
        lines.insert(self.random.randint(0, len(lines)), more)
        return "\n".join(lines)

    def entities(self, text: str) -> str:
        return text.replace("&", "&amp;").replace(" - ", " &ndash; ").replace("’", "&#8217;").replace("é", "Ã©")

    def captions(self, text: str) -> str:
        return f"{self.random.choice(CAPTIONS)}\n{text}\n{self.random.choice(CAPTIONS)}"

    # What is not a republication.

    def others(self) -> list[Sample]:
        """Notices, items under long trailers, quotations and press reviews: each a story of its own."""
        count = len(self.spared)
        samples = []
        for number in range(count):
            title, text = self.spared[number]
            notice = self.random.choice(NOTICES)
            samples.append(Sample(f"notice{number}", f"{title} {number}", notice, f"notice{number}", "notice"))
            words = text.split()
            start = self.random.randint(0, max(0, len(words) - 30))
            outlet = self.outlet()
            item = " ".join(words[start : start + 25])
            body = f"{item}\n{self.trailers[outlet]}\n{self.trailers[self.outlet()]}"
            samples.append(Sample(f"item{number}", " ".join(words[start : start + 7]), body, f"item{number}", "item"))
        fresh = self.texts[-count:]  # told nowhere else: their texts were taken out of the stream below
        for number, (title, text) in enumerate(fresh):
            quoted = self.random.choice(self.texts[: -2 * count])[1].split("\n")
            lines = text.split("\n") + quoted[: max(1, len(quoted) // 3)]
            samples.append(
                Sample(
                    f"later{number}",
                    f"After all: {title}",
                    "\n".join(lines),
                    f"story{len(self.texts) - count + number}",
                    "later",
                )
            )
        for number in range(count // 2):
            items = self.random.sample(self.texts, self.random.randint(5, 9))
            lines = [f"{title}. {' '.join(text.split()[: self.random.randint(30, 70)])}" for title, text in items]
            samples.append(
                Sample(
                    f"review{number}", f"In the papers: {items[0][0]}", "\n".join(lines), f"review{number}", "review"
                )
            )
        return samples

    def templated(self, articles: int) -> list[tuple[Sample, Sample | None]]:
        """Reports of one form with other values; every fifth is also printed elsewhere."""
        made = []
        for name, form in FORMS.items():
            for number in range(max(6, articles // 25)):
                title, text = form(self.random)
                story = f"{name}{number}"
                one = Sample(f"{story}-0", title, text, story, f"form:{name}")
                copy = None
                if self.random.random() < 0.2:
                    copied = self.random.choice((self.framed, self.captions, self.with_comments))(text)
                    copy = Sample(f"{story}-1", title, copied, story, f"form-copy:{name}")
                made.append((one, copy))
        return made
