"""What browsers and platforms make of a file's name, and ZIP files that mean no good."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from autograder.teaching.notebook_names import best_first, means
from autograder.teaching.zip_files import CollectError, folder_files, zip_entries


@pytest.mark.parametrize(
    "name",
    [
        "filters.ipynb",
        "Filters.ipynb",
        "FILTERS.IPYNB",
        "filters-1.ipynb",
        "filters-12.ipynb",
        "filters (1).ipynb",
        "Filters (1).ipynb",
        "filters(2).ipynb",
        "filters_2.ipynb",
        "filters-Copy1.ipynb",
        "filters - Copy.ipynb",
        "filters - Kopie (2).ipynb",
        "filters-copy (1)-2.ipynb",
        "exercises_filters_filters.ipynb",
        "exercises_filters_filters (1).ipynb",
        "cnn-course_exercises_filters_filters.ipynb",
        "ada-filters.ipynb",
        "filters.ipynb.json",
        "filters.ipynb.txt",
    ],
)
def test_renamed_notebooks_are_known(name: str) -> None:
    assert means(name, "filters")


@pytest.mark.parametrize(
    "name", ["filters.py", "filters", "myfilters.ipynb", "pooling.ipynb", "filters.zip", ".ipynb"]
)
def test_other_files_are_others(name: str) -> None:
    assert not means(name, "filters")


def test_the_plain_name_comes_first() -> None:
    names = ["b/filters.ipynb", "filters-1.ipynb", "filters.ipynb", "notes.txt"]
    assert best_first(names, "filters") == ["filters.ipynb", "b/filters.ipynb", "filters-1.ipynb"]
    assert means("padding_stride (1).ipynb", "padding_stride")


def entry(name: str, mode: int = 0, flags: int | None = None) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.create_system = 3
    return info


def test_hostile_entries_are_refused_and_told(tmp_path: Path) -> None:
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fine/a.ipynb", b"{}")
        archive.writestr("../../outside.ipynb", b"{}")
        archive.writestr("/etc/passwd", b"{}")
        archive.writestr("C:/windows.ipynb", b"{}")
        archive.writestr("..\\back.ipynb", b"{}")
        archive.writestr(entry("link", stat.S_IFLNK | 0o777), b"/etc/passwd")
        archive.writestr(entry("pipe", stat.S_IFIFO | 0o777), b"")
        archive.writestr("bomb.ipynb", bytes(20_000_000))
        archive.writestr("large.ipynb", bytes(70_000_000))
        archive.writestr("x" * 250 + ".ipynb", b"{}")
        archive.writestr("folder/", b"")
    files, remarks = zip_entries(path)
    assert [file.path for file in files] == ["fine/a.ipynb"]
    assert len(remarks) == 9
    for words in ("leads out", "symbolic link", "too large", "packed more densely", "none that a"):
        assert any(words in remark for remark in remarks), words


def test_twice_the_same_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.ipynb", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.ipynb", b"second")
    files, remarks = zip_entries(path)
    assert [file.read() for file in files] == [b"first"]
    assert remarks == ["a.ipynb: it is in the ZIP file twice; the first is taken"]


@pytest.mark.parametrize("said", [True, False], ids=["says UTF-8", "does not say"])
def test_names_beyond_ascii_are_read(tmp_path: Path, said: bool) -> None:
    path = tmp_path / "names.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Zoë Ångström_1.ipynb", b"{}")
    if not said:  # as macOS and some servers write it: the bytes, without the flag
        content = bytearray(path.read_bytes())
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = content.index(signature) + offset
            flags = struct.unpack_from("<H", content, place)[0]
            struct.pack_into("<H", content, place, flags & ~0x800)
        path.write_bytes(content)
    [file], remarks = zip_entries(path)
    assert (file.path, remarks) == ("Zoë Ångström_1.ipynb", [])


def test_damaged_and_encrypted_entries_are_told(tmp_path: Path) -> None:
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ipynb", bytes(range(256)) * 40)
    content = bytearray(path.read_bytes())
    content[45:60] = bytes(15)
    path.write_bytes(content)
    [file], _ = zip_entries(path)
    with pytest.raises(CollectError, match="damaged"):
        file.read()
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(signature) + offset
        content[place] |= 1
    path.write_bytes(content)
    assert zip_entries(path) == ([], ["a.ipynb: it is encrypted; not taken"])


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off", None])
def test_what_is_no_zip_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CollectError, match=r"cannot be read as a ZIP file|There is no file"):
        zip_entries(path)


def test_folders_are_read_without_links_and_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.ipynb").write_text("{}")
    (tmp_path / "a" / ".git").mkdir()
    (tmp_path / "a" / ".git" / "config").touch()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "loot").symlink_to("/etc/passwd")
    assert [file.path for file in folder_files(tmp_path)] == ["a/x.ipynb"]
