"""Text files as people bring them: compressed or not, and in which encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, Self, cast

from sentiment.tables.encodings import is_wide, known_encoding, wide_by_bytes, wide_by_characters
from sentiment.tables.other_files import refuse_other_file
from sentiment.tables.table import TableError

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20
_MARKS = (  # the longest first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
_MANY_ZEROS = 0.2  # of the bytes: more are no strays in a text


class OpenBytes:
    """A file's bytes, uncompressed, and how much of the file is read."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb")
        self._size = path.stat().st_size
        self.is_compressed = self._raw.read(2) == b"\x1f\x8b"
        self._raw.seek(0)
        self.file: IO[bytes] = self._raw
        if self.is_compressed:
            self.file = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self._raw.close()

    @property
    def share(self) -> float:
        """How much of the file is read, from 0 to 1."""
        return self._raw.tell() / max(self._size, 1)


class OpenText(OpenBytes):
    """An open file's text, uncompressed, its line breaks as they are, without its marks."""

    def __init__(self, path: Path, encoding: str, marks: int = 0) -> None:
        super().__init__(path)
        self.file.seek(marks)
        self.text = io.TextIOWrapper(cast("BinaryIO", self.file), encoding=encoding, newline="")

    def __exit__(self, *_: object) -> None:
        self.text.close()
        super().__exit__()


@dataclass(frozen=True)
class TextFile:
    """A file whose text is known to be whole.

    Attributes:
        mark: Its byte order mark as text, or nothing.
        marks: How many bytes its marks have: some programs write one before another's.
    """

    path: Path
    encoding: str
    mark: str
    marks: int = 0

    def open(self) -> OpenText:
        """Return the open text, its line breaks as they are."""
        return OpenText(self.path, self.encoding, self.marks)

    def read(self) -> str:
        """Return the whole text."""
        with self.open() as opened:
            return opened.text.read()


def check_text_file(path: Path, encoding: str | None = None) -> TextFile:
    """Return a file's encoding, once the whole file is known to have it.

    Done first, before hours are spent on its beginning. A byte order mark counts more than
    `encoding`, which counts more than UTF-8.

    Raises:
        TableError: It has another, and the message names the line and an encoding to try; it is
            damaged; or its first bytes are those of no table.
    """
    try:
        with OpenBytes(path) as opened:
            file = _described(path, opened.file.read(_BLOCK), encoding)
            opened.file.seek(file.marks)
            _check(file, opened.file)
    except _DAMAGE as error:
        raise TableError(
            "damaged",
            f"{path} is damaged ({type(error).__name__}): copy or compress it anew",
            reason=type(error).__name__,
        ) from error
    return file


def starts_with(path: Path, mark: bytes) -> bool:
    """Return whether a file's first bytes, uncompressed, are these; a damaged file's are none."""
    try:
        with OpenBytes(path) as opened:
            return opened.file.read(len(mark)) == mark
    except _DAMAGE:
        return False


def unpacked_size(path: Path, most: int) -> int:
    """Return how many bytes a file has, uncompressed, counted until there are more than `most`.

    Of a damaged file, those before the damage.
    """
    size = 0
    with OpenBytes(path) as opened:
        try:
            while size <= most and (block := opened.file.read(_BLOCK)):
                size += len(block)
        except _DAMAGE:
            pass
    return size


def _described(path: Path, block: bytes, encoding: str | None) -> TextFile:
    """Return a file with the encoding that it must have, by its first bytes or its user's word."""
    for mark, name in _MARKS:
        if block.startswith(mark):
            size = len(mark)
            while block.startswith(mark, size):
                size += len(mark)
            refuse_other_file(path, block[size:])
            return TextFile(path, name, "\ufeff", size)
    refuse_other_file(path, block)
    if (known := known_encoding(encoding or "utf-8")) is None:
        message = f"--encoding {encoding!r} is not known: name one such as cp1252, latin-1 or utf-16-le"
        raise TableError("unknown_encoding", message, name=encoding)
    if known in ("utf-16", "utf-32"):
        wide = wide_by_bytes(block) or wide_by_characters(block)
        others = f"name {known}-le or {known}-be, or leave --encoding out for UTF-8"
        remedy = f"try --encoding {wide.encoding}" if wide else others
        raise TableError("no_mark", f"{path}, line 1: no mark of {known.upper()} is there: {remedy}")
    if not is_wide(known):
        _refuse_zeros(path, block, known)
    return TextFile(path, known, "")


def _refuse_zeros(path: Path, block: bytes, encoding: str) -> None:
    """Refuse bytes that no text has; UTF-16 has them in every second place, damage anywhere."""
    name = encoding.upper()
    if wide := wide_by_bytes(block):
        raise TableError(
            "encoding",
            f"{path}, line 1: the byte 0x{wide.byte:02x} in every {wide.places} place is not {name}: "
            f"try --encoding {wide.encoding}",
            line=1,
            byte=wide.byte,
            name=name,
            proposal=wide.encoding,
        )
    if block.count(0) > _MANY_ZEROS * len(block):
        line = 1 + block[: block.index(0)].count(b"\n")
        message = f"{path}, line {line}: bytes 0x00 in a row: the file is damaged, copy or export it anew"
        raise TableError("damaged", message, reason=f"line {line}: 0x00")


def _check(text: TextFile, file: IO[bytes]) -> None:
    decoder, line = codecs.getincrementaldecoder(text.encoding)(), 1
    try:
        while block := file.read(_BLOCK):
            line += _breaks(decoder.decode(block))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(text, error, line) from error


def _breaks(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _wrong_encoding(text: TextFile, error: UnicodeDecodeError, line: int) -> TableError:
    byte, before = error.object[error.start], error.object[: error.start]
    line += _breaks(before.decode(text.encoding, "replace"))
    name, proposal = text.encoding.upper(), _proposed(text)
    remedy = f"try --encoding {proposal}" if proposal else "name its encoding with --encoding"
    if text.mark:
        remedy = "the file is damaged, copy or export it anew"
    return TableError(
        "encoding",
        f"{text.path}, line {line}: the byte 0x{byte:02x} is not {name}: {remedy}",
        line=line,
        byte=byte,
        name=name,
        proposal=proposal,
    )


def _proposed(text: TextFile) -> str | None:
    """Return the encoding that a file may have instead, or None.

    Without zeros it is what most files in no UTF have: Windows', or latin-1 if a byte is not.
    """
    if is_wide(text.encoding):
        return None
    with OpenBytes(text.path) as opened:
        block = opened.file.read(_BLOCK)
        if 0 in block:
            wide = wide_by_characters(block)
            return wide.encoding if wide else None
        name = "cp1252"
        while block:
            try:
                block.decode(name)
            except UnicodeDecodeError:
                name = "latin-1"
            block = opened.file.read(_BLOCK)
    return name if known_encoding(name) != text.encoding else None
