# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The plots of results.json, drawn by gnuplot.

Each function returns None when the results have nothing for its plot, else
(width, height, script).
"""
import subprocess

from results import rows, size_name

COLORS = ("#1f6fb4", "#d1490c", "#2a8a3e", "#7d4fa3", "#8a6d1b", "#555555")

HEAD = """set terminal svg size {w},{h} font "sans-serif,13" background "white"
set output "{out}"
set grid ytics lc rgb "#dddddd"
set border lc rgb "#888888"
set tics textcolor rgb "#333333"
"""


KEY = "set key outside bottom center horizontal\n"


def block(name, lines):
    return f"${name} << EOD\n" + "\n".join(lines) + "\nEOD\n"


def panels(title, count):
    return f'set multiplot layout 1,{count} title "{title}" font ",15"\n'


def bandwidth(doc):
    """Over size: host, BAR, and the bounce buffers of the SEND runs."""
    todo = [("write", "RDMA WRITE", rows(doc, "bandwidth", op="write")),
            ("read", "RDMA READ", rows(doc, "bandwidth", op="read")),
            ("send", "SEND", rows(doc, "bounce", op="send"))]
    todo = [t for t in todo if t[2]]
    if not todo:
        return None
    script = panels("Bandwidth over message size", len(todo))
    script += ('set logscale x 2\nset yrange [0:*]\n' + KEY +
               'set xlabel "message size (bytes)"\nset ylabel "MiB/s"\n'
               'set xtics rotate by 45 right\n')
    for op, title, found in todo:
        lines = []
        for i, path in enumerate(dict.fromkeys(r["path"] for r in found)):
            mine = [r for r in found if r["path"] == path]
            script += block(f"{op}{i}", [
                f"{r['bytes']} {r['bw_average_MiBps']} "
                f"{min(r['samples_MiBps'])} {max(r['samples_MiBps'])}"
                for r in mine])
            color = COLORS[i % len(COLORS)]
            lines.append(f'${op}{i} using 1:2 with lines lw 2 '
                         f'lc rgb "{color}" title "{path}", '
                         f'${op}{i} using 1:2:3:4 with yerrorbars lw 1 '
                         f'pt 7 ps 0.5 lc rgb "{color}" notitle')
        first, last = found[0]["bytes"], max(r["bytes"] for r in found)
        script += f"set xrange [{first * 0.7}:{last * 1.4}]\n"
        ticks = ", ".join(f'"{size_name(b)}" {b}'
                          for b in dict.fromkeys(r["bytes"] for r in found))
        script += (f'set title "{title}"\nset xtics ({ticks})\n'
                   f'plot {", ".join(lines)}\n')
    return 470 * len(todo), 430, script + "unset multiplot\n"


def latency(doc):
    """Typical, 99 % and 99.9 % of each memory, by operation."""
    found = rows(doc, "latency")
    if not found:
        return None
    ops = list(dict.fromkeys(r["op"] for r in found))
    size = found[0]["bytes"]
    script = panels(f"Latency, messages of {size_name(size)} bytes", len(ops))
    script += ('set logscale y\nset ylabel "us"\nset style fill solid 0.9\n'
               'set style data histograms\n'
               'set style histogram clustered gap 1\nset boxwidth 0.9\n'
               'set xtics noenhanced\nset format y "%g"\n' + KEY)
    keys = (("t_typical_usec", "typical"), ("t_99_usec", "99 %"),
            ("t_99_9_usec", "99.9 %"))
    for op in ops:
        mine = [r for r in found if r["op"] == op and r["bytes"] == size]
        script += block(op, [f'"{r["path"]}" ' +
                             " ".join(str(r[k]) for k, _ in keys)
                             for r in mine])
        top = max(r["t_99_9_usec"] for r in mine)
        low = min(r["t_typical_usec"] for r in mine)
        script += (f'set title "{op.upper()}"\n'
                   f'set yrange [{low / 2}:{top * 4}]\nplot ' +
                   ", ".join(f'${op} using {i + 2}:xtic(1) title "{name}" '
                             f'lc rgb "{COLORS[i]}"'
                             for i, (_, name) in enumerate(keys)) + "\n")
    return 430 * len(ops), 400, script + "unset multiplot\n"


STAGES = (("zap_usec", "CPU page tables"),
          ("invalidate_usec", "importers told"),
          ("drain_usec", "importers let go"))


def revoke(doc):
    """Stages of a revoke, one factor at a time."""
    found = doc.get("revoke_scale", {}).get("rows", [])
    if not found:
        return None
    script = 'set title "Stages of a permanent revoke" font ",15"\n'
    script += block("stages", [
        f'"{r["varied"]}" ' + " ".join(str(r[k]) for k, _ in STAGES)
        for r in found])
    script += ('set style data histograms\nset style histogram rowstacked\n'
               'set style fill solid 0.9\nset boxwidth 0.7\n'
               'set ylabel "us"\nset yrange [0:*]\n'
               'set xtics rotate by 35 right noenhanced\n' + KEY + 'plot ' +
               ", ".join(f'$stages using {i + 2}:xtic(1) title "{name}" '
                         f'lc rgb "{COLORS[i]}"'
                         for i, (_, name) in enumerate(STAGES)) + "\n")
    return max(700, 62 * len(found)), 460, script


def bars(title, label, name, lines, log=False, height=400, width=560):
    """One value each."""
    script = f'set title "{title}" font ",15"\n' + block(name, lines)
    script += (f'set style fill solid 0.9\nset boxwidth 0.6\n'
               f'set ylabel "{label}"\nunset key\nset xtics noenhanced\n'
               f'set xrange [-0.6:{len(lines) - 0.4}]\n')
    script += 'set logscale y\nset yrange [0.5:*]\nset format y "%g"\n' if log else \
        "set yrange [0:*]\n"
    top = "($2 > 0 ? $2 : 0.5)" if log else "2"
    script += (f'plot ${name} using 0:{top}:xtic(1) with boxes '
               f'lc rgb "{COLORS[0]}", '
               f'${name} using 0:{top}:3 with labels offset 0,0.7 '
               f'font ",12"\n')
    return width, height, script


def faults(doc):
    found = rows(doc, "fault")
    if not found:
        return None
    return bars("Page faults for each GiB of BAR", "faults", "faults",
                [f'"{r["entries"]}" {r["faults_per_GiB"]} '
                 f'"{r["faults_per_GiB"]}"' for r in found], log=True)


def copies(doc):
    """CPU copies of 4 KiB by method."""
    found = rows(doc, "copy", bytes=4096)
    if not found:
        return None
    kinds = list(dict.fromkeys((r["attribute"], r["direction"])
                               for r in found))
    methods = list(dict.fromkeys(r["method"] for r in found))
    value = {(r["attribute"], r["direction"], r["method"]): r["bw_MiBps"]
             for r in found}
    script = 'set title "CPU copies of 4 KiB" font ",15"\n'
    script += block("copies", [
        f'"{m}" ' + " ".join(str(value.get((*k, m), 0)) for k in kinds)
        for m in methods])
    script += ('set style data histograms\n'
               'set style histogram clustered gap 1\n'
               'set style fill solid 0.9\nset boxwidth 0.9\n'
               'set ylabel "MiB/s"\nset yrange [0:*]\n'
               'set xtics noenhanced\n' + KEY + 'plot ' +
               ", ".join(f'$copies using {i + 2}:xtic(1) '
                         f'title "{k[1]}, {k[0]}" '
                         f'lc rgb "{COLORS[i % len(COLORS)]}"'
                         for i, k in enumerate(kinds)) + "\n")
    return 760, 420, script


def registration(doc):
    found = rows(doc, "reg")
    if not found:
        return None
    script = ('set title "Registration" font ",15"\nset logscale xy\n'
              'set logscale x 2\nset xlabel "bytes"\nset ylabel "us"\n'
              'set format y "%g"\n' + KEY)
    lines = []
    kinds = dict.fromkeys((r["memory"], r["ranges"]) for r in found)
    for i, (memory, ranges) in enumerate(kinds):
        mine = [r for r in found
                if r["memory"] == memory and r["ranges"] == ranges]
        script += block(f"reg{i}",
                        [f"{r['bytes']} {r['reg_usec']}" for r in mine])
        words = memory if memory == "host" else \
            f"BAR, {ranges} range{'s' if ranges > 1 else ''}"
        lines.append(f'$reg{i} using 1:2 with linespoints lw 2 pt 7 ps 0.6 '
                     f'lc rgb "{COLORS[i % len(COLORS)]}" title "{words}"')
    sizes = dict.fromkeys(r["bytes"] for r in found)
    script += "set xtics (" + ", ".join(f'"{size_name(b)}" {b}'
                                        for b in sizes) + ")\n"
    # a tic at the very end of a logarithmic axis gets lost
    script += f"set xrange [{min(sizes) / 1.5}:{max(sizes) * 1.5}]\n"
    return 620, 420, script + "plot " + ", ".join(lines) + "\n"


ALL = (("bandwidth", bandwidth), ("latency", latency), ("revoke", revoke),
       ("faults", faults), ("copies", copies), ("registration", registration))


def draw(doc, out):
    """[(name, file)] of what could be drawn."""
    drawn = []
    for name, plot in ALL:
        made = plot(doc)
        if not made:
            continue
        width, height, script = made
        path = f"{out}/{name}.svg"
        subprocess.run(["gnuplot"], text=True, check=True,
                       input=HEAD.format(w=width, h=height, out=path) + script)
        drawn.append((name, path))
    return drawn
