# --- dates
from datetime import date, timedelta

d = date(2024, 2, 28)
print(
    d + timedelta(days=2),
    d.isoformat(),
    d.weekday(),
    d.isoweekday(),
    tuple(d.isocalendar()),
    d.strftime("%d %B %Y, %A, %j, %U"),
    (date(2024, 12, 25) - d).days,
    d.replace(day=1),
    date.fromisoformat("2020-01-31"),
    d < date.max,
    d.timetuple().tm_yday,
)

# --- parsing times
from datetime import datetime

t = datetime.strptime("05/Mar/2023:14:07:09", "%d/%b/%Y:%H:%M:%S")
print(
    t,
    repr(t),
    t.strftime("%Y-%m-%dT%H:%M:%S.%f %p %I %y %a"),
    t.date(),
    t.time(),
    t.isoformat(sep=" ", timespec="minutes"),
    t.timestamp() > 0,
    datetime.fromisoformat("2023-03-05T14:07:09.123456+02:00"),
)

# --- a date that does not parse
from datetime import datetime

datetime.strptime("2024-13-01", "%Y-%m-%d")

# --- a date that is none : type only
from datetime import date

date(2023, 2, 29)

# --- differences of times
from datetime import datetime, timedelta

a, b = datetime(2024, 1, 1, 12), datetime(2024, 1, 3, 13, 30, 15)
print(
    b - a,
    (b - a).total_seconds(),
    timedelta(hours=25, minutes=-1),
    timedelta(days=-1, seconds=5),
    abs(timedelta(-1)),
    timedelta(hours=3) / timedelta(hours=2),
    timedelta(days=10) // 3,
    repr(timedelta(1, 2, 3)),
    str(timedelta(seconds=90061.5)),
)
print(sorted([b, a]), max(a, b), a.replace(minute=5), divmod(timedelta(days=7, hours=3), timedelta(days=2)))

# --- zones : type only
from datetime import datetime, timezone, timedelta

utc = datetime(2024, 6, 1, 12, tzinfo=timezone.utc)
east = utc.astimezone(timezone(timedelta(hours=5, minutes=30), "IST"))
print(
    utc,
    east,
    east.tzname(),
    east == utc,
    utc.isoformat(),
    east.utcoffset(),
    datetime.fromtimestamp(0, timezone.utc),
    utc.strftime("%z %Z"),
)
datetime(2024, 1, 1) < utc

# --- times of the day
from datetime import time, datetime

t = time(23, 59, 1, 5)
print(
    t,
    t.isoformat(),
    t > time(12),
    time.fromisoformat("04:05:06"),
    datetime.combine(datetime(2024, 1, 1), t),
    f"{t:%H:%M}",
    min(time(1), time(2)),
)

# --- months and calendars
import calendar

print(
    calendar.monthrange(2024, 2)[1],
    calendar.isleap(1900),
    calendar.month_name[3],
    calendar.day_abbr[0],
    calendar.timegm((1970, 1, 2, 0, 0, 0)),
)
print(calendar.month(2024, 2))

# --- clocks
import time

a, b = time.perf_counter(), time.perf_counter()
print(
    b >= a,
    time.time() > 1.6e9,
    time.monotonic() >= 0,
    isinstance(time.time_ns(), int),
    time.strftime("%Y", time.gmtime(0)),
    time.gmtime(86400)[:6],
)
time.sleep(0)

# --- a duration that is shown
import time

start = time.time()
time.sleep(0.01)
print(f"{time.time() - start:.1f}s", 0.009 < time.time() - start < 5)

# --- grouping by month
from datetime import date
from collections import Counter

days = ["2024-01-03", "2024-01-20", "2024-02-01"]
print(Counter(date.fromisoformat(d).strftime("%Y-%m") for d in days), sorted({d[:7] for d in days}))
