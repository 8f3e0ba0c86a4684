"""The events of a run: what each kind tells, and their JSON form.

Takes: events as JSON. Gives: `cascadelang.contracts.trace_sink.Event`. Guarantees: what is written here for a version
stays true for it; a key may be added to a kind without a new version, none is renamed or dropped.

Version 1. ``node`` is the graph node's id and ``at_s`` the seconds since the run began. ``data`` holds:

``route``
    A choice, of ``route``, ``route by``, ``split`` or ``from``. ``arm``: the number of the arm or share from 1, the
    label, or ``else``;
    ``to``: the model, or the node id of a whole strategy; ``because``: value by signal, for every signal that was
    looked at, unknown ones as null; ``unknown``: a list of words, one for each signal that wasn't known and why. Of a
    ``split`` only: ``share``, from 0 to 1. Of ``order by``: the rung to begin with, and ``because`` the predicted
    quality of each rung.
``call``
    A call that was answered. ``model``: the policy's name; ``purpose``: ``answer``, ``judge``, ``ask`` or
    ``sample`` (an answer to compare with); ``attempt``
    from 1; ``finish_reason``; ``input_tokens``, ``output_tokens``; ``cost_usd`` (null: the price isn't known);
    ``latency_s`` of this attempt. Only where they say something: ``embed`` (true: it asked for vectors),
    ``cached_tokens`` (else none), ``estimated`` (true: the tokens were counted by us), ``id`` (the model the provider
    says answered, where it isn't the one asked for), ``mean_logprob`` (where there are logprobs), ``text`` (what it
    answered, where texts are kept).
``call_failed``
    A call that failed. ``model``, ``purpose``, ``attempt``, ``latency_s``; ``kind``: one of the eleven, or
    ``cancelled`` where the run was cancelled before the answer came; ``message``.
    Only where there is one: ``status``, that of HTTP; ``held_usd``, what the attempt counts against ``within``,
    because it may have been billed and nobody said what; or, where the provider said what it billed, ``cost_usd``,
    ``input_tokens``, ``output_tokens``, ``cached_tokens`` and ``estimated``, as in ``call``.
``retry``
    The same call is made again. ``model``; ``attempt``: the one that comes; ``wait_s``; ``because``: the kind.
``check``
    A verdict. ``check``: the condition in the language; ``model``: whose answer; ``outcome``: ``passed`` or
    ``failed``; ``reason``. Only where they say something: ``score`` (the number that was compared), ``unknown``
    (true: it failed because it couldn't be known).
``escalate``
    A cascade or a fallback goes on, or a hedge starts its second. ``from`` and ``to``: model names, or node ids where
    a rung is a whole strategy; ``because``: ``unmet`` when an answer wasn't good enough, ``slow`` when a hedge's
    first isn't there yet, else the kind of failure.
``skip``
    A call that wasn't made. ``model``, ``purpose``; ``because``: ``over_budget``; ``within``: the node whose limit it
    is; ``needed_usd`` (null: the price isn't known) and ``left_usd``, or ``needed_s`` and ``left_s``.
``vote``
    Answers were compared. ``model``: whose answer was chosen; ``votes`` it had, ``of`` so many answers; ``members``
    were asked; ``groups``: the models whose final answer is the same, the largest group anywhere in it. Only with
    ``by``: ``scores``, one for each group, null where it isn't known.
``shadow``
    In the live run: another strategy will be run for the record. ``to``: the model or node id; ``share``, 0 to 1.
    As the first event of a run of its own, which that is: ``of``, the trace id of the live run.
``cached``
    An answer that was there already: nothing was called for it. ``model``: whose it is; ``age_s``: how long ago it
    was made; ``of``: the trace id of the run that had it made. Only where it was made for another query, which means
    the same: ``similarity``, their cosine. Only where the same query was being answered just then
    and this run waited for it: ``waited_s``; and ``kind``, the failure that both then ended in.
    As the first event of what goes on after its run was cancelled, because others wait for it: ``of`` alone, the
    trace id of the cancelled run.
``stream``
    The first bytes of an answer went to the caller. ``model``.
``end``
    Always the last. ``status``: as in the result, or ``cancelled``; ``kind`` and ``message``: of the failure, empty
    without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from cascadelang.contracts.trace_sink import EVENTS_VERSION, Event, EventKind

HASHED: Final = "hmac:"
"""What a text begins with of which only its hash is kept."""

__all__ = ["EVENTS_VERSION", "HASHED", "events_from_json"]


def events_from_json(rows: Sequence[Sequence[Any]]) -> tuple[Event, ...]:
    """Events from their JSON form: each is ``[kind, node, at_s, data]``, as JSON writes an `Event` by itself."""
    return tuple(
        Event(cast("EventKind", kind), str(node), float(at_s), cast("Mapping[str, Any]", data))
        for kind, node, at_s, data in rows
    )
