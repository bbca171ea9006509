"""What is one story and what is another, in texts of our own."""

from collections import Counter

import numpy as np
import pytest

from monitor.model import Article, Candidate
from monitor.stages.canonical import canonical_url
from monitor.stages.compare import tokens
from monitor.stages.dedupe import Judgement, rule_on
from monitor.stages.fingerprint import Hashes, fingerprint, shingles

FERRY = """The ferry company Nordlinie said on Tuesday it would close its route between Halden and Skagen in \
October after losing 4.2 million crowns in the first half of the year.
About 130 people work on the two ships, the Aurora and the Boreas, and most of them live in Halden. The \
union said it had been told an hour before the announcement.
Nordlinie's director, Marit Solheim, said that fuel now cost 38 percent more than in 2021 and that a winter \
without lorries on board could not be paid for. She did not rule out a summer service.
The mayor of Halden, Ole Brandt, called the decision a hard blow for the harbour. The town had lent the \
company 12 million crowns in 2019 to deepen the berth.
Passengers who booked for October or later will have their money back within 14 days, the company said."""

BRIDGE = """Engineers closed the old railway bridge at Karlsby on Monday after a diver found a crack of nearly two \
metres in the third pier.
Trains between Karlsby and Oster will be replaced by buses for at least six weeks. The operator counts 9,400\
 passengers a day on the line.
The bridge was built in 1908 and was to be replaced in 2031. Inspector Lena Falk said the crack had grown by\
 11 centimetres since the last dive in May.
The transport minister, Per Hansson, promised 85 million crowns for a temporary span."""

NOTICE = """To continue reading this article please subscribe or log in. Already a subscriber? Sign in to your \
account. Subscribers enjoy unlimited access to our journalism, newsletters and the digital edition. \
Choose the plan that is right for you and cancel at any time. Need help? Visit our help centre."""

LOCAL = """In Elmsford, local officials said they were watching developments closely and would brief the council on\
 Friday. Dana Brooks, who chairs the chamber of commerce, said residents had been asking what it means \
for the area."""


class Counted:
    """Rarity by exact count."""

    def __init__(self) -> None:
        self.stories = 0.0
        self.seen: Counter[int] = Counter()

    def __call__(self, hashes: Hashes) -> np.ndarray:
        return np.array([self.seen[h] for h in hashes.tolist()], np.float64)

    def count(self, judgement: Judgement) -> None:
        self.seen.update(judgement.counted.tolist())
        self.stories += judgement.ruling.story is None


def an_article(text: str, title: str = "", url: str | None = None) -> Article:
    return Article(
        title=title,
        text=text,
        canonical_url=canonical_url(url),
        fingerprint=fingerprint(tokens(text)),
    )


def stored(article: Article, number: int = 1, story: int = 7) -> Candidate:
    return Candidate(
        article=number,
        story=story,
        title=article.title,
        text=article.text,
        fingerprint=article.fingerprint,
        canonical_url=article.canonical_url,
    )


def rule(new: Article, *old: Article, rarity: Counted | None = None) -> Judgement:
    candidates = [stored(article, number, number * 10) for number, article in enumerate(old, 1)]
    return rule_on(new, candidates, rarity or Counted())


def test_nothing_similar_is_fresh() -> None:
    ruling = rule(an_article(BRIDGE, "Bridge closed"), an_article(FERRY, "Ferry route to close")).ruling
    assert ruling.kind == "fresh"
    assert ruling.story is None
    assert "article 1" in ruling.because


def test_without_candidates_it_says_so() -> None:
    assert rule(an_article(FERRY)).ruling.because == "nothing read in the last two months resembles it"


@pytest.mark.parametrize(
    "text",
    [
        FERRY.replace("\n", " "),
        FERRY.upper(),
        FERRY.replace("'", "’").replace("said", "sa\u00adid"),
    ],
)
def test_the_same_words_are_a_copy_whatever_the_headline(text: str) -> None:
    ruling = rule(an_article(text, "Blow for Halden"), an_article(FERRY, "Ferry route to close")).ruling
    assert ruling.kind == "copy" or text.isupper()
    assert (ruling.article, ruling.story) == (1, 10)


PARAGRAPHS = FERRY.split("\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cut to the lead", "\n".join(PARAGRAPHS[:2])),
        ("summary", PARAGRAPHS[0][:-20] + "..."),
        ("agency line", "HALDEN (NTB) — " + FERRY),
        ("byline", "By Kari Moe, Elmsford Courier staff and agencies. " + FERRY),
        ("local paragraph", "\n".join([*PARAGRAPHS[:3], LOCAL, *PARAGRAPHS[3:]])),
        ("trailer", FERRY + "\n" + NOTICE),
        ("cut, with a trailer", "\n".join([*PARAGRAPHS[:3], NOTICE])),
        ("reordered", "\n".join([PARAGRAPHS[0], PARAGRAPHS[3], PARAGRAPHS[1], PARAGRAPHS[4], PARAGRAPHS[2]])),
        ("house style", FERRY.replace(" said", " stated").replace("percent", "per cent").replace("crowns", "kroner")),
        ("update", FERRY + "\nOn Wednesday evening the government said it would meet the owners next week."),
        ("misread", FERRY.replace("Nordlinie", "Nord1inie", 1).replace("Solheim", "So1heim").replace("union", "uniom")),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_a_republication_joins_the_story(name: str, text: str, reverse: bool) -> None:
    new, old = an_article(text, "Ferry to Skagen ends in October"), an_article(FERRY, "Halden loses its ferry")
    ruling = (rule(old, new) if reverse else rule(new, old)).ruling
    assert ruling.kind == "echo", (name, ruling)
    assert ruling.story == 10
    assert ruling.scores["share"] >= 0.6


WEATHER = """The weather service has issued its forecast for {place} and the surrounding area. {day} will see {sky} \
with a high near {high} and a low around {low} degrees. Winds from the {wind} are expected at {speed} \
miles per hour, with gusts possible in exposed places. Drivers are advised to allow extra time for their\
 journeys. The next update will be issued at {hour}:46. Forecasts are produced automatically from model \
data and reviewed twice a day."""
LOTTERY = """The winning numbers in {day}'s drawing of the {place} Lotto game were: {a}, {b}, {c}, {d}, {e}, Bonus \
{f}. No ticket matched all numbers, so the jackpot grows to an estimated ${g} million. Tickets cost $2 \
and can be bought until 7 p.m. on the day of the draw. Players must be 18 or older, and winners have 180\
 days to claim their prize."""
RESULT = """{place} beat {other} {a}-{b} in the regional league on {day} in front of {c} spectators. {name} opened \
the scoring after {d} minutes, and {second} made it two before the break. {other} pressed after the \
interval but found no way past the keeper. {place} stay {e}th in the table, with {f} points, and travel \
to Skagen next week."""


@pytest.mark.parametrize(
    ("form", "one", "other"),
    [
        (
            WEATHER,
            {"place": "Halden", "day": "Tuesday", "sky": "fog",
             "high": 48, "low": 38, "wind": "north", "speed": 22, "hour": 5},
            {"place": "Halden", "day": "Friday", "sky": "rain",
             "high": 51, "low": 40, "wind": "west", "speed": 9, "hour": 6},
        ),
        (
            LOTTERY,
            {"place": "Skagen", "day": "Tuesday", "a": 5, "b": 12, "c": 33, "d": 41, "e": 44, "f": 9, "g": 12},
            {"place": "Skagen", "day": "Saturday", "a": 2, "b": 17, "c": 31, "d": 38, "e": 49, "f": 1, "g": 13},
        ),
        (
            RESULT,
            {"place": "Halden", "other": "Oster", "a": 2, "b": 0, "day": "Sunday", "c": 412, "name": "Moe", "d": 14,
             "second": "Lund", "e": 4, "f": 31},
            {"place": "Karlsby", "other": "Elm", "a": 3, "b": 1, "day": "Sunday", "c": 209, "name": "Ek", "d": 33,
             "second": "Berg", "e": 7, "f": 22},
        ),
    ],
)  # fmt: skip
def test_templated_news_is_not_the_same_even_the_second_time(form: str, one: dict, other: dict) -> None:
    first, second = an_article(form.format(**one), "Report"), an_article(form.format(**other), "Report")
    assert rule(second, first).ruling.kind == "fresh"
    copy = an_article("ELMSFORD (AP) — " + form.format(**one), "Report")
    assert rule(copy, second, first).ruling.story == 20


WETTER = """Am {tag} gibt es in {ort} {himmel} bei Höchstwerten von {a} Grad. In der Nacht sinken die Temperaturen \
auf {b} Grad. Der Wind weht mit {c} Kilometern in der Stunde aus West. Dieser Text wurde auf der Basis \
von Daten des Wetterdienstes automatisch erstellt und wird mehrmals am Tag aktualisiert."""


def test_where_every_noun_has_a_capital_the_figures_still_count() -> None:
    one = WETTER.format(tag="Mittwoch", ort="Halden", himmel="Schauer", a=11, b=8, c=66)
    other = WETTER.format(tag="Mittwoch", ort="Skagen", himmel="Sonne", a=8, b=17, c=28)
    assert rule(an_article(one, "Wetter am Mittwoch"), an_article(other, "Wetter am Mittwoch")).ruling.kind == "fresh"


def test_reports_on_two_places_stay_apart_when_their_figures_are_the_same_by_chance() -> None:
    values = {"tag": "Mittwoch", "himmel": "Regen", "a": 11, "b": 8, "c": 66}
    one = an_article(WETTER.format(ort="Halden", **values), "Wetter in Halden am Mittwoch")
    other = an_article(WETTER.format(ort="Skagen", **values), "Wetter in Skagen am Mittwoch")
    assert rule(one, other).ruling.because.endswith("each title names something that the other article does not have")
    renamed = an_article(one.text, "Exklusiv: Wetter in Halden am Mittwoch")
    assert rule(renamed, an_article(one.text, "Halden: Wetter am Mittwoch im Überblick")).ruling.kind == "copy"


def test_one_corrected_figure_is_the_same_story() -> None:
    corrected = an_article(FERRY.replace("130", "150"), "Halden loses its ferry")
    assert rule(corrected, an_article(FERRY, "Halden loses its ferry")).ruling.kind == "echo"


def test_templates_stay_apart_and_their_copies_together_when_the_template_is_known() -> None:
    rarity, old = Counted(), []
    for day in range(40):
        values = {"place": f"Ort{day % 5}", "day": f"Day{day}", "sky": f"sky{day}", "high": 40 + day, "low": 3 * day,
                  "wind": "north", "speed": 2 * day + 1, "hour": day % 12}  # fmt: skip
        article = an_article(WEATHER.format(**values), f"Forecast for Ort{day % 5} on Day{day}")
        judgement = rule(article, *old[-8:], rarity=rarity)
        assert judgement.ruling.kind == "fresh", judgement.ruling
        rarity.count(judgement)
        old.append(article)
    copy = an_article(old[-1].text + "\n" + LOCAL, old[-1].title)
    assert rule(copy, *old[-3:], rarity=rarity).ruling.story == 30


def test_a_subscription_notice_proves_nothing_even_word_for_word() -> None:
    one, other = an_article(NOTICE, "Bridge at Karlsby closed"), an_article(NOTICE, "Halden loses its ferry")
    assert one.fingerprint.exact == other.fingerprint.exact
    assert rule(other, one).ruling.kind == "fresh"
    again = an_article(NOTICE, "Bridge at Karlsby closed")
    assert rule(again, one).ruling.kind == "copy"


def test_short_items_under_a_long_trailer_are_two_stories() -> None:
    rarity = Counted()
    first = an_article(f"A diver found a crack in the pier at Karlsby on Monday.\n{NOTICE}\n{LOCAL}", "Crack in pier")
    second = an_article(f"Two rowers were rescued off Skagen late on Thursday.\n{NOTICE}\n{LOCAL}", "Rowers rescued")
    judgement = rule(first, rarity=rarity)
    rarity.count(judgement)
    assert rule(second, first, rarity=rarity).ruling.kind == "fresh"


def test_a_quotation_in_another_article_is_not_its_story() -> None:
    background = PARAGRAPHS[0] + " " + PARAGRAPHS[1]
    later = an_article(f"{BRIDGE}\n{background}", "Bridge at Karlsby closed")
    assert rule(later, an_article(FERRY, "Halden loses its ferry")).ruling.kind == "fresh"
    assert rule(later, an_article(background, "Halden loses its ferry")).ruling.kind == "fresh"


def test_a_digest_does_not_swallow_its_items() -> None:
    rarity = Counted()
    rarity.stories = 1000.0
    common = "a the and of at on in their its that was for from first after be said to it would two time between"
    rarity.seen.update(dict.fromkeys(shingles(tokens(common), 1).tolist(), 900))
    items = [
        BRIDGE.split("\n")[0],
        PARAGRAPHS[0],
        "Sheep farmers in Oster want the sea eagle struck from the list of protected birds, their chairman said.",
        "Two thousand runners entered the Elmsford marathon, whose course leads past the opera for the first time.",
        "Scientists in Lund trained honey bees to find explosives, and hope that airports will borrow the insects.",
    ]
    digest = an_article("\n".join(items), "Bridge at Karlsby closed and more")
    assert rule(an_article(items[0], "Bridge at Karlsby closed"), digest, rarity=rarity).ruling.kind == "fresh"
    assert rule(digest, an_article(items[1], "Halden loses its ferry"), rarity=rarity).ruling.kind == "fresh"
    assert rule(an_article(digest.text + "\n" + LOCAL, "Briefing"), digest, rarity=rarity).ruling.story == 10


def test_it_joins_the_best_match_only() -> None:
    lead = an_article("\n".join(PARAGRAPHS[:4]) + "\n" + BRIDGE.split("\n")[0], "Halden loses its ferry")
    ruling = rule(an_article(FERRY, "Halden loses its ferry"), lead, an_article(FERRY, "Ferry ends")).ruling
    assert ruling.story == 20


def test_one_address_needs_less_likeness_but_some() -> None:
    url = "https://example.com/2026/live-1"
    old = an_article(FERRY, "Halden loses its ferry", url)
    rewritten = an_article(
        "The ferry between Halden and Skagen ends this autumn.", "Halden loses ferry", url + "?utm_source=x"
    )
    assert rule(rewritten, old).ruling.kind == "echo"
    assert rule(an_article(BRIDGE, "Bridge closed", url), old).ruling.kind == "fresh"


def test_an_entry_announced_again_is_a_revision_or_the_same() -> None:
    url = "https://example.com/2026/ferry"
    old = an_article(FERRY, "Halden loses its ferry", url)
    known = stored(old, 3, 30)
    revised = an_article(FERRY.replace("130", "150"), "Halden loses its ferry", url)
    ruling = rule_on(revised, [], Counted(), known=known).ruling
    assert (ruling.kind, ruling.article, ruling.story) == ("revision", 3, 30)
    assert rule_on(old, [], Counted(), known=known).ruling.kind == "copy"
    retitled = an_article(FERRY, "Halden to lose its ferry", url)
    assert rule_on(retitled, [], Counted(), known=known).ruling.kind == "revision"


def test_an_old_guid_with_another_address_and_text_is_a_new_article() -> None:
    known = stored(an_article(FERRY, "Halden loses its ferry", "https://example.com/2026/ferry"), 3, 30)
    other = an_article(BRIDGE, "Bridge closed", "https://example.com/2026/bridge")
    assert rule_on(other, [], Counted(), known=known).ruling.kind == "fresh"
    moved = an_article(FERRY.replace("130", "150"), "Halden loses its ferry", "https://example.com/2026/ferry-2")
    assert rule_on(moved, [], Counted(), known=known).ruling.kind == "revision"


@pytest.mark.parametrize("text", ["", "Ja.", "12", "…"])
def test_texts_of_no_words_are_ruled_on_too(text: str) -> None:
    one = an_article(text, "Short")
    assert rule(one, one).ruling.kind in ("copy", "fresh")
    assert rule(one, an_article(FERRY, "Halden loses its ferry")).ruling.kind == "fresh"


def test_what_an_echo_repeats_is_counted_once() -> None:
    old = an_article(FERRY, "Halden loses its ferry")
    judgement = rule(an_article(FERRY + "\n" + LOCAL, "Halden loses its ferry"), old)
    assert judgement.ruling.kind == "echo"
    # Only the sequences of the added paragraph, and its own words, are new to the story.
    assert 0 < len(judgement.counted) < 2 * len(tokens(LOCAL)) + 3


@pytest.mark.parametrize(
    "text",
    [FERRY, "日本銀行は金融政策決定会合で政策金利を据え置くことを決めた。総裁は記者会見で物価の見通しを説明した。" * 2],
)
def test_a_copy_is_a_copy_from_both_sides(text: str) -> None:
    one, other = an_article(text, "Headline one"), an_article(text + " 2026 Halden Skagen", "Headline two")
    assert (rule(one, other).ruling.kind == "fresh") == (rule(other, one).ruling.kind == "fresh")
