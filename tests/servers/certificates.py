"""A certificate that nobody signed but itself, for servers of TLS."""

import ssl
import subprocess
from pathlib import Path

NAMES = "subjectAltName=DNS:localhost,DNS:model.example,IP:127.0.0.1"


def certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key), for this machine and for `model.example`."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind, "-subj", "/CN=localhost", "-addext", NAMES]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


def speaking(cert: Path, key: Path) -> ssl.SSLContext:
    """For the server that has it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
