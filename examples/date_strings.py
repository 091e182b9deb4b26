"""Dates as people write them, and as ISO 8601 has them: the data of examples/dates.py.

Every day of a hundred years, so that two digits are enough to name a year.  Some of the days are
held out: they occur in training in no format at all.
"""

from __future__ import annotations

import datetime
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNITS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth",
)  # fmt: skip
SPELLED = (
    *UNITS, "twentieth", *(f"twenty-{unit}" for unit in UNITS[:9]), "thirtieth", "thirty-first",
)  # fmt: skip

# A month that is a number stands between the others, and next to dots the day comes first, as in
# most of Europe; no format leaves a choice.
FORMATS = (
    "{year}-{mm}-{dd}", "{year}/{mm}/{dd}", "{year}{mm}{dd}", "{dd}.{mm}.{year}", "{d}.{m}.{year}",
    "{d} {month} {year}", "{d} {mon} {year}", "{dd}-{mon}-{year}", "{d} {mon} '{yy}",
    "{nth} {month} {year}", "{nth} of {month} {year}", "the {spelled} of {month}, {year}",
    "{month} {d}, {year}", "{month} {nth}, {year}", "{mon} {d} {year}", "{mon}. {d}, '{yy}",
    "{weekday}, {d} {month} {year}", "{wday} {d} {mon} {year}", "{weekday}, {month} {nth}, {year}",
    "{year}, {month} {d}",
)  # fmt: skip
CASES = (str, str.lower, str.upper)  # as it is, all small, all capitals

# A character's place is its id; the first of the source is padding.
SOURCE, TARGET = "\0" + string.ascii_letters + string.digits + " ,.'/-", string.digits + "-"
PAD, START, STOP = 0, len(TARGET), len(TARGET) + 1
SOURCE_SIZE, TARGET_SIZE, LENGTH = len(SOURCE), len(TARGET) + 2, len("1997-03-03") + 1


def split(held_out: int, rng: np.random.Generator) -> tuple[list[datetime.date], ...]:
    """(training days, held-out days): all of the hundred years, each in one of the two lists."""
    days = [datetime.date.fromordinal(i) for i in range(FIRST.toordinal(), LAST.toordinal() + 1)]
    order = rng.permutation(len(days))
    return [days[i] for i in order[held_out:]], [days[i] for i in order[:held_out]]


def written(day: datetime.date, form: str) -> str:
    """``day`` in one of the formats: "{nth} of {month} {year}" gives "3rd of March 1997"."""
    d, month, weekday = day.day, MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    ending = "th" if 10 < d < 14 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    return form.format(
        d=d, dd=f"{d:02}", nth=f"{d}{ending}", spelled=SPELLED[d - 1],
        m=day.month, mm=f"{day.month:02}", month=month, mon=month[:3],
        year=day.year, yy=f"{day.year % 100:02}", weekday=weekday, wday=weekday[:3],
    )  # fmt: skip


def draw(days: Sequence[datetime.date], rng: np.random.Generator) -> list[str]:
    """Each day in a format and a case at random."""
    forms, cases = rng.integers(len(FORMATS), size=len(days)), rng.integers(3, size=len(days))
    return [
        CASES[c](written(day, FORMATS[f])) for day, f, c in zip(days, forms, cases, strict=True)
    ]


def source_ids(texts: Sequence[str]) -> tuple[Any, Any]:
    """(ids: (N, S), PAD behind each text, lengths: (N,)); S is the longest one's length."""
    lengths = np.array([len(text) for text in texts])
    ids = np.full((len(texts), lengths.max()), PAD)
    ids[np.arange(lengths.max()) < lengths[:, None]] = [SOURCE.index(c) for c in "".join(texts)]
    return ids, lengths


def target_ids(days: Sequence[datetime.date]) -> tuple[Any, Any]:
    """For teacher forcing, two of (N, LENGTH) ids: START and the ISO date, ISO date and STOP."""
    ids = np.array([[START, *map(TARGET.index, day.isoformat()), STOP] for day in days])
    return ids[:, :-1], ids[:, 1:]


def batches(
    days: Sequence[datetime.date], steps: int, size: int, pool: int = 5
) -> Callable[[np.random.Generator], Iterator[tuple[Any, ...]]]:
    """Epochs for nn.fit: ``steps`` batches (source, lengths, target_in, target) of ``size`` days.

    ``pool`` batches are drawn at once, and texts of about the same length put together, so that
    little time is spent on padding.
    """

    def epoch(rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
        for _ in range(steps // pool):
            some = [days[i] for i in rng.integers(len(days), size=pool * size)]
            texts = draw(some, rng)
            by_length = np.argsort([len(text) for text in texts]).reshape(pool, size)
            for rows in rng.permutation(by_length):
                target_in, target = target_ids([some[i] for i in rows])
                yield *source_ids([texts[i] for i in rows]), target_in, target

    return epoch


def target_text(ids: Any) -> str:
    """What a network wrote: (LENGTH,) ids, read until STOP; a START is shown as "?"."""
    ids = [*ids.tolist(), STOP]
    return "".join((TARGET + "?")[i] for i in ids[: ids.index(STOP)])
