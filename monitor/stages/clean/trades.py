"""The trades that live on spam, by the stems of their words in many languages. Pure.

No phrases: a stem counts only as evidence beside structure, and not at all on a page that uses its trade's
words in sentences of its own.
"""

from __future__ import annotations

import functools
import re

from monitor.stages.clean.memory import remembered

# 'stem*' stands for every word that begins so; scripts without blanks are searched as they are.
_STEMS = {
    "gambling": """
        casino* gambl* glücksspiel* wager*
        kasino* kazin* kaszin* cassino* казино* казіно* καζίν* slot slots slotlar* gacor togel
        toto judi poker* roulette rulet* рулетк* baccarat bacar* blackjack jackpot* betting sportsbook*
        bookmaker* bukmacher* zakłady букмекер* bookie* bahis* iddaa apuesta* aposta* scommess* wetten
        sportwetten ставк* lotto* lottery lotteries loter* лотере* cược xỉu xổ scatter maxwin rtp situs
        bandar bocoran jarwo agen bonus* bónusz* бонус* freespin* spins freispiele freebet* giros
        tragamonedas spielauto* vulkan вулкан* 娱乐城 娛樂城 博彩 赌场 賭場 赌博 賭博 彩票 百家乐 百家樂
        六合彩 老虎机 老虎機 体育投注 注册送 カジノ パチンコ パチスロ オンカジ ボーナス 카지노 토토
        바카라 슬롯 먹튀 พนัน แทงบอล สล็อต คาสิโน บาคาร่า หวย เว็บตรง كازينو* قمار* مراهن* المراهن*
        روليت* קזינו* הימור* कैसीनो* सट्टा* जुआ* ক্যাসিনো* জুয়া* شرط‌بندی*
    """,
    "pharmacy": """
        viagra* cialis* levitra* kamagra* sildenafil* tadalafil* виагр* сиалис* tramadol* xanax* valium
        ambien oxycodone adderall modafinil steroid* anabol* pharmacy pharmacie farmacia apotheke аптек*
        pills ozempic semaglutid* phentermine keto cbd vape* kratom nootropic* 伟哥 壮阳 バイアグラ
        비아그라 فياجرا* ไวอากร้า
    """,
    "money": """
        payday loan loans kredit* кредит* займ* préstamo* prestiti pinjaman crypto* bitcoin* forex
        airdrop* kyc giveaway* заработ* 借款 貸款 贷款 대출
    """,
    "services": """
        essay essays dissertation* coursework termpaper* homework thesis diplom* диплом* replica*
        réplica* rolex* followers subscribers takipçi* seguidores подписчик* backlink* seo escort*
        эскорт* проститут* callgirl* porn* порно* xxx sexcam* camgirl* webcam* hentai onlyfans torrent*
        keygen* warez apk modapk cheats iptv 代写 刷粉 情色 約炮 出会い系 야동
    """,
    "pitch": """
        daftar terpercaya deposit* depósito* withdraw* withdrawals instant welcome claim discount* cheap
        cheapest buy купить недорого comprar acheter kaufen günstig güvenilir deneme sekarang gratis
        бесплатно играть регистрац* uy tín nhà cái bola free online онлайн オンライン 入金不要 ฟรี สมัคร
        fiable licens licence offers sponsored bonusu veren siteler link live terbaik tertinggi resmi
        hari visit no.1 best
    """,
}
TRADES = frozenset(_STEMS) - {"pitch"}
_DENSE = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_EXACT: dict[str, str] = {}
_PREFIX: dict[str, str] = {}
_INSIDE: dict[str, str] = {}
for _topic, _stems in _STEMS.items():
    for _stem in _stems.split():
        if re.match(f"[{_DENSE}]", _stem):
            _INSIDE[_stem] = _topic
        elif _stem.endswith("*"):
            _PREFIX[_stem[:-1]] = _topic
        else:
            _EXACT[_stem] = _topic
_LENGTHS = sorted({len(stem) for stem in _PREFIX})
_FIND_INSIDE = re.compile("|".join(sorted(_INSIDE, key=len, reverse=True)))
_HAS_DENSE = re.compile(f"[{_DENSE}]")
_IN_NAME = re.compile(
    "casino|kasino|kazino|slot|togel|toto|judi|gacor|poker|roulette|bacca|blackjack|jackpot|bahis|iddaa|apuesta|aposta|scommes|wetten|"
    "lotto|maxwin|spins|bonus|viagra|cialis|kamagra|pharm|pills|payday|loans|kredit|essay|replica|rolex|follower|backlink|escort|"
    r"porn|xxx|camgirl|forex|torrent|modapk|казино|ставк|娱乐|博彩|カジノ|카지노|สล็อต|พนัน|คาสิโน|(?:^|\d)bet(?:\d|s?$|ting)|bet\d",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=1 << 14)
def of_word(word: str) -> str:
    """The trade a lower-case word belongs to, 'pitch' for words of praise and offer, '' for neither."""
    found = _EXACT.get(word)
    if found:
        return found
    size = len(word)
    for length in _LENGTHS:
        if length > size:
            break
        found = _PREFIX.get(word[:length])
        if found:
            return found
    return ""


def is_dense(text: str) -> bool:
    """Whether any character is of a script without blanks."""
    return not text.isascii() and bool(_HAS_DENSE.search(text))


@remembered
def inside(text: str) -> list[tuple[int, int, str]]:
    """(start, end, trade) of the words of scripts without blanks in `text`."""
    if not is_dense(text):
        return []
    return [(m.start(), m.end(), _INSIDE[m.group()]) for m in _FIND_INSIDE.finditer(text)]


def in_name(label: str) -> bool:
    """Whether a host's label or a hash tag names a trade."""
    return bool(_IN_NAME.search(label))
