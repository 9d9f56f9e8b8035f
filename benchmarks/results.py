# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the scripts that read results.json share."""
import json
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "..", "docs", "results.schema.json")


def load(path, part=None):
    """Read and validate; ends the program with one line when that fails."""
    try:
        with open(path, encoding="utf-8") as f:
            doc = json.load(f)
    except (OSError, ValueError) as e:
        sys.exit(f"{path}: {e}")
    problem = validate(doc, part)
    if problem:
        sys.exit(f"{path}: {problem}")
    return doc


def validate(doc, part=None):
    """None, or what is wrong with a document, or a part such as "bw", and where."""
    import jsonschema

    with open(SCHEMA, encoding="utf-8") as f:
        schema = json.load(f)
    if part:
        if part not in schema["$defs"]:
            return f"the schema has no part {part}"
        schema = {key: schema[key] for key in ("$schema", "$defs")}
        schema["$ref"] = f"#/$defs/{part}"
    errors = jsonschema.Draft202012Validator(schema).iter_errors(doc)
    error = jsonschema.exceptions.best_match(errors)
    if not error:
        return None
    where = "/".join(str(p) for p in error.absolute_path) or "the document"
    return f"{where}: {error.message[:300]}"


def size_name(n):
    """65536 -> "64K"."""
    for unit in ("", "K", "M"):
        if n < 1024 or n % 1024:
            return f"{n}{unit}"
        n //= 1024
    return f"{n}G"


def number(value):
    """Four digits, and no exponent."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.4g}"
    return f"{float(text):.10f}".rstrip("0") if "e" in text else text


def rows(doc, section, **want):
    """Rows of a section whose members have these values."""
    found = doc.get(section, {}).get("rows", [])
    return [r for r in found if all(r.get(k) == v for k, v in want.items())]


def samples_of(row):
    """One value for each round, whatever the program calls them."""
    for key in ("samples_MiBps", "typical_of_rounds_usec"):
        if key in row:
            return row[key]
    return []


def spread(values):
    """Median and the half width in which half of the values lie, relative."""
    if not values:
        return 0, 0
    median = statistics.median(values)
    if len(values) < 3 or not median:
        return median, 0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return median, (high - low) / 2 / abs(median)


def ratios(row, base, key=None):
    """Round by round: the rounds of two rows were taken in turn."""
    both = ((r.get(key, []) if key else samples_of(r)) for r in (row, base))
    return [a / b for a, b in zip(*both) if b]
