"""Files on a real disk, their records in a real store."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serve_app.errors import NotFound, StorageFull
from serve_app.stores.disk.files import GRACE_S, DiskFiles
from serve_app.stores.sqlite.store import SqliteStore
from tests.fakes import ManualClock

PATH = "generations/tts/tts_f5_20260301_0123456789abcdef.wav"
WAV: dict[str, Any] = {"team": "team_a", "media_type": "audio/wav", "keep_s": 60.0}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.sqlite3", clock=clock)
    yield store
    await store.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def files(root: Path, store: SqliteStore) -> DiskFiles:
    return DiskFiles(root, store)


def on_disk(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if not path.is_dir()]


def aged(path: Path, seconds: float) -> None:
    """As if the file had been written so long ago."""
    written = time.time() - seconds
    os.utime(path, (written, written))


async def absent(files: DiskFiles, path: str, team: str | None = None) -> bool:
    try:
        await files.find(path, team=team)
    except NotFound:
        return True
    return False


async def test_a_file_is_found_as_it_was_written(files: DiskFiles) -> None:
    """OUT-001: bytes, type, owner and size, for its team and for a signed URL."""
    written = await files.write(PATH, b"RIFF", **WAV)
    assert await files.find(PATH, team="team_a") == await files.find(PATH, team=None) == written
    assert (written.size, written.media_type, written.location.read_bytes()) == (4, "audio/wav", b"RIFF")


async def test_foreign_unknown_and_expired_files_look_alike(files: DiskFiles, clock: ManualClock) -> None:
    """KEY-015, JOB-006: from the first moment after its time, whenever the disk is swept."""
    await files.write(PATH, b"RIFF", **WAV)
    assert await absent(files, PATH, team="team_b")
    assert await absent(files, "generations/tts/other.wav", team="team_a")
    clock.advance(60.1)
    assert await absent(files, PATH, team="team_a")


async def test_a_file_without_an_end_is_kept(files: DiskFiles, clock: ManualClock) -> None:
    """JOB-006: custom voices stay until they are deleted."""
    await files.write(PATH, b"RIFF", team="team_a", media_type="audio/wav", keep_s=None)
    clock.advance(10 * 365 * 86_400)
    assert (await files.find(PATH, team="team_a")).size == 4
    await files.delete(PATH)
    await files.delete(PATH)
    assert await absent(files, PATH)


async def test_the_time_of_a_file_begins_anew(files: DiskFiles, clock: ManualClock) -> None:
    """JOB-006: longer or shorter, as often as it is said; the file is the same."""
    written = await files.write(PATH, b"RIFF", **WAV)
    clock.advance(59)
    await files.keep(PATH, keep_s=100)
    clock.advance(99)
    assert await files.find(PATH, team="team_a") == written
    await files.keep(PATH, keep_s=1)
    clock.advance(1.1)
    assert await absent(files, PATH)
    await files.keep(PATH, keep_s=100)
    assert await absent(files, PATH)


async def test_a_draft_is_invisible_until_it_is_whole(files: DiskFiles, root: Path) -> None:
    """OUT-001: no half file is ever seen, nor any half of a replacement."""
    for content in (b"first", b"second take"):
        async with files.draft(PATH, **WAV) as partial:
            partial.write_bytes(content)
            assert partial.suffix == ".wav"
            assert content == b"second take" or await absent(files, PATH)
        found = await files.find(PATH, team="team_a")
        assert (found.size, found.location.read_bytes()) == (len(content), content)
    assert on_disk(root) == [found.location]


@pytest.mark.parametrize("failure", [RuntimeError, asyncio.CancelledError, ConnectionResetError])
async def test_a_draft_that_fails_leaves_nothing(
    files: DiskFiles, root: Path, failure: type[BaseException]
) -> None:
    """OUT-002: an error of the writer is the writer's, and a client that hangs up is no full disk."""

    async def write() -> None:
        async with files.draft(PATH, **WAV) as partial:
            partial.write_bytes(b"half")
            raise failure

    with pytest.raises(failure):
        await write()
    assert on_disk(root) == []
    assert await absent(files, PATH)


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """A disk that takes files of so many bytes: the kernel itself refuses the rest."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk(files: DiskFiles, root: Path) -> None:
    """ERR-005: a 503 that says when to come back, and nothing left behind; smaller files still go."""
    with disk_of(100_000):
        with pytest.raises(StorageFull) as full:
            await files.write(PATH, bytes(100_001), **WAV)
        assert on_disk(root) == []
        assert await absent(files, PATH)
        await files.write(PATH, bytes(100), **WAV)
    assert (full.value.status, full.value.retry_after_s) == (503, 60)


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs Linux's /dev/full")
async def test_no_space_left(files: DiskFiles, root: Path) -> None:
    """ERR-005: the error of a device that is full."""
    full = Path("/dev/full")
    with pytest.raises(StorageFull):
        async with files.draft(PATH, **WAV):
            await asyncio.to_thread(full.write_bytes, b"x")
    assert on_disk(root) == []


def modes(root: Path) -> set[tuple[str, int]]:
    """Who may do what with anything below the root."""
    kinds = {True: "folder", False: "file"}
    return {(kinds[path.is_dir()], stat.S_IMODE(path.stat().st_mode)) for path in (root, *root.rglob("*"))}


async def test_only_we_may_read(files: DiskFiles, root: Path) -> None:
    """ERR-020: other users of the host see neither names nor bytes, whatever the umask."""
    before = os.umask(0)
    try:
        await files.write(PATH, b"RIFF", **WAV)
    finally:
        os.umask(before)
    assert modes(root) == {("folder", 0o700), ("file", 0o600)}


HOSTILE = (
    "",
    "/",
    "file.wav",
    "/etc/passwd",
    "generations/../../etc/passwd",
    "generations/./x.wav",
    "generations//x.wav",
    "generations/x.wav/",
    "generations/.hidden",
    ".hidden/x.wav",
    "generations\\x.wav",
    "generations/x\x00.wav",
    "generations/x\n.wav",
    "generations/เสียง.wav",
    "generations/\ud800.wav",
    "generations/" + "a/" * 5000 + "x.wav",
)


@pytest.mark.parametrize("path", HOSTILE)
async def test_unsafe_paths(files: DiskFiles, root: Path, path: str) -> None:
    """OUT-002: looked up they are absent; our own code cannot write or delete them by mistake."""
    assert await absent(files, path)
    if len(path) < 1000:
        with pytest.raises(ValueError, match="plain relative path"):
            await files.write(path, b"x", **WAV)
        with pytest.raises(ValueError, match="plain relative path"):
            await files.delete(path)
    assert on_disk(root) == []


async def test_links_and_folders_are_no_files(files: DiskFiles, tmp_path: Path) -> None:
    """OUT-002: what someone put in the place of a file is not given out."""
    location = (await files.write(PATH, b"RIFF", **WAV)).location
    location.unlink()
    assert await absent(files, PATH)
    location.symlink_to(tmp_path / "store.sqlite3")
    assert await absent(files, PATH)
    location.unlink()
    location.mkdir()
    assert await absent(files, PATH)


async def test_the_sweep(files: DiskFiles, root: Path, clock: ManualClock) -> None:
    """JOB-006: bytes without a record go; those with one stay, and so do those of the last day."""
    kept = await files.write("generations/kept.wav", b"1", **{**WAV, "keep_s": None})
    gone = await files.write("generations/gone.wav", b"2", **WAV)
    fresh = await files.write("generations/fresh.wav", b"3", **WAV)
    aged(kept.location, 10 * GRACE_S)
    aged(gone.location, 1.1 * GRACE_S)
    assert await files.sweep() == 0
    clock.advance(61)
    assert await files.sweep() == 1
    assert sorted(on_disk(root)) == sorted([kept.location, fresh.location])


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from serve_app.stores.disk.files import DiskFiles
from serve_app.stores.sqlite.store import SqliteStore

async def main(folder):
    files = DiskFiles(folder / "files", SqliteStore(folder / "store.sqlite3"))
    async with files.draft(sys.argv[2], team="team_a", media_type="audio/wav", keep_s=None) as partial:
        partial.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_a_killed_writer(files: DiskFiles, root: Path, tmp_path: Path) -> None:
    """OUT-001, JOB-006: its half file is never seen, is in nobody's way, and is swept a day later."""
    writer = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(tmp_path), PATH)
    assert await writer.wait() == -signal.SIGKILL
    (half,) = on_disk(root)
    assert await absent(files, PATH)
    whole = await files.write(PATH, b"whole", **{**WAV, "keep_s": None})
    assert await files.sweep() == 0
    aged(half, 1.1 * GRACE_S)
    assert await files.sweep() == 1
    assert on_disk(root) == [whole.location]


async def test_two_sweeps_at_once(files: DiskFiles, root: Path) -> None:
    """JOB-006: several hosts sweep one mount; none trips over what another removed."""
    for number in range(40):
        stray = root / "uploads" / "inputs" / f"{number}.wav"
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.touch()
        aged(stray, 2 * GRACE_S)
    await asyncio.gather(*(files.sweep() for _ in range(4)))
    assert on_disk(root) == []


async def test_one_name_written_by_many(files: DiskFiles) -> None:
    """JOB-003: attempts that overlap leave one whole file, whoever was last."""
    takes = [bytes([number]) * 10_000 for number in range(8)]
    await asyncio.gather(*(files.write(PATH, take, **WAV) for take in takes))
    assert (await files.find(PATH, team="team_a")).location.read_bytes() in takes
