"""`monitor clean`, `reclean` and `sources learned`: what cleaning keeps, what it removes and why.

`clean` works on files without a store, or shows a stored article; `reclean` repeats cleaning over the store.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import Exit, Settings, json_option, print_json, print_json_lines, print_rows, progress, reading
from monitor.errors import Permanent
from monitor.model import Cleaned, Document, Metadata, Removed, SiteProfile

if TYPE_CHECKING:
    from rich.table import Table

WIDEST = 160  # columns of the account: lines longer than that are hard to read, and a pipe has no width
ENDINGS = frozenset(
    (".txt", ".text", ".html", ".htm", ".xhtml", ".md", ".markdown", ".eml", ".json", ".jsonl", ".ndjson", ".pdf")
)


@dataclass(frozen=True, slots=True)
class _Job:
    """One file or record of a file, and what its folder's other files repeat."""

    path: Path
    name: Path  # where it goes below the output folder
    record: Document | None = None  # where the file holds several
    fault: str = ""  # why the record cannot be read
    profile: SiteProfile = field(default_factory=SiteProfile)

    @property
    def key(self) -> tuple[Path, Path, str]:
        return self.path, self.name, self.fault


@dataclass(frozen=True, slots=True)
class _Done:
    name: Path
    method: str = ""
    cleaned: Cleaned | None = None
    fault: str = ""


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH|ID...")
@click.option("--explain", is_flag=True, help="Show kept text and removed blocks side by side, with the reasons.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write the clean texts into this folder.")
@json_option
@click.pass_obj
def clean(settings: Settings, paths: Sequence[str], explain: bool, out: Path | None, as_json: bool) -> None:
    """Clean files or folders, without a store; or show how a stored article was cleaned.

    A folder is read with its subfolders; each of them counts as a source of its own, so that what its files
    repeat is recognised. A number that is no file is the number of an article in the store.
    """
    if not out and len(paths) == 1 and paths[0].isdigit() and not Path(paths[0]).exists():
        _stored(settings, int(paths[0]), as_json)
        return
    jobs = [one for job in _jobs(paths) for one in _records(job)]
    if not jobs:
        raise click.UsageError("There is no readable file: " + ", ".join(sorted(ENDINGS)) + " are read.")
    failed = 0
    for done in _run(settings, jobs):
        if done.cleaned is None:
            failed += 1
            settings.stderr.print(f"{done.name}: {done.fault}", markup=False, highlight=False)
            continue
        if out is not None:
            _write(out, done)
        if as_json:
            print_json_lines([_as_json(done)])
        elif explain:
            settings.console.print(
                explained(done.cleaned, str(done.name), done.method), width=min(settings.console.width, WIDEST)
            )
        elif out is None:
            click.echo(done.cleaned.text)
    if out is not None and not as_json:
        what = "documents" if any(job.record for job in jobs) else "files"
        settings.stderr.print(f"{len(jobs) - failed} of {len(jobs)} {what} cleaned into {out}", highlight=False)
    if failed:
        raise click.exceptions.Exit(Exit.FAILED)


def _jobs(paths: Sequence[str]) -> Iterator[_Job]:
    for given in map(Path, paths):
        if given.is_dir():
            for path in sorted(given.rglob("*")):
                hidden = any(part.startswith(".") for part in path.relative_to(given).parts)
                if path.is_file() and not path.is_symlink() and not hidden and path.suffix.lower() in ENDINGS:
                    yield _Job(path, path.relative_to(given))
        elif given.exists():
            yield _Job(given, Path(given.name))
        else:
            raise click.UsageError(f"There is no file or folder '{given}'.")


def _records(job: _Job) -> Iterator[_Job]:
    """The job itself, or one for each record of a JSON list or JSON-lines file."""
    if job.path.suffix.lower() not in (".json", ".jsonl", ".ndjson"):
        yield job
        return
    from monitor.stages import kinds

    try:
        found = kinds.records(_document(job))
    except OSError:  # told when its turn comes
        found = None
    if found is None or (len(found.documents) < 2 and not found.refused):
        yield job
        return
    for record in found.documents:
        yield replace(job, name=job.name.with_name(record.name), record=record)
    for place, reason in found.refused:
        yield replace(job, fault=f"{place}: {reason}")


def _run(settings: Settings, jobs: Sequence[_Job]) -> Iterator[_Done]:
    """Cleans in as many processes as there are cores; files of one folder learn from each other first."""
    folders: dict[Path, list[_Job]] = defaultdict(list)
    for job in jobs:
        folders[job.path.parent].append(job)
    several = [job for inside in folders.values() if len(inside) > 1 for job in inside]
    if len(jobs) < 4:
        learned = {job.key: _fingerprints(job) for job in several}
        yield from map(_clean, _with_profiles(jobs, learned))
        return
    context = multiprocessing.get_context("forkserver")
    with (
        ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context) as pool,
        progress(settings, "cleaning", len(several) + len(jobs)) as advance,
    ):
        learned = {}
        for job, found in zip(several, pool.map(_fingerprints, several, chunksize=8), strict=True):
            learned[job.key] = found
            advance(1)
        for done in pool.map(_clean, _with_profiles(jobs, learned), chunksize=4):
            advance(1)
            yield done


def _with_profiles(jobs: Sequence[_Job], learned: dict[tuple[Path, Path, str], tuple[int, ...]]) -> list[_Job]:
    seen: dict[Path, Counter[int]] = defaultdict(Counter)
    pages: Counter[Path] = Counter()
    for (path, *_), found in learned.items():
        seen[path.parent].update(found)
        pages[path.parent] += 1
    out = []
    for job in jobs:
        own = set(learned.get(job.key, ()))
        others = {
            block: count - (block in own)
            for block, count in seen[job.path.parent].items()
            if count > (block in own) and block in own
        }
        profile = SiteProfile(key=str(job.path.parent), pages=max(0, pages[job.path.parent] - 1), blocks=others)
        out.append(replace(job, profile=profile))
    return out


def _document(job: _Job) -> Document:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # a refusal says it in one line
    if job.record is not None:
        return job.record
    moment = datetime.fromtimestamp(job.path.stat().st_mtime, UTC)
    return Document(body=job.path.read_bytes(), name=job.path.name, fetched_at=moment)


def _fingerprints(job: _Job) -> tuple[int, ...]:
    from monitor.stages import extract
    from monitor.stages.clean import profiles

    if job.fault:
        return ()
    try:
        return profiles.fingerprints(extract.extract(_document(job)).blocks)
    except (Permanent, OSError):
        return ()


def _clean(job: _Job) -> _Done:
    from monitor.stages import clean as stage
    from monitor.stages import extract

    if job.fault:
        return _Done(job.name, fault=job.fault)
    try:
        document = _document(job)
        extracted = extract.extract(document)
    except Permanent as error:
        return _Done(job.name, fault=str(error))
    except OSError as error:
        return _Done(job.name, fault=error.strerror or str(error))
    cleaned = stage.clean(
        extracted.blocks, job.profile, extracted.metadata, method=extracted.method, fetched_at=document.fetched_at
    )
    return _Done(job.name, extracted.method, cleaned)


def _write(out: Path, done: _Done) -> None:
    assert done.cleaned is not None
    target = out / done.name.with_name(done.name.name + ".txt" if done.name.suffix != ".txt" else done.name.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(done.cleaned.text + "\n", "utf-8")


def _as_json(done: _Done) -> dict[str, Any]:
    assert done.cleaned is not None
    cleaned = done.cleaned
    return {
        "name": str(done.name),
        "method": done.method,
        **asdict(cleaned.metadata),
        "text": cleaned.text,
        "removed": [asdict(one) for one in cleaned.removed],
        "spam_hosts": list(cleaned.spam_hosts),
    }


# ── a stored article ────────────────────────────────────────────────────────────────────────────


def _stored(settings: Settings, number: int, as_json: bool) -> None:
    from monitor.store import articles, profiles

    with reading(settings.load()) as db:
        article = articles.get(db, number)
        if article is None:
            raise Permanent(f"there is no article {number}, and no file of this name", kind="no-article")
        removed = profiles.removed_from(db, number)
    metadata = Metadata(
        title=article.title,
        byline=article.byline,
        outlet=article.outlet,
        published_at=article.published_at,
        language=article.language,
        canonical_url=article.canonical_url,
    )
    cleaned = Cleaned(text=article.text, removed=removed, metadata=metadata)
    if as_json:
        print_json(_as_json(_Done(Path(str(number)), article.extractor, cleaned)))
        return
    settings.console.print(
        explained(cleaned, f"article {number}: {article.title}", article.extractor),
        width=min(settings.console.width, WIDEST),
    )


def explained(cleaned: Cleaned, title: str, method: str = "") -> Table:
    """Kept text on the left, what was removed at its place on the right, as a table for a terminal.

    `method`: how it was extracted; told where that was not the first choice.
    """
    from rich.table import Table
    from rich.text import Text

    from monitor import log

    said = cleaned.metadata
    known = {
        "title": said.title,
        "by": said.byline,
        "outlet": said.outlet,
        "date": said.published_at.date().isoformat() if said.published_at else "",
        "language": said.language,
        "address": said.canonical_url or "",
        "extractor": method if method.startswith("fallback") else "",
    }
    caption = " · ".join(f"{name}: {log.printable(value)}" for name, value in known.items() if value)
    table = Table(title=Text(log.printable(title)), caption=Text(caption), show_lines=True, expand=True)
    table.add_column("kept", ratio=3)
    table.add_column("removed", ratio=2)
    for kept, removed in _rows(cleaned):
        right = Text()
        for one in removed:
            right.append(f"{one.reason} {one.confidence:.2f}{' (part)' if one.span else ''}\n", "bold yellow")
            right.append(log.printable(one.text) + "\n", "red")
        right.rstrip()
        table.add_row(Text(log.printable(kept), "green"), right)
    return table


def _rows(cleaned: Cleaned) -> Iterator[tuple[str, list[Removed]]]:
    """Each kept block with what was removed above or inside it; at last what was removed below all."""
    waiting = list(cleaned.removed)
    position = 0
    for block in cleaned.text.split("\n\n") if cleaned.text else []:
        end = position + len(block)
        above = [one for one in waiting if one.at <= position and not one.span]
        if above:
            yield "", above
        inside = [one for one in waiting if one not in above and one.at <= end and (one.span or one.at < end)]
        yield block, inside
        waiting = [one for one in waiting if one not in above and one not in inside]
        position = end + 2
    if waiting:
        yield "", waiting


# ── the store ───────────────────────────────────────────────────────────────────────────────────


@click.command()
@click.option("--source", default="", help="Only articles of this source.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only articles seen from this day on.")
@click.option("--dry-run", is_flag=True, help="Change nothing, only report.")
@click.option("--alert", is_flag=True, help="Raise the alerts that follow. Without it nothing is sent.")
@json_option
@click.pass_obj
def reclean(settings: Settings, source: str, since: datetime | None, dry_run: bool, alert: bool, as_json: bool) -> None:
    """Repeat cleaning and matching over the raw documents that are kept, and report what changed."""
    from monitor import app

    arguments = {
        "source": source,
        "since": since.replace(tzinfo=UTC).isoformat() if since else "",
        "dry_run": dry_run,
        "alert": alert,
    }
    with progress(settings, "cleaning again", None) as advance:
        report = app.command(settings.load, "reclean", arguments, progress=lambda done: advance(1, done["total"]))
    if as_json:
        print_json(report)
        return
    for row in report["changed"]:
        row["rules"] = ", ".join([f"+{slug}" for slug in row["gained"]] + [f"-{slug}" for slug in row["lost"]])
    columns = {"article": ">article", "title": "title", "before": ">before", "after": ">after", "rules": "rules"}
    print_rows(settings, report["changed"], columns, empty="nothing changed")
    verb = "would change" if dry_run else "changed"
    settings.stderr.print(
        f"{report['seen']} articles cleaned again, {len(report['changed'])} {verb}, {report['gone']} without their "
        f"document, {report['failed']} could not be read, {report['alerts']} alerts raised",
        highlight=False,
    )


@click.command("learned")
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="Also blocks that one page alone has.")
@click.option("--pin", type=int, metavar="BLOCK", help="Take this block for furniture from now on.")
@click.option("--unpin", type=int, metavar="BLOCK", help="Judge this block by its pages again.")
@click.option("--forget", is_flag=True, help="Forget all that was learned of this source.")
@json_option
@click.pass_obj
def learned(
    settings: Settings, name: str, everything: bool, pin: int | None, unpin: int | None, forget: bool, as_json: bool
) -> None:
    """Show what the pages of a source repeat, the most repeated first; pin a block, or forget.

    NAME is a source, or a key as the listing shows it: host:…, feed:…, folder:….
    """
    from monitor import app
    from monitor.store import profiles

    if forget or pin is not None or unpin is not None:
        block = pin if pin is not None else unpin
        what = {"name": name, "block": block, "pin": pin is not None, "forget": forget}
        count = app.command(settings.load, "profiles.change", what)
        settings.stderr.print(f"{count} {'profiles' if forget else 'blocks'} changed", highlight=False)
        return
    with reading(settings.load()) as db:
        rows = profiles.listing(db, name, least=1 if everything else 2)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    columns = {
        "key": "profile",
        "block": ">block",
        "pages": ">pages",
        "of": ">of",
        "below": ">below text",
        "pinned": "pinned",
        "sample": "text",
    }
    print_rows(settings, rows, columns, empty=f"nothing was learned of '{name}' yet")
