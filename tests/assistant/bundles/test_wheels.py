"""What is carried is complete: told by each wheel's own metadata, for the target and not for this machine."""

import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from assistant.bundles import wheels
from assistant.bundles.targets import TARGETS
from assistant.errors import BundleError

LINUX, WINDOWS = TARGETS["linux-x86_64"], TARGETS["windows-x86_64"]


def wheel(folder: Path, name: str, version: str, *needs: str, tag: str = "py3-none-any") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {one}" for one in needs)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    wheel(folder, "pip", "26.3")
    wheel(folder, "alpha", "1.0", 'beta[fast]>=2; sys_platform != "win32"', 'gamma; sys_platform == "win32"')
    wheel(folder, "beta", "2.1", 'delta; extra == "fast"', 'epsilon; extra == "slow"')
    wheel(folder, "delta", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    wheel(folder, "stranger", "1.0")
    return folder


def chosen(folder: Path, own: Path, target: "wheels.Target" = LINUX, **pinned: str) -> wheels.Wheels:
    pins = {name: Requirement(f"{name}=={version}") for name, version in pinned.items()}
    return wheels.choose([folder], own, target=target, python="3.11", pinned=pins)


def test_needs_are_followed_with_extras_and_markers_and_nothing_else_is_taken(folder: Path, tmp_path: Path) -> None:
    found = chosen(folder, wheel(tmp_path, "frontdesk", "0.1.0", "alpha<2"))
    assert [one.name for one in found.wheels] == ["alpha", "beta", "delta", "frontdesk", "pip"]
    assert found.needs == (2, 17)
    lines = found.requirements.splitlines()
    assert lines[0].startswith("alpha==1.0 --hash=sha256:")
    assert len(lines) == 5


def test_all_that_is_missing_is_named_with_who_needs_it(folder: Path, tmp_path: Path) -> None:
    own = wheel(tmp_path, "frontdesk", "0.1.0", "alpha", "zeta>=3")
    (folder / "pip-26.3-py3-none-any.whl").unlink()
    with pytest.raises(BundleError) as caught:
        chosen(folder, own, WINDOWS)
    message = str(caught.value)
    assert "gamma (for alpha)" in message
    assert "zeta>=3 (for frontdesk)" in message
    assert "pip==26.3" in message


def test_wheels_of_another_system_do_not_count(folder: Path, tmp_path: Path) -> None:
    own = wheel(tmp_path, "frontdesk", "0.1.0", "delta")
    assert chosen(folder, own).wheels
    with pytest.raises(BundleError, match="delta"):
        chosen(folder, own, WINDOWS)


def test_the_pinned_version_is_taken_else_the_newest(folder: Path, tmp_path: Path) -> None:
    own = wheel(tmp_path, "frontdesk", "0.1.0", "beta")
    wheel(folder, "beta", "2.10")
    wheel(folder, "beta", "3.0")
    assert str(next(one for one in chosen(folder, own).wheels if one.name == "beta").version) == "3.0"
    assert str(next(one for one in chosen(folder, own, beta="2.10").wheels if one.name == "beta").version) == "2.10"


def test_a_damaged_wheel_is_named(folder: Path, tmp_path: Path) -> None:
    own = wheel(tmp_path, "frontdesk", "0.1.0", "alpha")
    (folder / "alpha-1.0-py3-none-any.whl").write_bytes(b"not a zip")
    with pytest.raises(BundleError, match=r"alpha-1\.0-py3-none-any\.whl is damaged"):
        chosen(folder, own)


def test_the_lock_pins_every_package_to_one_version() -> None:
    lock = wheels.read_lock()
    assert len(lock) > 100
    assert all(str(one.specifier).startswith("==") for one in lock)


def test_what_an_index_lacks_is_named_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip names one at a time; its words are put in here, the network is not asked."""

    def pip(wanted: list[str], **_more: object) -> object:
        gone = next((one for one in wanted if one.startswith(("alpha", "beta"))), "")
        error = f"ERROR: No matching distribution found for {gone}" if gone else ""
        return type("Result", (), {"returncode": 1 if gone else 0, "stderr": error})()

    monkeypatch.setattr(wheels, "_pip_download", pip)
    wanted = [Requirement(f"{name}==1.0") for name in ("alpha", "beta", "gamma")]
    with pytest.raises(BundleError, match=r"No wheels for windows-x86_64 .* alpha==1\.0, beta==1\.0\."):
        wheels.download(wanted, target=WINDOWS, python="3.11", into=tmp_path)
