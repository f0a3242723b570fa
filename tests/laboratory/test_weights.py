"""Files of weights: found, checked, downloaded."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from laboratory import weights
from laboratory.weights import WeightsError, WeightsFile, WeightsMissingError, fetch, find_weights

CONTENT = bytes(range(256)) * 12_000  # three megabytes
NAME = f"network-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


pytestmark = pytest.mark.usefixtures("no_weights")


class Entry:
    """Stands for torchvision's entry of a network."""

    url = f"https://nowhere.invalid/{NAME}"


@pytest.fixture
def other_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AlexNet's weights be a small file."""
    monkeypatch.setattr(weights, "torchvision_weights", lambda name: Entry)


class Server:
    """Serves one file, from any place on; breaks off after ``limit`` bytes of it."""

    def __init__(self) -> None:
        self.content, self.limit = CONTENT, len(CONTENT)
        self.asked: list[str | None] = []
        handler = functools.partial(Handler, self)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{NAME}"


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, served: Server, *arguments: object) -> None:
        self.served = served
        super().__init__(*arguments)  # type: ignore[arg-type]

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        content, wanted = self.served.content, self.headers.get("Range")
        self.served.asked.append(wanted)
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if first >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        self.wfile.write(content[first : self.served.limit])


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()
    yield served
    served.server.shutdown()
    served.server.server_close()


class TestFetch:
    def test_whole(self, server: Server, tmp_path: Path) -> None:
        path = tmp_path / "new" / NAME
        fetch(server.url, path)
        assert path.read_bytes() == CONTENT
        assert [file.name for file in path.parent.iterdir()] == [NAME]

    def test_goes_on_where_it_stopped(self, server: Server, tmp_path: Path) -> None:
        path = tmp_path / NAME
        server.limit = 1_000_000
        with pytest.raises(OSError, match=r"IncompleteRead|broke off"):
            fetch(server.url, path)
        assert not path.exists()
        server.limit = len(CONTENT)
        fetch(server.url, path)
        assert path.read_bytes() == CONTENT
        assert server.asked == [None, "bytes=1000000-"]

    def test_all_had_come_already(self, server: Server, tmp_path: Path) -> None:
        path = tmp_path / NAME
        path.with_name(NAME + ".part").write_bytes(CONTENT)
        fetch(server.url, path)
        assert path.read_bytes() == CONTENT

    def test_a_wrong_file_is_not_kept(self, server: Server, tmp_path: Path) -> None:
        server.content = b"something else"
        with pytest.raises(WeightsError, match=r"SHA-256 does not begin with .* Try again"):
            fetch(server.url, tmp_path / NAME)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("other_file")
class TestFind:
    def test_nowhere(self) -> None:
        with pytest.raises(WeightsMissingError, match="CNN_COURSE_ALEXNET"):
            find_weights("alexnet")
        with pytest.raises(WeightsMissingError, match="cannot be downloaded"):
            find_weights("alexnet", download=True)

    def test_downloaded_once(
        self, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(Entry, "url", server.url)
        expected = WeightsFile(tmp_path / "hub" / "checkpoints" / NAME, True)
        assert find_weights("alexnet", download=True) == expected
        assert find_weights("alexnet", download=True) == find_weights("alexnet") == expected
        assert len(server.asked) == 1

    def test_a_wrong_file_in_the_cache(self, tmp_path: Path) -> None:
        path = tmp_path / "hub" / "checkpoints" / NAME
        path.parent.mkdir(parents=True)
        path.write_bytes(b"something else")
        with pytest.raises(WeightsError, match="Delete it"):
            find_weights("alexnet", download=True)

    def test_a_file_of_ones_own(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        path = tmp_path / "mine.pth"
        monkeypatch.setenv("CNN_COURSE_ALEXNET", str(path))
        with pytest.raises(WeightsError, match="which does not exist"):
            find_weights("alexnet")
        path.write_bytes(CONTENT)
        assert find_weights("alexnet") == WeightsFile(path, True)
        path.write_bytes(b"something else")
        with pytest.raises(WeightsError, match=r"does not begin with .*UNCHECKED"):
            find_weights("alexnet")
        monkeypatch.setenv(weights.UNCHECKED, "1")
        assert find_weights("alexnet") == WeightsFile(path, False)


def test_the_real_files() -> None:
    """Their hashes stand in their names, and their sizes are known."""
    assert weights.hash_in("vgg16-397923af.pth") == "397923af"
    for name in weights.VARIABLES:
        assert len(weights.hash_in(weights.torchvision_weights(name).url)) == 8
    assert weights.size_in_mib("vgg16") == 528
    with pytest.raises(ValueError, match="holds no hash"):
        weights.hash_in("vgg16.pth")
