import asyncio
import errno
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import JCARSRError
from jcarsr.methods.bicubic import Bicubic
from jcarsr.web.job import Job, State
from jcarsr.web.limits import Limits
from jcarsr.web.network_size import NetworkSize
from jcarsr.web.problems import Problem
from jcarsr.web.service import ServerSettings, Service
from jcarsr.web.tasks import Convert, Restore

pytestmark = pytest.mark.anyio
Jpeg = Callable[..., bytes]
WAIT = 30  # seconds after which what should have happened has not


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def working(**limits: Any) -> Service:
    return Service(ServerSettings(limits=Limits(**limits)))


def task(source: str, result: str) -> Restore:
    return Restore(source=source, result=f"{result}.png", scale=2, weights="auto")


def submit(service: Service, data: bytes) -> Any:
    return service.submit(io.BytesIO(data), task)


async def done(service: Service, data: bytes) -> Job:
    job: Job = await submit(service, data)
    async with asyncio.timeout(WAIT):
        await job.ready.wait()
    assert job.state is State.done
    return job


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not true():
            await asyncio.sleep(0.002)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("fakes")
class TestLife:
    async def test_a_folder_for_this_user_alone(self, temporary: Path, jpeg: Jpeg) -> None:
        async with working() as service:
            (folder,) = temporary.iterdir()
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            job = await done(service, jpeg())
            assert job.folder.parent == folder
            assert files(job.folder) == ["result.png", "upload"]
            assert (job.folder / "upload").read_bytes() == jpeg()
        assert list(temporary.iterdir()) == []

    async def test_files_have_names_of_ours(self, temporary: Path, jpeg: Jpeg) -> None:
        async with working() as service:
            for _ in range(3):
                await done(service, jpeg())
            assert set(files(temporary)) == {"result.png", "upload"}
            names = {path.name for path in next(temporary.iterdir()).iterdir()}
            assert [len(name) for name in names] == [32, 32, 32]  # hexadecimal: 128 bits

    async def test_it_can_begin_again(self, temporary: Path, jpeg: Jpeg) -> None:
        for _ in range(2):
            async with working() as service:
                await done(service, jpeg())
        assert list(temporary.iterdir()) == []


class TestStart:
    async def test_workers_take_the_gpus_in_turn(self) -> None:
        engine = EngineOptions(device="cuda", gpu=1)
        for gpus, expected in (((1, 3), [1, 3, 1, 3, 1]), ((), [1] * 5)):
            service = Service(ServerSettings(workers=5, engine=engine, gpus=gpus))
            assert [process._settings.engine.gpu for process in service._restoring] == expected

    async def test_threads_are_shared_by_the_processes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: 8)
        for workers, asked, threads in ((1, None, 8), (3, None, 2), (16, None, 1), (2, 5, 5)):
            settings = ServerSettings(workers=workers, engine=EngineOptions(threads=asked))
            service = Service(settings)
            assert len(service._restoring) == workers
            for process in service._processes:
                assert process._settings.engine.threads == threads

    async def test_one_process_that_cannot_start_ends_all(self, temporary: Path) -> None:
        settings = ServerSettings(
            workers=2, engine=EngineOptions(engine="onnx", precision="bfloat16")
        )
        with pytest.raises(JCARSRError, match="engine onnx computes in float32 or int8"):
            async with Service(settings):
                pass
        children = psutil.Process().children()
        assert [child for child in children if "jcarsr.web.worker" in child.cmdline()] == []
        assert list(temporary.iterdir()) == []

    async def test_no_folder_can_be_made(self, fakes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        with pytest.raises(JCARSRError, match="No such file"):
            async with working():
                pass


@pytest.mark.usefixtures("fakes")
class TestSubmit:
    async def test_pixels_of_all_frames_count(self, jpeg: Jpeg) -> None:
        frames = [Image.new("L", (30, 20), 80 * n) for n in range(3)]
        file = io.BytesIO()
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
        async with working() as service:
            assert (await submit(service, jpeg(size=(40, 32)))).pixels == 40 * 32
            assert (await submit(service, file.getvalue())).pixels == 3 * 30 * 20

    @pytest.mark.parametrize(
        ("data", "status"), [(b"", 422), (b"no picture", 422), (b"large", 413)]
    )
    async def test_refused_ones_leave_nothing(
        self, temporary: Path, jpeg: Jpeg, data: bytes, status: int
    ) -> None:
        async with working(pixels=40 * 32) as service:
            upload = jpeg(size=(41, 32)) if data == b"large" else data
            with pytest.raises(Problem) as refused:
                await submit(service, upload)
            assert refused.value.status_code == status
            with pytest.raises(Problem):
                await service.inspect(io.BytesIO(upload), 2, NetworkSize.auto)
            assert files(temporary) == []
            assert (service.jobs.queued, service.jobs.kept_bytes) == (0, 0)

    async def test_inspecting_leaves_nothing(self, temporary: Path, jpeg: Jpeg) -> None:
        async with working() as service:
            said = await service.inspect(io.BytesIO(jpeg()), 4, NetworkSize.auto)
            assert said["weights"]["scale"] == 4
            assert files(temporary) == []

    async def test_full_disk(
        self, temporary: Path, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with working() as service:

            def copyfileobj(source: Any, target: Any) -> None:
                target.write(b"a part")
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(shutil, "copyfileobj", copyfileobj)
            with pytest.raises(Problem, match="disk is full") as refused:
                await submit(service, jpeg())
            assert refused.value.status_code == 503
            assert files(temporary) == []

    async def test_a_queue_that_fills_while_it_is_looked_at(
        self, temporary: Path, jpeg: Jpeg, fakes: Any
    ) -> None:
        """Many come while there is one place: one gets it."""
        fakes.open.clear()
        async with working(queue=1) as service:
            await submit(service, jpeg())
            await until(lambda: service.jobs.running == 1)
            outcomes = await asyncio.gather(
                *(submit(service, jpeg()) for _ in range(8)), return_exceptions=True
            )
            taken = [outcome for outcome in outcomes if isinstance(outcome, Job)]
            refused = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
            assert (len(taken), len(refused)) == (1, 7)
            assert {problem.status_code for problem in refused} == {503}
            assert files(temporary) == ["upload", "upload"]


@pytest.mark.usefixtures("fakes")
class TestResult:
    async def test_too_early(self, fakes: Any, jpeg: Jpeg) -> None:
        fakes.open.clear()
        async with working() as service:
            job = await submit(service, jpeg())
            for asked in (service.result(job, None, 95), service.before(job)):
                with pytest.raises(Problem, match=r"not ready: the job is (queued|running)") as no:
                    await asked
                assert no.value.status_code == 409

    async def test_as_asked_or_saved_anew(self, jpeg: Jpeg, fakes: Any) -> None:
        async with working() as service:
            job = await done(service, jpeg())
            own = await service.result(job, None, 95)
            assert own == await service.result(job, "png", 10) == Path(job.task.result)
            paths = [await service.result(job, "jpg", quality) for quality in (95, 20, 95)]
            assert paths[0] == paths[2] != paths[1]
            sizes = [path.stat().st_size for path in paths]
            assert sizes[1] < sizes[0]
            converted = [task for task in fakes.performed if isinstance(task, Convert)]
            assert len(converted) == 2  # what was made once is not made again
            assert job.file_bytes == sum(path.stat().st_size for path in job.folder.iterdir())

    async def test_before(self, jpeg: Jpeg) -> None:
        async with working() as service:
            job = await done(service, jpeg())
            with (
                Image.open(io.BytesIO(jpeg())) as image,
                Image.open(await service.before(job)) as before,
            ):
                expected = Bicubic(2).restore(np.array(image))
                np.testing.assert_array_equal(np.array(before), expected)

    async def test_the_same_asked_for_by_many_at_once(self, jpeg: Jpeg) -> None:
        async with working() as service:
            job = await done(service, jpeg())
            paths = await asyncio.gather(*(service.result(job, "webp", 80) for _ in range(8)))
            assert len(set(paths)) == 1
            assert files(job.folder) == ["converted-80.webp", "result.png", "upload"]

    async def test_the_last_few_are_kept(self, jpeg: Jpeg) -> None:
        async with working() as service:
            job = await done(service, jpeg())
            for quality in range(20, 40):
                await service.result(job, "jpg", quality)
            kept = [f"converted-{quality}.jpg" for quality in range(32, 40)]
            assert files(job.folder) == [*kept, "result.png", "upload"]
            assert job.file_bytes == sum(path.stat().st_size for path in job.folder.iterdir())
            with service.jobs.hold(job):  # one is being sent
                await service.result(job, "jpg", 40)
            assert "converted-32.jpg" in files(job.folder)

    async def test_a_failed_jobs_problem_is_new_every_time(self, jpeg: Jpeg) -> None:
        """One that is raised again and again would hold all who asked for it."""
        async with working() as service:
            job = await submit(service, jpeg())
            service.jobs.remove(job)
            job.problem = Problem(413, "too large", {"A": "b"})
            told = []
            for _ in range(2):
                with pytest.raises(Problem) as problem:
                    await service.result(job, None, 95)
                told.append(problem.value)
            assert told[0] is not told[1] is not job.problem
            assert {(p.status_code, p.detail, str(p.headers)) for p in told} == {
                (413, "too large", "{'A': 'b'}")
            }

    @pytest.mark.parametrize("fails", [False, True])
    async def test_deleted_while_it_is_saved_anew(
        self, temporary: Path, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch, fails: bool
    ) -> None:
        async with working() as service:
            job = await done(service, jpeg())
            perform = service._looks.perform

            async def slow(task: Any, client: str) -> Any:
                service.jobs.remove(job)
                if fails:
                    raise Problem(422, "no")
                return await perform(task, client)

            monkeypatch.setattr(service._looks, "perform", slow)
            with pytest.raises(Problem) as problem:
                await service.result(job, "jpg", 90)
            assert problem.value.status_code == (422 if fails else 404)
            await until(lambda: files(temporary) == [])

    async def test_half_a_file_is_not_kept(
        self, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with working() as service:
            job = await done(service, jpeg())

            async def half(task: Any) -> Any:
                Path(task.result).write_bytes(b"half")
                await asyncio.sleep(WAIT)

            monkeypatch.setattr(service._slow[0], "perform", half)  # the quick ones are not asked
            short = replace(service.limits, look_seconds=0.05)  # after the upload was looked at
            monkeypatch.setattr(service._looks, "_limits", short)
            with pytest.raises(Problem, match="longer than the") as problem:
                await service.before(job)
            assert problem.value.status_code == 503  # not for what the client could mend
            assert files(job.folder) == ["result.png", "upload"]


async def test_upload_is_not_copied_in_the_loop(fakes: Any, jpeg: Jpeg) -> None:
    """A disk that is slow stops nobody else."""
    in_loop = []

    class Upload(io.BytesIO):
        def read(self, *size: Any) -> bytes:
            try:
                asyncio.get_running_loop()
                in_loop.append(True)
            except RuntimeError:
                in_loop.append(False)
            return super().read(*size)

    async with working() as service:
        await service.inspect(Upload(jpeg()), 2, NetworkSize.auto)
    assert set(in_loop) == {False}
