"""Whom a client believes, with and without the owner's own word."""

import ssl
from pathlib import Path

import pytest

from knowledge import certificates

pytestmark = pytest.mark.usefixtures("fresh_certificates")


def test_public_authorities_and_names_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    context = certificates.trusted()
    assert context.cert_store_stats()["x509_ca"] > 50
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert certificates.trusted() is context


def test_the_owners_file_is_the_whole_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "authorities.pem"
    empty.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert certificates.trusted().cert_store_stats()["x509"] == 0
