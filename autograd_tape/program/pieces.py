"""A long function cut into shorter ones, which CPython compiles in less memory."""

from __future__ import annotations

import re

__all__ = ["in_pieces"]

_PIECE = 250  # lines; CPython needs some 4 kB for each while it compiles


def in_pieces(name: str, inputs: list[str], lines: list[str], constants: set[str]) -> list[str]:
    """The function, cut into several that hand on what is alive: compiling a long one takes much
    memory at once.  A list hands it on, which is emptied, so that nothing lives longer by it.
    """
    words = [set(re.findall(r"[A-Za-z_]\w*", line)) for line in lines]
    starts = [0]
    for i, line in enumerate(lines):
        outside = line.startswith("    ") and line[4:5] != " " and not lines[i - 1].endswith(":")
        if outside and i - starts[-1] >= _PIECE and len(lines) - i > _PIECE // 4:
            starts.append(i)
    last = {word: i for i, found in enumerate(words) for word in found}
    alive, pieces = dict.fromkeys(inputs), []
    for k, start in enumerate(starts):
        end = starts[k + 1] if k + 1 < len(starts) else len(lines)
        used = sorted(constants & set().union(*words[start:end]))
        taken = [n for n in alive if last.get(n, -1) >= start]
        if len(starts) == 1:
            body = [f"def {name}({', '.join(inputs)}):"]
        else:
            body = [f"def {name}_{k + 1}(live):"]
            body += [f"    {', '.join(taken)}, = live", "    live.clear()"] if taken else []
        if used:  # locals are faster to look up
            body.append(f"    {', '.join(used)}, = constants[{k}]")
        body += lines[start:end]
        for line in lines[start:end]:
            made = re.match(r"\s+(\w+) = ", line)
            if made:
                alive[made[1]] = None
        if end < len(lines):
            alive = {n: None for n in alive if last.get(n, -1) >= end}
            body.append(f"    return [{', '.join(alive)}]")
        pieces.append("\n".join(body) + "\n")
    if len(starts) > 1:
        read = ", ".join(n for n in inputs if n in last)
        calls = [f"    live = {name}_{k + 1}(live)" for k in range(1, len(starts) - 1)]
        whole = [f"def {name}({', '.join(inputs)}):", f"    live = {name}_1([{read}])", *calls]
        pieces.append("\n".join([*whole, f"    return {name}_{len(starts)}(live)", ""]))
    return pieces
