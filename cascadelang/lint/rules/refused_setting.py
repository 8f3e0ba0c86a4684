"""A setting that the model's provider refuses."""

from __future__ import annotations

from collections.abc import Iterator

from cascadelang.catalog.models import KnownModel, families_date
from cascadelang.diagnostics.codes import Code
from cascadelang.diagnostics.model import Diagnostic, Label
from cascadelang.lint.calls import CallSite, call_sites, known, setting_span
from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject


class RefusedSetting(Rule):
    """See its code."""

    code = Code(
        "refused-setting",
        "error",
        "a setting that the model refuses",
        "The model's provider answers a request with this setting with an error: newer reasoning models take no "
        "`temperature` and no `top_p` but the default, Claude no `temperature` above 1, and each takes only certain "
        "values of `effort`. What is known of a model, from what day and by which sources, stands in "
        "`catalog/families.json`; of a model or a setting that isn't there, nothing is said.",
        "Such a call fails with `bad_request`, and that ends the run: no other rung takes over.",
        'model mini = openai("gpt-5-mini") { temperature: 0 }\npolicy main = mini\n',
        'model mini = openai("gpt-5-mini") { effort: minimal }\npolicy main = mini\n',
        more_bad=(
            'model big = anthropic("claude-opus-4-8")\npolicy main = big with { top_p: 0.5 }\n',
            'model mini = openai("gpt-4.1-mini") { effort: low }\npolicy main = mini\n',
            'model o = openai("o3") { effort: max }\npolicy main = o\n',
            'model mid = anthropic("claude-haiku-4-5") { temperature: 1.2 }\npolicy main = mid\n',
            (
                'model mid = anthropic("claude-sonnet-4-5") { temperature: 0 }\n'
                "policy main = mid with { top_p: 0.5 }\n"
            ),
        ),
        more_good=(
            'model mini = openai("gpt-4.1-mini") { temperature: 0, top_p: 0.5 }\npolicy main = mini\n',
            'model big = anthropic("claude-opus-4-8") { effort: high }\npolicy main = big\n',
            'model five = openai("gpt-5.1") { effort: none }\npolicy main = five\n',
            'model odd = openai("unheard-of") { price: $1 / $4, temperature: 0, effort: max }\npolicy main = odd\n',
        ),
    )
    words = ("temperature|top_p|effort",)

    def look(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding a setting and model, where the setting was written."""
        told: set[tuple[str, int, str]] = set()
        for site in call_sites(subject):
            about = known(site.model, subject)
            for name, message, help_ in () if about is None else _refused(site, about):
                span = setting_span(site, name, subject)
                if span is None or (span.path, span.start, site.model.name) in told:
                    continue
                told.add((span.path, span.start, site.model.name))
                asked = site.node is not None and name in site.origins
                place = subject.span(site.node.place) if asked and site.node is not None else None
                yield self.found(
                    message,
                    span,
                    label="refused",
                    help=help_,
                    notes=(f"as of {families_date()}, for `{site.model.id}`",),
                    related=() if place is None or not place.path else (Label(place, "asked with it here"),),
                )


def _refused(site: CallSite, about: KnownModel) -> Iterator[tuple[str, str, str]]:
    """The settings of a call that its model refuses: the name, what is wrong, what to do."""
    who, values = f"`{site.model.name}`", site.values
    refused = [name for name in about.only_default if values.get(name, 1) != 1]
    for name in refused:
        yield name, f"{who} takes no `{name}` but its default, 1", "leave it out"
    most, warmth = about.temperature_max, values.get("temperature")
    if most is not None and warmth is not None and warmth > most and "temperature" not in refused:
        yield "temperature", f"{who} takes no `temperature` above {most:g}", f"give a number from 0 to {most:g}"
    both = [name for name in about.one_of if name in values]
    if len(both) > 1:
        last = next((name for name in reversed(both) if name in site.origins), both[-1])
        other = next(name for name in both if name != last)
        yield last, f"{who} takes either `{last}` or `{other}`, not both", "leave one of them out"
    effort = values.get("effort")
    if effort is not None and about.efforts is not None and effort not in about.efforts:
        if about.efforts:
            listed = ", ".join(f"`{one}`" for one in about.efforts)
            yield "effort", f"{who} takes no effort `{effort}`", f"it takes {listed}"
        else:
            yield "effort", f"{who} doesn't think before it answers, so it takes no `effort`", "leave it out"


RULE = RefusedSetting()
