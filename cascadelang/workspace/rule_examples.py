"""Whether the examples of a rule are what they say: for the tests of rules in other packages.

Takes: a rule. Gives: what is wrong with its examples, in words. Guarantees: nothing is written; only the rule itself
is asked.
"""

from __future__ import annotations

from cascadelang.lint.rule import Rule
from cascadelang.lint.subject import Subject
from cascadelang.source import MemoryFiles


def misjudged(rule: Rule) -> list[str]:
    """What is wrong with a rule's examples: a bad one of which it says nothing, a good one of which it says a thing.

    Args:
        rule: the ``RULE`` of its module.

    Returns:
        One sentence for each; empty when all is well.
    """
    found = []
    for text in (rule.code.bad, *rule.code.more_bad):
        said = _said(rule, text)
        if rule.code.name not in said:
            found.append(f"the rule says nothing of a bad example: {text!r}" if not said else f"{said[0]}: {text!r}")
    for text in (rule.code.good, *rule.code.more_good):
        said = _said(rule, text)
        if said:
            found.append(f"of a good example it is said: {said[0]}: {text!r}")
    return found


def _said(rule: Rule, text: str) -> list[str]:
    """The names of the rule's findings; the first error's message for a text that is wrong in other ways."""
    from cascadelang.catalog.models import find
    from cascadelang.semantics.check import check
    from cascadelang.workspace.catalog import InstalledCatalog
    from cascadelang.workspace.load import today

    files = MemoryFiles({"policy.cl": text, **rule.code.files})
    checked = check("policy.cl", files, InstalledCatalog(), find)
    errors = [d.message for d in checked.diagnostics if d.severity == "error"]
    if errors:
        return errors
    texts = [module.source.text for module in checked.modules.values()]
    if not all(any(word in one for word in words.split("|") for one in texts) for words in rule.words):
        return []
    subject = Subject(checked, today=today, known_models=find)
    return [diagnostic.name for diagnostic in rule.look(subject)]
