"""The offload rule, written anew from its text: a task is offloaded when any of these holds, strictly greater, in bytes and seconds.

R-RAM    required RAM > RAM available to this process
R-TIME   estimated run time > the longest local run
R-SIZE   dataset > the largest local dataset
R-HALF   dataset > a part of this machine's RAM, in percent
R-MODEL  the catalogue marks the task model-heavy

A size that a person claims raises the dataset's own and never lowers it. A number that is none counts as more than any.

Reads lines of what a verdict was drawn from and the rules that it names, and says which line is wrong. Whole numbers are exact
here, and floats come in hexadecimal, so nothing is rounded.
"""

import math
import sys


def rules(ram, available, seconds, longest, dataset, claimed, largest, total, percent, heavy):
    size = max(dataset, claimed)
    out = []
    if math.isnan(ram) or ram > available:
        out.append("R-RAM")
    if math.isnan(seconds) or seconds > longest:
        out.append("R-TIME")
    if size > largest:
        out.append("R-SIZE")
    if size * 100 > total * percent:
        out.append("R-HALF")
    if heavy:
        out.append("R-MODEL")
    return out


def main():
    count = offloaded = 0
    for line in sys.stdin:
        fields = line.rstrip("\n").split("\t")
        ram, seconds, longest = (float.fromhex(fields[i]) for i in (0, 2, 3))
        available, dataset, claimed, largest, total, percent = (int(fields[i]) for i in (1, 4, 5, 6, 7, 8))
        expected = rules(ram, available, seconds, longest, dataset, claimed, largest, total, percent, fields[9] == "1")
        place = "offload" if expected else "local"
        if fields[10:] != [place, ",".join(expected)]:
            sys.exit(f"line {count + 1}: {line!r} should be {place} by {expected}")
        count += 1
        offloaded += bool(expected)
    print(count, offloaded)


main()
