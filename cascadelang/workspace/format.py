"""Formats policy files.

Takes: paths, or a text and a name for it. Gives: a `FormatReport`: each file with its layout, or with why it has
none. Guarantees: a file that has errors, or that couldn't be formatted safely, is left as it is; files are replaced
whole; those that a policy only uses aren't touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cascadelang.diagnostics.model import Diagnostic
from cascadelang.format.format import format_source
from cascadelang.source import DiskFiles, FileMissing, SourceFile, Span
from cascadelang.source.frozen import dataclass
from cascadelang.syntax.read_source import decode, read_source
from cascadelang.workspace.find import none_found, policy_files
from cascadelang.workspace.mistake import Mistake


@dataclass(frozen=True, slots=True)
class FormattedFile:
    """One file.

    Attributes:
        source: what it says now.
        text: its layout; ``None`` when it has errors or couldn't be formatted safely.
        changed: whether the layout is another than the file has, a byte order mark included.
        diagnostics: the errors in it.
        unsafe: whether its layout would have said something else, which is a mistake of cascadelang.
        unwritten: why its layout couldn't be written; ``None`` where it was, or didn't have to be.
    """

    source: SourceFile
    text: str | None
    changed: bool
    diagnostics: tuple[Diagnostic, ...]
    unsafe: bool
    unwritten: Mistake | None = None


@dataclass(frozen=True, slots=True)
class FormatReport:
    """What `format_paths` did.

    Attributes:
        files: every file, in order.
    """

    files: tuple[FormattedFile, ...]

    @property
    def changed(self) -> tuple[FormattedFile, ...]:
        """The files whose layout is another, but for those that couldn't be written."""
        return tuple(file for file in self.files if file.changed and file.unwritten is None)

    @property
    def wrong(self) -> tuple[FormattedFile, ...]:
        """The files that have no layout, or couldn't be given it."""
        return tuple(file for file in self.files if file.text is None or file.unwritten is not None)


def format_paths(paths: Sequence[str], *, write: bool) -> FormatReport:
    """Format the policy files under ``paths``; under the working directory when no path is given.

    Args:
        paths: files and folders.
        write: replace the files that aren't laid out so yet.

    Raises:
        Mistake: when there is no policy file.
    """
    files = policy_files(paths)
    if not files:
        raise none_found(paths)
    done: list[FormattedFile] = []
    for path in files:
        formatted = _format_file(path)
        if write and formatted.changed and formatted.text is not None:
            formatted = _written(path, formatted, formatted.text)
        done.append(formatted)
    return FormatReport(tuple(done))


def _written(path: str, file: FormattedFile, text: str) -> FormattedFile:
    """The file, laid out on the disk, or with why it isn't: the others are laid out all the same."""
    from cascadelang.workspace.replace import replace_file

    try:
        replace_file(path, text, was=file.source.text)
    except Mistake as why:
        return FormattedFile(file.source, file.text, file.changed, file.diagnostics, file.unsafe, why)
    return file


def format_bytes(data: bytes, name: str) -> FormattedFile:
    """Format what was read, from standard input say.

    Args:
        data: the file's bytes.
        name: what to call it in diagnostics.
    """
    decoded = decode(name, data, Span(name, 0, 0))
    if isinstance(decoded, Diagnostic):
        return FormattedFile(SourceFile(name, ""), None, False, (decoded,), False)  # noqa: FBT003 - fields in order
    source = SourceFile(name, decoded)
    done = format_source(source)
    changed = done.text is not None and done.text.encode() != data
    return FormattedFile(source, done.text, changed, done.diagnostics, done.unsafe)


def _format_file(path: str) -> FormattedFile:
    """Format one file of the disk; what is wrong with it is in the diagnostics."""
    try:
        return format_bytes(DiskFiles().read_bytes(path), path)
    except FileMissing:
        told = read_source(path, DiskFiles())
        if isinstance(told, SourceFile):  # it has come back
            return _format_file(path)
        return FormattedFile(SourceFile(path, ""), None, False, (told,), False)  # noqa: FBT003 - the same


def diff(file: FormattedFile) -> Iterator[str]:
    """The lines of a unified diff from what a file says to its layout, without line ends."""
    if not file.changed or file.text is None:
        return
    name = file.source.path
    if file.source.text == file.text:
        yield from (f"--- {name}", f"+++ {name}", "@@ a byte order mark is taken out @@")
        return
    from cascadelang.workspace.unified import unified

    yield from unified(name, file.source.text, file.text)
