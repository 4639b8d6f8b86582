"""Addresses of model servers, as people give them."""

import ipaddress
import os
from urllib.parse import urlsplit

from assay.errors import AssayError


def server_url(text: str) -> str:
    """A server's base URL, without a trailing slash. Refuses whatever could carry a secret or is no web address."""
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise AssayError("A server's URL cannot be understood.", "Give it as http://host:port/path.") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise AssayError(
            f"The URL of {parts.hostname or 'a server'} carries a user name or password.",
            "Take it out: keys are read from the environment variable that the model's `key` names.",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AssayError(f"{text.strip()[:200]!r} is no server's URL.", "Give it as http://host:port/path.")
    if parts.query or parts.fragment:
        raise AssayError(
            f"The URL of {parts.hostname} carries a query or fragment.",
            "Give only http://host:port/path; a key is read from the environment variable that `key` names.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether the URL names this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this URL. One is for the world outside: never for this machine."""
    if is_loopback(url) or not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # 30 ms

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        urlsplit(proxy).port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise AssayError(
            f"The proxy that the environment names for {parts.scheme}:// cannot be understood.",
            f"Set {parts.scheme}_proxy or all_proxy to http://host:port, or unset it.",
        ) from None
    return proxy
