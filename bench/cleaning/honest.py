"""Honest sentences that give contacts or make offers, in the words of the page they are put into. Pure.

They are what spam is told apart from: tip lines, funerals, bookings, helplines, corrections, sources. Each takes its
nouns from the page, as such sentences do.
"""

# ruff: noqa: E501  (each text as it would stand)
from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence

Notice = Callable[[random.Random, Sequence[str]], str]
_WORD = re.compile(r"[^\W\d_]{5,}")


def topics(texts: Sequence[str]) -> list[str]:
    """The long words that a page uses most, or its longest where none comes twice."""
    counted = Counter(word for text in texts for word in _WORD.findall(text))
    return [word for word, _ in counted.most_common(12)] or ["council", "office"]


def _phone(r: random.Random) -> str:
    a, b, c = r.randrange(200, 999), r.randrange(100, 999), r.randrange(1000, 9999)
    return r.choice(
        [f"+{r.randrange(1, 99)} {a} {b} {c}", f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"0{a} {b}{c}", f"0800 {b} {b}"]
    )


def _host(r: random.Random, words: Sequence[str]) -> str:
    name = r.choice(words).lower()
    ending = r.choice(["org", "com", "gov", "org.uk", "de", "net", "eu", "int"])
    host = (
        f"{name}{r.choice(['', '-' + r.choice(words).lower(), r.choice(['online', 'info', 'trust', 'news'])])}.{ending}"
    )
    return r.choice(["", "www.", "https://www."]) + host


def _mail(r: random.Random, words: Sequence[str]) -> str:
    who = r.choice(["info", "press", "tips", "tickets", r.choice(words).lower(), "j.miller", "office"])
    return f"{who}@{r.choice([r.choice(words).lower() + '.org', 'gmail.com', r.choice(words).lower() + '.com'])}"


def _english(r: random.Random, w: Sequence[str]) -> str:
    one, two = r.choice(w), r.choice(w)
    return r.choice(
        [
            f"Anyone who has information about the {one} is asked to call the police on {_phone(r)}.",
            f"Detectives want to hear from anyone who saw the {one}, and can be reached on {_phone(r)} or at {_mail(r, w)}.",
            f"Tickets for the {one} cost £{r.randrange(5, 40)} and can be booked at {_host(r, w)} or by calling {_phone(r)}.",
            f"The funeral will be held on Friday at 11 a.m.; donations in lieu of flowers may be sent to the {one} fund at {_host(r, w)}.",
            f"If you have been affected by the issues raised in this article, you can call the helpline free of charge on {_phone(r)}.",
            f"Readers who want to help the {one} can donate at {_host(r, w)}.",
            f"The full report on the {one} and the {two} can be downloaded free from {_host(r, w)}.",
            f"Do you know more about the {one}? Write to our reporter at {_mail(r, w)} or on Signal at {_phone(r)}.",
            f"Residents can comment on the {one} plan until 14 March at {_host(r, w)} or by email to {_mail(r, w)}.",
            f"An earlier version of this article misstated the price of the {one}; it is $49, not $94.",
            f"Sources: {_host(r, w)}, {_host(r, w)} and {_host(r, w)}.",
            f"The {one} is open daily from 10 a.m. to 5 p.m., admission is free, phone {_phone(r)}.",
            f"You can follow the {one} on Twitter at @{r.choice(w)}{r.choice(['', 'news', 'HQ'])}.",
            f"“Call me whenever you want, my number is {_phone(r)},” he told the crowd, and they laughed.",
            f"The company sells the {one} for $299 on its website, {_host(r, w)}, with a 20% discount for students.",
            f"Contact {r.choice(['Maria', 'James', 'Olu'])} {one} at {_mail(r, w)}.",
            f"Buyers get a discount of 20% and free delivery if they order the {one} before Friday, the company said.",
            f"For more information about the {one} visit {_host(r, w)} or call {_phone(r)}.",
            f"Applications for the {one} programme close on 1 May; forms are available at {_host(r, w)}.",
        ]
    )


_OTHERS: dict[str, list[str]] = {
    "de": [
        "Hinweise zu {one} nimmt die Polizei unter der Telefonnummer {phone} entgegen.",
        "Karten für {one} gibt es ab 12 Euro im Vorverkauf unter {host} oder telefonisch unter {phone}.",
        "Weitere Informationen zu {one} und {two} finden Sie unter {host}.",
        "Wer helfen möchte, kann sich per E-Mail an {mail} wenden.",
    ],
    "fr": [
        "Toute personne ayant des informations sur {one} est priée d'appeler la gendarmerie au {phone}.",
        "Les billets pour {one} sont en vente à partir de 15 € sur {host} ou par téléphone au {phone}.",
        "Pour en savoir plus sur {one}, on peut consulter le site {host}.",
    ],
    "es": [
        "Quienes tengan información sobre {one} pueden llamar a la policía al {phone}.",
        "Las entradas para {one} cuestan 20 € y se pueden comprar en {host}.",
        "Para más información sobre {one} puede escribir a {mail}.",
    ],
    "pt": [
        "Quem tiver informações sobre {one} pode ligar para a polícia no {phone}.",
        "Os ingressos para {one} custam R$ 40 e estão à venda em {host}.",
    ],
    "it": [
        "Chi ha informazioni su {one} può chiamare i carabinieri al numero {phone}.",
        "I biglietti per {one} costano 12 € e si possono acquistare su {host}.",
    ],
    "nl": [
        "Wie meer weet over {one} kan bellen met de politie via {phone}.",
        "Kaarten voor {one} zijn te koop via {host}.",
    ],
    "pl": [
        "Osoby, które wiedzą coś o {one}, proszone są o telefon pod numer {phone}.",
        "Bilety na {one} można kupić na {host}.",
    ],
    "ru": [
        "Всех, кто располагает информацией о {one}, просят позвонить по телефону {phone}.",
        "Билеты на {one} можно купить на сайте {host} за 500 рублей.",
        "Подробнее о {one} и {two} можно прочитать на сайте {host}.",
    ],
    "uk": ["Усіх, хто має інформацію про {one}, просять телефонувати за номером {phone}."],
    "tr": [
        "{one} hakkında bilgisi olanların {phone} numaralı telefonu araması istendi.",
        "{one} için biletler {host} adresinde satılıyor.",
    ],
    "ar": [
        "ودعت الشرطة كل من لديه معلومات عن {one} إلى الاتصال على الرقم {phone}.",
        "ويمكن حجز تذاكر {one} عبر الموقع {host}.",
    ],
    "id": [
        "Warga yang mengetahui {one} diminta menghubungi polisi di nomor {phone}.",
        "Tiket {one} dijual di situs {host} seharga Rp 50.000.",
    ],
    "zh": ["警方呼吁知情者拨打电话 {phone} 提供有关{one}的线索。", "{one}的门票可在网站 {host} 购买，票价五十元。"],
    "ja": [
        "{one}に関する情報は電話 {phone} まで寄せてほしいと警察は呼びかけている。",
        "{one}の入場券は {host} で購入できる。",
    ],
    "hi": ["{one} के बारे में जानकारी रखने वाले लोग पुलिस को {phone} पर कॉल कर सकते हैं।"],
}


def notice(r: random.Random, texts: Sequence[str], language: str) -> str:
    """An honest sentence for a page of these texts, '' where none is at hand in its language."""
    words = topics(texts)
    if language == "en":
        return _english(r, words)
    if language not in _OTHERS:
        return ""
    return r.choice(_OTHERS[language]).format(
        one=r.choice(words),
        two=r.choice(words),
        phone=_phone(r),
        host=_host(r, ["kultur", "info", "museum", *words]),
        mail=_mail(r, ["info", "kontakt"]),
    )
