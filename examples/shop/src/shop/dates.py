"""Delivery dates and opening hours."""

from datetime import date, timedelta
from typing import Optional


def is_leap_year(year: int) -> bool:
    """
    >>> is_leap_year(2024)
    True
    """
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """How many days a month has."""
    if month < 1 or month > 12:
        raise ValueError(f"no such month: {month}")
    if month == 2:
        return 29 if is_leap_year(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def delivery_date(ordered: date, working_days: int = 2) -> date:
    """The day of delivery: working days only, Saturdays and Sundays do not count."""
    day = ordered
    while working_days > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            working_days -= 1
    return day


def is_open(hour: int, weekday: int) -> bool:
    """Monday to Friday from 9 to 18, Saturday from 10 to 14 (weekday 0 is Monday)."""
    if weekday < 5:
        return 9 <= hour < 18
    if weekday == 5:
        return 10 <= hour < 14
    return False


def parse_duration(text: str) -> Optional[int]:
    """Minutes of a text like "1h 30m", "45m" or "2h"; None when it is none.

    >>> parse_duration('1h 30m')
    90
    """
    minutes = 0
    for part in text.split():
        number, unit = part[:-1], part[-1]
        if not number.isdigit() or unit not in "hm":
            return None
        minutes += int(number) * (60 if unit == "h" else 1)
    return minutes if minutes > 0 else None
