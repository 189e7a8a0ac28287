"""Which wheels run where."""

import pytest
from packaging.requirements import Requirement
from packaging.tags import parse_tag

from assistant.bundles import start
from assistant.bundles.targets import TARGETS, find_target, least_system, this_machine
from assistant.bundles.wheels import pins, read_lock
from assistant.errors import BundleError

WHEELS = {
    "cp311-cp311-manylinux_2_17_x86_64": {"linux-x86_64"},
    "cp311-cp311-manylinux2014_aarch64": {"linux-aarch64"},
    "cp311-cp311-manylinux_2_34_x86_64": set(),
    "cp311-cp311-musllinux_1_2_x86_64": set(),
    "cp39-abi3-macosx_11_0_arm64": {"macos-arm64"},
    "cp311-cp311-macosx_10_9_universal2": {"macos-arm64", "macos-x86_64"},
    "cp311-cp311-win_amd64": {"windows-x86_64"},
    "cp312-cp312-win_amd64": set(),
    "py3-none-any": set(TARGETS),
}


@pytest.mark.parametrize("tag", WHEELS)
def test_a_wheel_runs_where_its_tag_says(tag: str) -> None:
    tags = parse_tag(tag)
    assert {name for name, target in TARGETS.items() if tags & set(target.tags("3.11"))} == WHEELS[tag]


def test_the_oldest_system_is_preferred() -> None:
    tags = list(TARGETS["macos-arm64"].tags("3.11"))
    (old,), (new,) = parse_tag("cp311-cp311-macosx_11_0_arm64"), parse_tag("cp311-cp311-macosx_14_0_arm64")
    assert tags.index(old) < tags.index(new)


def test_markers_are_asked_of_the_target_and_not_of_this_machine() -> None:
    lock = read_lock()
    windows, linux = (pins(lock, target=TARGETS[name], python="3.11") for name in ("windows-x86_64", "linux-x86_64"))
    assert "colorama" in windows
    assert "uvloop" not in windows
    assert "uvloop" in linux
    assert "colorama" not in linux
    newer = pins(lock, target=TARGETS["linux-x86_64"], python="3.13")
    assert {"audioop-lts"} <= set(newer) - set(linux)


def test_a_version_of_python_means_its_first_release() -> None:
    """A package for 3.11.5 and newer would not install on a computer with 3.11.2."""
    environment = TARGETS["linux-x86_64"].environment("3.11")
    marker = Requirement("x ; python_full_version >= '3.11.5'").marker
    assert marker is not None
    assert not marker.evaluate(environment)


def test_what_the_system_must_be_is_the_most_that_a_wheel_asks_for() -> None:
    assert least_system([["manylinux2014_x86_64", "manylinux_2_28_x86_64"], ["any"]], "linux") == (2, 17)
    assert least_system([["manylinux1_x86_64"], ["manylinux_2_28_x86_64"]], "linux") == (2, 28)
    assert least_system([["macosx_11_0_arm64"], ["macosx_13_0_arm64"]], "macos") == (13, 0)
    assert least_system([["win_amd64"]], "windows") is None


def test_this_machine_is_named_alike_on_both_sides() -> None:
    assert start.this_machine() == this_machine()
    assert find_target(None).name == this_machine()
    with pytest.raises(BundleError, match="known: linux-x86_64"):
        find_target("amiga")
