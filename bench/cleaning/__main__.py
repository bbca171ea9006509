"""Cleaning beside other tools: `python -m bench.cleaning [--pages 60] [--model FOLD.npz --fold 0]`.

With `--siblings` what other pages of a site give, on whole pages (or `--kind lines`), in English and others;
`--models DIR` judges every page by the model of DIR that has not seen its fold.

Prints a table for each kind of conversion: our cleaner, justext on `<p>`, trafilatura on `<p>`, and a density rule. The
shipped model has learned from the very pages of the corpus, so for figures on unseen sites give a model of
`bench.cleaning.train --folds 4 --keep DIR` with the fold that it has not seen.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import justext
import trafilatura

from bench.cleaning import corpus, measures, siblings
from bench.cleaning import html as web
from monitor.model import Cleaned, Metadata, SiteProfile
from monitor.stages import clean, plaintext
from monitor.stages.clean import learned, shapes


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(block.text)}</p>" for block in plaintext.split(text))


def by_justext(text: str) -> str:
    page = f"<html><body>{_paragraphs(text)}</body></html>"
    found = justext.justext(page.encode(), justext.get_stoplist("English"))
    return "\n\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)


def by_trafilatura(text: str) -> str:
    return trafilatura.extract(f"<html><body><article>{_paragraphs(text)}</article></body></html>") or ""


def by_density(text: str) -> str:
    """From the first to the last paragraph, everything between."""
    blocks = [block.text for block in plaintext.split(text)]
    prose = [i for i, block in enumerate(blocks) if shapes.is_prose(block)]
    return "\n\n".join(blocks[prose[0] : prose[-1] + 1] if prose else blocks)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=corpus.FOLDER)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--fold", type=int, choices=range(4))
    parser.add_argument("--siblings", action="store_true", help="whole pages with 1, 2, 3, 5 pages of the site known")
    parser.add_argument("--kind", choices=corpus.KINDS, default="page", help="which conversion, for --siblings")
    parser.add_argument("--models", type=Path, help="folder of fold0.npz … fold3.npz, for --siblings and --html")
    parser.add_argument("--html", action="store_true", help="pages as HTML, beside trafilatura alone")
    parser.add_argument("--memory", action="store_true", help="memory that cleaning 500 pages takes")
    options = parser.parse_args(arguments)
    if not options.corpus.is_dir():
        print(f"no corpus at {options.corpus}: nothing to measure")
        return 0
    model = learned.read(options.model.read_bytes()) if options.model else learned.shipped()

    def ours(text: str) -> str:
        return clean.clean(plaintext.split(text), SiteProfile(), Metadata(), model=model).text

    tools: dict[str, Callable[[str], str]] = {
        "monitor": ours, "justext": by_justext, "trafilatura": by_trafilatura, "density": by_density,
    }  # fmt: skip
    if options.memory:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with gzip.open(options.corpus / "cleaning-page.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in islice(lines, 500):
                ours(str(json.loads(line)["text"]))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"500 pages: {used / 1024:.0f} MiB at most above imports and model")
        return 0
    known = corpus.sites(options.corpus)
    folds = [model] * 4
    if options.models:
        folds = [learned.read((options.models / f"fold{n}.npz").read_bytes()) for n in range(4)]
    if options.html:
        every = web.records(options.corpus)
        by_folds = (web.ours(record, folds[web.fold_of(record, known)]) for record in every)
        print(f"html: {len(every)} pages")
        for name, texts in (("trafilatura", map(web.alone, every)), ("monitor", by_folds)):
            print(f"  {name:12} {measures.line(web.figures(every, list(texts)))}", flush=True)
        return 0
    if options.siblings:

        def whole(record: siblings.Record, about: SiteProfile) -> Cleaned:
            judge = folds[corpus.fold_of(str(record["id"]), known)]
            return clean.clean(plaintext.split(str(record["text"])), about, Metadata(), model=judge)

        others = [r for r in corpus.records("languages", options.corpus) if str(r["id"]).startswith(f"{options.kind}/")]
        for name, records in (("English", corpus.records(options.kind, options.corpus)), ("others", others)):
            pages = [r for r in records if options.fold in (None, corpus.fold_of(str(r["id"]), known))]
            for count, without, with_profile, worse in siblings.measured(pages, known, whole, options.pages):
                print(f"{name}: {count} known   {measures.line(with_profile)}  more lost on {worse} pages")
                print(f"{name}:   none    {measures.line(without)}", flush=True)
        return 0
    for kind in (*corpus.KINDS, "spam", "languages"):
        records = corpus.records(kind, options.corpus)
        if options.fold is not None:
            records = [record for record in records if corpus.fold_of(str(record["id"]), known) == options.fold]
        records = random.Random(kind).sample(records, min(options.pages, len(records)))
        size = sum(len(str(record["text"])) for record in records) / 10_000
        print(f"\n{kind}: {len(records)} pages")
        for name, tool in tools.items():
            begun = time.process_time()
            texts = [tool(str(record["text"])) for record in records]
            used = (time.process_time() - begun) / size * 1000
            pairs = zip(records, texts, strict=True)
            result = measures.summed([measures.page(record, text) for record, text in pairs])
            result.pop("pages")
            print(f"  {name:12} {measures.line(result)}  {used:5.1f} ms CPU per 10 KB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
