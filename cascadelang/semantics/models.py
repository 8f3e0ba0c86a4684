"""Providers and models: what each declaration says, with every default written out.

Takes: declarations. Gives: a `ModelInfo` per model. Guarantees: what the file says wins over what is known about a
model; what neither says is unknown, and never free; a key is only ever named, never held.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from cascadelang.contracts.price import FREE, Price
from cascadelang.contracts.spec import Capability, Spec
from cascadelang.diagnostics.model import Fix
from cascadelang.diagnostics.suggest import did_you_mean
from cascadelang.semantics.arguments import BAD, convert, secret
from cascadelang.semantics.checked import ModelInfo, ProviderInfo, Symbol
from cascadelang.semantics.fields import MODEL_FIELDS, entries_of, read_fields
from cascadelang.semantics.resolve import fault_of, find, told_unsupported, unknown, wrong_kind
from cascadelang.semantics.state import Place, State
from cascadelang.syntax import ast

MAX_TOKENS = 1024
TIMEOUT_S = 60.0
_FREE_KINDS = ("local", "scripted")


def provider_of(symbol: Symbol, state: State) -> ProviderInfo | None:
    """What a ``provider`` declaration says; ``None``, told before, when its kind isn't known."""
    decl = symbol.decl
    assert isinstance(decl, ast.ProviderDecl)  # noqa: S101 - a provider's declaration
    if id(decl) in state.providers:
        return state.providers[id(decl)]
    spec = _kind(decl.kind, symbol.path, state)
    if spec is None:
        return None
    place = Place(symbol.path)
    settings: dict[str, Any] = {}
    key_env = ""
    keyed = False
    entries = entries_of(decl.fields, [param.name for param in spec.params], f"the provider `{spec.name}`", state)
    for param in spec.params:
        entry = entries.get(param.name)
        if param.type == "secret":
            if entry is not None:
                keyed = True
                name = secret(entry.value, state)
                key_env = "" if name is BAD else name
            continue
        settings[param.name] = param.default
        if entry is not None:
            value = convert(entry.value, param, spec.name, place, state)
            settings[param.name] = param.default if value is BAD else value
            if param.type == "path" and isinstance(entry.value, ast.Text):
                _look_for(entry.value, posixpath.dirname(symbol.path), state)
        elif param.required:
            state.error(
                "missing-field",
                f"the provider `{decl.name}` needs a `{param.name}`",
                decl.name_span,
                help=f"add `{param.name}: …`",
                notes=(f"`{param.name}`: {param.doc}",) if param.doc else (),
            )
    # A key goes only where it was meant to go: another address needs its key named.
    usual = next((param.default for param in spec.params if param.name == "base_url"), None)
    moved = str(settings.get("base_url")).rstrip("/") != str(usual)
    if not keyed and not moved:
        key_env = key_variable(spec, state)
    info = ProviderInfo(decl.name, spec.name, settings, key_env, _paths_folder(spec, symbol.path))
    state.providers[id(decl)] = info
    return info


def key_variable(spec: Spec, state: State) -> str:
    """The environment variable that holds a provider's key when the policy names none; empty for none."""
    named = state.catalog.key_env(spec.name)
    defaults = [param.default for param in spec.params if param.type == "secret" and isinstance(param.default, str)]
    return named or (defaults[0] if defaults else "")


def _kind(name: ast.Name, path: str, state: State) -> Spec | None:
    """The kind of provider a name names."""
    spec = state.catalog.spec("provider", name.parts[0]) if len(name.parts) == 1 else None
    if spec is None:
        unknown(
            name,
            path,
            (),
            state,
            more=state.catalog.names("provider"),
            what="kind of provider",
            help_=_kinds(name, state),
        )
        return None
    return None if told_unsupported(spec, name.span, state) else spec


def _kinds(name: ast.Name, state: State) -> str:
    """What else could be named; or why the one that is named can't be had."""
    return fault_of("provider", name, state) or "there are " + ", ".join(
        f"`{name}`" for name in state.catalog.names("provider")
    )


def check_model(symbol: Symbol, state: State) -> None:
    """Work out what a ``model`` declaration says, into `State.models`."""
    decl = symbol.decl
    assert isinstance(decl, ast.ModelDecl)  # noqa: S101 - a model's declaration
    provider = _provider(decl.provider, symbol.path, state)
    values, _ = read_fields(decl.fields, MODEL_FIELDS, "a model", symbol.path, state)
    if not decl.model.value.strip():
        state.error(
            "empty-text",
            "the model's id is empty",
            decl.model.span,
            help="write the id that the provider knows it by",
        )
        return
    if provider is not None:
        state.models[id(decl)] = _info(decl, provider, values, state)
        _has_room(decl, state.models[id(decl)], state)
        if state.models[id(decl)].provider.kind == "local":
            _served_here(decl.model, provider, state)


def _has_room(decl: ast.ModelDecl, model: ModelInfo, state: State) -> None:
    """Tell a model whose longest answer alone would fill what it can hold."""
    if model.context is None or model.max_tokens < model.context:
        return
    said = {entry.key: entry.value.span for entry in decl.fields.entries}
    state.error(
        "out-of-range",
        f"`max_tokens` of `{decl.name}` is {model.max_tokens:,}, and prompt and answer together may have "
        f"{model.context:,} tokens",
        said.get("max_tokens") or said.get("context") or decl.name_span,
        label="" if "max_tokens" in said else f"`max_tokens` is {MAX_TOKENS:,} unless said",
        help=f"give it a `max_tokens` well under {model.context:,}, so that there is room for a prompt",
    )


def _look_for(name: ast.Text, folder: str, state: State) -> None:
    """Tell that a file which a run will need isn't there. It may be large, so it isn't read."""
    file = posixpath.normpath(posixpath.join(folder, name.value))
    others = state.files.neighbours(file)
    if name.value.strip() and posixpath.basename(file) in others:
        return
    near = did_you_mean(posixpath.basename(file), others)
    state.error(
        "missing-file",
        f"`{name.value}` can't be read: there is no such file" if name.value.strip() else "the path is empty",
        name.span,
        label=f"looked for at {file}" if name.value.strip() and file != name.value else "",
        help=f"did you mean `{posixpath.join(posixpath.dirname(name.value), near)}`?"
        if near
        else "paths are relative to the policy file that names them",
    )


def _served_here(name: ast.Text, provider: ProviderInfo, state: State) -> None:
    """Tell that a model of this machine is neither known by name nor a file."""
    if provider.settings.get("gguf"):
        return
    if name.value.endswith(".gguf"):
        _look_for(name, provider.folder, state)
        return
    known = state.catalog.models(provider.kind)
    if known is None or name.value in known:
        return
    near = did_you_mean(name.value, known)
    state.error(
        "unknown-choice",
        f"no local model is named `{name.value}`",
        name.span,
        help=f"did you mean `{near}`?"
        if near
        else "there are " + ", ".join(f"`{model}`" for model in known) + ", and files of yours that end in `.gguf`",
        fix=Fix(name.span, f'"{near}"', f"change to `{near}`") if near else None,
    )


def _provider(name: ast.Name, path: str, state: State) -> ProviderInfo | None:
    """The provider a model names: a declared one, or a kind with its defaults."""
    symbol = find(name, path, state)
    if symbol is not None:
        if symbol.kind == "provider":
            return provider_of(symbol, state)
        wrong_kind(name, symbol, ["provider"], state)
        return None
    spec = state.catalog.spec("provider", name.parts[0]) if len(name.parts) == 1 else None
    if spec is None:
        unknown(
            name, path, ("provider",), state, more=state.catalog.names("provider"), help_=_kinds(name, state)
        )  # fmt: skip
        return None
    if told_unsupported(spec, name.span, state):
        return None
    required = [param.name for param in spec.params if param.required and param.type != "secret"]
    if required:
        state.error(
            "missing-field",
            f"the provider `{spec.name}` needs a `{required[0]}`",
            name.span,
            help=f"declare one: `provider NAME = {spec.name} {{ {required[0]}: … }}`",
        )
        return None
    settings = {param.name: param.default for param in spec.params if param.type != "secret"}
    return ProviderInfo(spec.name, spec.name, settings, key_variable(spec, state), _paths_folder(spec, path))


def _paths_folder(spec: Spec, path: str) -> str:
    """What a provider's paths are relative to; nothing for a kind without paths, which is one for all files."""
    return posixpath.dirname(path) if any(param.type == "path" for param in spec.params) else ""


def _info(decl: ast.ModelDecl, provider: ProviderInfo, values: Mapping[str, Any], state: State) -> ModelInfo:
    own = _own_address(provider, state)
    known = state.known_models(provider.kind, own, decl.model.value)
    price: Price | None = FREE if provider.kind in _FREE_KINDS else known.price if known else None
    context = known.context if known else None
    if provider.kind == "local" and isinstance(provider.settings.get("context"), int):
        context = provider.settings["context"]
    can: frozenset[Capability] | None = known.can if known else None
    if provider.kind in _FREE_KINDS:
        can = state.catalog.capabilities(provider.kind)
    return ModelInfo(
        name=decl.name,
        provider=provider,
        id=decl.model.value,
        max_tokens=values.get("max_tokens", MAX_TOKENS),
        timeout_s=values.get("timeout_s", TIMEOUT_S),
        retry=values.get("retry", 0),
        price=values.get("price", price),
        context=values.get("context", context),
        can=values.get("can", can),
        temperature=values.get("temperature"),
        top_p=values.get("top_p"),
        seed=values.get("seed"),
        stop=values.get("stop", ()),
        effort=values.get("effort"),
        system=values.get("system", ""),
    )


def _own_address(provider: ProviderInfo, state: State) -> str:
    """The address a provider was given, where it isn't its kind's own."""
    given = provider.settings.get("base_url")
    spec = state.catalog.spec("provider", provider.kind)
    usual = next((p.default for p in spec.params if p.name == "base_url"), None) if spec else None
    return str(given) if given and given != usual else ""
