"""What is said on the command line to find recorded runs: bounds and facts.

Takes: words. Gives: what `cascadelang.trace.search.Search` takes. Guarantees: what makes no sense is a `Mistake` that
says what would.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, cast

from cascadelang.workspace.mistake import Mistake

if TYPE_CHECKING:
    from cascadelang.trace.search import Bound, Comparison

_BOUND: Final = re.compile(
    r"\s*(<=|>=|<|>|=|)\s*(\$?)\s*([0-9]*\.?[0-9]+(?:e-?[0-9]{1,2})?)\s*(ms|s|m|)\s*", re.ASCII
)
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}


def bounds_of(said: Sequence[str], option: Literal["--cost", "--latency"]) -> tuple[Bound, ...]:
    """The bounds that texts such as ``>0.01`` (dollars) or ``<=300ms`` name; a number alone is that number.

    Raises:
        Mistake: when one names none.
    """
    from cascadelang.trace.search import Bound

    bounds: list[Bound] = []
    for one in said:
        found = _BOUND.fullmatch(one)
        fits = found is not None and not found[2 if option == "--latency" else 4]
        number = float(found[3]) if found is not None and fits else math.inf
        if found is None or not math.isfinite(number):
            usual = "`'>0.01'`, `'<=$1'`, `0` or `unknown`" if option == "--cost" else "`'>5s'` or `'<300ms'`"
            raise Mistake(f"`{one}` is no bound for `{option}`", f"give one as {usual}", usage=True)
        value = number * (_UNIT_S[found[4]] if option == "--latency" else 1.0)
        bounds.append(Bound(cast("Comparison", found[1] or "="), value))
    return tuple(bounds)


def facts_of(said: Sequence[str]) -> Mapping[str, str]:
    """The facts that texts such as ``plan=gold`` name.

    Raises:
        Mistake: when one names none.
    """
    facts: dict[str, str] = {}
    for one in said:
        name, is_, value = one.partition("=")
        if not is_ or not name.strip():
            raise Mistake(f"`{one}` is no fact to look for", "give one as `plan=gold`", usage=True)
        facts[name.strip()] = value.encode("utf-8", "replace").decode().replace("\0", "")
    return facts
