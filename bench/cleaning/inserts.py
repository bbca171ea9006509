"""Made pieces of text that do not belong to an article: what the block model is taught an intruder looks like.

Each kind is a small grammar, filled anew for every piece: link, contact and keyword spam, paid plugs, fake notices
and off-topic advertising prose, in many trades, languages and registers. It reads and writes nothing; where a piece
is put into a page is the business of the training. Names and hosts are made from syllables; telephone numbers
are from the ranges reserved for fiction, or from ranges not given out, in the countries that have them.

A grammar is plain text with these marks:

    {a|b|c}           one of them; they may nest, and an empty one is allowed
    {2-4; / ;a|b|c}   two to four different ones, in any order, joined by ` / `
    <40-900>          a whole number; <40-900/10> in steps of ten
    <host>, <mail:x>  something made by the function of that name, see `_MADE`
    ¤                 a digit
    ¶                 the next block

Not here, because `bench.cleaning.junk` holds them back as unknown styles: pornography, and crypto coins to be doubled.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_SYLLABLES = (
    "ba", "be", "bri", "bo", "ca", "cel", "cor", "da", "del", "dri", "dun", "e", "fa", "fen", "fi", "gar", "gla",
    "go", "ha", "hel", "i", "jo", "ka", "kel", "kri", "la", "lem", "lo", "ma", "mer", "mi", "mon", "na", "nel", "no",
    "o", "pa", "per", "pli", "qua", "ra", "rel", "ri", "ro", "sa", "sel", "sti", "sol", "ta", "tel", "tri", "tu", "u",
    "va", "ver", "vi", "vo", "wa", "wen", "xa", "yo", "za", "zel", "zo",
)  # fmt: skip
_TOWN_ENDS = ("ton", "ford", "bury", "ville", "field", "port", "haven", "bridge", "burg", "mouth", "stead", " Park")
_CITIES = (
    "London", "Leeds", "Glasgow", "Bristol", "Dublin", "Austin", "Denver", "Phoenix", "Toronto", "Perth", "Brisbane",
    "Auckland", "Dubai", "Mumbai", "Pune", "Lagos", "Nairobi", "Cape Town", "Singapore", "Manila", "Orlando", "Tampa",
)  # fmt: skip
_ENDINGS = ("com", "com", "com", "co.uk", "net", "org", "co", "io", "com.au", "ca", "in", "eu", "us")
_ODD_ENDINGS = ("xyz", "top", "icu", "buzz", "shop", "site", "click", "online", "live", "store", "fun", "lol", "cc")
_FIRMS = ("", " & Sons", " Ltd", " Group", " Services", " Solutions", " Co.", " Studio", " International", " Direct")
_HEX, _BASE58 = "0123456789abcdef", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _word(r: random.Random, least: int = 2, most: int = 3) -> str:
    return "".join(r.choices(_SYLLABLES, k=r.randint(least, most)))


def _name(r: random.Random, _: str) -> str:
    return _word(r).capitalize()


def _person(r: random.Random, _: str) -> str:
    given = r.choice(("Ada", "Ben", "Carol", "Dave", "Ellen", "Frank", "Grace", "Hal", "Ivy", "Joan", "Kofi", "Lena"))
    return f"{given} {_word(r).capitalize()}" if r.random() < 0.7 else f"{given} {r.choice('ABCDEFGHKLMPRSTW')}."


def _town(r: random.Random, _: str) -> str:
    return r.choice(_CITIES) if r.random() < 0.5 else _word(r, 1, 2).capitalize() + r.choice(_TOWN_ENDS)


def _firm(r: random.Random, _: str) -> str:
    return _word(r).capitalize() + r.choice(_FIRMS)


def _bare_host(r: random.Random, wish: str) -> str:
    """A host of syllables; `wish` is a word in it, an ending after a dot, or both."""
    word, _, ending = wish.partition(".")
    joint = r.choice(("", "-")) if word else ""
    made = _word(r) if word else _word(r, 3, 4)
    name = joint.join((made, word) if r.random() < 0.6 else (word, made))
    return f"{name}.{ending or r.choice(_ENDINGS)}"


def _host(r: random.Random, wish: str) -> str:
    return r.choice(("", "", "www.", "https://", "https://www.", "http://")) + _bare_host(r, wish)


def _url(r: random.Random, wish: str) -> str:
    path = "/".join(_word(r) for _ in range(r.randint(1, 2))) + r.choice(("", "/", ".html", ".php", f"?p={_word(r)}"))
    return f"{r.choice(('https://', 'http://', 'https://www.'))}{_bare_host(r, wish)}/{path}"


def _odd(r: random.Random, wish: str) -> str:
    parts = [_word(r, 1, 2), wish or _word(r, 1, 2), str(r.randint(2, 999))]
    r.shuffle(parts)
    return f"{r.choice(('', 'http://', 'm.', 'vip.'))}{r.choice(('', '-')).join(parts)}.{r.choice(_ODD_ENDINGS)}"


def _short(r: random.Random, _: str) -> str:
    code = "".join(r.choices(_BASE58, k=r.randint(5, 8)))
    return f"{r.choice(('', 'https://'))}{_word(r)}.{r.choice(('ly', 'gl', 'to', 'link', 'gy', 'pe'))}/{code}"


def _mail(r: random.Random, wish: str) -> str:
    who = wish or r.choice(("info", "sales", "contact", "office", "hello", "support", "admin"))
    return r.choice((f"{who}@{_bare_host(r, '')}", f"{who}{r.choice(('.', '_', ''))}{_word(r)}@{_word(r)}mail.com"))


def _handle(r: random.Random, wish: str) -> str:
    return f"@{_word(r)}{r.choice(('_', '', '.'))}{wish}{r.choice(('', str(r.randint(1, 999))))}"


def _wallet(r: random.Random, _: str) -> str:
    return "0x" + "".join(r.choices(_HEX, k=40)) if r.random() < 0.5 else "T" + "".join(r.choices(_BASE58, k=33))


def _code(r: random.Random, wish: str) -> str:
    return (wish or _word(r, 1, 2)).upper() + str(r.randint(5, 99))


_MADE: dict[str, Callable[[random.Random, str], str]] = {
    "name": _name, "person": _person, "town": _town, "firm": _firm, "host": _host, "url": _url, "odd": _odd,
    "short": _short, "mail": _mail, "handle": _handle, "wallet": _wallet, "code": _code,
}  # fmt: skip

# Telephone numbers of many countries, by `<us>`, `<uk>` and so on.
_PHONES = {
    "us": "{({202|303|415|617|713|813})|1-{202|303|415|713}|+1 {312|404|503}} 555-01¤¤",
    "uk": "{07700 900¤¤¤|+44 7700 900¤¤¤|020 7946 0¤¤¤|0161 496 0¤¤¤|0117 496 0¤¤¤}",
    "au": "{0491 570 ¤¤¤|+61 491 570 ¤¤¤|(03) 5550 ¤¤¤¤|(02) 7010 ¤¤¤¤}",
    "fr": "{01 99 00 ¤¤ ¤¤|06 39 98 ¤¤ ¤¤|04 65 71 ¤¤ ¤¤}", "de": "{030 23125 ¤¤¤|0171 39200¤¤|040 66969 ¤¤¤}",
    "in": "+91 1¤¤¤¤ ¤¤¤¤¤", "ng": "+234 600 ¤¤¤ ¤¤¤¤", "ae": "+971 51 ¤¤¤ ¤¤¤¤", "ke": "+254 000 ¤¤¤ ¤¤¤",
    "cn": "{120¤¤¤¤¤¤¤¤|+86 120 ¤¤¤¤ ¤¤¤¤}", "ru": "{+7 (000) ¤¤¤-¤¤-¤¤|8 (000) ¤¤¤ ¤¤ ¤¤|8-000-¤¤¤-¤¤-¤¤}",
    "tr": "{0 (599) ¤¤¤ ¤¤ ¤¤|0599 ¤¤¤ ¤¤ ¤¤}", "id": "{0800-0¤¤¤-¤¤¤¤|+62 800 0¤¤¤ ¤¤¤}", "vn": "040{ |.}¤¤¤{ |.}¤¤¤",
    "th": "070-000-¤¤¤¤", "kr": "010-0¤¤¤-¤¤¤¤", "jp": "{0900-¤¤-¤¤¤¤|0120-000-¤¤¤}", "sa": "{0500 00¤ ¤¤¤|٠٥٠٠٠٠¤¤¤¤}",
    "br": "(20) 9¤¤¤¤-¤¤¤¤", "es": "{+34 |}5¤¤ ¤¤ ¤¤ ¤¤", "pl": "{+48 |}10¤ ¤¤¤ ¤¤¤", "it": "{+39 |}300 00¤¤¤¤¤",
    "nl": "06-00¤¤¤¤¤¤",
}  # fmt: skip

_GRAMMARS: dict[str, str] = {
    # English: trades of the street, with a telephone.
    "locksmith": """
{Locked out|Lost your keys|Key snapped in the door|Lock jammed again}{ in <town>|}? {Our|A fully insured|A
vetted} locksmith {can be with you|arrives|is on your doorstep} in {under |}<15-60/5> minutes, {day or night|24/7|
bank holidays included}. {No call-out fee|Free quotes|Fixed prices from £<35-95>}, {uPVC doors|safes|car keys|
deadbolts} {opened without damage|a speciality}. {Ring|Call|Phone} {<firm> on |}<uk>{ or visit
<host:locks.co.uk>|}.""",
    "movers": """
{<firm> Removals|Man and van <town>|Moving house?|Office relocation experts}¶{3-6;¶;Packing service & boxes supplied|
Piano and antique moving|Storage from $<15-90> a week|Two men and a truck: $<70-180>/hr|Fully licensed + insured|Last
minute moves welcome|Interstate & overseas|House clearance, junk hauled away|Furniture dismantled,
reassembled} ¶{Free estimate:|Book a slot:|Text us:} {<au>|<us>|<uk>}""",
    "pests": """
{RATS|BED BUGS|TERMITES|COCKROACHES|WASPS|ANTS}{?| in your {attic|kitchen|walls}?| - DON'T WAIT!} {Guaranteed|Humane|
Chemical-free|Same-day} {extermination|removal|fumigation} {by certified technicians|that is safe for pets|with a
<30-365>-day warranty}. {1-2; ;Eggs and nests included.|Discreet unmarked vans.|Heat treatment available.|We also
seal entry holes.} {CALL|TEXT} <us> {NOW|TODAY FOR A FREE INSPECTION}""",
    "injury_lawyer": """
{HURT|INJURED|REAR-ENDED|BITTEN BY A DOG|SLIPPED AND FELL} {IN AN ACCIDENT|AT WORK|BY A TRUCK DRIVER|ON SOMEONE
ELSE'S PROPERTY}? {YOU MAY BE ENTITLED TO|OUR CLIENTS RECEIVED|DON'T SETTLE FOR LESS THAN} ${<50-900/50>,000|
<2-9> MILLION} {IN COMPENSATION|FOR PAIN AND LOST WAGES}! {No win, no fee|You pay nothing unless we win|Free case
review}. {The attorneys of|Trial lawyers at} <name>, <name> & <name>{, <town>|}: {1-800-555-01¤¤|<us>}. {Attorney
advertising.|Results not guaranteed.|}""",
    "airport_cars": """
{Airport transfer|Taxi|Minicab|Chauffeur|Limo hire} <town> {to|-} <town> {airport|cruise terminal|station}
{from £<19-140>|flat rate $<40-180>}, {meet and greet|free waiting time|child seats free|8 seater vans}, {pay the
driver in cash or card|no surge pricing}. {Book online|Reserve your ride|Instant quote} {<host:cars>|
<host:transfers>} {Tel <uk>|WhatsApp <ae>|}""",
    "phone_repair": """
{Cracked screen|Battery dying|Water damage|Charging port loose|Laptop will not boot}? {3-5; • ;screens from $<29-199>|
while-you-wait service|genuine quality parts|data recovery|unlocking all networks|<3-24> month guarantee|we buy
broken phones} • {<firm>, <2-480> {High|Market|King|Main|Station} Street, <town>|kiosk {2|7|14}, <name> Mall, next to
the {food court|cinema}} • <us>""",
    "solar_story": """
"{Our electricity bill|What we paid the power company} {went|dropped} from $<210-620> to {almost nothing|$<8-60>} {in
the first month|since the panels went up}," {says|writes} <person>{ of <town>|, a retired {teacher|nurse|
pilot}}. ¶{Homeowners|Families} {born before <1958-1985>|in your zip code|who own their roof} can now {get solar|have
panels fitted} {at zero upfront cost|through a little-known programme}. {It takes <2-5> minutes to see if you qualify|
Spots are limited each month}.{¶At first {he|she} thought it was a scam. A neighbour had waited <2-9> years for a
grant, and the salesmen who used to knock at the door wanted <8-30>,000 dollars. Then a {cousin|colleague} sent over
a short form, an engineer looked at a satellite picture of the house, and a crew came on a {Tuesday|
Friday}.|}¶{Ready?|Your turn:} {tap your age below|check your roof at <host:solar>}.""",
    # English: bodies, hopes and worries.
    "slimming_tea": """
I {was so embarrassed to wear|could not fit into|had given up on} {a swimsuit|my old jeans|my wedding dress} {until|
but then} my {sister|hairdresser|coworker} {told me about|gave me a bag of} <name> {Tea|Drops|Gummies|Keto}. {I lost|
Down} <9-60> pounds {in <3-12> weeks|before the holidays} {without any diet|and I still eat bread}!! {No jitters, no
gym.|My husband can't stop staring.|My doctor was speechless.} {Get yours|Claim a trial bottle} while stocks
last 👉 <short> {❤️|🔥|💪|}""",
    "hair_clinic": """
{Thousands of patients|More and more men|Visitors from <10-60> countries} {travel|fly} to {Istanbul|Antalya|Tijuana|
Budapest|Bangkok} each year for {a hair transplant|veneers and implants|rhinoplasty|gastric sleeve surgery},
and {<firm> Clinic|the surgeons at <name> Med} {offers|arrange} {an all-inclusive package|a stay} with {hotel|a
five-star hotel}, {VIP transfer|translator} and {lifetime aftercare|blood tests} {for only €<990-3900/10>|at a third
of the price at home}. {Send photos of your {scalp|teeth|profile}|Ask for a free consultation} {by WhatsApp <ae>|at
<mail:doctor>}.""",
    "hearing_trick": """
{Doctors|Audiologists|Neurologists|Cardiologists} {Stunned|Furious|Speechless}: {This|One} {Weird|Simple|30-Second|
Kitchen} {Trick|Habit|Spice|Ritual} {Ends Tinnitus|Melts Belly Fat|Reverses Neuropathy|Clears Toenail Fungus|Restores
Eyesight} {Overnight|In <3-21> Days|After 60}¶{Grandma|Navy Veteran|Harvard Dropout} {Discovers|Leaks} {Ancient|
Forbidden|Amish|Japanese} {Remedy|Recipe|Tonic} {Big Pharma Hates|Banned In <3-40> States} (Watch){¶Seniors: Throw
Out Your {Hearing Aid|Reading Glasses|Metformin} Tonight|}""",
    "spell_caster": """
{My name is|I am|Hello everyone, am} <person> {from <town>|and i want to testify}. My {husband|wife|fiance|lover}
{left me|broke up with me|abandoned me and the kids} {<2-7> months ago|for another woman} and {i was devastated|i
almost died of sorrow} until {i met|a friend introduce me to} {Dr|Prophet|Priest|Mama|Chief} <name>, {the great spell
caster|a powerful herbalist|whose spell brought back my ex} within {24|48|72} hours. {He also cure herpes, HIV and
infertility.|He can make you win lottery.|All thanks to him.}{¶I was doubting at first because i have been scammed by
<2-9> fake ones, but he only asked me to buy the items, and on the {second|third} day my phone rang and it was {him|
her}, crying and begging for forgiveness. Now we are {married|expecting a baby|living happily} and i promised to
share this to the whole world.|}¶{Contact him on|Reach him via} <mail:temple> {or WhatsApp <ng>|}""",
    "psychic": """
{Mercury is in retrograde|A full moon rises over your sign|The cards do not lie|Angel number <111-999/111> keeps
following you} and {your soulmate|an ex|an unexpected inheritance|an old debt} {is about to return|will knock on your
door}. {First <3-10> minutes free|Your personal natal chart is ready|Chat with {clairvoyant|medium|tarot
reader} <name>}: {type your birth date|scan your palm|draw three cards} at <host:oracle>. {For entertainment only,
18+.|}""",
    "life_cover": """
{If you are between|Seniors aged} <45-55> and <75-85>, {you could leave your family|a policy may pay} up
to £<5-25>,000 {towards funeral costs|for final expenses} {from just|for as little as} £<4-12> a month. {Acceptance
is guaranteed|There is no medical|No nosy health questions}, {and a free {pen|gift card|carriage clock} comes with
every quote|and premiums never rise}. {Terms apply. |}{<firm> is authorised and regulated.|Request a brochure from
<firm>.|}""",
    # English: money and work.
    "lender": """
{Dear sir/madam,|Attention please!|Good day,|Do you need an urgent loan?} {we|I am a private lender and i} {give out|
offer|grant} {all kinds of|genuine|personal, business and student} loans {at|with} <2-4>% interest rate, {from 5,000
to <5-90>,000,000 dollars|euro or pounds}, {no collateral|bad credit accepted|no upfront}. {Have you been turned down
by your bank?|Are you in debt?} {Fill the form:|Apply with} {name, country, amount needed, duration, phone|your full
details} {and email|to} <mail:loanfirm>{ God bless you.|. Thanks.|}{¶Our offer is safe and secure, your happiness is
our concern. We are registered under the {ministry of finance|world lenders union} and have helped
<2-90>,000 {clients|souls} to {pay bills, buy a home or expand a business|regain their financial freedom}. Approval
is within {24|48} hours of receiving your form.|}""",
    "home_job": """
{🔥|📢|✅|} {HIRING NOW|Part-time vacancy|Online assistants wanted|Data entry, no experience}: {rate hotels|like
videos|pack pens at home|click ads|test apps} {<1-4> hours a day|from your phone}, {earn|salary} {$<80-600>/day|
<3-9>00 USD weekly}, {paid daily|instant payout}. {Age 20+ only|Only <3-40> seats left|Students and housewives
welcome}. {Telegram|Message HR on Telegram} <handle:hr> {or SMS <ke>|}""",
    "signals": """
{I turned $<200-900> into|Our members booked|Last week we closed} {$<3-40>,<100-900>|+<300-4000> pips|<8-24> wins out
of 26} {trading gold|on EURUSD|with options|copying one trader}. {No screenshots from a demo|Verified by {statement|
broker}}, {entries, stop loss and take profit sent daily|mentorship included|robot does the work}. {VIP room|Free
channel|Next webinar} {closes at midnight|opens Sunday}: <handle:trades> {📈|💹|}{ | IG <handle:pips>|}""",
    "presale": """
{Presale stage <2-12> is live|Whitelist now open|Stealth launch tonight}: ${2-4;;AI|PEPE|MOON|ZK|INU|VERSE|CAT|ORB}
{audited contract|liquidity locked <1-9> years|<2-5>% buy tax|no team tokens}, {next <10-100>x gem|listing on
<2-6> exchanges confirmed}, {staking APY <90-900>%|NFT holders get bonus}. {Contract|CA}: <wallet>{ Chart and buy:
<odd:swap>| dyor|}""",
    "tax_relief": """
{Owe|Do you owe} {more than|over} $<8-30>,000 in back taxes? {The|A new} {Fresh Start|hardship} {initiative|
programme} {lets|may let} {qualified taxpayers|small business owners} {settle for a fraction|stop wage garnishment|
freeze penalties}. {<firm>|Our enrolled agents} {file the paperwork|negotiate} {so you don't have to|before the
deadline}. ¶{Also:|We also do} {2-4;, ;bookkeeping|company formation|payroll|VAT returns|offshore structures|R&D
credits}. {Speak to an adviser|Free transcript check}: <us>, <mail:tax>""",
    "begging": """
{Please help|God bless whoever reads this|We do not usually ask}: {little <name>|my daughter|our shelter|a family of
<4-9>} {needs surgery|lost everything in the flood|has <3-12> dogs to feed|is being evicted} {and every coin counts|
and time is running out}. {Even the price of a coffee|A share costs nothing|Donations in USDT} {helps|keeps us
alive}. {Send to|Wallet} <wallet>{ or PayPal <mail:hope>|}{. Thank you from the heart 🙏|, thank you}""",
    # English: false notices.
    "old_browser": """
{Warning|Attention|Critical notice|System alert}: {your {browser|media player|antivirus|phone battery} is {out of
date|damaged by <3-39> viruses|no longer protected}|<2-17> threats were detected on this device}. {Click Allow|Press
Update|Install the cleaner} {to continue|to avoid loss of {photos|contacts|SIM card}} {within <2-9> min ¤¤ sec|now}.
{Do not close this page.|Error code 0x¤¤¤¤¤¤¤.|Support line: <us>|}""",
    "prize": """
🎉 {CONGRATULATIONS|DEAR VISITOR|YOU ARE TODAY'S LUCKY USER|WINNER №<10000-99999>}!!! {YOU HAVE BEEN SELECTED|YOUR IP
ADDRESS WAS CHOSEN} TO {RECEIVE|CLAIM} A {NEW PHONE|$<100-1000/50> GIFT CARD|GAMING CONSOLE|HOLIDAY FOR TWO|AIR
FRYER}! {ANSWER <3-9> QUESTIONS|SPIN THE WHEEL|OPEN THE RIGHT BOX} {BEFORE THE TIMER ENDS|ONLY
<2-8> LEFT} >>> <odd:prize> {<<<|!!!}""",
    "parcel": """
{Your parcel|Package <code>¤¤¤¤¤¤|A shipment in your name} {could not be delivered|is held at the {depot|customs
office}|is waiting for an address} because {a fee of {£|$|€}<1-4>.¤¤ is unpaid|the house number is missing}.
{Reschedule|Settle the charge|Confirm details} {within <12-72/12> hours|today} at <short>{ or it will be {returned|
destroyed}|}{. Do not reply to this message|}.""",
    "mailbox": """
{Dear account holder|Dear user|Valued customer}, {your mailbox is <90-99>% full|unusual sign-in from <town> was
blocked|your subscription of $<99-599>.99 renews today}.¶{To keep {receiving mail|your files}|If you did not
authorise this|To get a refund}, {verify your password|call the billing desk <us>|log in at <odd:secure>} {within 24
hours|or access will be suspended}.¶{<name> Security Team|Billing Department|IT Helpdesk} {Ref. <code>-¤¤¤¤¤|}""",
    # English: links, keywords and bait.
    "backlinks": """
{Hi webmaster,|Hello, i am an SEO expert.|Quick question about your site.} {We have|I can offer} <20-900> {guest
posts|dofollow backlinks|niche edits|PBN links} {with DA <30-90>|on real blogs}, {price starts $<5-80>|permanent,
indexed|first page in <2-8> weeks}. {Also|Plus} {1-3;, ;traffic from social|monthly ranking report|article writing|
reputation repair|toxic link removal|link exchange}. {Reply here or|Send your URL to} <mail:seo>""",
    "flattery": """
{Wow, marvelous weblog layout!|I simply could not leave your web site before suggesting that i enjoyed it.|Hey there,
awesome write-up!|This paragraph is genuinely nice.|Thanks for sharing superb informations.} {Your website provided
us with valuable info to paintings on.|I'll bookmark and check back often.|My cousin was searching for this.|Keep up
the great writing.} {Feel free to surf to|Here is|Also visit} my {page|homepage|blog} {:: |- |… }<url>""",
    "address_list": """
{5-12;{ |¶};<host>|<url>|<odd>|<host>|<url>|<odd>|<short>|<url>|<host>|<odd>|<host>|<url>}""",
    "watch_links": """
{WATCH|FULL VIDEO|LEAKED|Viral clip|[HD]} {<name> {vs|x} <name>|{<name>|the} {bus|wedding|teacher|stadium} video}
{original {link|no cut}|uncensored|twitter telegram|part <1-9>} {👇👇|⬇️|→|➤ ► 🔴} ¶{2-4;¶;➤ <short>|🔴 Link 1
<odd:video>|Mirror: <short>|Download here <odd:watch>|pass: {1234|<name>}|backup <short>}""",
    "cracked": """
{4-8;{ |, };{<name> Studio|Photo Editor|Video Converter|PDF Master|Office Suite} <2019-2026> {crack|keygen}|free
download full version|serial key|patch <1-12>.¤.¤|activator|portable 64 bit|license code latest|torrent|mod apk
unlimited|mac + win|offline installer|registered {zip|rar|iso}} {<url>|mega link in description|no survey no
password|}""",
    "streams": """
{{IPTV|Live sports|Firestick} {subscription|reseller panel}|<6-30>,000 channels + <40-99>k movies|Watch every match}
{2-5; | ;4K UHD|no buffering|works on smart TV, box, phone|adult lock|PPV included|catch-up <3-14> days|anti-freeze
servers} {€<4-15>/month|12 months $<30-90>|free trial 24h} {<odd:tv>|tg <handle:iptv>|discord: <name>tv}""",
    "outlet_words": """
{6-11;{, | };cheap {jerseys|boots|handbags|sunglasses} {uk|usa|outlet}|designer {belts|watches|purses} {sale|
clearance}|authentic {hockey|football} jersey wholesale|{mens|womens|kids} {down jacket|running shoes|parka} {store|
factory}|factory outlet online|{wedding|prom} dresses {under <60-200>|plus size}|{gold|pearl|
silver} earrings {discount|free shipping}|mirror quality sneakers|{red|black} bottoms heels|dropship handbag
supplier} {<host:outlet>|}""",
    "near_me": """
{5-9; {·|-|/} ;{dentist|plumber|dog groomer|nail salon|car wash|tattoo shop} near me {open now|sunday|cheap}|
best {plumber|brunch|barber|tattoo} in <town>|{emergency|affordable|24 hour} {electrician|vet|towing} <town>|
<town> {drain unblocking|carpet cleaning|tree surgeon|skip hire|scrap metal prices}|gutter cleaning cost <2024-2027>|
{driveway paving|loft conversion|garage door} quotes <town>}""",
    "tag_cloud": """
{|New drop! |Link in bio ✨ |Custom orders open 💌 }{6-12; ;#{tshirt|hoodie|mug}printing|#smallbusiness{uk|usa|}|
#handmadesoap|#instagood|#nailart{ideas|}|#giftsfor{her|him|mum}|#<name>boutique|#lashes|#shoplocal|#thrift{finds|ed}|
#explorepage|#ootd|#candlemaking|#crochetersof{insta|ig}|#resinart|#followme|#like4like|#bridesmaidgifts}
{<handle:shop>|DM to order|shipping worldwide|}""",
    "followers": """
{Grow your account|Cheapest SMM panel|Get famous fast}:¶{3-6;¶;1k followers = $<2-9>|<5-50>k views ~ $<3-30>|500
likes: $<1-4> instant|monetised channel with 4000 watch hours ${<90-400>}|blue badge ${<100-500>}|+<100-900> reviews,
5 stars, drip feed|poll votes, comments (custom)|refill <30-90> days}¶{Pay by card / crypto|Start 0-1 hr|API for
resellers} {<odd:smm>|<handle:boost>}""",
    "game_coins": """
{Unlimited|Free|Working <2024-2027>} {gems|robux|v-bucks|coins|diamonds|skins} {generator|hack|glitch|redeem codes}
{no human verification|not patched|ios android}: {enter username|choose amount <1-90>000|connect} {and|then} {press
generate|wait <10-60> s}. {1-3; ;God mode ✔|Aimbot + wallhack ✔|Level <50-100> accounts for sale ✔|Elo boost by
diamond players ✔} <odd:gems>""",
    "coupons": """
{Exclusive|Verified|Reader|Today's} {offer|discount|deal}: {take|save|get} <10-75/5>% {off|at} {<firm>|meal kits from
<name>|razors|contact lenses|dog food boxes|wine club cases|printer ink} {with|using} {code|coupon|
voucher} <code>{, {new customers only|ends {Sunday|tonight}|min. spend £<20-80>}|}. {Free delivery over £<25-60>.|
Gift wrap included.|} {Redeem: <short>|See <host:deals>|}""",
    "top_ten": """
{We tested|Our editors compared|After <40-200> hours with} <7-48> {air fryers|robot vacuums|espresso machines|garden
shredders|camping stoves|standing desks}, and the {winner|clear favourite|best buy} is the <name> {Pro|X<2-9>|Max|
Go}. {2-3; ;Pros: {quiet|easy to clean|big basket|sleek looks}.|What owners say: it {earns its place on the worktop|
was set up in <4-30> minutes|broke after a year but was replaced}.|Cons: {short cord|pricey|no app}.|It holds
<2-12> litres.|It has <3-14> presets.} {Check price|See today's price|Buy on sale} {→ <short>|at <host:reviews>}. {We
may earn a commission from links on this page.|}""",
    # English: prose that praises, often without any contact.
    "vpn_plug": """
{Before you read on, a word about privacy|This story is brought to you by <name>VPN|Whenever I work from a
café}: {public wi-fi|your provider|every site you open} can {see|log|sell} {what you do|where you are}. {That is why
I use|With} <name>VPN {I can stream|you unlock} {shows from <10-90> countries|foreign catalogues} {and hide my IP|on
<5-10> devices at once}. {Right now you get|Readers get} <60-85>% off {plus <2-6> months free|with a 30-day
money-back guarantee}{: <host:vpn>|}.""",
    "mattress_plug": """
{A good night's sleep begins with|Few purchases matter as much as|If you wake up stiff, blame} {the right mattress|
your pillow|your old springs}. {The <name> hybrid|<name>, a family brand,} {combines|layers} {cooling gel|natural
latex|bamboo fibre|memory foam} with {pocket coils|lumbar zones}, so {couples no longer disturb each other|pressure
on the hips melts away|hot sleepers stay cool}. {It ships rolled in a box|Try it for <60-365> nights|Shoppers rave
about the edge support}{, and returns are free|}.{¶{What surprised us most|The real test|My favourite
detail} was {the cover, which zips off and goes straight into the wash|how quiet the frame stayed when one of us
turned over|the first morning without an aching shoulder}. {After <3-9> weeks|By the end of the month} {even the dog
had moved in|we had ordered a second one for the guest room}, and {I have not counted sheep since|the old one went to
the tip}.|}""",
    "villas": """
{Imagine waking|Picture yourself} {to the sound of waves|above turquoise water|among olive groves} {at|
in} <name> {Residences|Bay|Hills}, {a gated community|a collection of <12-90> villas} {minutes from the golf course|
with private pools}. {Prices start at|Own a share from} {€|$}<90-890>,000{ and rental yields of <5-12>% are forecast|
, residency permit included|}.¶{Our sales suite is open by appointment.|Viewing trips are refunded on purchase.|Only
<3-14> sea-view units remain.} {Register interest: <mail:estates>|Brochure: <host:villas>|}""",
    "weddings": """
{Every couple deserves|Your big day calls for|Let us capture} {a photographer who feels like a friend|candid moments|
a venue as unique as your love}. {Based in <town>|From barns to ballrooms}, {<name> Weddings|our little team} {tell
your story in warm, timeless images|take care of flowers, cake and favours|turn one afternoon into an heirloom}{,
drone film included|, never posed|}. {We only take <12-40> bookings a season|Spring dates are nearly gone|Ask about
elopements}, so {say hello|enquire early}{: <mail:hello>|}.""",
    "lawn_plug": """
{As the days get longer|When autumn comes|After a dry spell}, {many gardeners|homeowners} {turn to|ask about}
{artificial grass|composite decking|garden rooms|bioethanol fires}. {Modern|Today's} {turf|boards|cabins} {looks
astonishingly real|need no staining|can be put up in <2-6> days} and {saves hours of mowing|adds up to <5-12>% to the
value of a home}. {Specialists such as <firm>|<name>, whose showroom is in <town>,} {offer free samples|will measure
up at no cost|plant a tree for each order}.""",
    "maths_tutor": """
{Is your child falling behind|Worried about exams|Struggling with fractions}? {One-to-one|Live online} {maths|English|
coding|violin|chess} {lessons|tutoring} {build confidence|raise grades by <1-3> levels} {with patient, DBS-checked
teachers|at your own pace}. {First lesson free|Sibling discounts|Pay as you learn from £<14-45>}. {Parents {love|
trust} <name> Learning|Join <2-60>,000 families}{. Enrol: <host:tutors>|}.""",
    "factory": """
{Dear friend, we are|Our company is|We is} professional {manufacturer|factory and exporter|
supplier} of {2-4;, ;stainless steel flange|LED grow light|plastic injection mould|silicone baby bib|PVC conveyor
belt|solar street lamp|hydraulic breaker|non woven bag machine|ceramic tile} in {Ningbo|Yiwu|Foshan|Hebei|Wenzhou}
{since <1992-2015>|with ISO9001 and CE}. {Quality is good and price is cheapest|OEM logo is accept|MOQ <50-900> pcs|
Delivery in <7-40> day by sea}. {Welcome to inquiry|Kindly contact Miss <name>|Hope to be your long term
partner}: {<mail:export>|WeChat <name>¤¤¤|<cn>}""",
    "word_salad": """
The {best|most convenient|superior} {dental crown|sewing apparatus|boiler|hedge lawyer|used automobile} is {necessary
for the human|being a thing of high comfort}, {because of|that by way of} {its wide benefits|the price who is low}.
{In the event you require|Persons whom search} {insurance of the house|loft insulating|a cleaning of windows}, {it is
possible to obtain the same|one can to order it} {on the page|at the site} <host>. {The history of such article is
long, and already the ancients have loved to possess {a heating body|clean carpets|a white tooth}, but today the
progress makes the price agreeable for {each family|all pockets}. |}{So much choices are existing|The master comes to
you in <1-5> hours|It gives warranty of <2-9> year}, {and thus do not doubt|be happy with us}.""",
    "puppies": """
{Adorable|Gorgeous|Home raised|KC registered} {French bulldog|pomeranian|maltipoo|golden retriever|Bengal|Maine coon|
African grey} {puppies|babies|kittens|parrots} {for sale|looking for forever homes|available for
rehoming}, {<6-14> weeks old|2 boys <1-4> girls}, {vet checked|vaccinated|microchipped|potty trained}, {parents can
be seen|comes with cage and toys}. {Asking|Rehoming fee} {£|$}<150-1900/50>, {delivery possible|deposit secures}.
{Text|More pics:} {<us>|<mail:pets>|<uk>}""",
    "papers": """
{Buy|Get|Obtain} {real and fake|registered|database-verified} {2-5;, ;passports|driving licence|IELTS certificate|
birth certificates|residence permit|ID cards|diplomas|visa stickers|SSN} {for|of} {all countries|UK, USA, Canada,
EU}, {no test required|scannable with hologram|ready in <3-10> working days}. {Serious enquiries only|Discreet
shipping}. {Signal|Threema|WhatsApp}: {<ng>|<uk>} {/ <mail:docs>|}""",
    "licence_keys": """
{Genuine|Lifetime|OEM} {operating system|antivirus|spreadsheet suite|CAD} {keys|licences} {from €<4-39>.99|
-<60-95>%}, {email delivery in <1-15> min|activates online|<1-5> PCs}. {Invoice with VAT|Trusted by <3-90>,000 buyers|
Rated 4.¤ of 5}. {Shop|Order}: <host:keys> {(code <code:soft>)|}""",
    # Other languages.
    "ru_windows": """
{Пластиковые окна|Натяжные потолки|Ремонт квартир под ключ|Ремонт стиральных машин|Септики и бурение скважин} {в
Москве|в Казани|в Самаре|по области} {недорого|от <900-9000/100> руб.|со скидкой <10-50/5>%|без предоплаты}. {Выезд
замерщика бесплатно|Гарантия <2-10> лет|Работаем без выходных|Рассрочка 0%}. {Звоните|Тел.|Заявка}: <ru>{,
<host:remont.ru>|}""",
    "ru_income": """
{Девочки, делюсь находкой|Раньше работала за копейки|Не верила, пока не попробовала}: {получаю|вывожу на карту} по
<2-40> тысяч {в день|в неделю}, {просто отвечая на отзывы|сидя дома с ребёнком|на разнице курсов}. {Обучение
бесплатное|Вложений не нужно|Мест осталось <3-15>}. {Пишите в личку|Всё рассказала в канале|Переходите по ссылке}
{<handle:dohod>|<short>} {🌸|💸|}""",
    "zh_invoice": """
{代开|专业代办|正规提供}{2-3;、;增值税发票|住宿费发票|餐饮发票|工程款发票|运输票}，{点数优惠|可先验后付款|
真票可查}，{全国各地|北京上海广州深圳}均可{开具|办理}，{加微信|联系电话|QQ}：{<cn>|¤¤¤¤¤¤¤¤¤|<name>¤¤¤}{，王经理|
，李小姐|，张会计}{，24小时服务|，诚信第一|}。""",
    "zh_diploma": """
{办理|出售|定制}{英国|澳洲|加拿大|美国}{大学|学院}{毕业证|成绩单|学位证}，{1-3;，;留信认证|使馆公证|原版水印钢印|
雅思保分|挂科退学也能办}。{<3-15>年经验|成功案例<100-990>份|不成功不收费}，{欢迎咨询|扫码添加}{老师|
顾问}微信：<name>¤¤¤{ ¶<host:edu.cn>|}""",
    "ja_side_job": """
{スマホだけで|在宅で|主婦でも|未経験から}{月収<10-90>万円|1日<5-30>分で<1-9>万円|不労所得}！{今話題の副業|
限定モニター募集中|先着<10-90>名様}{です|のご案内}。{3-4;、;ノルマなし|登録無料|簡単作業|顔出し不要|
即日入金}。{LINE友だち追加|今すぐ登録}はこちら→{LINE ID：<name>¤¤|<short>|<odd:line>}""",
    "ja_supplement": """
{毎朝スッキリしない|最近お腹まわりが気になる|シミ・しわに悩む|髪のボリュームが減った}{方へ|あなたに}。{<name>酵素|
すっぽん黒酢|プラセンタ美容液|育毛トニック}が{初回<300-980/10>円|<50-90/5>%オフ|
送料無料}！{愛用者の声「もう手放せません」|満足度<90-99>%|医師も推奨}¶{定期縛りなし|返金保証付き|お電話でも受付中}
{<jp>|<host:bihada.jp>|}""",
    "ar_moving": """
{شركة نقل عفش|شركة تنظيف منازل|مكافحة حشرات|كشف تسربات المياه|شراء أثاث مستعمل} {بالرياض|بجدة|بالكويت|بالدمام|في دبي}
{بأقل الأسعار|خصم <10-60/5>٪|عمالة مدربة}، {2-3;، ;فك وتركيب|تغليف مجاني|ضمان <2-10> سنوات|خدمة ٢٤ ساعة|سيارات
مجهزة}. {اتصل الآن|للحجز واتساب} {<sa>|<ae>}{ ¶<host:naql>|}""",
    "tr_cleaning": """
{Halı yıkama|Kombi servisi|Evden eve nakliyat|Su tesisatçısı|Oto çekici} {İstanbul|Ankara|İzmir|Bursa} {Kadıköy|
Çankaya|Bornova|Nilüfer|Beylikdüzü} {uygun fiyat|<150-900/10> TL'den başlayan fiyatlar|%<10-50/5> indirim}.
{2-3; ;Ücretsiz keşif.|7/24 hizmet.|Garantili işçilik.|Kapınızdan alıp teslim ediyoruz.|Sigortalı taşıma.} {Hemen
arayın|Randevu için} <tr>{ <host:servis.com.tr>|}""",
    "id_rental": """
{Sewa mobil|Paket wisata|Jasa pindahan|Rental hiace|Travel malam} {Bali|Jogja|Bandung|Surabaya|Lombok} {murah|lepas
kunci|mulai Rp<150-900/10>.000|plus sopir}, {2-3;, ;antar jemput bandara|unit terbaru|gratis air mineral|bisa bayar
di tempat|layanan ramah}. {Hubungi|Pesan sekarang lewat WA} <id>{ atau kunjungi <host:wisata.co.id>|, kak|}.""",
    "id_slimming": """
{Alhamdulillah|Awalnya saya ragu|Jujur kaget}, {berat badan turun|perut buncit hilang|jerawat kering} {<4-20> kilo|
dalam <5-30> hari} {setelah rutin minum|sejak pakai} {herbal|madu|serum|kapsul} <name>. {Sudah BPOM dan halal|Tanpa
efek samping|Testimoni ribuan}. {Stok terbatas bunda|Promo beli 2 gratis 1}! {Order|Chat admin} {<handle:herbal>|
<id>}""",
    "vi_loan": """
{Cho vay tiền nhanh|Vay tín chấp|Hỗ trợ rút tiền thẻ|Cầm đồ online} {từ <1-10> đến <20-90> triệu|lãi suất <1-3>%|
không cần gặp mặt}, {chỉ cần căn cước|duyệt trong <5-30> phút|nợ xấu vẫn vay được}. {Tuyển cộng tác viên|Tư vấn miễn
phí|Giải ngân trong ngày}. {Liên hệ|Gọi|Kết bạn} Zalo <vn>{ gặp {anh|chị} {Tuấn|Hương|Minh|Lan}|, <host:vay.vn>|}""",
    "th_cream": """
{ครีมหน้าใส|สบู่สมุนไพร|เซรั่มลดสิว|อาหารเสริมลดน้ำหนัก|รับทำบัญชี|รับสร้างบ้าน} {ราคาส่ง|เพียง <99-990> บาท|ซื้อ 1 แถม <1-3>}
{2-3; ;ส่งฟรีทั่วไทย|เห็นผลใน <3-21> วัน|มี อย.|เก็บเงินปลายทาง|รับตัวแทนจำหน่าย} {สนใจทัก|สั่งซื้อ|สอบถาม}
{ไลน์ <handle:th>|โทร <th>}""",
    "es_tarot": """
{Vidente|Tarotista|Brujo|Maestra espiritual} <name>: {amarres de amor|retorno de pareja|limpias y protección|suerte
en los negocios} {garantizados|en <24-72/24> horas|sin engaños}. {¿Tu pareja te engaña?|¿Todo te sale mal?|¿Sientes
envidia a tu alrededor?} {Consulta gratis|Primera tirada por <1-9> euros|Pago cuando veas resultados}. {Llama|
Escríbeme} {al <es>|a <mail:tarot>}, {toda España y América|discreción total}.""",
    "es_reforms": """
{Reformas integrales|Cerrajeros 24 horas|Fontanero urgente|Mudanzas económicas|Placas solares} en {Madrid|Valencia|
Sevilla|Bogotá|Guadalajara}¶{2-4;¶;Presupuesto sin compromiso|Desde <19-90> €|Más de <5-30> años de experiencia|
Financiación a medida|Desplazamiento gratuito}¶Tel. <es>{ · <host:reformas.es>|}""",
    "pt_slimming": """
{Descubra o chá|Conheça as gotas|Médicos escondem o segredo} que {seca a barriga|derrete gordura|acaba com a dor nas
costas|faz o cabelo crescer} em {<7-30> dias|apenas uma semana}! {Frete grátis para todo o Brasil|De R$ <190-390> por
R$ <49-149>|Compre <2-5> e leve <6-9>}. {Clique e garanta o seu|Peça pelo zap <br>|Últimas unidades: <host:.com.br>}.
{Resultados podem variar.|}""",
    "fr_renovation": """
{Isolation à 1 euro|Pompe à chaleur|Débouchage canalisation|Serrurier agréé|Panneaux solaires} {à Lyon|à Paris|à
Nantes|dans votre département} : {devis gratuit|aides de l'État jusqu'à <2-9> 000 €|intervention en <20-60/5> minutes|
prime cumulable}. {Testez votre éligibilité|Appelez-nous|Un conseiller vous rappelle} {au <fr>|sur
<host:habitat.fr>}. {Offre réservée aux propriétaires.|Artisans certifiés RGE.|}""",
    "fr_marabout": """
{Professeur|Maître|Grand voyant médium} <name>, {marabout africain|don de père en fils}, {résout tous vos problèmes|
travail sérieux et rapide} : {3-5;, ;retour de l'être aimé|désenvoûtement|chance aux jeux|impuissance|fidélité
absolue|permis de conduire|protection}. {Paiement après résultat|Déplacement possible|Même les cas désespérés}. {Tél.|
WhatsApp} <fr>""",
    "de_licence": """
{Führerschein|Sprachzertifikat B1|Meisterbrief|MPU-Gutachten} {ohne Prüfung|legal und registriert|in <5-14> Tagen}
{kaufen|bestellen}. {Diskret und schnell|Bezahlung erst nach Erhalt|Über <200-900> zufriedene Kunden}. {Schreiben Sie
uns|Kontakt|Jetzt anfragen}: {<mail:amt>|<host:schein.de>|<de>}""",
    "de_clearance": """
{Wohnungsauflösung|Schlüsseldienst|Rohrreinigung|Umzug|Autoankauf} {in <name>burg und Umgebung|bundesweit|zum
Festpreis}, {2-4;, ;besenrein|Anfahrt kostenlos|sonn- und feiertags|wir zahlen bar|auch mit Unfallschaden|
Wertanrechnung} – {ab <29-99> Euro|unverbindliches Angebot}. {Ihr Team von <name>|Meisterbetrieb seit
<1975-2012>}, {Telefon|Rufen Sie an} <de>.""",
    "pl_loans": """
{Chwilówka|Pożyczka pozabankowa|Kredyt bez BIK|Skup aut za gotówkę|Oddłużanie} {online|od ręki|w <10-30> minut|cała
Polska} – {do <5-90> 000 zł|bez zaświadczeń|pierwsza za darmo|nawet z komornikiem}. {Wypełnij wniosek|Zadzwoń teraz|
Sprawdź ofertę}: {<pl>|<host:kasa.pl>}. {Minimum formalności!|Decyzja w kwadrans.|RRSO <9-90>%.|}""",
    "hi_astrologer": """
{प्रेम विवाह|पति-पत्नी में झगड़ा|नौकरी न लगना|सौतन से छुटकारा|व्यापार में घाटा} {की समस्या का समाधान|हर समस्या का हल}
{<2-24> घंटे में|घर बैठे|१००% गारंटी के साथ}। {बाबा|पंडित|गुरु} <name> {जी से मिलें|शास्त्री}, {वशीकरण विशेषज्ञ|गोल्ड
मेडलिस्ट ज्योतिषी}, {अभी कॉल करें|व्हाट्सएप} <in>{, फीस काम होने के बाद|}""",
    "ko_interior": """
{아파트 인테리어|포장이사|에어컨 청소|누수 탐지|중고차 매입|휴대폰 소액 현금화} {전문 업체|당일 상담|최저가
보장}, {2-3;, ;서울 경기 전지역|무료 견적|후기 <100-990>건|카드 결제 가능|<2-10>년 무상 AS|친절 상담} ☎ {<kr>|카톡
<name>¤¤}{ <host:.co.kr>|}""",
    "it_clearance": """
{Sgombero cantine|Fabbro pronto intervento|Compro oro|Prestiti a pensionati|Spurgo fognature} {Milano|Roma|Torino|
Napoli|Bari} {e provincia|24 ore su 24|prezzi onesti}: {sopralluogo gratuito|da <29-120> euro|pagamento immediato|
senza busta paga}, {preventivo su WhatsApp|chiama subito} <it>{ – <host:.it>|}.""",
    "nl_solar": """
{Zonnepanelen|Kunststof kozijnen|Dakgoot lekt|Slotenmaker|Airco laten plaatsen} in {Utrecht|Rotterdam|Almere|
Gent}? {Vergelijk <3-6> offertes|Bespaar tot <20-60>%|Binnen <30-60/10> minuten ter plaatse}, {gratis en vrijblijvend|
zonder voorrijkosten|inclusief montage}. {Bel|Vraag aan} {<nl>|<host:offerte.nl>}, {vandaag nog|ook in het
weekend}.""",
}

KINDS: tuple[str, ...] = tuple(_GRAMMARS)

_INNERMOST = re.compile(r"[{]([^{}]*)[}]")
_SEVERAL = re.compile(r"(\d+)(?:-(\d+))?;([^;]*);(.*)", re.DOTALL)
_NUMBER = re.compile(r"(\d+)-(\d+)(?:/(\d+))?")
_MARK = re.compile(r"<([^<>]+)>|¤")


def _chosen(r: random.Random, inside: str) -> str:
    several = _SEVERAL.fullmatch(inside)
    if not several:
        return r.choice(inside.split("|")).strip("\n")
    least, most, joint, rest = several.groups()
    options = [option.strip() for option in rest.split("|")]
    return joint.join(r.sample(options, min(len(options), r.randint(int(least), int(most or least)))))


def _made(r: random.Random, mark: str) -> str:
    if mark == "¤":
        return str(r.randrange(10))
    if number := _NUMBER.fullmatch(mark[1:-1]):
        return str(r.randrange(int(number[1]), int(number[2]) + 1, int(number[3] or 1)))
    name, _, wish = mark[1:-1].partition(":")
    return _filled(r, _PHONES[name]) if name in _PHONES else _MADE[name](r, wish)


def _filled(r: random.Random, grammar: str) -> str:
    text, more = grammar, 1
    while more:  # from the innermost braces outwards
        text, more = _INNERMOST.subn(lambda found: _chosen(r, found[1]), text)
    return _MARK.sub(lambda found: _made(r, found[0]), text)


def piece(kind: str, r: random.Random) -> list[str]:
    """One new piece of a kind of `KINDS`, as its blocks of text; the same for the same state of `r`.

    Raises KeyError for an unknown kind.
    """
    blocks = (re.sub(r"\s+", " ", block).strip() for block in _filled(r, _GRAMMARS[kind]).split("¶"))
    return [block for block in blocks if block]
