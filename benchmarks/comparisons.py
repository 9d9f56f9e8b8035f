# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The column that the rest is for: this way against that way."""
from results import number, ratios, rows, size_name, spread

BIG = (65536, 1 << 20)


def entry(what, a, b, ratio, unit, better, noise=0.0, goal=None):
    e = {"what": what, "this": a, "that": b, "ratio": ratio, "unit": unit,
         "better": better, "noise": noise}
    if goal is not None:
        e["goal"] = goal
        e["met"] = ratio >= goal if better == "higher" else ratio <= goal
    return e


def bar_against_host(doc):
    """The same NIC, the same run."""
    for op in ("write", "read"):
        for size in BIG:
            base = rows(doc, "bandwidth", op=op, bytes=size, path="host->host")
            for row in rows(doc, "bandwidth", op=op, bytes=size):
                if not base or row is base[0] or row["memory"] == 0:
                    continue
                ratio, noise = spread(ratios(row, base[0]))
                yield entry(f"RDMA {op.upper()} {size_name(size)}, "
                            f"{row['path']} against host->host",
                            row["bw_average_MiBps"],
                            base[0]["bw_average_MiBps"], ratio, "MiB/s",
                            "higher", noise, 0.95)


WORK = (("insns_per_KiB", "insns_samples",
         "instructions of both ends, kernel included", "1/KiB"),
        ("emulator_ns_per_KiB", "emulator_samples",
         "CPU time of the emulator, both ends", "ns/KiB"))


def work_against_host(doc):
    """The same without what else this host was busy with."""
    for op in ("write", "read"):
        for size in BIG:
            base = rows(doc, "bandwidth", op=op, bytes=size, memory=0)
            for row in rows(doc, "bandwidth", op=op, bytes=size):
                for key, samples, words, unit in WORK:
                    if not base or row["memory"] == 0 or not row.get(key):
                        continue
                    ratio, noise = spread(ratios(row, base[0], samples))
                    yield entry(f"RDMA {op.upper()} {size_name(size)}, "
                                f"{row['path']} against host->host: {words}",
                                row[key], base[0][key], ratio, unit, "lower",
                                noise, 1.05)


def latency_against_host(doc):
    for op in ("write", "read", "send"):
        base = rows(doc, "latency", op=op, memory=0)
        for row in rows(doc, "latency", op=op):
            if not base or row["memory"] == 0 or \
                    row["bytes"] != base[0]["bytes"]:
                continue
            ratio, noise = spread(ratios(row, base[0]))
            yield entry(f"latency of {op.upper()} {size_name(row['bytes'])}, "
                        f"{row['path']} against {base[0]['path']}",
                        row["t_typical_usec"], base[0]["t_typical_usec"],
                        ratio, "us", "lower", noise)


def direct_against_bounce(doc):
    for size in BIG:
        found = {r["path"]: r for r in rows(doc, "bounce", bytes=size)}
        direct, bounce = found.get("bar->bar"), found.get("bounce->bounce")
        if not direct or not bounce:
            continue
        name = f"SEND {size_name(size)}, direct against bounce"
        ratio, noise = spread(ratios(direct, bounce))
        yield entry(name + ": bandwidth", direct["bw_average_MiBps"],
                    bounce["bw_average_MiBps"], ratio, "MiB/s", "higher", noise)
        for key, samples, words, unit in WORK + (
                ("cpu_ns_per_KiB", "cpu_samples", "CPU time, kernel included",
                 "ns/KiB"),
                ("own_cpu_ns_per_KiB", "own_cpu_samples",
                 "the program's own CPU time", "ns/KiB")):
            ratio, noise = spread(ratios(direct, bounce, samples))
            if not ratio:
                continue
            yield entry(f"{name}: {words}", direct[key], bounce[key], ratio,
                        unit, "lower", noise)
        if direct["cpu_ns_per_KiB"] > 0:
            yield entry(f"SEND {size_name(size)}, direct: the program's own "
                        "share of all CPU time",
                        direct["own_cpu_ns_per_KiB"],
                        direct["cpu_ns_per_KiB"],
                        direct["own_cpu_ns_per_KiB"] /
                        direct["cpu_ns_per_KiB"], "ns/KiB", "lower")


def guarded_against_plain(doc):
    for attribute in ("uncached", "write-combining"):
        for direction in ("read", "write"):
            for row in rows(doc, "copy", attribute=attribute,
                            direction=direction, bytes=4096):
                if row["method"] not in ("64-bit-guard", "library") or \
                        not row["instructions"]:
                    continue
                yield entry(f"{direction} of 4K, {attribute}, "
                            f"{row['method']} against a plain 64-bit loop",
                            row["instructions"],
                            row["instructions"] / row["instructions_ratio"],
                            row["instructions_ratio"], "instructions",
                            "lower", goal=1.05)


def pages_against_pages(doc):
    found = {r["entries"]: r for r in rows(doc, "fault")}
    small = found.get("4 KiB")
    for name in ("2 MiB", "1 GiB"):
        big = found.get(name)
        if small and big and small["faults_per_GiB"]:
            yield entry(f"faults for each GiB, entries of {name} against 4 KiB",
                        big["faults_per_GiB"], small["faults_per_GiB"],
                        big["faults_per_GiB"] / small["faults_per_GiB"],
                        "faults", "lower")


def bystander(phase, name):
    """What buffer B's CPU thread and page tables went through."""
    buffers = phase["buffers"]["B"]
    refaults = sum(buffers["after"][k] - buffers["before"][k]
                   for k in ("faults_4k", "faults_2m", "faults_1g"))
    waits = [w["longest_wait_ns"] for w in phase["workers"]
             if w["name"] == name]
    return refaults, waits[0] if waits else 0


def one_against_all(doc):
    """The revoke of one buffer against what takes all of the device's."""
    phases = {p["phase"]: p for p in doc.get("revoke", {}).get("phases", [])}
    one = next((p for n, p in phases.items() if "permanent" in n), None)
    for name, phase in phases.items():
        if not one or phase is one:
            continue
        mine, _ = bystander(one, "CPU on B")
        theirs, _ = bystander(phase, "CPU on B")
        yield entry(f"page faults of a bystander, revoke of one buffer "
                    f"against {name}", mine, theirs,
                    mine / theirs if theirs else 1.0, "faults", "lower")


def all_of(doc):
    found = []
    for part in (bar_against_host, work_against_host, direct_against_bounce,
                 latency_against_host, guarded_against_plain,
                 pages_against_pages, one_against_all):
        found += part(doc)
    return found


def print_all(found, to):
    print("\nComparisons", file=to)
    for e in found:
        goal = ""
        if "goal" in e:
            sign = ">=" if e["better"] == "higher" else "<="
            goal = f"  {sign} {e['goal']:g}: " + ("yes" if e["met"] else "NO")
        noise = f" +-{100 * e['noise']:.0f} %" if e["noise"] else ""
        print(f"  {e['what']}: {number(e['this'])} to {number(e['that'])} "
              f"{e['unit']}, ratio {e['ratio']:.3f}{noise}{goal}", file=to)
