"""Templated news, notices and trailers of our own writing: what shares most of its words and is not the same."""

from __future__ import annotations

import random
from collections.abc import Callable

PLACES = ("Ashby", "Corran", "Delmont", "Eastwick", "Farrow", "Greyport", "Hollin", "Ingram", "Jarrow Bay", "Kelso")
FIRST = ("Ada", "Bruno", "Carla", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lior")
LAST = ("Abbott", "Brandt", "Castell", "Dunne", "Egede", "Falk", "Garza", "Holm", "Ivanov", "Janssen", "Kaya", "Lowe")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
FIRMS = ("Acorn", "Bluefield", "Cobalt", "Dorset", "Everly", "Fenwick", "Granite", "Harrow", "Inland", "Juniper")
KINDS = ("Foods", "Holdings", "Energy", "Logistics", "Textiles", "Software", "Mining", "Pharma")

NOTICES = (
    "This article is for subscribers only. Log in or create a free account to read three articles a month. You can "
    "manage your subscription at any time in your account settings. By continuing you accept our terms and conditions.",
    "We and our partners store and access information on a device, such as cookies, and process personal data for "
    "personalised ads and content, measurement, audience insights and product development. You may change your choices "
    "at any time. Some partners do not ask for your consent and rely on their legitimate interest.",
    "Thank you for reading! You have reached your limit of free articles. Subscribe today from $1 a week for unlimited "
    "access to The Gazette on all your devices. Already a member? Sign in here.",
    "Dieser Artikel ist Teil unseres Angebots für Abonnenten. Jetzt einen Monat kostenlos testen und alle Inhalte "
    "lesen. Sie haben bereits ein Abo? Dann melden Sie sich bitte an. Jederzeit kündbar.",
)


def trailer(outlet: str, chance: random.Random) -> str:
    """What an outlet prints under each of its articles."""
    parts = [
        f"{outlet} is an independent newspaper. Support our journalism and become a member from $5 a month.",
        f"Follow {outlet} on social media, or write to the editor at letters@{outlet.split()[0].lower()}.example.",
        "Our journalism is free to republish online or in print under a Creative Commons licence.",
        f"Copyright {outlet}. Do not reproduce without permission. Terms of use and privacy policy apply.",
        "Get the latest headlines delivered to your inbox each morning. Unsubscribe whenever you like.",
        "You might also like: Five things to know before you travel. The best deals of the week. Quiz of the day.",
        "The views expressed are those of the author and do not necessarily reflect the position of this newspaper.",
    ]
    return " ".join(chance.sample(parts, chance.randint(3, 5)))


def lottery(chance: random.Random) -> tuple[str, str]:
    numbers = sorted(chance.sample(range(1, 50), 6))
    place, day = chance.choice(PLACES), chance.choice(DAYS)
    return f"{place} Lotto: {day}'s numbers", (
        f"The winning numbers in {day} evening's drawing of the {place} Lotto were: {'-'.join(map(str, numbers))}, bonus "
        f"ball {chance.randint(1, 49)}. The estimated jackpot was ${chance.randint(1, 90)} million. Tickets can be bought "
        f"at licensed outlets until an hour before the draw. Players need to match all six numbers to win the top prize; "
        f"matching five and the bonus wins the second prize. The odds of winning the jackpot are one in 13,983,816."
    )


def obituary(chance: random.Random) -> tuple[str, str]:
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    return f"Obituary: {name}", (
        f"{name}, {chance.randint(51, 101)}, of {chance.choice(PLACES)}, died {chance.choice(DAYS)}, "
        f"{chance.choice(MONTHS)} {chance.randint(1, 28)}, at home surrounded by family. Born in {chance.choice(PLACES)} in "
        f"{chance.randint(1925, 1970)}, {name.split()[0]} worked for {chance.randint(8, 45)} years at "
        f"{chance.choice(FIRMS)} {chance.choice(KINDS)}. Survivors include {chance.randint(1, 6)} children and "
        f"{chance.randint(1, 14)} grandchildren. A memorial service will be held at {chance.randint(9, 16)}:00 on "
        f"{chance.choice(DAYS)} at the chapel. In lieu of flowers the family asks for donations to the hospice. Condolences "
        f"may be left on the funeral home's website."
    )


def result(chance: random.Random) -> tuple[str, str]:
    home, away = chance.sample(PLACES, 2)
    a, b = chance.randint(2, 5), chance.randint(0, 1)
    return f"{home} {a}, {away} {b}", (
        f"{home} beat {away} {a}-{b} on {chance.choice(DAYS)} at {chance.choice(PLACES)} Park before a crowd of "
        f"{chance.randint(200, 9000)}. {chance.choice(LAST)} scored after {chance.randint(2, 40)} minutes and "
        f"{chance.choice(LAST)} added another in the {chance.randint(46, 88)}th minute. The visitors had a goal ruled out "
        f"for offside and finished the game with ten men. {home} now have {chance.randint(10, 70)} points from "
        f"{chance.randint(10, 38)} games and sit {chance.randint(2, 18)}th in the table. This report was generated "
        f"automatically from league data."
    )


def earnings(chance: random.Random) -> tuple[str, str]:
    firm = f"{chance.choice(FIRMS)} {chance.choice(KINDS)}"
    quarter = chance.choice(("first", "second", "third", "fourth"))
    return f"{firm}: {quarter}-quarter earnings snapshot", (
        f"{firm} on {chance.choice(DAYS)} reported {quarter}-quarter net income of ${chance.randint(2, 900)}.{chance.randint(0, 9)} "
        f"million. The company said it had profit of {chance.randint(5, 250)} cents per share. The results exceeded Wall "
        f"Street expectations. The average estimate of {chance.randint(3, 12)} analysts surveyed was for earnings of "
        f"{chance.randint(5, 250)} cents per share. The company posted revenue of ${chance.randint(20, 990)}.{chance.randint(0, 9)} "
        f"million in the period. Its shares have risen {chance.randint(1, 60)} percent since the beginning of the year. This "
        f"story was generated by automation technology using data from a research service."
    )


def property_sale(chance: random.Random) -> tuple[str, str]:
    street = f"{chance.randint(1, 990)} {chance.choice(LAST)} Street"
    return f"Home sells in {chance.choice(PLACES)}", (
        f"A house at {street} has new owners. The {chance.randint(900, 4000)}-square-foot property, built in "
        f"{chance.randint(1900, 2020)}, was sold on {chance.choice(MONTHS)} {chance.randint(1, 28)} for ${chance.randint(90, 990)},000, "
        f"or ${chance.randint(80, 600)} per square foot. The single-story house has {chance.randint(2, 5)} bedrooms and "
        f"{chance.randint(1, 4)} bathrooms. The property sits on a lot of {chance.randint(3000, 20000)} square feet. Additional "
        f"houses have recently been purchased nearby. Real estate data is compiled from public records and may contain errors."
    )


def police(chance: random.Random) -> tuple[str, str]:
    place = chance.choice(PLACES)
    return f"Police appeal after {chance.choice(('burglary', 'collision', 'assault'))} in {place}", (
        f"Police are appealing for witnesses after an incident in {place} at about {chance.randint(1, 12)}.{chance.randint(10, 59)}pm on "
        f"{chance.choice(DAYS)}. A {chance.randint(18, 80)}-year-old {chance.choice(('man', 'woman'))} was taken to hospital, "
        f"where the injuries were described as not life-threatening. Officers would like to speak to anyone who was in the "
        f"area at the time or has dashcam footage. Anyone with information is asked to call 101 quoting reference "
        f"{chance.randint(100, 999)}/{chance.randint(10000, 99999)}, or to contact the charity anonymously."
    )


def rates(chance: random.Random) -> tuple[str, str]:
    day = f"{chance.choice(MONTHS)} {chance.randint(1, 28)}"
    return f"Gold and currency rates on {day}", (
        f"Gold was quoted at {chance.randint(1500, 2600)}.{chance.randint(10, 99)} dollars an ounce on {day}, while silver stood "
        f"at {chance.randint(18, 34)}.{chance.randint(10, 99)}. The euro bought {1 + chance.random() / 5:.4f} dollars and the pound "
        f"{1.2 + chance.random() / 5:.4f}. Prices may differ between dealers and cities because of taxes and making charges. "
        f"Readers should check with their local jeweller before buying. Rates are updated twice a day on weekdays."
    )


def wetter(chance: random.Random) -> tuple[str, str]:
    ort, tag = chance.choice(PLACES), chance.choice(("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"))
    return f"Wetter in {ort} am {tag}", (
        f"Am {tag} gibt es in {ort} {chance.choice(('Regen', 'Nebel', 'Sonne', 'Schauer', 'Wolken'))} bei Höchstwerten von "
        f"{chance.randint(-4, 34)} Grad. In der Nacht sinken die Temperaturen auf {chance.randint(-12, 18)} Grad. Der Wind weht "
        f"mit {chance.randint(4, 80)} Kilometern in der Stunde aus {chance.choice(('Nord', 'Süd', 'West', 'Ost'))}. Dieser Text "
        f"wurde auf der Basis von Daten des Wetterdienstes automatisch erstellt und wird mehrmals am Tag aktualisiert."
    )


FORMS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "lottery": lottery,
    "obituary": obituary,
    "result": result,
    "earnings": earnings,
    "property": property_sale,
    "police": police,
    "rates": rates,
    "wetter": wetter,
}
