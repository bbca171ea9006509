"""The polite web: `Web` fetches, `Guard` says what may be reached, `Robots` what a site wants left alone."""

from monitor.web import tls  # isort: split  # before aiohttp is imported
from monitor.web.answer import Answer
from monitor.web.client import FEED_TYPES, PAGE_TYPES, Web
from monitor.web.guard import Guard, GuardingResolver, Refused, is_public
from monitor.web.pages import Pages
from monitor.web.robots import Robots

__all__ = [
    "FEED_TYPES",
    "PAGE_TYPES",
    "Answer",
    "Guard",
    "GuardingResolver",
    "Pages",
    "Refused",
    "Robots",
    "Web",
    "is_public",
    "tls",
]
