"""Requests to a server of objects: sent again while it cannot answer, and what fails for good told in one line."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from simkit.errors import StoreError, one_line, show

#: seconds for which a request is sent again: to a server that has answered before, or says that it is busy, and to
#: one of which nothing was ever heard, so that a wrong address is told soon; seconds between two attempts, at first
#: and at most
_PATIENCE, _PATIENCE_AT_FIRST, _DELAY, _MOST_DELAY = 60.0, 4.0, 0.1, 8.0

#: attempts at least, to a server that has answered before: a process that was stopped, as on a laptop that slept, finds
#: its connections broken, and all of its time gone
_ATTEMPTS = 3

#: statuses and S3's codes of answers that say that the same request may succeed later; S3 tells a slow client
#: "RequestTimeout"
_BUSY = {408, 429, 500, 502, 503, 504}
_BUSY_CODES = {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling"}

#: classes of errors of botocore, aiohttp and fsspec for which the way to the server is to blame, by name, so that
#: they need not be installed; botocore's ConnectionError is not Python's
_NO_ANSWER = {"ConnectionError", "HTTPClientError", "IncompleteReadError", "FlexibleChecksumError"}
_NO_ANSWER |= {"ResponseParserError", "ClientConnectionError", "ClientPayloadError", "FSTimeoutError"}

#: classes of errors that mean that there are no keys, or none that can be used
_NO_KEYS = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "CredentialRetrievalError",
    "TokenRetrievalError",
}

_KEYS = "see to your keys (for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE) and to what they may do"

#: what stands in an address that is to be seen by nobody: a password, and a query, which may be signed
_SECRET = re.compile(r"(?<=://)[^/@\s]*@|\?[^\s'\"]*")

_T = TypeVar("_T")


class Requests:
    """Sends requests to the server of `address`; several threads may."""

    def __init__(self, address: str) -> None:
        self._bucket, self._has_answered = address.partition("://")[2].partition("/")[0], False
        self._is_given_up = False  # so that what is tidied up then does not wait as long once more

    def send(self, what: str, request: Callable[[], _T]) -> _T:
        """Return what `request` returns; it may be called several times, and so has to be one that can be repeated.

        Raises
        ------
        FileNotFoundError
            If there is no such object.
        StoreError
            If `what` cannot be done; says why and what to do.
        """
        began, delay, n_attempts = time.monotonic(), _DELAY, 0
        while True:
            n_attempts += 1
            try:
                answer = request()
            except Exception as error:
                reason, advice, is_passing = self._explain(error)
                if not reason:
                    self._has_answered = True
                    raise FileNotFoundError(what) from None
                took = time.monotonic() - began
                is_known = self._has_answered and not self._is_given_up
                patience = _PATIENCE if is_known else _PATIENCE_AT_FIRST
                if is_passing and (took < patience or (is_known and n_attempts < _ATTEMPTS)):
                    time.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - so that clients do not come back all at once
                    delay = min(2 * delay, _MOST_DELAY)
                    continue
                self._is_given_up = is_passing
                often = f" ({n_attempts} attempts in {took:.0f} s)" if is_passing else ""
                raise StoreError(
                    f"cannot {what}: {reason}{often}; {advice}, then run the same line again: what is finished is kept"
                ) from error
            self._has_answered, self._is_given_up = True, False
            return answer

    def _explain(self, error: Exception) -> tuple[str, str, bool]:
        """Return why a request failed, what to do, and whether it may succeed later; "" if there is no such object."""
        code, status = code_of(error)
        kinds = {kind.__name__ for kind in type(error).__mro__}
        text = _SECRET.sub("", one_line(str(error) or type(error).__name__, 240)).rstrip(".")
        if code == "NoSuchBucket":
            return f"there is no bucket {show(self._bucket)}", "create it, or choose another address", False
        if isinstance(error, FileNotFoundError):
            return "", "", False
        if status in _BUSY or code in _BUSY_CODES:
            self._has_answered = True
            return f"the server says {status or code}, {text[:1].lower()}{text[1:]}", "see to the server", True
        if not code and (kinds & _NO_ANSWER or isinstance(error, (ConnectionError, TimeoutError))):
            return f"no answer: {text[:1].lower()}{text[1:]}", "see to the network and the address of the server", True
        if kinds & _NO_KEYS or isinstance(error, PermissionError):
            return f"{text[:1].lower()}{text[1:]}", _KEYS, False
        return f"{text[:1].lower()}{text[1:]}", "see to that", False


def code_of(error: BaseException | None) -> tuple[str, int]:
    """Return S3's code and the status of HTTP of the answer that an error stands for; "" and 0 if there was none."""
    while error is not None:
        response: Any = getattr(error, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return str(response.get("Error", {}).get("Code", "")), int(status)
        for name in ("status", "code"):  # aiohttp's errors, and gcsfs's
            if isinstance(getattr(error, name, None), int):
                return "", int(getattr(error, name))
        error = error.__cause__
    return "", 0
