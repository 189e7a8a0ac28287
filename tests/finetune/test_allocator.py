import platform

from finetune.allocator import THRESHOLD_BYTES, give_back_freed_memory, give_back_large_blocks

GLIBC = platform.libc_ver()[0] == "glibc"


def test_glibc_takes_both_settings_and_others_are_left_alone() -> None:
    assert give_back_freed_memory() is GLIBC
    # glibc refuses thresholds above half of its largest heap, so the answer is really its own.
    assert give_back_large_blocks(1 << 30) is False
    assert give_back_large_blocks(THRESHOLD_BYTES) is GLIBC
