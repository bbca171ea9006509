"""Spam of many styles, put into pages of the corpus at random places: `python -m bench.cleaning.junk [--pages 40]`.

The corpus knows two or three styles of link spam. Here are others, each made anew for every page from parts,
and always by the same seed. Two are held back: nothing in the cleaner was ever tried against `HELD_BACK`, so
they say what an unknown style meets. For each style the table gives the share of the junk's own words left, and
the sentences lost beyond those that the same pages lose without it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.cleaning import corpus, measures, styles
from bench.cleaning.styles import HELD_BACK, Style
from monitor.stages.clean import learned

_STEMS = ["lucky", "royal", "dragon", "mega", "ace", "spin", "gold", "king", "nova", "bigwin", "sultan", "tiger"]
_ENDINGS = ["top", "vip", "xyz", "club", "icu", "com", "net", "ru", "pw", "win", "site", "org"]
_LOOKALIKES = str.maketrans({"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "i": "і", "x": "х"})  # Latin → Cyrillic
_DIGITS = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})
_FOREIGN = [
    "เว็บพนันออนไลน์ สมัครฟรี ฝากถอนไม่มีขั้นต่ำ โบนัสทุกวัน บาคาร่า สล็อต แทงบอล",
    "nhà cái uy tín nhất tặng thưởng thành viên mới, đăng ký cá cược bóng đá, nổ hũ đổi thưởng",
    "注册送彩金，百家乐，老虎机，体育投注，六合彩开奖结果，信誉娱乐城平台",
    "лучшие онлайн казино с быстрыми выплатами, игровые автоматы на деньги, бонус за регистрацию",
    "agen judi bola resmi, daftar slot deposit pulsa tanpa potongan, bandar togel terpercaya",
    "مواقع المراهنات الموثوقة، كازينو اون لاين، سجل الآن واحصل على مكافأة ترحيبية",
    "온라인 카지노 추천, 먹튀 검증 토토사이트, 바카라 가입 쿠폰 지급",
]
_SEARCHED = [
    "casino online", "slot machine free", "poker bonus", "baccarat live", "roulette strategy", "blackjack real money",
    "betting tips", "no deposit bonus", "jackpot slots",
]  # fmt: skip
_TRADES = [
    "online casino",
    "cheap viagra",
    "payday loans",
    "slot bonus",
    "sports betting",
    "replica rolex",
    "essay help",
]


def _host(r: random.Random) -> str:
    number = r.choice(["77", "88", "365", "303", "99", "138"])
    return f"{r.choice(_STEMS)}{r.choice(['', '-'])}{number}.{r.choice(_ENDINGS)}"


def _lookalikes(r: random.Random) -> str:
    words = " ".join(r.sample(["best casino bonus", "buy viagra cheap", "poker jackpot", "free spins slot"], 2))
    changed = words.translate(_LOOKALIKES if r.random() < 0.5 else _DIGITS)
    return f"{changed} http://{_host(r)}/"


def _raw_addresses(r: random.Random) -> str:
    ip = ".".join(str(r.randrange(11, 220)) for _ in range(4))
    puny = f"xn--{''.join(r.choices('abcdefghijklmnop', k=6))}-{r.choice('3bcd')}{r.choice('epwz')}a.com"
    pages = ["win/", "?ref=17", "casino/bonus", "promo", "login"]
    return " ".join(f"http://{where}/{r.choice(pages)}" for where in r.sample([ip, f"{ip}:8080", puny], 2))


def _trailers(r: random.Random) -> str:
    return r.choice(_FOREIGN)


def _markup(r: random.Random) -> str:
    one, two = r.sample(_TRADES, 2)
    host = f"http://{_host(r)}/"
    return r.choice(
        [
            f"[url={host}]{one}[/url] [b]{two}[/b] [url={host}x]{two}[/url]",
            f"[{one}]({host}) | [{two}]({host}p)",
            f"[[{host} {one}]] [[{host}b {two}]]",
        ]
    )


def _tags(r: random.Random) -> str:
    return " ".join(
        "#" + tag for tag in r.sample(["casinobonus", "slotgacor", "forexsignals", "onlinecasino", "buyfollowers",
                                       "bet365", "freespins", "cheaploans", "escortservice"], 5)
    )  # fmt: skip


def _contact(r: random.Random) -> str:
    phone = f"+{r.randrange(1, 99)} {r.randrange(100, 999)} {r.randrange(100, 999)} {r.randrange(1000, 9999)}"
    return r.choice(
        [
            f"Forex signals and crypto trading, WhatsApp {phone} or Telegram @{r.choice(_STEMS)}_fx{r.randrange(99)}",
            f"Payday loans in one hour! Call or WhatsApp {phone}",
            f"Hire a hacker to recover stolen bitcoin, contact Telegram @recover{r.randrange(99)} or {phone}",
        ]
    )


def _keywords(r: random.Random) -> str:
    joint = r.choice([", ", " | ", " "])
    return joint.join(r.sample(_SEARCHED, 6))


def _essays(r: random.Random) -> str:
    return r.choice(
        [
            "Students who need a cheap essay can order custom coursework from our dissertation writers at any hour.",
            "Buy a custom essay online and our homework experts deliver your thesis before the deadline.",
            "Our essay writers offer the cheapest dissertation and coursework help with a discount for new clients.",
        ]
    )


def _hidden(r: random.Random) -> str:
    link = f'<a href="http://{_host(r)}/">{r.choice(_TRADES)}</a>'
    return f'<div style="position:absolute;left:-9999px">{link} {r.choice(_TRADES)}</div>'


def _wallets(r: random.Random) -> str:
    wallet = "bc1q" + "".join(r.choices("acdefghjklmnpqrstuvwxyz023456789", k=34))
    return f"Double your bitcoin: send 0.1 BTC to {wallet} and receive 0.2, airdrop ends soon, claim at {_host(r)}"


def _adult(r: random.Random) -> str:
    return r.choice(
        [
            f"escort girls {r.choice(['Dubai', 'Mumbai', 'London'])} call girls 24h, independent escorts {_host(r)}",
            f"free porn videos xxx hd, live sex cams, hentai, {_host(r)}",
            f"hot camgirls live now, free webcam chat no signup https://{_host(r)}/join",
        ]
    )


STYLES: dict[str, Style] = {
    "lookalikes": _lookalikes, "raw addresses": _raw_addresses, "trailers": _trailers, "markup": _markup,
    "tags": _tags, "contact": _contact, "keywords": _keywords, "essays": _essays, "hidden": _hidden,
    "wallets": _wallets, "adult": _adult, **styles.STYLES,
}  # fmt: skip


def injected(record: dict[str, object], style: str) -> dict[str, object]:
    """`record` with junk of a style: a block of its own, or glued to a sentence in the body or to its last one."""
    r = random.Random(f"{style}/{record['id']}")
    junk = STYLES[style](r)
    blocks: list[list[str]] = [list(block) for block in record["blocks"]]  # type: ignore[attr-defined]
    body = [
        i for i, (text, part, _) in enumerate(blocks) if part == text and len(text) >= 75 and text.rstrip()[-1] in ".!?"
    ]
    if not body or r.random() < 0.4:
        blocks.insert(r.choice(body) + 1 if body else len(blocks), [junk, "", "spam"])
    else:
        i = body[-1] if r.random() < 0.5 else r.choice(body)
        text = blocks[i][0]
        blocks[i] = [f"{text} {junk}", text, "body"]
    return {**record, "blocks": blocks, "text": "\n\n".join(text for text, _, _ in blocks), "spam": junk}


def measured(
    records: Sequence[dict[str, object]], styles: Sequence[str], cleaned: Callable[[dict[str, object]], str]
) -> dict[str, tuple[float, float, float]]:
    """For each style: (share of the junk's words left, share of sentences lost, the same without the junk)."""
    bare = [measures.page({k: v for k, v in record.items() if k != "spam"}, cleaned(record)) for record in records]
    before = measures.summed(bare)["lost"]
    out = {}
    for style in styles:
        spoiled = [injected(record, style) for record in records]
        result = measures.summed([measures.page(record, cleaned(record)) for record in spoiled])
        out[style] = (result["spam"], result["lost"], before)
    return out


def lines(found: dict[str, tuple[float, float, float]]) -> list[str]:
    """The rows of the table."""
    out = []
    for style, (left, lost, before) in found.items():
        mark = " (held back)" if style in HELD_BACK else ""
        out.append(
            f"  {style + mark:24} words left {left:6.1%}  sentences lost {lost:6.2%}  without the junk {before:6.2%}"
        )
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=corpus.FOLDER)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--fold", type=int, choices=range(4))
    options = parser.parse_args(arguments)
    if not options.corpus.is_dir():
        print(f"no corpus at {options.corpus}: nothing to measure")
        return 0
    model = learned.read(options.model.read_bytes()) if options.model else learned.shipped()
    records = corpus.records("seed", options.corpus)
    if options.fold is not None:
        known = corpus.sites(options.corpus)
        records = [record for record in records if corpus.fold_of(str(record["id"]), known) == options.fold]
    records = random.Random("junk").sample(records, min(options.pages, len(records)))
    found = measured(records, tuple(STYLES), lambda record: measures.cleaned(str(record["text"]), model))
    print(f"{len(records)} pages")
    print("\n".join(lines(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
