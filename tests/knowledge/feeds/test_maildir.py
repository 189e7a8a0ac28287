import mailbox
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from knowledge.errors import FeedUnavailable
from knowledge.feeds.feed import Caller, Feed, Fetched
from knowledge.feeds.maildir import fetch
from knowledge.feeds.mirror import Mirror


def mail(subject: str, message_id: str = "", body: str = "Where is my lamp?", date: str = "1 Mar 2026") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "customer@example.org"
    message["Date"] = f"Sun, {date} 09:00:00 +0100"
    message["Message-ID"] = f"<{message_id or subject.replace(' ', '.')}@example.org>"
    message.set_content(body)
    return message


@pytest.fixture
def box(tmp_path: Path) -> mailbox.Maildir:
    return mailbox.Maildir(tmp_path / "export")


def sync(tmp_path: Path, **options: Any) -> Fetched:
    feed = Feed(name="desk", kind="maildir", path=tmp_path / "export", **options)
    return fetch(feed, Mirror(tmp_path / "mirror"), Caller())


def held(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "mirror").iterdir() if not path.name.startswith(".")}


def numbers(result: Fetched) -> tuple[int, int, int]:
    return result.fetched, result.unchanged, result.removed


def test_mails_become_files_named_by_day_and_subject(tmp_path: Path, box: mailbox.Maildir) -> None:
    box.add(mail("Re: Where is my lamp? 退货/换货"))
    box.add(mail("Two", date="2 Mar 2026"))
    assert numbers(sync(tmp_path)) == (2, 0, 0)
    assert held(tmp_path) == {"2026-03-01 Re Where is my lamp 退货-换货.eml", "2026-03-02 Two.eml"}
    copy = tmp_path / "mirror" / "2026-03-02 Two.eml"
    assert copy.stat().st_mtime == 1772438400
    assert b"Where is my lamp?" in copy.read_bytes()


def test_only_what_is_new_is_read(tmp_path: Path, box: mailbox.Maildir, monkeypatch: pytest.MonkeyPatch) -> None:
    key = box.add(mail("One"))
    sync(tmp_path)
    message = box[key]
    message.set_subdir("cur")
    message.add_flag("S")  # read by someone: the file is moved and renamed, the mail is the same
    box[key] = message
    box.add(mail("Two"))
    assert numbers(sync(tmp_path)) == (1, 1, 0)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read again"))
    assert numbers(sync(tmp_path)) == (0, 2, 0)


def test_deleted_mails_go(tmp_path: Path, box: mailbox.Maildir) -> None:
    keys = [box.add(mail(name)) for name in ("One", "Two", "Three")]
    sync(tmp_path)
    box.remove(keys[0])
    message = box[keys[1]]
    message.set_subdir("cur")
    message.add_flag("T")
    box[keys[1]] = message
    assert numbers(sync(tmp_path)) == (0, 1, 2)
    assert held(tmp_path) == {"2026-03-01 Three.eml"}


def test_folders_are_read_but_for_trash_spam_and_drafts(tmp_path: Path, box: mailbox.Maildir) -> None:
    box.add(mail("In"))
    for name in ("Solved", "Solved.2026", "Trash", "Archive.Spam", "Drafts"):
        box.add_folder(name).add(mail(name.replace(".", " ")))
    box.get_folder("Solved").add(mail("In"))  # a copy of the same mail
    assert sync(tmp_path).fetched == 3
    assert held(tmp_path) == {f"2026-03-01 {name}.eml" for name in ("In", "Solved", "Solved 2026")}


def test_mails_of_one_name_are_two_files(tmp_path: Path, box: mailbox.Maildir) -> None:
    for number in range(3):
        box.add(mail("Lamp", f"m{number}"))
    assert sync(tmp_path).fetched == 3
    assert len(held(tmp_path)) == 3
    assert numbers(sync(tmp_path)) == (0, 3, 0)


def test_odd_headers_and_large_mails(tmp_path: Path, box: mailbox.Maildir) -> None:
    odd = [
        b"", b"\n\nno headers", b"Subject: \xff\xfe\nDate: yesterday\n\nx", b"Subject: =?no-such?b?YWI=?=\n\nx",
        b"Subject: =?utf-8?b?!!!?=\nDate: Mon, 99 Xxx 0000 99:99:99\n\nx", b"Message-ID: <>\nSubject: ../../etc\n\nx",
    ]  # fmt: skip
    for number, data in enumerate(odd):
        (tmp_path / "export/new" / f"{number}.M1.host").write_bytes(data)
    (tmp_path / "export/new" / "9.M1.host").write_bytes(b"x" * 1_000_001)
    result = sync(tmp_path, megabytes=1)
    assert result.fetched == len(odd)
    assert [(item.path, item.error) for item in result.failed] == [("9.M1.host", "larger than 1 MB (`megabytes`)")]
    assert len(held(tmp_path)) == len(odd)


@pytest.mark.parametrize("what", ["nothing", "a file", "a folder"])
def test_what_is_no_maildir_removes_nothing(tmp_path: Path, box: mailbox.Maildir, what: str) -> None:
    box.add(mail("One"))
    sync(tmp_path)
    (tmp_path / "export").rename(tmp_path / "away")
    if what == "a file":
        (tmp_path / "export").write_text("")
    elif what == "a folder":
        (tmp_path / "export").mkdir()
    with pytest.raises(FeedUnavailable, match=r"Nothing of it was removed. Next: .*frontdesk sync desk"):
        sync(tmp_path)
    assert held(tmp_path) == {"2026-03-01 One.eml"}
