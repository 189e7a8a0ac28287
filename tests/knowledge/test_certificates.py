"""Whom a client believes, with and without the owner's own word."""

import ssl
from pathlib import Path

import certifi
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
    """Not beside OpenSSL's own folder, which is looked into only when a certificate is checked, or Windows' store."""
    public = Path(certifi.where()).read_text(encoding="utf-8").split("-----END CERTIFICATE-----")[0]
    own = tmp_path / "authorities.pem"
    own.write_text(f"{public}-----END CERTIFICATE-----\n", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.delattr(ssl.SSLContext, "load_default_certs")
    context = certificates.trusted()
    assert context.cert_store_stats()["x509"] == 1
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("text", ["", None])
def test_a_file_without_certificates_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    path = tmp_path / "authorities.pem"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert certificates.trusted().cert_store_stats()["x509"] == 0
    assert str(path) in caplog.text
