"""The servers that other tests rely on behave as these expect."""

from __future__ import annotations

import pytest
from servers import CUT, Bucket, Proxy

s3fs = pytest.importorskip("s3fs")

OPTIONS = {
    "use_listings_cache": False,
    "config_kwargs": {"response_checksum_validation": "when_required", "request_checksum_calculation": "when_required"},
}


def test_an_object_is_put_listed_and_read_in_part(s3: Bucket) -> None:
    files = s3fs.S3FileSystem(**OPTIONS)
    files.pipe_file(f"{s3.name}/x/y", b"0123456789")
    assert s3.objects("x") == {"y": b"0123456789"}
    assert files.cat_file(f"{s3.name}/x/y", start=2, end=5) == b"234"
    assert [entry["size"] for entry in files.ls(f"{s3.name}/x", detail=True)] == [10]


def test_a_server_that_was_killed_starts_at_the_same_address(rclone: Bucket) -> None:
    before = rclone.server.endpoint
    rclone.server.kill()
    rclone.server.start()
    assert rclone.server.endpoint == before
    s3fs.S3FileSystem(**OPTIONS).pipe_file(f"{rclone.name}/y", b"1")
    assert rclone.objects() == {"y": b"1"}


def test_the_proxy_counts_and_cuts(rclone: Bucket, proxy: Proxy) -> None:
    files = s3fs.S3FileSystem(**OPTIONS)
    files.pipe_file(f"{rclone.name}/y", b"12345678" * 1000)
    faults = iter([CUT, 503, None])
    proxy.fault = lambda method, path: next(faults)
    assert len(files.cat_file(f"{rclone.name}/y", start=0, end=8000)) == 8000
    assert proxy.requests == {"PUT": 1, "GET": 3}
    assert proxy.n_bytes["in"] == 8000
