"""What was measured, as tables: a row for each engine, language and group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from loadtests.intervals import ratio_interval
from loadtests.people.manifest import LabelledRecording
from loadtests.people.recogniser import Heard
from loadtests.people.scoring import Score
from loadtests.report import Cell, Table

RATES_HEAD = (
    "engine",
    "impl",
    "language",
    "group",
    "recordings",
    "speakers",
    "minutes",
    "WER",
    "WER 95 %",
    "CER",
    "CER 95 %",
    "drawn",
    "empty",
    "inserted",
    "real time",
    "refused",
)
"""`drawn`: what the bootstrap drew. `inserted`: words (or characters) that nobody said, of those said. `real
time`: seconds until the answer for each second of a recording. Refused recordings count nowhere else."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class Result:
    """One recording through one engine."""

    engine: str
    recording: LabelledRecording
    heard: Heard
    score: Score


def tables(results: Sequence[Result], impls: Mapping[str, str], *, detected: bool) -> dict[str, Table]:
    """Error rates; the languages found, where they were `detected`; and why recordings were refused."""
    found: dict[str, Table] = {"error rates": (RATES_HEAD, rate_rows(results, impls))}
    if detected:
        found["languages found"] = languages_found(results)
    refusals = Counter((each.engine, each.heard.refusal) for each in results if each.heard.refusal)
    if refusals:
        rows = [(engine, count, why) for (engine, why), count in refusals.most_common()]
        found["refused"] = (("engine", "recordings", "why"), rows)
    return found


def rate_rows(results: Sequence[Result], impls: Mapping[str, str]) -> list[tuple[Cell, ...]]:
    """Each group, then all of a language that has several."""
    cells: defaultdict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for each in results:
        cells[each.engine, each.recording.language, each.recording.group].append(each)
    groups = Counter((engine, language) for engine, language, _ in cells)
    for engine, language in (several for several, count in groups.items() if count > 1):
        parts = [found for key, found in cells.items() if key[:2] == (engine, language)]
        cells[engine, language, ALL] = [each for part in parts for each in part]
    rows = sorted(cells.items(), key=lambda cell: (*cell[0][:2], cell[0][2] == ALL, cell[0][2]))
    return [
        (engine, impls[engine], language or "-", group or "-", *rates(found))
        for (engine, language, group), found in rows
    ]


def rates(results: Sequence[Result]) -> tuple[Cell, ...]:
    """The cells from `recordings` on."""
    answered = [each for each in results if not each.heard.refusal]
    refused = len(results) - len(answered)
    if not answered:
        return (0, *[None] * 10, refused)
    speakers = {each.recording.speaker for each in answered}
    named = len(speakers) > 1 and "" not in speakers
    seconds = sum(each.heard.seconds for each in answered)
    drawn = [each.recording.speaker if named else at for at, each in enumerate(answered)]
    scores = [each.score for each in answered]
    return (
        len(answered),
        len(speakers - {""}) or None,
        seconds / 60,
        *_rate([(score.word_errors, score.words) for score in scores], drawn),
        *_rate([(score.character_errors, score.characters) for score in scores], drawn),
        "speakers" if named else "recordings",
        sum(not each.heard.text for each in answered),
        sum(score.inserted for score in scores) / sum(score.units for score in scores),
        sum(each.heard.elapsed_s for each in answered) / max(seconds, 1e-9),
        refused,
    )


def _rate(counts: Sequence[tuple[int, int]], drawn: Sequence[Hashable]) -> tuple[Cell, Cell]:
    """Errors by wholes, and the interval where there are two to draw; no rate where there is no whole, as for
    words of Thai."""
    sums: defaultdict[Hashable, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for name, (errors, units) in zip(drawn, counts, strict=True):
        sums[name] = (sums[name][0] + errors, sums[name][1] + units)
    errors, whole = (sum(column) for column in zip(*counts, strict=True))
    if not whole:
        return None, None
    interval = "{:.3f}-{:.3f}".format(*ratio_interval(list(sums.values()))) if len(sums) > 1 else None
    return errors / whole, interval


def languages_found(results: Sequence[Result]) -> Table:
    """How often speech in one language was taken for which."""
    answered = [each for each in results if not each.heard.refusal]
    counts = Counter((each.engine, each.recording.language, each.heard.language) for each in answered)
    found = sorted({language for _, _, language in counts})
    said = sorted({(engine, language) for engine, language, _ in counts})
    rows: list[tuple[Cell, ...]] = [
        (engine, language or "-", *(counts[engine, language, each] for each in found))
        for engine, language in said
    ]
    return ("engine", "said", *(language or "nothing" for language in found)), rows
