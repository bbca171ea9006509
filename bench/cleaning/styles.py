"""Further styles of spam for `bench.cleaning.junk`, far from each other in trade, language, wording and contact. Pure.

Each is made from parts by the generator that is handed in. They are here for their variety: what is fitted to
some of them is judged by the others.
"""

# ruff: noqa: E501  (each text as it would stand)
from __future__ import annotations

import random
from collections.abc import Callable

Style = Callable[[random.Random], str]

_NAMES = ["ahmed", "bella", "carlos", "dimitri", "emeka", "fatima", "grace", "henry", "irina", "joseph", "kofi", "lena"]
_MAIL = ["gmail.com", "outlook.com", "yahoo.com", "protonmail.com", "mail.ru", "hotmail.com", "aol.com", "gmx.de"]
_TOWNS = ["Austin", "Leeds", "Perth", "Tampa", "Toronto", "Dublin", "Durban", "Reno", "Cardiff", "Boise"]
_WORDS = ["swift", "blue", "prime", "north", "smart", "green", "bright", "solid", "urban", "clear", "pure", "first"]
_THINGS = ["desk", "point", "works", "line", "zone", "path", "base", "craft", "port", "mart", "hub", "land"]
_ENDINGS = ["com", "net", "org", "co", "io", "info", "biz", "in", "co.uk", "com.br", "ru", "shop"]


def _mail(r: random.Random) -> str:
    return f"{r.choice(_NAMES)}{r.choice(['.', '', '_'])}{r.choice(_WORDS)}{r.choice(['', '7', '24', '1980'])}@{r.choice(_MAIL)}"


def _host(r: random.Random) -> str:
    return f"{r.choice(['', 'www.'])}{r.choice(_WORDS)}{r.choice(['', '-'])}{r.choice(_THINGS)}.{r.choice(_ENDINGS)}"


def _phone(r: random.Random) -> str:
    a, b, c = r.randrange(200, 999), r.randrange(100, 999), r.randrange(1000, 9999)
    return r.choice(
        [
            f"+{r.randrange(1, 99)} {a} {b} {c}",
            f"({a}) {b}-{c}",
            f"{a}-{b}-{c}",
            f"0{a} {b}{c}",
            f"1-8{a % 90 + 10}-{b}-{c}",
        ]
    )


def _short(r: random.Random) -> str:
    code = "".join(r.choices("abcdefghkmnpqrstuvwxyzABCDEFGH23456789", k=7))
    return (
        r.choice(["https://bit.ly/", "https://tinyurl.com/", "https://t.ly/", "https://cutt.ly/", "https://is.gd/"])
        + code
    )


def _handle(r: random.Random) -> str:
    return f"{r.choice(_NAMES)}_{r.choice(_WORDS)}{r.choice(['', '01', '99'])}"


def spells(r: random.Random) -> str:
    return r.choice(
        [
            f"My husband left me for another woman until I met a powerful spell caster who brought him back within 48 hours. Contact him on {_mail(r)} or WhatsApp {_phone(r)}.",
            f"I was cured of herpes with herbal medicine from Doctor {r.choice(_NAMES).title()}, he also helps with lost love. Email: {_mail(r)}",
            f"Do you want your ex back? Are you looking for a spiritual healer that is real and genuine? Reach Priest {r.choice(_NAMES).title()} today via {_mail(r)}",
        ]
    )


def documents(r: random.Random) -> str:
    return r.choice(
        [
            f"Buy registered passports, driver's license, ID cards, visas and IELTS certificates without exam. Text us on {_phone(r)} or visit {_host(r)}",
            f"We produce real and fake documents for all countries, database registered and undetectable: {_mail(r)}",
            f"Get your diploma or degree in 5 days, no attendance required! Telegram @{_handle(r)}",
        ]
    )


def slimming(r: random.Random) -> str:
    return r.choice(
        [
            f"Lose {r.randrange(8, 30)} pounds in three weeks without dieting! Doctors hate this one weird trick, see how at {_host(r)}",
            f"Belly fat melts overnight with this natural tea. Only ${r.randrange(19, 60)} today, free shipping, order here: {_short(r)}",
            f"Hair growing back at 60? This serum sold out twice. Click {_short(r)} before it is gone",
        ]
    )


def alarms(r: random.Random) -> str:
    return r.choice(
        [
            f"Your account has been temporarily limited. Please verify your identity within 24 hours at http://{r.choice(_WORDS)}-secure-login.{r.choice(_ENDINGS)}/verify",
            f"We could not deliver your parcel. Pay the customs fee of 1.99 to release it: {_short(r)}",
            f"Security alert: unusual sign-in detected on your wallet. Confirm your recovery phrase now at https://{_host(r)}/restore",
            f"You have (1) unread voice message. Listen to it here {_short(r)}",
        ]
    )


def films(r: random.Random) -> str:
    film = r.choice(["Dune Part Two", "Barbie", "Jawan", "John Wick 4", "Inside Out 2", "Oppenheimer"])
    return r.choice(
        [
            f"Watch {film} 2024 full movie HD 1080p online free no sign up 123movies putlocker",
            f"DOWNLOAD {film.upper()} FULL MOVIE IN HINDI 480P 720P 1080P FILMYZILLA TAMILROCKERS",
            f"{film} streaming ita gratis altadefinizione, {film} vostfr streaming complet {_host(r)}",
        ]
    )


def ranking(r: random.Random) -> str:
    return r.choice(
        [
            f"We offer guest posts on 5,000+ high authority websites, dofollow, permanent. Ask for our price list: {_mail(r)}",
            f"Get your website on the first page of Google in 30 days, guaranteed or your money back. Visit {_host(r)}",
            f"Increase your domain rating to 50+ with our manual link building packages starting at $49, {_host(r)}",
        ]
    )


def homework_income(r: random.Random) -> str:
    return r.choice(
        [
            f"I earn ${r.randrange(3, 20) * 500} a week working from my couch, no experience needed, just follow this link {_short(r)}",
            f"Make money online today! Part-time job, {r.randrange(100, 600)} USD daily, paid instantly. Add me on Telegram: t.me/{_handle(r)}",
            f"My friend's mother makes $78 an hour on the laptop. She has been out of a job for 8 months but last month her check was $18,420. Read more here {_short(r)}",
        ]
    )


def outlets(r: random.Random) -> str:
    return r.choice(
        [
            "cheap jordans for sale, louis vuitton outlet store online, michael kors handbags clearance, ray ban sunglasses 90% off",
            f"Nike Air Max 70% OFF Free Shipping Worldwide {_host(r)}",
            f"Moncler Outlet Canada Goose Jackets Pandora Charms UGG Boots Sale {_host(r)}",
        ]
    )


def credit_de(r: random.Random) -> str:
    return r.choice(
        [
            f"Brauchen Sie dringend Geld? Wir vergeben Darlehen von 5.000 bis 500.000 Euro ohne Schufa, auch bei schlechter Bonität. Schreiben Sie uns: {_mail(r)}",
            f"Privatkredit in 48 Stunden zu 2 % Zinsen, seriös und schnell. Kontakt: {_mail(r)} oder WhatsApp {_phone(r)}",
            f"Geld verdienen von zu Hause, bis zu 3.500 Euro im Monat, jetzt kostenlos anmelden auf {_host(r)}",
        ]
    )


def plumbers_es(r: random.Random) -> str:
    return r.choice(
        [
            f"Fontaneros urgentes 24 horas en Madrid, presupuesto sin compromiso. Llame ahora al {_phone(r)}",
            f"Cerrajeros baratos en Valencia, apertura de puertas desde 49 €, servicio rápido y garantizado, {_host(r)}",
            f"Amarres de amor efectivos en 24 horas, recupera a tu pareja, consulta gratis con la maestra {r.choice(_NAMES).title()}, WhatsApp {_phone(r)}",
        ]
    )


def locksmiths(r: random.Random) -> str:
    town = r.choice(_TOWNS)
    return r.choice(
        [
            f"Emergency locksmith in {town} - fast, affordable, 24/7. Call {_phone(r)} now",
            f"Looking for the best roof repair company in {town}? Call {_phone(r)} for a free estimate!",
            f"{town} Carpet Cleaning | Air Duct Cleaning | Same Day Service | {_phone(r)}",
        ]
    )


def earnings_ru(r: random.Random) -> str:
    return r.choice(
        [
            f"Заработок от {r.randrange(3, 9)}000 рублей в день без вложений, обучение бесплатно, пишите в телеграм @{_handle(r)}",
            f"Ремонт стиральных машин на дому, выезд мастера в день обращения, гарантия. Звоните {_phone(r)}",
            f"Продвижение сайтов в топ, накрутка отзывов, низкие цены. Подробности на {_host(r)}",
            f"Купить диплом о высшем образовании с занесением в реестр, доставка по России, {_host(r)}",
        ]
    )


def praise(r: random.Random) -> str:
    return r.choice(
        [
            f"Great post, thanks for sharing! I really like your blog, feel free to visit my web page - {_host(r)}",
            f"Hello there, I found your website by means of Google while looking for a comparable topic. Also check out my site {_host(r)}",
            f"Hi, yup this article is truly nice and I have learned lot of things from it about blogging. My homepage: https://{_host(r)}/",
        ]
    )


def followers_tr(r: random.Random) -> str:
    return r.choice(
        [
            f"Instagram takipçi satın al, ucuz ve güvenilir, anında teslimat, {_host(r)}",
            f"Jasa tambah followers Instagram murah dan aman, proses cepat, hubungi WA {_phone(r)}",
            f"İstanbul evden eve nakliyat, uygun fiyat, sigortalı taşıma, hemen arayın {_phone(r)}",
        ]
    )


def inheritance(r: random.Random) -> str:
    return r.choice(
        [
            f"I am Mrs {r.choice(_NAMES).title()} Williams, a widow suffering from a long illness, and I want to donate my late husband's fund of $10.5 million to you. Kindly reply to {_mail(r)} for more details.",
            f"Dear beneficiary, your overdue payment has been approved by the World Bank. Send your full name, address and telephone number to {_mail(r)} to receive it.",
            f"I am a banker with a confidential proposal that will benefit both of us. Get back to me through my private email {_mail(r)}.",
        ]
    )


def apps(r: random.Random) -> str:
    app = r.choice(["GTA San Andreas", "Minecraft", "Subway Surfers", "FL Studio", "Photoshop", "Spotify Premium"])
    return r.choice(
        [
            f"{app} unlimited coins hack v{r.randrange(2, 9)}.{r.randrange(20)} unlocked latest version for android >>> {_short(r)}",
            f"{app} crack serial key full version download 64 bit {_host(r)}",
            f"🔥🔥 {app} generator no survey no human verification 2024 👉 {_short(r)} 👈",
        ]
    )


def licences(r: random.Random) -> str:
    return r.choice(
        [
            f"Windows 11 Pro key only ${r.randrange(7, 20)}.99, Office 2021 lifetime, delivery by mail in 5 minutes at {_host(r)}",
            f"Get NordVPN 3 years for $2.99/mo + 4 months free → {_short(r)}",
            f"Cheap web hosting 80% off, free domain and SSL, use coupon SAVE{r.randrange(20, 90)} at checkout on {_host(r)}",
        ]
    )


def shares(r: random.Random) -> str:
    return r.choice(
        [
            f"This penny stock is about to explode 900%! Join our VIP group before Monday: t.me/{_handle(r)}",
            f"I invested $500 with Mrs {r.choice(_NAMES).title()} and got $6,200 after one week, I am so grateful. You can write her on {_mail(r)}",
            f"Guaranteed returns of 15% per month, withdraw any time, our AI robot trades for you. Sign up at {_host(r)}",
        ]
    )


def hotlines(r: random.Random) -> str:
    brand = r.choice(["QuickBooks", "Norton", "HP printer", "Cash App", "Delta Airlines", "Coinbase", "Epson"])
    return r.choice(
        [
            f"{brand} customer service number {_phone(r)} {brand} support phone number toll free",
            f"Dial {_phone(r)} to fix {brand} error code 0x80070057, our technicians are available round the clock.",
            f"How do I speak to a live person at {brand}? Just call {_phone(r)}.",
        ]
    )


def vashikaran(r: random.Random) -> str:
    return r.choice(
        [
            f"वशीकरण विशेषज्ञ बाबा जी, प्रेम समस्या का समाधान 24 घंटे में, अभी कॉल करें {_phone(r)}",
            f"Famous astrologer in India love marriage specialist vashikaran mantra black magic removal {_phone(r)}",
            f"घर बैठे पैसे कमाएं, रोज़ाना 2000 रुपये, अभी जुड़ें {_short(r)}",
        ]
    )


def certificates_zh(r: random.Random) -> str:
    weixin = r.choice(_WORDS) + str(r.randrange(10000, 999999))
    return r.choice(
        [
            f"专业办理各国大学毕业证成绩单学历认证，加微信：{weixin}",
            f"代开发票，全国各地，保真可验，电话：13{r.randrange(100000000, 999999999)}",
            f"兼职刷单日结300元，手机即可操作，QQ：{r.randrange(10000000, 999999999)}",
            f"高仿包包手表厂家直销，一件代发，诚招代理 微信 {weixin}",
        ]
    )


def removals_ar(r: random.Random) -> str:
    phone = f"05{r.randrange(10000000, 99999999)}"
    return r.choice(
        [
            f"شركة نقل عفش بالرياض مع الفك والتركيب بأرخص الأسعار اتصل الآن {phone}",
            f"تسديد قروض واستخراج قرض جديد بدون كفيل، للتواصل واتساب {phone}",
            f"شركة مكافحة حشرات وتنظيف منازل بجدة خصم 30% زوروا موقعنا {_host(r)}",
        ]
    )


def copies_ja(r: random.Random) -> str:
    return r.choice(
        [
            f"スーパーコピー時計 N級品 激安通販専門店 送料無料 {_host(r)}",
            f"副業で月収50万円、スマホだけで簡単に稼げます。LINE登録はこちら {_short(r)}",
            f"ブランド財布 偽物 通販 代引き対応 https://{_host(r)}/",
        ]
    )


def journeys(r: random.Random) -> str:
    return r.choice(
        [
            f"Cheap flights to Cancun from $99! Book your all-inclusive holiday today at {_host(r)}",
            f"Dubai desert safari with BBQ dinner, hotel pickup included, best price guaranteed, book on {_phone(r)}",
            f"Umrah packages 2024 from £595 with 5 star hotels, limited seats. Call {_phone(r)}",
        ]
    )


def flats(r: random.Random) -> str:
    return r.choice(
        [
            f"2, 3 & 4 BHK luxury apartments in Sector {r.randrange(50, 160)} Noida, ready to move, starting 85 lakh, site visit {_phone(r)}",
            f"We buy houses for cash in {r.choice(_TOWNS)}, any condition, no fees. Get your offer at {_host(r)}",
            f"Office space for rent, fully furnished, contact agent {r.choice(_NAMES).title()} {_phone(r)}",
        ]
    )


def money_pt(r: random.Random) -> str:
    return r.choice(
        [
            f"Ganhe R$ 300 por dia trabalhando em casa, chama no zap {_phone(r)}",
            f"Empréstimo na hora para negativados, sem consulta, simule grátis em {_host(r)}",
            f"Compre seguidores reais a partir de R$ 9,90, entrega imediata: {_host(r)}",
        ]
    )


def healers_fr(r: random.Random) -> str:
    return r.choice(
        [
            f"Voyant marabout sérieux et compétent, retour affectif rapide et définitif en 3 jours, contactez-le au {_phone(r)}",
            f"Offre de prêt entre particuliers de 2.000 à 800.000 € au taux de 2 %, réponse en 24h, écrivez à {_mail(r)}",
            f"Obtenez votre permis de conduire sans passer l'examen, livraison discrète, {_mail(r)}",
        ]
    )


def singles(r: random.Random) -> str:
    return r.choice(
        [
            f"Meet lonely singles in your area tonight, sign up for free at {_host(r)}",
            f"Hi dear, I am {r.choice(_NAMES).title()}, 24, looking for a serious man. See my photos here {_short(r)}",
            f"Ukrainian brides seeking marriage, chat now, no credit card required {_host(r)}",
        ]
    )


def noise(r: random.Random) -> str:
    def word() -> str:
        return "".join(r.choices("abcdefghijklmnopqrstuvwxyz", k=r.randrange(4, 11)))

    return r.choice(
        [
            f"{word()} {word()} <{_host(r)}> {word()} {word()}",
            " ".join(f"{word()}.{r.choice(_ENDINGS)}" for _ in range(4)),
            f"{word()}{r.randrange(99)} {_short(r)} {word()}{r.randrange(999)} {_short(r)}",
        ]
    )


def machines(r: random.Random) -> str:
    return r.choice(
        [
            f"We are a leading manufacturer of stainless steel valves, CNC machining parts and packaging machines in China. OEM accepted, send inquiry to {_mail(r)}",
            f"LED strip light factory wholesale price MOQ 100 pcs {_host(r)}",
            f"Производитель полиэтиленовой плёнки, оптом от завода, доставка, {_host(r)}, {_mail(r)}",
        ]
    )


STYLES: dict[str, Style] = {
    "spells": spells, "documents": documents, "slimming": slimming, "alarms": alarms, "films": films,
    "ranking": ranking, "income": homework_income, "outlets": outlets, "credit de": credit_de,
    "plumbers es": plumbers_es, "locksmiths": locksmiths, "earnings ru": earnings_ru, "praise": praise,
    "followers tr": followers_tr, "inheritance": inheritance, "apps": apps, "licences": licences, "shares": shares,
    "hotlines": hotlines, "vashikaran": vashikaran, "certificates zh": certificates_zh, "removals ar": removals_ar,
    "copies ja": copies_ja, "journeys": journeys, "flats": flats, "money pt": money_pt, "healers fr": healers_fr,
    "singles": singles, "noise": noise, "machines": machines,
}  # fmt: skip
HELD_BACK = ("inheritance", "removals ar")  # nothing in the cleaner was tried against these
