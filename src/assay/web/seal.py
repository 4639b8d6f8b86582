"""What a browser keeps for us and may not change: signed with a key that lies in the data folder, readable by its owner alone."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from assay.errors import AssayError

_KEY_BYTES = 32
TOKEN_BYTES = 16


class Seal:
    """Signs short texts. Whatever comes back changed, or signed for another purpose, is nothing."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.mark = hashlib.sha256(b"mark" + key).hexdigest()[:8]
        """Tells the cookies of two installations on one host apart: ports do not."""

    def close(self, purpose: str, text: str) -> str:
        return f"{text}.{self._signature(purpose, text)}"

    def open(self, purpose: str, sealed: str) -> str | None:
        """The text that was sealed for this purpose; None: it was not, or not by us."""
        text, _, signature = sealed.rpartition(".")
        if not text or not hmac.compare_digest(signature.encode(), self._signature(purpose, text).encode()):
            return None
        return text

    def _signature(self, purpose: str, text: str) -> str:
        made = hmac.digest(self._key, f"{purpose}\0{text}".encode(), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


def masked(token: str) -> str:
    """A token (hexadecimal) as a page holds it: different each time, so that a compressed page's size gives nothing away."""
    secret, mask = bytes.fromhex(token), secrets.token_bytes(TOKEN_BYTES)
    return base64.urlsafe_b64encode(mask + bytes(a ^ b for a, b in zip(mask, secret, strict=True))).decode().rstrip("=")


def unmasked(text: str) -> str | None:
    """The token that was masked; None: it is none."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 2 * TOKEN_BYTES:
        return None
    return bytes(a ^ b for a, b in zip(raw[:TOKEN_BYTES], raw[TOKEN_BYTES:], strict=True)).hex()


def keep_secret(path: Path, fresh: str) -> str:
    """The secret in this file; where there is none yet, the fresh one, written so that only its owner may read it.

    Raises AssayError where others may read it, or where it cannot be read or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{fresh}\n")
            try:
                os.link(draft, path)  # the first of two that start at once wins, whole
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        with path.open() as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise AssayError(f"Others may read {path}.", f"Close it to them: chmod 600 {path}")
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AssayError(f"{path} cannot be used: {error}.", "Name another data folder in ASSAY_HOME.") from error


def open_seal(folder: Path) -> Seal:
    """The seal of a data folder, made the first time."""
    text = keep_secret(folder / "key", secrets.token_hex(_KEY_BYTES))
    return Seal(hashlib.sha256(text.encode()).digest())
