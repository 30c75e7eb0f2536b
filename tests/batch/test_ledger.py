import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.processes import start_holding

from jcarsr.batch.ledger import FILE_NAME, VERSION, Entry, Ledger
from jcarsr.errors import LedgerError

FULL = Entry(
    target="deep/a_x2.png",
    source="in/deep/a.jpg",
    state="done",
    source_sha256="1" * 64,
    settings='{"scale": 2}',
    weights_sha256="2" * 64,
    result_sha256="3" * 64,
    previous_sha256="4" * 64,
    scale=2,
    tile=512,
    full_precision_tiles=3,
    seconds=0.25,
    error="none",
)


def child(folder: Path, code: str) -> subprocess.Popen[str]:
    """Another process that has opened the ledger of `folder` when this returns."""
    text = (
        "import os, sys\nfrom pathlib import Path\n"
        "from jcarsr.batch.ledger import Entry, Ledger\n"
        f"ledger = Ledger(Path(sys.argv[1]))\n{code}\nprint('ready', flush=True)\nsys.stdin.read()"
    )
    return start_holding(text, folder)


def test_entries_survive_reopening(tmp_path: Path) -> None:
    failed = Entry(target="b.png", source="b.jpg", state="failed", error="no such file")
    with Ledger(tmp_path / "out") as ledger:
        ledger.enter(FULL)
        ledger.enter(failed)
    with Ledger(tmp_path / "out") as ledger:
        assert ledger.find(tmp_path / "out" / "deep" / "a_x2.png") == FULL
        assert ledger.find(tmp_path / "out" / "b.png") == failed
        assert ledger.find(tmp_path / "out" / "c.png") is None
        assert ledger.entries() == [failed, FULL]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [FILE_NAME]


def test_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        with pytest.raises(LedgerError) as told:
            Ledger(tmp_path)
        assert str(told.value) == f"{tmp_path}: another run is writing there"
        ledger.enter(FULL)  # the first does not mind
    with Ledger(tmp_path) as ledger:
        assert ledger.entries() == [FULL]


def test_killed_run_leaves_its_entries_and_no_lock(tmp_path: Path) -> None:
    with child(tmp_path, "ledger.enter(Entry(target='a', source='b', state='pending'))") as other:
        with pytest.raises(LedgerError, match="another run is writing there"):
            Ledger(tmp_path)
        other.kill()
        other.wait()
    with Ledger(tmp_path) as ledger:
        assert ledger.entries() == [Entry(target="a", source="b", state="pending")]


@pytest.mark.parametrize(
    "content",
    [b"not a database, but long enough to be one" * 99, b"SQLite format 3\0" + b"\x5a" * 5000],
    ids=["text", "header alone"],
)
def test_other_file_in_its_place_is_told_and_left(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(LedgerError, match="damaged") as told:
        Ledger(tmp_path)
    assert str(tmp_path / FILE_NAME) in str(told.value)
    assert "\n" not in str(told.value)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_database_of_somebody_else_is_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("CREATE TABLE results (target, other)")
    database.close()
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(tmp_path)


def test_broken_pages_are_told(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        for index in range(20):
            ledger.enter(Entry(target=str(index), source="x" * 3000, state="done"))
    data = (tmp_path / FILE_NAME).read_bytes()
    assert len(data) > 3 * 4096
    (tmp_path / FILE_NAME).write_bytes(data[:4096] + b"\x5a" * (len(data) - 4096))
    with pytest.raises(LedgerError, match="damaged"), Ledger(tmp_path) as ledger:
        ledger.entries()


def test_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(LedgerError, match="cannot be written"):
            Ledger(folder)


def test_folder_where_the_ledger_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(LedgerError, match="cannot be written"):
        Ledger(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        for folder in (tmp_path, tmp_path / "below"):
            message = f"^{folder}: cannot be written .Permission denied.$"
            with pytest.raises(LedgerError, match=message):
                Ledger(folder)
    finally:
        tmp_path.chmod(0o755)


def test_why_the_file_cannot_be_opened_is_the_systems_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has no other word than that it is unable to."""

    def unable(path: Path, *, lock: bool) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    def closed(folder: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("jcarsr.batch.ledger.connect", unable)
    with pytest.raises(LedgerError, match=rf"^{tmp_path / FILE_NAME}: .* \(No such file"):
        Ledger(tmp_path)
    monkeypatch.setattr("jcarsr.batch.ledger.can_lock", closed)
    with pytest.raises(
        LedgerError, match=rf"^{tmp_path}: cannot be written \(Permission denied\)$"
    ):
        Ledger(tmp_path)


def test_what_a_killed_run_was_writing_is_removed(tmp_path: Path) -> None:
    parts = [tmp_path / ".a_x2.png.jcarsr-part", tmp_path / "deep" / "er" / ".b.png.jcarsr-part"]
    others = [tmp_path / ".hidden.png", tmp_path / "deep" / "a.jcarsr-part", tmp_path / "a_x2.png"]
    for path in (*parts, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with Ledger(tmp_path):
        assert not any(path.exists() for path in parts)
        assert all(path.exists() for path in others)


def test_only_the_run_that_holds_the_ledger_removes_anything(tmp_path: Path) -> None:
    with Ledger(tmp_path):
        part = tmp_path / ".a_x2.png.jcarsr-part"
        part.touch()
        with pytest.raises(LedgerError):
            Ledger(tmp_path)
        assert part.exists()


def test_what_cannot_be_removed_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / ".a.jcarsr-part" / "inner").mkdir(parents=True)
    with Ledger(tmp_path) as ledger:
        ledger.enter(FULL)
        assert ledger.entries() == [FULL]


def test_folder_of_undecodable_name(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff\n")
    with Ledger(folder) as ledger:
        ledger.enter(FULL)
    with Ledger(folder) as ledger:
        assert ledger.find(folder / "deep" / "a_x2.png") == FULL


def test_many_threads_at_once(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:

        def enter(number: int) -> None:
            for index in range(8):
                target = f"{number}-{index}"
                ledger.enter(Entry(target=target, source=target, state="done"))
                assert ledger.find(tmp_path / target) is not None

        threads = [threading.Thread(target=enter, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ledger.entries()) == 32


COMPONENTS = st.text(
    st.one_of(
        st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]),
        st.sampled_from([os.fsdecode(bytes([byte])) for byte in (0x80, 0xC3, 0xFF)]),
        st.sampled_from("\\udcf8"),
    ),
    min_size=1,
    max_size=8,
).filter(lambda name: name not in (".", ".."))
STATES = st.sampled_from(["pending", "done", "failed"])


@settings(max_examples=20, deadline=None)
@given(
    names=st.lists(COMPONENTS, min_size=1, max_size=5, unique=True),
    entered=st.lists(st.tuples(st.integers(0, 4), STATES, st.none() | st.text("ab")), max_size=8),
    reopen=st.booleans(),
)
def test_last_entry_of_a_target_is_the_one_found(
    names: list[str], entered: list[tuple[int, str, str | None]], reopen: bool
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        last: dict[str, Entry] = {}
        with Ledger(folder) as ledger:
            for index, state, text in entered:
                name = names[index % len(names)]
                key = ledger.key(folder / name)
                entry = Entry(target=key, source="s", state=state, error=text)  # type: ignore[arg-type]
                ledger.enter(entry)
                last[name] = entry
            if not reopen:
                assert {name: ledger.find(folder / name) for name in last} == last
                assert len(ledger.entries()) == len(last)
        if reopen:
            with Ledger(folder) as ledger:
                assert {name: ledger.find(folder / name) for name in last} == last
                assert all(ledger.find(folder / name) is None for name in set(names) - set(last))


def test_name_with_a_backslash_is_not_that_of_an_undecodable_one(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        odd = [tmp_path / os.fsdecode(b"\xff"), tmp_path / r"\udcff", tmp_path / r"\\udcff"]
        assert len({ledger.key(path) for path in odd}) == 3
        assert ledger.key(tmp_path / "deep" / "ä.png") == "deep/ä.png"


def test_run_in_a_folder_above_leaves_what_a_living_one_is_writing(tmp_path: Path) -> None:
    """Be it a run with a ledger of its own or one that writes a single file."""
    code = """
from jcarsr.partfile import being_written
writing = [being_written(ledger._folder / "a.png"), being_written(ledger._folder.parent / "b.png")]
for one in writing:
    one.__enter__().write(b"half")"""
    below = tmp_path / "nest" / "sub"
    dead = below / ".dead.jcarsr-part"
    with child(below, code) as other:
        dead.touch()
        with Ledger(tmp_path / "nest"):
            living = [p for p in (tmp_path / "nest").rglob("*.jcarsr-part") if p != dead]
            assert len(living) == 2
            assert dead.exists()  # of another ledger's folder
        other.kill()
        other.wait()
    with Ledger(tmp_path / "nest"), Ledger(below):
        assert not list((tmp_path / "nest").rglob("*.jcarsr-part"))


@pytest.mark.parametrize("ending", ["", "-journal", "-wal", "-shm"])
@pytest.mark.parametrize("leads_to", ["database", "nowhere"])
def test_planted_link_is_not_followed(tmp_path: Path, ending: str, leads_to: str) -> None:
    """A database that is another's stays as it is, and none is made elsewhere."""
    other = tmp_path / "database"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE precious (value)")
    database.close()
    before, out = other.read_bytes(), tmp_path / "out"
    out.mkdir()
    link = out / (FILE_NAME + ending)
    link.symlink_to(tmp_path / leads_to)
    with pytest.raises(LedgerError, match="a link, which is not followed: remove it") as raised:
        Ledger(out)
    assert str(link) in str(raised.value)
    assert other.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["database", "out"]


def altered(folder: Path, *statements: str) -> bytes:
    """The ledger's bytes after another program has changed it."""
    with sqlite3.connect(folder / FILE_NAME) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return (folder / FILE_NAME).read_bytes()


class TestVersion:
    def test_is_in_the_file(self, tmp_path: Path) -> None:
        Ledger(tmp_path).__exit__()
        header = (tmp_path / FILE_NAME).read_bytes()[:100]  # sqlite.org/fileformat2.html, 1.3
        assert int.from_bytes(header[60:64], "big") == VERSION == 1
        assert header[68:72] == b"jcAR"

    def test_newer_one_is_refused_and_left(self, tmp_path: Path) -> None:
        with Ledger(tmp_path) as ledger:
            ledger.enter(FULL)
        before = altered(tmp_path, "PRAGMA user_version = 7", "ALTER TABLE results ADD COLUMN new")
        with pytest.raises(LedgerError) as raised:
            Ledger(tmp_path)
        assert "newer jcarsr (ledger version 7, this one knows 1): update" in str(raised.value)
        assert (tmp_path / FILE_NAME).read_bytes() == before

    def test_one_from_before_there_were_versions_is_taken(self, tmp_path: Path) -> None:
        with Ledger(tmp_path) as ledger:
            ledger.enter(FULL)
        altered(tmp_path, "PRAGMA user_version = 0", "PRAGMA application_id = 0")
        with Ledger(tmp_path) as ledger:
            assert ledger.entries() == [FULL]
        self.test_is_in_the_file(tmp_path)

    def test_database_of_another_program_is_refused_and_left(self, tmp_path: Path) -> None:
        before = altered(tmp_path, "PRAGMA application_id = 1", "CREATE TABLE a (b)")
        with pytest.raises(LedgerError, match="another program's database"):
            Ledger(tmp_path)
        assert (tmp_path / FILE_NAME).read_bytes() == before


class TestLocked:
    def test_database_browser_is_no_run(self, tmp_path: Path) -> None:
        Ledger(tmp_path).__exit__()
        browser = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
        browser.execute("BEGIN")
        browser.execute("SELECT * FROM results").fetchall()
        with pytest.raises(LedgerError, match=r"sqlite3: open in another program, .* close it"):
            Ledger(tmp_path)
        browser.close()
        Ledger(tmp_path).__exit__()

    @pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
    @pytest.mark.parametrize("code", [errno.ENOLCK, errno.EACCES, errno.EAGAIN, errno.EOPNOTSUPP])
    def test_share_without_locks_is_named_and_has_a_way_out(
        self, tmp_path: Path, code: int, no_locks: Path
    ) -> None:
        program = (
            "import sys\nfrom pathlib import Path\nfrom jcarsr.batch.ledger import Entry, Ledger\n"
            "try: Ledger(Path(sys.argv[1]))\nexcept Exception as error: print(error)\n"
            "with Ledger(Path(sys.argv[1]), lock=False) as ledger:\n"
            "    ledger.enter(Entry(target='a', source='b', state='done'))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, tmp_path / "out"],
            env=os.environ | {"LD_PRELOAD": str(no_locks), "LOCK_ERROR": str(code)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{tmp_path / 'out'}: files cannot be locked there")
        assert "local folder" in done.stdout and "--no-lock" in done.stdout
        assert done.stdout.count("\n") == 1
        with Ledger(tmp_path / "out") as ledger:
            assert [entry.target for entry in ledger.entries()] == ["a"]
        assert [path.name for path in (tmp_path / "out").iterdir()] == [FILE_NAME]


@pytest.fixture(scope="module")
def no_locks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library before which no lock of a file's bytes is granted."""
    folder = tmp_path_factory.mktemp("preload")
    deny = (
        "if (command == F_SETLK || command == F_SETLKW)"
        ' { errno = atoi(getenv("LOCK_ERROR")); return -1; }'
    )
    calls = "\n".join(
        f"int {name}(int file, int command, ...) {{ va_list all; va_start(all, command);"
        f" void *third = va_arg(all, void *); va_end(all); {deny}"
        f' return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, "{name}"))(file, command, third); }}'
        for name in ("fcntl", "fcntl64")
    )
    headers = ("dlfcn", "errno", "fcntl", "stdarg", "stdlib")
    includes = "\n".join(f"#include <{header}.h>" for header in headers)
    (folder / "deny.c").write_text(f"#define _GNU_SOURCE\n{includes}\n{calls}\n")
    command = ["cc", "-shared", "-fPIC", "-o", "deny.so", "deny.c", "-ldl"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    return folder / "deny.so"


def test_damaged_one_names_the_way_back(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 999)
    with pytest.raises(LedgerError, match=r"damaged .*: remove it, then --adopt enters the result"):
        Ledger(tmp_path)
