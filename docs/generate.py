"""Writes the pages that are made from the code: ``python docs/generate.py``, or ``--check`` to see they are current.

``docs/rules/`` comes from the registry of diagnostics, ``docs/reference.md`` from the specs of providers, signals and
checks, ``docs/graph.schema.json`` from the graph's form.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from cascadelang.diagnostics.codes import all_codes
from cascadelang.diagnostics.page import code_page
from cascadelang.graph.json_schema import json_schema
from cascadelang.workspace.catalog import InstalledCatalog
from cascadelang.workspace.spec_page import spec_page

DOCS = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    codes = all_codes()
    out = {DOCS / "rules" / f"{name}.md": code_page(code) for name, code in codes.items()}
    out[DOCS / "rules" / "README.md"] = _index()
    out[DOCS / "reference.md"] = _reference()
    schema, published = json_schema(), DOCS / "graph.schema.json"
    if "--check" not in sys.argv or schema["$comment"] in published.read_text(encoding="utf-8"):
        out[published] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return out


def _index() -> str:
    """The table of all diagnostics."""
    rows = [
        f"| [`{name}`]({name}.md) | {code.severity} | {code.summary} |" for name, code in sorted(all_codes().items())
    ]
    head = (
        "# Diagnostics\n\nEverything `cascadelang lint` can say, by name. "
        "`cascadelang explain NAME` shows a page in the terminal.\n\n"
    )
    return head + "| name | severity | what is wrong |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _reference() -> str:
    """One page with every signal, check and provider: a table of each kind, then what stands behind it."""
    catalog = InstalledCatalog()
    lead = "Every signal, check and provider, made from its own file."
    parts = [f"# Reference\n\n{lead} `cascadelang explain NAME` shows one in the terminal.\n"]
    seen: Counter[str] = Counter()
    for title, kind in (("Signals", "signal"), ("Checks", "check"), ("Providers", "provider")):
        specs = [spec for name in catalog.names(kind) if (spec := catalog.spec(kind, name)) is not None]
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
