"""Writes the pages that are made from the code: ``python docs/generate.py``, or ``--check`` to see they are current.

``docs/rules/`` comes from the registry of diagnostics, ``docs/reference.md`` from the specs of providers, signals and
checks, ``docs/graph.schema.json`` from the graph's form.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from html import escape
from pathlib import Path

from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.page import code_page
from cascadelang.graph.json_schema import json_schema
from cascadelang.lint.registry import all_codes, is_rule
from cascadelang.workspace.catalog import InstalledCatalog, is_built_in
from cascadelang.workspace.spec_page import spec_page

DOCS = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    codes = all_codes()
    out = {DOCS / "rules" / f"{name}.md": code_page(code, is_rule=is_rule(name)) for name, code in codes.items()}
    out[DOCS / "rules" / "README.md"] = _index()
    out[DOCS / "reference.md"] = _reference()
    schema, published = json_schema(), DOCS / "graph.schema.json"
    if "--check" not in sys.argv or schema["$comment"] in published.read_text(encoding="utf-8"):
        out[published] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return out


def _index() -> str:
    """The tables of all diagnostics, each with its example."""
    rules = {name: code for name, code in sorted(all_codes().items()) if is_rule(name)}
    errors = {name: code for name, code in sorted(all_codes().items()) if name not in rules}
    return (
        "# Diagnostics\n\nEverything `cascadelang lint` can say, by name. "
        "`cascadelang explain NAME` shows a page in the terminal.\n\n"
        "## Rules\n\nCommon mistakes in policies that are otherwise well formed. Each can be switched off or made an "
        "error, and allowed at one place: [how](../lint.md).\n\n"
        f"{_table(rules)}\n## Errors of the language\n\nWhat a policy can't mean. These can't be silenced.\n\n"
        f"{_table(errors)}"
    )


def _table(codes: dict[str, Code]) -> str:
    rows = [
        f"| [`{name}`]({name}.md) | {code.severity} | {code.summary} | {_cell(code.bad)} |"
        for name, code in codes.items()
    ]
    return "| name | severity | what is wrong | for example |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _cell(example: str) -> str:
    """A policy as it can stand in a table; what it uses from `std/` goes without saying."""
    lines = [line for line in example.rstrip().split("\n") if not line.startswith('use "std/')] or [example.rstrip()]
    shown = [escape(line[:119] + "…" if len(line) > 120 else line, quote=False) for line in lines[:12]]
    words = "<br>".join(line.replace("  ", "&nbsp; ") for line in shown) + ("<br>…" if len(lines) > 12 else "")
    pictures = {number: 0x2400 + number for number in range(32)}
    for sign in "|`*_\\[]":
        words = words.replace(sign, f"&#{ord(sign)};")
    return f"<code>{words.translate(pictures)}</code>"


def _reference() -> str:
    """One page with every signal, check and provider of ours: a table of each kind, then what stands behind it."""
    catalog = InstalledCatalog()
    lead = "Every signal, check and provider, made from its own file."
    parts = [f"# Reference\n\n{lead} `cascadelang explain NAME` shows one in the terminal.\n"]
    seen: Counter[str] = Counter()
    for title, kind in (("Signals", "signal"), ("Checks", "check"), ("Providers", "provider")):
        names = [name for name in catalog.names(kind) if is_built_in(kind, name)]
        specs = [spec for name in names if (spec := catalog.spec(kind, name)) is not None]
        rows = []
        for spec in specs:
            link = f"#{spec.name}-{seen[spec.name]}" if seen[spec.name] else f"#{spec.name}"
            seen[spec.name] += 1
            rows.append(f"| [`{spec.name}`]({link}) | {spec.summary}{' (not yet)' if spec.supported else ''} |")
        parts.append(f"## {title}\n\n| name | what it is |\n|---|---|\n" + "\n".join(rows) + "\n")
        parts += [_demoted(spec_page(spec)) for spec in specs]
    return "\n".join(parts)


def _demoted(page: str) -> str:
    """A page with its headings two levels lower; lines of code that begin with `#` stay as they are."""
    out, code = [], False
    for line in page.split("\n"):
        code ^= line.startswith("```")
        out.append(f"##{line}" if line.startswith("#") and not code else line)
    return "\n".join(out)


def main() -> int:
    """Write the pages, or with ``--check`` say which are not current; 1 when some aren't."""
    check = "--check" in sys.argv[1:]
    stale = []
    wanted = pages()
    for path, text in wanted.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in (DOCS / "rules").glob("*.md"):
        if path not in wanted:
            stale.append(path)
            if not check:
                path.unlink()
    for path in stale:
        print(("not current: " if check else "wrote ") + str(path.relative_to(DOCS.parent)))
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
