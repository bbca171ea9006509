"""What a sentence says of being somebody else's offer: contacts, appeal, form, and how little it has of its page. Pure.

Nothing here names a trade. Each sentence of a block that holds a contact, a link or an appeal is described by
numbers, which `strangers` weighs with constants that were fitted to many styles of spam.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from monitor.stages.clean import disguise, shapes, trades
from monitor.stages.clean.addresses import host_of, label_of, oddness
from monitor.stages.clean.memory import remembered
from monitor.stages.clean.scan import Floats
from monitor.stages.clean.tokens import words_of

# How offers speak in many languages: what the reader is to do, what he gains, when, and who speaks to whom.
_APPEALS = {
    "act": """
        call contact order buy click visit join subscribe register apply text reach email download book get add dial
        message try earn claim send reply watch check sign
        rufen anrufen bestellen kaufen klicken besuchen schreiben anmelden kontaktieren kontakt melden
        appelez contactez contactez-le commandez achetez cliquez visitez écrivez obtenez inscrivez téléchargez
        llame llama contacte contacta compre compra haga visite escriba solicite reserve descarga gana
        ligue chama chame contate clique peça ganhe simule baixe chiama contatta clicca visita scrivi scarica ordina
        bel bestel koop klik bezoek zadzwoń kup kliknij zamów napisz ring köp klicka beställ
        звоните пишите заказать купить переходите скачать закажите регистрируйтесь жмите телефонуйте пишіть
        arayın satın tıklayın indir kaydol hubungi beli klik daftar pesan kunjungi gọi mua hệ
        اتصل تواصل للتواصل اطلب زوروا سجل اشترك تماس بخرید कॉल संपर्क जुड़ें खरीदें
        点击 联系 购买 电话 加微信 註冊 聯繫 點擊 こちら クリック 登録 購入 通販 문의 클릭 구매 가입 คลิก ติดต่อ โทร สั่งซื้อ
    """,
    "gain": """
        free cheap cheapest affordable best guarantee* discount* sale price* deal* offer* bonus* save coupon earn*
        profit* cash fast quick easy instant* genuine trusted reliable professional quality unlimited lifetime
        günstig* kostenlos* gratis seriös* billig* rabatt* garantie* gratuit* rapide* sérieux prix promo*
        barat* económic* garantiz* rápido* descuento* oferta* precio* grátis desconto* garantid* preço*
        gratuit* econom* sconto* offert* veloce goedkoop* korting tani* darmow* rabat* billig*
        бесплатн* дешев* недорог* скидк* гаранти* цен* быстр* выгодн* безкоштовн*
        ücretsiz ucuz* güvenilir indirim* fiyat* hızlı murah gratis cepat terpercaya aman rẻ
        مجانا* خصم عروض بأرخص أسعار ضمان रुपये मुफ्त सस्ता
        免费 优惠 特价 保证 低价 免費 優惠 無料 激安 格安 簡単 무료 할인 최저가 ฟรี ราคาถูก โปรโมชั่น
    """,
    "soon": """
        now today tonight immediately 24h 24/7 hours minutes overnight limited jetzt heute sofort stunden
        maintenant aujourd'hui heures ahora hoy horas agora hoje ora oggi nu vandaag teraz dziś
        сейчас сегодня срочно часа hemen şimdi bugün anında sekarang hari ngay الآن اليوم فورا अभी आज
        现在 马上 立即 今すぐ 지금 ตอนนี้ วันนี้
    """,
    "you": """
        you your yours sie ihr ihre ihren ihrer du dein deine vous votre vos tu tus su sus usted você seu sua te ti tuo
        tua uw je jouw ty twój вы ваш ваша ваши вас вам siz sizin anda kamu bạn لك لكم आप आपके
        您 你 あなた 당신 คุณ
    """,
    "we": """
        we our us wir unser unsere nous notre nos nosotros nuestro nuestra nuestros nós nosso nossa noi nostro nostra
        wij ons onze nasz nasze мы наш наша наши нас biz bizim kami chúng نحن لدينا موقعنا हम हमारे 我们 我們 私たち 우리
        i me my ich mir je moi yo mi eu meu io mio я мне мой
    """,
}
KINDS = tuple(_APPEALS)
_EXACT: dict[str, str] = {}
_PREFIX: dict[str, str] = {}
_INSIDE: dict[str, str] = {}
for _kind, _words in _APPEALS.items():
    for _word in _words.split():
        if trades.is_dense(_word):
            _INSIDE[_word] = _kind
        elif _word.endswith("*"):
            _PREFIX.setdefault(_word[:-1], _kind)
        else:
            _EXACT.setdefault(_word, _kind)
_FIND_INSIDE = re.compile("|".join(sorted(_INSIDE, key=len, reverse=True)))
_LENGTHS = sorted({len(stem) for stem in _PREFIX})
_PULLS = ("act", "gain", "soon")  # what no sentence of a report says often

SHORTEST = 24  # characters: what is shorter says too little
STOP = re.compile(r"(?<=[.!?…。！？।॥؟۔])[\"'”’»)\]]*\s+|\n")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_MAIL = re.compile(r"[\w.+-]{2,40}@[\w-]+(?:\.[\w-]+)+")
_FREE_MAIL = re.compile(
    r"@(?:gmail|googlemail|hotmail|outlook|live|yahoo|ymail|aol|icloud|proton\w*|tutanota|gmx|web\.de|mail\.|yandex|inbox\.|bk\.ru"
    r"|rediff\w*|zoho|qq|163|126|sina|naver|daum|libero|orange|laposte|wp\.pl|seznam)",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"\+\d[\d ().-]{7,18}\d|\(\d{2,5}\)[ -]?\d{3,4}[ -]?\d{3,4}"
    r"|(?<![\w.,/-])(?:00?[1-9]\d{0,3}[ /-]?\d{3,}(?:[ -]?\d{2,})*"
    r"|(?:1[-. ])?\d{3}[-. ]\d{3}[-. ]\d{4}|1[3-9]\d{9}|\d{2,3}(?:[ -]\d{2,3}){3,4})(?![\w/-])"
)
_HANDLE = re.compile(r"(?<![\w@./])@[a-z]\w{4,31}|\b(?:t\.me|wa\.me|m\.me|telegram\.me|api\.whatsapp)/?", re.IGNORECASE)
_MESSENGER = re.compile(
    r"\b(?:whats ?app|telegram|viber|wechat|weixin|skype|icq|kakaotalk|zalo|line|zap|wa|qq"
    r"|телеграм\w*|вайбер|ватсап|واتساب|واتس|تليجرام)\b"
    r"|微信|加薇|텔레그램|카톡|ไลน์",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"\b(?:bit\.ly|tinyurl\.com|t\.ly|cutt\.ly|is\.gd|goo\.gl|ow\.ly|rb\.gy|shorturl\.at|s\.id|v\.gd|rebrand\.ly|clck\.ru|bl\.ink|linktr\.ee)/",
    re.IGNORECASE,
)
_MIXED = re.compile(r"(?<![\w/.@#-])(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{7,}(?![\w@])", re.IGNORECASE)
_TURNS = re.compile(r"[a-z](?=\d)|\d(?=[a-z])", re.IGNORECASE)
_MONEY = re.compile(
    r"[$€£¥₹₽₺₩฿]\s?\d|\d[\d.,]*\s?(?:[€£¥₹₽₺₩฿%％]|元|円|원|บาท|руб|рубл|usd|eur|lakh)|\bR\$|\b(?:usd|eur|rs\.?)\s?\d",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NUMBER_OR_MARK = re.compile(r"\d|[^\w\s.,;:'\"’“”()?–—-]")
_MARKS = re.compile("[|→➤►▶»>★☆✅✔☎📞📱💰🔥👉👈⭐•◆●]|[\U0001f000-\U0001faff\u2600-\u27bf]")
_QUOTE = re.compile(r"[\"“”„«»「」『』]")
_BARE = re.compile(r"(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,10}(?![\w@.])(?:/\S*)?")
_FOREIGN = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f\u1e00-\u1eff]")  # letters of other scripts than Latin
# What stands in all that the slower patterns find, and begins with a sign or digit: so it takes no time on prose.
_HINTS = tuple(map(re.compile, (r"@", r"://", r"\.(?<=[a-zA-Z0-9]\.)[a-zA-Z]{2}", r"\d[\d ()./-]{6}")))
_IN_PHONE = re.compile(r"\d[\d ()./-]{4}")
_IN_MIXED = re.compile(r"\d(?:(?<=[a-z]\d)|(?=[a-z]))", re.IGNORECASE)
_MESSENGERS = frozenset("whatsapp app telegram viber wechat weixin skype icq kakaotalk zalo line zap wa qq".split())  # noqa: SIM905
_BEYOND = re.compile("телеграм|вайбер|ватсап|واتس|تليجرام|微信|加薇|텔레그램|카톡|ไลน์|[ſİ]", re.IGNORECASE)


@functools.lru_cache(maxsize=1 << 14)
def appeal_of(word: str) -> str:
    """What a lower-case word does in an offer: 'act', 'gain', 'soon', 'you', 'we', or ''."""
    found = _EXACT.get(word)
    if found:
        return found
    for length in _LENGTHS:
        if length > len(word):
            break
        found = _PREFIX.get(word[:length])
        if found:
            return found
    return ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a block, and what it says by itself."""

    start: int
    end: int  # with the blanks after it
    text: str
    words: tuple[str, ...]  # in lower case; of scripts without blanks pairs of letters
    own: tuple[float, ...]  # what can be said without the page
    hosts: tuple[str, ...]


OWN = (
    "words", "urls", "odd", "short", "bare", "phones", "intl", "mails", "free mails", "handles", "messenger", "mixed",
    "long mixed", "act", "gain", "soon", "you", "we", "money", "exclaimed", "asked", "marks", "quotes", "titled",
    "capitals", "digits", "commas", "ended", "begun", "mean length",
)  # fmt: skip


@remembered
def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a block, described."""
    out = []
    position = 0
    for match in [*STOP.finditer(text), None]:
        end = match.end() if match else len(text)
        if text[position:end].strip():
            out.append(_sentence(text, position, end))
        position = end
    return tuple(out)


def _pairs(word: str) -> list[str]:
    return [word[k : k + 2] for k in range(len(word) - 1)] or [word]


def _sentence(text: str, start: int, end: int) -> Sentence:
    piece = text[start:end].strip()
    mails = _MAIL.findall(piece)
    rest = _MAIL.sub(" ", piece) if mails else piece
    urls = shapes.addresses(rest) if "." in rest else []
    bare = sum("://" not in url for url in urls)
    lowers = list(filter(_is_address, urls))
    plain = shapes.URL.sub(" ", rest) if urls else rest
    digits = bool(_DIGIT.search(plain))
    phones = _PHONE.findall(plain) if digits and _IN_PHONE.search(plain) else []
    every = _WORD.findall(plain)
    lower = [word.lower() for word in every]
    kinds = Counter(map(appeal_of, lower))
    words: list[str] = _LETTERS.findall(plain.lower())
    if trades.is_dense(piece):
        for m in _FIND_INSIDE.findall(piece):
            kinds[_INSIDE[m]] += 1
        words = list(_cut(words))
    mixed = [m for m in _MIXED.findall(plain) if _TURNS.search(m)] if digits and _IN_MIXED.search(plain) else []
    letters = [word for word in every if not word.isdigit()]
    n = max(1, len(letters))
    own = (
        float(len(words)),
        float(len(lowers)),
        max(map(oddness, lowers), default=0.0),
        float(bool(_SHORT.search(rest))) if urls else 0.0,
        float(bare),
        float(len(phones)),
        float("+" in plain and any(p.startswith("+") for p in phones)),
        float(len(mails)),
        float(any(_FREE_MAIL.search(mail) for mail in mails)),
        float(len(_HANDLE.findall(rest))) if "@" in rest or ".me" in rest else 0.0,
        float(_names_messenger(plain, words)),
        float(len(mixed)),
        float(any(len(m) >= 20 for m in mixed)),
        *(float(kinds[kind]) for kind in KINDS),
        float(len(_MONEY.findall(plain))) if digits or "$" in plain else 0.0,
        float(plain.count("!") + plain.count("！")),
        float(plain.count("?") + plain.count("？")),
        float(len(_MARKS.findall(plain))),
        float(len(_QUOTE.findall(plain))),
        sum(word[0].isupper() for word in letters[1:]) / n,
        sum(len(word) > 2 and word.isupper() for word in letters) / n,
        sum(map(bool, map(_DIGIT.search, every))) / max(1, len(every)) if digits else 0.0,
        (plain.count(",") + plain.count("，") + plain.count("、") + plain.count("،")) / max(1, len(words)),
        float(bool(shapes.ENDED.search(piece))),
        float(piece[:1].isupper() or not piece[:1].isalpha()),
        sum(map(len, letters)) / n,
    )
    return Sentence(start, end, piece, tuple(words), own, tuple(host_of(url) for url in lowers))


def _names_messenger(text: str, words: Iterable[str]) -> bool:
    """`words`: the text's own, of which one is asked for first, since the pattern is slow."""
    some = not _MESSENGERS.isdisjoint(words) or (not text.isascii() and bool(_BEYOND.search(text)))
    return some and bool(_MESSENGER.search(text))


_AT = {name: k for k, name in enumerate(OWN)}
_CONTACTS = [_AT[name] for name in ("urls", "phones", "mails", "handles", "mixed")]
_APPEAL = [_AT[name] for name in _PULLS]
_LOUD = [_AT[name] for name in ("money", "exclaimed", "marks")]


def contacts(sentence: Sentence) -> float:
    """How many contacts a sentence gives."""
    return sum(sentence.own[k] for k in _CONTACTS)


def appeals(sentence: Sentence) -> float:
    """How many words of appeal a sentence has."""
    return sum(sentence.own[k] for k in _APPEAL)


def pulls(sentence: Sentence) -> bool:
    """Whether a sentence gives a contact, or appeals to its reader three times: with words, sums, signs."""
    return contacts(sentence) > 0 or appeals(sentence) + sum(sentence.own[k] > 0 for k in _LOUD) > 2


def hints(text: str) -> Iterator[int]:
    """Where something begins that may be a contact."""
    return (match.start() for pattern in _HINTS for match in pattern.finditer(text))


def _hinted(text: str) -> bool:
    return any(pattern.search(text) for pattern in _HINTS)


def says(token: str) -> int:
    """1 for a word of appeal, 2 for what is no word of any language, which may be a contact."""
    if token.isalpha():
        return int(appeal_of(token) in _PULLS)
    if len(token) >= 7 and _MIXED.fullmatch(token):
        return 2
    return int(any(appeal_of(word) in _PULLS for word in _LETTERS.findall(token)))


@remembered
def offering(text: str) -> bool:
    """Whether a block gives a contact, or a sentence of it pulls at its reader."""
    if shapes.weight(text) < SHORTEST or shapes.only_addresses(text):
        return False
    if _gives_contact(text):
        return True
    if trades.is_dense(text):
        return any(map(pulls, sentences(text)))
    if not _pulls(text):  # no sentence does where all together do not
        return False
    found = sum(appeal_of(word) in _PULLS for word in words_of(text))
    if found < 2 or (found < 3 and not _NUMBER_OR_MARK.search(text)):
        return False
    return any(map(_pulls, STOP.split(text)))


def _pulls(sentence: str) -> bool:
    """What `pulls` says of a sentence without contacts, at less cost."""
    found = sum(appeal_of(word) in _PULLS for word in _WORD.findall(sentence.lower()))
    if 0 < found < 3:
        priced = ("$" in sentence or bool(_DIGIT.search(sentence))) and bool(_MONEY.search(sentence))
        found += priced + ("!" in sentence or "！" in sentence) + bool(_MARKS.search(sentence))
    return found > 2


def _gives_contact(text: str) -> bool:
    if _hinted(text):
        if "@" in text and (_MAIL.search(text) or _HANDLE.search(text)):
            return True
        if "." in text and any(map(_is_address, shapes.addresses(text))):
            return True
        if _IN_PHONE.search(text) and _PHONE.search(text):
            return True
    return bool(_IN_MIXED.search(text)) and bool(_MIXED.search(text))


def _is_address(url: str) -> bool:
    """Whether what looks like an address is one: a bare name counts where it is all in lower case."""
    return "://" in url or "www." in url.lower() or bool(_BARE.fullmatch(url.rstrip("/.,")))


def _cut(words: Iterable[str]) -> Iterator[str]:
    """Words, and of scripts without blanks their pairs of letters."""
    return chain.from_iterable(_pairs(word) if trades.is_dense(word) else (word,) for word in words)


@functools.cache
def _is_foreign() -> NDArray[np.bool_]:
    """Of every character of the basic plane: whether it is a letter of another script than Latin."""
    return np.fromiter((bool(_FOREIGN.match(chr(code))) for code in range(0x10000)), np.bool_)


def _foreign(texts: Sequence[str]) -> list[int]:
    """How many letters of other scripts than Latin each block has."""
    return [0 if text.isascii() else _foreigners(text) for text in texts]


@remembered
def _foreigners(text: str) -> int:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if int(codes.max()) > 0xFFFF:
        return len(_FOREIGN.findall(text))
    return int(np.count_nonzero(_is_foreign()[codes]))


class Surroundings:
    """What a page says of the sentences in one of its blocks."""

    def __init__(
        self,
        texts: Sequence[str],
        prose: Sequence[int],
        used: Counter[str],
        often: Mapping[str, int],
        whole: str,
    ) -> None:
        """`used`, `often`: in how many blocks, and blocks of `prose`, each word stands; `whole`: all in lower case."""
        self._texts = texts
        self._dense = trades.is_dense("".join(used)) if used else False
        if self._dense:
            cut = [frozenset(_cut(words_of(text))) for text in texts]
            used, often = Counter(chain.from_iterable(cut)), Counter(chain.from_iterable(cut[i] for i in prose))
        self._used = used
        self._joined = whole
        n = len(texts)
        self._prose = len(prose)
        least = max(2, len(prose) / 3)
        self._small = frozenset(word for word, count in often.items() if count >= least)
        self._foreign = _foreign(texts)
        self._foreigns, self._size = sum(self._foreign), sum(map(len, texts))
        linking = ("@" in t or "://" in t or ("www." in t and bool(_hinted(t))) for t in texts)
        self._offering = sum(linking) / n
        self._n = n

    def features(self, i: int, live: Callable[[str], bool]) -> Floats:
        """A row for each sentence of block `i`. `live`: whether a word is of a trade the page is not about."""
        found = sentences(self._texts[i])
        mine = words_of(self._texts[i])
        mine = frozenset(_cut(mine)) if self._dense else mine
        strange = disguise.strange_letters(self._texts[i], self._joined)
        every = [*map(contacts, found)], [*map(appeals, found)]
        rows = [self._row(i, k, found, mine, strange, every, live) for k in range(len(found))]
        x = np.array(rows, np.float32)
        pad = np.zeros((1, len(BESIDE)), np.float32)
        near = x[:, _BESIDE]
        return np.concatenate([x, np.concatenate([pad, near[:-1]]), np.concatenate([near[1:], pad])], axis=1)

    def _row(
        self,
        i: int,
        k: int,
        found: Sequence[Sentence],
        mine: frozenset[str],
        strange: frozenset[str],
        every: tuple[Sequence[float], Sequence[float]],
        live: Callable[[str], bool],
    ) -> list[float]:
        sentence = found[k]
        words = sentence.words
        n = max(1, len(words))
        distinct = set(words)
        shared = {word for word in distinct if self._used.get(word, 0) - (word in mine) > 0}
        long = {word for word in distinct if len(word) > 4 or self._dense}
        known = len(long & shared)
        content = long - self._small
        topical = len(content & shared)
        traded = sum(map(live, distinct))
        hosts = [label for host in sentence.hosts if len(label := label_of(host)) > 3]
        hosted = sum(self._joined.count(label) > 1 for label in hosts)
        size = len(sentence.text)
        foreign = 0 if sentence.text.isascii() else _foreigners(sentence.text)
        elsewhere = (self._foreigns - self._foreign[i] + 1) / (self._size - len(self._texts[i]) + 2)
        return [
            *sentence.own,
            every[0][k],
            every[1][k],
            sum(word in shared for word in words) / n,
            sum(word in self._small for word in words) / n,
            known / max(1, len(long)),
            float(known),
            topical / max(1, len(content)),
            float(topical),
            float(hosted),
            float(len(hosts) - hosted),
            foreign / size - elsewhere,
            sum(c in strange for c in sentence.text.lower()) / size if strange else 0.0,
            traded / n,
            float(traded),
            float(len(found)),
            float(k == len(found) - 1),
            float(len(found) - 1 - k),
            float(i) / self._n,
            float(self._n),
            float(self._prose),
            float(len(self._small)),
            float(np.log1p(len(self._used))),
            self._offering,
            float(i >= self._n - 2),
            sum(every[0]),
            sum(every[1]),
        ]


PLACED = (
    "contacts", "appeals", "shared", "small", "known", "knowns", "topical", "topicals", "hosted", "unhosted",
    "foreign", "strange", "traded", "trades", "of block", "last", "from end", "place", "blocks", "prose",
    "smalls", "vocabulary", "offering", "at end", "block contacts", "block appeals",
)  # fmt: skip
BESIDE = ("words", "contacts", "appeals", "shared", "small", "topical", "ended", "foreign", "trades")
_BESIDE = [(OWN + PLACED).index(name) for name in BESIDE]
NAMES = (*OWN, *PLACED, *(f"{name} before" for name in BESIDE), *(f"{name} after" for name in BESIDE))
