# --- functions
import math

print(
    math.sqrt(2),
    math.pi,
    math.e,
    math.floor(-1.5),
    math.ceil(1.2),
    math.trunc(-1.7),
    math.gcd(12, 18, 27),
    math.lcm(4, 6),
)
print(
    math.isclose(0.1 + 0.2, 0.3),
    math.hypot(3, 4),
    math.log(8, 2),
    math.log2(8),
    math.log10(1000),
    math.exp(1),
    math.fsum([0.1] * 10),
)

# --- combinations
import math

print(
    math.comb(10, 3),
    math.perm(5, 2),
    math.factorial(20),
    math.prod([1, 2, 3, 4]),
    math.isqrt(10**20),
    math.dist((0, 0), (1, 1)),
)

# --- a domain error : type only
import math

math.sqrt(-1)

# --- an overflow
import math

math.exp(1000)

# --- division by zero : type only
1 // 0

# --- division of floats by zero : type only
1.0 / 0

# --- rounding
print(
    round(2.5),
    round(3.5),
    round(-0.5),
    round(2.675, 2),
    round(1234, -2),
    round(1e20),
    round(0.1 + 0.2, 10),
    round(5, None),
)

# --- integers
print(7 // -2, 7 % -2, divmod(-7, 2), -7 // 2, 2**100, (-2) ** 3, 2**-1, 0b101 ^ 0o17, 0xFF >> 3, ~5, 1_000_000)
print(
    (10**30).bit_length(),
    int("ff", 16),
    int("-0b11", 0),
    (5).to_bytes(2, "big"),
    int.from_bytes(b"\x01\x00", "little"),
    pow(3, -1, 7),
    pow(2, 100, 13),
)

# --- big integers
n = 3**200
print(n, n % 10**9, str(n)[:10], len(str(2**5000)), 10**50 // 7, -(10**25) % 13, (1 << 70) - 1)

# --- floats and their repr
print([0.1, 1e16, 1e15, 123456789.123, 1e-5, 0.0001, 1 / 3, 2.0, 1e300 * 1e10, -0.0, 5e-324, 1.7976931348623157e308])
print(
    float("1e3"),
    float(" -inf "),
    float("nan") != float("nan"),
    (0.5).as_integer_ratio(),
    (2.5).is_integer(),
    (10.0).hex(),
    float.fromhex("0x1.8p1"),
)

# --- complex numbers
z = complex(3, -4)
print(z, abs(z), z.conjugate(), z * 2j, z * z, 1j * 1j, complex("1+2j"), z.real, z == 3 - 4j)

# --- conversions that fail
for text in ["12a", "", "1.5", "0x1g", "१२x", "--1"]:
    try:
        print(int(text))
    except ValueError as error:
        print(error)
float("abc")

# --- booleans are numbers
print(
    True + True,
    sum([True, False, True]),
    isinstance(True, int),
    True == 1,
    {True: "a", 1: "b"},
    bool("False"),
    bool([]),
    not None,
)

# --- mixed comparisons
print(
    1 < 2.5 < 3,
    1 == 1.0,
    hash(1) == hash(1.0),
    10**20 == 1e20,
    2**53 + 1 == float(2**53),
    max(1, 2.0, True),
    min([3, 1.5]),
)
1 < "2"

# --- statistics
import statistics as st

data = [2, 4, 4, 4, 5, 5, 7, 9]
print(
    st.mean(data),
    st.median(data),
    st.mode(data),
    st.pstdev(data),
    st.stdev(data),
    st.variance(data),
    st.multimode("aabbc"),
)
print(
    st.quantiles(data, n=4),
    st.median_low(data),
    st.harmonic_mean([40, 60]),
    st.geometric_mean([1, 4]),
    st.fmean([1, 2]),
    st.correlation([1, 2, 3], [2, 4, 7]),
)

# --- statistics of nothing
import statistics

statistics.mean([])

# --- a line through points
from statistics import linear_regression, NormalDist

slope, intercept = linear_regression([1, 2, 3], [3, 5, 7])
print(slope, intercept, NormalDist(0, 1).cdf(0), round(NormalDist(100, 15).inv_cdf(0.9), 6))

# --- fractions
from fractions import Fraction

f = Fraction(3, 4) + Fraction("1/6")
print(
    f,
    f.numerator,
    float(f),
    Fraction(0.25),
    Fraction("2.5"),
    Fraction(1, 3).limit_denominator(2),
    f > 0.9,
    round(f, 1),
    repr(f),
    Fraction(7, 2) // 1,
)

# --- decimals
from decimal import Decimal, getcontext, ROUND_HALF_UP

print(
    Decimal("0.1") + Decimal("0.2"),
    Decimal(1) / Decimal(7),
    Decimal("2.675").quantize(Decimal("0.01"), ROUND_HALF_UP),
    Decimal("1E+3"),
    Decimal(10).sqrt(),
)
getcontext().prec = 5
print(
    Decimal(1) / 3,
    Decimal("3.14159265") * 1,
    repr(Decimal("-0")),
    Decimal("NaN"),
    int(Decimal("7.9")),
    f"{Decimal('1234.5'):,.2f}",
)
getcontext().prec = 28

# --- decimals that are none : type only
from decimal import Decimal, InvalidOperation

try:
    Decimal("abc")
except InvalidOperation as error:
    print(type(error).__name__)
Decimal(1) / 0

# --- random numbers of a seed
import random

rng = random.Random(42)
print(
    [rng.randint(1, 100) for _ in range(5)],
    rng.random(),
    rng.choice("abcdef"),
    rng.sample(range(100), 5),
    rng.uniform(1, 2),
)
items = list(range(10))
rng.shuffle(items)
print(items, rng.gauss(0, 1), rng.choices("ab", weights=[1, 3], k=5), rng.getrandbits(40), rng.betavariate(2, 3))

# --- the module's own generator
import random

random.seed("a text")
print(
    random.random(), random.randrange(0, 100, 7), random.triangular(), random.expovariate(1), random.randbytes(4).hex()
)

# --- state of a generator
import random

random.seed(1)
state = random.getstate()
first = random.random()
random.setstate(state)
print(first == random.random(), random.choice([]) if False else "ok")
random.choice([])

# --- matrices by hand
a = [[1, 2], [3, 4]]
print([[sum(x * y for x, y in zip(row, col)) for col in zip(*a)] for row in a], list(map(list, zip(*a))))


# --- primes
def primes(n):
    sieve = bytearray([1]) * (n + 1)
    sieve[:2] = b"\0\0"
    for i in range(2, int(n**0.5) + 1):
        if sieve[i]:
            sieve[i * i :: i] = bytes(len(range(i * i, n + 1, i)))
    return [i for i, is_prime in enumerate(sieve) if is_prime]


print(primes(60), len(primes(10000)))

# --- sums of floats
print(sum([0.5] * 4), sum([], 10), sum([[1], [2]], []), sum(x * x for x in range(5)))
sum(["a", "b"])

# --- the sum of tenths
print(sum([0.1] * 10))

# --- rounding of halves : type only
print(
    [round(x, 2) for x in (2.675, 0.125, 0.375, 1.005, 2.5, -0.125, 1e-10, 12345.678)],
    [round(x, -2) for x in (1250.0, 1350.0, 50.0, 49.9, -150.0)],
    [round(x) for x in (0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 4503599627370497.5)],
    round(1e308, -308),
    round(5e-324, 3),
)
round(float("inf"))

# --- averages that are shown
scores = [0.1, 0.25, 0.675, 2 / 3]
print(
    [f"{s:.1%}" for s in scores],
    [round(100 * s, 1) for s in scores],
    f"{sum(scores) / len(scores):.4f}",
    "%.2f" % 2.675,
    format(0.5, ".0f"),
    format(1.5, ".0f"),
)
