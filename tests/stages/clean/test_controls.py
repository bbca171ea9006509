"""Articles about gambling, phishing, pharmacies and search tricks lose no sentence, whatever they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model import Block, Metadata, SiteProfile
from monitor.stages import plaintext
from monitor.stages.clean import addresses, clean, spam

CONTROLS = (Path(__file__).parents[2] / "corpus" / "controls.txt").read_text("utf-8").strip().split("\n====\n")


def test_there_are_enough() -> None:
    assert len(CONTROLS) >= 50


@pytest.mark.parametrize("text", CONTROLS, ids=lambda text: text[:40])
def test_an_article_about_it_loses_no_sentence(text: str) -> None:
    result = clean(plaintext.split(text), SiteProfile(), Metadata())
    assert not result.spam_hosts
    assert result.text.split() == text.split(), [removed.text for removed in result.removed]


@pytest.mark.parametrize("text", CONTROLS, ids=lambda text: text[:40])
def test_as_one_block_it_stays_whole(text: str) -> None:
    one = " ".join(text.split())
    assert clean((Block(text=one),), SiteProfile(), Metadata()).text == one


JUNK = [
    # styles and words that no rule was written from
    "[url=http://rx-pills365.shop/]order kamagra oral jelly[/url] [url=http://rx-pills365.shop/]tadalafil price[/url]",
    "<a href='https://spielo88.top/'>bestes online casino ohne limit</a>",
    "Visit jackpot303.club for baccarat, roulette and poker with a 300% deposit bonus.",
    "ставки на спорт, букмекер онлайн, казино бонус",
    "https://win-88.icu https://win-89.icu https://win-90.icu",
    "博彩 娱乐城 百家乐 老虎机",
    "#freespins #casinobonus #jackpot777",
    "b35t c451n0 b0nu5 and p0k3r j4ckp0t",
    "ставки tіраmоbі vіаgrа саsіnо сіаlіs",
    "http://151.69.20.31/?ref=17 http://151.69.20.31:8080/login",
    "nhà cái uy tín nhất tặng thưởng thành viên mới, đăng ký cá cược bóng đá, nổ hũ đổi thưởng",
    "مواقع المراهنات الموثوقة، كازينو اون لاين، سجل الآن واحصل على مكافأة ترحيبية",
    "[[http://nova303.top/x online casino]] [[http://nova303.top/y payday loans]]",
    "[url=http://gold-365.net/]slot bonus[/url] [b]replica rolex[/b] [url=http://gold-365.net/x]replica rolex[/url]",
    '<div style="position:absolute;left:-9999px"><a href="http://mega-99.com/">replica rolex</a> payday loans</div>',
    "Forex signals and crypto trading, WhatsApp +4 718 107 7424 or Telegram @mega_trader41",
    "Hire a hacker to recover stolen bitcoin, contact Telegram @recover39 or +42 674 456 9523",
    "Our sponsor betlion24.vip gives you 50 free spins and instant withdrawals when you claim the welcome bonus.",
]
BODY = [
    "The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first promised.",
    "“We had stopped believing in it,” said the mayor, who cut the ribbon in heavy rain together with the engineer.",
    "Some forty thousand lorries a year will no longer pass through the old town, the county expects.",
]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_glued_to_a_sentence_or_on_its_own_goes(junk: str) -> None:
    own = "\n\n".join([*BODY, junk])
    glued = "\n\n".join([*BODY[:-1], f"{BODY[-1]} {junk}"])
    for text in (own, glued):
        result = clean(plaintext.split(text), SiteProfile(), Metadata())
        assert result.text == "\n\n".join(BODY), text
        assert any(removed.reason for removed in result.removed)


def test_hosts_are_named() -> None:
    blocks = plaintext.split("\n\n".join([*BODY, JUNK[4]]))
    assert clean(blocks, SiteProfile(), Metadata()).spam_hosts == ("win-88.icu", "win-89.icu", "win-90.icu")


def test_ordinary_addresses_are_no_spam() -> None:
    text = "\n\n".join([*BODY, "More at https://www.lenne-county.example/bridge and www.valleypost.example."])
    assert spam.find(plaintext.split(text)) == {}


@pytest.mark.parametrize(
    ("address", "host", "label"),
    [
        ("https://www.markas303.or.id/", "www.markas303.or.id", "markas303"),
        ("hxxp://a.example/x", "a.example", "a"),
        ("http://[broken", "", ""),
    ],
)
def test_hosts_and_labels(address: str, host: str, label: str) -> None:
    assert (addresses.host_of(address), addresses.label_of(addresses.host_of(address))) == (host, label)
