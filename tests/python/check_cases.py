"""The worker's part of the comparison: does the operations on the `text` it is given and says which differ."""

import json

data = json.loads(data)
different = []
for case, expected in zip(data["cases"], data["expected"]):
    if outcome(text, case) != expected:
        different.append(ascii(case))
print(len(data["cases"]), "operations, different:", different[:10])
