"""A news-monitoring daemon: feeds and files in, clean text, one explained alert per story out."""

__version__ = "0.1.0"
