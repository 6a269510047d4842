"""Errors of a connection in words: no address, nothing that listens, TLS on one side only, an unknown certificate.

aiohttp wraps each cause in a class and a message of its own; people need the cause and the setting to change.
"""

import ssl

import aiohttp

from flows.rollout.engines.servers.http_errors import ServerDown, ServerUnreachable
from flows.rollout.protocol import TeacherError, TeacherRefused

HOSTNAME_MISMATCH = 62, 64
"""OpenSSL's verify codes for a certificate of another host name or address."""
PLAIN_HTTP = "WRONG_VERSION_NUMBER", "HTTP_REQUEST"
"""OpenSSL's reasons for bytes that are no TLS."""


def connection_error(url: str, error: aiohttp.ClientError | OSError) -> TeacherError:
    """The error to raise for a request that got no reply: TeacherRefused where a retry cannot help, else ServerDown."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return TeacherRefused(f"{url}: {error.certificate_error}. {_certificate_advice(error.certificate_error)}.")
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _tls_error(url, error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return ServerUnreachable(f"the connection failed: {error.os_error}")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return ServerDown(f"the connection failed: it was closed before a reply ({_scheme_advice(url)})")
    return ServerDown(f"the connection failed: {type(error).__name__} {error}".strip())


def _certificate_advice(error: Exception) -> str:
    if getattr(error, "verify_code", None) in HOSTNAME_MISMATCH:
        return "Write the name that the certificate holds in teacher.urls"
    return "Set teacher.ca_file to the certificate of the authority that signed it"


def _tls_error(url: str, error: aiohttp.ClientConnectorSSLError) -> TeacherError:
    cause = error.os_error
    reason = cause.reason if isinstance(cause, ssl.SSLError) else None
    if reason in PLAIN_HTTP:
        return TeacherRefused(f"{url}: the server does not speak TLS. Write http:// in teacher.urls.")
    return ServerDown(f"the TLS handshake failed: {reason or cause}")


def _scheme_advice(url: str) -> str:
    if url.startswith("https:"):
        return "as by a dying server, or one that wants a client certificate: teacher.client_cert"
    return "as by a dying server, or one that speaks TLS: https:// in teacher.urls"
