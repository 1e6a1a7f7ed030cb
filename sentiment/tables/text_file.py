"""Text files as people bring them: compressed or not, and in which encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, Self, cast

from sentiment.tables.table import TableError

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20
_MARKS = (  # the longest first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
_OTHER_FILES = (  # what is taken for a table, by its first bytes in small letters
    (
        "workbook",
        "a ZIP file, such as a workbook of Excel: save the sheet as CSV UTF-8",
        (b"pk\x03\x04", b"\xd0\xcf\x11\xe0"),
    ),
    (
        "no_table",
        "a PDF, a picture or a database, not a table: export the tweets as CSV UTF-8",
        (b"%pdf-", b"\x89png", b"\xff\xd8\xff", b"gif87a", b"gif89a", b"sqlite format 3\x00"),
    ),
    (
        "web_page",
        "a web page, not a table: download the file itself",
        (b"<!doctype html", b"<html", b"\xef\xbb\xbf<!doctype html"),
    ),
    (
        "pointer",
        "a pointer of Git LFS, not the file itself: fetch it with git lfs pull",
        (b"version https://git-lfs.github.com/spec/",),
    ),
)
_FEW = 4  # times as many zeros in one half of the places as in the other: UTF-16
_MANY_ZEROS = 0.2  # of the bytes: every second one is zero in English in UTF-16


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
    """An open file's text, uncompressed, its line breaks as they are."""

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__(path)
        self.text = io.TextIOWrapper(cast("BinaryIO", self.file), encoding=encoding, newline="")

    def __exit__(self, *_: object) -> None:
        self.text.close()
        super().__exit__()


@dataclass(frozen=True)
class TextFile:
    """A file whose text is known to be whole; `mark` is its byte order mark, or nothing."""

    path: Path
    encoding: str
    mark: str

    def open(self) -> OpenText:
        """Return the open text, its line breaks as they are."""
        return OpenText(self.path, self.encoding)

    def read(self) -> str:
        """Return the whole text."""
        with self.open() as opened:
            return opened.text.read()


def check_text_file(path: Path, encoding: str | None = None) -> TextFile:
    """Return a file's encoding, once the whole file is known to have it.

    Done first, before hours are spent on its beginning. A byte order mark counts more than
    `encoding`, which counts more than UTF-8.

    Raises:
        TableError: It has another; the message names the line, and an encoding to try.
    """
    try:
        with OpenBytes(path) as opened:
            start = opened.file.read(4)
            marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
            name = marked or _known(encoding or "utf-8")
            opened.file.seek(0)
            _check(path, name, opened.file)
    except _DAMAGE as error:
        raise TableError(
            "damaged",
            f"{path} is damaged ({type(error).__name__}): copy or compress it anew",
            reason=type(error).__name__,
        ) from error
    return TextFile(path, name, "\ufeff" if marked else "")


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


def _check(path: Path, encoding: str, file: IO[bytes]) -> None:
    decoder, line, start = codecs.getincrementaldecoder(encoding)(), 1, True
    while block := file.read(_BLOCK):
        if start:
            _refuse_what_is_no_text(path, block, encoding)
            start = False
        try:
            line += _breaks(decoder.decode(block))
        except UnicodeDecodeError as error:
            raise _wrong_encoding(path, encoding, error, line) from error
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, encoding, error, line) from error


def _breaks(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _refuse_what_is_no_text(path: Path, block: bytes, encoding: str) -> None:
    start = block[:512].lstrip().lower()
    for fault, words, beginnings in _OTHER_FILES:
        if start.startswith(beginnings):
            raise TableError(fault, f"{path} is {words}")
    if encoding.startswith("utf-8") and block.count(0) > _MANY_ZEROS * len(block):
        raise _zeros(path, block)


def _zeros(path: Path, block: bytes) -> TableError:
    """Return the error of many bytes 0x00: UTF-16 has them in every second place, damage in all."""
    first, second = block[0::2].count(0), block[1::2].count(0)
    if _FEW * min(first, second) > max(first, second):
        line = 1 + block[: block.index(0)].count(b"\n")
        message = f"{path}, line {line}: bytes 0x00 in a row: the file is damaged, copy or export it anew"
        return TableError("damaged", message, reason=f"line {line}: 0x00")
    name = "utf-16-be" if first > second else "utf-16-le"
    message = f"{path}, line 1: the byte 0x00 in every second place is not UTF-8: try --encoding {name}"
    return TableError("encoding", message, line=1, byte=0, name="UTF-8", proposal=name)


def _wrong_encoding(path: Path, encoding: str, error: UnicodeDecodeError, line: int) -> TableError:
    byte, before = error.object[error.start], error.object[: error.start]
    line += _breaks(before.decode(encoding, "replace"))
    name = encoding.upper().removesuffix("-SIG")
    proposal = _proposed(path)
    remedy = f"try --encoding {proposal}" if proposal != encoding else "name its encoding with --encoding"
    return TableError(
        "encoding",
        f"{path}, line {line}: the byte 0x{byte:02x} is not {name}: {remedy}",
        line=line,
        byte=byte,
        name=name,
        proposal=proposal,
    )


def _proposed(path: Path) -> str:
    """Return the encoding that most files in no UTF have: Windows', or latin-1 if a byte is not."""
    with OpenBytes(path) as opened:
        while block := opened.file.read(_BLOCK):
            try:
                block.decode("cp1252")
            except UnicodeDecodeError:
                return "latin-1"
    return "cp1252"


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise TableError(
            "unknown_encoding",
            f"--encoding {encoding!r} is not known: name one such as cp1252, latin-1 or utf-16",
            name=encoding,
        ) from error
