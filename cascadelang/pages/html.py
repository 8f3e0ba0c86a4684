"""A page in one file.

Takes: a title and sections of HTML. Gives: a document. Guarantees: it opens offline, for there is no address in it
and its Content-Security-Policy allows none; it has no script, and that policy would let none run; `text` makes any
text harmless, whoever wrote it. It is made for light and dark screens, for phones and for paper.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""Control characters, those that turn text round, line ends that not everybody sees, and halves of characters."""


def text(words: object) -> str:
    """A text as it can stand in HTML, in an attribute too; what can't be seen becomes ``�``."""
    return escape(_UNSEEN.sub("\ufffd", str(words)), quote=True)


def words(said: object) -> str:
    """A text as `text` gives it, with what stands in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", text(said))


def page(title: str, lead: str, sections: Sequence[str], foot: str) -> str:
    """The document. ``lead``, the sections and ``foot`` are HTML; ``title`` is text."""
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style></head>\n<body><main>\n"
        f"<header>{lead}</header>\n" + "\n".join(sections) + f"\n<footer>{foot}</footer>\n</main></body></html>\n"
    )


def section(title: str, body: str, lead: str = "") -> str:
    """A section: a title as text, then HTML."""
    return f"<section><h2>{text(title)}</h2>{f'<p class=lead>{lead}</p>' if lead else ''}{body}</section>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], form: str = "wn") -> str:
    """A table of HTML cells; ``form`` says what each column holds: ``w`` words, ``b`` bars, ``n`` figures.

    Its last letter holds for all columns that follow. On narrow screens bars are left out, and where a row has three
    figures or more, they stand below its words, each under its name.
    """
    kinds = form.ljust(len(head), form[-1])
    columns = [*zip(kinds, head, strict=True)]
    many = kinds.count("n") > 2

    def cells(row: Sequence[str], tag: str) -> str:
        told = many and tag == "td"
        named = [f' data-name="{name}"' if told and kind == "n" else "" for kind, name in columns]
        return "".join(
            f"<{tag} class={kind}{name}>{one}</{tag}>" for kind, name, one in zip(kinds, named, row, strict=False)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    of = " class=many" if many else ""
    return (
        f"<div class=scroll><table{of}><thead><tr>{cells(head, 'th')}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def bar(share: float, colour: int = 1) -> str:
    """A bar of a share from 0 to 1."""
    return (
        f'<span class=bar><span class=c{colour} style="width:{max(0.0, min(1.0, share)) * 100:.1f}%"></span></span>'
    )


_STYLE: Final = """
:root{--bg:#fbfbfa;--card:#fff;--ink:#1d2125;--soft:#5b636b;--line:#dfe2e5;--c1:#2f6fb2;--c2:#d9822b;
--c3:#2a8c5a;
--c4:#8a5cb8;--c5:#c2405a;--c6:#6b7785;--good:#1f7a4c;--bad:#b3304a}
@media(prefers-color-scheme:dark){:root{--bg:#15181b;--card:#1d2125;--ink:#e8eaec;--soft:#a3abb3;--line:#353b41;
--c1:#6aa6e0;--c2:#eba25c;--c3:#5dbd8c;--c4:#b795e0;--c5:#ec7b92;--c6:#97a3b0;--good:#6bcf9d;--bad:#f08aa0}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:920px;margin:0 auto;padding:28px 20px 40px}
h1{font-size:1.75rem;line-height:1.25;margin:.2em 0 .35em;letter-spacing:-.01em}
h2{font-size:1.15rem;margin:0 0 .35em}h3{font-size:1rem;margin:1.2em 0 .3em}
p{margin:.4em 0}.lead,.soft,footer{color:var(--soft)}.small{font-size:.875rem}
header .over{color:var(--soft);margin:0}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:16px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:10px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.tile b{display:block;font-size:1.4rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:.875rem}
.good{color:var(--good)}.bad{color:var(--bad)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{text-align:left;padding:6px 14px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600;font-size:.8125rem}tr:last-child td{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tr.me td{font-weight:600}
.bar{display:inline-block;width:100%;min-width:70px;height:.7em;background:var(--line);border-radius:3px;
overflow:hidden}
.bar span{display:block;height:100%;background:var(--c1)}
.bar .c2{background:var(--c2)}.bar .c3{background:var(--c3)}.bar .c4{background:var(--c4)}
.bar .c5{background:var(--c5)}
.bar .c6{background:var(--c6)}
svg{display:block;width:100%;height:auto;overflow:visible}
svg[role] text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
svg[role] .ax{fill:var(--soft);font-size:12px}svg[role] .grid{stroke:var(--line)}
svg[role] .mark{stroke:var(--soft);stroke-dasharray:4 4}
svg[role] .l{fill:none;stroke-width:2.5;stroke-linejoin:round}
svg[role] .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px}
.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}.s5{stroke:var(--c5)}
.s6{stroke:var(--c6)}
.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}.f5{fill:var(--c5)}
.f6{fill:var(--c6)}
.flow{opacity:.38}.narrow{display:none}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.875rem;color:var(--soft);margin:.3em 0}
.key i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.35em}
.key .f1{background:var(--c1)}.key .f2{background:var(--c2)}.key .f3{background:var(--c3)}
.key .f4{background:var(--c4)}
.key .f5{background:var(--c5)}.key .f6{background:var(--c6)}
details{border-top:1px solid var(--line);padding:8px 0}details:first-of-type{border-top:0}
summary{cursor:pointer}
pre{white-space:pre-wrap;overflow-wrap:anywhere;
font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:8px 10px;margin:.4em 0;
max-height:22em;overflow:auto}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
td{overflow-wrap:break-word}.w{min-width:8em}.b{width:18%}ul{padding-left:1.2em;margin:.3em 0}
.drawn{background:#fff;border-radius:6px;padding:8px;overflow-x:auto}
.drawn svg{width:auto;max-width:100%;margin:0 auto}
footer{font-size:.875rem;margin-top:24px}
@media(max-width:600px){main{padding:16px 12px 28px}section{padding:14px 13px}h1{font-size:1.4rem}
.wide,.b{display:none}.narrow{display:block}
.many thead{display:none}.many tr{display:flex;flex-wrap:wrap;
gap:2px 10px;padding:8px 0;border-bottom:1px solid var(--line)}.many tr:last-child{border-bottom:0}
.many td{border:0;padding:0}.many .w{flex:0 0 100%}.many .n{text-align:left;flex:1 1 70px}
.many .n::before{content:attr(data-name);display:block;color:var(--soft);font-size:.8125rem;white-space:normal}
.tiles{grid-template-columns:1fr 1fr}.tile b{font-size:1.2rem}}
@media print{:root{--bg:#fff}body{font-size:12px}section,.tile{break-inside:avoid;border-color:#bbb}
main{max-width:none;padding:0}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
